//! Rule 1: responses answer requests in order, checked by correlation id, and what does not fit is told apart.

use kafka_codec::ApiKey;
use kafka_codec::connection::{CloseReason, Delivery, Event, Outcome};
use kafka_codec::correlation::MismatchKind;

use crate::driver::{BODY, Driver, replay, response};

#[test]
fn rule_1_responses_answer_requests_in_order() {
    replay(|driver| {
        driver.open_ready();
        let ids = [
            driver.submit(ApiKey::Fetch, 16),
            driver.submit(ApiKey::Metadata, 12),
            driver.submit(ApiKey::Heartbeat, 4),
        ];
        let requests = [driver.take(), driver.take(), driver.take()];
        let mut bytes = Vec::new();
        for (request, body) in requests
            .iter()
            .zip(["\0\0\0\0one", "\0\0\0\0two", "\0\0\0\0three"])
        {
            assert_eq!(request.client_id.as_deref(), Some("proxied"));
            assert_eq!(request.body, BODY);
            bytes.extend(response(request, body.as_bytes()));
        }
        driver.receive(&bytes);
        let done = driver.completions();
        assert_eq!(done.iter().map(|each| each.id()).collect::<Vec<_>>(), ids);
        for (each, body) in done
            .into_iter()
            .zip(["\0\0\0\0one", "\0\0\0\0two", "\0\0\0\0three"])
        {
            assert_eq!(each.delivery(), Delivery::Responded);
            let Outcome::Response(response) = each.outcome() else {
                panic!("{each:?}");
            };
            assert_eq!(response.body().unwrap(), body.as_bytes());
        }
    });
}

/// As Kafka 0.8.2 does.
#[test]
fn rule_1_find_coordinator_v0_is_answered_with_id_0() {
    replay(|driver| {
        driver.open_ready();
        let id = driver.submit(ApiKey::FindCoordinator, 0);
        let metadata = driver.submit(ApiKey::Metadata, 12);
        let mut find = driver.take();
        find.correlation_id = 0;
        driver.answer_raw(&find, b"body");
        let next = driver.take();
        driver.answer_raw(&next, b"\0\0\0\0body");
        let done = driver.completions();
        let ids: Vec<_> = done.iter().map(|each| each.id()).collect();
        assert_eq!(ids, [id, metadata]);
        assert_eq!(done[0].label().api_key, ApiKey::FindCoordinator);
        assert_eq!(done[0].delivery(), Delivery::Responded);
    });
}

#[test]
fn rule_1_id_0_answers_nothing_else() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        driver.submit(ApiKey::FindCoordinator, 0);
        let mut fetch = driver.take();
        fetch.correlation_id = 0;
        driver.answer_raw(&fetch, b"body");
        let report = driver.closed();
        let is_unknown = matches!(
            &report.reason,
            CloseReason::Desynchronized { mismatch, .. }
                if matches!(mismatch.kind(), MismatchKind::Unknown { .. })
        );
        assert!(is_unknown, "{report}");
    });
}

#[test]
fn rule_1_a_response_out_of_order_is_fatal_and_names_both() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        driver.submit(ApiKey::Metadata, 12);
        driver.take();
        let second = driver.take();
        driver.answer_raw(&second, b"early");
        let report = driver.closed();
        let CloseReason::Desynchronized {
            mismatch,
            first_bytes,
        } = &report.reason
        else {
            panic!("{report}");
        };
        assert!(matches!(
            mismatch.kind(),
            MismatchKind::OutOfOrder { ahead: 1, .. }
        ));
        assert_eq!(&first_bytes[..4], second.correlation_id.to_be_bytes());
        assert_eq!(
            report.to_string(),
            "broker 1 (b1:9092): Fetch v16 (correlation 2): a response to Metadata v12 (correlation 3) \
             where Fetch v16 (correlation 2) was due, 1 ahead of it in flight, 1 more in flight: Metadata v12"
        );
    });
}

