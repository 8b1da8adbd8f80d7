//! Rule 5: authenticating again, behind the requests in flight or after them, while later ones wait in order.

use kafka_codec::connection::sasl::{Mechanism, Plain};
use kafka_codec::connection::{
    CloseReason, ConnectionOptions, Delivery, Event, ReauthenticationMode, SubmitError,
    SubmitOptions, TimeoutKind,
};
use kafka_codec::messages::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeResponse,
};
use kafka_codec::{ApiKey, Decode, ErrorCode};

use crate::driver::{Driver, all_versions, ms, options, replay, request};

fn lives(milliseconds: i64) -> SaslAuthenticateResponse<'static> {
    SaslAuthenticateResponse {
        session_lifetime_ms: milliseconds,
        ..Default::default()
    }
}

/// Opens with a session of `lifetime` milliseconds.
fn open(driver: &mut Driver, options: ConnectionOptions, lifetime: i64) {
    let plain: Vec<Box<dyn Mechanism>> = vec![Box::new(Plain::new("alice", "secret"))];
    driver.configure(options, plain);
    driver.open();
    driver.answer_versions();
    prove(driver, lifetime);
    assert_eq!(driver.connection.state().to_string(), "ready");
    driver.forget();
}

/// Plays the broker through an exchange.
fn prove(driver: &mut Driver, lifetime: i64) {
    let asked = driver.take();
    assert_eq!(asked.key, ApiKey::SaslHandshake);
    driver.answer(&asked, &SaslHandshakeResponse::default());
    let asked = driver.take();
    assert_eq!(asked.key, ApiKey::SaslAuthenticate);
    driver.answer(&asked, &lives(lifetime));
}

/// Scenario "pipelined reauth without corruption".
#[test]
fn rule_5_it_is_pipelined_behind_requests_in_flight_and_later_ones_wait() {
    replay(|driver| {
        open(driver, options(), 10_000);
        driver.submit(ApiKey::Fetch, 16);
        let fetch = driver.take();
        driver.wait(9_000);
        let shake = driver.take();
        assert_eq!(shake.key, ApiKey::SaslHandshake);
        driver.submit(ApiKey::Metadata, 12);
        driver.submit(ApiKey::Heartbeat, 4);
        assert!(driver.wrote_nothing());
        driver.answer_raw(&fetch, b"\0\0\0\0");
        driver.answer(&shake, &SaslHandshakeResponse::default());
        driver.wait(7);
        let authenticate = driver.take();
        driver.answer(&authenticate, &lives(10_000));
        let later = [driver.take(), driver.take()];
        assert_eq!(
            later.clone().map(|each| each.key),
            [ApiKey::Metadata, ApiKey::Heartbeat]
        );
        for request in &later {
            driver.answer_raw(request, b"\0\0\0\0");
        }
        let done = driver.completions();
        assert_eq!(done.len(), 3);
        assert_eq!(done[1].timings().waits.reauthentication, ms(7));
    });
}

#[test]
fn rule_5_it_can_wait_for_the_responses_first() {
    replay(|driver| {
        let mode = ReauthenticationMode::Drain;
        open(driver, options().with_reauthentication(mode), 10_000);
        driver.submit(ApiKey::Fetch, 16);
        let fetch = driver.take();
        driver.wait(9_000);
        driver.submit(ApiKey::Metadata, 12);
        assert!(driver.wrote_nothing());
        driver.answer_raw(&fetch, b"\0\0\0\0");
        prove(driver, 10_000);
        assert_eq!(driver.take().key, ApiKey::Metadata);
    });
}

#[test]
fn rule_5_a_request_notices_that_the_time_has_come() {
    replay(|driver| {
        open(driver, options(), 10_000);
        driver.now += ms(9_500);
        // No timer was called.
        driver.submit(ApiKey::Metadata, 12);
        prove(driver, 10_000);
        assert_eq!(driver.take().key, ApiKey::Metadata);
    });
}

#[test]
fn rule_5_the_time_is_a_share_of_the_lifetime() {
    for (permille, due) in [(850, 8_500), (950, 9_500)] {
        let mut driver = Driver::once(options());
        open(
            &mut driver,
            options().with_renew_at_permille(permille),
            10_000,
        );
        let at = driver.connection.next_deadline().unwrap();
        assert_eq!(at - driver.now, ms(due));
    }
}

/// Scenario "lifetime cleared when disabled".
#[test]
fn rule_5_a_lifetime_of_zero_clears_an_earlier_one() {
    let mut driver = Driver::once(options());
    open(&mut driver, options(), 10_000);
    driver.wait(9_000);
    prove(&mut driver, 0);
    assert_eq!(driver.connection.next_deadline(), None);
    driver.wait(1_000_000);
    assert!(driver.wrote_nothing());
}

