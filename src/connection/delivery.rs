//! How far a request and its response had got when the request was completed.

use std::fmt;

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
