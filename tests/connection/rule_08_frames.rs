//! Rule 8: what cannot be a frame of Kafka is named, whatever the limits, and costs no memory.

use kafka_codec::ApiKey;
use kafka_codec::connection::{CloseReason, Confidence, Event, ForeignProtocol, HintKind};

use crate::driver::{Driver, options, replay, sized};

/// What a peer with these first bytes is taken for; the stream ends after them.
fn foreign(bytes: &[u8]) -> (ForeignProtocol, Vec<u8>) {
    let found = std::sync::Mutex::new(None);
    replay(|driver| {
        driver.configure(options().with_max_frame_bytes(1 << 30), Vec::new());
        driver.open();
        driver.receive(bytes);
        driver.end_of_stream();
        let report = driver.closed();
        let CloseReason::Foreign {
            protocol,
            first_bytes,
        } = &report.reason
        else {
            panic!("{report}");
        };
        let hint = report.hint.unwrap();
        assert_eq!(hint.confidence, Confidence::Certain);
        let is_tls = matches!(
            protocol,
            ForeignProtocol::TlsAlert { .. } | ForeignProtocol::Tls
        );
        let kind = if is_tls {
            HintKind::TlsExpected
        } else {
            HintKind::WrongPort
        };
        assert_eq!(hint.kind, kind);
        *found.lock().unwrap() = Some((*protocol, first_bytes.to_vec()));
    });
    found.into_inner().unwrap().unwrap()
}

/// Scenario "TLS alert under a 1 GiB limit".
#[test]
fn rule_8_a_tls_alert_is_recognised_with_its_description() {
    let alert = b"\x15\x03\x03\0\x02\x02\x28";
    let (protocol, first) = foreign(alert);
    let (level, description) = (Some(2), Some(40));
    assert_eq!(protocol, ForeignProtocol::TlsAlert { level, description });
    assert_eq!(first, alert);
    assert_eq!(
        protocol.to_string(),
        "a TLS alert (handshake_failure, number 40)"
    );
    let (protocol, _) = foreign(b"\x15\x03\x01");
    assert_eq!(
        protocol,
        ForeignProtocol::TlsAlert {
            level: None,
            description: None
        }
    );
}

#[test]
fn rule_8_other_protocols_are_recognised() {
    for (bytes, protocol) in [
        (&b"\x16\x03\x03\0\x7a\x02\0\0\x76"[..], ForeignProtocol::Tls),
        (
            b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
            ForeignProtocol::Http1,
        ),
        (b"HTTP", ForeignProtocol::Http1),
        (
            b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\0\xff\xff",
            ForeignProtocol::Http2,
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", ForeignProtocol::Ssh),
        (b"220 mail.example.org ESMTP\r\n", ForeignProtocol::Text),
    ] {
        assert_eq!(foreign(bytes).0, protocol, "{bytes:?}");
    }
}

#[test]
fn rule_8_text_is_reported_without_waiting_for_its_end() {
    let mut driver = Driver::once(options());
    driver.open();
    driver.receive(b"HTTP/1.1 400 Bad");
    assert_eq!(
        driver.close_line(),
        "broker 1 (b1:9092): ApiVersions v5 (correlation 1): peer does not speak Kafka: \
         its first bytes are HTTP/1"
    );
}

#[test]
fn rule_8_only_the_first_frame_is_sniffed() {
    let mut driver = Driver::once(options().with_max_frame_bytes(1 << 30));
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    driver.receive(b"\x15\x03\x03\0\x02\x02\x28");
    assert!(driver.take_events().is_empty());
    assert_eq!(driver.connection.state().to_string(), "ready");
}

#[test]
fn rule_8_sizes_out_of_range_are_refused_with_the_first_bytes() {
    for announced in [-1, i32::MIN, 0, 3, 4097, i32::MAX] {
        replay(|driver| {
            driver.configure(options().with_max_frame_bytes(4096), Vec::new());
            driver.open_ready();
            driver.receive(&announced.to_be_bytes());
            let report = driver.closed();
            let CloseReason::BadFrameSize {
                announced: told,
                min: 4,
                max: 4096,
                first_bytes,
            } = &report.reason
            else {
                panic!("{report}");
            };
            assert_eq!(
                (*told, &first_bytes[..]),
                (announced, &announced.to_be_bytes()[..])
            );
        });
    }
}

#[test]
fn rule_8_before_the_connection_is_ready_frames_are_small() {
    let mut driver = Driver::once(options());
    driver.open();
    driver.receive(&[0, 0x20, 0, 0, 0]);
    driver.receive(&[0; 20]);
    assert!(
        driver.close_line().contains("(expected 4 to 1048576)"),
        "{}",
        driver.close_line()
    );
}

#[test]
fn rule_8_memory_grows_with_what_arrived_not_with_what_was_announced() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    let announced: i32 = 50 * 1024 * 1024;
    driver.receive(&announced.to_be_bytes());
    driver.receive(&2_i32.to_be_bytes());
    assert!(driver.connection.buffered_bytes() < 20_000);
    for _ in 0..60 {
        driver.receive(&[0; 1000]);
    }
    let held = driver.connection.buffered_bytes();
    assert!((60_000..=64 * 1024).contains(&held), "{held}");
    for _ in 60..100 {
        driver.receive(&[0; 1000]);
    }
    let held = driver.connection.buffered_bytes();
    assert!((100_000..=4 * 1024 * 1024 + 4).contains(&held), "{held}");
}

/// Scenario "zero-length and one-byte-at-a-time reads"; "write of 0 bytes".
#[test]
fn rule_8_reading_and_writing_nothing_changes_nothing() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    let fetch = driver.take();
    driver.receive(b"");
    driver.connection.handle_written(driver.now, 0);
    driver.drain();
    assert!(driver.take_events().is_empty());
    driver.answer_raw(&fetch, b"\0\0\0\0");
    assert_eq!(driver.completions().len(), 1);
}

#[test]
fn rule_8_a_frame_too_short_for_a_header_is_refused() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.receive(&sized(b"abc"));
    assert!(matches!(driver.events.back(), Some(Event::Closed(_))));
}

/// Rule 9: a body that does not decode is the caller's to report, and does not close the connection.
#[test]
fn rule_9_a_body_that_does_not_decode_shows_and_closes_nothing() {
    use kafka_codec::connection::DecodedResponse;
    use kafka_codec::messages::ApiVersionsRequest;

    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::ApiVersions, 3);
        let asked = driver.take();
        driver.answer_raw(&asked, b"\0\0\x05\0");
        let done = driver.completions().remove(0);
        let response = done.into_response().unwrap().unwrap();
        let which = DecodedResponse::from(&response);
        let typed = response.into_typed::<ApiVersionsRequest<'_>>().unwrap();
        let error = typed.decode().unwrap_err();
        driver.now += crate::driver::ms(3);
        driver
            .connection
            .handle_decoded(driver.now, &which, Err(error));
        driver.drain();
        let events = driver.take_events();
        let [
            Event::Decoded {
                label,
                result: Err(error),
                after,
                ..
            },
        ] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!(label.api_key, ApiKey::ApiVersions);
        assert_eq!(error.offset(), 2);
        assert_eq!(*after, crate::driver::ms(3));
        assert_eq!(driver.connection.state().to_string(), "ready");
    });
}
