//! Rule 4: SASL, wrapped and bare, with the mechanisms that are here and others, and no end of it without a name.

use kafka_codec::connection::sasl::{CallerTokens, Mechanism, MechanismError, Plain, Reply, Token};
use kafka_codec::connection::{AuthenticationFault, CloseReason, Event, Negotiation, VersionTable};
use kafka_codec::messages::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_codec::{ApiKey, Decode, ErrorCode, Version};

use crate::driver::{Driver, Written, options, range, replay, sized};

fn plain() -> Vec<Box<dyn Mechanism>> {
    vec![Box::new(Plain::new("alice", "secret"))]
}

fn accepted() -> SaslHandshakeResponse<'static> {
    SaslHandshakeResponse::default()
}

fn refused<'a>(offered: &[&'a str]) -> SaslHandshakeResponse<'a> {
    SaslHandshakeResponse {
        error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        mechanisms: offered.iter().map(|name| (*name).into()).collect(),
        ..Default::default()
    }
}

fn handshake(driver: &mut Driver, mechanism: &str) -> Written {
    let asked = driver.take();
    assert_eq!(asked.key, ApiKey::SaslHandshake);
    let body = SaslHandshakeRequest::decode(&asked.body, asked.version).unwrap();
    assert_eq!(body.mechanism, mechanism);
    asked
}

fn token(driver: &mut Driver) -> (Written, Vec<u8>) {
    let asked = driver.take();
    assert_eq!(
        (asked.key, asked.version),
        (ApiKey::SaslAuthenticate, Version(2))
    );
    let body = SaslAuthenticateRequest::decode(&asked.body, asked.version).unwrap();
    let token = body.auth_bytes.as_slice().to_vec();
    (asked, token)
}

/// A broker that only knows the handshake in version 0.
fn old_broker() -> Negotiation {
    let apis = [
        (ApiKey::SaslHandshake, range(0, 0)),
        (ApiKey::Fetch, range(0, 16)),
    ];
    Negotiation::Assume(VersionTable::new(apis))
}

fn fault(driver: &mut Driver) -> AuthenticationFault {
    match &driver.closed().reason {
        CloseReason::Authentication(fault) => fault.clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn rule_4_plain_goes_wrapped_after_a_handshake_in_version_1() {
    replay(|driver| {
        driver.configure(options(), plain());
        driver.open();
        driver.wait(1);
        driver.answer_versions();
        let asked = handshake(driver, "PLAIN");
        assert!(
            asked.correlation_id > i32::MAX - 8,
            "of those reserved for SASL"
        );
        driver.wait(2);
        driver.answer(&asked, &accepted());
        let (asked, sent) = token(driver);
        assert_eq!(sent, b"\0alice\0secret");
        driver.wait(3);
        driver.answer(&asked, &SaslAuthenticateResponse::default());
        let events = driver.take_events();
        let Some(Event::Ready { took }) = events.last() else {
            panic!("{events:?}")
        };
        let took = [
            took.api_versions,
            took.sasl_handshake,
            took.sasl_authenticate,
        ];
        assert_eq!(took.map(|part| part.as_millis()), [1, 2, 3]);
        let text = format!("{events:?}");
        assert!(
            text.contains("SaslSucceeded { mechanism: \"PLAIN\", rounds: 1, took: 5ms"),
            "{text}"
        );
    });
}

#[test]
fn rule_4_tokens_are_bare_after_a_handshake_in_version_0() {
    replay(|driver| {
        driver.configure(options().with_negotiation(old_broker()), plain());
        driver.open();
        let asked = handshake(driver, "PLAIN");
        assert_eq!(asked.version, Version(0));
        driver.answer(&asked, &accepted());
        assert_eq!(driver.take_frame(), b"\0alice\0secret");
        // The broker's token is empty.
        driver.receive(&sized(b""));
        assert_eq!(driver.connection.state().to_string(), "ready");
        driver.submit(ApiKey::Fetch, 16);
        assert_eq!(driver.take().key, ApiKey::Fetch);
    });
}

#[test]
fn rule_4_tokens_follow_at_once_if_the_broker_lists_no_handshake() {
    let table = VersionTable::new([(ApiKey::Fetch, range(0, 16))]);
    let mut driver = Driver::once(options());
    driver.configure(
        options().with_negotiation(Negotiation::Assume(table)),
        plain(),
    );
    driver.open();
    assert_eq!(driver.take_frame(), b"\0alice\0secret");
}

#[test]
fn rule_4_another_mechanism_is_tried_once() {
    let mechanisms = || -> Vec<Box<dyn Mechanism>> {
        vec![
            Box::new(CallerTokens::new("GSSAPI")),
            Box::new(CallerTokens::new("EXOTIC")),
            Box::new(Plain::new("alice", "secret")),
        ]
    };
    replay(|driver| {
        driver.configure(options(), mechanisms());
        driver.open();
        driver.answer_versions();
        let asked = handshake(driver, "GSSAPI");
        driver.answer(&asked, &refused(&["SCRAM-SHA-256", "PLAIN"]));
        let asked = handshake(driver, "PLAIN");
        assert!(format!("{:?}", driver.events).contains("SaslFallback"));
        driver.answer(&asked, &refused(&["EXOTIC"]));
        assert!(matches!(
            fault(driver),
            AuthenticationFault::NoCommonMechanism { .. }
        ));
    });
    replay(|driver| {
        driver.configure(options(), plain());
        driver.open();
        driver.answer_versions();
        let asked = handshake(driver, "PLAIN");
        driver.answer(&asked, &refused(&["SCRAM-SHA-256", "GSSAPI"]));
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): agreeing on a SASL mechanism: broker does not have the SASL mechanism \
             PLAIN, but SCRAM-SHA-256, GSSAPI"
        );
    });
}

