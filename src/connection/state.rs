//! The states of a connection. The session moves it from one to the next.

use std::fmt;

/// Where a connection is between being made and being closed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum State {
    /// The transport is not open yet.
    Connecting,
    /// Waits for the broker to say which versions it has.
    ApiVersions,
    /// Waits for the broker to accept a SASL mechanism.
    SaslHandshake,
    /// Exchanges SASL tokens in SaslAuthenticate requests.
    SaslAuthenticate,
    /// Exchanges bare SASL tokens, after a handshake in version 0 or none.
    SaslTokens,
    /// Requests are sent.
    Ready,
    /// Proves again who it is; requests wait, responses still arrive.
    Reauthenticating,
    /// Takes no more requests and waits for the responses to those that were sent.
    Draining,
    /// Over. Only events are left.
    Closed,
}

impl State {
    /// The state in a word that does not change, for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::ApiVersions => "api_versions",
            Self::SaslHandshake => "sasl_handshake",
            Self::SaslAuthenticate => "sasl_authenticate",
            Self::SaslTokens => "sasl_tokens",
            Self::Ready => "ready",
            Self::Reauthenticating => "reauthenticating",
            Self::Draining => "draining",
            Self::Closed => "closed",
        }
    }

    /// Whether no request of the caller was sent yet.
    #[must_use]
    pub const fn is_initial(self) -> bool {
        matches!(
            self,
            Self::Connecting
                | Self::ApiVersions
                | Self::SaslHandshake
                | Self::SaslAuthenticate
                | Self::SaslTokens
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connecting => "connecting",
            Self::ApiVersions => "negotiating versions",
            Self::SaslHandshake => "agreeing on a SASL mechanism",
            Self::SaslAuthenticate | Self::SaslTokens => "authenticating",
            Self::Ready => "ready",
            Self::Reauthenticating => "authenticating again",
            Self::Draining => "draining",
            Self::Closed => "closed",
        })
    }
}
