//! Every kind of error is produced, and reads well. This is the one list of all error texts.

use std::collections::BTreeSet;

use kafka_codec::frame::{FrameError, FrameReader};
use kafka_codec::internal_topics::MetadataRecord;
use kafka_codec::messages::{ApiVersionsResponse, FetchRequest, HeartbeatRequest, MetadataRequest};
use kafka_codec::wire::Limits;
use kafka_codec::{Decode, DecodeError, EncodeError, Message, Version};

/// The error of these bytes as a Heartbeat request, which begins with a string.
fn heartbeat(version: i16, bytes: &[u8]) -> DecodeError {
    HeartbeatRequest::decode(bytes, Version(version)).unwrap_err()
}

/// The error of a Fetch request with these tagged fields at its end.
fn fetch(version: i16, tags: &[u8]) -> DecodeError {
    let mut bytes = FetchRequest::default()
        .encode_to_vec(Version(version))
        .unwrap();
    assert_eq!(bytes.pop(), Some(0), "no tagged fields by default");
    bytes.extend(tags);
    FetchRequest::decode(&bytes, Version(version)).unwrap_err()
}

fn metadata(bytes: &[u8], limits: Limits) -> DecodeError {
    MetadataRequest::decode_with(bytes, Version(0), limits).unwrap_err()
}

/// The error of a Heartbeat request that arrives at a server and is decoded as a Metadata request.
#[cfg(feature = "connection")]
fn other_api() -> DecodeError {
    use bytes::Buf;
    use kafka_codec::ApiKey;
    use kafka_codec::connection::VersionTable;
    use kafka_codec::connection::server::{ServerConnection, ServerEvent, ServerOptions};

    let now = std::time::Instant::now();
    let served = VersionTable::new([(ApiKey::Heartbeat, HeartbeatRequest::VERSIONS)]);
    let mut server = ServerConnection::new(now, ServerOptions::new("client", served));
    let request = HeartbeatRequest::default();
    let mut frame =
        kafka_codec::frame::encode_request(Vec::new(), &request, Version(4), 1, None).unwrap();
    let bytes = frame.copy_to_bytes(frame.remaining());
    assert_eq!(server.handle_bytes(now, &bytes), bytes.len());
    match server.poll_event() {
        Some(ServerEvent::Request(request)) => request.decode::<MetadataRequest<'_>>().unwrap_err(),
        other => panic!("{other:?}"),
    }
}

