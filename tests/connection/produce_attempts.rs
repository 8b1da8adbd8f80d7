//! Batches are followed through all attempts, and while they loop.

use std::time::Instant;

use kafka_codec::connection::Delivery;
use kafka_codec::produce::{
    AttemptOutcome, AttemptReport, BatchInfo, BatchReport, Persistence, ProduceEvent,
    ProduceTracker, UnfinishedBatches,
};
use kafka_codec::{ApiKey, ErrorCode};

use crate::driver::{Driver, ms, options};

fn attempts(events: &[ProduceEvent]) -> Vec<&AttemptReport> {
    let attempts = events.iter().filter_map(|event| match event {
        ProduceEvent::Attempt(report) => Some(report),
        _ => None,
    });
    attempts.collect()
}

fn end(events: &[ProduceEvent]) -> &BatchReport {
    match events.last() {
        Some(ProduceEvent::Finished(report)) => report,
        other => panic!("not over, but {other:?}"),
    }
}

fn events(tracker: &mut ProduceTracker) -> Vec<ProduceEvent> {
    std::iter::from_fn(|| tracker.poll_event()).collect()
}

#[test]
fn a_batch_that_loops_in_timeouts_shows_while_it_loops() {
    let start = Instant::now();
    let mut now = start;
    let mut tracker = ProduceTracker::default();
    let batch = tracker.begin(now, BatchInfo::new("orders", 0));
    for number in 1..=4 {
        now += ms(10);
        assert_eq!(tracker.attempt(now, batch, "broker 1"), Some(number));
        assert_eq!(
            tracker.attempt(now, batch, "broker 1"),
            None,
            "one at a time"
        );
        now += ms(100);
        let delivery = Delivery::SentNoResponse;
        let outcome = AttemptOutcome::TimedOut { delivery };
        assert!(tracker.attempt_ended(now, batch, outcome, None));
        let told = events(&mut tracker);
        let attempt = attempts(&told)[0];
        assert_eq!((told.len(), attempt.consecutive_timeouts), (1, number));
        assert_eq!(
            tracker.oldest(now, "orders", 0),
            Some((now - start, number))
        );
    }
    assert!(tracker.give_up(now, batch));
    let told = events(&mut tracker);
    let report = end(&told);
    assert_eq!(
        (report.attempts, report.persistence),
        (4, Persistence::Possibly)
    );
    assert_eq!(
        (report.waiting, report.in_flight, report.backing_off),
        (ms(10), ms(400), ms(30))
    );
    assert_eq!(
        report.to_string(),
        "orders-0: timed out (sent, no response) after 4 attempts and 440 ms, of which 400 ms in flight; \
         it may be in the log"
    );
    assert!(!tracker.give_up(now, batch));
    assert_eq!(
        (tracker.unfinished(), tracker.oldest(now, "orders", 0)),
        (0, None)
    );
}

#[test]
fn all_partitions_are_answered_for_as_each_is() {
    let start = Instant::now();
    let mut tracker = ProduceTracker::default();
    // The oldest batch of orders-0 is begun last.
    for (topic, partition, at) in [
        ("orders", 0, 30),
        ("orders", 1, 20),
        ("other", 0, 10),
        ("orders", 0, 0),
    ] {
        let batch = tracker.begin(start + ms(at), BatchInfo::new(topic, partition));
        tracker.attempt(start + ms(40), batch, "broker 1");
        if at == 0 {
            let delivery = Delivery::SentNoResponse;
            let outcome = AttemptOutcome::TimedOut { delivery };
            tracker.attempt_ended(start + ms(50), batch, outcome, None);
        }
    }
    let now = start + ms(100);
    let mut all = tracker.partitions(now);
    all.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    for it in &all {
        let oldest = tracker.oldest(now, &it.topic, it.partition);
        assert_eq!(oldest, Some((it.age, it.consecutive_timeouts)));
    }
    let all = all.iter().map(|it| {
        let UnfinishedBatches {
            topic, partition, ..
        } = it;
        (&**topic, *partition, it.batches, it.age)
    });
    let expected = [
        ("orders", 0, 2, ms(100)),
        ("orders", 1, 1, ms(80)),
        ("other", 0, 1, ms(90)),
    ];
    assert!(all.eq(expected));
}

