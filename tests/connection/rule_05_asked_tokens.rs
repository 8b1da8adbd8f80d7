//! Rules 4 and 5, of OAUTHBEARER that asks for its tokens: when one is needed, in time, and framed by the mechanism.

use kafka_codec::connection::sasl::{MechanismError, OauthBearer, Token};
use kafka_codec::connection::{CloseReason, ConnectionOptions, Event};
use kafka_codec::messages::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeResponse,
};
use kafka_codec::{ApiKey, Decode};

use crate::driver::{Driver, ms, options, replay};

/// Takes the events that ask for a token.
fn asked(driver: &mut Driver) -> usize {
    let events = driver.events.drain(..);
    let wanted = events.filter(|event| match event {
        Event::SaslTokenWanted { mechanism, .. } => {
            assert_eq!(&**mechanism, "OAUTHBEARER");
            true
        }
        _ => false,
    });
    wanted.count()
}

fn provide(driver: &mut Driver, token: Option<&str>) -> bool {
    let token = token.map(|token| Token::from(token.to_owned()));
    let taken = driver.connection.provide_sasl_token(driver.now, token);
    driver.drain();
    taken
}

fn accept_handshake(driver: &mut Driver) {
    let shake = driver.take();
    assert_eq!(shake.key, ApiKey::SaslHandshake);
    driver.answer(&shake, &SaslHandshakeResponse::default());
}

/// Checks the token that was sent, and accepts it for `lifetime` milliseconds.
fn accept(driver: &mut Driver, bearer: &str, lifetime: i64) {
    let authenticate = driver.take();
    assert_eq!(authenticate.key, ApiKey::SaslAuthenticate);
    let request =
        SaslAuthenticateRequest::decode(&authenticate.body, authenticate.version).unwrap();
    let framed = format!("n,,\x01auth=Bearer {bearer}\x01\x01");
    assert_eq!(&request.auth_bytes[..], framed.as_bytes());
    let response = SaslAuthenticateResponse {
        session_lifetime_ms: lifetime,
        ..Default::default()
    };
    driver.answer(&authenticate, &response);
}

/// A connection that is authenticated with the token `first`, for 10 seconds.
fn open(driver: &mut Driver, options: ConnectionOptions) {
    driver.configure(options, vec![Box::new(OauthBearer::asking())]);
    driver.open();
    driver.answer_versions();
    assert_eq!(asked(driver), 0, "not before the mechanism is agreed on");
    accept_handshake(driver);
    assert_eq!(asked(driver), 1);
    assert!(driver.wrote_nothing());
    assert!(provide(driver, Some("first")));
    accept(driver, "first", 10_000);
    assert_eq!(driver.connection.state().to_string(), "ready");
    driver.forget();
}

#[test]
fn rule_5_a_token_is_asked_for_early_and_requests_go_on_until_it_is_there() {
    replay(|driver| {
        open(driver, options());
        driver.wait(8_000);
        assert_eq!(asked(driver), 0);
        driver.wait(1_000);
        assert_eq!(asked(driver), 1);
        assert_eq!(driver.connection.state().to_string(), "ready");
        driver.submit(ApiKey::Metadata, 12);
        let metadata = driver.take();
        assert_eq!(metadata.key, ApiKey::Metadata);
        driver.answer_raw(&metadata, b"\0\0\0\0");
        driver.wait(500);
        assert_eq!(asked(driver), 0, "once");

        assert!(provide(driver, Some("second")));
        assert!(!provide(driver, Some("third")), "none was asked for");
        assert_eq!(
            driver.connection.state().to_string(),
            "authenticating again"
        );
        accept_handshake(driver);
        accept(driver, "second", 10_000);
        assert_eq!(driver.connection.state().to_string(), "ready");
        driver.wait(9_000);
        assert_eq!(asked(driver), 1, "and so on");
    });
}

#[test]
fn rule_5_a_token_that_does_not_come_is_asked_for_again_when_the_session_is_over() {
    replay(|driver| {
        open(driver, options());
        driver.wait(9_000);
        assert_eq!(asked(driver), 1);
        assert!(provide(driver, None), "it has none yet");
        driver.wait(1_000);
        driver.submit(ApiKey::Metadata, 12);
        accept_handshake(driver);
        assert_eq!(asked(driver), 1);
        assert!(driver.wrote_nothing(), "requests wait");
        assert!(provide(driver, Some("late")));
        accept(driver, "late", 10_000);
        assert_eq!(driver.take().key, ApiKey::Metadata);
    });
}

#[test]
fn rule_5_a_caller_without_a_token_ends_the_connection_only_when_there_is_no_other_way() {
    let mut driver = Driver::once(options());
    open(&mut driver, options());
    driver.wait(10_000);
    accept_handshake(&mut driver);
    assert!(provide(&mut driver, None));
    let line = driver.close_line();
    assert!(
        line.ends_with("OAUTHBEARER: the caller has no token"),
        "{line}"
    );

    let mut driver = Driver::once(options());
    open(&mut driver, options());
    driver.wait(9_000);
    assert!(provide(&mut driver, Some("not a token")));
    accept_handshake(&mut driver);
    let line = driver.close_line();
    assert!(line.contains("printable ASCII"), "{line}");
}

#[test]
fn rule_5_a_draining_connection_needs_no_token() {
    let mut driver = Driver::once(options());
    open(&mut driver, options());
    driver.submit(ApiKey::Fetch, 16);
    driver.wait(9_000);
    assert_eq!(asked(&mut driver), 1);
    driver.connection.drain(driver.now, ms(60_000));
    assert!(provide(&mut driver, Some("second")));
    driver.wait(1_000);
    assert_eq!(driver.connection.state().to_string(), "draining");
    let fetch = driver.take();
    driver.answer_raw(&fetch, b"\0\0\0\0");
    assert_eq!(driver.closed().reason, CloseReason::Local);
}

#[test]
fn rule_5_a_function_is_called_for_each_token_when_it_is_needed() {
    replay(|driver| {
        let count = std::sync::atomic::AtomicUsize::new(1);
        let mechanism = OauthBearer::from_fn(move || {
            match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                3 => Err(MechanismError::new("the identity provider is down")),
                number => Ok(format!("token{number}").into()),
            }
        });
        driver.configure(options(), vec![Box::new(mechanism)]);
        driver.open();
        driver.answer_versions();
        for bearer in ["token1", "token2"] {
            accept_handshake(driver);
            accept(driver, bearer, 10_000);
            driver.wait(9_000);
        }
        accept_handshake(driver);
        let line = driver.close_line();
        assert!(line.ends_with("the identity provider is down"), "{line}");
    });
}
