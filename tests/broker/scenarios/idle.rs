//! Connections on which nothing happens.

use std::time::Duration;

use kafka_codec::connection::{CloseReason, IdlePolicy, StreamPosition};

use crate::support::{Link, hint, options};
use crate::topic::Topic;

#[tokio::test]
async fn a_broker_that_closes_after_little_idleness_is_not_taken_for_a_bored_one() {
    let mut link = Link::open("strict").await;
    link.ask().await.unwrap();
    let report = link.ended(15).await;
    assert_eq!(
        report.reason,
        CloseReason::RemoteEof(StreamPosition::BetweenFrames)
    );
    let idle = report.idle.as_secs_f64();
    assert!((2.5..9.0).contains(&idle), "{idle}");
    assert_eq!(hint(&report), None);
}

#[tokio::test]
async fn a_broker_that_closes_after_a_minute_was_bored() {
    let mut link = Link::open("plain").await;
    link.ask().await.unwrap();
    let report = link.ended(90).await;
    let CloseReason::IdleRemoteLikely { idle } = report.reason else {
        panic!("{report}");
    };
    let idle = idle.as_secs_f64();
    assert!((61.5..75.0).contains(&idle), "{idle}");
}

#[tokio::test]
async fn probes_keep_a_connection_open() {
    let options = options("strict").with_idle(IdlePolicy::KeepAlive(Duration::from_millis(1500)));
    let link = Link::with("strict", options, vec![]).await;
    link.ask().await.unwrap();
    tokio::time::sleep(Duration::from_millis(9700)).await;
    link.ask().await.unwrap();
    let lines = link.lines();
    let answered = lines
        .iter()
        .filter(|line| line.contains("outcome: Answered"));
    assert_eq!(answered.count(), 6, "{lines:?}");
    link.close().await;
}

#[tokio::test]
async fn a_broker_takes_a_connection_for_idle_on_which_a_fetch_waits() {
    let mut link = Link::open("strict").await;
    let topic = Topic::create(&link, "idle-fetch").await;
    let error = link.send(topic.fetch(0, Duration::from_secs(12))).await;
    let error = error.unwrap_err().to_string();
    let report = link.ended(1).await;
    assert!(error.starts_with("broker 1 (strict): Fetch v"), "{error}");
    assert!(
        error.ends_with(": sent, no response: peer closed"),
        "{error}"
    );
    let line = report.to_string();
    assert!(line.ends_with(": peer closed between frames"), "{line}");
    let waited = report.in_flight[0].age.as_secs_f64();
    assert!((2.5..9.0).contains(&waited), "{waited}");
}