fn decode_errors() -> Vec<(DecodeError, &'static str)> {
    vec![
        #[cfg(feature = "connection")]
        (
            other_api(),
            "MetadataRequest v4: (byte 0): request is of the API Heartbeat, expected Metadata",
        ),
        (
            heartbeat(0, &[0, 2, b'g']),
            "HeartbeatRequest v0: group_id (byte 2): unexpected end of input: needed 2 bytes, 1 remains",
        ),
        (
            heartbeat(4, &[]),
            "HeartbeatRequest v4: group_id (byte 0): unexpected end of input: needed 1 byte, 0 remain",
        ),
        (
            heartbeat(0, &[0xff, 0xfe]),
            "HeartbeatRequest v0: group_id (byte 0): negative length -2",
        ),
        (
            heartbeat(4, &[0]),
            "HeartbeatRequest v4: group_id (byte 0): null is not allowed in this version",
        ),
        (
            heartbeat(4, &[0x81, 0x80, 0x02]),
            "HeartbeatRequest v4: group_id (byte 3): string of 32768 bytes is too long (maximum 32767)",
        ),
        (
            heartbeat(0, &[0, 3, b'a', 0xc3, b'b']),
            "HeartbeatRequest v0: group_id (byte 2): string is not UTF-8 after 1 byte",
        ),
        (
            metadata(&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0], Limits::default()),
            "MetadataRequest v0: topics (byte 0): count 2147483647 is too large (the remaining bytes hold at most 2)",
        ),
        (
            heartbeat(4, &[0xff; 5]),
            "HeartbeatRequest v4: group_id (byte 0): variable-length integer does not end",
        ),
        (
            fetch(12, &[2, 9, 1, 7, 9, 1, 8]),
            "FetchRequest v12: unknown_tagged_fields (byte 34): tag 9 occurs twice",
        ),
        (
            fetch(12, &[1, 0, 2, 0, 0]),
            "FetchRequest v12: cluster_id (byte 31): tag 0 states 2 bytes, its value takes 1",
        ),
        (
            fetch(12, &[1, 0, 1, 2, b'c']),
            "FetchRequest v12: cluster_id (byte 31): tag 0 states 1 byte, its value takes 2",
        ),
        (
            fetch(12, &[1, 1, 0]),
            "FetchRequest v12: replica_state (byte 31): tag 1 is not in this version",
        ),
        (
            heartbeat(0, &[0, 0, 0, 0, 0, 0, 0, 0, 1]),
            "HeartbeatRequest v0: (byte 8): 1 byte left after the message",
        ),
        (
            heartbeat(0, &[0, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
            "HeartbeatRequest v0: (byte 8): 2 bytes left after the message",
        ),
        (
            metadata(
                &[0, 0, 0, 2, 0, 0, 0, 0],
                Limits::default().with_max_memory(100, 1),
            ),
            "MetadataRequest v0: topics (byte 4): decoded message would take more than the limit of 108 bytes",
        ),
        (
            MetadataRecord::decode(&[1, 0x80, 0x80, 2, 0]).unwrap_err(),
            "frame of MetadataRecord v1: (byte 1): number 32768 is too large (maximum 32767)",
        ),
        (
            heartbeat(5, &[]),
            "HeartbeatRequest v5: (byte 0): version 5 is not supported, only 0-4",
        ),
    ]
}

fn encode_errors() -> Vec<(EncodeError, &'static str)> {
    let error = |request: &HeartbeatRequest<'_>, version| {
        request.encode_to_vec(Version(version)).unwrap_err()
    };
    let with_tag = |tag| {
        let mut request = HeartbeatRequest::default();
        request.unknown_tagged_fields.insert(tag, &b"new"[..]);
        request
    };
    let mut fetch = FetchRequest::default();
    fetch.unknown_tagged_fields.insert(0, &b"old"[..]);
    vec![
        (
            error(
                &HeartbeatRequest {
                    group_instance_id: Some("i".into()),
                    ..Default::default()
                },
                2,
            ),
            "HeartbeatRequest v2: group_instance_id: set, but only versions 3-4 have this field",
        ),
        (
            MetadataRequest {
                topics: None,
                ..Default::default()
            }
            .encode_to_vec(Version(0))
            .unwrap_err(),
            "MetadataRequest v0: topics: null is not allowed in this version",
        ),
        (
            error(
                &HeartbeatRequest {
                    group_id: "g".repeat(32_768).into(),
                    ..Default::default()
                },
                4,
            ),
            "HeartbeatRequest v4: group_id: length 32768 is too large (maximum 32767)",
        ),
        (
            error(&with_tag(9), 3),
            "HeartbeatRequest v3: unknown tagged fields are set, but this version has no tagged fields",
        ),
        (
            fetch.encode_to_vec(Version(12)).unwrap_err(),
            "FetchRequest v12: tag 0 among the unknown tagged fields is a known field's",
        ),
        (
            error(&with_tag(9), 5),
            "HeartbeatRequest v5: version is not supported, only 0-4",
        ),
    ]
}

