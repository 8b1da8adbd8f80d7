//! Rule 10: what happens when nothing does.

use std::time::Duration;

use kafka_codec::ApiKey;
use kafka_codec::connection::{CloseReason, Event, IdlePolicy, keep_alive_interval};

use crate::driver::{Driver, ms, options, replay};

#[test]
fn rule_10_an_idle_connection_is_closed_if_asked() {
    replay(|driver| {
        driver.configure(
            options().with_idle(IdlePolicy::Close(ms(1_000))),
            Vec::new(),
        );
        driver.open_ready();
        assert_eq!(
            driver.connection.next_deadline(),
            Some(driver.now + ms(1_000))
        );
        driver.wait(999);
        assert!(driver.take_events().is_empty());
        driver.wait(1);
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): closed by this side after 1000 ms idle"
        );
    });
}

#[test]
fn rule_10_requests_in_flight_are_not_idle() {
    let mut driver = Driver::once(options().with_idle(IdlePolicy::Close(ms(1_000))));
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    let fetch = driver.take();
    driver.wait(5_000);
    assert!(driver.take_events().is_empty());
    driver.answer_raw(&fetch, b"\0\0\0\0");
    driver.wait(999);
    assert_eq!(driver.completions().len(), 1);
    driver.wait(1);
    assert!(matches!(
        driver.closed().reason,
        CloseReason::IdleLocal { .. }
    ));
}

#[test]
fn rule_10_a_probe_is_asked_for_once_each_time() {
    replay(|driver| {
        driver.configure(
            options().with_idle(IdlePolicy::KeepAlive(ms(1_000))),
            Vec::new(),
        );
        driver.open_ready();
        for _ in 0..3 {
            driver.wait(1_000);
            let events = driver.take_events();
            assert!(matches!(events[..], [Event::KeepAliveDue { idle }] if idle == ms(1_000)));
            driver.wait(500);
            assert!(driver.take_events().is_empty());
            driver.connection.probe(driver.now).unwrap();
            driver.drain();
            driver.answer_versions();
            let events = driver.take_events();
            assert!(matches!(events[..], [Event::Probed { .. }]), "{events:?}");
        }
    });
}

#[test]
fn rule_10_a_peer_that_closes_a_connection_that_was_long_idle_was_probably_bored() {
    for (idle, is_idle) in [(59_999, false), (60_000, true)] {
        let mut driver = Driver::once(options());
        driver.open_ready();
        driver.wait(idle);
        driver.end_of_stream();
        let reason = driver.closed().reason.clone();
        assert_eq!(
            matches!(reason, CloseReason::IdleRemoteLikely { .. }),
            is_idle,
            "{reason}"
        );
    }
}

#[test]
fn rule_10_a_safe_interval_follows_from_the_limits() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    assert_eq!(
        keep_alive_interval([minutes(10), minutes(5)]),
        Some(minutes(4))
    );
    assert_eq!(keep_alive_interval([]), None);
}

#[test]
fn rule_10_a_probe_before_the_connection_is_ready_is_refused() {
    let mut driver = Driver::once(options());
    driver.open();
    assert!(driver.connection.probe(driver.now).is_err());
}
