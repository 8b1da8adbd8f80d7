//! Rule 4, the faults: what goes wrong with SASL has a name.

use kafka_codec::connection::sasl::{External, Mechanism, Plain};
use kafka_codec::connection::{
    AuthenticationFault, CloseReason, ConnectionOptions, Negotiation, ReconnectAdvice,
    VersionError, VersionTable,
};
use kafka_codec::messages::SaslHandshakeResponse;
use kafka_codec::{ApiKey, ErrorCode};

use crate::driver::{Driver, options, range, replay};

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
            let gssapi = Box::new(External::new("GSSAPI"));
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
