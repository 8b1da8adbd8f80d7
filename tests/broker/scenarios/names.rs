//! Requests that name topics by name alone, sent in the version that is chosen by default. The newest versions of these
//! APIs know topics by id, or names in another place.

use std::time::Duration;

use kafka_codec::enumerations::Acks;
use kafka_codec::messages::metadata_request::MetadataRequestTopic;
use kafka_codec::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_codec::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_codec::messages::{
    DeleteTopicsRequest, FindCoordinatorRequest, MetadataRequest, OffsetCommitRequest,
    OffsetFetchRequest,
};
use kafka_codec::wire::{Packed, Uuid};
use kafka_codec::{ErrorCode, Request, ResponseFrame, Version};

use crate::support::{Link, within};
use crate::topic::{Topic, batch, of_this_run};

/// Sends a request until the answer is that there is no error.
async fn until_done<R: Request + Send + 'static>(
    link: &Link,
    request: impl Fn() -> R,
    error: impl Fn(&ResponseFrame<R>) -> ErrorCode,
) -> ResponseFrame<R> {
    let done = async {
        loop {
            let answer = link.send(request()).await.unwrap();
            match error(&answer) {
                ErrorCode::NONE => return answer,
                error => assert!(error.is_retriable(), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    within(30, done).await
}

async fn error_of_metadata(link: &Link, topic: &Topic) -> ErrorCode {
    let request = MetadataRequest {
        topics: Some(vec![MetadataRequestTopic {
            name: Some(topic.name.clone().into()),
            ..Default::default()
        }]),
        allow_auto_topic_creation: false,
        ..Default::default()
    };
    let answer = link.send(request).await.unwrap();
    answer.decode().unwrap().topics[0].error_code
}

#[tokio::test]
async fn a_topic_that_is_deleted_by_name_is_gone() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "deleted-by-name").await;
    assert_eq!(error_of_metadata(&link, &topic).await, ErrorCode::NONE);
    let request = DeleteTopicsRequest {
        topic_names: vec![topic.name.clone().into()],
        timeout_ms: 10_000,
        ..Default::default()
    };
    let answer = link.send(request).await.unwrap();
    assert_eq!(answer.version(), Version(5));
    let deleted = &answer.decode().unwrap().responses[0];
    assert_eq!(deleted.name.as_deref(), Some(&*topic.name));
    assert_eq!(deleted.error_code, ErrorCode::NONE);
    let gone = async {
        while error_of_metadata(&link, &topic).await != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within(10, gone).await;
    link.close().await;
}

#[tokio::test]
async fn records_are_produced_and_fetched_by_the_name_of_their_topic() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "produced-by-name").await;
    let mut produce = topic.produce(Acks::ALL, 0, batch(&[b"a", b"b"]));
    produce.topic_data[0].topic_id = Uuid::ZERO;
    let answer = link.send(produce).await.unwrap();
    assert_eq!(answer.version(), Version(12));
    let produced = &answer.decode().unwrap().responses[0];
    assert_eq!(produced.name, topic.name);
    assert_eq!(produced.partition_responses[0].error_code, ErrorCode::NONE);

    let mut fetch = topic.fetch(0, Duration::from_secs(5));
    fetch.topics[0].topic_id = Uuid::ZERO;
    let answer = link.send(fetch).await.unwrap();
    assert_eq!(answer.version(), Version(12));
    let fetched = &answer.decode().unwrap().responses[0];
    assert_eq!(fetched.topic, topic.name);
    let partition = &fetched.partitions[0];
    assert_eq!(
        (partition.error_code, partition.high_watermark),
        (ErrorCode::NONE, 2)
    );
    link.close().await;
}

#[tokio::test]
async fn offsets_are_committed_and_fetched_by_the_name_of_their_topic() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "committed-by-name").await;
    let group = of_this_run("by-name");

    let find = || FindCoordinatorRequest {
        key: group.clone().into(),
        ..Default::default()
    };
    let answer = until_done(&link, find, |answer| answer.decode().unwrap().error_code).await;
    assert_eq!(answer.version(), Version(3));

    let commit = || OffsetCommitRequest {
        group_id: group.clone().into(),
        topics: vec![OffsetCommitRequestTopic {
            name: topic.name.clone().into(),
            partitions: vec![OffsetCommitRequestPartition {
                committed_offset: 42,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = until_done(&link, commit, |answer| {
        answer.decode().unwrap().topics[0].partitions[0].error_code
    })
    .await;
    assert_eq!(answer.version(), Version(9));

    let fetch = OffsetFetchRequest {
        groups: vec![OffsetFetchRequestGroup {
            group_id: group.clone().into(),
            topics: Some(vec![OffsetFetchRequestTopics {
                name: topic.name.clone().into(),
                partition_indexes: Packed::from([0]),
                ..Default::default()
            }]),
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = link.send(fetch).await.unwrap();
    assert_eq!(answer.version(), Version(9));
    let fetched = &answer.decode().unwrap().groups[0];
    assert_eq!(fetched.error_code, ErrorCode::NONE);
    let partition = &fetched.topics[0].partitions[0];
    assert_eq!(fetched.topics[0].name, topic.name);
    assert_eq!(
        (partition.error_code, partition.committed_offset),
        (ErrorCode::NONE, 42)
    );
    link.close().await;
}
