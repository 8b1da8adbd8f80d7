//! Rule 6: throttling blocks what comes next, from the versions on in which the broker answers first.

use kafka_codec::connection::{Event, SubmitOptions, TimeoutFrom};
use kafka_codec::messages::ApiVersionsResponse;
use kafka_codec::{ApiKey, Version};

use crate::driver::{Driver, all_versions, ms, options, replay};

/// Answers a request of `key` with a body that begins with a throttle time.
fn throttle(driver: &mut Driver, key: ApiKey, version: i16, milliseconds: i32) {
    driver.submit(key, version);
    let asked = driver.take();
    driver.answer_raw(&asked, &milliseconds.to_be_bytes());
}

#[test]
fn rule_6_nothing_is_sent_until_the_time_is_over() {
    replay(|driver| {
        driver.open_ready();
        throttle(driver, ApiKey::Metadata, 12, 100);
        let until = driver.now + ms(100);
        let events = driver.take_events();
        let [
            Event::Throttled {
                label,
                time,
                until: told,
            },
            Event::Completed(done),
        ] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!(
            (label.api_key, *time, *told),
            (ApiKey::Metadata, ms(100), Some(until))
        );
        assert_eq!(done.throttle(), ms(100));
        driver.submit(ApiKey::Fetch, 16);
        assert_eq!(driver.connection.next_deadline(), Some(until));
        driver.wait(99);
        assert!(driver.wrote_nothing());
        driver.wait(1);
        let fetch = driver.take();
        driver.answer_raw(&fetch, b"\0\0\0\0");
        let done = driver.completions().remove(0);
        assert_eq!(done.timings().waits.throttle, ms(100));
    });
}

#[test]
fn rule_6_the_longest_time_counts() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Metadata, 12);
    driver.submit(ApiKey::Fetch, 16);
    let (one, two) = (driver.take(), driver.take());
    driver.answer_raw(&one, &500_i32.to_be_bytes());
    driver.answer_raw(&two, &100_i32.to_be_bytes());
    assert_eq!(
        driver.connection.throttled_until(),
        Some(driver.now + ms(500))
    );
}

#[test]
fn rule_6_in_versions_before_the_broker_has_waited_already() {
    for (key, before, after) in [
        (ApiKey::Metadata, 5, 6),
        (ApiKey::Fetch, 7, 8),
        (ApiKey::OffsetCommit, 3, 4),
        (ApiKey::ListOffsets, 2, 3),
        (ApiKey::Heartbeat, 1, 2),
        (ApiKey::CreateAcls, 0, 1),
    ] {
        for (version, blocks) in [(before, false), (after, true)] {
            let mut driver = Driver::once(options());
            driver.open_ready();
            throttle(&mut driver, key, version, 100);
            let throttled = driver.take_events().iter().any(
                |event| matches!(event, Event::Throttled { until, .. } if until.is_some() == blocks),
            );
            assert!(throttled, "{key} v{version}");
            assert_eq!(
                driver.connection.throttled_until().is_some(),
                blocks,
                "{key} v{version}"
            );
        }
    }
}

/// Scenario "throttle near i32::MAX"; and times that make no sense.
#[test]
fn rule_6_any_time_is_taken_and_negative_ones_are_none() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    throttle(&mut driver, ApiKey::Metadata, 12, i32::MAX);
    assert_eq!(
        driver.connection.throttled_until(),
        Some(driver.now + ms(2_147_483_647))
    );
    for body in [-1, i32::MIN, 0] {
        let mut driver = Driver::once(options());
        driver.open_ready();
        throttle(&mut driver, ApiKey::Metadata, 12, body);
        assert_eq!(driver.connection.throttled_until(), None);
    }
}

#[test]
fn rule_6_deadlines_of_requests_in_flight_are_extended() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Metadata, 12);
    driver.submit_with(
        ApiKey::Fetch,
        16,
        SubmitOptions::default().with_timeout(ms(1_000)),
    );
    let (metadata, fetch) = (driver.take(), driver.take());
    driver.wait(100);
    driver.answer_raw(&metadata, &5_000_i32.to_be_bytes());
    // Without the extension it would be over after 900 more.
    driver.wait(5_899);
    driver.answer_raw(&fetch, b"\0\0\0\0");
    assert_eq!(driver.completions().len(), 2);
    assert_eq!(driver.connection.state().to_string(), "ready");
}

