//! Events about batches.

use std::collections::BTreeMap;
use std::time::Instant;

use kafka_codec::connection::Delivery;
use kafka_codec::produce::{AttemptOutcome, BatchInfo, ProduceEvent, ProduceTracker};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, ErrorCode};
use tracing::Level;

use super::{Number, Printed, Traced, Value, level, text, traced};
use crate::driver::{BROKER, Driver, ms, options};

/// All events of batches so far, handed over.
fn trace_batches(tracker: &mut ProduceTracker) -> Vec<Traced> {
    let events: Vec<ProduceEvent> = std::iter::from_fn(|| tracker.poll_event()).collect();
    let traced = traced(|| events.iter().for_each(ProduceEvent::trace));
    assert_eq!(traced.len(), events.len());
    for (traced, event) in traced.iter().zip(&events) {
        assert_eq!(traced.level, level(event.severity()), "{event:?}");
        assert_eq!(traced.target, "kafka_codec::produce");
    }
    traced
}

#[test]
fn every_attempt_of_a_batch_is_told_and_its_end() {
    let mut driver = Driver::once(options());
    let start = driver.now;
    driver.open_ready();
    let mut tracker = ProduceTracker::default();
    let info = BatchInfo::new("orders", 3)
        .with_topic_id(Uuid::from_u128(1))
        .with_records(500)
        .with_bytes(9_000, 4_000, Some("lz4"));
    let batch = tracker.begin(start, info);

    tracker.attempt(start, batch, BROKER);
    let delivery = Delivery::SentNoResponse;
    tracker.attempt_ended(
        start + ms(30),
        batch,
        AttemptOutcome::TimedOut { delivery },
        None,
    );
    driver.wait(130);
    tracker.attempt(driver.now, batch, BROKER);
    driver.submit(ApiKey::Produce, 9);
    let asked = driver.take();
    driver.wait(10);
    driver.answer_raw(&asked, &[0; 8]);
    let timings = *driver.completions().remove(0).timings();
    tracker.attempt_ended(
        driver.now,
        batch,
        AttemptOutcome::acked(1234),
        Some(timings),
    );

    let traced = trace_batches(&mut tracker);
    let levels: Vec<Level> = traced.iter().map(|each| each.level).collect();
    assert_eq!(levels, [Level::WARN, Level::DEBUG, Level::DEBUG]);
    let common = [
        ("batch", Number(0)),
        ("topic", text("orders")),
        ("topic_id", Printed("AAAAAAAAAAAAAAAAAAAAAQ".to_owned())),
        ("partition", Number(3)),
        ("records", Number(500)),
        ("bytes", Number(4_000)),
    ];
    let with = |more: &[(&'static str, Value)]| -> BTreeMap<_, _> {
        common.iter().chain(more).cloned().collect()
    };
    assert_eq!(
        traced[0].message,
        "orders-3: attempt 1 at broker 1 (b1:9092): timed out (sent, no response) after 30 ms"
    );
    let first = with(&[
        ("event", text("attempt")),
        ("broker", text(BROKER)),
        ("attempt", Number(1)),
        ("outcome", text("timed_out")),
        ("delivery", text("sent_no_response")),
        ("consecutive_timeouts", Number(1)),
        ("backoff_us", Number(0)),
        ("took_us", Number(30_000)),
        ("age_us", Number(30_000)),
    ]);
    assert_eq!(traced[0].fields, first);
    let second = with(&[
        ("event", text("attempt")),
        ("broker", text(BROKER)),
        ("attempt", Number(2)),
        ("outcome", text("acked")),
        ("consecutive_timeouts", Number(0)),
        ("backoff_us", Number(100_000)),
        ("took_us", Number(10_000)),
        ("age_us", Number(140_000)),
        ("queue_us", Number(0)),
        ("write_us", Number(0)),
        ("head_of_line_us", Number(0)),
        ("ttfb_us", Number(10_000)),
        ("transfer_us", Number(0)),
        ("total_us", Number(10_000)),
    ]);
    assert_eq!(traced[1].fields, second);
    let end = with(&[
        ("event", text("finished")),
        ("attempts", Number(2)),
        ("outcome", text("acked")),
        ("persistence", text("yes")),
        ("total_us", Number(140_000)),
        ("waiting_us", Number(0)),
        ("in_flight_us", Number(40_000)),
        ("backing_off_us", Number(100_000)),
    ]);
    assert_eq!(traced[2].fields, end);
}

#[test]
fn batches_that_are_lost_are_errors_with_their_code_and_those_nobody_asked_about_are_not() {
    let start = Instant::now();
    let mut tracker = ProduceTracker::default();
    let mut levels = |outcome: AttemptOutcome| -> Vec<(Level, Option<Value>)> {
        let batch = tracker.begin(start, BatchInfo::new("orders", 0));
        tracker.attempt(start, batch, BROKER);
        tracker.attempt_ended(start, batch, outcome, None);
        tracker.give_up(start, batch);
        let traced = trace_batches(&mut tracker);
        let told = traced
            .iter()
            .map(|each| (each.level, each.fields.get("error_code").cloned()));
        told.collect()
    };
    let refused = Some(Number(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0.into()));
    assert_eq!(
        levels(AttemptOutcome::Fatal(ErrorCode::TOPIC_AUTHORIZATION_FAILED)),
        [(Level::ERROR, refused.clone()), (Level::ERROR, refused)]
    );
    let busy = Some(Number(ErrorCode::NOT_ENOUGH_REPLICAS.0.into()));
    assert_eq!(
        levels(AttemptOutcome::of_code(ErrorCode::NOT_ENOUGH_REPLICAS)),
        [(Level::WARN, busy.clone()), (Level::ERROR, busy)]
    );
    assert_eq!(
        levels(AttemptOutcome::Fatal(ErrorCode::DUPLICATE_SEQUENCE_NUMBER))
            .iter()
            .map(|(level, _)| *level)
            .collect::<Vec<_>>(),
        [Level::DEBUG, Level::DEBUG]
    );
    assert_eq!(
        levels(AttemptOutcome::Written),
        [(Level::DEBUG, None), (Level::DEBUG, None)]
    );
}
