//! krabka-protocol, with its types that borrow the input. They are written from bytes that live as long as the program.

use std::env;
use std::hint::black_box;
use std::path::Path;

use bytes::BytesMut;
use krabka_protocol::{DecodeBorrow, Encode, borrowed};
use peer_program::{Count, HOSTILE, Payload, Works};

macro_rules! works {
    ($payload:ident, $module:ident, $message:ident) => {{
        use borrowed::$module::$message;
        let version = $payload.version;
        let bytes: &'static [u8] = $payload.bytes.to_vec().leak();
        let value = $message::decode_borrow(&mut &*bytes, version).ok()?;
        let mut again = BytesMut::new();
        let is_equal = value.encode(&mut again, version).is_ok() && again == bytes;
        let mut buffer = BytesMut::new();
        Some(Works {
            decode: Box::new(move || {
                let mut bytes = black_box(bytes);
                black_box(&$message::decode_borrow(&mut bytes, version).ok());
            }),
            encode: Some(Box::new(move || {
                buffer.clear();
                black_box(black_box(&value).encode(&mut buffer, version).is_ok());
                black_box(&buffer);
            })),
            is_equal,
        })
    }};
}

fn works(payload: &Payload) -> Option<Works> {
    match payload.message.as_str() {
        "MetadataResponse" => works!(payload, metadata_response, MetadataResponse),
        "FetchResponse" => works!(payload, fetch_response, FetchResponse),
        "OffsetCommitRequest" => works!(payload, offset_commit_request, OffsetCommitRequest),
        "ApiVersionsResponse" => works!(payload, api_versions_response, ApiVersionsResponse),
        "ProduceRequest" => works!(payload, produce_request, ProduceRequest),
        _ => None,
    }
}

fn refuses() -> bool {
    borrowed::metadata_response::MetadataResponse::decode_borrow(&mut &*HOSTILE, 12).is_err()
}

/// Does what standard input says, with the payloads that the command line names.
///
/// # Panics
///
/// If the command line or standard input is not as it should be.
pub fn serve(count: Count) {
    let folder = env::args().nth(1).expect("a folder of payloads");
    peer_program::serve(Path::new(&folder), works, refuses, count);
}
