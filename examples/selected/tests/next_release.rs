//! Header versions that kafka-codec itself does not know are those that the definitions state.

use kafka_codec::wire::{Uuid, Writer};
use kafka_codec::{ApiKey, Decode, HeaderVersions, Message, Request, Response, Version};
use selected::next::{OffsetDeleteRequest, OffsetDeleteResponse, RequestHeader};

const ID: Uuid = Uuid::from_u128(0x0102_0304);

/// A request with its header, which has the client id if it is the first of its connection.
fn encode(version: Version, correlation_id: i32, client_id: Option<&'static str>) -> Vec<u8> {
    let headers = OffsetDeleteRequest::header_versions(version);
    let is_instance_known = headers.request >= Version(3);
    let header = RequestHeader {
        request_api_key: OffsetDeleteRequest::KEY.number(),
        request_api_version: version.0,
        correlation_id,
        client_id: client_id.filter(|_| !is_instance_known).map(Into::into),
        first_client_id: client_id.filter(|_| is_instance_known).map(Into::into),
        client_instance_id: if is_instance_known { ID } else { Uuid::ZERO },
        ..Default::default()
    };
    let request = OffsetDeleteRequest {
        group_id: "g".into(),
        ..Default::default()
    };
    let mut writer = Writer::new();
    header.encode(&mut writer, headers.request).unwrap();
    request.encode(&mut writer, version).unwrap();
    writer.into_vec()
}

#[test]
fn a_request_of_a_known_api_has_the_headers_of_its_definition() {
    assert_eq!(OffsetDeleteRequest::KEY, ApiKey::OffsetDelete);
    let headers = |version| OffsetDeleteRequest::header_versions(Version(version));
    assert_eq!(headers(0), HeaderVersions::new(Version(1), Version(0)));
    assert_eq!(headers(1), HeaderVersions::new(Version(3), Version(0)));
    assert_eq!(headers(9), headers(1));
    assert_eq!(OffsetDeleteResponse::header_version(Version(1)), Version(0));
    // The library knows nothing of version 1.
    assert_eq!(
        HeaderVersions::of(ApiKey::OffsetDelete, Version(1)),
        headers(0)
    );
}

#[test]
fn request_header_3_has_the_client_id_in_the_first_request_alone() {
    let first = encode(Version(1), 1, Some("me"));
    let second = encode(Version(1), 2, None);
    let plain = encode(Version(0), 3, Some("me"));
    assert_eq!(plain, b"\0\x2f\0\0\0\0\0\x03\0\x02me\0\x01g");
    let instance = [1, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    let expected = [
        &b"\0\x2f\0\x01\0\0\0\x01\x02\0\x03\x03me"[..],
        &instance,
        b"\0\x01g",
    ]
    .concat();
    assert_eq!(first, expected);
    let expected = [&b"\0\x2f\0\x01\0\0\0\x02\x01"[..], &instance, b"\0\x01g"].concat();
    assert_eq!(second, expected);

    let headers = OffsetDeleteRequest::header_versions(Version(1));
    for (bytes, correlation_id, client_id) in [(&first, 1, Some("me")), (&second, 2, None)] {
        let (header, body) = RequestHeader::decode_prefix(bytes, headers.request).unwrap();
        assert_eq!(header.correlation_id, correlation_id);
        assert_eq!(header.first_client_id.as_deref(), client_id);
        assert_eq!(header.client_instance_id, ID);
        let request = OffsetDeleteRequest::decode(body, Version(1)).unwrap();
        assert_eq!(request.group_id, "g");
    }
}