fn frame_errors() -> Vec<(FrameError, &'static str)> {
    let limits = Limits::default().with_max_frame_bytes(1000);
    let after_one = |mut bytes: &'static [u8]| {
        let mut reader = FrameReader::new(limits);
        let one = reader.next_frame(&mut bytes).unwrap();
        assert_eq!(one.as_deref(), Some(&b"one"[..]));
        (reader, bytes)
    };
    let error = |bytes| {
        let (mut reader, mut rest) = after_one(bytes);
        reader.next_frame(&mut rest).unwrap_err()
    };
    let end = |bytes| {
        let (mut reader, mut rest) = after_one(bytes);
        assert_eq!(reader.next_frame(&mut rest), Ok(None));
        reader.check_end().unwrap_err()
    };
    let foreign = |mut bytes: &[u8]| {
        let mut reader = FrameReader::new(limits).with_sniffing(true);
        reader.next_frame(&mut bytes).unwrap_err()
    };
    vec![
        (
            error(b"\0\0\0\x03one\xff\xff\xff\xff"),
            "frame at byte 7: frame size -1 is invalid (maximum 1000)",
        ),
        (
            error(b"\0\0\0\x03oneHTTP"),
            "frame at byte 7: frame size 1213486160 is invalid (maximum 1000)",
        ),
        (
            foreign(b"HTTP/1.1 400 Bad Request"),
            "frame at byte 0: peer does not speak Kafka: its first bytes are HTTP/1",
        ),
        (
            end(b"\0\0\0\x03one\0\0"),
            "frame at byte 7: stream ended after 2 of 4 bytes of the size",
        ),
        (
            end(b"\0\0\0\x03one\0\0\0\x05four"),
            "frame at byte 7: stream ended after 4 of 5 bytes",
        ),
    ]
}

/// Without the tables, errors of decoding do not name the field.
fn expected(text: &str) -> String {
    let place = text.split_once(" (byte ");
    let field = place.and_then(|(start, rest)| Some((start.split_once(": ")?.0, rest)));
    match field {
        Some((message, rest)) if !cfg!(feature = "schema") => format!("{message}: (byte {rest}"),
        _ => text.to_owned(),
    }
}

#[test]
fn every_kind_of_decode_error_is_produced_and_reads_so() {
    let kinds = decode_errors().into_iter().map(|(error, text)| {
        assert_eq!(error.to_string(), expected(text));
        variant(error.kind())
    });
    let mut kinds_of_source = variants(ERRORS, "DecodeErrorKind");
    if !cfg!(feature = "connection") {
        kinds_of_source.remove("OtherApi");
    }
    assert_eq!(kinds.collect::<BTreeSet<_>>(), kinds_of_source);
}

#[test]
fn every_kind_of_encode_error_is_produced_and_reads_so() {
    let kinds = encode_errors().into_iter().map(|(error, text)| {
        assert_eq!(error.to_string(), text);
        variant(error.kind())
    });
    assert_eq!(
        kinds.collect::<BTreeSet<_>>(),
        variants(ERRORS, "EncodeErrorKind")
    );
}

#[test]
fn every_kind_of_frame_error_is_produced_and_reads_so() {
    let kinds = frame_errors().into_iter().map(|(error, text)| {
        assert_eq!(error.to_string(), text);
        variant(error.kind())
    });
    assert_eq!(
        kinds.collect::<BTreeSet<_>>(),
        variants(FRAMES, "FrameErrorKind")
    );
}

#[test]
fn an_error_is_one_pointer_wide() {
    assert_eq!(size_of::<DecodeError>(), size_of::<usize>());
    assert_eq!(size_of::<EncodeError>(), size_of::<usize>());
    let result = ApiVersionsResponse::decode(&[], Version(0));
    assert_eq!(result.unwrap_err().offset(), 0);
}

const ERRORS: &str = concat!(
    include_str!("../../src/error/decode.rs"),
    include_str!("../../src/error/encode.rs")
);
const FRAMES: &str = include_str!("../../src/frame/error.rs");

/// The name of an enum's variant.
fn variant(kind: &impl std::fmt::Debug) -> String {
    let text = format!("{kind:?}");
    text.split([' ', '{', '(']).next().unwrap().to_owned()
}

/// The variants of an enum by its source, as code outside of the crate cannot match them all.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| line.starts_with(char::is_uppercase));
    names
        .map(|line| line.split([',', '{', '(', ' ']).next().unwrap().to_owned())
        .collect()
}
