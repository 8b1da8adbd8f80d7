//! Rule 4, the faults: what goes wrong with SASL has a name.

use kafka_codec::connection::sasl::{CallerTokens, Mechanism, Plain};
use kafka_codec::connection::{
    AuthenticationFault, CloseReason, ConnectionOptions, Negotiation, ReconnectAdvice, State,
    VersionError, VersionTable,
};
use kafka_codec::messages::{ApiVersionsResponse, SaslAuthenticateResponse, SaslHandshakeResponse};
use kafka_codec::{ApiKey, ErrorCode, Version};

use crate::driver::{Driver, options, range, replay, sized};

fn begin(options: ConnectionOptions) -> Driver {
    let mut driver = Driver::once(options.clone());
    let plain: Vec<Box<dyn Mechanism>> = vec![Box::new(Plain::new("alice", "secret"))];
    driver.configure(options, plain);
    driver.open();
    driver
}

fn fault(driver: &mut Driver) -> AuthenticationFault {
    match &driver.closed().reason {
        CloseReason::Authentication(fault) => fault.clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn rule_4_a_broker_without_a_common_version_of_the_tokens_request_is_named() {
    let apis = [
        (ApiKey::SaslHandshake, range(0, 1)),
        (ApiKey::SaslAuthenticate, range(7, 9)),
    ];
    let table = Negotiation::Assume(VersionTable::new(apis));
    let mut driver = begin(options().with_negotiation(table));
    let asked = driver.take();
    driver.answer(&asked, &SaslHandshakeResponse::default());
    let key = ApiKey::SaslAuthenticate;
    let fault = fault(&mut driver);
    assert!(
        matches!(fault, AuthenticationFault::Version(VersionError::NoCommonVersion { key: of, .. }) if of == key),
        "{fault}"
    );
}

/// A broker that announces only these APIs.
fn broker(apis: &[(ApiKey, i16, i16)]) -> ConnectionOptions {
    let apis = apis.iter().map(|(key, min, max)| (*key, range(*min, *max)));
    options().with_negotiation(Negotiation::Assume(VersionTable::new(apis)))
}

#[test]
fn rule_4_no_token_is_sent_if_the_callers_limit_leaves_no_version_of_the_handshake() {
    let key = ApiKey::SaslHandshake;
    let announced = broker(&[(key, 0, 0), (ApiKey::SaslAuthenticate, 0, 2)]);
    let driver = begin(announced.with_versions([(key, range(1, 1))]));
    assert_no_token_and_fault_of(driver, key);
}

#[test]
fn rule_4_no_token_is_sent_without_a_common_version_of_the_handshake() {
    let key = ApiKey::SaslHandshake;
    let driver = begin(broker(&[(key, 7, 9), (ApiKey::SaslAuthenticate, 0, 2)]));
    assert_no_token_and_fault_of(driver, key);
}

#[test]
fn rule_4_no_token_is_sent_if_the_callers_limit_leaves_no_version_of_the_tokens_request() {
    let key = ApiKey::SaslAuthenticate;
    let announced = broker(&[(ApiKey::SaslHandshake, 0, 1), (key, 0, 0)]);
    let mut driver = begin(announced.with_versions([(key, range(1, 2))]));
    let asked = driver.take();
    driver.answer(&asked, &SaslHandshakeResponse::default());
    assert_no_token_and_fault_of(driver, key);
}

fn assert_no_token_and_fault_of(mut driver: Driver, key: ApiKey) {
    assert!(driver.wrote_nothing(), "not even a token");
    let fault = fault(&mut driver);
    assert!(
        matches!(fault, AuthenticationFault::Version(VersionError::NoCommonVersion { key: of, .. }) if of == key),
        "{fault}"
    );
}

/// Azure Event Hubs announced its APIs so.
#[test]
fn rule_4_tokens_are_bare_after_a_handshake_in_version_1_if_the_broker_lists_no_request_for_them() {
    let mut driver = begin(broker(&[
        (ApiKey::SaslHandshake, 0, 1),
        (ApiKey::Fetch, 0, 16),
    ]));
    let asked = driver.take();
    assert_eq!(
        (asked.key, asked.version),
        (ApiKey::SaslHandshake, Version(1))
    );
    driver.answer(&asked, &SaslHandshakeResponse::default());
    assert_eq!(driver.take_frame(), b"\0alice\0secret");
    driver.receive(&sized(b""));
    assert_eq!(driver.connection.state(), State::Ready);
    driver.submit(ApiKey::Fetch, 16);
    assert_eq!(driver.take().key, ApiKey::Fetch);
}

/// A probe may find that the broker announces other APIs than before. Bare tokens come before all requests, so there is
/// no reauthentication with them.
#[test]
fn rule_4_no_bare_token_is_sent_by_a_connection_that_reauthenticates() {
    let mut driver = begin(options());
    driver.answer_versions();
    let asked = driver.take();
    driver.answer(&asked, &SaslHandshakeResponse::default());
    let asked = driver.take();
    let accepted = SaslAuthenticateResponse {
        session_lifetime_ms: 10_000,
        ..Default::default()
    };
    driver.answer(&asked, &accepted);
    driver.connection.probe(driver.now).unwrap();
    driver.drain();
    let asked = driver.take();
    let fewer = [(ApiKey::ApiVersions, range(0, 4))];
    driver.answer(&asked, &ApiVersionsResponse::for_apis(fewer));
    driver.wait(9_000);
    assert!(driver.wrote_nothing());
    let fault = fault(&mut driver);
    let key = ApiKey::SaslHandshake;
    let expected = AuthenticationFault::Version(VersionError::ApiUnknownToBroker { key });
    assert_eq!(fault, expected);
}

#[test]
fn rule_4_responses_that_do_not_decode_are_named() {
    let mut driver = begin(options());
    driver.answer_versions();
    let asked = driver.take();
    driver.answer_raw(&asked, b"\0");
    assert!(matches!(
        fault(&mut driver),
        AuthenticationFault::Undecodable(_)
    ));

    let mut driver = begin(options());
    driver.answer_versions();
    let asked = driver.take();
    driver.answer(&asked, &SaslHandshakeResponse::default());
    let asked = driver.take();
    driver.answer_raw(&asked, b"\0\0\0\x09");
    let line = driver.close_line();
    assert!(line.contains("SaslAuthenticateResponse v2: "), "{line}");
    assert!(matches!(
        fault(&mut driver),
        AuthenticationFault::Undecodable(_)
    ));
}

#[test]
fn rule_4_other_errors_of_the_handshake_are_named() {
    let mut driver = begin(options());
    driver.answer_versions();
    let asked = driver.take();
    let refusal = SaslHandshakeResponse {
        error_code: ErrorCode::ILLEGAL_SASL_STATE,
        ..Default::default()
    };
    driver.answer(&asked, &refusal);
    assert_eq!(
        driver.close_line(),
        "broker 1 (b1:9092): agreeing on a SASL mechanism: PLAIN: broker refused: ILLEGAL_SASL_STATE (34)"
    );
}

/// So Apache Kafka does: it says which mechanisms it has, and closes.
#[test]
fn rule_4_a_broker_that_takes_no_second_handshake_advises_the_mechanism_for_the_next_connection() {
    for end in [Driver::end_of_stream, Driver::reset] {
        replay(|driver| {
            let gssapi = Box::new(CallerTokens::new("GSSAPI"));
            let plain = Box::new(Plain::new("alice", "secret"));
            driver.configure(options(), vec![gssapi, plain]);
            driver.open();
            driver.answer_versions();
            let asked = driver.take();
            let refusal = SaslHandshakeResponse {
                error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
                mechanisms: vec!["SCRAM-SHA-256".into(), "PLAIN".into()],
                ..Default::default()
            };
            driver.answer(&asked, &refusal);
            end(driver);
            let plain = ReconnectAdvice::Mechanism("PLAIN".into());
            assert_eq!(driver.closed().reconnect, Some(plain));
        });
    }
    // Nothing was refused.
    let mut driver = begin(options());
    driver.answer_versions();
    driver.end_of_stream();
    assert_eq!(driver.closed().reconnect, None);
}
