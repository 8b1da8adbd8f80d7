//! A cluster in this process: brokers that share what they know, answer by script, and can be told to fail.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use kafka_codec::messages::describe_groups_response::DescribedGroup;
use kafka_codec::messages::fetch_response::{self, FetchableTopicResponse, PartitionData};
use kafka_codec::messages::find_coordinator_response::Coordinator;
use kafka_codec::messages::list_groups_response::ListedGroup;
use kafka_codec::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_codec::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_codec::messages::produce_response::{
    NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_codec::messages::{
    DescribeConfigsResponse, DescribeGroupsRequest, DescribeGroupsResponse, FetchRequest,
    FetchResponse, FindCoordinatorRequest, FindCoordinatorResponse, HeartbeatResponse,
    ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataResponse, ProduceRequest,
    ProduceResponse,
};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, ErrorCode};
use kafka_codec_tokio::{Client, Cluster, ClusterOptions, Server, ServerOptions, ServerRequest};
use tokio::task::JoinHandle;

/// The id of `spread`.
pub(crate) const SPREAD: Uuid = Uuid::from_u128(8);

/// What a broker does with a Produce request.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(crate) enum Script {
    /// Answers with a code.
    Code(ErrorCode),
    /// Answers that another broker leads, and names it.
    MovedTo(i32),
    /// Answers that it does not lead, and names this leader of this epoch. Any broker does this.
    Hint(i32, i32),
    /// Appends the batch, and closes the connection instead of answering.
    CloseAfterAppend,
    /// Answers nothing.
    Silent,
}

/// What the brokers share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) ports: BTreeMap<i32, u16>,
    /// The hosts of brokers, in metadata, that are not `127.0.0.1`.
    pub(crate) hosts: BTreeMap<i32, &'static str>,
    pub(crate) leader: i32,
    pub(crate) leader_epoch: i32,
    /// The id of `orders`.
    pub(crate) topic_id: u128,
    /// Brokers that answer nothing.
    pub(crate) hung: Vec<i32>,
    pub(crate) coordinator: i32,
    /// The coordinators of groups that have another one.
    pub(crate) coordinators: BTreeMap<String, i32>,
    /// The leader of each partition of `spread`.
    pub(crate) spread: Vec<i32>,
    /// The groups that each broker lists, or the error that it lists them with.
    pub(crate) groups: BTreeMap<i32, Result<Vec<String>, ErrorCode>>,
    /// Brokers that want their clients to begin again from the bootstrap servers.
    pub(crate) rebootstrap: Vec<i32>,
    /// The errors of topics in metadata.
    pub(crate) topic_errors: BTreeMap<&'static str, ErrorCode>,
    /// Brokers that metadata does not name.
    pub(crate) hidden: Vec<i32>,
    /// What is done with the next Produce requests; they are appended when it is empty.
    pub(crate) scripts: VecDeque<Script>,
    /// The sizes of the batches in the log.
    pub(crate) log: Vec<usize>,
    /// Each request: the broker and the API.
    pub(crate) seen: Vec<(i32, ApiKey)>,
}

pub(crate) struct ToyCluster {
    pub(crate) shared: Arc<Mutex<Shared>>,
    brokers: BTreeMap<i32, JoinHandle<()>>,
}

impl ToyCluster {
    /// Brokers 1 to `count`, of which the first leads the only partition of `orders` and coordinates all groups.
    pub(crate) async fn start(count: i32) -> Self {
        Self::start_with(count, ServerOptions::of_apis(ApiKey::ALL.iter().copied())).await
    }

    /// As [`start`](Self::start), with options of the servers.
    pub(crate) async fn start_with(count: i32, options: ServerOptions) -> Self {
        let shared = Arc::new(Mutex::new(Shared {
            leader: 1,
            leader_epoch: 1,
            topic_id: 7,
            coordinator: 1,
            ..Shared::default()
        }));
        let mut brokers = BTreeMap::new();
        for id in 1..=count {
            let server = Server::bind("127.0.0.1:0", options.clone()).await.unwrap();
            let port = server.local_addr().unwrap().port();
            shared.lock().unwrap().ports.insert(id, port);
            brokers.insert(id, tokio::spawn(listen(id, server, shared.clone())));
        }
        Self { shared, brokers }
    }

