//! A leader that moves while a Produce with acks=all waits for its follower: the answer says neither that the batch is in the
//! log nor that it is not, and both happen.

use std::time::Duration;

use kafka_codec::enumerations::Acks;
use kafka_codec::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_codec::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_codec::messages::elect_leaders_request::TopicPartitions;
use kafka_codec::messages::metadata_request::MetadataRequestTopic;
use kafka_codec::messages::{
    AlterPartitionReassignmentsRequest, CreateTopicsRequest, ElectLeadersRequest, MetadataRequest,
};
use kafka_codec::produce::{AttemptOutcome, Persistence};
use kafka_codec::wire::Packed;
use kafka_codec::{ApiKey, Applied, ErrorCode};

use crate::support::{Hanging, Link, within};
use crate::topic::{Topic, batch, of_this_run};

const LEADER: i32 = 1;
const FOLLOWER: i32 = 2;

/// A topic that the first broker leads, although the second one is preferred.
async fn topic(link: &Link, purpose: &str) -> Topic {
    let name = of_this_run(purpose);
    let assignment = CreatableReplicaAssignment {
        partition_index: 0,
        broker_ids: Packed::from(&[LEADER, FOLLOWER][..]),
        ..Default::default()
    };
    let made = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: name.clone().into(),
            num_partitions: -1,
            replication_factor: -1,
            assignments: vec![assignment],
            ..Default::default()
        }],
        timeout_ms: 10_000,
        ..Default::default()
    };
    let made = link.send(made).await.unwrap();
    let made = &made.decode().unwrap().topics[0];
    assert!(made.error_code.is_none(), "{name}: {}", made.error_code);
    let topic = Topic {
        name: name.clone(),
        id: made.topic_id,
    };
    until(link, &topic, LEADER, &[LEADER, FOLLOWER]).await;
    let partition = ReassignablePartition {
        partition_index: 0,
        replicas: Some(Packed::from(&[FOLLOWER, LEADER][..])),
        ..Default::default()
    };
    let order = AlterPartitionReassignmentsRequest {
        topics: vec![ReassignableTopic {
            name: name.into(),
            partitions: vec![partition],
            ..Default::default()
        }],
        timeout_ms: 10_000,
        ..Default::default()
    };
    let answer = link.send(order).await.unwrap();
    let answer = answer.decode().unwrap();
    let error = answer.responses[0].partitions[0].error_code;
    assert!(error.is_none(), "{error}");
    topic
}

/// Waits until the partition has this leader, and these replicas are in sync.
async fn until(link: &Link, topic: &Topic, leader: i32, in_sync: &[i32]) {
    let wanted = MetadataRequest {
        topics: Some(vec![MetadataRequestTopic {
            name: Some(topic.name.clone().into()),
            ..Default::default()
        }]),
        ..Default::default()
    };
    let is_so = async {
        loop {
            let answer = link.send(wanted.clone()).await.unwrap();
            let answer = answer.decode().unwrap();
            let partition = answer.topics[0].partitions.first();
            if partition.is_some_and(|partition| {
                let mut replicas: Vec<_> = partition.isr_nodes.iter().collect();
                replicas.sort_unstable();
                partition.leader_id == leader && replicas == in_sync
            }) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    within(40, is_so).await;
}

/// Makes the second broker the leader.
async fn elect_the_preferred(link: &Link, topic: &Topic) {
    let request = ElectLeadersRequest {
        topic_partitions: Some(vec![TopicPartitions {
            topic: topic.name.clone().into(),
            partitions: Packed::from(&[0][..]),
            ..Default::default()
        }]),
        timeout_ms: 10_000,
        ..Default::default()
    };
    let answer = link.send(request).await.unwrap();
    let answer = answer.decode().unwrap();
    let result = &answer.replica_election_results[0].partition_result[0];
    assert!(result.error_code.is_none(), "{}", result.error_code);
}

/// Lets the leader move to the follower, which hangs, while a Produce with acks=all waits for it: the answer.
async fn produce_while_the_leader_moves(admin: &Link, topic: &Topic) -> ErrorCode {
    // The leader answers the fetch that the follower has sent, and gets no other.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let producer = Link::open("leader").await;
    let mut request = topic.produce(Acks::ALL, 0, batch(&[b"lost or not"]));
    request.timeout_ms = 30_000;
    let client = producer.client.clone();
    let produce = tokio::spawn(async move { client.send(&request).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!produce.is_finished(), "it waits for the follower");
    elect_the_preferred(admin, topic).await;
    let answer = within(5, produce).await.unwrap().unwrap();
    let answer = answer.decode().unwrap();
    let code = answer.responses[0].partition_responses[0].error_code;
    producer.close().await;
    code
}

/// The number of records that a consumer of the partition reads from the broker.
async fn records_at(link: &Link, topic: &Topic) -> usize {
    let answer = link.send(topic.fetch(0, Duration::ZERO)).await.unwrap();
    let answer = answer.decode().unwrap();
    let partition = &answer.responses[0].partitions[0];
    assert!(partition.error_code.is_none(), "{}", partition.error_code);
    usize::try_from(partition.high_watermark).unwrap()
}

#[tokio::test]
async fn after_a_leader_change_a_batch_with_acks_all_may_or_may_not_be_in_the_log() {
    let _alone = crate::support::FOLLOWER.lock().await;
    let leader = Link::open("leader").await;
    let follower = Link::open("follower").await;

    // The follower takes over with the log that it has, and the old leader truncates its own.
    let lost = topic(&leader, "lost").await;
    let hanging = Hanging::now();
    let code_of_lost = produce_while_the_leader_moves(&leader, &lost).await;
    drop(hanging);
    until(&leader, &lost, FOLLOWER, &[LEADER, FOLLOWER]).await;
    assert_eq!(records_at(&follower, &lost).await, 0);

    // The follower hangs until it is fenced: the old leader leads again, with the batch in its log.
    let kept = topic(&leader, "kept").await;
    let hanging = Hanging::now();
    let code_of_kept = produce_while_the_leader_moves(&leader, &kept).await;
    until(&leader, &kept, LEADER, &[LEADER]).await;
    assert_eq!(records_at(&leader, &kept).await, 1);
    drop(hanging);
    until(&leader, &kept, LEADER, &[LEADER, FOLLOWER]).await;
    assert_eq!(records_at(&leader, &kept).await, 1);

    for code in [code_of_lost, code_of_kept] {
        assert_eq!(code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
        assert_eq!(code.applied(ApiKey::Produce), Applied::Possibly);
        let outcome = AttemptOutcome::of_code(code);
        assert_eq!(outcome.persistence(), Persistence::Possibly);
    }
    follower.close().await;
    leader.close().await;
}