#[test]
fn rule_1_an_unknown_id_is_fatal_and_shows_at_most_16_bytes() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        let mut request = driver.take();
        request.correlation_id = 77;
        driver.answer_raw(&request, b"quite a long body after it");
        let report = driver.closed();
        let CloseReason::Desynchronized {
            mismatch,
            first_bytes,
        } = &report.reason
        else {
            panic!("{report}");
        };
        assert!(matches!(mismatch.kind(), MismatchKind::Unknown { .. }));
        assert_eq!((mismatch.received(), first_bytes.len()), (77, 16));
    });
}

#[test]
fn rule_1_a_response_that_nobody_asked_for_is_fatal() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        let request = driver.take();
        driver.answer_raw(&request, b"\0\0\0\0");
        driver.answer_raw(&request, b"\0\0\0\0");
        let report = driver.closed();
        let CloseReason::Desynchronized { mismatch, .. } = &report.reason else {
            panic!("{report}");
        };
        assert_eq!(mismatch.kind(), &MismatchKind::NothingInFlight);
    });
}

#[test]
fn rule_1_a_response_to_a_request_that_was_not_sent_is_fatal() {
    let mut driver = Driver::once(crate::driver::options());
    driver.open_ready();
    driver.is_stuck = true;
    driver.submit(ApiKey::Fetch, 16);
    driver.write(10);
    driver.receive(&crate::driver::sized(&2_i32.to_be_bytes()));
    assert!(matches!(
        driver.closed().reason,
        CloseReason::Desynchronized { .. }
    ));
    let done = driver.completions();
    assert_eq!(done.len(), 1);
    assert!(matches!(
        done[0].delivery(),
        Delivery::PartiallySent { bytes: 10, .. }
    ));
}

#[test]
fn rule_1_the_response_to_a_cancelled_request_is_late_and_keeps_its_place() {
    replay(|driver| {
        driver.open_ready();
        let fetch = driver.submit(ApiKey::Fetch, 16);
        driver.submit(ApiKey::Metadata, 12);
        let requests = [driver.take(), driver.take()];
        assert!(driver.connection.cancel(driver.now, fetch));
        assert!(!driver.connection.cancel(driver.now, fetch));
        driver.drain();
        let cancelled = driver.completions().remove(0);
        assert_eq!(
            (cancelled.id(), cancelled.delivery()),
            (fetch, Delivery::SentNoResponse)
        );
        driver.answer_raw(&requests[0], b"\0\0\0\0late");
        driver.answer_raw(&requests[1], b"\0\0\0\0");
        let events = driver.take_events();
        let [
            Event::LateResponse { label, .. },
            Event::Completed(metadata),
        ] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!((label.api_key, label.correlation_id), (ApiKey::Fetch, 2));
        assert_eq!(metadata.label().api_key, ApiKey::Metadata);
    });
}

#[test]
fn rule_1_a_request_that_is_cancelled_before_it_is_offered_is_not_sent() {
    let mut driver = Driver::once(crate::driver::options().with_max_in_flight(1));
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    driver.take();
    let waits = driver.submit(ApiKey::Metadata, 12);
    assert!(driver.connection.cancel(driver.now, waits));
    driver.drain();
    let done = driver.completions();
    assert_eq!(
        (done[0].id(), done[0].delivery()),
        (waits, Delivery::NotSent)
    );
    assert!(driver.wrote_nothing());
}

#[test]
fn rule_1_a_request_that_is_cancelled_while_it_is_written_is_written_to_its_end() {
    let mut driver = Driver::once(crate::driver::options());
    driver.open_ready();
    driver.is_stuck = true;
    let fetch = driver.submit(ApiKey::Fetch, 16);
    driver.write(5);
    assert!(driver.connection.cancel(driver.now, fetch));
    driver.drain();
    let done = driver.completions();
    assert_eq!(done.len(), 1);
    assert!(matches!(
        done[0].delivery(),
        Delivery::PartiallySent { bytes: 5, .. }
    ));
    driver.is_stuck = false;
    driver.drain();
    let request = driver.take();
    assert_eq!(request.body, BODY);
    driver.answer_raw(&request, b"\0\0\0\0");
    assert!(matches!(
        driver.take_events()[..],
        [Event::LateResponse { .. }]
    ));
}
