//! The events of batches: the end of each attempt, and the end of the batch.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Severity, Timings};

use super::batch::BatchInfo;
use super::outcome::{AttemptOutcome, Persistence};
use super::tracker::BatchId;

/// An event of a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ProduceEvent {
    /// An attempt ended.
    Attempt(AttemptReport),
    /// The batch is finished. The event of its last attempt precedes this one.
    Finished(BatchReport),
}

/// The report of an attempt that ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttemptReport {
    /// The id of the batch.
    pub id: BatchId,
    /// The description of the batch.
    pub batch: Arc<BatchInfo>,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// The broker that the attempt was sent to.
    pub broker: Arc<str>,
    /// The pause before the attempt.
    pub backoff: Duration,
    /// The duration of the attempt.
    pub took: Duration,
    /// The timings of the request, if the caller passed them.
    pub timings: Option<Timings>,
    /// The outcome of the attempt.
    pub outcome: AttemptOutcome,
    /// The number of consecutive attempts that timed out, up to and including this one.
    pub consecutive_timeouts: u32,
    /// The age of the batch.
    pub age: Duration,
}

/// The report of a finished batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchReport {
    /// The id of the batch.
    pub id: BatchId,
    /// The description of the batch.
    pub batch: Arc<BatchInfo>,
    /// The number of attempts begun.
    pub attempts: u32,
    /// The outcome of the last attempt that ended, if any.
    pub last: Option<AttemptOutcome>,
    /// Whether the batch is in the log, judged by all attempts.
    pub persistence: Persistence,
    /// The time from beginning to end.
    pub total: Duration,
    /// The time before the first attempt.
    pub waiting: Duration,
    /// The time in attempts.
    pub in_flight: Duration,
    /// The time between attempts.
    pub backing_off: Duration,
}

impl ProduceEvent {
    /// Returns the severity of the event.
    ///
    /// An attempt that can be retried is a warning. A batch that is not known to be in the log is an error, unless it was produced
    /// with `acks=0`.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let is_well = |outcome: &AttemptOutcome| match outcome {
            AttemptOutcome::Written => true,
            other => other.persistence() == Persistence::Yes,
        };
        match self {
            Self::Attempt(report) if is_well(&report.outcome) => Severity::Debug,
            Self::Attempt(report) if report.outcome.is_final() => Severity::Error,
            Self::Attempt(_) => Severity::Warning,
            Self::Finished(report) if report.persistence == Persistence::Yes => Severity::Debug,
            Self::Finished(report) if report.last.as_ref().is_some_and(is_well) => Severity::Debug,
            Self::Finished(_) => Severity::Error,
        }
    }
}

impl fmt::Display for AttemptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BatchInfo {
            topic, partition, ..
        } = &*self.batch;
        write!(
            f,
            "{topic}-{partition}: attempt {} at {}: {} after {} ms",
            self.number,
            self.broker,
            self.outcome,
            self.took.as_millis()
        )
    }
}

impl fmt::Display for BatchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BatchInfo {
            topic, partition, ..
        } = &*self.batch;
        write!(f, "{topic}-{partition}: ")?;
        match &self.last {
            Some(outcome) => outcome.fmt(f)?,
            None => f.write_str("never sent")?,
        }
        write!(
            f,
            " after {} attempts and {} ms, of which {} ms in flight",
            self.attempts,
            self.total.as_millis(),
            self.in_flight.as_millis()
        )?;
        match self.persistence {
            Persistence::Possibly => f.write_str("; it may be in the log"),
            Persistence::No | Persistence::Yes => Ok(()),
        }
    }
}
