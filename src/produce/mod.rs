//! Reports of produced batches: each attempt to produce a batch, and its final outcome.
//!
//! A client that reports only success is silent while a batch loops in timeouts. A [`ProduceTracker`] reports every attempt when it
//! ends, and the batch when it is finished: the time spent waiting, in flight and between attempts, the number of attempts, and
//! whether the batch may be in the log although it failed.
//!
//! The tracker sends nothing and decides nothing. The caller reports what happened and when.
//!
//! # Examples
//!
//! ```
//! use std::time::{Duration, Instant};
//! use kafka_codec::ErrorCode;
//! use kafka_codec::produce::{AttemptOutcome, BatchInfo, Persistence, ProduceEvent, ProduceTracker};
//!
//! let start = Instant::now(); // the caller's clock
//! let at = |milliseconds| start + Duration::from_millis(milliseconds);
//! let mut tracker = ProduceTracker::default();
//! let batch = tracker.begin(at(0), BatchInfo::new("orders", 3).with_records(500));
//!
//! tracker.attempt(at(5), batch, "broker 1");
//! tracker.attempt_ended(at(35), batch, AttemptOutcome::of_code(ErrorCode::REQUEST_TIMED_OUT), None);
//! tracker.attempt(at(135), batch, "broker 2");
//! tracker.attempt_ended(at(145), batch, AttemptOutcome::acked(1234), None);
//!
//! let events: Vec<_> = std::iter::from_fn(|| tracker.poll_event()).collect();
//! let [ProduceEvent::Attempt(first), ProduceEvent::Attempt(_), ProduceEvent::Finished(end)] = &events[..] else {
//!     panic!("two attempts and the end");
//! };
//! assert_eq!(first.consecutive_timeouts, 1);
//! assert_eq!((end.attempts, end.persistence), (2, Persistence::Yes));
//! let spent = [end.waiting, end.in_flight, end.backing_off].map(|part| part.as_millis());
//! assert_eq!(spent, [5, 40, 100]);
//! ```

mod batch;
mod event;
mod outcome;
#[cfg(all(feature = "messages", feature = "records"))]
mod summary;
#[cfg(feature = "tracing")]
mod trace;
mod tracker;

pub use batch::{BatchInfo, ProducerSequence};
pub use event::{AttemptReport, BatchReport, ProduceEvent};
pub use outcome::{AttemptOutcome, Persistence};
#[cfg(all(feature = "messages", feature = "records"))]
pub use summary::ProduceSummary;
pub use tracker::{BatchId, ProduceTracker, UnfinishedBatches};
