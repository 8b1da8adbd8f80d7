//! Rule 12: when a connection ends, every request does, exactly once, and the end says what was under way.

use std::io::ErrorKind;

use kafka_codec::ApiKey;
use kafka_codec::connection::{
    CloseReason, Confidence, ConnectionErrorKind, ConnectionOptions, Delivery, DuplicateRisk,
    Event, HintKind, OnTimeout, Outcome, Retry, Severity, StreamPosition, SubmitError,
    SubmitOptions, TimeoutKind,
};

use crate::driver::{Driver, error_of, ms, options, replay, response};

#[test]
fn rule_12_every_request_ends_with_how_far_it_had_got() {
    replay(|driver| {
        driver.configure(options().with_max_in_flight(4), Vec::new());
        driver.open_ready();
        for key in [ApiKey::Fetch, ApiKey::Metadata, ApiKey::Heartbeat] {
            driver.submit(key, 1);
        }
        let fetch = driver.take();
        driver.is_stuck = true;
        driver.submit(ApiKey::ListOffsets, 2);
        driver.submit(ApiKey::OffsetFetch, 3);
        driver.write(7);
        driver.receive(&response(&fetch, &[0; 96])[..54]);
        driver.end_of_stream();
        let report = driver.closed();
        assert_eq!(
            report.to_string(),
            "broker 1 (b1:9092): Fetch v1 (correlation 2): peer closed after 50 of 100 bytes, \
             3 more in flight: Metadata v1, Heartbeat v1, ListOffsets v2"
        );
        assert_eq!((report.in_flight.len(), report.not_sent), (4, 1));
        let done = driver.completions();
        let deliveries: Vec<String> = done
            .iter()
            .map(|each| each.delivery().to_string())
            .collect();
        assert_eq!(
            deliveries,
            [
                "50 of 100 bytes of the response",
                "sent, no response",
                "sent, no response",
                "7 of 25 bytes sent",
                "not sent"
            ]
        );
        let errors: Vec<String> = done.into_iter().map(error_of).collect();
        assert_eq!(
            errors[0],
            "broker 1 (b1:9092): Fetch v1 (correlation 2): 50 of 100 bytes of the response: peer closed, \
             3 more in flight: Metadata v1, Heartbeat v1, ListOffsets v2"
        );
        assert_eq!(
            errors[4],
            "broker 1 (b1:9092): OffsetFetch v3 (correlation 6): not sent: \
             peer closed after 50 of 100 bytes (Fetch v1 (correlation 2) was due)"
        );
    });
}

/// The line of design §9.
#[test]
fn rule_12_the_line_of_an_end_names_the_first_few_requests() {
    let mut driver = Driver::once(options().with_first_correlation_id(41));
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    for version in 9..13 {
        driver.submit(ApiKey::Produce, version);
    }
    let fetch = driver.take();
    driver.receive(&response(&fetch, &[0; 8187])[..1028]);
    driver.end_of_stream();
    assert_eq!(
        driver.close_line(),
        "broker 1 (b1:9092): Fetch v16 (correlation 42): peer closed after 1024 of 8192 bytes, \
         4 more in flight: Produce v9, Produce v10, Produce v11, .."
    );
}

#[test]
fn rule_12_the_line_of_an_end_says_how_far_the_first_request_had_got() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 1);
        driver.submit(ApiKey::Produce, 9);
        let fetch = driver.take();
        driver.receive(&response(&fetch, &[0; 96])[..54]);
        driver.close();
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): Fetch v1 (correlation 2): closed by this side \
             (50 of 100 bytes of the response), 1 more in flight: Produce v9"
        );
    });
    replay(|driver| {
        driver.open_ready();
        driver.is_stuck = true;
        driver.submit(ApiKey::Fetch, 1);
        driver.write(7);
        driver.end_of_stream();
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): Fetch v1 (correlation 2): peer closed between frames \
             (7 of 25 bytes sent)"
        );
    });
}

