//! Requests and responses of every API in every version, read out of whole frames in one call, and answered.
#![cfg(test)]
#![cfg(all(feature = "messages", feature = "random"))]

use bytes::Bytes;
use kafka_codec::messages::{
    ApiVersionsRequest, ApiVersionsResponse, FetchRequest, HeartbeatRequest, RequestHeader,
    ResponseHeader,
};
use kafka_codec::schema::random::{Frame, Options, Seeded};
use kafka_codec::schema::{Schema, error_codes};
use kafka_codec::wire::{Limits, Writer};
use kafka_codec::{
    AnyRequest, AnyResponse, ApiKey, DecodeErrorKind, ErrorCode, HeaderVersions, RequestFrame,
    ResponseFrame, Version, frame,
};

/// Calls `check` with requests of every API in every version.
fn for_all_requests(mut check: impl FnMut(&Frame, Bytes, &mut Seeded)) {
    let (options, mut entropy, mut count) = (Options::default(), Seeded::new(7), 0);
    for key in ApiKey::ALL.iter().copied() {
        for version in key.versions().unwrap().iter() {
            for _ in 0..4 {
                let request = Frame::request(key, version, &options, &mut entropy).unwrap();
                let bytes = Bytes::from(request.to_bytes()).slice(4..);
                check(&request, bytes, &mut entropy);
                count += 1;
            }
        }
    }
    assert!(count > 1000, "{count}");
}

#[test]
fn a_request_frame_is_what_its_bytes_say() {
    for_all_requests(|request, bytes, _| {
        let read = RequestFrame::new(bytes.clone()).unwrap();
        let (header, body) = RequestHeader::split(&bytes).unwrap();
        assert_eq!(read.header(), &header);
        assert_eq!(
            (read.api_key(), read.version()),
            (request.api_key(), request.version())
        );
        assert_eq!(read.correlation_id(), request.correlation_id());
        assert_eq!(read.client_id(), header.client_id.as_deref());
        assert_eq!((read.body(), &read.body_bytes()[..]), (body, body));
        assert_eq!(read.bytes(), &bytes);
        assert_eq!(
            RequestHeader::routing(&bytes),
            Some((request.api_key(), request.version()))
        );

        let any = read.decode_any().unwrap();
        let mut writer = Writer::new();
        any.encode(&mut writer, read.version()).unwrap();
        assert_eq!(writer.into_vec(), body, "{read}");
        let (header_again, any_again) = AnyRequest::from_frame(&bytes).unwrap();
        assert_eq!(header_again, header);
        // By its bytes, as NaN is not equal to itself.
        let mut writer = Writer::new();
        any_again.encode(&mut writer, read.version()).unwrap();
        assert_eq!(writer.into_vec(), body, "{read}");
    });
}

#[test]
fn forwarding_changes_the_correlation_id_and_nothing_else() {
    for_all_requests(|request, bytes, _| {
        let read = RequestFrame::new(bytes.clone()).unwrap();
        let forwarded = read.with_correlation_id(0x0102_0304).into_bytes();
        assert_eq!(
            forwarded[..4],
            u32::try_from(bytes.len()).unwrap().to_be_bytes()
        );
        assert_eq!(forwarded[4..8], bytes[..4]);
        assert_eq!(forwarded[8..12], [1, 2, 3, 4]);
        assert_eq!(forwarded[12..], bytes[8..]);
        let same = read.with_correlation_id(request.correlation_id());
        assert_eq!(same.to_vec(), request.to_bytes());
    });
}

#[test]
fn a_response_is_read_by_what_is_remembered_of_its_request() {
    for_all_requests(|request, bytes, entropy| {
        let read = RequestFrame::new(bytes).unwrap();
        let response = request.response(&Options::default(), entropy);
        let response_bytes = response.to_bytes();
        let (header, any) =
            AnyResponse::from_frame(&read.in_flight(), &response_bytes[4..]).unwrap();
        assert_eq!(header.correlation_id, read.correlation_id());
        assert_eq!(any.api_key(), read.api_key());
        let mut writer = Writer::new();
        let version = read.in_flight().response_version(response.body());
        any.encode(&mut writer, version).unwrap();
        assert_eq!(writer.into_vec(), response.body(), "{read}");
    });
}

