//! What may be behind the end of a connection. A guess beside the error, never the error.

use std::fmt;

/// A guess at what is wrong, and how sure it is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Hint {
    /// The guess.
    pub kind: HintKind,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What may be wrong.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HintKind {
    /// The broker wants TLS on this port.
    TlsExpected,
    /// The broker wants SASL on this port.
    SaslMissing,
    /// The port is not one of a Kafka broker.
    WrongPort,
    /// The broker is too old to know ApiVersions, or the version it was asked in.
    OldBroker,
    /// The broker does not accept the name or version of the client's software.
    SoftwareNameRefused,
    /// The limit of frame sizes is too low for what was asked.
    FrameLimitTooLow,
    /// The broker does not believe the client, and has no way to say so where SASL tokens are bare.
    CredentialsRefused,
    /// The broker wanted the client to authenticate again, and has no way to say so where SASL tokens are bare.
    SessionOver,
    /// The broker takes no requests of that size: its `socket.request.max.bytes` is lower.
    RequestTooLarge,
}

/// How sure a hint is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Confidence {
    /// One of several explanations.
    Possible,
    /// The usual explanation.
    Likely,
    /// Hardly anything else explains it.
    Certain,
}

impl Hint {
    pub(super) const fn new(kind: HintKind, confidence: Confidence) -> Self {
        Self { kind, confidence }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.confidence {
            Confidence::Possible => "possibly ",
            Confidence::Likely => "probably ",
            Confidence::Certain => "",
        })?;
        f.write_str(match self.kind {
            HintKind::TlsExpected => "the port expects TLS",
            HintKind::SaslMissing => "the port expects SASL",
            HintKind::WrongPort => "the port is not a Kafka broker's",
            HintKind::OldBroker => "the broker is too old for ApiVersions in this version",
            HintKind::SoftwareNameRefused => {
                "the broker refuses the client's software name or version"
            }
            HintKind::FrameLimitTooLow => "the limit of frame sizes is too low",
            HintKind::CredentialsRefused => "the broker refuses the credentials",
            HintKind::SessionOver => "the session was over",
            HintKind::RequestTooLarge => "a request is larger than the broker takes",
        })
    }
}
