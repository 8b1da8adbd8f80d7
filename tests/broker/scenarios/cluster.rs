//! A cluster of two brokers: batches whose broker stops and goes on, connections that are kept open, and the reports
//! of all of it.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use kafka_codec::connection::{ConnectionOptions, TimeoutFrom};
use kafka_codec::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_codec::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_codec::messages::{
    CreateTopicsRequest, DescribeLogDirsRequest, ListGroupsRequest, ListOffsetsRequest,
    ListTransactionsRequest,
};
use kafka_codec::produce::Persistence;
use kafka_codec_tokio::{
    Brokers, Cluster, ClusterOptions, Destination, Options, Produce, Purpose, Reached,
};

use crate::support::{FOLLOWER, Hanging, setup, within};
use crate::topic::{batch, of_this_run};

/// A batch of one record, for which the broker waits half a second for its followers.
fn one(topic: &str, value: &[u8]) -> Produce {
    let records = Bytes::copy_from_slice(&batch(&[value]));
    Produce::new(topic, 0, records).with_timeout(Duration::from_millis(500))
}

#[tokio::test]
async fn every_broker_is_asked_for_its_log_directories_groups_and_transactions() {
    let cluster = cluster().await;
    let everything = DescribeLogDirsRequest {
        topics: None,
        ..Default::default()
    };
    let answer = within(20, cluster.send(&everything)).await.unwrap();
    let brokers: BTreeSet<i32> = answer.parts().map(|(broker, _)| broker).collect();
    assert_eq!(brokers, BTreeSet::from([1, 2]));
    let merged = answer.decode().unwrap();
    let dirs: BTreeSet<_> = merged.results.iter().map(|it| &*it.log_dir).collect();
    assert_eq!(dirs.len(), 2, "{dirs:?}");
    assert_eq!(answer.errors().count(), 0);
    let groups = cluster.send(&ListGroupsRequest::default()).await.unwrap();
    assert_eq!(groups.parts().count(), 2);
    let transactions = ListTransactionsRequest::default();
    let transactions = cluster.send(&transactions).await.unwrap();
    assert_eq!(transactions.parts().count(), 2);
    // One that is not there is named, and the others have answered.
    let some = Brokers::Only(vec![1, 77]);
    let each = within(60, cluster.send_to_each(&some, &everything)).await;
    let each = each.unwrap();
    assert!(each[&1].is_ok());
    let error = each[&77].as_ref().unwrap_err().to_string();
    assert!(
        error.ends_with("broker 77 is not in the cluster")
            || error.contains("broker 77 is not in the cluster ("),
        "{error}"
    );
}

/// The cluster, when both brokers are in it.
pub(crate) async fn cluster() -> Cluster {
    let quick = ConnectionOptions::new("")
        .with_request_timeout(Duration::from_secs(1), TimeoutFrom::Written);
    let options = ClusterOptions::new([setup("leader"), setup("follower")])
        .with_connections(Options::default().with_connection(quick))
        .with_deadline(Duration::from_secs(40));
    let cluster = Cluster::new(options);
    let both = async {
        while cluster.brokers() != [1, 2] {
            tokio::time::sleep(Duration::from_millis(200)).await;
            cluster.refresh([]).await.unwrap();
        }
    };
    within(30, both).await;
    cluster
}

/// A topic whose only partition has its replicas on these brokers, the first as leader.
async fn topic(cluster: &Cluster, purpose: &str, replicas: Vec<i32>) -> String {
    let name = of_this_run(purpose);
    let request = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: name.clone().into(),
            num_partitions: -1,
            replication_factor: -1,
            assignments: vec![CreatableReplicaAssignment {
                partition_index: 0,
                broker_ids: replicas.into(),
                ..Default::default()
            }],
            ..Default::default()
        }],
        timeout_ms: 10_000,
        ..Default::default()
    };
    let made = cluster.send(&request).await.unwrap();
    let made = &made.decode().unwrap().topics[0];
    assert!(made.error_code.is_none(), "{name}: {}", made.error_code);
    name
}

