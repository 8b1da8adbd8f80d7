//! Who the client is: each mechanism, and how the broker refuses.

use std::time::Duration;

use kafka_codec::connection::sasl::{
    Mechanism, MechanismError, OauthBearer, Plain, Reply, Scram, Token,
};
use kafka_codec::connection::{
    AuthenticationFault, CloseReason, ConnectionOptions, Event, ReconnectAdvice, State,
};
use kafka_codec::{ApiKey, ErrorCode, VersionRange};

use crate::support::{Link, collect, hint, options, socket};

/// Random enough for a test.
pub(crate) const SEED: [u8; 32] = [7; 32];
/// What `steady.properties` says of sessions.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3);

pub(crate) fn plain(password: &str) -> Box<dyn Mechanism> {
    Box::new(Plain::new("alice", password))
}

/// A token that nobody signed: `{"alg":"none"}` and claims that hold for the next years.
pub(crate) fn unsigned_token() -> String {
    // {"sub":"alice","iat":1600000000,"exp":4000000000}
    let claims = "eyJzdWIiOiJhbGljZSIsImlhdCI6MTYwMDAwMDAwMCwiZXhwIjo0MDAwMDAwMDAwfQ";
    format!("eyJhbGciOiJub25lIn0.{claims}.")
}

fn token() -> Box<dyn Mechanism> {
    Box::new(OauthBearer::new(unsigned_token()))
}

#[tokio::test]
async fn the_broker_believes_each_mechanism_for_as_long_as_it_is_set_to() {
    let mechanisms: [(Box<dyn Mechanism>, u32); 4] = [
        (plain("alice-secret"), 1),
        (Box::new(Scram::sha_256("carol", "carol-secret", SEED)), 2),
        (Box::new(Scram::sha_512("carol", "carol-secret", SEED)), 2),
        (token(), 1),
    ];
    for (mechanism, rounds) in mechanisms {
        let name = mechanism.name().to_owned();
        let (lifetimes, on_event) = collect(|event| match event {
            Event::SaslSucceeded { lifetime, .. } => Some(*lifetime),
            _ => None,
        });
        let socket = socket("sasl").await;
        let link = Link::over(socket, options("sasl"), vec![mechanism], on_event);
        link.ask().await.unwrap();
        let lines = link.lines();
        let expected = [
            format!("{name} begins"),
            format!("{name} succeeded after {rounds} tokens"),
            "ready".to_owned(),
        ];
        assert_eq!(lines[1..], expected);
        let lifetime = lifetimes.lock().unwrap()[0].unwrap();
        assert!(
            lifetime <= LIFETIME && lifetime > LIFETIME - Duration::from_millis(100),
            "{name}: {lifetime:?}"
        );
        link.close().await;
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_in_the_words_of_the_broker() {
    let mechanisms: [(Box<dyn Mechanism>, &str); 4] = [
        (plain("guess"), "Invalid username or password"),
        (
            Box::new(Scram::sha_256("carol", "guess", SEED)),
            "invalid credentials with SASL mechanism SCRAM-SHA-256",
        ),
        (
            Box::new(Scram::sha_512("nobody", "guess", SEED)),
            "invalid credentials with SASL mechanism SCRAM-SHA-512",
        ),
        (
            Box::new(OauthBearer::new("a.b.c")),
            r#"{"status":"invalid_token"}"#,
        ),
    ];
    for (mechanism, words) in mechanisms {
        let name = mechanism.name().to_owned();
        let link = Link::with("sasl", options("sasl"), vec![mechanism]).await;
        let report = link.end().await;
        let line = report.to_string();
        let begins = format!(
            "broker 1 (sasl): authenticating: {name}: broker refused: SASL_AUTHENTICATION_FAILED (58): "
        );
        assert!(line.starts_with(&begins) && line.ends_with(words), "{line}");
        match &report.reason {
            CloseReason::Authentication(AuthenticationFault::Refused {
                mechanism, code, ..
            }) => {
                assert_eq!(**mechanism, name);
                assert_eq!(*code, ErrorCode::SASL_AUTHENTICATION_FAILED);
            }
            other => panic!("{name}: {other}"),
        }
    }
}

/// A mechanism that the broker does not have.
#[derive(Debug)]
struct Unheard;

impl Mechanism for Unheard {
    fn name(&self) -> &str {
        "UNHEARD-OF"
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        Ok(Reply::Send(Token::from(b"never sent".to_vec())))
    }

    fn respond(&mut self, _: &[u8]) -> Result<Reply, MechanismError> {
        Ok(Reply::Done)
    }
}

#[tokio::test]
async fn a_mechanism_that_the_broker_does_not_have_is_named_with_those_that_it_has() {
    let link = Link::with("sasl", options("sasl"), vec![Box::new(Unheard)]).await;
    let report = link.end().await;
    let line = report.to_string();
    let asked =
        "agreeing on a SASL mechanism: broker does not have the SASL mechanism UNHEARD-OF, but ";
    let (_, offered) = line.split_once(asked).unwrap_or_else(|| panic!("{line}"));
    let mut offered: Vec<_> = offered.split(", ").collect();
    offered.sort_unstable();
    assert_eq!(
        offered,
        ["OAUTHBEARER", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    );
}

#[tokio::test]
async fn a_broker_without_the_first_mechanism_takes_another_one_only_on_the_next_connection() {
    let both = || -> Vec<Box<dyn Mechanism>> { vec![Box::new(Unheard), plain("alice-secret")] };
    let mut link = Link::with("sasl", options("sasl"), both()).await;
    let report = link.ended(5).await;
    assert_eq!(link.lines().pop().unwrap(), "PLAIN instead of UNHEARD-OF");
    assert_eq!(report.state, State::SaslHandshake);
    let Some(ReconnectAdvice::Mechanism(advised)) = &report.reconnect else {
        panic!("{report:?}");
    };
    let advised = both().into_iter().find(|one| one.name() == &**advised);
    let link = Link::with("sasl", options("sasl"), vec![advised.unwrap()]).await;
    link.ask().await.unwrap();
    link.close().await;
}

#[tokio::test]
async fn bare_tokens_after_a_handshake_in_version_0_are_taken() {
    let mechanisms: [Box<dyn Mechanism>; 3] = [
        plain("alice-secret"),
        Box::new(Scram::sha_512("carol", "carol-secret", SEED)),
        token(),
    ];
    for mechanism in mechanisms {
        let link = Link::with("sasl", bare("sasl"), vec![mechanism]).await;
        link.ask().await.unwrap();
        link.close().await;
    }
}

/// Options by which the handshake is one in version 0.
pub(crate) fn bare(listener: &str) -> ConnectionOptions {
    options(listener).with_versions([(ApiKey::SaslHandshake, VersionRange::only(0))])
}

#[tokio::test]
async fn a_bare_token_with_a_wrong_password_ends_the_connection_without_a_word() {
    let link = Link::with("sasl", bare("sasl"), vec![plain("guess")]).await;
    let report = link.end().await;
    assert_eq!(
        report.to_string(),
        "broker 1 (sasl): authenticating: peer closed between frames"
    );
    let expected = "probably the broker refuses the credentials";
    assert_eq!(hint(&report).as_deref(), Some(expected));
}
