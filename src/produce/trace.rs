//! Events of batches as events of `tracing`, one each. Only with the feature `tracing`.

use crate::ErrorCode;
use crate::connection::trace::{Stages, at_severity, micros};
use crate::connection::{Delivery, Severity};

use super::event::{AttemptReport, BatchReport, ProduceEvent};
use super::outcome::AttemptOutcome;

/// The target of these events.
const TARGET: &str = "kafka_codec::produce";

impl ProduceEvent {
    /// Hands the event to `tracing`, as one event of its own. Only with the feature `tracing`.
    ///
    /// The level follows from the [severity](Self::severity), the target is `kafka_codec::produce`, and the message is what the
    /// report prints. Names and units of fields are stable; fields without a value are omitted.
    ///
    /// | field | what it is | on which events |
    /// |---|---|---|
    /// | `event` | `attempt` or `finished` | both |
    /// | `batch` | the number of the batch in its tracker | both |
    /// | `topic`, `topic_id`, `partition` | the partition that it is produced to | both |
    /// | `records`, `bytes` | the number of records, and their size as sent | both |
    /// | `broker`, `attempt` | the broker, and the number of the attempt | `attempt` |
    /// | `attempts` | the number of attempts | `finished` |
    /// | `outcome` | the [outcome](AttemptOutcome::name) of the attempt, or of the last one | both |
    /// | `delivery`, `error_code` | the progress of the request, and Kafka's error code | both, depending on the outcome |
    /// | `consecutive_timeouts` | the number of consecutive timeouts | `attempt` |
    /// | `backoff_us`, `took_us`, `age_us` | the pause before the attempt, its duration and the age of the batch, in microseconds | `attempt` |
    /// | `queue_us`, `write_us`, `head_of_line_us`, `ttfb_us`, `transfer_us`, `total_us` | the timings of the request | `attempt`, if the caller passed them |
    /// | `persistence` | [whether it is in the log](super::Persistence::name) | `finished` |
    /// | `total_us`, `waiting_us`, `in_flight_us`, `backing_off_us` | the time in total and its parts | `finished` |
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
        in_flight_us = micros(report.in_flight),
        backing_off_us = micros(report.backing_off),
        "{report}"
    );
}

/// The delivery and the error code of an outcome, where it has the one or the other.
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
