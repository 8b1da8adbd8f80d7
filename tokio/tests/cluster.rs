//! A cluster: who is asked, what is learned from answers, what is tried again, and what is reported of it.
#![cfg(test)]

mod support {
    pub(crate) mod toy_cluster;
}

use std::time::Duration;

use bytes::Bytes;
use kafka_codec::connection::{ConnectionOptions, TimeoutFrom};
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_codec::messages::{FetchRequest, HeartbeatRequest, ListGroupsRequest};
use kafka_codec::produce::{AttemptOutcome, BatchInfo, Persistence, ProducerSequence};
use kafka_codec::{ApiKey, ErrorCode};
use kafka_codec_tokio::{
    Brokers, Cluster, ClusterOptions, Destination, GivenUp, Options, Produce, Purpose, Reached,
};

use support::toy_cluster::{Script, ToyCluster};

fn batch() -> Produce {
    Produce::new("orders", 0, Bytes::from_static(b"a batch")).with_record_count(3)
}

fn idempotent() -> Produce {
    let sequence = ProducerSequence {
        producer_id: 7,
        epoch: 0,
        base_sequence: 0,
    };
    batch().with_info(
        BatchInfo::new("orders", 0)
            .with_records(3)
            .with_sequence(sequence),
    )
}

fn outcomes(attempts: &[kafka_codec::produce::AttemptReport]) -> Vec<&'static str> {
    attempts
        .iter()
        .map(|attempt| attempt.outcome.name())
        .collect()
}

#[tokio::test]
async fn a_batch_goes_to_the_leader_of_its_partition() {
    let toy = ToyCluster::start(3).await;
    toy.shared.lock().unwrap().leader = 2;
    let produced = toy.cluster().produce(batch()).await.unwrap();
    assert_eq!(
        (produced.base_offset, outcomes(&produced.attempts)),
        (0, vec!["acked"])
    );
    assert_eq!(produced.report.persistence, Persistence::Yes);
    assert_eq!(toy.asked(ApiKey::Produce), [2]);
    assert_eq!(toy.shared.lock().unwrap().log, [7]);
}

