//! Clients, which read the responses that they need and write the requests. Their codecs are behind features for
//! tests of their own.

use std::io::Cursor;

use bytes::Bytes;
use krafka::__private::protocol as krafka_protocol;
use krafka_protocol::VersionedDecode;
use peer_program::{HOSTILE, Payload, Works};
use rskafka::protocol::api_version::ApiVersion;
use rskafka::protocol::messages::{self as rskafka_messages, ReadVersionedType};
use rskafka::protocol::primitives::Int16;

pub(crate) fn krafka(payload: &Payload) -> Option<Works> {
    let (bytes, version) = (&payload.bytes, payload.version);
    match payload.message.as_str() {
        "MetadataResponse" => Works::only_decode(bytes, move |bytes| {
            krafka_protocol::MetadataResponse::decode_versioned(version, bytes).ok()
        }),
        "FetchResponse" => Works::only_decode(bytes, move |bytes| {
            krafka_protocol::FetchResponse::decode_versioned(version, bytes).ok()
        }),
        "ApiVersionsResponse" if version == 3 => Works::only_decode(bytes, |bytes| {
            krafka_protocol::ApiVersionsResponse::decode_v3(bytes).ok()
        }),
        _ => None,
    }
}

pub(crate) fn krafka_refuses() -> bool {
    krafka_protocol::MetadataResponse::decode_versioned(12, &mut Bytes::from_static(HOSTILE))
        .is_err()
}

/// The other payloads have versions that it does not know, or are requests.
pub(crate) fn rskafka(payload: &Payload) -> Option<Works> {
    if payload.message != "ApiVersionsResponse" {
        return None;
    }
    let version = ApiVersion(Int16(payload.version));
    Works::only_decode(&payload.bytes, move |bytes| {
        let mut reader = Cursor::new(&bytes[..]);
        rskafka_messages::ApiVersionsResponse::read_versioned(&mut reader, version).ok()
    })
}

/// The hostile bytes in the older form of version 4, the highest that it knows.
pub(crate) fn rskafka_refuses() -> bool {
    const OLDER: &[u8] = b"\0\0\0\0\x7f\xff\xff\xff\0\0";
    let version = ApiVersion(Int16(4));
    rskafka_messages::MetadataResponse::read_versioned(&mut Cursor::new(OLDER), version).is_err()
}