#[test]
fn rule_12_the_position_in_the_stream_is_exact() {
    for (bytes, at, text) in [
        (
            0,
            StreamPosition::BetweenFrames,
            "peer closed between frames",
        ),
        (
            3,
            StreamPosition::InSize { got: 3 },
            "peer closed after 3 of 4 bytes of a frame's size",
        ),
        (
            4,
            StreamPosition::InFrame {
                got: 0,
                announced: 15,
            },
            "peer closed after 0 of 15 bytes",
        ),
        (
            18,
            StreamPosition::InFrame {
                got: 14,
                announced: 15,
            },
            "peer closed after 14 of 15 bytes",
        ),
    ] {
        replay(|driver| {
            driver.open_ready();
            driver.submit(ApiKey::Fetch, 16);
            let fetch = driver.take();
            driver.receive(&response(&fetch, &[0; 10])[..bytes]);
            driver.end_of_stream();
            assert_eq!(driver.closed().reason, CloseReason::RemoteEof(at));
            assert!(
                driver.close_line().ends_with(text),
                "{}",
                driver.close_line()
            );
        });
    }
}

#[test]
fn rule_12_transport_errors_keep_their_kind() {
    let close = |kind: ErrorKind| {
        let mut driver = Driver::once(options());
        driver.open_ready();
        let error = std::io::Error::new(kind, "it broke");
        driver.connection.handle_transport_error(driver.now, &error);
        driver.drain();
        driver.close_line()
    };

    let line = |text: &str| format!("broker 1 (b1:9092): {text}");
    assert_eq!(
        close(ErrorKind::ConnectionReset),
        line("connection reset by peer between frames")
    );
    assert_eq!(
        close(ErrorKind::UnexpectedEof),
        line("peer closed between frames")
    );
    assert_eq!(
        close(ErrorKind::TimedOut),
        line("transport failed between frames: it broke")
    );
}

#[test]
fn rule_12_the_kind_of_a_transport_error_is_that_of_the_error_of_each_request() {
    for kind in [
        ErrorKind::ConnectionReset,
        ErrorKind::UnexpectedEof,
        ErrorKind::TimedOut,
        ErrorKind::HostUnreachable,
        ErrorKind::Other,
    ] {
        let mut driver = Driver::once(options());
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 12);
        driver.submit(ApiKey::Produce, 9);
        let error = std::io::Error::new(kind, "it broke");
        driver.connection.handle_transport_error(driver.now, &error);
        driver.drain();
        let reason = driver.closed().reason.clone();
        assert_eq!(reason.io_kind(), kind);
        if let CloseReason::Transport { kind: kept, .. } = reason {
            assert_eq!(kept, kind);
        }
    }
}

/// Broker, request, how far it had got, reason, and the request that was due: in this order whatever happened.
#[test]
fn rule_12_the_error_of_a_request_has_the_same_form_whatever_ended_it() {
    let run = |script: fn(&mut Driver), options: ConnectionOptions| {
        let mut driver = Driver::once(options);
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 12);
        driver.submit(ApiKey::Produce, 9);
        script(&mut driver);
        let errors = driver.completions().into_iter().map(error_of);
        let lines = errors.map(|line| line.strip_prefix("broker 1 (b1:9092): ").unwrap().into());
        lines.collect::<Vec<String>>()
    };
    let reset = |driver: &mut Driver| {
        let error = std::io::Error::from(ErrorKind::ConnectionReset);
        driver.connection.handle_transport_error(driver.now, &error);
        driver.drain();
    };
    let fetch = "Fetch v12 (correlation 2): sent, no response:";
    let produce = "Produce v9 (correlation 3): sent, no response:";
    let due = "(Fetch v12 (correlation 2) was due)";
    assert_eq!(
        run(reset, options()),
        [
            format!("{fetch} connection reset by peer, 1 more in flight: Produce v9"),
            format!("{produce} connection reset by peer {due}"),
        ]
    );
    assert_eq!(
        run(|driver| driver.wait(30_000), options()),
        [
            format!("{fetch} timed out after 30000 ms, 1 more in flight: Produce v9"),
            format!("{produce} timed out after 30000 ms {due}"),
        ]
    );
    let abandon = options().with_on_timeout(OnTimeout::Abandon);
    assert_eq!(
        run(|driver| driver.wait(30_000), abandon),
        [
            format!("{fetch} timed out after 30000 ms"),
            format!("{produce} timed out after 30000 ms {due}"),
        ]
    );
    let close = |driver: &mut Driver| {
        driver.connection.close(driver.now);
        driver.drain();
    };
    assert_eq!(
        run(close, options().with_max_in_flight(1)),
        [
            format!("{fetch} closed by this side"),
            format!("Produce v9 (correlation 3): not sent: closed by this side {due}"),
        ]
    );
    let drain = |driver: &mut Driver| {
        driver.connection.drain(driver.now, ms(1000));
        driver.drain();
    };
    assert_eq!(
        run(drain, options().with_max_in_flight(1)),
        ["Produce v9 (correlation 3): not sent: connection is draining"]
    );
}

