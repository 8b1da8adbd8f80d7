//! The batches that are under way: their histories, which of them are stuck, and how long brokers take.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_codec::connection::{Histogram, Timings};
use kafka_codec::produce::{
    AttemptOutcome, AttemptReport, BatchId, BatchInfo, BatchReport, ProduceEvent, ProduceTracker,
    UnfinishedBatches,
};

use crate::connection::now;

/// A partition whose oldest batch has been failing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StuckPartition {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The batches that are not finished.
    pub batches: usize,
    /// The age of the oldest.
    pub age: Duration,
    /// The number of attempts that timed out in a row.
    pub consecutive_timeouts: u32,
}

/// The times that brokers took to answer the produce attempts of a cluster, and the request timeout that follows from it.
///
/// It prints as `99 % of 1203 answered attempts took at most 84 ms; 2 timed out; a request timeout of 168 to 252 ms is 2 to 3
/// times that`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProduceTimeouts {
    /// The attempts that the broker answered, with whatever it said.
    pub answered: u64,
    /// The attempts that timed out. Their times are in none of the others.
    pub timed_out: u64,
    /// The median of the times from an attempt's request being submitted to its answer.
    pub p50: Duration,
    /// The 99th percentile of these times, rounded up to the bound of a histogram's bucket.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
    /// Two and three times `p99`: a shorter request timeout gives up on brokers that are well, a much longer one notices late
    /// that a broker hangs. It is what [`with_request_timeout`] takes, to which the time that the broker may wait for replicas
    /// is added.
    ///
    /// [`with_request_timeout`]: kafka_codec::connection::ConnectionOptions::with_request_timeout
    pub suggested: (Duration, Duration),
}

impl fmt::Display for ProduceTimeouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.suggested;
        let [p99, low, high] = [self.p99, low, high].map(|it| it.as_millis());
        write!(
            f,
            "99 % of {} answered attempts took at most {p99} ms; {} timed out; \
             a request timeout of {low} to {high} ms is 2 to 3 times that",
            self.answered, self.timed_out
        )
    }
}

/// The batches that are under way.
#[derive(Default)]
pub(super) struct Batches(Mutex<State>);

#[derive(Default)]
struct State {
    tracker: ProduceTracker,
    /// What happened to each batch.
    histories: HashMap<BatchId, History>,
    timeouts: Timeouts,
}

/// How long the broker took for attempts that it answered, and how many it did not.
#[derive(Default)]
struct Timeouts {
    answered: Histogram,
    timed_out: u64,
}

#[derive(Default)]
struct History {
    attempts: Vec<AttemptReport>,
    report: Option<BatchReport>,
}

impl Batches {
    fn with<T>(&self, act: impl FnOnce(&mut ProduceTracker) -> T) -> T {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut state.tracker);
        while let Some(event) = state.tracker.poll_event() {
            event.trace();
            match event {
                ProduceEvent::Attempt(report) => {
                    state.timeouts.observe(&report);
                    let history = state.histories.entry(report.id).or_default();
                    history.attempts.push(report);
                }
                ProduceEvent::Finished(report) => {
                    let history = state.histories.entry(report.id).or_default();
                    history.report = Some(report);
                }
                _ => {}
            }
        }
        result
    }

    pub(super) fn timeouts(&self) -> Option<ProduceTimeouts> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Timeouts {
            answered,
            timed_out,
        } = &state.timeouts;
        let p99 = answered.quantile(990)?;
        Some(ProduceTimeouts {
            answered: answered.count(),
            timed_out: *timed_out,
            p50: answered.quantile(500)?,
            p99,
            max: answered.max(),
            suggested: (p99 * 2, p99 * 3),
        })
    }

    /// Begins a batch. It is over when the guard is finished, or dropped.
    pub(super) fn begin(&self, info: BatchInfo) -> Tracked<'_> {
        let id = self.with(|tracker| tracker.begin(now(), info));
        Tracked { batches: self, id }
    }

    pub(super) fn stuck(&self, min_age: Duration, min_timeouts: u32) -> Vec<StuckPartition> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let partitions = state.tracker.partitions(now());
        drop(state);
        let is_stuck =
            |it: &UnfinishedBatches| it.age >= min_age && it.consecutive_timeouts >= min_timeouts;
        let stuck = partitions.into_iter().filter(is_stuck);
        let mut stuck: Vec<_> = stuck
            .map(|it| StuckPartition {
                topic: it.topic,
                partition: it.partition,
                batches: it.batches,
                age: it.age,
                consecutive_timeouts: it.consecutive_timeouts,
            })
            .collect();
        stuck.sort_by_key(|it| std::cmp::Reverse(it.age));
        stuck
    }
}

/// A batch that is under way.
pub(super) struct Tracked<'a> {
    batches: &'a Batches,
    id: BatchId,
}

impl Tracked<'_> {
    pub(super) fn attempt(&self, broker: &str) {
        self.batches
            .with(|tracker| tracker.attempt(now(), self.id, broker));
    }

    pub(super) fn attempt_ended(&self, outcome: AttemptOutcome, timings: Option<Timings>) {
        self.batches
            .with(|tracker| tracker.attempt_ended(now(), self.id, outcome, timings));
    }

    /// The end of the batch, and its attempts.
    pub(super) fn finish(self) -> (Vec<AttemptReport>, BatchReport) {
        self.batches.with(|tracker| tracker.give_up(now(), self.id));
        let mut state = self
            .batches
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let history = state.histories.remove(&self.id).unwrap_or_default();
        let report = history.report.expect("it was finished now or before");
        (history.attempts, report)
    }
}

impl Drop for Tracked<'_> {
    fn drop(&mut self) {
        // If the caller gave the batch up by dropping its future, that is reported and traced too.
        self.batches.with(|tracker| tracker.give_up(now(), self.id));
        let mut state = self
            .batches
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.histories.remove(&self.id);
    }
}

impl Timeouts {
    fn observe(&mut self, report: &AttemptReport) {
        match report.outcome {
            AttemptOutcome::TimedOut { .. } => self.timed_out += 1,
            // Without acknowledgement there is no answer to wait for.
            AttemptOutcome::Written => {}
            _ => {
                if let Some(took) = report.timings.and_then(|it| it.total()) {
                    self.answered.record(took);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuck_partitions_are_found_in_one_pass_over_the_batches() {
        const PARTITIONS: i32 = 100_000;
        let batches = Batches::default();
        let topic: Arc<str> = "orders".into();
        let tracked: Vec<_> = (0..PARTITIONS)
            .flat_map(|partition| [partition, partition / 2])
            .map(|partition| batches.begin(BatchInfo::new(topic.clone(), partition)))
            .collect();
        let stuck = batches.stuck(Duration::ZERO, 0);
        assert_eq!(stuck.len(), 100_000);
        let count: usize = stuck.iter().map(|it| it.batches).sum();
        assert_eq!(count, tracked.len());
        assert!(stuck.is_sorted_by_key(|it| std::cmp::Reverse(it.age)));
        assert!(batches.stuck(Duration::ZERO, 1).is_empty());
        drop(tracked);
        assert!(batches.stuck(Duration::ZERO, 0).is_empty());
    }
}
