//! Crates that are codecs: they read and write requests and responses.

use bytes::Bytes;
use kafka_protocol::protocol::{Decodable, Encodable};
use kafka_wire_core::{ApiVersion, DecodeLimits, KafkaDecode, KafkaEncode};
use peer_program::{HOSTILE, Payload, Works};

/// A match over the names of the payloads, with the same expression for the type of each.
macro_rules! by_name {
    ($payload:ident, $works:ident: $($name:literal => $message:ty,)*) => {
        match $payload.message.as_str() {
            $($name => $works!($message),)*
            _ => None,
        }
    };
}

pub(crate) fn kafka_protocol(payload: &Payload) -> Option<Works> {
    use kafka_protocol::messages;
    let version = payload.version;
    macro_rules! works {
        ($message:ty) => {
            Works::new(
                &payload.bytes,
                move |bytes| <$message>::decode(bytes, version).ok(),
                move |value, buffer| value.encode(buffer, version).is_ok(),
            )
        };
    }
    by_name!(payload, works:
        "MetadataResponse" => messages::MetadataResponse,
        "FetchResponse" => messages::FetchResponse,
        "OffsetCommitRequest" => messages::OffsetCommitRequest,
        "ApiVersionsResponse" => messages::ApiVersionsResponse,
        "ProduceRequest" => messages::ProduceRequest,
    )
}

pub(crate) fn kafka_protocol_refuses() -> bool {
    kafka_protocol::messages::MetadataResponse::decode(&mut Bytes::from_static(HOSTILE), 12)
        .is_err()
}

pub(crate) fn kacrab_protocol(payload: &Payload) -> Option<Works> {
    use kacrab_protocol::generated;
    let version = payload.version;
    macro_rules! works {
        ($message:ty) => {
            Works::new(
                &payload.bytes,
                move |bytes| <$message>::read(bytes, version).ok(),
                move |value, buffer| value.write(buffer, version).is_ok(),
            )
        };
    }
    by_name!(payload, works:
        "MetadataResponse" => generated::MetadataResponseData,
        "FetchResponse" => generated::FetchResponseData,
        "OffsetCommitRequest" => generated::OffsetCommitRequestData,
        "ApiVersionsResponse" => generated::ApiVersionsResponseData,
        "ProduceRequest" => generated::ProduceRequestData,
    )
}

pub(crate) fn kacrab_protocol_refuses() -> bool {
    kacrab_protocol::generated::MetadataResponseData::read(&mut Bytes::from_static(HOSTILE), 12)
        .is_err()
}

pub(crate) fn odradek_protocol(payload: &Payload) -> Option<Works> {
    use odradek_protocol::messages;
    let version = payload.version;
    macro_rules! works {
        ($message:ty) => {
            Works::new(
                &payload.bytes,
                move |bytes| <$message>::decode(bytes, version).ok(),
                move |value, buffer| value.encode(buffer, version).is_ok(),
            )
        };
    }
    by_name!(payload, works:
        "MetadataResponse" => messages::metadata_response::MetadataResponse,
        "FetchResponse" => messages::fetch_response::FetchResponse,
        "OffsetCommitRequest" => messages::offset_commit_request::OffsetCommitRequest,
        "ApiVersionsResponse" => messages::api_versions_response::ApiVersionsResponse,
        "ProduceRequest" => messages::produce_request::ProduceRequest,
    )
}

pub(crate) fn odradek_protocol_refuses() -> bool {
    use odradek_protocol::messages::metadata_response::MetadataResponse;
    MetadataResponse::decode(&mut Bytes::from_static(HOSTILE), 12).is_err()
}

pub(crate) fn kafka_wire(payload: &Payload) -> Option<Works> {
    let version = ApiVersion::new(payload.version);
    macro_rules! works {
        ($message:ty) => {
            Works::new(
                &payload.bytes,
                move |bytes| {
                    let limits = DecodeLimits::default();
                    <$message>::decode_from_bytes(bytes.split_to(bytes.len()), version, limits).ok()
                },
                move |value, buffer| value.encode_into(buffer, version).is_ok(),
            )
        };
    }
    by_name!(payload, works:
        "MetadataResponse" => kafka_wire::MetadataResponse,
        "FetchResponse" => kafka_wire::FetchResponse,
        "OffsetCommitRequest" => kafka_wire::OffsetCommitRequest,
        "ApiVersionsResponse" => kafka_wire::ApiVersionsResponse,
        "ProduceRequest" => kafka_wire::ProduceRequest,
    )
}

pub(crate) fn kafka_wire_refuses() -> bool {
    let (version, limits) = (ApiVersion::new(12), DecodeLimits::default());
    kafka_wire::MetadataResponse::decode_from_bytes(Bytes::from_static(HOSTILE), version, limits)
        .is_err()
}
