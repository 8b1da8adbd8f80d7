//! kafka-codec in the table of peers: the payloads, and what it does with them.

use std::env;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use bytes::Bytes;
use kafka_codec::messages::{
    ApiVersionsResponse, FetchResponse, MetadataResponse, OffsetCommitRequest, ProduceRequest,
};
use kafka_codec::wire::Writer;
use kafka_codec::{Decode, Message, Version};
use peer_program::{Count, HOSTILE, Payload, Work, Works};

use crate::inputs;

/// The payloads: message, version and bytes.
fn payloads() -> Vec<(&'static str, i16, Vec<u8>)> {
    fn payload<M: Message>(value: &M, version: i16) -> (&'static str, i16, Vec<u8>) {
        let bytes = value.encode_to_vec(Version(version));
        (M::NAME, version, bytes.expect("inputs are valid"))
    }
    vec![
        payload(&inputs::metadata_response(), 12),
        payload(&inputs::fetch_response(), 12),
        payload(&inputs::offset_commit_request(), 8),
        payload(&inputs::api_versions_response(), 3),
        payload(&produce_request(), 9),
    ]
}

fn produce_request() -> ProduceRequest<'static> {
    inputs::produce_request(&Bytes::from(inputs::batch(16 * 1024)))
}

/// Writes the payloads into a folder, as [`Payload::all`] reads them.
///
/// # Panics
///
/// If the folder cannot be written.
pub fn write_payloads(folder: &Path) {
    let mut list = String::new();
    for (name, version, bytes) in payloads() {
        list += &format!("{name} {version} {name}\n");
        fs::write(folder.join(name), bytes).expect("a payload is written");
    }
    fs::write(folder.join("list"), list).expect("the list is written");
}

/// Decodes the payload borrowed; encodes the value that it was made of, with blobs shared where the inputs share them.
macro_rules! works {
    ($payload:ident, $message:ident, $value:expr) => {{
        let (bytes, version) = ($payload.bytes.clone(), Version($payload.version));
        let decode: Work = Box::new(move || {
            let message = $message::decode(black_box(&bytes[..]), version);
            black_box(&message.expect("our own bytes"));
        });
        let value = $value;
        let mut writer = Writer::new();
        let is_equal = value.encode_to_vec(version).expect("inputs are valid") == $payload.bytes;
        let encode: Work = Box::new(move || {
            writer.clear();
            let written = black_box(&value).encode(&mut writer, version);
            written.expect("inputs are valid");
            black_box(&writer);
        });
        Some(Works {
            decode,
            encode: Some(encode),
            is_equal,
        })
    }};
}

fn works(payload: &Payload) -> Option<Works> {
    match payload.message.as_str() {
        "MetadataResponse" => works!(payload, MetadataResponse, inputs::metadata_response()),
        "FetchResponse" => works!(payload, FetchResponse, inputs::fetch_response()),
        "OffsetCommitRequest" => {
            works!(
                payload,
                OffsetCommitRequest,
                inputs::offset_commit_request()
            )
        }
        "ApiVersionsResponse" => works!(
            payload,
            ApiVersionsResponse,
            inputs::api_versions_response()
        ),
        "ProduceRequest" => works!(payload, ProduceRequest, produce_request()),
        _ => None,
    }
}

fn refuses() -> bool {
    MetadataResponse::decode(HOSTILE, Version(12)).is_err()
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