#[tokio::test]
async fn a_leader_that_the_old_one_names_is_asked_without_metadata() {
    let toy = ToyCluster::start(2).await;
    toy.script([Script::MovedTo(2)]);
    let cluster = toy.cluster();
    let produced = cluster.produce(batch().with_repetition()).await.unwrap();
    assert_eq!(outcomes(&produced.attempts), ["moved", "acked"]);
    let AttemptOutcome::Moved { leader, .. } = produced.attempts[0].outcome else {
        panic!()
    };
    assert_eq!(leader, Some(2));
    assert_eq!(toy.asked(ApiKey::Produce), [1, 2]);
    assert_eq!(toy.asked(ApiKey::Metadata).len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_not_appended_is_sent_again_until_it_is() {
    let toy = ToyCluster::start(1).await;
    toy.script([ErrorCode::NOT_ENOUGH_REPLICAS; 2].map(Script::Code));
    let produced = toy.cluster().produce(batch()).await.unwrap();
    assert_eq!(
        outcomes(&produced.attempts),
        ["retriable", "retriable", "acked"]
    );
    assert!(produced.report.backing_off >= Duration::from_millis(200));
    assert_eq!(produced.attempts[1].number, 2);
    assert_eq!(toy.shared.lock().unwrap().log.len(), 1);
}

#[tokio::test]
async fn a_batch_that_may_be_in_the_log_is_not_sent_again_unless_the_broker_recognizes_it() {
    let toy = ToyCluster::start(1).await;
    toy.script([Script::CloseAfterAppend]);
    let cluster = toy.cluster();
    let error = cluster.produce(batch()).await.unwrap_err();
    assert_eq!(outcomes(&error.attempts), ["transport"]);
    assert_eq!(error.report.persistence, Persistence::Possibly);
    let line = error.to_string();
    assert!(line.starts_with("orders-0: connection broke"), "{line}");
    assert!(
        line.contains("it may be in the log (3 records, 7 bytes)"),
        "{line}"
    );
    assert!(line.contains("Produce v13 (correlation "), "{line}");
    assert_eq!(toy.shared.lock().unwrap().log.len(), 1);

    toy.script([Script::CloseAfterAppend]);
    let produced = cluster.produce(idempotent()).await.unwrap();
    assert_eq!(outcomes(&produced.attempts), ["transport", "acked"]);

    toy.script([Script::CloseAfterAppend]);
    let produced = cluster.produce(batch().with_repetition()).await.unwrap();
    assert_eq!(outcomes(&produced.attempts), ["transport", "acked"]);
    // Twice each, as was allowed: this toy recognizes nothing.
    assert_eq!(toy.shared.lock().unwrap().log.len(), 5);
}

#[tokio::test]
async fn a_fetch_follows_the_leader_that_the_old_one_names_without_metadata() {
    let toy = ToyCluster::start(2).await;
    let cluster = toy.cluster();
    cluster.refresh(["orders"]).await.unwrap();
    let asked = toy.asked(ApiKey::Metadata).len();
    {
        let mut shared = toy.shared.lock().unwrap();
        (shared.leader, shared.leader_epoch) = (2, 2);
    }
    let request = FetchRequest {
        topics: vec![FetchTopic {
            topic: "orders".into(),
            topic_id: cluster.topic_id("orders").unwrap(),
            partitions: vec![FetchPartition::default()],
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = cluster.send(&request).await.unwrap();
    let partition = &answer.decode().unwrap().responses[0].partitions[0];
    assert_eq!(partition.error_code, ErrorCode::NONE);
    assert_eq!(toy.asked(ApiKey::Fetch), [1, 2]);
    assert_eq!(toy.asked(ApiKey::Metadata).len(), asked);
}

#[tokio::test]
async fn brokers_that_want_it_are_forgotten_for_the_bootstrap_servers() {
    let toy = ToyCluster::start(3).await;
    let port = toy.shared.lock().unwrap().ports[&1];
    toy.shared.lock().unwrap().hidden = vec![1];
    let cluster = Cluster::new(ClusterOptions::new([format!("127.0.0.1:{port}")]));
    cluster
        .ensure_open(&Brokers::All, Purpose::Other)
        .await
        .unwrap();
    assert_eq!(cluster.brokers(), [2, 3]);
    {
        let mut shared = toy.shared.lock().unwrap();
        (shared.hidden, shared.rebootstrap) = (vec![2, 3], vec![2, 3]);
    }
    cluster.refresh([]).await.unwrap();
    assert_eq!(cluster.brokers(), [1]);
    let asked = toy.asked(ApiKey::Metadata);
    let [first, .., refused, last] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!((*first, *last), (1, 1), "the bootstrap server");
    assert!([2, 3].contains(refused), "{asked:?}");
}

#[tokio::test]
async fn connections_to_brokers_that_left_are_closed() {
    let toy = ToyCluster::start(2).await;
    let cluster = toy.cluster();
    cluster
        .ensure_open(&Brokers::All, Purpose::Other)
        .await
        .unwrap();
    let closed = cluster
        .connection(2, Purpose::Other)
        .await
        .unwrap()
        .closed();
    toy.shared.lock().unwrap().hidden = vec![2];
    cluster.refresh([]).await.unwrap();
    let report = tokio::time::timeout(Duration::from_secs(5), closed).await;
    assert!(report.unwrap().reason.name().starts_with("local"));
    assert_eq!(cluster.brokers(), [1]);
}

#[tokio::test]
async fn an_error_that_stays_is_told_at_once() {
    let toy = ToyCluster::start(1).await;
    toy.script([Script::Code(ErrorCode::MESSAGE_TOO_LARGE)]);
    let error = toy.cluster().produce(batch()).await.unwrap_err();
    assert_eq!(outcomes(&error.attempts), ["fatal"]);
    assert_eq!(error.report.persistence, Persistence::No);
    assert!(
        error.to_string().starts_with("orders-0: MESSAGE_TOO_LARGE"),
        "{error}"
    );
}

#[tokio::test]
async fn a_batch_without_acknowledgement_is_done_when_it_is_written() {
    let toy = ToyCluster::start(1).await;
    let produced = toy
        .cluster()
        .produce(batch().with_acks(Acks::NONE))
        .await
        .unwrap();
    assert_eq!(
        (produced.base_offset, outcomes(&produced.attempts)),
        (-1, vec!["written"])
    );
}

#[tokio::test]
async fn a_batch_without_acknowledgement_says_nothing_of_how_long_answers_take() {
    let toy = ToyCluster::start(1).await;
    let cluster = toy.cluster();
    let unacknowledged = batch().with_acks(Acks::NONE);
    cluster.produce(unacknowledged).await.unwrap();
    assert_eq!(cluster.produce_timeouts(), None);
    cluster.produce(batch()).await.unwrap();
    assert_eq!(cluster.produce_timeouts().unwrap().answered, 1);
}

#[tokio::test]
async fn a_description_of_another_partition_does_not_change_where_a_batch_goes() {
    let toy = ToyCluster::start(1).await;
    let described = batch().with_info(BatchInfo::new("elsewhere", 5).with_records(2));
    let produced = toy.cluster().produce(described).await.unwrap();
    let info = &produced.report.batch;
    assert_eq!(
        (&*info.topic, info.partition, info.records),
        ("orders", 0, 2)
    );
}

#[test]
fn a_heartbeat_does_not_wait_behind_a_member_that_joins() {
    for held in [ApiKey::JoinGroup, ApiKey::SyncGroup] {
        assert_eq!(Purpose::of(held), Purpose::Group);
    }
    for answered in [
        ApiKey::Heartbeat,
        ApiKey::LeaveGroup,
        ApiKey::ConsumerGroupHeartbeat,
    ] {
        assert_eq!(Purpose::of(answered), Purpose::Other);
    }
}

#[tokio::test]
async fn a_partition_whose_batch_loops_is_stuck_until_it_is_over() {
    let toy = ToyCluster::start(1).await;
    toy.script([Script::Silent, Script::Silent, Script::Silent]);
    let quick = ConnectionOptions::new("")
        .with_request_timeout(Duration::from_millis(100), TimeoutFrom::Written);
    let options = toy
        .options()
        .with_connections(Options::default().with_connection(quick));
    let cluster = Cluster::new(options);
    let producing = tokio::spawn({
        let cluster = cluster.clone();
        let batch = idempotent().with_timeout(Duration::ZERO);
        async move { cluster.produce(batch).await }
    });
    let stuck = loop {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if let Some(stuck) = cluster.stuck(Duration::from_millis(150), 2).pop() {
            break stuck;
        }
    };
    assert_eq!(
        (&*stuck.topic, stuck.partition, stuck.batches),
        ("orders", 0, 1)
    );
    let produced = producing.await.unwrap().unwrap();
    let expected = ["timed_out", "timed_out", "timed_out", "acked"];
    assert_eq!(outcomes(&produced.attempts), expected);
    assert_eq!(produced.attempts[2].consecutive_timeouts, 3);
    assert_eq!(cluster.stuck(Duration::ZERO, 0), []);
}

#[tokio::test]
async fn a_coordinator_that_has_moved_is_looked_for_again() {
    let toy = ToyCluster::start(2).await;
    let cluster = toy.cluster();
    let group = || Destination::Group("billing".into());
    let request = HeartbeatRequest::default();
    cluster.send_to(group(), &request).await.unwrap();
    toy.shared.lock().unwrap().coordinator = 2;
    // What is not known to be safe to repeat is the caller's to repeat.
    let response = cluster.send_to(group(), &request).await.unwrap();
    assert_eq!(
        response.decode().unwrap().error_code,
        ErrorCode::NOT_COORDINATOR
    );
    let response = cluster.send_to(group(), &request).await.unwrap();
    assert!(response.decode().unwrap().error_code.is_none());
    assert_eq!(toy.asked(ApiKey::Heartbeat), [1, 1, 2]);
    assert_eq!(toy.asked(ApiKey::FindCoordinator).len(), 2);
}

#[tokio::test]
async fn missing_connections_are_opened_and_open_ones_probed_and_the_rest_named() {
    let mut toy = ToyCluster::start(3).await;
    let cluster = toy.cluster();
    let report = cluster
        .ensure_open(&Brokers::All, Purpose::Produce)
        .await
        .unwrap();
    assert_eq!(
        report.reached.keys().copied().collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let is_opened = |reached: &Reached| matches!(reached, Reached::Opened(_));
    assert!(report.reached.values().all(is_opened), "{report:?}");

    toy.stop(2).await;
    let report = cluster
        .ensure_open(&Brokers::All, Purpose::Produce)
        .await
        .unwrap();
    let is_probed = |reached: &Reached| matches!(reached, Reached::Probed(_));
    assert_eq!(report.reached.keys().copied().collect::<Vec<_>>(), [1, 3]);
    assert!(report.reached.values().all(is_probed), "{report:?}");
    let error = report.unreachable[&2].to_string();
    assert!(error.starts_with("broker 2 (127.0.0.1:"), "{error}");

    let report = cluster
        .ensure_open(&Brokers::Only(vec![9]), Purpose::Fetch)
        .await
        .unwrap();
    assert_eq!(report.unreachable[&9].to_string(), "broker 9 is not known");
}

#[tokio::test]
async fn the_first_request_uses_the_connection_that_was_kept_open() {
    let toy = ToyCluster::start(1).await;
    let cluster = toy.cluster();
    let kept = cluster.keep_open(Brokers::All, [Purpose::Produce], Duration::from_millis(50));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let connection = cluster.connection(1, Purpose::Produce).await.unwrap();
    cluster.produce(batch()).await.unwrap();
    assert!(connection.close_report().is_none());
    // Opened once, and probed since.
    assert!(toy.asked(ApiKey::Produce) == [1]);
    drop(kept);
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_told_with_each_attempt() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let options = ClusterOptions::new([address.clone()]).with_deadline(Duration::from_secs(1));
    let error = Cluster::new(options)
        .send(&ListGroupsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(error.end, GivenUp::Deadline(Duration::from_secs(1)));
    let line = error.to_string();
    assert!(
        line.starts_with("ListGroups: gave up after 1s and "),
        "{line}"
    );
    assert!(
        line.contains(&format!("{address}: connecting: TCP: ")),
        "{line}"
    );
    assert!(line.ends_with(" times)"), "{line}");
}
