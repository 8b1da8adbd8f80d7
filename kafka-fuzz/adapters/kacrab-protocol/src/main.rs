//! Verdicts of the crate kacrab-protocol.

mod messages;

use adapter_harness::{Case, Outcome, run};
use bytes::{Bytes, BytesMut};
use kacrab_protocol::ProtocolError;
use kacrab_protocol::generated;

fn main() {
    run(parse);
}

macro_rules! recode_by_name {
    ($($module:ident $name:ident $data:ident,)*) => {
        fn recode(case: &Case, bytes: &mut Bytes) -> Option<Recoded> {
            Some(match case.message.as_str() {
                $(stringify!($name) => {
                    generated::$module::$data::read(bytes, case.version).map(|message| {
                        let mut out = BytesMut::new();
                        message.write(&mut out, case.version).map(|()| out)
                    })
                })*
                _ => return None,
            })
        }
    };
}

type Recoded = Result<Result<BytesMut, ProtocolError>, ProtocolError>;

messages::for_all_messages!(recode_by_name);

fn parse(case: &Case, body: &[u8]) -> Outcome {
    let mut bytes = Bytes::copy_from_slice(body);
    match recode(case, &mut bytes) {
        None => Outcome::Unsupported,
        Some(Err(ProtocolError::Version(_))) => Outcome::Unsupported,
        Some(Err(error)) => Outcome::Refused(error.to_string()),
        Some(Ok(_)) if !bytes.is_empty() => {
            Outcome::Refused(format!("{} bytes are left", bytes.len()))
        }
        Some(Ok(Err(error))) => Outcome::Refused(format!("encoding again: {error}")),
        Some(Ok(Ok(out))) => Outcome::Accepted(out.to_vec()),
    }
}