#[test]
fn frames_that_are_cut_off_or_of_another_api_are_errors() {
    let heartbeat = HeartbeatRequest::default();
    let bytes = frame::encode_request(Vec::new(), &heartbeat, Version(4), 7, Some("me"))
        .unwrap()
        .into_bytes()
        .slice(4..);
    for length in 0..bytes.len() {
        let part = bytes.slice(..length);
        assert!(AnyRequest::from_frame(&part).is_err(), "{length}");
        assert!(frame::decode_request::<HeartbeatRequest<'_>>(&part).is_err());
        let read = RequestFrame::new(part);
        assert!(read.is_err() || read.unwrap().decode_any().is_err());
    }
    let read = RequestFrame::new(bytes.clone()).unwrap();
    assert_eq!(read.decode::<HeartbeatRequest<'_>>(), Ok(heartbeat.clone()));
    let (_, decoded) = frame::decode_request::<HeartbeatRequest<'_>>(&bytes).unwrap();
    assert_eq!(decoded, heartbeat);
    let errors = [
        read.decode::<FetchRequest<'_>>().unwrap_err(),
        frame::decode_request::<FetchRequest<'_>>(&bytes).unwrap_err(),
    ];
    for error in errors {
        let expected = DecodeErrorKind::OtherApi {
            expected: ApiKey::Fetch,
            actual: ApiKey::Heartbeat,
        };
        assert_eq!(error.kind(), &expected);
    }
    assert_eq!(read.to_string(), "Heartbeat v4 (correlation 7)");
}

#[test]
fn bytes_after_a_request_or_response_are_ignored_by_whatever_reads_a_frame() {
    for_all_requests(|request, bytes, entropy| {
        let longer = Bytes::from([&bytes[..], &[0; 4]].concat());
        let (read, extended) = (
            RequestFrame::new(bytes.clone()).unwrap(),
            RequestFrame::new(longer.clone()).unwrap(),
        );
        let written = |any: &AnyRequest<'_>| {
            let mut writer = Writer::new();
            any.encode(&mut writer, read.version()).unwrap();
            writer.into_vec()
        };
        let any = written(&read.decode_any().unwrap());
        assert_eq!(written(&extended.decode_any().unwrap()), any, "{read}");
        assert_eq!(written(&AnyRequest::from_frame(&longer).unwrap().1), any);

        let response = request.response(&Options::default(), entropy);
        let frame = &response.to_bytes()[4..];
        let longer = [frame, &[0; 4]].concat();
        let (request, header) = (read.in_flight(), read.header_versions());
        let version = request.split_response(frame).unwrap().version;
        let written = |frame: &[u8]| {
            let (_, any) = AnyResponse::from_frame(&request, frame).unwrap();
            let mut writer = Writer::new();
            any.encode(&mut writer, version).unwrap();
            writer.into_vec()
        };
        assert_eq!(written(&longer), written(frame), "{read}");
        let schema = Schema::of_response(read.api_key()).unwrap();
        let codes = |frame: &[u8]| {
            let (_, body) = ResponseHeader::split(frame, header).unwrap();
            error_codes(schema, version, body, Limits::default()).unwrap()
        };
        assert_eq!(codes(&longer), codes(frame), "{read}");
    });
}

#[test]
fn bytes_after_a_request_are_ignored_by_whatever_knows_its_type() {
    let heartbeat = HeartbeatRequest::default();
    let frame = frame::encode_request(Vec::new(), &heartbeat, Version(4), 7, Some("me"));
    let frame = frame.unwrap().into_bytes().slice(4..);
    let longer = Bytes::from([&frame[..], &[0; 4]].concat());
    let read = RequestFrame::new(longer.clone()).unwrap();
    assert_eq!(read.decode::<HeartbeatRequest<'_>>(), Ok(heartbeat.clone()));
    let (_, decoded) = frame::decode_request::<HeartbeatRequest<'_>>(&longer).unwrap();
    assert_eq!(decoded, heartbeat);
}

#[test]
fn a_client_id_that_is_not_utf_8_is_served() {
    let bytes = Bytes::from_static(b"\0\x12\0\0\0\0\0\x07\0\x06m\xfcller");
    let read = RequestFrame::new(bytes.clone()).unwrap();
    assert_eq!(
        (read.client_id(), read.client_id_text()),
        (None, Some("m\\xfcller"))
    );
    assert_eq!(read.with_correlation_id(7).into_bytes()[4..], bytes);
    read.decode::<ApiVersionsRequest<'_>>().unwrap();
    let (header, _) = AnyRequest::from_frame(&bytes).unwrap();
    assert_eq!((header.correlation_id, header.client_id), (7, None));
    let (header, _) = frame::decode_request::<ApiVersionsRequest<'_>>(&bytes).unwrap();
    assert_eq!((header.correlation_id, header.client_id), (7, None));
}

#[test]
fn frames_of_any_api_are_written_as_they_were_read() {
    for_all_requests(|request, bytes, entropy| {
        let read = RequestFrame::new(bytes.clone()).unwrap();
        let (header, any) = AnyRequest::from_frame(&bytes).unwrap();
        let again = any.to_frame(Vec::new(), &header).unwrap();
        assert_eq!(again.to_vec(), request.to_bytes(), "{read}");

        let response = request.response(&Options::default(), entropy);
        let frame = Bytes::from(response.to_bytes()).slice(4..);
        let version = read.in_flight().split_response(&frame).unwrap().version;
        let (header, any) = AnyResponse::from_frame(&read.in_flight(), &frame).unwrap();
        let again = any.to_frame(Vec::new(), version, &header).unwrap();
        assert_eq!(again.to_vec()[4..], frame[..], "{read}");
        let renumbered = frame::response_with_correlation_id(&frame, 9)
            .unwrap()
            .to_vec();
        assert_eq!(renumbered[..4], again.to_vec()[..4]);
        assert_eq!(renumbered[4..8], [0, 0, 0, 9]);
        assert_eq!(renumbered[8..], frame[4..]);
    });
    let short = Bytes::from_static(b"\0\0\0");
    assert!(frame::response_with_correlation_id(&short, 9).is_err());
}

#[test]
fn api_versions_is_refused_in_version_0() {
    let refusal = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        ..Default::default()
    };
    for version in [1, 4, 127] {
        let bytes = [&b"\0\x12\0"[..], &[version], b"\0\0\0\x07\xff\xff\0"].concat();
        let read = RequestFrame::new(bytes.into()).unwrap();
        let frame = read.encode_response(Vec::new(), &refusal).unwrap();
        assert_eq!(frame.to_vec(), b"\0\0\0\x0a\0\0\0\x07\0\x23\0\0\0\0");
    }
    let read = RequestFrame::new(Bytes::from_static(b"\0\x12\0\x04\0\0\0\x07\xff\xff\0")).unwrap();
    let frame = read
        .encode_response(Vec::new(), &ApiVersionsResponse::default())
        .unwrap();
    assert_eq!(frame.to_vec()[8..], *b"\0\0\x01\0\0\0\0\0");
}

#[test]
fn a_refusal_in_the_version_of_the_request_is_read_in_it() {
    let refusal = b"\0\0\0\x07\0\x23\x01\0\0\0\0\0";
    let frame =
        ResponseFrame::<ApiVersionsRequest<'_>>::new(Bytes::from_static(refusal), Version(4));
    let frame = frame.unwrap();
    assert_eq!(frame.version(), Version(4));
    assert_eq!(
        frame.decode().unwrap().error_code,
        ErrorCode::UNSUPPORTED_VERSION
    );
}

#[test]
fn an_old_broker_that_does_not_know_the_version_of_api_versions_is_understood() {
    let refusal = b"\0\0\0\x07\0\x23\0\0\0\x01\0\x12\0\0\0\x02";
    let frame =
        ResponseFrame::<ApiVersionsRequest<'_>>::new(Bytes::from_static(refusal), Version(4));
    let frame = frame.unwrap();
    assert_eq!(frame.version(), Version(0));
    let (_, response) =
        frame::decode_response::<ApiVersionsRequest<'_>>(refusal, Version(4)).unwrap();
    assert_eq!(frame.decode().unwrap(), response);
    assert_eq!(
        response.versions_of(ApiKey::ApiVersions).unwrap().max(),
        Version(2)
    );
}

#[test]
fn a_request_of_an_unknown_api_is_read_as_far_as_its_header_and_forwarded() {
    let bytes = Bytes::from_static(b"\x03\xe7\0\x02\0\0\0\x07\0\x02me\0whatever");
    let read = RequestFrame::new(bytes.clone()).unwrap();
    assert_eq!(
        (read.client_id(), read.body()),
        (Some("me"), &b"whatever"[..])
    );
    assert_eq!(read.with_correlation_id(7).into_bytes()[4..], bytes);
    let classic = HeaderVersions::new(Version(1), Version(0));
    let read = RequestFrame::with_headers(bytes, classic).unwrap();
    assert_eq!(read.body(), b"\0whatever");
}
