//! Frames and headers.

use kafka_codec::messages::{ApiVersionsResponse, RequestHeader, ResponseHeader};
use kafka_codec::{ApiKey, HeaderVersions, Message, Version};

#[test]
fn the_header_of_a_request_follows_from_its_api_and_version() {
    // Metadata is flexible from version 9 on, Fetch from 12, and DescribeCluster in all.
    for (key, first) in [
        (ApiKey::Metadata, 9),
        (ApiKey::Fetch, 12),
        (ApiKey::DescribeCluster, 0),
    ] {
        let headers = HeaderVersions::of(key, Version(first));
        assert_eq!(headers, HeaderVersions::new(Version(2), Version(1)));
        if first > 0 {
            let headers = HeaderVersions::of(key, Version(first - 1));
            assert_eq!(headers, HeaderVersions::new(Version(1), Version(0)));
        }
    }
}

#[test]
fn header_version_2_has_the_client_id_in_the_old_form() {
    let header = RequestHeader {
        request_api_key: ApiKey::Metadata.number(),
        request_api_version: 12,
        correlation_id: 7,
        client_id: Some("me".into()),
        ..Default::default()
    };
    // A length of two bytes, where a compact one would be 0x03, and then no tagged fields.
    let bytes = header.encode_to_vec(Version(2)).unwrap();
    assert_eq!(bytes, b"\0\x03\0\x0c\0\0\0\x07\0\x02me\0");
    let frame = [&bytes[..], b"body"].concat();
    assert_eq!(
        RequestHeader::split(&frame).unwrap(),
        (header, &b"body"[..])
    );
}

#[test]
fn the_response_to_api_versions_has_header_version_0_in_flexible_versions_too() {
    let headers = HeaderVersions::of(ApiKey::ApiVersions, Version(4));
    assert_eq!(headers, HeaderVersions::new(Version(2), Version(0)));
    let body = ApiVersionsResponse::default()
        .encode_to_vec(Version(4))
        .unwrap();
    let frame = [&b"\0\0\0\x07"[..], &body].concat();
    let (header, rest) = ResponseHeader::split(&frame, headers).unwrap();
    assert_eq!((header.correlation_id, rest), (7, &body[..]));
    // In the header of all other flexible versions a byte of the body would be one of the header.
    let others = HeaderVersions::of(ApiKey::Metadata, Version(12));
    let (_, rest) = ResponseHeader::split(&frame, others).unwrap();
    assert_eq!(rest.len(), body.len() - 1);
}

#[test]
fn controlled_shutdown_version_0_has_no_client_id_in_its_header() {
    let headers = HeaderVersions::of(ApiKey::ControlledShutdown, Version(0));
    assert_eq!(headers, HeaderVersions::new(Version(0), Version(0)));
    // Key 7, version 0, correlation id 9, and the body: broker 5. A client id would swallow the broker.
    let frame = b"\0\x07\0\0\0\0\0\x09\0\0\0\x05";
    let (header, body) = RequestHeader::split(frame).unwrap();
    assert_eq!(header.correlation_id, 9);
    assert_eq!(header.client_id, RequestHeader::default().client_id);
    assert_eq!(body, b"\0\0\0\x05");
    let headers = HeaderVersions::of(ApiKey::ControlledShutdown, Version(1));
    assert_eq!(headers.request, Version(1));
}
