//! APIs that Kafka does not have, in a version with plain headers and in a flexible one: submitted, served and forwarded
//! with the header versions that the caller gives, and with the default.

use bytes::Bytes;
use kafka_codec::connection::server::{ServerEvent, ServerOptions};
#[cfg(feature = "messages")]
use kafka_codec::connection::{EncodedRequest, server::RespondError};
use kafka_codec::connection::{Negotiation, RawResponse, SubmitOptions, VersionTable};
#[cfg(feature = "messages")]
use kafka_codec::messages::HeartbeatResponse;
#[cfg(feature = "messages")]
use kafka_codec::{AnyRequest, AnyResponse, EncodeErrorKind, VersionRange};
use kafka_codec::{ApiKey, HeaderVersions, Version};

use crate::driver::{Driver, options, range, sized};
use crate::server::{CLIENT, Side};

const GREET: ApiKey = ApiKey::from_number(10_001);
const PLAIN: HeaderVersions = HeaderVersions::new(Version(1), Version(0));
const FLEXIBLE: HeaderVersions = HeaderVersions::new(Version(2), Version(1));

/// Requests of the API, each with its version and header versions, its frame and its body.
const REQUESTS: [(i16, HeaderVersions, &[u8], &[u8]); 2] = [
    (
        0,
        PLAIN,
        b"\x27\x11\0\0\0\0\0\x01\0\x04test\0\x02hi",
        b"\0\x02hi",
    ),
    (
        1,
        FLEXIBLE,
        b"\x27\x11\0\x01\0\0\0\x01\0\x04test\0\x03hi\0",
        b"\x03hi\0",
    ),
];

/// The header versions of the API, as its definition would have them.
fn header_versions(key: ApiKey, version: Version) -> HeaderVersions {
    match (key, version) {
        (GREET, Version(0)) => PLAIN,
        _ => HeaderVersions::of(key, version),
    }
}

fn table() -> VersionTable {
    VersionTable::new([(GREET, range(0, 1))])
}

/// A connection that knows that the broker serves the API.
fn ready() -> Driver {
    let negotiation = Negotiation::Assume(table());
    let mut driver = Driver::once(options().with_negotiation(negotiation));
    driver.open();
    driver
}

fn answered(driver: &mut Driver, bytes: &[u8]) -> RawResponse {
    driver.receive(&sized(bytes));
    let completion = driver.completions().pop().unwrap();
    completion.into_response().unwrap().unwrap()
}

#[test]
fn a_body_is_submitted_with_the_given_header_versions_and_its_response_split_by_them() {
    for (version, headers, frame, body) in REQUESTS {
        let mut driver = ready();
        let options = SubmitOptions::default().with_header_versions(headers);
        let body = Bytes::from_static(body);
        let (now, version) = (driver.now, Version(version));
        driver
            .connection
            .submit_body(now, GREET, version, &body, options)
            .unwrap();
        driver.drain();
        assert_eq!(driver.take_frame(), frame);
        // A plain response may begin with what would be the number of tagged fields.
        let (header, body) = match headers == PLAIN {
            true => (&b"\0\0\0\x01"[..], &b"\x02ok"[..]),
            false => (&b"\0\0\0\x01\0"[..], &b"\x03ok\0"[..]),
        };
        let response = answered(&mut driver, &[header, body].concat());
        assert_eq!(response.label().headers, headers);
        assert_eq!(response.body().unwrap(), body);
    }
}

#[test]
fn a_frame_is_submitted_unchanged_and_its_response_split_by_the_given_header_versions() {
    for (_, headers, frame, _) in REQUESTS {
        let mut driver = ready();
        let options = SubmitOptions::default().with_header_versions(headers);
        let bytes = Bytes::from_static(frame);
        let now = driver.now;
        driver
            .connection
            .submit_frame(now, &bytes, options)
            .unwrap();
        driver.drain();
        assert_eq!(driver.take_frame(), frame);
        let response = answered(&mut driver, b"\0\0\0\x01\0ok");
        let body = if headers == PLAIN {
            &b"\0ok"[..]
        } else {
            b"ok"
        };
        assert_eq!(response.body().unwrap(), body);
    }
}

#[test]
fn an_unknown_api_is_taken_for_flexible_by_default() {
    let mut driver = ready();
    let (now, plain) = (driver.now, SubmitOptions::default());
    let body = Bytes::from_static(b"\x03hi\0");
    driver
        .connection
        .submit_body(now, GREET, Version(1), &body, plain)
        .unwrap();
    driver.drain();
    let (_, _, frame, _) = REQUESTS[1];
    assert_eq!(driver.take_frame(), frame);
    assert_eq!(
        answered(&mut driver, b"\0\0\0\x01\0ok").body().unwrap(),
        b"ok"
    );
}

