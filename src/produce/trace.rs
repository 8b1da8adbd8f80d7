//! What is told of batches as events of `tracing`, one for one. Only with the feature `tracing`.

use crate::ErrorCode;
use crate::connection::trace::{Stages, at_severity, micros};
use crate::connection::{Delivery, Severity};

use super::event::{AttemptReport, BatchReport, ProduceEvent};
use super::outcome::AttemptOutcome;

/// What filters find these events by.
const TARGET: &str = "kafka_codec::produce";

impl ProduceEvent {
    /// Hands the event to `tracing`, as one event of its own. Only with the feature `tracing`.
    ///
    /// The level follows from the [severity](Self::severity), the target is `kafka_codec::produce`, and the message is what the
    /// report prints. Fields keep their names and units; a field that says nothing is left out.
    ///
    /// | field | what it is | on which events |
    /// |---|---|---|
    /// | `event` | `attempt` or `finished` | both |
    /// | `batch` | the number of the batch in its tracker | both |
    /// | `topic`, `topic_id`, `partition` | where it goes | both |
    /// | `records`, `bytes` | how many, and their bytes as they are sent | both |
    /// | `broker`, `attempt` | where it was sent, and for which time | `attempt` |
    /// | `attempts` | how many there were | `finished` |
    /// | `outcome` | [how the attempt ended](AttemptOutcome::name), or the last one | both |
    /// | `delivery`, `error_code` | how far it got, and the number of Kafka's error | both, as the outcome has it |
    /// | `consecutive_timeouts` | how many attempts have timed out in a row | `attempt` |
    /// | `backoff_us`, `took_us`, `age_us` | the pause before it, how long it took, how old the batch is, in microseconds | `attempt` |
    /// | `queue_us`, `write_us`, `head_of_line_us`, `ttfb_us`, `transfer_us`, `total_us` | the stages of its request | `attempt`, if the caller said |
    /// | `persistence` | [whether it is in the log](super::Persistence::name) | `finished` |
    /// | `total_us`, `waiting_us`, `on_the_way_us`, `backing_off_us` | where the time went | `finished` |
    ///
    /// # Examples
    ///
    /// ```
    /// # use kafka_codec::produce::ProduceTracker;
    /// # let mut tracker = ProduceTracker::default();
    /// while let Some(event) = tracker.poll_event() {
    ///     event.trace();
    /// }
    /// ```
    pub fn trace(&self) {
        let severity = self.severity();
        match self {
            Self::Attempt(report) => attempt(severity, report),
            Self::Finished(report) => finished(severity, report),
        }
    }
}

fn attempt(severity: Severity, report: &AttemptReport) {
    let (delivery, error_code) = details(Some(&report.outcome));
    let stages = report.timings.as_ref().map(Stages::of).unwrap_or_default();
    let batch = &*report.batch;
    at_severity!(
        severity,
        target: TARGET,
        event = "attempt",
        batch = report.id.0,
        topic = &*batch.topic,
        topic_id = batch.topic_id.map(tracing::field::display),
        partition = batch.partition,
        records = batch.records,
        bytes = batch.compressed_bytes,
        broker = &*report.broker,
        attempt = report.number,
        outcome = report.outcome.name(),
        delivery,
        error_code,
        consecutive_timeouts = report.consecutive_timeouts,
        backoff_us = micros(report.backoff),
        took_us = micros(report.took),
        age_us = micros(report.age),
        queue_us = stages.queue_us,
        write_us = stages.write_us,
        head_of_line_us = stages.head_of_line_us,
        ttfb_us = stages.ttfb_us,
        transfer_us = stages.transfer_us,
        total_us = stages.total_us,
        "{report}"
    );
}

fn finished(severity: Severity, report: &BatchReport) {
    let (delivery, error_code) = details(report.last.as_ref());
    let batch = &*report.batch;
    at_severity!(
        severity,
        target: TARGET,
        event = "finished",
        batch = report.id.0,
        topic = &*batch.topic,
        topic_id = batch.topic_id.map(tracing::field::display),
        partition = batch.partition,
        records = batch.records,
        bytes = batch.compressed_bytes,
        attempts = report.attempts,
        outcome = report.last.as_ref().map(AttemptOutcome::name),
        delivery,
        error_code,
        persistence = report.persistence.name(),
        total_us = micros(report.total),
        waiting_us = micros(report.waiting),
        on_the_way_us = micros(report.on_the_way),
        backing_off_us = micros(report.backing_off),
        "{report}"
    );
}

/// How far the request of an attempt got and which error the broker named, where it has the one or the other.
fn details(outcome: Option<&AttemptOutcome>) -> (Option<&'static str>, Option<i16>) {
    let delivery = |delivery: &Delivery| (Some(delivery.name()), None);
    let code = |code: &ErrorCode| (None, Some(code.0));
    match outcome {
        Some(
            AttemptOutcome::Transport { delivery: got }
            | AttemptOutcome::TimedOut { delivery: got },
        ) => delivery(got),
        Some(
            AttemptOutcome::Retriable(error)
            | AttemptOutcome::Fatal(error)
            | AttemptOutcome::Moved { code: error, .. },
        ) => code(error),
        Some(AttemptOutcome::Acked { .. } | AttemptOutcome::Written | AttemptOutcome::Omitted)
        | None => (None, None),
    }
}
