//! The tracker of batches, from their creation to their end.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::Timings;

use super::batch::BatchInfo;
use super::event::{AttemptReport, BatchReport, ProduceEvent};
use super::outcome::{AttemptOutcome, Persistence};

/// The id of a batch, in the order in which its tracker began them.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub(super) u64);

/// Tracks batches through all attempts. See the [module](super) for an example.
#[derive(Debug, Default)]
pub struct ProduceTracker {
    batches: BTreeMap<BatchId, Tracked>,
    next: u64,
    events: VecDeque<ProduceEvent>,
}

/// The unfinished batches of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedBatches {
    /// The name of the topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The number of batches.
    pub batches: usize,
    /// The age of the oldest batch.
    pub age: Duration,
    /// The number of consecutive timeouts of the oldest batch.
    pub consecutive_timeouts: u32,
}

#[derive(Debug)]
struct Tracked {
    info: Arc<BatchInfo>,
    begun: Instant,
    /// The attempt in flight: when it began, and the broker.
    attempt: Option<(Instant, Arc<str>)>,
    /// The end of the last attempt.
    paused: Option<Instant>,
    attempts: u32,
    consecutive_timeouts: u32,
    waiting: Duration,
    in_flight: Duration,
    backing_off: Duration,
    /// The pause before the attempt in flight.
    backoff: Duration,
    last: Option<AttemptOutcome>,
    persistence: Persistence,
}

impl ProduceTracker {
    /// Begins to track a batch.
    pub fn begin(&mut self, now: Instant, batch: BatchInfo) -> BatchId {
        let id = BatchId(self.next);
        self.next += 1;
        let tracked = Tracked {
            info: Arc::new(batch),
            begun: now,
            attempt: None,
            paused: None,
            attempts: 0,
            consecutive_timeouts: 0,
            waiting: Duration::ZERO,
            in_flight: Duration::ZERO,
            backing_off: Duration::ZERO,
            backoff: Duration::ZERO,
            last: None,
            persistence: Persistence::No,
        };
        self.batches.insert(id, tracked);
        id
    }

    /// Begins an attempt to produce a batch. Returns the number of the attempt, from 1, or `None` if the batch is finished or
    /// an attempt is in flight.
    pub fn attempt(
        &mut self,
        now: Instant,
        id: BatchId,
        broker: impl Into<Arc<str>>,
    ) -> Option<u32> {
        let tracked = self.batches.get_mut(&id)?;
        if tracked.attempt.is_some() {
            return None;
        }
        let since = |then: Instant| now.saturating_duration_since(then);
        match tracked.paused.take() {
            None => tracked.waiting = since(tracked.begun),
            Some(paused) => {
                tracked.backoff = since(paused);
                tracked.backing_off += tracked.backoff;
            }
        }
        tracked.attempt = Some((now, broker.into()));
        tracked.attempts += 1;
        Some(tracked.attempts)
    }

    /// Ends the attempt in flight, with the [timings](crate::connection::Completion::timings) of its request if they are known.
    ///
    /// The batch is finished if the outcome [is final](AttemptOutcome::is_final). Otherwise the caller begins another attempt or
    /// [gives up](Self::give_up). Returns `false` if no attempt was in flight.
    pub fn attempt_ended(
        &mut self,
        now: Instant,
        id: BatchId,
        outcome: AttemptOutcome,
        timings: Option<Timings>,
    ) -> bool {
        let Some(tracked) = self.batches.get_mut(&id) else {
            return false;
        };
        let Some((begun, broker)) = tracked.attempt.take() else {
            return false;
        };
        let took = now.saturating_duration_since(begun);
        tracked.in_flight += took;
        tracked.paused = Some(now);
        tracked.consecutive_timeouts = match outcome.is_timeout() {
            true => tracked.consecutive_timeouts + 1,
            false => 0,
        };
        tracked.last = Some(outcome);
        tracked.persistence = tracked.persistence.max(outcome.persistence());
        let report = AttemptReport {
            id,
            batch: tracked.info.clone(),
            number: tracked.attempts,
            broker,
            backoff: tracked.backoff,
            took,
            timings,
            outcome,
            consecutive_timeouts: tracked.consecutive_timeouts,
            age: now.saturating_duration_since(tracked.begun),
        };
        self.events.push_back(ProduceEvent::Attempt(report));
        if outcome.is_final() {
            self.finish(now, id);
        }
        true
    }

    /// Finishes a batch without further attempts. Returns `false` if it was finished before.
    ///
    /// If an attempt is in flight, the batch is [possibly](Persistence::Possibly) in the log.
    pub fn give_up(&mut self, now: Instant, id: BatchId) -> bool {
        self.finish(now, id)
    }

    fn finish(&mut self, now: Instant, id: BatchId) -> bool {
        let Some(tracked) = self.batches.remove(&id) else {
            return false;
        };
        let since = |then: Instant| now.saturating_duration_since(then);
        let in_flight = tracked.attempt.as_ref().map(|(begun, _)| since(*begun));
        let open = match in_flight {
            Some(_) => Persistence::Possibly,
            None => Persistence::No,
        };
        self.events.push_back(ProduceEvent::Finished(BatchReport {
            id,
            attempts: tracked.attempts,
            last: tracked.last,
            persistence: tracked.persistence.max(open),
            total: since(tracked.begun),
            waiting: match tracked.attempts {
                0 => since(tracked.begun),
                _ => tracked.waiting,
            },
            in_flight: tracked.in_flight + in_flight.unwrap_or_default(),
            backing_off: tracked.backing_off + tracked.paused.map(since).unwrap_or_default(),
            batch: tracked.info,
        }));
        true
    }

    /// Returns the next event. Call it until it returns `None`, after every other call.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ProduceEvent> {
        self.events.pop_front()
    }

    /// Returns the number of unfinished batches.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.batches.len()
    }

    /// Returns the age of the oldest unfinished batch of a partition and the number of its consecutive timeouts. They show a
    /// degrading partition before its batch finishes.
    ///
    /// Each call looks at all unfinished batches; [`partitions`](Self::partitions) has those of every partition in one pass.
    #[must_use]
    pub fn oldest(&self, now: Instant, topic: &str, partition: i32) -> Option<(Duration, u32)> {
        let is_its = |tracked: &&Tracked| {
            *tracked.info.topic == *topic && tracked.info.partition == partition
        };
        let oldest = self
            .batches
            .values()
            .filter(is_its)
            .min_by_key(|tracked| tracked.begun)?;
        let age = now.saturating_duration_since(oldest.begun);
        Some((age, oldest.consecutive_timeouts))
    }

    /// Returns the unfinished batches of each partition that has any, in no particular order.
    #[must_use]
    pub fn partitions(&self, now: Instant) -> Vec<UnfinishedBatches> {
        let mut partitions: HashMap<(&str, i32), (&Tracked, usize)> = HashMap::new();
        for tracked in self.batches.values() {
            let key = (&*tracked.info.topic, tracked.info.partition);
            let (oldest, batches) = partitions.entry(key).or_insert((tracked, 0));
            *batches += 1;
            if tracked.begun < oldest.begun {
                *oldest = tracked;
            }
        }
        let partitions = partitions.into_values();
        let partitions = partitions.map(|(oldest, batches)| UnfinishedBatches {
            topic: oldest.info.topic.clone(),
            partition: oldest.info.partition,
            batches,
            age: now.saturating_duration_since(oldest.begun),
            consecutive_timeouts: oldest.consecutive_timeouts,
        });
        partitions.collect()
    }
}