#[test]
fn rule_4_the_brokers_words_are_in_the_error_and_the_password_is_not() {
    replay(|driver| {
        driver.configure(options(), plain());
        driver.open();
        driver.answer_versions();
        let asked = handshake(driver, "PLAIN");
        driver.answer(&asked, &accepted());
        let (asked, _) = token(driver);
        let refusal = SaslAuthenticateResponse {
            error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
            error_message: Some("invalid credentials".into()),
            ..Default::default()
        };
        driver.answer(&asked, &refusal);
        assert_eq!(
            driver.close_line(),
            "broker 1 (b1:9092): authenticating: PLAIN: broker refused: \
             SASL_AUTHENTICATION_FAILED (58): invalid credentials"
        );
        assert!(!format!("{:?}", driver.events).contains("secret"));
    });
}

#[test]
fn rule_4_secrets_are_in_no_debug_output() {
    let mut driver = Driver::once(options());
    driver.configure(options(), plain());
    driver.is_stuck = true;
    driver.open();
    let printed = format!(
        "{:?} {:?}",
        driver.connection,
        Plain::new("alice", "secret")
    );
    assert!(
        printed.contains("Secret(..)") && !printed.contains("secret"),
        "{printed}"
    );
    let token = Token::from(b"secret".to_vec());
    assert_eq!(format!("{token:?}"), "Token(6 bytes)");
}

#[test]
fn rule_4_tokens_can_come_from_the_caller() {
    replay(|driver| {
        driver.configure(options(), vec![Box::new(CallerTokens::new("GSSAPI"))]);
        driver.open();
        driver.answer_versions();
        let asked = handshake(driver, "GSSAPI");
        driver.answer(&asked, &accepted());
        let provide = |driver: &mut Driver, bytes: Option<&[u8]>| {
            let token = bytes.map(|bytes| Token::from(bytes.to_vec()));
            let taken = driver.connection.provide_sasl_token(driver.now, token);
            driver.drain();
            taken
        };
        assert!(provide(driver, Some(b"one")));
        assert!(!provide(driver, Some(b"too early")));
        let (asked, sent) = token(driver);
        assert_eq!(sent, b"one");
        let challenge = SaslAuthenticateResponse {
            auth_bytes: b"challenge"[..].into(),
            ..Default::default()
        };
        driver.answer(&asked, &challenge);
        let Some(Event::SaslTokenWanted { challenge, .. }) = driver.events.back() else {
            panic!("{:?}", driver.events);
        };
        assert_eq!(&challenge[..], b"challenge");
        assert!(provide(driver, None));
        assert_eq!(driver.connection.state().to_string(), "ready");
    });
}

/// Says the same forever, or one last word.
#[derive(Debug)]
struct Talker {
    is_last: bool,
}

