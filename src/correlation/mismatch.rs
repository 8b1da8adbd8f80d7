//! Why a response cannot be the answer to what was sent.

use std::{error, fmt};

use super::InFlightRequest;

/// A response that answers no request where one was due. It is final: which response answers which
/// request is unknown from here on, so the connection must be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    received: i32,
    kind: MismatchKind,
}

impl Mismatch {
    pub(super) const fn new(received: i32, kind: MismatchKind) -> Self {
        Self { received, kind }
    }

    /// The correlation id of the response.
    #[must_use]
    pub const fn received(&self) -> i32 {
        self.received
    }

    /// Returns the kind of mismatch.
    #[must_use]
    pub const fn kind(&self) -> &MismatchKind {
        &self.kind
    }

    /// The request that was to be answered next; `None` if none was.
    #[must_use]
    pub const fn expected(&self) -> Option<&InFlightRequest<()>> {
        match &self.kind {
            MismatchKind::NothingInFlight => None,
            MismatchKind::OutOfOrder { expected, .. } | MismatchKind::Unknown { expected } => {
                Some(expected)
            }
        }
    }
}

/// The kinds of mismatch between a response and its request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MismatchKind {
    /// No request waits for a response.
    NothingInFlight,
    /// The response answers a request that is not the oldest.
    OutOfOrder {
        /// The oldest request.
        expected: InFlightRequest<()>,
        /// The request that it would answer.
        answers: InFlightRequest<()>,
        /// How many requests are before that one.
        ahead: usize,
    },
    /// No request that was sent lately has its correlation id.
    Unknown {
        /// The oldest request.
        expected: InFlightRequest<()>,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let received = self.received;
        match &self.kind {
            MismatchKind::NothingInFlight => write!(
                f,
                "a response with correlation id {received}, but no request is in flight"
            ),
            MismatchKind::OutOfOrder {
                expected,
                answers,
                ahead,
            } => write!(
                f,
                "a response to {answers} where {expected} was due, {ahead} ahead of it in flight"
            ),
            MismatchKind::Unknown { expected } => write!(
                f,
                "a response with correlation id {received} where {expected} was due; \
                 no request in flight has that id"
            ),
        }
    }
}

impl error::Error for Mismatch {}
