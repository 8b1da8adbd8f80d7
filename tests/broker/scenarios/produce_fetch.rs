//! Records to the broker and back, with every kind of acks and waiting.

use std::time::Duration;

use kafka_codec::connection::{
    CloseReason, StreamPosition, SubmitOptions, TimeoutFrom, TimeoutKind,
};
use kafka_codec::enumerations::Acks;
use kafka_codec::records::{Entries, RecordDecoder};
use kafka_codec::wire::Limits;
use kafka_codec::{ApiKey, ErrorCode};
use kafka_codec_tokio::SendError;

use crate::support::{Link, hint, options};
use crate::topic::{Topic, batch};

/// The values of all records of a topic.
async fn values(link: &Link, topic: &Topic) -> Vec<Vec<u8>> {
    let answer = link.send(topic.fetch(0, Duration::from_secs(1))).await;
    let answer = answer.unwrap();
    let answer = answer.decode().unwrap();
    let partition = &answer.responses[0].partitions[0];
    assert_eq!(partition.error_code, ErrorCode::NONE);
    let records = partition.records.as_ref().unwrap();
    let mut decoder = RecordDecoder::new(Limits::default());
    let mut values = Vec::new();
    for entry in Entries::new(records.as_slice()) {
        let entry = entry.unwrap();
        for record in entry.records(&mut decoder).unwrap() {
            values.push(record.unwrap().value.unwrap().to_vec());
        }
    }
    values
}

#[tokio::test]
async fn what_is_produced_with_all_acks_is_fetched_back() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "all-acks").await;
    let request = topic.produce(Acks::ALL, 0, batch(&[b"one", b"two", b"three"]));
    let answer = link.send(request).await.unwrap();
    let answer = answer.decode().unwrap();
    let partition = &answer.responses[0].partition_responses[0];
    assert_eq!(
        (partition.error_code, partition.base_offset),
        (ErrorCode::NONE, 0)
    );
    assert_eq!(values(&link, &topic).await, [&b"one"[..], b"two", b"three"]);
    link.close().await;
}

#[tokio::test]
async fn what_is_produced_without_acks_is_over_when_it_is_written_and_is_there() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "no-acks").await;
    let request = topic.produce(Acks::NONE, 0, batch(&[b"silent"]));
    let sent = link.send(request.clone()).await;
    assert!(matches!(sent, Err(SendError::NoResponse)), "{sent:?}");
    link.client.send_without_response(&request).await.unwrap();
    assert_eq!(link.completed().pop().unwrap().outcome, "written");
    // The same connection goes on, and the broker takes requests in order.
    assert_eq!(values(&link, &topic).await, [b"silent"]);
    link.close().await;
}

#[tokio::test]
async fn without_acks_an_error_is_told_by_closing_the_connection() {
    let mut link = Link::open("plain").await;
    let topic = Topic::create(&link, "no-partition").await;
    let request = topic.produce(Acks::NONE, 9, batch(&[b"lost"]));
    link.client.send_without_response(&request).await.unwrap();
    let report = link.ended(5).await;
    assert_eq!(
        report.reason,
        CloseReason::RemoteEof(StreamPosition::BetweenFrames)
    );
    assert_eq!(
        report.to_string(),
        "broker 1 (plain): peer closed between frames"
    );
    assert_eq!(hint(&report), None);
}

/// Options by which a response may take a second.
fn impatient() -> kafka_codec::connection::ConnectionOptions {
    options("plain").with_request_timeout(Duration::from_secs(1), TimeoutFrom::Written)
}

#[tokio::test]
async fn a_fetch_that_waits_longer_than_a_response_may_take_closes_the_connection_by_name() {
    let mut link = Link::with("plain", impatient(), vec![]).await;
    let topic = Topic::create(&link, "long-poll-late").await;
    // Without this the time that the request itself lets the broker take is added.
    let options = SubmitOptions::default().with_server_wait(Duration::ZERO);
    let request = topic.fetch(0, Duration::from_secs(3));
    let error = link.client.send_with(&request, options).await;
    let error = error.unwrap_err().to_string();
    let report = link.ended(1).await;
    let timeout = match &report.reason {
        CloseReason::Timeout(TimeoutKind::Request {
            request,
            after,
            blocked_by: None,
        }) => (request.api_key, *after),
        other => panic!("{other}"),
    };
    assert_eq!(timeout.0, ApiKey::Fetch);
    assert!(timeout.1 < Duration::from_millis(1800), "{:?}", timeout.1);
    assert!(
        error.contains(": sent, no response: timed out after 10"),
        "{error}"
    );
}

#[tokio::test]
async fn a_fetch_that_says_how_long_the_broker_waits_may_take_that_much_longer() {
    let link = Link::with("plain", impatient(), vec![]).await;
    let topic = Topic::create(&link, "long-poll").await;
    let request = topic.fetch(0, Duration::from_secs(3));
    let answer = link.client.send(&request).await.unwrap();
    assert!(
        answer.decode().unwrap().responses[0].partitions[0]
            .error_code
            .is_none()
    );
    let broker = link.completed().pop().unwrap().timings.time_to_first_byte();
    let broker = broker.unwrap().as_secs_f64();
    assert!((2.9..4.9).contains(&broker), "{broker}");
    link.close().await;
}

#[tokio::test]
async fn the_response_to_a_fetch_that_was_cancelled_is_late_and_the_connection_goes_on() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "cancelled").await;
    let fetch = link.send(topic.fetch(0, Duration::from_secs(2)));
    let given_up = tokio::time::timeout(Duration::from_millis(500), fetch).await;
    assert!(given_up.is_err());
    // It waits behind the fetch, which the broker still carries out.
    link.ask().await.unwrap();
    let late = link.lines().pop().unwrap();
    assert!(late.starts_with("late: Fetch v"), "{late}");
    let completed = link.completed();
    let [.., cancelled, asked] = &completed[..] else {
        panic!("two")
    };
    assert_eq!(cancelled.key, ApiKey::Fetch);
    assert!(
        cancelled.outcome.ends_with("sent, no response: cancelled"),
        "{}",
        cancelled.outcome
    );
    let behind = asked.timings.head_of_line_wait().unwrap().as_secs_f64();
    assert!((1.2..3.5).contains(&behind), "{behind}");
    link.close().await;
}
