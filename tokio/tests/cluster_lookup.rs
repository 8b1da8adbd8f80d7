//! Who is asked, when whom to ask is refused, cannot be found out, or has changed altogether.
#![cfg(test)]

mod support;
#[path = "support/toy_cluster.rs"]
mod toy_cluster;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use kafka_codec::connection::VersionTable;
use kafka_codec::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{DescribeClusterResponse, ListGroupsRequest, ProduceRequest};
use kafka_codec::wire::Blob;
use kafka_codec::{ApiKey, ErrorCode};
use kafka_codec_tokio::{
    AttemptError, Cluster, ClusterOptions, GivenUp, Options, Produce, Purpose, SendError, Server,
    ServerOptions,
};
use tokio::time::{sleep, timeout};

use toy_cluster::{Script, ToyCluster};

/// What takes longer than this is not reported at once.
const SOON: Duration = Duration::from_secs(10);

fn batch() -> Produce {
    Produce::new("orders", 0, Bytes::from_static(b"a batch"))
}

#[tokio::test]
async fn a_topic_that_may_not_be_described_fails_at_once_with_its_error() {
    let refused = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    let toy = ToyCluster::start(1).await;
    let errors = [("orders", refused)];
    toy.shared.lock().unwrap().topic_errors = errors.into();
    let cluster = toy.cluster();
    let error = timeout(SOON, cluster.produce(batch())).await.unwrap();
    let error = error.unwrap_err();
    let text = "Metadata of orders: TOPIC_AUTHORIZATION_FAILED";
    assert!(error.to_string().contains(text), "{error}");
    assert!(
        matches!(&error.last, AttemptError::LookUp { code, .. } if *code == refused),
        "{error}"
    );
    let error = timeout(SOON, cluster.refresh(["orders"])).await.unwrap();
    let error = error.unwrap_err();
    assert_eq!(error.end, GivenUp::Fatal);
    assert!(error.to_string().contains(text), "{error}");
    // The toy names it all the same, but nobody asked.
    cluster.refresh(["spread"]).await.unwrap();
}

#[tokio::test]
async fn a_topic_that_is_not_there_yet_is_asked_for_again() {
    let toy = ToyCluster::start(1).await;
    let errors = [("orders", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)];
    toy.shared.lock().unwrap().topic_errors = errors.into();
    let shared = toy.shared.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(300)).await;
        shared.lock().unwrap().topic_errors.clear();
    });
    let cluster = toy.cluster();
    cluster.refresh(["orders"]).await.unwrap();
    cluster.produce(batch()).await.unwrap();
}

#[tokio::test]
async fn beginning_again_from_the_bootstrap_servers_closes_all_connections() {
    let toy = ToyCluster::start(2).await;
    let port = toy.shared.lock().unwrap().ports[&1];
    let cluster = Cluster::new(ClusterOptions::new([format!("127.0.0.1:{port}")]));
    cluster.refresh([]).await.unwrap();
    let mut closed = Vec::new();
    for (broker, purpose) in [
        (-1, Purpose::Other),
        (1, Purpose::Fetch),
        (2, Purpose::Fetch),
    ] {
        let connection = cluster.connection(broker, purpose).await.unwrap();
        closed.push(connection.closed());
    }
    toy.shared.lock().unwrap().rebootstrap = vec![1, 2];
    let shared = toy.shared.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(300)).await;
        shared.lock().unwrap().rebootstrap.clear();
    });
    cluster.refresh([]).await.unwrap();
    for closed in closed {
        timeout(SOON, closed).await.unwrap();
    }
}

