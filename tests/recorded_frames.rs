//! Frames that real clients and a real broker exchanged are read as what they are, and written back
//! as the bytes they were.
#![cfg(test)]
#![cfg(feature = "messages")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::wire::Writer;
use kafka_codec::{AnyRequest, AnyResponse, ApiKey, Message, Version};

/// A line of `expected.tsv`, which was made without this crate.
struct Expected {
    file: String,
    frame: usize,
    is_request: bool,
    key: ApiKey,
    api: String,
    version: Version,
    correlation_id: i32,
    client_id: String,
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/frames"))
}

fn expected() -> Vec<Expected> {
    let text = fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| {
        let columns: Vec<_> = row.split('\t').collect();
        Expected {
            file: columns[0].to_owned(),
            frame: columns[1].parse().unwrap(),
            is_request: columns[3] == ">",
            key: ApiKey::from_number(columns[4].parse().unwrap()),
            api: columns[5].to_owned(),
            version: Version(columns[6].parse().unwrap()),
            correlation_id: columns[7].parse().unwrap(),
            client_id: columns[8].to_owned(),
        }
    })
    .collect()
}

/// The frames of a file without their sizes.
fn frames(file: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let hex = line.rsplit(' ').next().unwrap().as_bytes();
            let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
            hex.chunks(2).map(byte).skip(4).collect()
        })
        .collect()
}

#[test]
fn every_recorded_frame_is_what_its_header_says_and_is_written_back_byte_for_byte() {
    let mut files = HashMap::new();
    let mut count = 0;
    for row in expected() {
        let frames = files
            .entry(row.file.clone())
            .or_insert_with(|| frames(&row.file));
        let frame = &frames[row.frame - 1];
        let written = if row.is_request {
            recode_request(&row, frame)
        } else {
            recode_response(&row, frame)
        };
        assert!(
            written == *frame,
            "{} v{} in {}, frame {}",
            row.api,
            row.version,
            row.file,
            row.frame
        );
        count += 1;
    }
    assert_eq!(count, files.values().map(Vec::len).sum::<usize>());
    assert!(count > 1000, "{count}");
}

fn recode_request(row: &Expected, frame: &[u8]) -> Vec<u8> {
    let (header, body) = RequestHeader::split(frame).unwrap();
    assert_eq!((header.api_key(), header.version()), (row.key, row.version));
    assert_eq!(header.api_key().name(), Some(row.api.as_str()));
    assert_eq!(header.correlation_id, row.correlation_id);
    assert_eq!(header.client_id.as_deref().unwrap_or("null"), row.client_id);
    let request = AnyRequest::decode(row.key, row.version, body).unwrap();
    assert_eq!(request.api_key(), row.key);
    let mut writer = Writer::new();
    header
        .encode(&mut writer, row.key.request_header_version(row.version))
        .unwrap();
    request.encode(&mut writer, row.version).unwrap();
    writer.into_vec()
}

fn recode_response(row: &Expected, frame: &[u8]) -> Vec<u8> {
    let (header, body) = ResponseHeader::split(frame, row.key, row.version).unwrap();
    assert_eq!(header.correlation_id, row.correlation_id);
    let response = AnyResponse::decode(row.key, row.version, body).unwrap();
    assert_eq!(response.api_key(), row.key);
    let mut writer = Writer::new();
    header
        .encode(&mut writer, row.key.response_header_version(row.version))
        .unwrap();
    response.encode(&mut writer, row.version).unwrap();
    writer.into_vec()
}
