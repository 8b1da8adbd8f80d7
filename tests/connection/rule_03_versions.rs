//! Rule 3: the versions of the broker, and all fallbacks of asking for them.

use kafka_codec::connection::{
    CloseReason, Event, Hint, HintKind, Negotiation, NegotiationFault, ReconnectAdvice,
};
use kafka_codec::messages::api_versions_response::ApiVersion;
use kafka_codec::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_codec::{ApiKey, Decode, ErrorCode, Message, Version, VersionTable};

use crate::driver::{Driver, Written, all_versions, options, range, replay};

/// An answer in version 0 with an error.
pub(crate) fn refusal(error: ErrorCode, apis: &[(ApiKey, i16, i16)]) -> Vec<u8> {
    let apis = apis.iter().map(|(key, min, max)| (*key, range(*min, *max)));
    let mut response = ApiVersionsResponse::for_apis(apis);
    response.error_code = error;
    response.encode_to_vec(Version(0)).unwrap()
}

pub(crate) fn asked(driver: &mut Driver, version: i16) -> Written {
    let asked = driver.take();
    assert_eq!(
        (asked.key, asked.version),
        (ApiKey::ApiVersions, Version(version))
    );
    asked
}

pub(crate) fn highest() -> i16 {
    ApiKey::ApiVersions.stable_versions().unwrap().max().0
}