#[test]
fn rule_12_closing_completes_everything_and_is_the_last_event() {
    replay(|driver| {
        driver.open_ready();
        for _ in 0..8 {
            driver.submit(ApiKey::Fetch, 16);
        }
        driver.connection.close(driver.now);
        driver.drain();
        let report = driver.closed();
        assert_eq!((report.in_flight.len(), report.not_sent), (5, 3));
        assert_eq!(report.severity(), Severity::Debug);
        assert_eq!(driver.completions().len(), 8);
        driver.connection.close(driver.now);
        driver.receive(b"\0\0\0\x05hello");
        driver.wait(100_000);
        driver.end_of_stream();
        driver.reset();
        assert!(driver.events.is_empty());
        assert!(driver.connection.poll_transmit().is_none());
        assert_eq!(driver.connection.next_deadline(), None);
        let frame = crate::driver::request(ApiKey::Fetch, 16, b"");
        let error = driver
            .connection
            .submit_frame(driver.now, &frame, SubmitOptions::default());
        assert!(matches!(error, Err(SubmitError::Closed { .. })));
    });
}

#[test]
fn rule_12_draining_waits_for_what_was_sent_and_gives_back_the_rest() {
    replay(|driver| {
        driver.configure(options().with_max_in_flight(1), Vec::new());
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        let waits = driver.submit(ApiKey::Metadata, 12);
        driver.connection.drain(driver.now, ms(1_000));
        driver.drain();
        let given_back = driver.completions().remove(0);
        assert_eq!(
            (given_back.id(), given_back.delivery()),
            (waits, Delivery::NotSent)
        );
        let Outcome::Failed(error) = given_back.outcome() else {
            panic!("{given_back:?}")
        };
        assert_eq!(error.kind(), &ConnectionErrorKind::Draining);
        let advice = error.advice(false);
        assert_eq!(
            (advice.retry, advice.duplicates),
            (Retry::NowOnNewConnection, DuplicateRisk::None)
        );
        let fetch = driver.take();
        driver.answer_raw(&fetch, b"\0\0\0\0");
        assert_eq!(driver.closed().reason, CloseReason::Local);
        let done = driver.completions();
        assert_eq!((done.len(), done[0].delivery()), (1, Delivery::Responded));
    });
}

#[test]
fn rule_12_draining_has_an_end() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    driver.connection.drain(driver.now, ms(1_000));
    driver.wait(1_000);
    assert_eq!(
        driver.closed().reason,
        CloseReason::Timeout(TimeoutKind::Draining)
    );
    let mut quiet = Driver::once(options());
    quiet.open_ready();
    quiet.connection.drain(quiet.now, ms(1_000));
    quiet.drain();
    assert_eq!(quiet.closed().reason, CloseReason::Local);
}

