//! The outcome of an attempt, and what it means for the log.

use std::fmt;

use crate::connection::{
    Advice, CloseReason, ConnectionError, ConnectionErrorKind, Delivery, DuplicateRisk, Failure,
    Retry,
};
use crate::{Applied, ErrorCode};

/// The outcome of an attempt to produce a batch.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// The broker has it.
    Acked {
        /// The offset of its first record; -1 if it is unknown.
        base_offset: i64,
        /// When the broker appended it, in milliseconds; -1 if its records keep their own times.
        append_time_ms: i64,
        /// The first offset of the partition; -1 if the broker did not say.
        log_start_offset: i64,
    },
    /// The batch was written, and no answer is expected: acks 0.
    Written,
    /// The broker answered with an error after which it can be sent again.
    Retriable(ErrorCode),
    /// The broker answered with an error after which it cannot.
    Fatal(ErrorCode),
    /// Another broker leads the partition.
    Moved {
        /// The error.
        code: ErrorCode,
        /// The leader that the broker named, if it did. See KIP-951.
        leader: Option<i32>,
    },
    /// The connection broke.
    Transport {
        /// How far the request had got.
        delivery: Delivery,
    },
    /// No answer came in time.
    TimedOut {
        /// How far the request had got.
        delivery: Delivery,
    },
    /// The response does not mention it.
    Omitted,
}

/// The knowledge about a batch being in the log.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Persistence {
    /// No.
    No,
    /// The batch may be in the log: the outcome of some attempt leaves it open.
    Possibly,
    /// Yes.
    Yes,
}

impl Persistence {
    /// Returns a stable word for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Possibly => "possibly",
            Self::Yes => "yes",
        }
    }
}

impl AttemptOutcome {
    /// The broker has it from `base_offset` on.
    #[must_use]
    pub const fn acked(base_offset: i64) -> Self {
        Self::Acked {
            base_offset,
            append_time_ms: -1,
            log_start_offset: -1,
        }
    }

    /// The outcome of an attempt whose partition the broker answered with `code`.
    ///
    /// [`ErrorCode::NONE`] is [`Acked`](Self::Acked) at an unknown offset; [`acked`](Self::acked) takes the offset.
    #[must_use]
    pub fn of_code(code: ErrorCode) -> Self {
        if code.is_none() {
            return Self::acked(-1);
        }
        // A batch before it has not arrived yet, and nothing was appended: Kafka's own client sends it again.
        if code == ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER {
            return Self::Retriable(code);
        }
        let produce = crate::ApiKey::Produce;
        match Advice::of(Failure::Code(code), produce, Delivery::Responded, false).retry {
            Retry::AfterRefreshingMetadata => Self::Moved { code, leader: None },
            Retry::Never | Retry::AfterAuthenticating => Self::Fatal(code),
            _ => Self::Retriable(code),
        }
    }

    /// Returns the outcome of a request without a response.
    #[must_use]
    pub fn of_error(error: &ConnectionError) -> Self {
        let delivery = error.delivery();
        let timed_out = match error.kind() {
            ConnectionErrorKind::TimedOut { .. } => true,
            ConnectionErrorKind::Closed(report) => {
                matches!(report.reason, CloseReason::Timeout(_))
            }
            _ => false,
        };
        match timed_out {
            true => Self::TimedOut { delivery },
            false => Self::Transport { delivery },
        }
    }

    /// Returns the outcome as a stable word for counters.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Acked { .. } => "acked",
            Self::Written => "written",
            Self::Retriable(_) => "retriable",
            Self::Fatal(_) => "fatal",
            Self::Moved { .. } => "moved",
            Self::Transport { .. } => "transport",
            Self::TimedOut { .. } => "timed_out",
            Self::Omitted => "omitted",
        }
    }

    /// Returns `true` if the batch is over with it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Acked { .. } | Self::Written | Self::Fatal(_))
    }

    /// Returns `true` if time ran out, here or at the broker.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::TimedOut { .. } => true,
            Self::Retriable(code) => *code == ErrorCode::REQUEST_TIMED_OUT,
            _ => false,
        }
    }

    /// Returns what this attempt means for the log.
    #[must_use]
    pub fn persistence(&self) -> Persistence {
        let produce = crate::ApiKey::Produce;
        let possibly =
            |failure, delivery| match Advice::of(failure, produce, delivery, false).duplicates {
                DuplicateRisk::Possible => Persistence::Possibly,
                _ => Persistence::No,
            };
        match *self {
            Self::Acked { .. } => Persistence::Yes,
            Self::Written | Self::Omitted => Persistence::Possibly,
            Self::Retriable(code) | Self::Fatal(code) | Self::Moved { code, .. } => {
                match code.applied(produce) {
                    Applied::No => Persistence::No,
                    Applied::Possibly => Persistence::Possibly,
                    Applied::Yes => Persistence::Yes,
                }
            }
            Self::Transport { delivery } => possibly(Failure::Transport, delivery),
            Self::TimedOut { delivery } => possibly(Failure::TimedOut, delivery),
        }
    }
}

impl fmt::Display for AttemptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acked {
                base_offset: -1, ..
            } => f.write_str("acknowledged"),
            Self::Acked { base_offset, .. } => write!(f, "acknowledged at offset {base_offset}"),
            Self::Written => f.write_str("written, no answer expected"),
            Self::Retriable(code) | Self::Fatal(code) => code.fmt(f),
            Self::Moved { code, leader } => match leader {
                Some(leader) => write!(f, "{code}, leader is broker {leader}"),
                None => code.fmt(f),
            },
            Self::Transport { delivery } => write!(f, "connection broke ({delivery})"),
            Self::TimedOut { delivery } => write!(f, "timed out ({delivery})"),
            Self::Omitted => f.write_str("not in the response"),
        }
    }
}
