//! Follows batches from being made to their end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::Timings;

use super::batch::BatchInfo;
use super::event::{AttemptReport, BatchReport, ProduceEvent};
use super::outcome::{AttemptOutcome, Persistence};

/// A batch of one tracker, by the order of being begun.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub(super) u64);

/// Follows batches through all attempts. The [module](super) has an example.
#[derive(Debug, Default)]
pub struct ProduceTracker {
    batches: BTreeMap<BatchId, Tracked>,
    next: u64,
    events: VecDeque<ProduceEvent>,
}

#[derive(Debug)]
struct Tracked {
    info: Arc<BatchInfo>,
    begun: Instant,
    /// When the attempt under way was begun, and where.
    attempt: Option<(Instant, Arc<str>)>,
    /// When the last attempt ended.
    paused: Option<Instant>,
    attempts: u32,
    consecutive_timeouts: u32,
    waiting: Duration,
    on_the_way: Duration,
    backing_off: Duration,
    /// The pause before the attempt under way.
    backoff: Duration,
    last: Option<AttemptOutcome>,
    persistence: Persistence,
}

impl ProduceTracker {
    /// A batch was made.
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
            on_the_way: Duration::ZERO,
            backing_off: Duration::ZERO,
            backoff: Duration::ZERO,
            last: None,
            persistence: Persistence::No,
        };
        self.batches.insert(id, tracked);
        id
    }

    /// An attempt to send it begins. Which one, from 1; `None` if the batch is over, or an attempt is
    /// under way.
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

    /// The attempt ended, perhaps with the [timings](crate::connection::Completion::timings) of its request. If its
    /// outcome [is final](AttemptOutcome::is_final), the batch is over; else the caller begins another attempt, or
    /// [gives up](Self::give_up). False if no attempt was under way.
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
        tracked.on_the_way += took;
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

    /// No more attempts will be made: the batch is over. False if it was.
    ///
    /// If an attempt is under way, whether the batch is in the log stays open.
    pub fn give_up(&mut self, now: Instant, id: BatchId) -> bool {
        self.finish(now, id)
    }

    fn finish(&mut self, now: Instant, id: BatchId) -> bool {
        let Some(tracked) = self.batches.remove(&id) else {
            return false;
        };
        let since = |then: Instant| now.saturating_duration_since(then);
        let under_way = tracked.attempt.as_ref().map(|(begun, _)| since(*begun));
        let open = match under_way {
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
            on_the_way: tracked.on_the_way + under_way.unwrap_or_default(),
            backing_off: tracked.backing_off + tracked.paused.map(since).unwrap_or_default(),
            batch: tracked.info,
        }));
        true
    }

    /// The next event. Call it until there is none, after every call that changes something.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ProduceEvent> {
        self.events.pop_front()
    }

    /// How many batches are not over.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.batches.len()
    }

    /// How old the oldest batch of a partition is that is not over, and how many of its attempts have timed out in a
    /// row: what shows a partition that gets worse while it does.
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
}