/// Scenario "retired broker is not `SASL missing`".
#[test]
fn rule_12_a_retired_broker_is_not_one_that_wants_sasl() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    driver.connection.retire(driver.now);
    driver.drain();
    let report = driver.closed();
    assert_eq!(
        (report.reason.clone(), report.hint),
        (CloseReason::BrokerRetired, None)
    );
}

/// Scenario "retired broker does not mask a real response error".
#[test]
fn rule_12_what_closed_the_connection_first_is_its_reason() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    driver.end_of_stream();
    driver.connection.retire(driver.now);
    driver.drain();
    assert!(matches!(driver.closed().reason, CloseReason::RemoteEof(_)));
}

#[test]
fn rule_12_hints_stand_beside_the_error() {
    let mut driver = Driver::once(options());
    driver.open();
    driver.end_of_stream();
    let hint = driver.closed().hint.unwrap();
    assert_eq!(
        (hint.kind, hint.confidence),
        (HintKind::TlsExpected, Confidence::Likely)
    );
    assert!(!driver.close_line().contains("TLS"));

    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Metadata, 12);
    driver.end_of_stream();
    let hint = driver.closed().hint.unwrap();
    assert_eq!(hint.to_string(), "probably the port expects SASL");
}

/// Scenario "unexpected EOF retriable".
#[test]
fn rule_12_an_end_in_the_middle_of_a_response_can_be_retried() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Produce, 9);
    let produce = driver.take();
    driver.receive(&response(&produce, &[0; 10])[..8]);
    driver.end_of_stream();
    let done = driver.completions().remove(0);
    let Outcome::Failed(error) = done.outcome() else {
        panic!("{done:?}")
    };
    assert_eq!(error.advice(false).retry, Retry::AfterBackoff);
    assert_eq!(error.advice(false).duplicates, DuplicateRisk::Possible);
    assert_eq!(error.advice(true).duplicates, DuplicateRisk::None);
}

#[test]
fn rule_12_fingerprints_tell_kinds_of_ends_apart_and_nothing_else() {
    let end = |key, waits| {
        let mut driver = Driver::once(options());
        driver.open_ready();
        driver.submit(key, 1);
        driver.wait(waits);
        driver.end_of_stream();
        driver.closed().fingerprint()
    };
    assert_eq!(end(ApiKey::Fetch, 0), end(ApiKey::Fetch, 20));
    assert_ne!(end(ApiKey::Fetch, 0), end(ApiKey::Metadata, 0));
}

#[test]
fn rule_12_a_full_queue_says_so() {
    let mut driver = Driver::once(options().with_max_waiting(2));
    driver.submit(ApiKey::Fetch, 16);
    driver.submit(ApiKey::Fetch, 16);
    let frame = crate::driver::request(ApiKey::Fetch, 16, b"");
    let error = driver
        .connection
        .submit_frame(driver.now, &frame, SubmitOptions::default());
    assert_eq!(error, Err(SubmitError::QueueFull { waiting: 2 }));
}

#[test]
fn rule_12_what_can_be_sent_at_once_needs_no_room_to_wait() {
    let options = options().with_max_in_flight(1).with_max_waiting(0);
    let mut driver = Driver::once(options);
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    let frame = crate::driver::request(ApiKey::Fetch, 16, b"");
    let error = driver
        .connection
        .submit_frame(driver.now, &frame, SubmitOptions::default());
    assert_eq!(error, Err(SubmitError::QueueFull { waiting: 0 }));
}

#[test]
fn rule_12_progress_shows_if_asked_for() {
    replay(|driver| {
        driver.configure(options().with_progress_events(true), Vec::new());
        driver.open_ready();
        let id = driver.submit(ApiKey::Fetch, 16);
        let events = driver.take_events();
        assert!(
            matches!(events[..], [Event::Written { id: written, bytes: 25.., .. }] if written == id)
        );
    });
}
