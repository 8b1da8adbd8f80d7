//! Requests that several brokers answer: divided by destination, sent again where that is safe, and merged.
#![cfg(test)]

mod support {
    pub(crate) mod toy_cluster;
}

use std::time::Duration;

use kafka_codec::enumerations::{ConfigResourceType, ListOffsetsTimestamp};
use kafka_codec::messages::describe_configs_request::DescribeConfigsResource;
use kafka_codec::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_codec::messages::{
    DescribeConfigsRequest, DescribeGroupsRequest, ListOffsetsRequest, ListOffsetsResponse,
};
use kafka_codec::{ApiKey, ErrorCode};
use kafka_codec_tokio::{ClusterOptions, GivenUp};

use support::toy_cluster::ToyCluster;

/// A cluster of three brokers, each of which leads some partition of `spread`.
async fn spread() -> ToyCluster {
    let toy = ToyCluster::start(3).await;
    toy.shared.lock().unwrap().spread = vec![1, 2, 1, 3];
    toy
}

fn offsets_of(partitions: impl IntoIterator<Item = i32>) -> ListOffsetsRequest<'static> {
    let partitions = partitions
        .into_iter()
        .map(|partition_index| ListOffsetsPartition {
            partition_index,
            timestamp: ListOffsetsTimestamp(-1),
            ..Default::default()
        });
    ListOffsetsRequest {
        topics: vec![ListOffsetsTopic {
            name: "spread".into(),
            partitions: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// The partitions in a response, with their offsets, lowest first.
fn found(response: &ListOffsetsResponse<'_>) -> Vec<(i32, i64)> {
    let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    let mut found: Vec<_> = partitions
        .map(|it| (it.partition_index, it.offset))
        .collect();
    found.sort_unstable();
    found
}

fn sorted(mut brokers: Vec<i32>) -> Vec<i32> {
    brokers.sort_unstable();
    brokers
}

const ALL: [(i32, i64); 4] = [(0, 100), (1, 101), (2, 102), (3, 103)];

#[tokio::test]
async fn a_request_is_divided_among_the_leaders_of_its_partitions_and_the_answers_are_merged() {
    let toy = spread().await;
    let cluster = toy.cluster();
    let answer = cluster.send(&offsets_of(0..4)).await.unwrap();
    assert_eq!(found(&answer.decode().unwrap()), ALL);
    let brokers = answer.parts().map(|(broker, _)| broker).collect();
    assert_eq!(sorted(brokers), [1, 2, 3]);
    assert_eq!(found(&answer.into_owned().unwrap()), ALL);
    assert_eq!(sorted(toy.asked(ApiKey::ListOffsets)), [1, 2, 3]);
    assert_eq!(toy.asked(ApiKey::Metadata).len(), 1);
    // All is known now, and one broker is enough.
    let answer = cluster.send(&offsets_of([0, 2])).await.unwrap();
    assert_eq!(answer.parts().count(), 1);
    assert_eq!(toy.asked(ApiKey::Metadata).len(), 1);
}

#[tokio::test]
async fn only_the_parts_that_failed_are_sent_again_to_the_new_leaders() {
    let toy = spread().await;
    let cluster = toy.cluster();
    cluster.send(&offsets_of(0..4)).await.unwrap();
    toy.shared.lock().unwrap().spread = vec![1, 3, 2, 3];
    let answer = cluster.send(&offsets_of(0..4)).await.unwrap();
    assert_eq!(found(&answer.decode().unwrap()), ALL);
    // Broker 1 led 0 and 2, of which it has lost one, and broker 2 has lost all that it led: both parts are divided anew.
    // Broker 3 answered for partition 3 at once.
    let asked = toy.asked(ApiKey::ListOffsets);
    assert_eq!(sorted(asked[3..6].to_vec()), [1, 2, 3]);
    assert_eq!(sorted(asked[6..].to_vec()), [1, 2, 3]);
    assert_eq!(toy.asked(ApiKey::Metadata).len(), 2);
}

#[tokio::test]
async fn groups_are_described_by_their_coordinators_which_are_asked_for_at_once() {
    let toy = ToyCluster::start(2).await;
    toy.shared
        .lock()
        .unwrap()
        .coordinators
        .insert("b".into(), 2);
    let cluster = toy.cluster();
    let request = DescribeGroupsRequest::for_groups(["a", "b", "c"]);
    let answer = cluster.send(&request).await.unwrap();
    let groups = answer.decode().unwrap().groups;
    let names: Vec<_> = groups.iter().map(|group| &*group.group_id).collect();
    assert_eq!(names, ["a", "c", "b"]);
    assert!(groups.iter().all(|group| group.error_code.is_none()));
    assert_eq!(toy.asked(ApiKey::FindCoordinator).len(), 1);
    assert_eq!(sorted(toy.asked(ApiKey::DescribeGroups)), [1, 2]);
    // One that has moved is found anew.
    toy.shared.lock().unwrap().coordinators.clear();
    let request = DescribeGroupsRequest::for_groups(["b"]);
    let answer = cluster.send(&request).await.unwrap();
    let codes = answer.decode().unwrap().groups;
    assert_eq!(codes[0].error_code, ErrorCode::NONE);
    assert_eq!(toy.asked(ApiKey::FindCoordinator).len(), 2);
}

#[tokio::test]
async fn the_configs_of_a_broker_are_asked_of_it() {
    let toy = ToyCluster::start(3).await;
    let request = DescribeConfigsRequest {
        resources: ["3", "2"]
            .map(|id| DescribeConfigsResource {
                resource_type: ConfigResourceType::BROKER,
                resource_name: id.into(),
                ..Default::default()
            })
            .to_vec(),
        ..Default::default()
    };
    toy.cluster().send(&request).await.unwrap();
    assert_eq!(sorted(toy.asked(ApiKey::DescribeConfigs)), [2, 3]);
}

#[tokio::test]
async fn the_error_has_every_attempt_and_who_has_answered() {
    let mut toy = spread().await;
    let options: ClusterOptions = toy.options().with_deadline(Duration::from_millis(600));
    let cluster = kafka_codec_tokio::Cluster::new(options);
    cluster.refresh(["spread"]).await.unwrap();
    toy.stop(3).await;
    let error = cluster.send(&offsets_of(0..4)).await.unwrap_err();
    assert_eq!(error.api_key, ApiKey::ListOffsets);
    assert_eq!(sorted(error.answered.clone()), [1, 2]);
    assert!(matches!(error.end, GivenUp::Deadline(_)), "{error}");
    assert!(error.attempts.len() >= 2, "{error:?}");
    let all_at_3 = |it: &kafka_codec_tokio::Attempt| it.broker == Some(3);
    assert!(error.attempts.iter().all(all_at_3), "{error:?}");
    let line = error.to_string();
    assert!(line.starts_with("ListOffsets: gave up after "), "{line}");
    assert!(line.contains("broker 3 (127.0.0.1:"), "{line}");
    assert!(line.contains("; the rest is done, by broker "), "{line}");
}
