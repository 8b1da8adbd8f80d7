//! What is told of batches: each attempt, and the end.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Severity, Timings};

use super::batch::BatchInfo;
use super::outcome::{AttemptOutcome, Persistence};
use super::tracker::BatchId;

/// What happened to a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ProduceEvent {
    /// An attempt ended.
    Attempt(AttemptReport),
    /// The batch is over. Its last attempt was told before.
    Finished(BatchReport),
}

/// An attempt that ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttemptReport {
    /// Which batch.
    pub id: BatchId,
    /// What it is.
    pub batch: Arc<BatchInfo>,
    /// Which attempt, from 1.
    pub number: u32,
    /// Where it was sent.
    pub broker: Arc<str>,
    /// The pause before it.
    pub backoff: Duration,
    /// How long it took.
    pub took: Duration,
    /// The stages of its request, if the caller said.
    pub timings: Option<Timings>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// How many attempts have timed out in a row, this one included.
    pub consecutive_timeouts: u32,
    /// How old the batch is.
    pub age: Duration,
}

/// A batch that is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchReport {
    /// Which batch.
    pub id: BatchId,
    /// What it is.
    pub batch: Arc<BatchInfo>,
    /// How many attempts were begun.
    pub attempts: u32,
    /// How the last one ended; `None` if there was none.
    pub last: Option<AttemptOutcome>,
    /// Whether it is in the log, after all that was heard of all attempts.
    pub persistence: Persistence,
    /// From beginning to end.
    pub total: Duration,
    /// Before the first attempt.
    pub waiting: Duration,
    /// In attempts.
    pub on_the_way: Duration,
    /// Between attempts.
    pub backing_off: Duration,
}

impl ProduceEvent {
    /// How much it matters: an attempt after which the batch is sent again is a warning, and a batch that is not known
    /// to be in the log an error, unless nobody was asked to say so.
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
            " after {} attempts and {} ms, of which {} ms on the way",
            self.attempts,
            self.total.as_millis(),
            self.on_the_way.as_millis()
        )?;
        match self.persistence {
            Persistence::Possibly => f.write_str("; it may be in the log"),
            Persistence::No | Persistence::Yes => Ok(()),
        }
    }
}
