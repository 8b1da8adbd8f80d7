//! What is on its way shows: what blocks requests and for how long, each step of SASL, and what was in responses.

use kafka_codec::connection::sasl::{Mechanism, Plain};
use kafka_codec::connection::{BlockedOn, Event, Metrics};
use kafka_codec::messages::{SaslAuthenticateResponse, SaslHandshakeResponse};
use kafka_codec::{ApiKey, ErrorCode};

use crate::driver::{Driver, ms, options, replay};

#[test]
fn what_blocks_a_request_shows_and_for_how_long_it_did() {
    replay(|driver| {
        let few = options().with_progress_events(true).with_max_in_flight(1);
        driver.configure(few, Vec::new());
        let first = driver.submit(ApiKey::Fetch, 16);
        driver.open();
        driver.wait(5);
        driver.answer_versions();
        let second = driver.submit(ApiKey::Metadata, 12);
        driver.wait(7);
        let fetch = driver.take();
        driver.answer_raw(&fetch, &100_i32.to_be_bytes());
        let third = driver.submit(ApiKey::Heartbeat, 4);
        driver.wait(100);
        let seen: Vec<_> = driver
            .take_events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Blocked { id, on, .. } => Some((id, Err(on))),
                Event::Admitted { id, waits, .. } => {
                    let each = [waits.initialization, waits.in_flight, waits.throttle];
                    assert_eq!(waits.total(), each.iter().sum());
                    Some((id, Ok(each)))
                }
                _ => None,
            })
            .collect();
        assert_eq!(
            seen,
            [
                (first, Err(BlockedOn::Initialization)),
                (first, Ok([ms(5), ms(0), ms(0)])),
                (second, Err(BlockedOn::InFlight)),
                (third, Err(BlockedOn::Throttle)),
                (second, Ok([ms(0), ms(7), ms(100)])),
            ]
        );
    });
}

#[test]
fn a_request_that_nothing_blocks_is_not_reported_as_blocked() {
    replay(|driver| {
        driver.configure(options().with_progress_events(true), Vec::new());
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        let events = driver.take_events();
        assert!(
            matches!(events[..], [Event::Written { .. }]),
            "nothing but its being written: {events:?}"
        );
    });
}

#[test]
fn each_answer_to_a_token_shows_and_who_waits_for_the_last() {
    replay(|driver| {
        let plain: Vec<Box<dyn Mechanism>> = vec![Box::new(Plain::new("alice", "secret"))];
        driver.configure(options(), plain);
        driver.submit(ApiKey::Fetch, 16);
        driver.open();
        driver.answer_versions();
        let asked = driver.take();
        driver.answer(&asked, &SaslHandshakeResponse::default());
        let asked = driver.take();
        driver.forget();
        let welcome = SaslAuthenticateResponse {
            auth_bytes: (&b"welcome"[..]).into(),
            ..Default::default()
        };
        driver.answer(&asked, &welcome);
        let events = driver.take_events();
        assert!(
            matches!(
                events[..],
                [
                    Event::SaslStep {
                        rounds: 1,
                        bytes: 7
                    },
                    Event::SaslSucceeded { waiting: 1, .. },
                    Event::Ready { .. },
                ]
            ),
            "{events:?}"
        );
    });
}

#[test]
fn error_codes_that_the_caller_saw_are_counted_by_api() {
    use kafka_codec::connection::DecodedResponse;

    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::SaslHandshake, 1);
    let asked = driver.take();
    let refused = SaslHandshakeResponse {
        error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        ..Default::default()
    };
    driver.answer(&asked, &refused);
    let done = driver.completions().remove(0);
    let response = done.into_response().unwrap().unwrap();
    #[cfg(all(feature = "schema", feature = "messages"))]
    let codes = response.error_codes().unwrap().unwrap();
    #[cfg(not(all(feature = "schema", feature = "messages")))]
    let codes = vec![refused.error_code];
    assert_eq!(codes, [ErrorCode::UNSUPPORTED_SASL_MECHANISM]);
    let which = DecodedResponse::from(&response).with_error_codes(codes);
    driver.now += ms(2);
    driver.connection.handle_decoded(driver.now, &which, Ok(()));
    driver.drain();
    let mut metrics = Metrics::default();
    for event in driver.take_events() {
        metrics.observe(&event);
    }
    let api = &metrics.apis[&ApiKey::SaslHandshake];
    assert_eq!(api.error_codes[&ErrorCode::UNSUPPORTED_SASL_MECHANISM], 1);
    assert_eq!((api.decode.max(), api.undecodable), (ms(2), 0));
}
