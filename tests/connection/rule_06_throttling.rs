//! Rule 6: throttling holds back what comes next, from the versions on in which the broker answers first.

use kafka_codec::connection::{Event, SubmitOptions, throttles_after_response};
use kafka_codec::{ApiKey, Version};

use crate::driver::{Driver, ms, options, replay};

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
        for (version, holds) in [(before, false), (after, true)] {
            let mut driver = Driver::once(options());
            driver.open_ready();
            throttle(&mut driver, key, version, 100);
            let throttled = driver.take_events().iter().any(
                |event| matches!(event, Event::Throttled { until, .. } if until.is_some() == holds),
            );
            assert!(throttled, "{key} v{version}");
            assert_eq!(
                driver.connection.throttled_until().is_some(),
                holds,
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
    for ((key, version), theirs) in &theirs {
        assert_eq!(
            throttles_after_response(*key, *version),
            *theirs,
            "{key} v{version}"
        );
    }
    let compared = theirs.len();
    assert!(compared > 300, "{compared}");
}

/// Where the throttle time is not the first field.
#[cfg(feature = "messages")]
#[test]
fn rule_6_the_time_is_found_wherever_it_stands() {
    use kafka_codec::Message;
    use kafka_codec::messages::produce_response::{
        BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse,
    };
    use kafka_codec::messages::*;

    fn check<M: Message + kafka_codec::Response>(message: &M) {
        for version in M::KEY.stable_versions().unwrap().iter() {
            let mut driver = Driver::once(options());
            driver.open_ready();
            let body = message
                .encode_to_vec(version)
                .unwrap_or_else(|error| panic!("{error}"));
            // As if of Produce, which is answered unless its acks are 0.
            let acks: &[u8] = if version >= Version(9) {
                b"\0\xff\xff"
            } else {
                b"\xff\xff\xff\xff"
            };
            let frame = crate::driver::request(M::KEY, version.0, acks);
            let none = SubmitOptions::default();
            driver
                .connection
                .submit_frame(driver.now, &frame, none)
                .unwrap();
            driver.drain();
            let size = driver.take_frame();
            let written = crate::driver::Written {
                key: M::KEY,
                version,
                correlation_id: i32::from_be_bytes(size[4..8].try_into().unwrap()),
                client_id: None,
                body: Vec::new(),
            };
            driver.forget();
            driver.answer_raw(&written, &body);
            let told = driver
                .take_events()
                .iter()
                .any(|event| matches!(event, Event::Throttled { time, .. } if *time == ms(321)));
            let lacks_it = matches!(M::KEY, ApiKey::Produce | ApiKey::ApiVersions);
            let has_it = !(lacks_it && version == Version(0));
            assert_eq!(told, has_it, "{} v{version}", M::NAME);
        }
    }

    let partition = PartitionProduceResponse {
        record_errors: vec![BatchIndexAndErrorMessage::default(); 2],
        ..Default::default()
    };
    let topic = TopicProduceResponse {
        partition_responses: vec![partition; 3],
        ..Default::default()
    };
    check(&ProduceResponse {
        responses: vec![topic; 2],
        throttle_time_ms: 321,
        ..Default::default()
    });
    let versions = ApiVersionsResponse {
        throttle_time_ms: 321,
        ..crate::driver::all_versions()
    };
    check(&versions);
    check(&OffsetDeleteResponse {
        throttle_time_ms: 321,
        ..Default::default()
    });
    check(&RenewDelegationTokenResponse {
        throttle_time_ms: 321,
        ..Default::default()
    });
    check(&ExpireDelegationTokenResponse {
        throttle_time_ms: 321,
        ..Default::default()
    });
    check(&CreateDelegationTokenResponse {
        token_id: "id".into(),
        hmac: b"hmac"[..].into(),
        throttle_time_ms: 321,
        ..Default::default()
    });
    check(&DescribeDelegationTokenResponse {
        throttle_time_ms: 321,
        ..Default::default()
    });
}