#[test]
fn rule_5_it_is_not_done_more_than_once_a_second_and_a_lifetime_has_a_limit() {
    let mut driver = Driver::once(options());
    open(&mut driver, options(), 1);
    assert_eq!(
        driver.connection.next_deadline(),
        Some(driver.now + ms(1000))
    );
    // A request passes in the meantime.
    driver.submit(ApiKey::Metadata, 12);
    assert_eq!(driver.take().key, ApiKey::Metadata);

    let mut driver = Driver::once(options());
    open(&mut driver, options(), i64::MAX);
    let year = 365 * 24 * 60 * 60 * 1000;
    assert_eq!(
        driver.connection.next_deadline(),
        Some(driver.now + ms(year / 10 * 9))
    );
}

#[test]
fn rule_5_failing_completes_waiting_requests_as_not_sent() {
    replay(|driver| {
        open(driver, options(), 10_000);
        driver.wait(9_000);
        let waiting = driver.submit(ApiKey::Metadata, 12);
        let shake = driver.take();
        driver.answer(&shake, &SaslHandshakeResponse::default());
        let authenticate = driver.take();
        let refusal = SaslAuthenticateResponse {
            error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
            ..Default::default()
        };
        driver.answer(&authenticate, &refusal);
        assert!(matches!(
            driver.closed().reason,
            CloseReason::Authentication(_)
        ));
        let done = driver.completions();
        assert_eq!(
            (done[0].id(), done[0].delivery()),
            (waiting, Delivery::NotSent)
        );
    });
}

/// The connection was closed because authenticating again took too long.
fn assert_took_too_long(driver: &mut Driver) {
    let reason = driver.closed().reason.clone();
    assert!(
        matches!(
            reason,
            CloseReason::Timeout(TimeoutKind::Reauthentication { .. })
        ),
        "{reason}"
    );
}

#[test]
fn rule_5_it_has_a_deadline() {
    let mut driver = Driver::once(options());
    open(&mut driver, options(), 10_000);
    driver.wait(9_000);
    driver.take();
    driver.wait(10_000);
    assert_took_too_long(&mut driver);
}

#[test]
fn rule_5_the_deadline_does_not_count_requests_in_front_or_their_throttling() {
    for mode in [ReauthenticationMode::Pipelined, ReauthenticationMode::Drain] {
        replay(|driver| {
            let timeout = options().with_initialization_timeout(ms(2_000));
            open(driver, timeout.with_reauthentication(mode), 10_000);
            driver.submit(ApiKey::Fetch, 16);
            let fetch = driver.take();
            driver.wait(9_000);
            driver.wait(7_000);
            assert_eq!(
                driver.connection.state().to_string(),
                "authenticating again"
            );
            // The broker reads nothing for five seconds.
            driver.answer_raw(&fetch, &5_000_i32.to_be_bytes());
            driver.wait(6_000);
            assert_eq!(
                driver.connection.state().to_string(),
                "authenticating again"
            );
            driver.wait(1_000);
            let events = driver.take_events();
            let Some(Event::Closed(report)) = events.last() else {
                panic!("{events:?}");
            };
            let CloseReason::Timeout(TimeoutKind::Reauthentication { .. }) = report.reason else {
                panic!("{report}");
            };
        });
    }
}

#[test]
fn rule_5_behind_requests_in_front_nobody_is_woken_and_the_time_begins_when_they_are_given_up() {
    replay(|driver| {
        let timeout = options().with_initialization_timeout(ms(1));
        open(driver, timeout, 20_000);
        let fetch = driver.submit(ApiKey::Fetch, 16);
        driver.wait(18_000);
        let state = |driver: &Driver| driver.connection.state().to_string();
        assert_eq!(state(driver), "authenticating again");
        // That of the Fetch, after 30 s.
        let due = driver.connection.next_deadline().unwrap();
        assert_eq!(due.duration_since(driver.now), ms(12_000));
        driver.wait(11_000);
        // One that waits is not in front.
        let waiting = driver.submit(ApiKey::Metadata, 12);
        assert!(driver.connection.cancel(driver.now, waiting));
        assert_eq!(driver.connection.next_deadline(), Some(due));
        assert!(driver.connection.cancel(driver.now, fetch));
        assert_eq!(state(driver), "authenticating again");
        driver.wait(1);
        assert_took_too_long(driver);
    });
}

