//! Crates that are codecs: they read and write requests and responses.

use bytes::Bytes;
use kafka_protocol::protocol::{Decodable, Encodable};
use kafka_wire_core::{ApiVersion, DecodeLimits, KafkaDecode, KafkaEncode};
use peer_program::{HOSTILE, Payload, Works};

/// What a crate does with each payload, and whether it refuses the hostile one. `read` and `write` are expressions of its
/// type `T`; `read` is a `Result`, and so is `write`.
macro_rules! codec {
    (
        $works:ident, $refuses:ident,
        types: $metadata:ty, $fetch:ty, $offset_commit:ty, $api_versions:ty, $produce:ty;
        |$bytes:ident, $version:ident| $read:expr;
        |$value:ident, $buffer:ident, $to_version:ident| $write:expr
    ) => {
        pub(crate) fn $works(payload: &Payload) -> Option<Works> {
            let version = payload.version;
            macro_rules! works {
                ($message:ty) => {{
                    type T = $message;
                    Works::new(
                        &payload.bytes,
                        move |$bytes| {
                            let $version = version;
                            $read.ok()
                        },
                        move |$value: &T, $buffer| {
                            let $to_version = version;
                            $write.is_ok()
                        },
                    )
                }};
            }
            match payload.message.as_str() {
                "MetadataResponse" => works!($metadata),
                "FetchResponse" => works!($fetch),
                "OffsetCommitRequest" => works!($offset_commit),
                "ApiVersionsResponse" => works!($api_versions),
                "ProduceRequest" => works!($produce),
                _ => None,
            }
        }

        pub(crate) fn $refuses() -> bool {
            type T = $metadata;
            let ($bytes, $version) = (&mut Bytes::from_static(HOSTILE), 12);
            $read.is_err()
        }
    };
}

codec!(
    kafka_protocol, kafka_protocol_refuses,
    types: kafka_protocol::messages::MetadataResponse, kafka_protocol::messages::FetchResponse,
        kafka_protocol::messages::OffsetCommitRequest, kafka_protocol::messages::ApiVersionsResponse,
        kafka_protocol::messages::ProduceRequest;
    |bytes, version| T::decode(bytes, version);
    |value, buffer, version| value.encode(buffer, version)
);

codec!(
    kacrab_protocol, kacrab_protocol_refuses,
    types: kacrab_protocol::generated::MetadataResponseData, kacrab_protocol::generated::FetchResponseData,
        kacrab_protocol::generated::OffsetCommitRequestData, kacrab_protocol::generated::ApiVersionsResponseData,
        kacrab_protocol::generated::ProduceRequestData;
    |bytes, version| T::read(bytes, version);
    |value, buffer, version| value.write(buffer, version)
);

codec!(
    odradek_protocol, odradek_protocol_refuses,
    types: odradek_protocol::messages::metadata_response::MetadataResponse,
        odradek_protocol::messages::fetch_response::FetchResponse,
        odradek_protocol::messages::offset_commit_request::OffsetCommitRequest,
        odradek_protocol::messages::api_versions_response::ApiVersionsResponse,
        odradek_protocol::messages::produce_request::ProduceRequest;
    |bytes, version| T::decode(bytes, version);
    |value, buffer, version| value.encode(buffer, version)
);

codec!(
    kafka_wire, kafka_wire_refuses,
    types: kafka_wire::MetadataResponse, kafka_wire::FetchResponse, kafka_wire::OffsetCommitRequest,
        kafka_wire::ApiVersionsResponse, kafka_wire::ProduceRequest;
    |bytes, version| {
        let (all, limits) = (bytes.split_to(bytes.len()), DecodeLimits::default());
        T::decode_from_bytes(all, ApiVersion::new(version), limits)
    };
    |value, buffer, version| value.encode_into(buffer, ApiVersion::new(version))
);