    /// Stops a broker: its port refuses, and its connections are closed.
    pub(crate) async fn stop(&mut self, id: i32) {
        let broker = self.brokers.remove(&id).unwrap();
        broker.abort();
        let _ = broker.await;
    }

    pub(crate) fn options(&self) -> ClusterOptions {
        let shared = self.shared.lock().unwrap();
        ClusterOptions::new(
            shared
                .ports
                .values()
                .map(|port| format!("127.0.0.1:{port}")),
        )
    }

    pub(crate) fn cluster(&self) -> Cluster {
        Cluster::new(self.options())
    }

    pub(crate) fn script(&self, scripts: impl IntoIterator<Item = Script>) {
        self.shared.lock().unwrap().scripts.extend(scripts);
    }

    /// The brokers that requests of an API came to, in order.
    pub(crate) fn asked(&self, key: ApiKey) -> Vec<i32> {
        let shared = self.shared.lock().unwrap();
        let seen = shared.seen.iter().filter(|(_, seen)| *seen == key);
        seen.map(|(broker, _)| *broker).collect()
    }
}

async fn listen(id: i32, server: Server, shared: Arc<Mutex<Shared>>) {
    let mut clients = tokio::task::JoinSet::new();
    while let Ok(incoming) = server.incoming().await {
        let shared = shared.clone();
        clients.spawn(async move {
            // A client whose handshake fails is gone.
            if let Ok(client) = incoming.start().await {
                serve(id, client, shared).await;
            }
        });
    }
}

async fn serve(id: i32, client: Client, shared: Arc<Mutex<Shared>>) {
    let mut held = Vec::new();
    while let Some(request) = client.next_request().await {
        let key = request.label().api_key;
        shared.lock().unwrap().seen.push((id, key));
        if shared.lock().unwrap().hung.contains(&id) {
            held.push(request);
            continue;
        }
        match key {
            ApiKey::Metadata => request.respond(&metadata(id, &shared.lock().unwrap())),
            ApiKey::Fetch => {
                let shared = shared.lock().unwrap();
                request.respond(&fetch(id, &request, &shared))
            }
            ApiKey::FindCoordinator => {
                let asked = request.decode::<FindCoordinatorRequest<'_>>().unwrap();
                let shared = shared.lock().unwrap();
                let coordinators = asked.coordinator_keys.iter().map(|key| {
                    let node_id = shared.coordinator_of(key);
                    Coordinator {
                        key: key.clone(),
                        node_id,
                        host: "127.0.0.1".into(),
                        port: shared.ports[&node_id].into(),
                        ..Default::default()
                    }
                });
                request.respond(&FindCoordinatorResponse {
                    coordinators: coordinators.collect(),
                    ..Default::default()
                })
            }
            ApiKey::ListOffsets => request.respond(&offsets(id, &request, &shared.lock().unwrap())),
            ApiKey::DescribeGroups => {
                let asked = request.decode::<DescribeGroupsRequest<'_>>().unwrap();
                let shared = shared.lock().unwrap();
                let groups = asked.groups.iter().map(|group| DescribedGroup {
                    group_id: group.clone(),
                    error_code: match shared.coordinator_of(group) == id {
                        true => ErrorCode::NONE,
                        false => ErrorCode::NOT_COORDINATOR,
                    },
                    ..Default::default()
                });
                request.respond(&DescribeGroupsResponse {
                    groups: groups.collect(),
                    ..Default::default()
                })
            }
            ApiKey::ListGroups => request.respond(&list(id, &shared.lock().unwrap())),
            ApiKey::DescribeConfigs => request.respond(&DescribeConfigsResponse::default()),
            ApiKey::Heartbeat => {
                let is_coordinator = shared.lock().unwrap().coordinator == id;
                let error_code = match is_coordinator {
                    true => ErrorCode::NONE,
                    false => ErrorCode::NOT_COORDINATOR,
                };
                request.respond(&HeartbeatResponse {
                    error_code,
                    ..Default::default()
                })
            }
            ApiKey::Produce => match produce(id, &request, &mut shared.lock().unwrap()) {
                Some(response) => request.respond(&response),
                None if request.incoming().expects_response() => {
                    held.push(request);
                    continue;
                }
                None => continue,
            },
            _ => Ok(()),
        }
        .unwrap();
    }
}