#[test]
fn the_parts_of_the_time_are_the_whole() {
    let start = Instant::now();
    let mut tracker = ProduceTracker::default();
    for (gives_up_at, attempts_made) in [(0, 0), (50, 1), (150, 1), (230, 2)] {
        let batch = tracker.begin(start, BatchInfo::new("a", 1));
        let times = [(20, 100), (200, 300)];
        for (begin, finish) in times {
            if begin <= gives_up_at {
                tracker.attempt(start + ms(begin), batch, "b");
            }
            if finish <= gives_up_at {
                let outcome = AttemptOutcome::of_code(ErrorCode::NOT_ENOUGH_REPLICAS);
                tracker.attempt_ended(start + ms(finish), batch, outcome, None);
            }
        }
        tracker.give_up(start + ms(gives_up_at), batch);
        let told = events(&mut tracker);
        let report = end(&told);
        assert_eq!(report.attempts, attempts_made);
        assert_eq!(
            report.waiting + report.in_flight + report.backing_off,
            report.total
        );
        assert_eq!(report.total, ms(gives_up_at));
    }
}

#[test]
fn outcomes_say_what_they_leave_open() {
    let code = AttemptOutcome::of_code;
    for (outcome, is_final, persistence) in [
        (AttemptOutcome::acked(5), true, Persistence::Yes),
        (AttemptOutcome::Written, true, Persistence::Possibly),
        (AttemptOutcome::Omitted, false, Persistence::Possibly),
        (code(ErrorCode::NONE), true, Persistence::Yes),
        // After the append, if the partition moves while acks=all waits: `DelayedProduce.tryComplete`.
        (
            code(ErrorCode::NOT_LEADER_OR_FOLLOWER),
            false,
            Persistence::Possibly,
        ),
        (
            code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            false,
            Persistence::Possibly,
        ),
        (
            code(ErrorCode::KAFKA_STORAGE_ERROR),
            false,
            Persistence::Possibly,
        ),
        (code(ErrorCode::NOT_ENOUGH_REPLICAS), false, Persistence::No),
        // The batch before it may still arrive: `TransactionManager.canRetry`.
        (
            code(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
            false,
            Persistence::No,
        ),
        (
            code(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND),
            false,
            Persistence::Possibly,
        ),
        (
            code(ErrorCode::REQUEST_TIMED_OUT),
            false,
            Persistence::Possibly,
        ),
        (code(ErrorCode::MESSAGE_TOO_LARGE), true, Persistence::No),
        (
            code(ErrorCode::DUPLICATE_SEQUENCE_NUMBER),
            true,
            Persistence::Yes,
        ),
        (
            AttemptOutcome::Transport {
                delivery: Delivery::NotSent,
            },
            false,
            Persistence::No,
        ),
        (
            AttemptOutcome::Transport {
                delivery: Delivery::SentNoResponse,
            },
            false,
            Persistence::Possibly,
        ),
    ] {
        assert_eq!(
            (outcome.is_final(), outcome.persistence()),
            (is_final, persistence),
            "{outcome}"
        );
    }
    assert!(matches!(
        code(ErrorCode::NOT_LEADER_OR_FOLLOWER),
        AttemptOutcome::Moved { .. }
    ));
}

#[test]
fn attempts_are_fed_by_what_a_connection_says() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    let mut tracker = ProduceTracker::default();
    let batch = tracker.begin(driver.now, BatchInfo::new("orders", 7).with_records(10));
    tracker.attempt(driver.now, batch, driver.connection.broker().clone());
    driver.submit(ApiKey::Produce, 9);
    driver.wait(30_000);
    let done = driver.completions().remove(0);
    let timings = *done.timings();
    let error = done.into_response().unwrap_err();
    let outcome = AttemptOutcome::of_error(&error);
    tracker.attempt_ended(driver.now, batch, outcome, Some(timings));
    let told = events(&mut tracker);
    assert_eq!(
        attempts(&told)[0].to_string(),
        "orders-7: attempt 1 at broker 1 (b1:9092): timed out (sent, no response) after 30000 ms"
    );
}
