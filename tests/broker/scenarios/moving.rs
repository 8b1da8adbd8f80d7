//! A leader that moves to and fro while several producers write: every batch arrives once, in order.

use std::time::Duration;

use kafka_codec::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_codec::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_codec::messages::elect_leaders_request::TopicPartitions;
use kafka_codec::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_codec::messages::{
    AlterPartitionReassignmentsRequest, CreateTopicsRequest, ElectLeadersRequest,
    InitProducerIdRequest, ListOffsetsRequest,
};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::Packed;
use kafka_codec_tokio::{Cluster, Produce};

use crate::cluster::cluster;
use crate::support::{FOLLOWER, within};
use crate::topic::of_this_run;

const PARTITIONS: i32 = 4;

async fn topic(cluster: &Cluster) -> String {
    let name = of_this_run("moving");
    let assignments = (0..PARTITIONS).map(|partition_index| CreatableReplicaAssignment {
        partition_index,
        broker_ids: Packed::from([1, 2]),
        ..Default::default()
    });
    let request = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: name.clone().into(),
            num_partitions: -1,
            replication_factor: -1,
            assignments: assignments.collect(),
            ..Default::default()
        }],
        timeout_ms: 10_000,
        ..Default::default()
    };
    let answer = cluster.send(&request).await.unwrap();
    let made = answer.decode().unwrap().topics.remove(0);
    assert!(made.error_code.is_none(), "{}", made.error_code);
    name
}

/// Makes a broker the leader of all partitions.
async fn move_to(cluster: &Cluster, topic: &str, replicas: [i32; 2]) {
    let partitions = (0..PARTITIONS).map(|partition_index| ReassignablePartition {
        partition_index,
        replicas: Some(Packed::from(replicas)),
        ..Default::default()
    });
    let order = AlterPartitionReassignmentsRequest {
        topics: vec![ReassignableTopic {
            name: topic.to_owned().into(),
            partitions: partitions.collect(),
            ..Default::default()
        }],
        timeout_ms: 10_000,
        ..Default::default()
    };
    cluster.send(&order).await.unwrap();
    let elect = ElectLeadersRequest {
        topic_partitions: Some(vec![TopicPartitions {
            topic: topic.to_owned().into(),
            partitions: (0..PARTITIONS).collect(),
            ..Default::default()
        }]),
        timeout_ms: 10_000,
        ..Default::default()
    };
    let answer = cluster.send(&elect).await.unwrap();
    let results = answer.decode().unwrap().replica_election_results;
    for result in results.iter().flat_map(|topic| &topic.partition_result) {
        assert!(result.error_code.is_none(), "{}", result.error_code);
    }
}

/// A batch of two records of an idempotent producer.
fn records(producer_id: i64, base_sequence: i32) -> bytes::Bytes {
    let mut builder = BatchBuilder::new(BatchOptions {
        producer_id,
        producer_epoch: 0,
        base_sequence,
        ..Default::default()
    });
    for value in ["one", "two"] {
        let record = NewRecord {
            timestamp: 1_700_000_000_000,
            value: Some(value.as_bytes()),
            ..Default::default()
        };
        builder.append(&record).unwrap();
    }
    builder.finish().unwrap()
}

/// What a producer of a partition saw.
#[derive(Debug, Default)]
struct Produced {
    offsets: Vec<i64>,
    retried: usize,
}

async fn produce(
    cluster: Cluster,
    topic: String,
    partition: i32,
    until: std::time::Instant,
) -> Produced {
    let request = InitProducerIdRequest {
        transactional_id: None,
        ..Default::default()
    };
    let answer = cluster.send(&request).await.unwrap();
    let answer = answer.decode().unwrap();
    assert!(answer.error_code.is_none(), "{}", answer.error_code);
    let id = answer.producer_id;
    let mut produced = Produced::default();
    let mut sequence = 0;
    while std::time::Instant::now() < until {
        let batch = Produce::new(topic.clone(), partition, records(id, sequence));
        let end = cluster.produce(batch).await.unwrap();
        produced.offsets.push(end.base_offset);
        produced.retried += usize::from(end.attempts.len() > 1);
        sequence += 2;
    }
    produced
}

#[tokio::test]
async fn batches_with_sequences_arrive_once_and_in_order_while_leaders_move() {
    let _alone = FOLLOWER.lock().await;
    let cluster = cluster().await;
    let topic = topic(&cluster).await;
    let until = std::time::Instant::now() + Duration::from_secs(6);
    let producers: Vec<_> = (0..PARTITIONS)
        .map(|partition| tokio::spawn(produce(cluster.clone(), topic.clone(), partition, until)))
        .collect();
    for replicas in [[2, 1], [1, 2], [2, 1]] {
        tokio::time::sleep(Duration::from_millis(1200)).await;
        move_to(&cluster, &topic, replicas).await;
    }
    let mut all = Vec::new();
    for producer in producers {
        all.push(within(40, producer).await.unwrap());
    }
    assert!(
        all.iter().any(|it| it.retried > 0),
        "no leader moved: {all:?}"
    );
    let partitions = (0..PARTITIONS).map(|partition_index| ListOffsetsPartition {
        partition_index,
        timestamp: (-1).into(),
        ..Default::default()
    });
    let request = ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic {
            name: topic.clone().into(),
            partitions: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = cluster.send(&request).await.unwrap();
    for found in &answer.decode().unwrap().topics[0].partitions {
        let place = usize::try_from(found.partition_index).unwrap();
        let offsets = &all[place].offsets;
        let expected: Vec<i64> = (0..).step_by(2).take(offsets.len()).collect();
        // A duplicate that the broker recognized has no offset.
        let are_right = offsets
            .iter()
            .zip(&expected)
            .all(|(is, expected)| is == expected || *is == -1);
        assert!(are_right, "{offsets:?}");
        assert_eq!(found.offset, 2 * i64::try_from(offsets.len()).unwrap());
    }
    let timeouts = cluster.produce_timeouts().unwrap();
    println!("{timeouts}");
    assert!(timeouts.suggested.0 >= timeouts.p50, "{timeouts}");
}