impl Shared {
    fn coordinator_of(&self, group: &str) -> i32 {
        self.coordinators
            .get(group)
            .copied()
            .unwrap_or(self.coordinator)
    }
}

/// The offsets of the partitions of `spread` that this broker leads: 100 for each, and the number of the partition.
fn offsets(id: i32, request: &ServerRequest, shared: &Shared) -> ListOffsetsResponse<'static> {
    let asked = request.decode::<ListOffsetsRequest<'_>>().unwrap();
    let topics = asked.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|it| {
            let place = usize::try_from(it.partition_index).unwrap();
            let (offset, error_code) = match shared.spread[place] == id {
                true => (i64::from(100 + it.partition_index), ErrorCode::NONE),
                false => (-1, ErrorCode::NOT_LEADER_OR_FOLLOWER),
            };
            ListOffsetsPartitionResponse {
                partition_index: it.partition_index,
                offset,
                error_code,
                ..Default::default()
            }
        });
        ListOffsetsTopicResponse {
            name: topic.name.to_string().into(),
            partitions: partitions.collect(),
            ..Default::default()
        }
    });
    ListOffsetsResponse {
        topics: topics.collect(),
        ..Default::default()
    }
}

fn list(id: i32, shared: &Shared) -> ListGroupsResponse<'static> {
    let listed = shared.groups.get(&id).cloned();
    let (groups, error_code) = match listed.unwrap_or_else(|| Ok(Vec::new())) {
        Ok(groups) => (groups, ErrorCode::NONE),
        Err(code) => (Vec::new(), code),
    };
    let groups = groups.into_iter().map(|group| ListedGroup {
        group_id: group.into(),
        ..Default::default()
    });
    ListGroupsResponse {
        throttle_time_ms: id * 10,
        error_code,
        groups: groups.collect(),
        ..Default::default()
    }
}

/// Nothing, from the leader; and from others, who that is.
fn fetch(id: i32, request: &ServerRequest, shared: &Shared) -> FetchResponse<'static> {
    let asked = request.decode::<FetchRequest<'_>>().unwrap();
    if asked.topics[0].topic_id == SPREAD {
        return fetch_spread(id, &asked, shared);
    }
    let mut partition = PartitionData::default();
    let mut node_endpoints = Vec::new();
    if shared.leader != id {
        partition.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
        partition.current_leader.leader_id = shared.leader;
        partition.current_leader.leader_epoch = shared.leader_epoch;
        node_endpoints.push(fetch_response::NodeEndpoint {
            node_id: shared.leader,
            host: "127.0.0.1".into(),
            port: shared.ports[&shared.leader].into(),
            ..Default::default()
        });
    }
    FetchResponse {
        responses: vec![FetchableTopicResponse {
            topic_id: asked.topics[0].topic_id,
            partitions: vec![partition],
            ..Default::default()
        }],
        node_endpoints,
        ..Default::default()
    }
}

