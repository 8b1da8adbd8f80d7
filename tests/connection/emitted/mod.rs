//! Events of connections are counted and timed for the crate `metrics`, with the names that the documentation promises.

mod recorder;
mod script;

use std::collections::BTreeSet;
use std::time::Instant;

use allocation_counter::measure;
use kafka_codec::ApiKey;
use kafka_codec::connection::{Event, Metrics, MetricsEmitter, SubmitOptions};

use crate::driver::{Driver, options};
use recorder::{Recorded, emitted};
use script::eventful;

/// All events so far, counted by an emitter and in a snapshot.
fn count(events: &[Event]) -> (Recorded, Metrics) {
    let mut metrics = Metrics::default();
    let recorded = emitted(|| {
        MetricsEmitter::describe();
        let mut emitter = MetricsEmitter::new("b1");
        for event in events {
            emitter.observe(event);
            metrics.observe(event);
        }
    });
    (recorded, metrics)
}

#[test]
fn a_request_counts_by_how_it_ended_and_each_stage_is_timed() {
    let (recorded, _) = count(&eventful());
    let api = |api: &str| format!("api={api},broker=b1");
    let requests = recorded.series("kafka_requests_total");
    let expected = [
        ("ApiVersions", "responded", "responded", 1),
        ("Fetch", "remote_eof", "response_partial", 1),
        ("Heartbeat", "cancelled", "sent_no_response", 1),
        ("ListOffsets", "timed_out", "sent_no_response", 1),
        ("Metadata", "responded", "responded", 1),
        ("OffsetFetch", "remote_eof", "partially_sent", 1),
        ("Produce", "written", "sent_no_response", 1),
    ];
    let expected = expected.map(|(api, outcome, delivery, count)| {
        let labels = format!("api={api},broker=b1,delivery={delivery},outcome={outcome}");
        (labels, count)
    });
    assert_eq!(requests, expected);
    let stage = |stage: &str| {
        let labels = format!("api=Metadata,broker=b1,stage={stage}");
        recorded.durations("kafka_request_duration_seconds", &labels)
    };
    let stages = [
        "queue",
        "write",
        "head_of_line",
        "ttfb",
        "transfer",
        "total",
        "decode",
    ];
    let expected = [
        &[0.0][..],
        &[0.0],
        &[0.0],
        &[0.005],
        &[0.003],
        &[0.008],
        &[],
    ];
    assert_eq!(stages.map(stage), expected);
    assert_eq!(
        recorded.durations("kafka_throttle_duration_seconds", &api("Metadata")),
        [0.25]
    );
    let total = recorded.durations(
        "kafka_request_duration_seconds",
        "api=Fetch,broker=b1,stage=total",
    );
    assert!(total.is_empty(), "it failed");
    assert_eq!(
        recorded.count("kafka_sent_bytes_total", &api("OffsetFetch")),
        7
    );
    assert_eq!(
        recorded.count("kafka_requests_retriable_total", &api("OffsetFetch")),
        1
    );
    assert_eq!(
        recorded.count("kafka_requests_retriable_total", &api("Heartbeat")),
        0
    );
}