/// The offset behind the last record.
async fn end(cluster: &Cluster, topic: &str) -> i64 {
    let request = ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic {
            name: topic.into(),
            partitions: vec![ListOffsetsPartition {
                timestamp: (-1).into(),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let leader = Destination::Leader(topic.into(), 0);
    let answer = cluster.send_to(leader, &request).await.unwrap();
    answer.decode().unwrap().topics[0].partitions[0].offset
}

#[tokio::test]
async fn a_batch_without_a_sequence_is_given_up_when_the_broker_stops_and_what_is_said_of_it_holds()
{
    let _alone = FOLLOWER.lock().await;
    let cluster = cluster().await;
    let topic = topic(&cluster, "stopped", vec![2]).await;
    let first = cluster.produce(one(&topic, b"first")).await.unwrap();
    assert_eq!(first.base_offset, 0);
    let stopped = Hanging::now();
    let second = within(30, cluster.produce(one(&topic, b"second"))).await;
    drop(stopped);
    let error = second.unwrap_err();
    assert_eq!(error.report.persistence, Persistence::Possibly, "{error}");
    assert_eq!(error.attempts.len(), 1, "{error}");
    let line = error.to_string();
    assert!(line.starts_with(&format!("{topic}-0: timed out")), "{line}");
    assert!(line.contains("it may be in the log"), "{line}");
    assert!(line.contains("broker 2 (127.0.0.1:"), "{line}");
    // The broker works on what it had received when it goes on: 1 or 2, both of which `possibly` allows.
    let third = cluster.produce(one(&topic, b"third")).await.unwrap();
    let in_log = end(&cluster, &topic).await;
    assert!((2..=3).contains(&in_log), "{in_log}");
    assert_eq!(third.base_offset, in_log - 1);
}

#[tokio::test]
async fn a_batch_that_may_be_repeated_survives_a_broker_that_stops_and_goes_on() {
    let _alone = FOLLOWER.lock().await;
    let cluster = cluster().await;
    let topic = topic(&cluster, "continued", vec![2]).await;
    cluster.produce(one(&topic, b"first")).await.unwrap();
    let stopped = Hanging::now();
    let producing = tokio::spawn({
        let (cluster, topic) = (cluster.clone(), topic.clone());
        async move {
            let batch = one(&topic, b"second").with_repetition();
            cluster.produce(batch).await
        }
    });
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let stuck = cluster.stuck(Duration::from_secs(2), 1);
    drop(stopped);
    assert_eq!(
        stuck.iter().map(|it| &*it.topic).collect::<Vec<_>>(),
        [&*topic]
    );
    let produced = within(40, producing).await.unwrap().unwrap();
    assert!(produced.attempts.len() > 1, "{:?}", produced.attempts);
    assert_eq!(produced.report.persistence, Persistence::Yes);
    // The offset that it received is in the log.
    assert!(end(&cluster, &topic).await > produced.base_offset);
    assert_eq!(cluster.stuck(Duration::ZERO, 0), []);
}

#[tokio::test]
async fn both_brokers_are_opened_then_probed_and_each_purpose_has_a_connection_of_its_own() {
    let _alone = FOLLOWER.lock().await;
    let cluster = cluster().await;
    let cold = cluster
        .ensure_open(&Brokers::All, Purpose::Produce)
        .await
        .unwrap();
    assert_eq!(
        cold.reached.keys().copied().collect::<Vec<_>>(),
        [1, 2],
        "{cold:?}"
    );
    assert!(
        cold.reached
            .values()
            .all(|it| matches!(it, Reached::Opened(_))),
        "{cold:?}"
    );
    let warm = cluster
        .ensure_open(&Brokers::All, Purpose::Produce)
        .await
        .unwrap();
    assert!(
        warm.reached
            .values()
            .all(|it| matches!(it, Reached::Probed(_))),
        "{warm:?}"
    );
    let other = cluster
        .ensure_open(&Brokers::Only(vec![2]), Purpose::Fetch)
        .await
        .unwrap();
    assert!(matches!(other.reached[&2], Reached::Opened(_)), "{other:?}");
}
