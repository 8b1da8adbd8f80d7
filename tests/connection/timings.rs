//! The eight moments of a request, the durations between them, and what they add up to.

use kafka_codec::ApiKey;
use kafka_codec::connection::{CloseReason, Event, Metrics, SubmitOptions};

use crate::driver::{Driver, Written, ms, options, replay, response};

#[test]
fn every_stage_of_a_request_is_timed() {
    let mut driver = Driver::once(options().with_max_in_flight(2));
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    let fetch = driver.take();
    driver.wait(10);
    driver.is_stuck = true;
    driver.submit_with(
        ApiKey::Metadata,
        12,
        SubmitOptions::default().with_tag(7).with_attempt(3),
    );
    driver.wait(20);
    driver.write(10);
    driver.wait(30);
    driver.is_stuck = false;
    driver.drain();
    let metadata = driver.take();
    driver.wait(40);
    driver.answer_raw(&fetch, b"\0\0\0\0");
    driver.wait(50);
    let bytes = response(&metadata, b"\0\0\0\0body");
    driver.receive(&bytes[..2]);
    driver.wait(60);
    driver.receive(&bytes[2..]);
    let done = driver.completions().pop().unwrap();
    let timings = done.timings();
    assert_eq!((done.tag(), done.attempt()), (7, 3));
    assert_eq!(timings.queue_wait(), Some(ms(0)));
    assert_eq!(timings.write_time(), Some(ms(50)));
    assert_eq!(timings.head_of_line_wait(), Some(ms(40)));
    assert_eq!(timings.time_to_first_byte(), Some(ms(50)));
    assert_eq!(timings.transfer_time(), Some(ms(60)));
    assert_eq!(timings.total(), Some(ms(200)));
    assert_eq!(done.bytes_in(), bytes.len());
}

#[test]
fn a_request_that_waits_says_for_what() {
    replay(|driver| {
        driver.configure(options().with_max_in_flight(1), Vec::new());
        driver.submit(ApiKey::Fetch, 16);
        driver.open();
        driver.wait(5);
        driver.answer_versions();
        driver.submit(ApiKey::Metadata, 12);
        driver.wait(7);
        let fetch = driver.take();
        driver.answer_raw(&fetch, &11_i32.to_be_bytes());
        driver.wait(11);
        let metadata = driver.take();
        driver.answer_raw(&metadata, b"\0\0\0\0");
        let done = driver.completions();
        let [fetch, metadata] = [done[0].timings().waits, done[1].timings().waits];
        assert_eq!((fetch.initialization, fetch.in_flight), (ms(5), ms(0)));
        assert_eq!(
            (
                metadata.initialization,
                metadata.in_flight,
                metadata.throttle
            ),
            (ms(0), ms(7), ms(11))
        );
        assert_eq!(done[1].timings().queue_wait(), Some(ms(18)));
    });
}

/// Requests of which each ends in another way.
#[test]
fn metrics_count_each_way_to_end() {
    let mut driver = Driver::once(options().with_max_in_flight(3));
    let mut metrics = Metrics::default();
    let observe = |metrics: &mut Metrics, driver: &mut Driver| {
        driver
            .events
            .drain(..)
            .for_each(|event| metrics.observe(&event));
    };
    driver.open();
    driver.wait(3);
    driver.answer_versions();
    let answered = |driver: &mut Driver| {
        driver.submit(ApiKey::Fetch, 16);
        let asked: Written = driver.take();
        driver.wait(4);
        driver.answer_raw(&asked, &100_i32.to_be_bytes());
        driver.wait(100);
    };
    answered(&mut driver);
    answered(&mut driver);
    let id = driver.submit(ApiKey::Fetch, 16);
    driver.connection.cancel(driver.now, id);
    driver.drain();
    driver.submit(ApiKey::Metadata, 12);
    driver.submit(ApiKey::Metadata, 12);
    driver.submit(ApiKey::Metadata, 12);
    let gauges = driver.connection.gauges(driver.now + ms(9));
    assert_eq!(
        (gauges.in_flight, gauges.waiting, gauges.unwritten),
        (2, 1, 0)
    );
    assert_eq!(gauges.oldest, ms(9));
    driver.wait(30_000);
    observe(&mut metrics, &mut driver);
    let fetch = &metrics.apis[&ApiKey::Fetch];
    assert_eq!(
        (fetch.sent, fetch.succeeded, fetch.failed.no_response),
        (3, 2, 1)
    );
    assert_eq!(fetch.errors["cancelled"], 1);
    assert_eq!((fetch.throttled, fetch.total.count()), (ms(200), 2));
    assert!(fetch.total.max() == ms(4));
    let metadata = &metrics.apis[&ApiKey::Metadata];
    assert_eq!(
        (metadata.failed.no_response, metadata.failed.not_sent),
        (2, 1)
    );
    assert_eq!((metadata.timed_out, metadata.retriable), (1, 3));
    assert_eq!((metadata.sent, metadata.errors["timeout"]), (2, 3));
    assert_eq!(metrics.opened, 1);
    assert_eq!((metrics.ready, metrics.initialization.max()), (1, ms(3)));
    assert_eq!(metrics.closed.get("timeout"), Some(&1));
    assert!(metrics.failed_in.is_empty());
}

#[test]
fn metrics_count_connections_that_never_became_ready() {
    let mut metrics = Metrics::default();
    let mut driver = Driver::once(options());
    driver.open();
    driver.end_of_stream();
    let Some(Event::Closed(report)) = driver.events.back() else {
        panic!("{:?}", driver.events)
    };
    assert!(matches!(report.reason, CloseReason::RemoteEof(_)));
    driver
        .events
        .iter()
        .for_each(|event| metrics.observe(event));
    assert_eq!(metrics.failed_in.len(), 1);
    assert_eq!(metrics.closed["remote_eof"], 1);
}
