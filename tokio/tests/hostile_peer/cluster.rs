//! A broker whose metadata is made up, towards a cluster: in all of it the deadline holds, and the error says what was wrong.

use std::time::Duration;

use kafka_codec::messages::find_coordinator_response::Coordinator;
use kafka_codec::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_codec::messages::{
    DescribeGroupsRequest, FindCoordinatorResponse, ListGroupsRequest, MetadataResponse,
};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, ErrorCode};
use kafka_codec_tokio::{
    Brokers, Client, Cluster, ClusterOptions, Destination, Produce, Purpose, Server, ServerOptions,
};

use super::{Numbers, bounded};

const DEADLINE: Duration = Duration::from_millis(300);

/// What is wrong with metadata.
#[derive(Copy, Clone, Debug)]
enum Lie {
    /// There is no broker.
    NoBroker,
    /// Brokers with ids below 0, and the lowest number that there is.
    NegativeIds,
    /// Hosts and ports that cannot be.
    BadAddresses,
    /// 20,000 brokers that refuse connections.
    ManyBrokers,
    /// Leaders and coordinators that are not among the brokers.
    Strangers,
    /// An error that can be retried, forever.
    Rebootstrap,
    /// Partitions that are there twice, with other leaders.
    Contradiction,
}

const LIES: [Lie; 7] = [
    Lie::NoBroker,
    Lie::NegativeIds,
    Lie::BadAddresses,
    Lie::ManyBrokers,
    Lie::Strangers,
    Lie::Rebootstrap,
    Lie::Contradiction,
];

fn brokers(lie: Lie, port: i32, numbers: &mut Numbers) -> Vec<MetadataResponseBroker<'static>> {
    let broker = |node_id, host: &'static str, port| MetadataResponseBroker {
        node_id,
        host: host.into(),
        port,
        ..Default::default()
    };
    match lie {
        Lie::NoBroker => Vec::new(),
        Lie::NegativeIds => [-1, -2, i32::MIN, i32::MIN + 1]
            .map(|id| broker(id, "127.0.0.1", port))
            .to_vec(),
        Lie::BadAddresses => vec![
            broker(1, "", port),
            broker(2, "127.0.0.1", -1),
            broker(3, "127.0.0.1", 70_000),
            broker(4, "not a host, but a sentence", numbers.between(1, 65_535)),
            broker(5, "::::::", 0),
        ],
        Lie::ManyBrokers => (0..20_000).map(|id| broker(id, "127.0.0.1", 1)).collect(),
        Lie::Strangers | Lie::Rebootstrap | Lie::Contradiction => {
            vec![broker(1, "127.0.0.1", port)]
        }
    }
}

fn metadata(lie: Lie, port: i32, numbers: &mut Numbers) -> MetadataResponse<'static> {
    let leaders = match lie {
        Lie::Strangers => [77, i32::MIN],
        Lie::NegativeIds => [-1, -2],
        _ => [1, 2],
    };
    let partitions = leaders.map(|leader_id| MetadataResponsePartition {
        leader_id,
        leader_epoch: numbers.between(-1, 3),
        partition_index: 0,
        ..Default::default()
    });
    MetadataResponse {
        brokers: brokers(lie, port, numbers),
        controller_id: numbers.between(-2, 99),
        error_code: match lie {
            Lie::Rebootstrap => ErrorCode::REBOOTSTRAP_REQUIRED,
            _ => ErrorCode::NONE,
        },
        topics: vec![MetadataResponseTopic {
            name: Some("orders".into()),
            topic_id: Uuid::from_u128(7),
            partitions: partitions.to_vec(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

async fn lie_to(client: Client, lie: Lie, port: i32, mut numbers: Numbers) {
    while let Some(request) = client.next_request().await {
        let responded = match request.label().api_key {
            ApiKey::Metadata => request.respond(&metadata(lie, port, &mut numbers)),
            ApiKey::FindCoordinator => request.respond(&FindCoordinatorResponse {
                coordinators: vec![Coordinator {
                    key: "g".into(),
                    node_id: numbers.between(-3, 3),
                    host: "127.0.0.1".into(),
                    port: numbers.between(-1, 1),
                    ..Default::default()
                }],
                ..Default::default()
            }),
            // It has nothing to say about the rest.
            _ => continue,
        };
        // The client may be gone.
        drop(responded);
    }
}

fn batch() -> Produce {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    let record = NewRecord {
        timestamp: 1,
        key: None,
        value: Some(b"v"),
        headers: &[],
    };
    builder.append(&record).unwrap();
    Produce::new("orders", 0, builder.finish().unwrap())
}

/// Everything that a cluster can be asked, and the errors.
async fn ask(lie: Lie, seed: u64) -> Vec<String> {
    let served = ServerOptions::of_apis(ApiKey::ALL.iter().copied());
    let server = Server::bind("127.0.0.1:0", served).await.unwrap();
    let address = server.local_addr().unwrap();
    let port = i32::from(address.port());
    tokio::spawn(async move {
        while let Ok(client) = server.accept().await {
            tokio::spawn(lie_to(client, lie, port, Numbers(seed)));
        }
    });
    let options = ClusterOptions::new([address.to_string()]).with_deadline(DEADLINE);
    let cluster = Cluster::new(options);
    let begun = std::time::Instant::now();
    let groups = DescribeGroupsRequest::for_groups(["g"]);
    let list = ListGroupsRequest::default();
    let mut errors = Vec::new();
    errors.extend(
        cluster
            .produce(batch())
            .await
            .err()
            .map(|it| it.to_string()),
    );
    errors.extend(cluster.send(&groups).await.err().map(|it| it.to_string()));
    errors.extend(cluster.send(&list).await.err().map(|it| it.to_string()));
    let controller = cluster.send_to(Destination::Controller, &list).await;
    errors.extend(controller.err().map(|it| it.to_string()));
    if !matches!(lie, Lie::ManyBrokers) {
        let each = cluster.send_to_each(&Brokers::All, &list).await;
        errors.extend(each.err().map(|it| it.to_string()));
        let ensured = cluster.ensure_open(&Brokers::All, Purpose::Other).await;
        errors.extend(ensured.err().map(|it| it.to_string()));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{lie:?}: {:?}",
        begun.elapsed()
    );
    errors
}

#[test]
fn a_cluster_holds_its_deadline_whatever_metadata_says() {
    for lie in LIES {
        for seed in 0..2 {
            let scenario = format!("{lie:?}, seed {seed}");
            // Of each broker there is an attempt in the error.
            let memory = if matches!(lie, Lie::ManyBrokers) {
                256 << 20
            } else {
                4 << 20
            };
            let errors = bounded(&scenario, memory, ask(lie, seed));
            assert!(!errors.is_empty(), "{scenario}");
            for error in errors {
                let short: String = error.chars().take(300).collect();
                println!("{scenario:<24} {short}");
                assert!(!error.contains("Some(") && !error.contains('\n'), "{error}");
            }
        }
    }
}
