//! Rule 7: deadlines, what blocked a request, and those of the beginning and of a frame that stalls.

use kafka_codec::ApiKey;
use kafka_codec::connection::{
    BlockedOn, CloseReason, ConnectionErrorKind, Delivery, Event, OnTimeout, Outcome, State,
    SubmitOptions, TimeoutFrom, TimeoutKind,
};

use crate::driver::{Driver, error_of, ms, options, replay, response};

#[test]
fn rule_7_a_request_that_takes_too_long_closes_the_connection_and_is_named() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        driver.take();
        driver.wait(29_999);
        assert!(driver.take_events().is_empty());
        driver.wait(1);
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): Fetch v16 (correlation 2): no response after 30000 ms"
        );
    });
}

#[test]
fn rule_7_the_request_that_blocks_it_is_named_too() {
    replay(|driver| {
        driver.open_ready();
        let wait = SubmitOptions::default().with_server_wait(ms(60_000));
        driver.submit_with(ApiKey::Fetch, 16, wait);
        driver.submit(ApiKey::Heartbeat, 4);
        driver.wait(30_000);
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): Fetch v16 (correlation 2): no response to Heartbeat v4 (correlation 3) \
             after 30000 ms, blocked by Fetch v16 (correlation 2), 1 more in flight: Heartbeat v4"
        );
        let errors: Vec<_> = driver.completions().into_iter().map(error_of).collect();
        assert_eq!(
            errors,
            [
                "broker 1 (b1:9092): Fetch v16 (correlation 2): sent, no response: \
                 no response to Heartbeat v4 (correlation 3) after 30000 ms, \
             1 more in flight: Heartbeat v4",
                "broker 1 (b1:9092): Heartbeat v4 (correlation 3): sent, no response: \
                 timed out after 30000 ms (Fetch v16 (correlation 2) was due)",
            ]
        );
    });
}

#[test]
fn rule_7_the_time_that_the_request_asks_the_broker_to_wait_is_added() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    let wait = SubmitOptions::default().with_server_wait(ms(5_000));
    driver.submit_with(ApiKey::Fetch, 16, wait);
    assert_eq!(
        driver.connection.next_deadline(),
        Some(driver.now + ms(35_000))
    );
}

#[test]
fn rule_7_the_time_begins_with_the_last_byte_or_with_submitting() {
    for (from, due) in [
        (TimeoutFrom::Written, 5_000 + 30_000),
        (TimeoutFrom::Submitted, 30_000),
    ] {
        let mut driver = Driver::once(options().with_request_timeout(ms(30_000), from));
        driver.open_ready();
        driver.is_stuck = true;
        driver.submit(ApiKey::Fetch, 16);
        driver.wait(5_000);
        driver.is_stuck = false;
        driver.drain();
        driver.wait(due - 5_000 - 1);
        assert_eq!(driver.connection.state(), State::Ready, "{from:?}");
        driver.wait(1);
        assert_eq!(driver.connection.state(), State::Closed, "{from:?}");
    }
}

#[test]
fn rule_7_a_transport_that_takes_nothing_is_noticed() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.is_stuck = true;
    driver.submit(ApiKey::Fetch, 16);
    driver.wait(30_000);
    assert!(matches!(
        driver.closed().reason,
        CloseReason::Timeout(TimeoutKind::Request { .. })
    ));
    assert_eq!(driver.completions()[0].delivery(), Delivery::NotSent);
}

#[test]
fn rule_7_a_request_can_be_given_up_without_the_connection() {
    replay(|driver| {
        driver.configure(options().with_on_timeout(OnTimeout::Abandon), Vec::new());
        driver.open_ready();
        let slow = driver.submit(ApiKey::Fetch, 16);
        let fetch = driver.take();
        driver.wait(30_000);
        let done = driver.completions().remove(0);
        assert_eq!(
            (done.id(), done.delivery()),
            (slow, Delivery::SentNoResponse)
        );
        assert_eq!(
            error_of(done),
            "broker 1 (b1:9092): Fetch v16 (correlation 2): sent, no response: timed out after 30000 ms"
        );
        driver.submit(ApiKey::Metadata, 12);
        let metadata = driver.take();
        driver.answer_raw(&fetch, b"\0\0\0\0");
        driver.answer_raw(&metadata, b"\0\0\0\0");
        let events = driver.take_events();
        assert!(matches!(
            events[..],
            [Event::LateResponse { .. }, Event::Completed(_)]
        ));
    });
}