/// The fault that negotiating ends with, after the broker answered `body` to the first question.
fn fault_of(body: &[u8]) -> NegotiationFault {
    let mut driver = Driver::once(options());
    driver.open();
    let first = driver.take();
    driver.answer_raw(&first, body);
    match &driver.closed().reason {
        CloseReason::Negotiation(fault) => fault.clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn rule_3_the_highest_version_is_asked_first_with_the_name_of_the_software() {
    replay(|driver| {
        driver.open();
        let first = asked(driver, highest());
        assert_eq!(first.client_id.as_deref(), Some("test"));
        let body = ApiVersionsRequest::decode(&first.body, first.version).unwrap();
        assert_eq!(body.client_software_name, "kafka-codec");
        driver.answer(&first, &all_versions());
        let events = driver.take_events();
        let [
            Event::VersionsNegotiated { version, .. },
            Event::Ready { .. },
        ] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!(*version, first.version);
        assert_eq!(
            driver.connection.choose_version(ApiKey::Fetch),
            Ok(Version(18))
        );
    });
}

#[test]
fn rule_3_error_35_with_one_entry_asks_in_the_version_of_that_entry() {
    replay(|driver| {
        driver.open();
        let first = asked(driver, highest());
        let body = refusal(
            ErrorCode::UNSUPPORTED_VERSION,
            &[(ApiKey::ApiVersions, 0, 2)],
        );
        driver.answer_raw(&first, &body);
        let second = asked(driver, 2);
        driver.answer(&second, &all_versions());
        let events = driver.take_events();
        assert!(matches!(
            events[0],
            Event::VersionsFallback {
                to: Version(2),
                error: ErrorCode::UNSUPPORTED_VERSION,
                ..
            }
        ));
        assert_eq!(driver.connection.state().to_string(), "ready");
    });
}

#[test]
fn rule_3_error_35_with_an_empty_list_or_an_unreadable_body_asks_in_version_0() {
    for body in [
        &refusal(ErrorCode::UNSUPPORTED_VERSION, &[])[..],
        b"\0\x23",
        b"\0\x23\xff\xff",
    ] {
        replay(|driver| {
            driver.open();
            let first = driver.take();
            driver.answer_raw(&first, body);
            let second = asked(driver, 0);
            driver.answer(&second, &all_versions());
            assert_eq!(driver.connection.state().to_string(), "ready");
        });
    }
}

#[test]
fn rule_3_error_35_with_a_whole_table_is_taken_as_it_is() {
    replay(|driver| {
        driver.open();
        let first = driver.take();
        let apis = [(ApiKey::ApiVersions, 0, 2), (ApiKey::Fetch, 0, 11)];
        driver.answer_raw(&first, &refusal(ErrorCode::UNSUPPORTED_VERSION, &apis));
        assert_eq!(
            driver.connection.versions().get(ApiKey::Fetch),
            Some(range(0, 11))
        );
        assert_eq!(driver.connection.state().to_string(), "ready");
    });
}

#[test]
fn rule_3_a_broker_that_asks_for_no_lower_version_is_not_asked_again() {
    for theirs in [highest(), highest() + 1] {
        let apis = [(ApiKey::ApiVersions, 0, theirs)];
        let fault = fault_of(&refusal(ErrorCode::UNSUPPORTED_VERSION, &apis));
        assert!(
            matches!(fault, NegotiationFault::NoProgress { .. }),
            "{fault}"
        );
    }
    let fault = fault_of(&refusal(
        ErrorCode::UNSUPPORTED_VERSION,
        &[(ApiKey::ApiVersions, -7, -5)],
    ));
    assert!(
        matches!(fault, NegotiationFault::NoProgress { .. }),
        "{fault}"
    );
}

/// Scenario "downgrade loop terminates": each answer asks for one version less, and the last is refused.
#[test]
fn rule_3_falling_back_ends_at_version_0() {
    let mut driver = Driver::once(options());
    driver.open();
    for lower in (0..highest()).rev() {
        let question = driver.take();
        let apis = [(ApiKey::ApiVersions, 0, lower)];
        driver.answer_raw(&question, &refusal(ErrorCode::UNSUPPORTED_VERSION, &apis));
    }
    let last = asked(&mut driver, 0);
    driver.answer_raw(
        &last,
        &refusal(
            ErrorCode::UNSUPPORTED_VERSION,
            &[(ApiKey::ApiVersions, 0, 0)],
        ),
    );
    let fault = CloseReason::Negotiation(NegotiationFault::Refused(ErrorCode::UNSUPPORTED_VERSION));
    assert_eq!(driver.closed().reason, fault);
}

#[test]
fn rule_3_a_broker_that_refuses_the_name_of_the_software_is_asked_in_version_0() {
    replay(|driver| {
        driver.open();
        let first = driver.take();
        driver.answer_raw(&first, &refusal(ErrorCode::INVALID_REQUEST, &[]));
        let second = asked(driver, 0);
        driver.answer(&second, &all_versions());
        let events = driver.take_events();
        assert!(matches!(
            events[0],
            Event::VersionsFallback {
                error: ErrorCode::INVALID_REQUEST,
                hint: Some(Hint {
                    kind: HintKind::SoftwareNameRefused,
                    ..
                }),
                ..
            }
        ));
    });
}

#[test]
fn rule_3_the_name_of_the_software_is_checked_before_it_is_sent() {
    for (name, version) in [
        ("a b", "1"),
        ("", "1"),
        ("-a", "1"),
        ("a", "1."),
        ("ä", "1"),
    ] {
        let refused = options().with_software(name, version);
        let error = refused.check().unwrap_err();
        assert!(error.to_string().contains("letters, digits"), "{error}");
        let assumed = Negotiation::Assume(VersionTable::default());
        for options in [refused.clone(), refused.with_negotiation(assumed)] {
            let mut driver = Driver::once(options);
            driver.open();
            let fault = NegotiationFault::Software(error.clone());
            assert_eq!(driver.closed().reason, CloseReason::Negotiation(fault));
            assert!(driver.written.is_empty());
        }
    }
    let accepted = options().with_software("my-client.x", "1.2.3-rc1");
    assert_eq!(accepted.check(), Ok(()));
}

#[test]
fn rule_3_other_errors_short_bodies_and_empty_tables_are_named() {
    let body = refusal(ErrorCode::CLUSTER_AUTHORIZATION_FAILED, &[]);
    let error = NegotiationFault::Refused(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    assert_eq!(fault_of(&body), error);
    assert!(matches!(fault_of(b"\0"), NegotiationFault::Undecodable(_)));
    assert!(matches!(
        fault_of(b"\0\0\xff\xff\xff\xff\x7f"),
        NegotiationFault::Undecodable(_)
    ));
    let empty = ApiVersionsResponse::default()
        .encode_to_vec(Version(highest()))
        .unwrap();
    assert_eq!(fault_of(&empty), NegotiationFault::NothingServed);
}

/// Event Hubs and old proxies do this; Kafka's own client reads any body as version 0 that is not what it asked for.
#[test]
fn rule_3_an_answer_in_version_0_without_an_error_is_read() {
    replay(|driver| {
        driver.open();
        let first = driver.take();
        let body = refusal(
            ErrorCode::NONE,
            &[(ApiKey::ApiVersions, 0, 2), (ApiKey::Metadata, 0, 7)],
        );
        driver.answer_raw(&first, &body);
        let metadata = driver.connection.versions().get(ApiKey::Metadata);
        assert_eq!(metadata, Some(range(0, 7)));
    });
}

/// Hostile: ranges upside down, entries twice, thousands of unknown APIs.
#[test]
fn rule_3_a_hostile_table_costs_little_and_keeps_what_makes_sense() {
    let mut response = all_versions();
    let entry = |api_key, min_version, max_version| ApiVersion {
        api_key,
        min_version,
        max_version,
        ..Default::default()
    };
    response.api_keys = (0..30_000).map(|key| entry(key, 0, 1)).collect();
    response.api_keys.insert(0, entry(1, 4, 12));
    response.api_keys.insert(0, entry(3, 9, 2));
    let mut driver = Driver::once(options());
    driver.open();
    let first = driver.take();
    driver.answer(&first, &response);
    let table = driver.connection.versions();
    assert_eq!(table.get(ApiKey::Fetch), Some(range(4, 12)));
    assert_eq!(table.get(ApiKey::Metadata), Some(range(0, 1)));
    assert_eq!(table.iter().count(), 1023);
}

/// Old brokers and services do any of the three when they do not know the version.
#[test]
fn rule_3_a_reset_an_end_or_silence_while_asking_advises_version_0_for_the_next_connection() {
    let endings: [fn(&mut Driver); 3] = [
        |driver| driver.reset(),
        |driver| driver.end_of_stream(),
        |driver| driver.wait(3_600_000),
    ];
    for end in endings {
        replay(|driver| {
            driver.open();
            driver.take();
            end(driver);
            let report = driver.closed();
            assert_eq!(
                report.reconnect,
                Some(ReconnectAdvice::ApiVersions(Version(0)))
            );
        });
    }
    let mut next = Driver::once(options().with_negotiation(Negotiation::AskIn(Version(0))));
    next.open();
    asked(&mut next, 0);
    next.reset();
    assert_eq!(next.closed().reconnect, None);
}

#[test]
fn rule_3_a_question_in_a_version_that_is_not_known_here_is_asked_in_the_nearest() {
    for (wanted, sent) in [(i16::MAX, highest()), (1, 1), (-1, 0)] {
        let ask = Negotiation::AskIn(Version(wanted));
        let mut driver = Driver::once(options().with_negotiation(ask));
        driver.open();
        asked(&mut driver, sent);
    }
}
