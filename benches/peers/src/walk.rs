//! The walker beside typed decoding: the same bytes, read with nothing to do for what they hold.

use std::hint::black_box;

use bytes::Bytes;
use kafka_codec::messages::{FetchResponse, MetadataResponse};
use kafka_codec::schema::visit;
use kafka_codec::wire::{Blob, Limits};
use kafka_codec::{Decode, Message, Version};

use crate::{Case, inputs};

/// All cases: `ours` walks, `theirs` decodes.
pub fn cases() -> Vec<Case> {
    let mut large = inputs::fetch_response();
    let records = Bytes::from(vec![b'r'; 16 * 1024]);
    let topics = large.responses.iter_mut();
    for partition in topics.flat_map(|topic| &mut topic.partitions) {
        partition.records = Some(Blob::Shared(records.clone()));
    }
    vec![
        case(&inputs::metadata_response(), 12, |bytes, version| {
            black_box(&MetadataResponse::decode(bytes, version).expect("our own bytes"));
        }),
        case(&large, 12, |bytes, version| {
            black_box(&FetchResponse::decode(bytes, version).expect("our own bytes"));
        }),
    ]
}

fn case<M: Message>(message: &M, version: i16, decode: fn(&[u8], Version)) -> Case {
    let version = Version(version);
    let schema = M::SCHEMA.expect("generated");
    let bytes = Bytes::from(message.encode_to_vec(version).expect("inputs are valid"));
    let same = bytes.clone();
    Case {
        name: format!("{} v{version}, {} bytes", M::NAME, bytes.len()),
        ours: Box::new(move || {
            let bytes = black_box(&bytes[..]);
            let flow = visit(schema, version, bytes, Limits::default(), &mut ());
            assert!(flow.expect("our own bytes").is_continue());
        }),
        theirs: Box::new(move || decode(black_box(&same[..]), version)),
    }
}