#[test]
fn rule_7_requests_that_were_given_up_keep_their_places_in_flight() {
    let options = options()
        .with_on_timeout(OnTimeout::Abandon)
        .with_max_in_flight(3);
    let mut driver = Driver::once(options);
    driver.open_ready();
    let soon = SubmitOptions::default().with_timeout(ms(100));
    driver.submit_with(ApiKey::Fetch, 16, soon);
    driver.submit_with(ApiKey::Fetch, 16, soon);
    driver.submit(ApiKey::Metadata, 12);
    driver.wait(100);
    assert_eq!(driver.completions().len(), 2);
    let first = driver.take();
    driver.take();
    driver.take();
    driver.submit(ApiKey::Heartbeat, 4);
    assert!(driver.wrote_nothing());
    driver.answer_raw(&first, b"");
    assert_eq!(driver.take().key, ApiKey::Heartbeat);
}

#[test]
fn rule_7_a_connection_on_which_nothing_could_be_sent_any_more_is_closed() {
    let options = options()
        .with_on_timeout(OnTimeout::Abandon)
        .with_max_in_flight(2);
    let mut driver = Driver::once(options);
    driver.open_ready();
    for _ in 0..3 {
        driver.submit(ApiKey::Fetch, 16);
    }
    driver.wait(30_000);
    let reason = driver.closed().reason.clone();
    assert!(
        matches!(reason, CloseReason::Timeout(TimeoutKind::Request { .. })),
        "{reason}"
    );
    assert_eq!(driver.completions().len(), 3);
}

#[test]
fn rule_7_a_request_that_waits_too_long_to_be_sent_is_given_up() {
    let mut driver = Driver::once(options().with_max_in_flight(1));
    driver.open_ready();
    let poll = SubmitOptions::default().with_server_wait(ms(600_000));
    driver.submit_with(ApiKey::Fetch, 16, poll);
    let waits = driver.submit(ApiKey::Metadata, 12);
    driver.wait(30_000);
    let done = driver.completions();
    assert_eq!(
        (done.len(), done[0].id(), done[0].delivery()),
        (1, waits, Delivery::NotSent)
    );
    assert_eq!(done[0].timings().waits.in_flight, ms(30_000));
    assert_eq!(driver.connection.state().to_string(), "ready");
}

#[test]
fn rule_7_a_deadline_of_a_request_that_waits_costs_nothing_else() {
    replay(|driver| {
        driver.configure(options().with_max_in_flight(1), Vec::new());
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        let soon = SubmitOptions::default().with_deadline(driver.now + ms(50));
        let waits = driver.submit_with(ApiKey::Metadata, 12, soon);
        driver.wait(50);
        let done = driver.completions().remove(0);
        assert_eq!((done.id(), done.delivery()), (waits, Delivery::NotSent));
        let Outcome::Failed(error) = done.outcome() else {
            panic!("{done:?}")
        };
        let ConnectionErrorKind::TimedOut {
            blocked_by: Some(head),
            blocked_on: Some(BlockedOn::InFlight),
            ..
        } = error.kind()
        else {
            panic!("{error}");
        };
        assert_eq!(head.api_key, ApiKey::Fetch);
        assert_eq!(
            error.to_string(),
            "broker 1 (b1:9092): Metadata v12 (correlation 3): not sent: timed out after 50 ms, \
             no more requests may be in flight (Fetch v16 (correlation 2) was due)"
        );
        assert_eq!(driver.connection.state().to_string(), "ready");
    });
}

#[test]
fn rule_7_a_request_that_a_throttle_time_holds_back_fails_with_it() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Metadata, 12);
        let asked = driver.take();
        driver.answer_raw(&asked, &60_000_i32.to_be_bytes());
        driver.take_events();
        let soon = SubmitOptions::default().with_deadline(driver.now + ms(50));
        driver.submit_with(ApiKey::Fetch, 16, soon);
        driver.wait(50);
        let done = driver.completions().remove(0);
        let Outcome::Failed(error) = done.outcome() else {
            panic!("{done:?}")
        };
        assert_eq!(
            error.to_string(),
            "broker 1 (b1:9092): Fetch v16 (correlation 3): not sent: timed out after 50 ms, \
             the broker throttles this client"
        );
    });
}

