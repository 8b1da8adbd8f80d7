//! However a request is submitted, typed, encoded elsewhere, as a body or as a frame, the same bytes are written and the same is known of it.

use bytes::{Buf, Bytes};
use kafka_codec::connection::{Connection, EncodedRequest, Event, RequestId, SubmitOptions};
use kafka_codec::messages::{ApiVersionsRequest, SaslHandshakeRequest};
use kafka_codec::{ApiKey, Request, Version, frame};

use crate::driver::{Driver, options};

/// The bytes that a connection writes after `submit`, and whether the request was over then.
fn written(submit: impl FnOnce(&mut Connection, std::time::Instant) -> RequestId) -> (Bytes, bool) {
    let mut driver = Driver::once(options());
    driver.open_ready();
    let connection = &mut driver.connection;
    submit(connection, driver.now);
    let mut transmit = connection.poll_transmit().unwrap();
    let bytes = transmit.copy_to_bytes(transmit.remaining());
    connection.handle_written(driver.now, bytes.len());
    let is_over = matches!(connection.poll_event(), Some(Event::Completed(_)));
    (bytes, is_over)
}

fn same_in_every_form<R: Request>(request: &R, version: Version) {
    let plain = SubmitOptions::default();
    let this = plain.with_version(version);
    let typed = written(|connection, now| connection.submit(now, request, this).unwrap());

    let encoded = EncodedRequest::new(request, version).unwrap();
    let elsewhere = std::thread::spawn(move || encoded).join().unwrap();
    let by_encoded = written(|connection, now| {
        let submitted = connection.submit_encoded(now, &elsewhere, plain);
        submitted.unwrap()
    });
    assert_eq!(by_encoded, typed, "{} {version}", R::KEY);
    let frame = elsewhere.to_frame(2, Some("test")).unwrap();
    assert_eq!(frame.into_bytes(), typed.0, "{} {version}", R::KEY);

    let body = Bytes::from(request.encode_to_vec(version).unwrap());
    let by_body = written(|connection, now| {
        let submitted = connection.submit_body(now, R::KEY, version, &body, plain);
        submitted.unwrap()
    });
    assert_eq!(by_body, typed, "{} {version}", R::KEY);

    let mut encoded =
        frame::encode_request(Vec::new(), request, version, 99, Some("test")).unwrap();
    let whole = encoded.copy_to_bytes(encoded.remaining()).slice(4..);
    let by_frame = written(|connection, now| connection.submit_frame(now, &whole, plain).unwrap());
    assert_eq!(by_frame, typed, "{} {version}", R::KEY);
}

#[test]
fn the_form_in_which_a_request_is_submitted_makes_no_difference() {
    let software = ApiVersionsRequest {
        client_software_name: "client".into(),
        client_software_version: "1.0".into(),
        ..Default::default()
    };
    same_in_every_form(&software, Version(3));
    let handshake = SaslHandshakeRequest {
        mechanism: "PLAIN".into(),
        ..Default::default()
    };
    for version in [0, 1] {
        same_in_every_form(&handshake, Version(version));
    }
    #[cfg(feature = "messages")]
    for acks in [-1, 0].map(kafka_codec::enumerations::Acks) {
        for version in 3..=13 {
            let produce = kafka_codec::messages::ProduceRequest {
                acks,
                transactional_id: Some("t".into()),
                ..Default::default()
            };
            same_in_every_form(&produce, Version(version));
        }
    }
}

#[test]
fn a_request_that_was_refused_or_lost_is_sent_again_with_the_same_bytes() {
    let name = vec![b'n'; 2000];
    let encoded = {
        let token = kafka_codec::messages::SaslAuthenticateRequest {
            auth_bytes: name.clone().into(),
            ..Default::default()
        };
        EncodedRequest::new(&token, Version(2)).unwrap()
    };
    let mut closed = Driver::once(options());
    closed.connection.close(closed.now);
    let refused = closed
        .connection
        .submit_encoded(closed.now, &encoded, SubmitOptions::default());
    assert!(refused.is_err());

    let send = || {
        let options = SubmitOptions::default();
        written(|connection, now| connection.submit_encoded(now, &encoded, options).unwrap())
    };
    let first = send();
    assert!(first.0.ends_with(&[&name[..], &[0]].concat()));
    assert_eq!(send(), first);
    assert!(!format!("{encoded:?}").contains("nnn"));
}

#[test]
fn a_body_of_an_unknown_api_gets_the_header_of_all_newer_ones() {
    use kafka_codec::connection::{Negotiation, VersionTable};

    let unknown = ApiKey::from_number(999);
    let table = VersionTable::new([(unknown, crate::driver::range(0, 3))]);
    let mut driver = Driver::once(options().with_negotiation(Negotiation::Assume(table)));
    driver.open();
    let body = Bytes::from_static(b"whatever");
    let now = driver.now;
    let mut submit = |version| {
        let (version, options) = (Version(version), SubmitOptions::default());
        driver
            .connection
            .submit_body(now, unknown, version, &body, options)
    };
    assert!(submit(4).is_err());
    submit(2).unwrap();
    driver.drain();
    assert_eq!(
        driver.take_frame(),
        b"\x03\xe7\0\x02\0\0\0\x01\0\x04test\0whatever"
    );
}
