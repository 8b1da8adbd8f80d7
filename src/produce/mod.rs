//! What becomes of batches of records: every attempt to produce one, and its end.
//!
//! A batch that is retried looks like nothing at all while it loops in timeouts, if only its success is reported. Here every
//! attempt is an event when it ends, and the batch one more when it is over: where it spent its time, how many
//! attempts it took, and whether it may be in the log although it failed.
//!
//! The tracker sends nothing and decides nothing; the caller tells it what happened, with the time.
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
//!     panic!("each attempt and the end");
//! };
//! assert_eq!(first.consecutive_timeouts, 1);
//! assert_eq!((end.attempts, end.persistence), (2, Persistence::Yes));
//! let spent = [end.waiting, end.on_the_way, end.backing_off].map(|part| part.as_millis());
//! assert_eq!(spent, [5, 40, 100]);
//! ```

mod batch;
mod event;
mod outcome;
#[cfg(feature = "tracing")]
mod trace;
mod tracker;

pub use batch::{BatchInfo, ProducerSequence};
pub use event::{AttemptReport, BatchReport, ProduceEvent};
pub use outcome::{AttemptOutcome, Persistence};
pub use tracker::{BatchId, ProduceTracker};
