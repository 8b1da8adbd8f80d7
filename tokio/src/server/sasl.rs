//! Authentication of clients: the mechanisms, and the exchange on a connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::connection::sasl::{ScramCredential, ScramServer};

use super::options::PasswordCheck;
use crate::sasl::seed;

type CredentialSource = Arc<dyn Fn(&str) -> Option<ScramCredential> + Send + Sync>;
type TokenCheck = Arc<dyn Fn(&str) -> Option<AcceptedToken> + Send + Sync>;

/// Authentication of clients, by any of several mechanisms. A client may authenticate again on the same connection, as
/// the same user.
///
/// # Examples
///
/// ```
/// use kafka_codec::connection::sasl::ScramCredential;
/// use kafka_codec_tokio::{AcceptedToken, ServerSasl};
///
/// let salt = [7; 16]; // random, and another for each user
/// let alice = ScramCredential::sha_256("alice-secret", &salt, 4096);
/// let sasl = ServerSasl::default()
///     .with_plain(|user, password| (user, password) == ("bob", "bob-secret"))
///     .with_scram_sha_256(move |user| (user == "alice").then(|| alice.clone()))
///     .with_oauth_bearer(|token| (token == "eyJhbGciOi").then(|| AcceptedToken::new("carol")));
/// assert_eq!(sasl.mechanisms(), ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"]);
/// ```
#[derive(Clone, Default)]
pub struct ServerSasl {
    plain: Option<PasswordCheck>,
    sha_256: Option<CredentialSource>,
    sha_512: Option<CredentialSource>,
    tokens: Option<TokenCheck>,
}

/// A bearer token that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedToken {
    user: Arc<str>,
    lifetime: Option<Duration>,
}

impl AcceptedToken {
    /// The token of this user.
    #[must_use]
    pub fn new(user: impl Into<Arc<str>>) -> Self {
        Self {
            user: user.into(),
            lifetime: None,
        }
    }

    /// Sets the lifetime of the session. The client has to authenticate again before it ends; see KIP-368.
    #[must_use]
    pub const fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }
}

impl ServerSasl {
    /// Offers PLAIN, and asks `check` whether a user has a password.
    #[must_use]
    pub fn with_plain(
        mut self,
        check: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.plain = Some(Arc::new(check));
        self
    }

    /// Offers SCRAM-SHA-256, and asks `source` for what is kept of a user's password.
    #[must_use]
    pub fn with_scram_sha_256(
        mut self,
        source: impl Fn(&str) -> Option<ScramCredential> + Send + Sync + 'static,
    ) -> Self {
        self.sha_256 = Some(Arc::new(source));
        self
    }

    /// Offers SCRAM-SHA-512, as [`with_scram_sha_256`](Self::with_scram_sha_256) does.
    #[must_use]
    pub fn with_scram_sha_512(
        mut self,
        source: impl Fn(&str) -> Option<ScramCredential> + Send + Sync + 'static,
    ) -> Self {
        self.sha_512 = Some(Arc::new(source));
        self
    }

    /// Offers OAUTHBEARER, and asks `check` whether a token is good, and whose it is.
    #[must_use]
    pub fn with_oauth_bearer(
        mut self,
        check: impl Fn(&str) -> Option<AcceptedToken> + Send + Sync + 'static,
    ) -> Self {
        self.tokens = Some(Arc::new(check));
        self
    }

    /// The mechanisms that are offered.
    #[must_use]
    pub fn mechanisms(&self) -> Vec<&'static str> {
        let offered = [
            ("PLAIN", self.plain.is_some()),
            ("SCRAM-SHA-256", self.sha_256.is_some()),
            ("SCRAM-SHA-512", self.sha_512.is_some()),
            ("OAUTHBEARER", self.tokens.is_some()),
        ];
        let offered = offered.into_iter().filter(|(_, is_offered)| *is_offered);
        offered.map(|(name, _)| name).collect()
    }

    /// Begins an exchange; `None` if the mechanism is not offered.
    pub(super) fn begin(&self, mechanism: &str) -> Option<Exchange> {
        match mechanism {
            "PLAIN" => self.plain.clone().map(Exchange::Plain),
            "SCRAM-SHA-256" => {
                let source = self.sha_256.clone()?;
                Some(Exchange::scram(ScramServer::sha_256(seed()), source))
            }
            "SCRAM-SHA-512" => {
                let source = self.sha_512.clone()?;
                Some(Exchange::scram(ScramServer::sha_512(seed()), source))
            }
            "OAUTHBEARER" => self.tokens.clone().map(Exchange::Bearer),
            _ => None,
        }
    }
}

impl fmt::Debug for ServerSasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerSasl")
            .field(&self.mechanisms())
            .finish()
    }
}

/// What to answer a token with.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Go on.
    Challenge(Vec<u8>),
    /// The client is this user, for as long as is said.
    Accept {
        user: Arc<str>,
        token: Vec<u8>,
        lifetime: Option<Duration>,
    },
    /// The reason for the client.
    Refuse(&'static str),
}

const WRONG: &str = "Authentication failed: invalid credentials";