#[test]
fn responses_that_nobody_waits_for_and_that_do_not_decode_are_counted() {
    let (recorded, _) = count(&eventful());
    for (name, expected) in [
        (
            "kafka_responses_late_total",
            &[("Heartbeat", 1), ("ListOffsets", 1)][..],
        ),
        ("kafka_responses_unexpected_total", &[("Produce", 1)]),
        ("kafka_responses_undecodable_total", &[("ApiVersions", 1)]),
    ] {
        let found: Vec<_> = recorded
            .series(name)
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(api, count)| (format!("api={api},broker=b1"), *count))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn errors_in_responses_are_counted_by_name() {
    let (recorded, _) = count(&eventful());
    let expected = [("REQUEST_TIMED_OUT", 2), ("unknown", 1)];
    let expected =
        expected.map(|(error, count)| (format!("api=ApiVersions,broker=b1,error={error}"), count));
    assert_eq!(recorded.series("kafka_response_errors_total"), expected);
}

#[test]
fn connections_count_by_how_far_they_came_and_why_they_ended() {
    let (recorded, _) = count(&eventful());
    assert_eq!(
        recorded.series("kafka_connections_closed_total"),
        [("broker=b1,reason=remote_eof".to_owned(), 1)]
    );
    assert_eq!(recorded.series("kafka_connections_failed_total"), []);
    assert_eq!(
        recorded.count("kafka_connections_opened_total", "broker=b1"),
        1
    );
    assert_eq!(
        recorded.count("kafka_connections_ready_total", "broker=b1"),
        1
    );
    assert_eq!(recorded.count("kafka_probes_failed_total", "broker=b1"), 1);
    assert_eq!(
        recorded.durations("kafka_probe_duration_seconds", "broker=b1"),
        [0.004]
    );
    assert_eq!(
        recorded.durations("kafka_reauthentication_duration_seconds", "broker=b1"),
        [0.005]
    );
    let phases = ["api_versions", "sasl_handshake", "sasl_authenticate"].map(|phase| {
        let labels = format!("broker=b1,phase={phase}");
        recorded.durations("kafka_initialization_duration_seconds", &labels)
    });
    assert_eq!(phases, [[0.001], [0.002], [0.003]]);

    let mut driver = Driver::once(options());
    driver.open();
    driver.reset();
    let (recorded, _) = count(driver.events.make_contiguous());
    assert_eq!(
        recorded.series("kafka_connections_closed_total"),
        [("broker=b1,reason=remote_reset".to_owned(), 1)]
    );
    assert_eq!(
        recorded.series("kafka_connections_failed_total"),
        [("broker=b1,state=api_versions".to_owned(), 1)]
    );
}

#[test]
fn what_is_emitted_agrees_with_the_snapshot() {
    let (recorded, metrics) = count(&eventful());
    assert_eq!(metrics.apis.len(), 7);
    for (key, api) in &metrics.apis {
        let labels = format!("api={key},broker=b1");
        let requests: u64 = recorded
            .series("kafka_requests_total")
            .iter()
            .filter(|(all, _)| all.starts_with(&labels))
            .map(|(_, count)| count)
            .sum();
        let failed = api.failed.not_sent
            + api.failed.partially_sent
            + api.failed.no_response
            + api.failed.response_partial;
        assert_eq!(requests, api.succeeded + failed, "{key}");
        for (name, expected) in [
            ("kafka_requests_retriable_total", api.retriable),
            ("kafka_requests_timed_out_total", api.timed_out),
            ("kafka_received_bytes_total", api.bytes_in),
            ("kafka_responses_undecodable_total", api.undecodable),
        ] {
            assert_eq!(recorded.count(name, &labels), expected, "{name} of {key}");
        }
        for (stage, expected) in [
            ("queue", &api.queue),
            ("ttfb", &api.time_to_first_byte),
            ("transfer", &api.transfer),
            ("total", &api.total),
            ("decode", &api.decode),
        ] {
            let found = recorded.durations(
                "kafka_request_duration_seconds",
                &format!("{labels},stage={stage}"),
            );
            let sum: f64 = found.iter().sum();
            assert_eq!(
                u64::try_from(found.len()).unwrap(),
                expected.count(),
                "{stage} of {key}"
            );
            assert!(
                (sum - expected.sum().as_secs_f64()).abs() < 1e-9,
                "{stage} of {key}"
            );
        }
    }
}

#[test]
fn no_label_is_a_word_of_a_peer_or_user() {
    let mut driver = Driver::once(options().with_max_waiting(200));
    for key in 1_000..1_100 {
        driver.submit_with(
            ApiKey::from_number(key),
            0,
            SubmitOptions::default().with_tag(u64::MAX),
        );
    }
    driver.close();
    let (recorded, _) = count(driver.events.make_contiguous());
    let expected = "api=unknown,broker=b1,delivery=not_sent,outcome=local".to_owned();
    assert_eq!(recorded.series("kafka_requests_total"), [(expected, 100)]);
}

#[test]
fn gauges_are_what_a_connection_is_like_and_one_state_is_its_own() {
    let mut driver = Driver::once(options().with_max_in_flight(1));
    driver.open();
    let recorded = emitted(|| {
        let mut emitter = MetricsEmitter::new("b1 fetch");
        driver.wait(2);
        emitter.set(&driver.connection.gauges(driver.now));
        driver.answer_versions();
        emitter.set(&driver.connection.gauges(driver.now));
        for _ in 0..3 {
            driver.submit(ApiKey::Fetch, 16);
        }
        driver.wait(500);
        emitter.set(&driver.connection.gauges(driver.now));
    });
    let expected = [
        ("kafka_connection_idle_seconds{broker=b1 fetch}", 0.5),
        ("kafka_connection_state_seconds{broker=b1 fetch}", 0.5),
        (
            "kafka_connection_state{broker=b1 fetch,state=api_versions}",
            0.0,
        ),
        ("kafka_connection_state{broker=b1 fetch,state=ready}", 1.0),
        ("kafka_oldest_request_seconds{broker=b1 fetch}", 0.5),
        ("kafka_requests_in_flight{broker=b1 fetch}", 1.0),
        ("kafka_requests_unwritten{broker=b1 fetch}", 0.0),
        ("kafka_requests_waiting{broker=b1 fetch}", 2.0),
    ];
    let expected = expected.map(|(gauge, value)| (gauge.to_owned(), value));
    assert_eq!(recorded.gauges(), expected.into());
}

#[test]
fn all_that_is_emitted_is_described_and_documented() {
    let mut events = eventful();
    let mut driver = Driver::once(options());
    driver.open();
    driver.reset();
    events.extend(driver.events.drain(..));
    let recorded = emitted(|| {
        MetricsEmitter::describe();
        let mut emitter = MetricsEmitter::new("b1");
        events.iter().for_each(|event| emitter.observe(event));
        emitter.set(&driver.connection.gauges(Instant::now()));
    });
    let described = recorded.described();
    assert_eq!(recorded.registered(), described);
    let source = include_str!("../../../src/connection/emitter.rs");
    let rows = source
        .lines()
        .filter_map(|line| line.strip_prefix("/// | `"));
    let documented: BTreeSet<_> = rows
        .flat_map(|row| {
            let mut columns = row.split(" | ");
            let (names, kind) = (columns.next().unwrap(), columns.next().unwrap());
            let names: Vec<_> = names
                .split(',')
                .map(|name| name.trim_matches([' ', '`']).to_owned())
                .collect();
            names.into_iter().map(|name| (name, kind.to_owned()))
        })
        .collect();
    assert_eq!(described, documented);
}

#[test]
fn an_event_of_a_kind_that_came_before_costs_no_memory() {
    let events = eventful();
    let mut emitter = MetricsEmitter::new("b1");
    let mut all = || events.iter().for_each(|event| emitter.observe(event));
    all();
    let used = measure(all);
    assert_eq!(used.count_total, 0);
}