#[test]
fn rule_7_the_beginning_as_a_whole_has_a_deadline() {
    replay(|driver| {
        driver.submit(ApiKey::Fetch, 16);
        driver.open();
        driver.wait(10_000);
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): ApiVersions v5 (correlation 2): not ready after 10000 ms"
        );
        assert_eq!(driver.completions()[0].delivery(), Delivery::NotSent);
    });
    let mut driver = Driver::once(options());
    driver.wait(10_000);
    assert_eq!(
        driver.close_line(),
        "broker 1 (b1:9092): connecting: not ready after 10000 ms"
    );
}

#[test]
fn rule_7_a_frame_that_stalls_has_a_deadline_of_its_own() {
    let options = options().with_stall_timeout(ms(500));
    let mut driver = Driver::once(options);
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    let fetch = driver.take();
    let bytes = response(&fetch, &[0; 100]);
    driver.receive(&bytes[..50]);
    driver.wait(499);
    assert!(driver.take_events().is_empty());
    driver.receive(&bytes[50..60]);
    driver.wait(500);
    assert_eq!(
        driver.close_line(),
        "broker 1 (b1:9092): Fetch v16 (correlation 2): peer stalled after 56 of 105 bytes for 500 ms"
    );
    let done = driver.completions();
    assert_eq!(
        done[0].delivery(),
        Delivery::ResponsePartial {
            got: 56,
            announced: 105
        }
    );
}

#[test]
fn rule_7_calling_the_timer_early_or_often_does_no_harm() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    for _ in 0..1000 {
        driver.wait(0);
    }
    assert!(driver.take_events().is_empty());
}

#[test]
fn rule_7_a_cancelled_request_that_is_never_answered_closes_the_connection() {
    replay(|driver| {
        driver.open_ready();
        let fetch = driver.submit(ApiKey::Fetch, 16);
        driver.take();
        driver.wait(10_000);
        assert!(driver.connection.cancel(driver.now, fetch));
        driver.drain();
        driver.forget();
        let due = driver.connection.next_deadline().unwrap();
        assert_eq!(due - driver.now, ms(20_000));
        driver.wait(20_000);
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): Fetch v16 (correlation 2): no response after 30000 ms"
        );
    });
}

#[test]
fn rule_7_a_cancelled_request_that_is_answered_late_disturbs_nobody() {
    replay(|driver| {
        driver.open_ready();
        let fetch = driver.submit(ApiKey::Fetch, 16);
        let asked = driver.take();
        driver.connection.cancel(driver.now, fetch);
        driver.drain();
        driver.wait(29_999);
        driver.answer_raw(&asked, b"\0\0\0\0");
        assert_eq!(driver.connection.next_deadline(), None);
        driver.wait(60_000);
        assert_eq!(driver.connection.state(), State::Ready);
    });
}

#[test]
fn rule_7_cancelled_requests_in_all_places_close_the_connection_when_none_is_answered_in_time() {
    let options = options()
        .with_on_timeout(OnTimeout::Abandon)
        .with_max_in_flight(2);
    let mut driver = Driver::once(options);
    driver.open_ready();
    let first = driver.submit(ApiKey::Fetch, 16);
    driver.connection.cancel(driver.now, first);
    driver.drain();
    driver.wait(30_000);
    assert_eq!(driver.connection.state(), State::Ready);
    let second = driver.submit(ApiKey::Fetch, 16);
    driver.connection.cancel(driver.now, second);
    driver.drain();
    driver.wait(29_999);
    assert_eq!(driver.connection.state(), State::Ready);
    driver.wait(1);
    assert!(matches!(
        driver.closed().reason,
        CloseReason::Timeout(TimeoutKind::Request { .. })
    ));
}

#[test]
fn rule_7_a_deadline_of_a_request_that_was_sent_costs_nothing_else_before_its_timeout_is_over() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Metadata, 12);
        let soon = SubmitOptions::default().with_deadline(driver.now + ms(50));
        driver.submit_with(ApiKey::Fetch, 16, soon);
        let asked = [driver.take(), driver.take()];
        driver.wait(50);
        assert_eq!(driver.connection.state(), State::Ready);
        let failed = driver.completions();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].delivery(), Delivery::SentNoResponse);
        driver.answer_raw(&asked[0], b"\0\0\0\0");
        driver.answer_raw(&asked[1], b"\0\0\0\0");
        let events = driver.take_events();
        assert!(matches!(
            events[..],
            [Event::Completed(_), Event::LateResponse { .. }]
        ));
    });
}
