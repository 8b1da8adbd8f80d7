//! Frames that real clients and a real broker exchanged are read as what they are, and written back
//! as the bytes they were.
#![cfg(test)]
#![cfg(feature = "messages")]

#[path = "support/recorded.rs"]
mod recorded;

use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::wire::Writer;
use kafka_codec::{AnyRequest, AnyResponse, HeaderVersions, Message};
use recorded::{Recorded, recorded};

#[test]
fn every_recorded_frame_is_what_its_header_says_and_is_written_back_byte_for_byte() {
    let frames = recorded();
    for row in &frames {
        let written = if row.is_request {
            recode_request(row)
        } else {
            recode_response(row)
        };
        assert!(
            written == row.bytes,
            "{} v{} in {}, frame {}",
            row.api,
            row.version,
            row.file,
            row.number
        );
    }
    assert!(frames.len() > 1000, "{}", frames.len());
}

fn recode_request(row: &Recorded) -> Vec<u8> {
    let (header, body) = RequestHeader::split(&row.bytes).unwrap();
    assert_eq!((header.api_key(), header.version()), (row.key, row.version));
    assert_eq!(header.api_key().name(), Some(row.api.as_str()));
    assert_eq!(header.correlation_id, row.correlation_id);
    assert_eq!(header.client_id.as_deref().unwrap_or("null"), row.client_id);
    let request = AnyRequest::decode(row.key, row.version, body).unwrap();
    assert_eq!(request.api_key(), row.key);
    let mut writer = Writer::new();
    header
        .encode(
            &mut writer,
            HeaderVersions::of(row.key, row.version).request,
        )
        .unwrap();
    request.encode(&mut writer, row.version).unwrap();
    writer.into_vec()
}

fn recode_response(row: &Recorded) -> Vec<u8> {
    let (header, body) =
        ResponseHeader::split(&row.bytes, HeaderVersions::of(row.key, row.version)).unwrap();
    assert_eq!(header.correlation_id, row.correlation_id);
    let response = AnyResponse::decode(row.key, row.version, body).unwrap();
    assert_eq!(response.api_key(), row.key);
    let mut writer = Writer::new();
    header
        .encode(
            &mut writer,
            HeaderVersions::of(row.key, row.version).response,
        )
        .unwrap();
    response.encode(&mut writer, row.version).unwrap();
    writer.into_vec()
}
