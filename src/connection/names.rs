//! Words that do not change, for counters and for the fields of logs. What is printed for people stands beside each type;
//! words of failures stand with their other words.

use super::client::completion::Outcome;
use super::client::gate::HeldBy;
use super::delivery::Delivery;
use super::state::State;

impl State {
    /// The state in a word that does not change: for counters.
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
}

impl Delivery {
    /// How far a request had got, in a word that does not change: for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::PartiallySent { .. } => "partially_sent",
            Self::SentNoResponse => "sent_no_response",
            Self::ResponsePartial { .. } => "response_partial",
            Self::Responded => "responded",
        }
    }
}

impl Outcome {
    /// How a request ended, in a word that does not change, for counters: `responded`, `written`, or the
    /// [name](super::ConnectionErrorKind::name) of why it failed.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Response(_) => "responded",
            Self::Written => "written",
            Self::Failed(error) => error.kind().name(),
        }
    }
}

impl HeldBy {
    /// What holds a request back, in a word that does not change: for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initialization => "initialization",
            Self::Throttle => "throttle",
            Self::Reauthentication => "reauthentication",
            Self::InFlight => "in_flight",
        }
    }
}