impl Mechanism for Talker {
    fn name(&self) -> &str {
        "TALKER"
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        let token = Token::from(b"hello".to_vec());
        Ok(if self.is_last {
            Reply::SendLast(token)
        } else {
            Reply::Send(token)
        })
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Reply, MechanismError> {
        match challenge {
            b"stop" => Err(MechanismError::new("asked to stop")),
            _ => self.start(),
        }
    }
}

#[test]
fn rule_4_an_exchange_without_end_is_ended() {
    let mut driver = Driver::once(options());
    driver.configure(options(), vec![Box::new(Talker { is_last: false })]);
    driver.open();
    driver.answer_versions();
    let asked = handshake(&mut driver, "TALKER");
    driver.answer(&asked, &accepted());
    for _ in 0..16 {
        let (asked, _) = token(&mut driver);
        driver.answer(&asked, &SaslAuthenticateResponse::default());
    }
    assert!(matches!(
        fault(&mut driver),
        AuthenticationFault::TooManyRounds { rounds: 16, .. }
    ));
}

#[test]
fn rule_4_the_error_of_a_mechanism_closes_the_connection() {
    let mut driver = Driver::once(options());
    driver.configure(options(), vec![Box::new(Talker { is_last: false })]);
    driver.open();
    driver.answer_versions();
    let asked = handshake(&mut driver, "TALKER");
    driver.answer(&asked, &accepted());
    let (asked, _) = token(&mut driver);
    let stop = SaslAuthenticateResponse {
        auth_bytes: b"stop"[..].into(),
        ..Default::default()
    };
    driver.answer(&asked, &stop);
    assert_eq!(
        driver.close_line(),
        "broker 1 (b1:9092): authenticating: TALKER: asked to stop"
    );
}

#[test]
fn rule_4_a_last_bare_token_needs_no_answer() {
    replay(|driver| {
        let talker = Box::new(Talker { is_last: true });
        driver.configure(options().with_negotiation(old_broker()), vec![talker]);
        driver.open();
        let asked = handshake(driver, "TALKER");
        driver.answer(&asked, &accepted());
        assert_eq!(driver.take_frame(), b"hello");
        assert_eq!(driver.connection.state().to_string(), "ready");
    });
}

#[test]
fn rule_4_a_frame_that_began_as_a_token_and_is_too_short_for_a_response_is_refused() {
    let mut driver = Driver::once(options());
    let talker = Box::new(Talker { is_last: true });
    driver.configure(options().with_negotiation(old_broker()), vec![talker]);
    driver.open();
    let asked = handshake(&mut driver, "TALKER");
    driver.is_stuck = true;
    driver.answer(&asked, &accepted());
    // The size of a token is accepted before the last one is written, which ends the exchange.
    driver.receive(b"\0\0\0\x02t");
    driver.is_stuck = false;
    driver.drain();
    assert_eq!(driver.connection.state().to_string(), "ready");
    driver.receive(b"k");
    assert!(
        matches!(
            driver.closed().reason,
            CloseReason::BadFrameSize { announced: 2, .. }
        ),
        "{}",
        driver.close_line()
    );
}

#[test]
fn rule_4_a_bare_token_that_is_not_due_is_refused() {
    let mut driver = Driver::once(options());
    let ask = Box::new(CallerTokens::new("GSSAPI"));
    driver.configure(options().with_negotiation(old_broker()), vec![ask]);
    driver.open();
    let asked = handshake(&mut driver, "GSSAPI");
    driver.answer(&asked, &accepted());
    driver.receive(&sized(b"surprise"));
    assert!(
        driver.close_line().contains("not due"),
        "{}",
        driver.close_line()
    );
}

#[test]
fn rule_4_credentials_that_cannot_be_sent_are_refused_here() {
    for (user, password) in [("", "x"), ("x", ""), ("a\0b", "x"), ("a", "x\0y")] {
        assert!(Plain::new(user, password).start().is_err());
    }
}

#[cfg(feature = "sasl-scram")]
#[test]
fn rule_4_scram_goes_through_the_machine() {
    use kafka_codec::connection::sasl::Scram;
    let driver = &mut Driver::once(options());
    let scram = Box::new(Scram::sha_256("alice", "secret", [7; 32]));
    driver.configure(options(), vec![scram]);
    driver.open();
    driver.answer_versions();
    let asked = handshake(driver, "SCRAM-SHA-256");
    driver.answer(&asked, &accepted());
    let (asked, first) = token(driver);
    let first = String::from_utf8(first).unwrap();
    let nonce = first.strip_prefix("n,,n=alice,r=").unwrap();
    let server = format!("r={nonce}server,s=AAAA,i=4096");
    let challenge = SaslAuthenticateResponse {
        auth_bytes: server.as_bytes().into(),
        ..Default::default()
    };
    driver.answer(&asked, &challenge);
    let (asked, proof) = token(driver);
    assert!(proof.starts_with(b"c=biws,r="));
    // A broker that does not know the password cannot make the signature.
    let liar = SaslAuthenticateResponse {
        auth_bytes: b"v=AAAA"[..].into(),
        ..Default::default()
    };
    driver.answer(&asked, &liar);
    assert!(driver.close_line().contains("could not prove"));
}