#[tokio::test]
async fn connections_to_controllers_that_left_are_closed() {
    let table = [ApiKey::ApiVersions, ApiKey::DescribeCluster];
    let table = table.map(|key| (key, key.stable_versions().unwrap()));
    let options = ServerOptions::new(VersionTable::new(table));
    let server = Server::bind("127.0.0.1:0", options).await.unwrap();
    let port = server.local_addr().unwrap().port();
    let controllers = Arc::new(Mutex::new(vec![1, 2]));
    let named = controllers.clone();
    tokio::spawn(async move {
        while let Ok(client) = server.accept().await {
            let named = named.clone();
            tokio::spawn(async move {
                while let Some(request) = client.next_request().await {
                    let brokers = named.lock().unwrap().clone().into_iter();
                    let brokers = brokers.map(|broker_id| DescribeClusterBroker {
                        broker_id,
                        host: "127.0.0.1".into(),
                        port: port.into(),
                        ..Default::default()
                    });
                    let response = DescribeClusterResponse {
                        brokers: brokers.collect(),
                        ..Default::default()
                    };
                    request.respond(&response).unwrap();
                }
            });
        }
    });
    let cluster = Cluster::new(ClusterOptions::new([format!("127.0.0.1:{port}")]));
    cluster.refresh([]).await.unwrap();
    let closed = cluster
        .connection(2, Purpose::Other)
        .await
        .unwrap()
        .closed();
    *controllers.lock().unwrap() = vec![1];
    cluster.refresh([]).await.unwrap();
    assert_eq!(cluster.brokers(), [1]);
    timeout(SOON, closed).await.unwrap();
}

#[tokio::test]
async fn servers_that_can_never_be_connected_to_are_given_up_when_there_is_no_other() {
    let (tls, _) = support::tls();
    let server = ServerOptions::of_apis(ApiKey::ALL.iter().copied()).with_tls(tls);
    let server = Server::bind("127.0.0.1:0", server).await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            // The handshakes fail.
            let _ = server.accept().await;
        }
    });
    let (_, trusts_another) = support::tls();
    let untrusted = ClusterOptions::new([address])
        .with_connections(Options::default().with_tls(trusts_another));
    for (options, why) in [
        (ClusterOptions::new(["localhost", "b2:port"]), "has no port"),
        (untrusted, "certificate"),
    ] {
        let cluster = Cluster::new(options);
        let request = ListGroupsRequest::default();
        let sent = timeout(SOON, cluster.send(&request)).await.unwrap();
        let error = sent.unwrap_err();
        assert_eq!(error.end, GivenUp::Fatal, "{error}");
        assert!(error.to_string().contains(why), "{error}");
        let produced = timeout(SOON, cluster.produce(batch())).await.unwrap();
        let error = produced.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    // Another server may be there.
    let toy = ToyCluster::start(1).await;
    let port = toy.shared.lock().unwrap().ports[&1];
    let servers = ["localhost".to_owned(), format!("127.0.0.1:{port}")];
    let cluster = Cluster::new(ClusterOptions::new(servers));
    cluster.produce(batch()).await.unwrap();
}

#[tokio::test]
async fn a_batch_that_waited_for_the_limits_of_its_connection_was_not_tried() {
    let toy = ToyCluster::start(1).await;
    toy.script([Script::Silent]);
    let options = toy
        .options()
        .with_connections(Options::default().with_max_requests(1))
        .with_produce_deadline(Duration::from_millis(500));
    let cluster = Cluster::new(options);
    cluster.refresh(["orders"]).await.unwrap();
    let connection = cluster.connection(1, Purpose::Produce).await.unwrap();
    let held = ProduceRequest {
        acks: kafka_codec::enumerations::Acks::ALL,
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
    let held = tokio::spawn(async move { connection.send(&held).await });
    while toy.asked(ApiKey::Produce).is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    let error = cluster.produce(batch()).await.unwrap_err();
    assert!(
        matches!(&error.last, AttemptError::Send(SendError::Full { .. })),
        "{error}"
    );
    assert!(error.attempts.is_empty(), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("orders-0: never sent"), "{text}");
    assert!(
        text.contains("as many requests or bytes as are allowed"),
        "{text}"
    );
    held.abort();
}