#[test]
fn rule_5_the_time_does_not_count_a_request_in_front_that_is_written_slowly() {
    let mut driver = Driver::once(options());
    open(&mut driver, options(), 10_000);
    driver.is_stuck = true;
    driver.submit(ApiKey::Fetch, 16);
    driver.write(5);
    driver.wait(9_000);
    driver.wait(15_000);
    assert_eq!(
        driver.connection.state().to_string(),
        "authenticating again"
    );
    driver.wait(6_000);
    let reason = driver.closed().reason.clone();
    let CloseReason::Timeout(TimeoutKind::Request { request, .. }) = reason else {
        panic!("{reason}");
    };
    assert_eq!(request.api_key, ApiKey::Fetch);
}

#[test]
fn rule_5_newer_credentials_are_used() {
    let mut driver = Driver::once(options());
    open(&mut driver, options(), 10_000);
    driver
        .connection
        .replace_mechanism(Box::new(Plain::new("alice", "newer")));
    driver.wait(9_000);
    let shake = driver.take();
    driver.answer(&shake, &SaslHandshakeResponse::default());
    let asked = driver.take();
    let body = SaslAuthenticateRequest::decode(&asked.body, asked.version).unwrap();
    assert_eq!(body.auth_bytes.as_slice(), b"\0alice\0newer");
}

/// Scenario "reauth on acks=0".
#[test]
fn rule_5_it_works_on_a_connection_that_produces_with_acks_0() {
    replay(|driver| {
        open(driver, options(), 10_000);
        let produce = crate::driver::produce(0);
        let send = |driver: &mut Driver| {
            let options = SubmitOptions::default();
            driver
                .connection
                .submit_frame(driver.now, &produce, options)
                .unwrap();
            driver.drain();
        };
        send(driver);
        let first = driver.take();
        driver.wait(9_000);
        send(driver);
        // The broker answers what it should not.
        driver.answer_raw(&first, b"whatever");
        prove(driver, 10_000);
        assert_eq!(driver.take().key, ApiKey::Produce);
        let events = driver.take_events();
        let unexpected = |event: &Event| matches!(event, Event::UnexpectedResponse { .. });
        assert_eq!(events.iter().filter(|event| unexpected(event)).count(), 1);
    });
}

/// Found by the model: the deadline stayed in the past until the exchange was over.
#[test]
fn rule_5_throttling_that_ends_meanwhile_wakes_nobody_again_and_again() {
    let mut driver = Driver::once(options());
    open(&mut driver, options(), 10_000);
    driver.submit(ApiKey::Metadata, 12);
    let metadata = driver.take();
    driver.wait(8_990);
    driver.answer_raw(&metadata, &20_i32.to_be_bytes());
    driver.wait(10);
    driver.submit(ApiKey::Fetch, 16);
    driver.wait(10);
    let next = driver.connection.next_deadline().unwrap();
    assert!(next > driver.now);
}

#[test]
fn rule_5_new_credentials_do_not_disturb_an_exchange_that_is_under_way() {
    let token = |driver: &mut Driver| {
        let asked = driver.take();
        let body = SaslAuthenticateRequest::decode(&asked.body, asked.version).unwrap();
        (asked.clone(), body.auth_bytes.as_slice().to_vec())
    };
    replay(|driver| {
        let old: Vec<Box<dyn Mechanism>> = vec![Box::new(Plain::new("alice", "old"))];
        driver.configure(options(), old);
        driver.open();
        driver.answer_versions();
        let shake = driver.take();
        let newer = Plain::new("alice", "newer");
        driver.connection.replace_mechanism(Box::new(newer));
        driver.answer(&shake, &SaslHandshakeResponse::default());
        let (asked, sent) = token(driver);
        assert_eq!(sent, b"\0alice\0old");
        driver.answer(&asked, &lives(10_000));
        driver.wait(9_000);
        let shake = driver.take();
        driver.answer(&shake, &SaslHandshakeResponse::default());
        let (_, sent) = token(driver);
        assert_eq!(sent, b"\0alice\0newer");
    });
}

#[test]
fn rule_5_no_request_is_taken_when_authenticating_again_has_become_impossible() {
    replay(|driver| {
        open(driver, options(), 10_000);
        driver.connection.probe(driver.now).unwrap();
        driver.drain();
        let probe = driver.take();
        let mut without_sasl = all_versions();
        without_sasl
            .api_keys
            .retain(|range| range.api_key != ApiKey::SaslHandshake.number());
        driver.answer(&probe, &without_sasl);
        driver.now += ms(9_500);
        // No timer was called.
        let frame = request(ApiKey::Metadata, 12, b"");
        let refused = driver
            .connection
            .submit_frame(driver.now, &frame, SubmitOptions::default());
        assert!(matches!(refused, Err(SubmitError::Closed { .. })));
        assert!(driver.connection.poll_transmit().is_none());
        driver.drain();
        driver.closed();
        assert!(driver.completions().is_empty());
    });
}
