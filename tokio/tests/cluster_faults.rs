//! A cluster some of whose brokers hang, lag behind or end connections: callers are answered by others, and within their time.
#![cfg(test)]

mod support {
    pub(crate) mod toy_cluster;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use kafka_codec::connection::{ConnectionOptions, State, SubmitOptions};
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{FetchRequest, ProduceRequest};
use kafka_codec::produce::{BatchInfo, ProducerSequence};
use kafka_codec::wire::Blob;
use kafka_codec::{ApiKey, ErrorCode};
use kafka_codec_tokio::{
    AttemptError, Brokers, Cluster, ClusterOptions, Destination, Options, Produce, Purpose,
    SendError,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use support::toy_cluster::{SPREAD, Script, ToyCluster};

/// What takes longer hangs.
const HANG: Duration = Duration::from_secs(20);

fn idempotent() -> Produce {
    let sequence = ProducerSequence {
        producer_id: 7,
        epoch: 0,
        base_sequence: 0,
    };
    let info = BatchInfo::new("orders", 0).with_sequence(sequence);
    Produce::new("orders", 0, Bytes::from_static(b"a batch")).with_info(info)
}

/// Waits until the toy has seen so many requests of an API.
async fn seen(toy: &ToyCluster, key: ApiKey, count: usize) {
    let wait = async {
        while toy.asked(key).len() < count {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(HANG, wait).await.unwrap();
}

/// A listener that passes connections on after `delay`, or never, and counts them.
async fn slow(port: Option<u16>, delay: Duration) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let accepted = Arc::new(AtomicU32::new(0));
    let count = accepted.clone();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut near, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let Some(port) = port else {
                held.push(near);
                continue;
            };
            tokio::spawn(async move {
                sleep(delay).await;
                let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (address, accepted)
}

/// A cluster of two brokers with open connections, the first of which hangs since.
async fn one_hangs(deadline: Duration) -> (ToyCluster, Cluster) {
    let toy = ToyCluster::start(2).await;
    let cluster = Cluster::new(toy.options().with_deadline(deadline));
    let opened = cluster.ensure_open(&Brokers::All, Purpose::Other).await;
    assert_eq!(opened.unwrap().reached.len(), 2);
    toy.shared.lock().unwrap().hung = vec![1];
    (toy, cluster)
}

#[tokio::test]
async fn a_broker_that_hangs_is_passed_over_by_later_lookups() {
    let (_toy, cluster) = one_hangs(Duration::from_millis(500)).await;
    let mut errors = Vec::new();
    for _ in 0..6 {
        errors.extend(cluster.refresh([]).await.err());
    }
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[tokio::test]
async fn a_lookup_at_a_broker_that_hangs_leaves_time_to_ask_another() {
    let (_toy, cluster) = one_hangs(Duration::from_secs(4)).await;
    for _ in 0..2 {
        cluster.refresh([]).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_is_silent_leaves_time_to_ask_another() {
    let toy = ToyCluster::start(1).await;
    let port = toy.shared.lock().unwrap().ports[&1];
    let (silent, _) = slow(None, Duration::ZERO).await;
    let servers = [silent, format!("127.0.0.1:{port}")];
    let options = ClusterOptions::new(servers).with_deadline(Duration::from_secs(4));
    Cluster::new(options).refresh([]).await.unwrap();
}

#[tokio::test]
async fn callers_that_wait_for_a_server_that_is_silent_fail_together_and_go_to_another() {
    let toy = ToyCluster::start(1).await;
    let port = toy.shared.lock().unwrap().ports[&1];
    let (silent, _) = slow(None, Duration::ZERO).await;
    let impatient =
        ConnectionOptions::new("").with_initialization_timeout(Duration::from_millis(300));
    let options = ClusterOptions::new([silent, format!("127.0.0.1:{port}")])
        .with_connections(Options::default().with_connection(impatient))
        .with_deadline(Duration::from_secs(2));
    let cluster = Cluster::new(options);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let cluster = cluster.clone();
            tokio::spawn(async move { cluster.refresh([]).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_cancel_the_opening_of_a_connection() {
    let toy = ToyCluster::start(1).await;
    let port = toy.shared.lock().unwrap().ports[&1];
    let (address, accepted) = slow(Some(port), Duration::from_millis(200)).await;
    let cluster = Cluster::new(ClusterOptions::new([address]));
    for _ in 0..5 {
        let opened = cluster.connection(-1, Purpose::Other);
        let _ = timeout(Duration::from_millis(20), opened).await;
    }
    let opened = timeout(HANG, cluster.connection(-1, Purpose::Other)).await;
    assert_eq!(opened.unwrap().unwrap().state(), State::Ready);
    assert_eq!(accepted.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_broker_that_names_an_older_leader_is_asked_after_a_pause_and_metadata_again() {
    let toy = ToyCluster::start(2).await;
    toy.shared.lock().unwrap().leader_epoch = 5;
    toy.script([Script::Hint(2, 3); 1000]);
    let cluster = toy.cluster();
    let shared = toy.shared.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(300)).await;
        shared.lock().unwrap().scripts.clear();
    });
    cluster.produce(idempotent()).await.unwrap();
    let (produced, asked) = (toy.asked(ApiKey::Produce), toy.asked(ApiKey::Metadata));
    assert!(produced.len() <= 6, "{produced:?}");
    assert!(asked.len() >= 2, "{asked:?}");
}

#[tokio::test]
async fn brokers_that_name_each_other_as_the_leader_are_not_asked_without_a_pause() {
    let toy = ToyCluster::start(2).await;
    toy.script((2..1000).map(|epoch| Script::Hint(1 + (epoch + 1) % 2, epoch)));
    let shared = toy.shared.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(300)).await;
        let mut shared = shared.lock().unwrap();
        shared.scripts.clear();
        shared.leader_epoch = 1000;
    });
    toy.cluster().produce(idempotent()).await.unwrap();
    let produced = toy.asked(ApiKey::Produce);
    assert!(produced.len() <= 12, "{}", produced.len());
}

#[tokio::test]
async fn a_topic_that_was_deleted_and_created_again_is_produced_to() {
    let toy = ToyCluster::start(2).await;
    toy.shared.lock().unwrap().leader_epoch = 5;
    let cluster = toy.cluster();
    cluster.produce(idempotent()).await.unwrap();
    {
        let mut shared = toy.shared.lock().unwrap();
        (shared.leader, shared.leader_epoch, shared.topic_id) = (2, 0, 9);
    }
    let produced = timeout(HANG, cluster.produce(idempotent())).await;
    produced.unwrap().unwrap();
    assert_eq!(toy.asked(ApiKey::Produce), [1, 1, 2]);
}

#[tokio::test]
async fn a_leader_that_moved_is_learned_from_any_code_of_a_response() {
    let toy = ToyCluster::start(2).await;
    toy.shared.lock().unwrap().spread = vec![1, 1];
    let cluster = toy.cluster();
    cluster.refresh(["spread"]).await.unwrap();
    toy.shared.lock().unwrap().spread = vec![1, 2];
    let fetch = |partitions: &[i32]| {
        let partitions = partitions.iter().map(|partition| FetchPartition {
            partition: *partition,
            ..Default::default()
        });
        FetchRequest {
            topics: vec![FetchTopic {
                topic: "spread".into(),
                topic_id: SPREAD,
                partitions: partitions.collect(),
                ..Default::default()
            }],
            ..Default::default()
        }
    };
    let answer = cluster.send(&fetch(&[0, 1])).await.unwrap();
    let errors: Vec<_> = answer.errors().collect();
    assert_eq!(errors, [(1, ErrorCode::OFFSET_OUT_OF_RANGE)]);
    let asked = toy.asked(ApiKey::Metadata).len();
    cluster.send(&fetch(&[1])).await.unwrap();
    assert_eq!(toy.asked(ApiKey::Fetch), [1, 2]);
    assert_eq!(toy.asked(ApiKey::Metadata).len(), asked + 1);
}

#[tokio::test]
async fn a_request_without_a_response_is_refused_before_it_is_sent() {
    let toy = ToyCluster::start(1).await;
    let cluster = toy.cluster();
    cluster.refresh(["orders"]).await.unwrap();
    let request = ProduceRequest {
        acks: Acks::NONE,
        topic_data: vec![TopicProduceData {
            name: "orders".into(),
            topic_id: cluster.topic_id("orders").unwrap(),
            partition_data: vec![PartitionProduceData {
                records: Some(Blob::from(b"a batch".to_vec())),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let error = cluster.send(&request).await.unwrap_err();
    assert!(error.to_string().contains("has no response"), "{error}");
    let error = cluster.send_to(Destination::Broker(1), &request).await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("has no response"), "{error}");
    let connection = cluster.connection(1, Purpose::Produce).await.unwrap();
    let encoded = connection
        .encode(&request, SubmitOptions::default())
        .unwrap();
    let sent = connection.send_encoded(&encoded, SubmitOptions::default());
    assert!(matches!(sent.await.unwrap_err(), SendError::NoResponse));
    // What was sent before this is answered before it.
    connection.probe().await.unwrap();
    assert!(toy.asked(ApiKey::Produce).is_empty());
}

#[tokio::test]
async fn a_request_that_waited_for_a_connection_that_is_drained_goes_to_a_new_one() {
    let toy = ToyCluster::start(1).await;
    toy.script([Script::Silent, Script::Silent]);
    let options = Options::default().with_max_requests(2);
    let cluster = Cluster::new(toy.options().with_connections(options));
    let produce = || {
        let cluster = cluster.clone();
        tokio::spawn(async move { cluster.produce(idempotent()).await })
    };
    let (first, _second) = (produce(), produce());
    seen(&toy, ApiKey::Produce, 2).await;
    let third = produce();
    // By then it has the connection, and waits for one of the others to end.
    sleep(Duration::from_millis(100)).await;
    let connection = cluster.connection(1, Purpose::Produce).await.unwrap();
    connection.begin_drain();
    first.abort();
    let third = timeout(HANG, third).await.unwrap().unwrap().unwrap();
    assert_eq!(third.report.attempts, 2);
}

#[tokio::test]
async fn a_probe_leaves_a_busy_connection_open() {
    let toy = ToyCluster::start(1).await;
    toy.script([Script::Silent]);
    let narrow = ConnectionOptions::new("")
        .with_max_in_flight(1)
        .with_max_waiting(1);
    let options = Options::default().with_connection(narrow);
    let cluster = Cluster::new(toy.options().with_connections(options));
    let hold = || {
        let cluster = cluster.clone();
        tokio::spawn(async move { cluster.produce(idempotent()).await })
    };
    let first = hold();
    seen(&toy, ApiKey::Produce, 1).await;
    let second = hold();
    let connection = cluster.connection(1, Purpose::Produce).await.unwrap();
    let waits = async {
        while connection.gauges().waiting == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(HANG, waits).await.unwrap();
    let only = Brokers::Only(vec![1]);
    let report = cluster.ensure_open(&only, Purpose::Produce).await.unwrap();
    let error = report.unreachable.get(&1).unwrap();
    assert!(matches!(error, AttemptError::Send(_)), "{error}");
    assert_eq!(connection.state(), State::Ready);
    assert!(!first.is_finished() && !second.is_finished());
}

#[tokio::test]
async fn a_deadline_may_be_as_long_as_it_likes() {
    let toy = ToyCluster::start(1).await;
    let options = toy.options().with_deadline(Duration::MAX);
    let cluster = Cluster::new(options.with_backoff(Duration::from_millis(1), Duration::MAX));
    cluster.refresh([]).await.unwrap();
    toy.script([Script::Code(ErrorCode::NOT_ENOUGH_REPLICAS)]);
    cluster.produce(idempotent()).await.unwrap();
}

#[test]
fn a_batch_is_printed_without_its_records() {
    let batch = Produce::new("orders", 3, Bytes::from_static(b"secret"));
    let printed = format!("{batch:?}");
    assert!(
        printed.contains("orders") && !printed.contains("secret"),
        "{printed}"
    );
    assert!(printed.contains("bytes: 6"), "{printed}");
}
