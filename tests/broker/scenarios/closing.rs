//! Brokers that end a connection in the middle of something.

use std::process::Command;
use std::time::Duration;

use kafka_codec::ApiKey;
use kafka_codec::connection::{CloseReason, Delivery, StreamPosition};
use kafka_codec::enumerations::Acks;

use crate::support::{Link, hint, nothing, options, setup, within};
use crate::topic::{Topic, batch};

#[tokio::test]
async fn a_request_that_is_too_large_for_the_broker_is_named_and_guessed_at() {
    let topic = Topic::create(&Link::open("strict").await, "too-large").await;
    for is_first in [true, false] {
        let mut link = Link::open("strict").await;
        if !is_first {
            link.ask().await.unwrap();
        }
        let value = vec![b'x'; 1_500_000];
        let sent = link
            .send(topic.produce(Acks::ALL, 0, batch(&[&value])))
            .await;
        let error = sent.unwrap_err().to_string();
        let report = link.ended(1).await;
        let line = report.to_string();
        assert!(line.starts_with("broker 1 (strict): Produce v"), "{line}");
        assert!(error.starts_with("broker 1 (strict): Produce v"), "{error}");
        assert_eq!(report.in_flight.len(), 1);
        // Whether the broker's kernel resets depends on how much of it had come.
        let position = match report.reason {
            CloseReason::RemoteEof(position) | CloseReason::RemoteReset(position) => position,
            ref other => panic!("{other}"),
        };
        assert_eq!(position, StreamPosition::BetweenFrames);
        let expected = "possibly a request is larger than the broker takes";
        assert_eq!(hint(&report).as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn a_response_that_is_larger_than_the_client_takes_is_named_with_both_sizes() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "large-response").await;
    let request = topic.produce(Acks::ALL, 0, batch(&[&[b'x'; 10_000]]));
    link.send(request).await.unwrap();
    link.close().await;
    let small = options("plain").with_max_frame_bytes(5000);
    let mut link = Link::with("plain", small, vec![]).await;
    let fetch = link.send(topic.fetch(0, Duration::from_secs(1))).await;
    let error = fetch.unwrap_err().to_string();
    let report = link.ended(1).await;
    let reason = report.reason.to_string();
    assert!(error.ends_with(&reason), "{error} ({reason})");
    let CloseReason::BadFrameSize { announced, max, .. } = report.reason else {
        panic!("{report}");
    };
    assert!((10_000..11_000).contains(&announced), "{announced}");
    assert_eq!(max, 5000);
    let expected = "possibly the limit of frame sizes is too low";
    assert_eq!(hint(&report).as_deref(), Some(expected));
}

#[tokio::test]
async fn a_connection_that_is_drained_waits_for_the_fetch_on_it() {
    let mut link = Link::open("plain").await;
    let topic = Topic::create(&link, "drained").await;
    let (fetch, wait) = (link.client.clone(), Duration::from_secs(2));
    let request = topic.fetch(0, wait);
    let fetch = tokio::spawn(async move { fetch.send(&request).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    link.client.begin_drain();
    let refused = link.ask().await.unwrap_err().to_string();
    assert!(refused.contains("open another one"), "{refused}");
    let answer = within(5, fetch).await.unwrap().unwrap();
    assert!(answer.decode().unwrap().error_code.is_none());
    let report = link.ended(1).await;
    assert_eq!(report.reason, CloseReason::Local);
    assert!(report.in_state > wait / 2, "{:?}", report.in_state);
}

#[tokio::test]
#[ignore = "it kills a broker that others need"]
async fn a_broker_that_is_killed_leaves_every_request_in_flight_named() {
    let mut link = Link::open("strict").await;
    let topic = Topic::create(&link, "killed").await;
    let fetch = link.client.clone();
    let request = topic.fetch(0, Duration::from_secs(3));
    let fetch = tokio::spawn(async move { fetch.send(&request).await });
    let asks: Vec<_> = (0..2)
        .map(|_| {
            let client = link.client.clone();
            tokio::spawn(async move { client.send(&nothing()).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let killed = Command::new("kill")
        .args(["-KILL", &setup("strict_process")])
        .status();
    assert!(killed.unwrap().success());
    let report = link.ended(2).await;
    let labels: Vec<_> = report
        .in_flight
        .iter()
        .map(|each| each.label.api_key)
        .collect();
    assert_eq!(labels, [ApiKey::Fetch, ApiKey::Metadata, ApiKey::Metadata]);
    for each in &report.in_flight {
        assert_eq!(each.delivery, Delivery::SentNoResponse);
        assert!(each.age > Duration::from_millis(600) && each.age < Duration::from_secs(3));
    }
    let line = report.to_string();
    let (begins, ends) = line
        .split_once(": connection reset by peer between frames, 2 more in flight: ")
        .unwrap_or_else(|| panic!("{line}"));
    let head = report.in_flight[0].label;
    assert_eq!(begins, format!("broker 1 (strict): {head}"));
    let version = report.in_flight[1].label.version;
    assert_eq!(ends, format!("Metadata v{version}, Metadata v{version}"));
    let fetch = within(1, fetch).await.unwrap().unwrap_err().to_string();
    let expected = format!(
        "broker 1 (strict): {head}: sent, no response: connection reset by peer, 2 more in flight: {ends}"
    );
    assert_eq!(fetch, expected);
    for ask in asks {
        let error = within(1, ask).await.unwrap().unwrap_err().to_string();
        let expected = format!(": sent, no response: connection reset by peer ({head} was due)");
        assert!(error.ends_with(&expected), "{error}");
    }
}
