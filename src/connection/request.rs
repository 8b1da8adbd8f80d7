//! What names a request, and how far it got.

use std::fmt;

use crate::pairing::InFlightRequest;

/// What names a request in events and errors; it prints as `Fetch v16 (correlation 42)`.
pub type ApiLabel = InFlightRequest<()>;

/// A request of one connection, by the order of being submitted.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a request had got.
///
/// This decides what is safe to do next: what was [`NotSent`](Self::NotSent) can be sent elsewhere at once,
/// anything else may have been carried out.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// The transport accepted none of its bytes.
    NotSent,
    /// The transport accepted some of its bytes, or was offered them. The broker cannot have read all
    /// of it, unless the transport accepted more than was reported.
    PartiallySent {
        /// How many bytes were accepted.
        bytes: usize,
        /// How many it has.
        total: usize,
    },
    /// The transport accepted all of its bytes, and no byte of a response arrived.
    SentNoResponse,
    /// A part of the response arrived.
    ResponsePartial {
        /// How many bytes of the response arrived, its size left out.
        got: usize,
        /// How many it has.
        announced: usize,
    },
    /// The response arrived.
    Responded,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent => f.write_str("not sent"),
            Self::PartiallySent { bytes, total } => {
                write!(f, "{bytes} of {total} bytes sent")
            }
            Self::SentNoResponse => f.write_str("sent, no response"),
            Self::ResponsePartial { got, announced } => {
                write!(f, "{got} of {announced} bytes of the response")
            }
            Self::Responded => f.write_str("responded"),
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