#[test]
fn rule_6_the_rest_of_the_time_extends_the_deadline_of_what_is_written_meanwhile() {
    let timeout = options().with_request_timeout(ms(1_000), TimeoutFrom::Written);
    let mut driver = Driver::once(timeout);
    driver.open_ready();
    driver.submit(ApiKey::Metadata, 12);
    let metadata = driver.take();
    driver.is_stuck = true;
    driver.submit(ApiKey::Heartbeat, 4);
    driver.write(5);
    driver.answer_raw(&metadata, &5_000_i32.to_be_bytes());
    driver.wait(200);
    driver.is_stuck = false;
    driver.drain();
    driver.forget();
    driver.wait(4_800 + 999);
    assert!(driver.take_events().is_empty());
    driver.wait(1);
    driver.closed();
}

#[test]
fn rule_6_kafka_says_the_same_of_every_version() {
    // Oldest release first, so that the newest has the last word.
    let mut theirs = std::collections::BTreeMap::new();
    for line in crate::vectors::lines().filter(|line| line["kind"] == "header") {
        let number = |key: &str| i16::try_from(line[key].as_i64().unwrap()).unwrap();
        let (key, version) = (
            ApiKey::from_number(number("apiKey")),
            Version(number("version")),
        );
        theirs.insert((key, version), line["clientThrottles"].as_bool().unwrap());
    }
    for key in ApiKey::ALL {
        for version in key.versions().iter().flat_map(|versions| versions.iter()) {
            assert_eq!(
                Some(key.throttles_after_response(version)),
                theirs.remove(&(*key, version)),
                "{key} v{version}"
            );
        }
    }
    assert!(theirs.is_empty(), "not known here: {theirs:?}");
}

#[test]
fn rule_6_the_response_to_an_abandoned_request_throttles_too() {
    replay(|driver| {
        driver.open_ready();
        let fetch = driver.submit(ApiKey::Fetch, 16);
        let asked = driver.take();
        driver.connection.cancel(driver.now, fetch);
        driver.answer_raw(&asked, &20_000_i32.to_be_bytes());
        let until = driver.now + ms(20_000);
        assert_eq!(driver.connection.throttled_until(), Some(until));
        driver.submit(ApiKey::Metadata, 12);
        driver.wait(19_999);
        assert!(driver.wrote_nothing());
        driver.wait(1);
        assert_eq!(driver.take().key, ApiKey::Metadata);
    });
}

#[test]
fn rule_6_the_first_response_of_all_throttles_too() {
    replay(|driver| {
        driver.open();
        let asked = driver.take();
        let versions = ApiVersionsResponse {
            throttle_time_ms: 100,
            ..all_versions()
        };
        driver.answer(&asked, &versions);
        let until = driver.now + ms(100);
        assert_eq!(driver.connection.throttled_until(), Some(until));
        driver.submit(ApiKey::Metadata, 12);
        assert!(driver.wrote_nothing());
        driver.wait(100);
        assert_eq!(driver.take().key, ApiKey::Metadata);
    });
}

#[test]
fn rule_6_a_request_that_waited_for_the_end_of_the_time_may_take_that_much_longer() {
    let options = options()
        .with_max_in_flight(1)
        .with_request_timeout(ms(30_000), TimeoutFrom::Submitted);
    let mut driver = Driver::once(options);
    driver.open_ready();
    driver.submit(ApiKey::Metadata, 12);
    driver.submit(ApiKey::Heartbeat, 4);
    let asked = driver.take();
    driver.wait(1_000);
    driver.answer_raw(&asked, &60_000_i32.to_be_bytes());
    driver.wait(60_000);
    assert_eq!(driver.take().key, ApiKey::Heartbeat);
    assert_eq!(
        driver.connection.next_deadline(),
        Some(driver.now + ms(29_000))
    );
    driver.forget();
    driver.wait(28_999);
    assert!(driver.take_events().is_empty());
    driver.wait(1);
    driver.closed();
}