/// An exchange of tokens with a client.
pub(super) enum Exchange {
    Plain(PasswordCheck),
    Scram(Box<ScramServer>, CredentialSource, Option<Arc<str>>),
    Bearer(TokenCheck),
    /// The client has to admit that its token was refused. See RFC 7628.
    RefusedBearer,
}

impl Exchange {
    fn scram(server: ScramServer, source: CredentialSource) -> Self {
        Self::Scram(Box::new(server), source, None)
    }

    /// Answers a token of the client.
    pub(super) fn step(&mut self, token: &[u8]) -> Step {
        let step = match self {
            Self::Plain(check) => plain(token)
                .filter(|(user, password)| check(user, password))
                .map(|(user, _)| Step::Accept {
                    user: user.into(),
                    token: Vec::new(),
                    lifetime: None,
                }),
            Self::Scram(server, source, user) => match user.take() {
                None => scram_challenge(server, source, user, token),
                Some(user) => server.finish(token).ok().map(|token| Step::Accept {
                    user,
                    token: token.expose().to_vec(),
                    lifetime: None,
                }),
            },
            Self::Bearer(check) => {
                let accepted = bearer(token).and_then(|token| check(token));
                match accepted {
                    Some(AcceptedToken { user, lifetime }) => Some(Step::Accept {
                        user,
                        token: Vec::new(),
                        lifetime,
                    }),
                    None => {
                        *self = Self::RefusedBearer;
                        Some(Step::Challenge(br#"{"status":"invalid_token"}"#.to_vec()))
                    }
                }
            }
            Self::RefusedBearer => None,
        };
        step.unwrap_or(Step::Refuse(WRONG))
    }
}

fn scram_challenge(
    server: &mut ScramServer,
    source: &CredentialSource,
    user: &mut Option<Arc<str>>,
    token: &[u8],
) -> Option<Step> {
    let name = server.begin(token).ok()?;
    let credential = source(&name)?;
    let challenge = server.challenge(&credential).ok()?;
    *user = Some(name.into());
    Some(Step::Challenge(challenge.expose().to_vec()))
}

/// User and password in a token of PLAIN, neither of which may be empty: directories take a login without a password for that of
/// nobody. Acting for another user is not supported.
fn plain(token: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(token).ok()?;
    let mut parts = text.split('\0');
    let (acts_for, user, password) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none() && (acts_for.is_empty() || acts_for == user);
    let is_empty = user.is_empty() || password.is_empty();
    (is_whole && !is_empty).then_some((user, password))
}

/// The bearer token in the client's message, which is not empty. See RFC 7628, section 3.1.
fn bearer(message: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(message).ok()?;
    let mut parts = text.split('\x01');
    let header = parts.next()?;
    if !header.starts_with("n,") {
        return None;
    }
    parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        let (scheme, token) = value.split_once(' ')?;
        let is_bearer = key == "auth" && scheme.eq_ignore_ascii_case("bearer");
        (is_bearer && !token.is_empty()).then_some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_token_takes_one_more_message() {
        let sasl = ServerSasl::default().with_oauth_bearer(|token| {
            let carol = AcceptedToken::new("carol").with_lifetime(Duration::from_secs(60));
            (token == "good").then_some(carol)
        });
        let mut exchange = sasl.begin("OAUTHBEARER").unwrap();
        let step = exchange.step(b"n,,\x01auth=Bearer bad\x01\x01");
        assert!(matches!(step, Step::Challenge(_)), "{step:?}");
        assert_eq!(exchange.step(b"\x01"), Step::Refuse(WRONG));
        let mut exchange = sasl.begin("OAUTHBEARER").unwrap();
        let accepted = Step::Accept {
            user: "carol".into(),
            token: Vec::new(),
            lifetime: Some(Duration::from_secs(60)),
        };
        assert_eq!(exchange.step(b"n,,\x01auth=Bearer good\x01\x01"), accepted);
        assert!(sasl.begin("PLAIN").is_none());
    }

    #[test]
    fn empty_users_passwords_and_tokens_are_refused_whatever_the_check_says() {
        let sasl = ServerSasl::default()
            .with_plain(|_, _| true)
            .with_oauth_bearer(|_| Some(AcceptedToken::new("carol")));
        for token in [&b"\0\0secret"[..], b"\0alice\0", b"\0\0"] {
            let mut exchange = sasl.begin("PLAIN").unwrap();
            assert_eq!(exchange.step(token), Step::Refuse(WRONG), "{token:?}");
        }
        let mut exchange = sasl.begin("OAUTHBEARER").unwrap();
        let step = exchange.step(b"n,,\x01auth=Bearer \x01\x01");
        assert!(matches!(step, Step::Challenge(_)), "{step:?}");
    }

    #[test]
    fn tokens_that_are_not_of_their_mechanism_are_refused() {
        for token in [&b""[..], b"\0", b"a\0b\0c\0d", b"a\0b\0c", b"\xff\0a\0b"] {
            assert_eq!(plain(token), None, "{token:?}");
        }
        assert_eq!(plain(b"\0a\0b"), Some(("a", "b")));
        for message in [
            &b""[..],
            b"n,,",
            b"n,,\x01auth=Basic x\x01\x01",
            b"\x01",
            b"\xff",
        ] {
            assert_eq!(bearer(message), None, "{message:?}");
        }
    }
}
