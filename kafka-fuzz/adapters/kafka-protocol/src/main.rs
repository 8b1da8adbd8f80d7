//! Verdicts of the crate kafka-protocol.

use adapter_harness::{Case, Outcome, run};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestKind, ResponseKind};

fn main() {
    run(parse);
}

fn parse(case: &Case, body: &[u8]) -> Outcome {
    let Ok(key) = ApiKey::try_from(case.api_key) else {
        return Outcome::Unsupported;
    };
    let versions = key.valid_versions();
    if case.version < versions.min || case.version > versions.max {
        return Outcome::Unsupported;
    }
    let mut bytes = Bytes::copy_from_slice(body);
    let mut out = BytesMut::new();
    let written = if case.is_request() {
        RequestKind::decode(key, &mut bytes, case.version)
            .map(|message| message.encode(&mut out, case.version))
    } else {
        ResponseKind::decode(key, &mut bytes, case.version)
            .map(|message| message.encode(&mut out, case.version))
    };
    match written {
        // The versions of a message may be fewer than those of its API.
        Err(error) if error.root_cause().to_string() == UNSUPPORTED => Outcome::Unsupported,
        Err(error) => Outcome::Refused(format!("{error:#}")),
        Ok(_) if !bytes.is_empty() => Outcome::Refused(format!("{} bytes are left", bytes.len())),
        Ok(Err(error)) => Outcome::Refused(format!("encoding again: {error:#}")),
        Ok(Ok(())) => Outcome::Accepted(out.to_vec()),
    }
}

const UNSUPPORTED: &str = "specified version not supported by this message type";
