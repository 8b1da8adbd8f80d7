//! The same payloads in several crates: what decoding and encoding cost beside kafka-codec.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use kafka_codec::wire::Writer;
use kafka_codec::{Decode, Message, Version};
use kafka_protocol::protocol::{Decodable, Encodable};

use crate::{Work, inputs};

/// The crates beside kafka-codec, in the order of their columns.
pub const PEERS: [&str; 3] = [
    "kafka-protocol 0.18.0",
    "kacrab-protocol 0.4.0",
    "odradek-protocol 0.1.0",
];

/// One message in the bytes that kafka-codec writes, which are those of Kafka's Java classes.
pub struct Payload {
    /// Name, version and size.
    pub name: String,
    /// Decodes and encodes it with kafka-codec.
    pub ours: fn() -> Works,
    /// The same by peer; `None` if the peer refuses the bytes.
    pub peers: Vec<Option<Works>>,
}

/// What is done with a payload.
pub struct Works {
    /// Decodes it, and drops the value.
    pub decode: Work,
    /// Encodes the value into a buffer that is used again.
    pub encode: Work,
    /// Writing the value that was read gives the same bytes.
    pub is_equal: bool,
}

impl Works {
    fn new<T: 'static>(
        bytes: &Bytes,
        decode: impl Fn(&mut Bytes) -> Option<T> + 'static,
        encode: impl Fn(&T, &mut BytesMut) -> bool + 'static,
    ) -> Option<Self> {
        let value = decode(&mut bytes.clone())?;
        let mut again = BytesMut::new();
        let is_equal = encode(&value, &mut again) && again == bytes;
        let bytes = bytes.clone();
        let mut buffer = BytesMut::new();
        Some(Self {
            decode: Box::new(move || {
                let mut bytes = black_box(&bytes).clone();
                black_box(&decode(&mut bytes));
            }),
            encode: Box::new(move || {
                buffer.clear();
                black_box(encode(black_box(&value), &mut buffer));
                black_box(&buffer);
            }),
            is_equal,
        })
    }

    /// With kafka-codec, as [`new`](Self::new).
    fn ours<O: Message + 'static>(value: O, version: i16, decode: Work) -> Self {
        let mut writer = Writer::new();
        Self {
            decode,
            encode: Box::new(move || {
                writer.clear();
                let written = black_box(&value).encode(&mut writer, Version(version));
                written.expect("inputs are valid");
                black_box(&writer);
            }),
            is_equal: true,
        }
    }
}

macro_rules! payload {
    ($message:ident v $version:literal, $value:expr, $kacrab:ident, $odradek:ident) => {{
        fn ours() -> Works {
            let bytes = bytes();
            let decode: Work = Box::new(move || {
                let bytes = black_box(&bytes[..]);
                let message = kafka_codec::messages::$message::decode(bytes, Version($version));
                black_box(&message.expect("our own bytes"));
            });
            Works::ours($value, $version, decode)
        }
        fn bytes() -> Bytes {
            let value = $value;
            Bytes::from(
                value
                    .encode_to_vec(Version($version))
                    .expect("inputs are valid"),
            )
        }
        let bytes = bytes();
        Payload {
            name: format!(
                "{} v{}, {} bytes",
                stringify!($message),
                $version,
                bytes.len()
            ),
            ours,
            peers: vec![
                Works::new(
                    &bytes,
                    |bytes| kafka_protocol::messages::$message::decode(bytes, $version).ok(),
                    |value, buffer| value.encode(buffer, $version).is_ok(),
                ),
                Works::new(
                    &bytes,
                    |bytes| kacrab_protocol::generated::$kacrab::read(bytes, $version).ok(),
                    |value, buffer| value.write(buffer, $version).is_ok(),
                ),
                Works::new(
                    &bytes,
                    |bytes| {
                        odradek_protocol::messages::$odradek::$message::decode(bytes, $version).ok()
                    },
                    |value, buffer| value.encode(buffer, $version).is_ok(),
                ),
            ],
        }
    }};
}

/// All payloads.
pub fn payloads() -> Vec<Payload> {
    vec![
        payload!(MetadataResponse v 12, inputs::metadata_response(), MetadataResponseData, metadata_response),
        payload!(FetchResponse v 12, inputs::fetch_response(), FetchResponseData, fetch_response),
        payload!(OffsetCommitRequest v 8, inputs::offset_commit_request(), OffsetCommitRequestData, offset_commit_request),
        payload!(ApiVersionsResponse v 3, inputs::api_versions_response(), ApiVersionsResponseData, api_versions_response),
        payload!(ProduceRequest v 9, inputs::produce_request(&Bytes::from(vec![b'r'; 16 * 1024])), ProduceRequestData, produce_request),
    ]
}

/// A Metadata response of ten bytes that claims 2,147,483,646 brokers.
pub const HOSTILE: &[u8] = b"\0\0\0\0\xff\xff\xff\xff\x07\0";

/// Decodes [`HOSTILE`] with the crate in this column; 0 is kafka-codec. Returns whether it was refused.
pub fn refuses_hostile(column: usize) -> bool {
    let mut bytes = Bytes::from_static(HOSTILE);
    match column {
        0 => kafka_codec::messages::MetadataResponse::decode(HOSTILE, Version(12)).is_err(),
        1 => kafka_protocol::messages::MetadataResponse::decode(&mut bytes, 12).is_err(),
        2 => kacrab_protocol::generated::MetadataResponseData::read(&mut bytes, 12).is_err(),
        _ => {
            odradek_protocol::messages::metadata_response::MetadataResponse::decode(&mut bytes, 12)
                .is_err()
        }
    }
}