/// Partition 0 of `spread` is out of range, and the others are empty. Others than the leader do not say who that is.
fn fetch_spread(id: i32, asked: &FetchRequest<'_>, shared: &Shared) -> FetchResponse<'static> {
    let partitions = asked.topics[0].partitions.iter().map(|it| {
        let place = usize::try_from(it.partition).unwrap();
        let error_code = match shared.spread[place] == id {
            true if place == 0 => ErrorCode::OFFSET_OUT_OF_RANGE,
            true => ErrorCode::NONE,
            false => ErrorCode::NOT_LEADER_OR_FOLLOWER,
        };
        PartitionData {
            partition_index: it.partition,
            error_code,
            ..Default::default()
        }
    });
    FetchResponse {
        responses: vec![FetchableTopicResponse {
            topic_id: SPREAD,
            partitions: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn metadata(id: i32, shared: &Shared) -> MetadataResponse<'static> {
    let brokers = shared
        .ports
        .iter()
        .filter(|(id, _)| !shared.hidden.contains(id))
        .map(|(id, port)| MetadataResponseBroker {
            node_id: *id,
            host: shared.hosts.get(id).copied().unwrap_or("127.0.0.1").into(),
            port: (*port).into(),
            ..Default::default()
        });
    let spread = (0..).zip(&shared.spread);
    let spread = spread.map(|(partition_index, leader_id)| MetadataResponsePartition {
        partition_index,
        leader_id: *leader_id,
        leader_epoch: -1,
        ..Default::default()
    });
    let orders = MetadataResponsePartition {
        leader_id: shared.leader,
        leader_epoch: shared.leader_epoch,
        ..Default::default()
    };
    let topic = |name: &'static str, id, partitions| MetadataResponseTopic {
        error_code: shared
            .topic_errors
            .get(name)
            .copied()
            .unwrap_or(ErrorCode::NONE),
        name: Some(name.into()),
        topic_id: Uuid::from_u128(id),
        partitions,
        ..Default::default()
    };
    MetadataResponse {
        brokers: brokers.collect(),
        error_code: match shared.rebootstrap.contains(&id) {
            true => ErrorCode::REBOOTSTRAP_REQUIRED,
            false => ErrorCode::NONE,
        },
        controller_id: 1,
        topics: vec![
            topic("orders", shared.topic_id, vec![orders]),
            topic("spread", SPREAD.to_u128(), spread.collect()),
        ],
        ..Default::default()
    }
}

fn produce(
    id: i32,
    request: &ServerRequest,
    shared: &mut Shared,
) -> Option<ProduceResponse<'static>> {
    let decoded = request.decode::<ProduceRequest<'_>>().unwrap();
    let records = decoded.topic_data[0].partition_data[0]
        .records
        .as_ref()
        .unwrap();
    let mut partition = PartitionProduceResponse::default();
    let mut endpoints = Vec::new();
    let is_hint = matches!(shared.scripts.front(), Some(Script::Hint(..)));
    let script = match is_hint || shared.leader == id {
        true => shared.scripts.pop_front(),
        false => Some(Script::MovedTo(shared.leader)),
    };
    match script {
        None => {
            partition.base_offset = i64::try_from(shared.log.len()).unwrap();
            shared.log.push(records.len());
        }
        Some(Script::Code(code)) => partition.error_code = code,
        Some(Script::MovedTo(leader)) => {
            if shared.leader != leader {
                (shared.leader, shared.leader_epoch) = (leader, shared.leader_epoch + 1);
            }
            partition.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
            partition.current_leader.leader_id = leader;
            partition.current_leader.leader_epoch = shared.leader_epoch;
            endpoints.push(NodeEndpoint {
                node_id: leader,
                host: "127.0.0.1".into(),
                port: shared.ports[&leader].into(),
                ..Default::default()
            });
        }
        Some(Script::Hint(leader, epoch)) => {
            partition.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
            partition.current_leader.leader_id = leader;
            partition.current_leader.leader_epoch = epoch;
        }
        Some(Script::CloseAfterAppend) => {
            shared.log.push(records.len());
            request.client().close();
            return None;
        }
        Some(Script::Silent) => return None,
    }
    if !request.incoming().expects_response() {
        return None;
    }
    Some(ProduceResponse {
        responses: vec![TopicProduceResponse {
            topic_id: decoded.topic_data[0].topic_id,
            partition_responses: vec![partition],
            ..Default::default()
        }],
        node_endpoints: endpoints,
        ..Default::default()
    })
}
