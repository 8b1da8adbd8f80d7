//! Decoding a message and detaching it from its frame, beside decoding it.

use std::hint::black_box;

use bytes::Bytes;
use kafka_codec::messages::{FetchResponse, MetadataResponse, OffsetCommitRequest};
use kafka_codec::{Decode, IntoOwned, Message, Version};

use crate::{Case, inputs};

/// A macro, as the type differs with the lifetime of the bytes.
macro_rules! own {
    ($message:ident, $value:expr, $version:literal) => {{
        let bytes = Bytes::from(
            $value
                .encode_to_vec(Version($version))
                .expect("inputs are valid"),
        );
        let same = bytes.clone();
        Case {
            name: format!("{} v{}, {} bytes", $message::NAME, $version, bytes.len()),
            ours: Box::new(move || {
                let message = $message::decode(black_box(&bytes), Version($version));
                black_box(&message.expect("our own bytes").into_owned_in(&bytes));
            }),
            theirs: Box::new(move || {
                let message = $message::decode(black_box(&same), Version($version));
                black_box(&message.expect("our own bytes"));
            }),
        }
    }};
}

/// All cases: `ours` becomes owned, `theirs` stays borrowed.
pub fn cases() -> Vec<Case> {
    vec![
        own!(MetadataResponse, inputs::metadata_response(), 12),
        own!(FetchResponse, inputs::fetch_response(), 12),
        own!(OffsetCommitRequest, inputs::offset_commit_request(), 8),
    ]
}