#[test]
fn a_request_is_served_without_its_client_id_in_the_body() {
    for (version, headers, frame, body) in REQUESTS {
        let served = ServerOptions::new(CLIENT, table()).with_header_versions(header_versions);
        let mut side = Side::new(served);
        side.trickle(&sized(frame));
        let [ServerEvent::Request(request)] = &side.events()[..] else {
            panic!("one request arrived");
        };
        let label = request.label();
        assert_eq!((label.api_key, label.version), (GREET, Version(version)));
        assert_eq!(label.headers, headers);
        assert_eq!(request.client_id(), Some("test"));
        assert_eq!(request.header().unwrap().correlation_id, 1);
        assert_eq!(request.body(), body);

        let answer = Bytes::from_static(b"\0\0\0\0answer");
        side.server
            .respond_frame(side.now, request.id(), &answer)
            .unwrap();
        assert_eq!(side.written(), sized(b"\0\0\0\x01answer"));
    }
}

#[test]
fn a_served_request_has_the_headers_of_flexible_versions_by_default() {
    let (_, headers, frame, body) = REQUESTS[1];
    let mut side = Side::new(ServerOptions::new(CLIENT, table()));
    side.trickle(&sized(frame));
    let [ServerEvent::Request(request)] = &side.events()[..] else {
        panic!("one request arrived");
    };
    assert_eq!(request.label().headers, headers);
    assert_eq!((request.client_id(), request.body()), (Some("test"), body));
}

#[test]
fn a_proxy_forwards_what_it_cannot_split() {
    // Not a flexible header: there is no client id, but the start of something else.
    let frame = b"\x27\x11\0\x05\0\0\0\x09\x7f\xffwhat is this";
    let mut side =
        Side::new(ServerOptions::new(CLIENT, VersionTable::default()).with_forwarding(true));
    side.trickle(&sized(frame));
    let [ServerEvent::Request(request)] = &side.events()[..] else {
        panic!("one request arrived");
    };
    assert_eq!(request.client_id(), None);
    assert!(request.header().is_none());
    assert_eq!(request.body(), &frame[8..]);

    let mut driver = ready();
    let (now, options) = (driver.now, SubmitOptions::default());
    let error = driver
        .connection
        .submit_frame(now, request.frame(), options);
    assert!(error.is_err(), "the broker has no version 5");
    let frame = Bytes::from_static(b"\x27\x11\0\x01\0\0\0\x09\x7f\xffwhat is this");
    driver
        .connection
        .submit_frame(now, &frame, options)
        .unwrap();
    driver.drain();
    assert!(driver.take_frame().ends_with(b"\x7f\xffwhat is this"));
}

/// A program that handles any request decodes those of unknown APIs too, and passes them on through both sides.
#[cfg(feature = "messages")]
#[test]
fn messages_of_unknown_apis_pass_through_both_sides_unchanged() {
    for (version, headers, frame, body) in REQUESTS {
        let served = ServerOptions::new(CLIENT, table()).with_header_versions(header_versions);
        let mut side = Side::new(served);
        side.trickle(&sized(frame));
        let [ServerEvent::Request(incoming)] = &side.events()[..] else {
            panic!("one request arrived");
        };
        let version = Version(version);
        let request = AnyRequest::decode(GREET, version, incoming.body()).unwrap();
        assert_eq!(
            (request.api_key(), request.name()),
            (GREET, "UnknownRequest")
        );
        let error = EncodedRequest::of_any(&request, Version(7)).unwrap_err();
        let supported = VersionRange::only(version.0);
        assert_eq!(
            error.kind(),
            &EncodeErrorKind::UnsupportedVersion { supported }
        );

        let mut driver = ready();
        let (now, options) = (driver.now, SubmitOptions::default());
        let encoded = EncodedRequest::of_any(&request, version).unwrap();
        let encoded = encoded.with_header_versions(headers);
        driver
            .connection
            .submit_encoded(now, &encoded, options)
            .unwrap();
        driver.drain();
        assert_eq!(driver.take_frame(), frame);
        let answer = [
            &b"\0\0\0\x01\0"[..usize::try_from(headers.response.0).unwrap() + 4],
            body,
        ]
        .concat();
        let response = answered(&mut driver, &answer);
        let response = AnyResponse::decode(GREET, version, response.body().unwrap()).unwrap();

        let (now, id) = (side.now, incoming.id());
        let heartbeat = AnyResponse::Heartbeat(HeartbeatResponse::default());
        let error = side.server.respond_any(now, id, &heartbeat).unwrap_err();
        assert!(
            matches!(error, RespondError::OtherApi { asked: GREET, .. }),
            "{error}"
        );
        side.server.respond_any(now, id, &response).unwrap();
        assert_eq!(side.written(), sized(&answer));
    }
}

#[test]
fn the_accepting_side_knows_its_client() {
    let mut side = Side::new(ServerOptions::new(CLIENT, table()));
    assert_eq!(side.server.client().client_id(), None);
    let (_, _, frame, _) = REQUESTS[1];
    side.trickle(&sized(frame));
    assert_eq!(side.server.client().client_id(), Some("test"));
}
