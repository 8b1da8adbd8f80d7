//! Verdicts of the crate krabka-protocol.

mod messages;

use adapter_harness::{Case, Outcome, run};
use krabka_protocol::{Decode as _, Encode as _, ProtocolError, owned};

fn main() {
    run(parse);
}

macro_rules! recode_by_name {
    ($($module:ident $name:ident,)*) => {
        fn recode(case: &Case, bytes: &mut &[u8]) -> Option<Recoded> {
            Some(match case.message.as_str() {
                $(stringify!($name) => {
                    use owned::$module::{$name, MAX_VERSION, MIN_VERSION};
                    if !(MIN_VERSION..=MAX_VERSION).contains(&case.version) {
                        return None;
                    }
                    $name::decode(bytes, case.version).map(|message| {
                        let mut out = Vec::new();
                        message.encode(&mut out, case.version).map(|()| out)
                    })
                })*
                _ => return None,
            })
        }
    };
}

type Recoded = Result<Result<Vec<u8>, ProtocolError>, ProtocolError>;

messages::for_all_messages!(recode_by_name);

fn parse(case: &Case, body: &[u8]) -> Outcome {
    let mut bytes = body;
    match recode(case, &mut bytes) {
        None => Outcome::Unsupported,
        Some(Err(error)) => Outcome::Refused(error.to_string()),
        Some(Ok(_)) if !bytes.is_empty() => {
            Outcome::Refused(format!("{} bytes are left", bytes.len()))
        }
        Some(Ok(Err(error))) => Outcome::Refused(format!("encoding again: {error}")),
        Some(Ok(Ok(out))) => Outcome::Accepted(out),
    }
}
