//! Proving to the broker who the client is: the mechanisms, and what carries their tokens.
//!
//! | mechanism | feature |
//! |---|---|
//! | [`Plain`] | |
//! | [`Scram`], SHA-256 and SHA-512 | `sasl-scram` |
//! | [`OauthBearer`] | `sasl-oauthbearer` |
//! | any, with tokens that the caller provides: [`CallerTokens`] | |
//! | others: implement [`Mechanism`] | |
//!
//! The server's side of SCRAM is [`ScramServer`].

mod exchange;
#[cfg(feature = "sasl-oauthbearer")]
mod oauthbearer;
#[cfg(feature = "sasl-scram")]
mod scram;
#[cfg(feature = "sasl-scram")]
mod scram_server;

use std::{error, fmt};

use zeroize::Zeroize;

pub(super) use exchange::{Authenticated, Exchange, NextToken, TokenCarrier};
#[cfg(feature = "sasl-oauthbearer")]
pub use oauthbearer::OauthBearer;
#[cfg(feature = "sasl-scram")]
pub use scram::Scram;
#[cfg(feature = "sasl-scram")]
pub use scram_server::{ScramCredential, ScramServer};

/// The client's side of a SASL mechanism.
///
/// Implement it for mechanisms that are not here, such as GSSAPI. What it prints with `Debug` must hold no
/// secrets; neither must its errors.
///
/// # Examples
///
/// ```
/// use kafka_codec::connection::sasl::{Mechanism, MechanismError, Reply, Token};
///
/// /// Sends a user name and believes whatever comes back.
/// #[derive(Debug)]
/// struct Trusting;
///
/// impl Mechanism for Trusting {
///     fn name(&self) -> &str {
///         "TRUSTING"
///     }
///
///     fn start(&mut self) -> Result<Reply, MechanismError> {
///         Ok(Reply::Send(Token::from(b"alice".to_vec())))
///     }
///
///     fn respond(&mut self, _challenge: &[u8]) -> Result<Reply, MechanismError> {
///         Ok(Reply::Done)
///     }
/// }
/// ```
pub trait Mechanism: fmt::Debug + Send + Sync {
    /// Its registered name, such as `SCRAM-SHA-256`.
    fn name(&self) -> &str;

    /// Begins anew: what the client says first.
    ///
    /// # Errors
    ///
    /// [`MechanismError`] closes the connection, or ends authenticating again.
    fn start(&mut self) -> Result<Reply, MechanismError>;

    /// What the client says to what the broker said.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    fn respond(&mut self, challenge: &[u8]) -> Result<Reply, MechanismError>;

    /// What the client says with the token that [`Reply::Ask`] asked for; `None` if the caller has none.
    ///
    /// By default the token is sent as it is, and without one nothing is left to say.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    fn provide(&mut self, token: Option<Token>) -> Result<Reply, MechanismError> {
        Ok(token.map_or(Reply::Done, Reply::Send))
    }

    /// Returns `true` if the next [`start`](Self::start) would ask for a token. Before the connection authenticates again,
    /// it asks then, and goes on sending requests until the token is there. By default `false`.
    fn needs_token(&self) -> bool {
        false
    }

    /// Keeps a token for the next [`start`](Self::start). Called only after [`needs_token`](Self::needs_token) returned
    /// `true`.
    fn prepare(&mut self, token: Token) {
        drop(token);
    }
}

/// The next step of a mechanism.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reply {
    /// Send this; the broker will answer.
    Send(Token),
    /// Send this, the last token. The broker answers it only inside SaslAuthenticate.
    SendLast(Token),
    /// Ask the caller for the token: see
    /// [`Event::SaslTokenWanted`](crate::connection::Event::SaslTokenWanted).
    Ask,
    /// The broker is who it should be, and nothing is left to say.
    Done,
}

/// Why a mechanism cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechanismError(Box<str>);

impl MechanismError {
    /// An error that says `what` went wrong, without secrets.
    #[must_use]
    pub fn new(what: impl Into<Box<str>>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for MechanismError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for MechanismError {}

/// The mechanism PLAIN of RFC 4616: user name and password in one token. The password goes over the wire as it is, so use
/// it inside TLS only.
#[derive(Clone, Debug)]
pub struct Plain {
    user: String,
    password: Secret,
}

impl Plain {
    /// Authenticates as `user`.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }
}

impl Mechanism for Plain {
    fn name(&self) -> &str {
        "PLAIN"
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        let (user, password) = (self.user.as_bytes(), self.password.expose().as_bytes());
        if user.is_empty() || password.is_empty() {
            return Err(MechanismError::new(
                "user name and password must not be empty",
            ));
        }
        if user.contains(&0) || password.contains(&0) {
            return Err(MechanismError::new(
                "user name and password must not have a NUL character",
            ));
        }
        let mut token = Vec::with_capacity(2 + user.len() + password.len());
        token.push(0);
        token.extend_from_slice(user);
        token.push(0);
        token.extend_from_slice(password);
        Ok(Reply::Send(token.into()))
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Reply, MechanismError> {
        // What a broker says to it has no meaning: it would have refused otherwise.
        Ok(Reply::Done)
    }
}

/// A mechanism of any name whose tokens the caller provides, so that they can be made elsewhere and take their time.
///
/// After each [`Event::SaslTokenWanted`](crate::connection::Event::SaslTokenWanted) comes
/// [`Connection::provide_sasl_token`](crate::connection::Connection::provide_sasl_token).
#[derive(Clone, Debug)]
pub struct CallerTokens {
    name: String,
}

impl CallerTokens {
    /// The mechanism of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

impl Mechanism for CallerTokens {
    fn name(&self) -> &str {
        &self.name
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        Ok(Reply::Ask)
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Reply, MechanismError> {
        Ok(Reply::Ask)
    }
}

/// A password or the like, which is wiped when it is dropped and does not print.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A token of the client, which is wiped when it is dropped and does not print.
pub struct Token(Vec<u8>);

impl Token {
    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Token {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl Token {
    /// The token as text; `None` if it is not UTF-8.
    #[cfg(feature = "sasl-oauthbearer")]
    pub(super) fn into_secret(mut self) -> Option<Secret> {
        match String::from_utf8(std::mem::take(&mut self.0)) {
            Ok(text) => Some(Secret(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                None
            }
        }
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} bytes)", self.0.len())
    }
}
