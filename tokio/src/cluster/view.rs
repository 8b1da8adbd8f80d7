//! The known state of a cluster: its brokers, leaders, coordinators and controller.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kafka_codec::messages::{
    DescribeClusterResponse, FetchResponse, MetadataResponse, ProduceResponse,
};
use kafka_codec::wire::Uuid;
use kafka_codec::{Destination as Unit, ErrorCode, TopicPartition};

use super::lookup::is_stale;

/// A broker, as metadata names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broker {
    /// `HOST:PORT`.
    pub(super) address: Arc<str>,
}

/// The leader of a partition.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Leader {
    pub(super) id: i32,
    /// -1 if it is unknown.
    pub(super) epoch: i32,
}

/// Which coordinator.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum CoordinatorKind {
    Group,
    Transaction,
    Share,
}

impl CoordinatorKind {
    pub(super) const ALL: [Self; 3] = [Self::Group, Self::Transaction, Self::Share];

    /// The number that FindCoordinator has for it. See KIP-98 and KIP-932.
    pub(super) const fn number(self) -> i8 {
        match self {
            Self::Group => 0,
            Self::Transaction => 1,
            Self::Share => 2,
        }
    }

    /// What is coordinated, for errors.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Transaction => "transactional id",
            Self::Share => "share-partition",
        }
    }

    /// The coordinator that a unit is for, and its key in FindCoordinator.
    pub(super) fn of<'a>(unit: &Unit<'a>) -> Option<(Self, Cow<'a, str>)> {
        match unit {
            Unit::GroupCoordinator(group) => Some((Self::Group, (*group).into())),
            Unit::TransactionCoordinator(id) => Some((Self::Transaction, (*id).into())),
            Unit::ShareCoordinator(group, it) => {
                let key = format!("{group}:{}:{}", it.topic_id, it.partition);
                Some((Self::Share, key.into()))
            }
            _ => None,
        }
    }
}

/// What is known of a cluster.
///
/// Invariant: a leader's epoch never decreases, except if the topic has another id.
#[derive(Debug, Default)]
pub(super) struct View {
    brokers: BTreeMap<i32, Broker>,
    controller: Option<i32>,
    topics: HashMap<Arc<str>, Topic>,
    names: HashMap<Uuid, Arc<str>>,
    coordinators: HashMap<CoordinatorKind, HashMap<Box<str>, i32>>,
    /// The brokers that were not reached, and whose address may be another now.
    unreached: BTreeSet<i32>,
}

#[derive(Debug, Default)]
struct Topic {
    id: Option<Uuid>,
    leaders: BTreeMap<i32, Leader>,
}

/// The partitions in a response that have moved.
#[derive(Default)]
struct Moved {
    known: usize,
    unknown: usize,
}

impl Moved {
    fn push(&mut self, code: ErrorCode, is_known: bool) {
        match is_known {
            true => self.known += 1,
            false if is_stale(code) => self.unknown += 1,
            false => {}
        }
    }

    const fn are_known(&self) -> bool {
        self.known > 0 && self.unknown == 0
    }
}

impl View {
    /// Takes all that a response says. Brokers that it does not name are gone; topics that it does not name stay.
    pub(super) fn take_metadata(&mut self, response: &MetadataResponse<'_>) {
        self.unreached.clear();
        self.brokers = response
            .brokers
            .iter()
            .filter(|broker| broker.node_id >= 0)
            .map(|broker| {
                let address = address(&broker.host, broker.port);
                (broker.node_id, Broker { address })
            })
            .collect();
        self.controller = (response.controller_id >= 0).then_some(response.controller_id);
        for topic in &response.topics {
            let Some(name) = topic.name.as_deref() else {
                continue;
            };
            if topic.error_code.is_none() {
                let id = (topic.topic_id != Uuid::ZERO).then_some(topic.topic_id);
                let leaders = topic.partitions.iter().map(|partition| {
                    let leader = Leader {
                        id: partition.leader_id,
                        epoch: partition.leader_epoch,
                    };
                    (partition.partition_index, leader)
                });
                self.take_topic(name, id, leaders);
            } else {
                let gone = self.topics.remove(name);
                self.forget_id(gone.and_then(|topic| topic.id));
            }
        }
    }

    fn forget_id(&mut self, id: Option<Uuid>) {
        if let Some(id) = id {
            self.names.remove(&id);
        }
    }

    /// Takes the nodes of a cluster, which are its controllers, or its brokers.
    pub(super) fn take_cluster(&mut self, response: &DescribeClusterResponse<'_>) {
        let nodes = response.brokers.iter().filter(|node| node.broker_id >= 0);
        let nodes = nodes.map(|node| {
            let address = address(&node.host, node.port);
            (node.broker_id, Broker { address })
        });
        self.unreached.clear();
        self.brokers = nodes.collect();
        self.controller = (response.controller_id >= 0).then_some(response.controller_id);
    }

    fn take_topic(
        &mut self,
        name: &str,
        id: Option<Uuid>,
        leaders: impl Iterator<Item = (i32, Leader)>,
    ) {
        let name: Arc<str> = name.into();
        let topic = self.topics.entry(name.clone()).or_default();
        if topic.id != id {
            let before = std::mem::replace(
                topic,
                Topic {
                    id,
                    leaders: BTreeMap::new(),
                },
            );
            if let Some(id) = before.id {
                self.names.remove(&id);
            }
        }
        if let Some(id) = id {
            self.names.insert(id, name);
        }
        let known = std::mem::take(&mut topic.leaders);
        topic.leaders = leaders
            .map(|(partition, leader)| match known.get(&partition) {
                // A broker that lags behind answered.
                Some(known) if known.epoch > leader.epoch && leader.epoch >= 0 => {
                    (partition, *known)
                }
                _ => (partition, leader),
            })
            .collect();
    }

    /// Takes the leaders that a Produce response of the broker `asked` names where partitions have moved. Returns `true` if each
    /// partition that has moved has a leader now that is not that broker. See KIP-951.
    pub(super) fn take_moved(&mut self, asked: i32, response: &ProduceResponse<'_>) -> bool {
        for endpoint in &response.node_endpoints {
            self.set_broker(endpoint.node_id, &endpoint.host, endpoint.port);
        }
        let mut moved = Moved::default();
        for topic in &response.responses {
            for it in &topic.partition_responses {
                let leader = (it.current_leader.leader_id, it.current_leader.leader_epoch);
                let known = self.take_leader(&topic.name, topic.topic_id, it.index, leader);
                moved.push(it.error_code, known.is_some_and(|id| id != asked));
            }
        }
        moved.are_known()
    }

    /// As [`take_moved`](Self::take_moved), of a Fetch response.
    pub(super) fn take_moved_of_fetch(&mut self, asked: i32, response: &FetchResponse<'_>) -> bool {
        for endpoint in &response.node_endpoints {
            self.set_broker(endpoint.node_id, &endpoint.host, endpoint.port);
        }
        let mut moved = Moved::default();
        for topic in &response.responses {
            for it in &topic.partitions {
                let leader = (it.current_leader.leader_id, it.current_leader.leader_epoch);
                let partition = it.partition_index;
                let known = self.take_leader(&topic.topic, topic.topic_id, partition, leader);
                moved.push(it.error_code, known.is_some_and(|id| id != asked));
            }
        }
        moved.are_known()
    }

    /// Takes a leader that is newer than the known one. Returns the leader if it is the known one now.
    fn take_leader(
        &mut self,
        name: &str,
        topic_id: Uuid,
        partition: i32,
        (id, epoch): (i32, i32),
    ) -> Option<i32> {
        if id < 0 {
            return None;
        }
        let name = match name {
            "" => self.names.get(&topic_id).cloned(),
            name => Some(name.into()),
        };
        let topic = self.topics.get_mut(&name?)?;
        let named = Leader { id, epoch };
        let known = topic.leaders.entry(partition).or_insert(named);
        if known.epoch < epoch {
            *known = named;
        }
        (*known == named).then_some(id)
    }

    pub(super) fn set_coordinator(&mut self, kind: CoordinatorKind, key: &str, broker: i32) {
        self.coordinators
            .entry(kind)
            .or_default()
            .insert(key.into(), broker);
    }

    /// Takes the address of a broker. A number below 0 is ignored.
    pub(super) fn set_broker(&mut self, id: i32, host: &str, port: i32) {
        if id < 0 {
            return;
        }
        let address = address(host, port);
        self.unreached.remove(&id);
        self.brokers.insert(id, Broker { address });
    }

    /// Forgets who a unit is answered by, so that it is asked for again. Brokers stay known.
    pub(super) fn forget(&mut self, unit: &Unit<'_>) {
        match unit {
            Unit::Controller => self.controller = None,
            Unit::Broker(id) => drop(self.unreached.insert(*id)),
            Unit::PartitionLeader(it) => {
                let name = self.name_of(it);
                let topic = name.and_then(|name| self.topics.get_mut(&name));
                // The epoch stays, so that a broker that lags behind does not name the old one again.
                if let Some(leader) = topic.and_then(|topic| topic.leaders.get_mut(&it.partition)) {
                    leader.id = -1;
                }
            }
            unit => {
                if let Some((kind, key)) = CoordinatorKind::of(unit) {
                    self.coordinators.entry(kind).or_default().remove(&*key);
                }
            }
        }
    }

    fn name_of(&self, partition: &TopicPartition<'_>) -> Option<Arc<str>> {
        match partition.topic {
            "" => self.names.get(&partition.topic_id).cloned(),
            name => Some(name.into()),
        }
    }

    /// The broker of a unit that not any broker answers, as far as it and its address are known.
    pub(super) fn broker_of(&self, unit: &Unit<'_>) -> Option<i32> {
        let id = match unit {
            Unit::Broker(id) if self.unreached.contains(id) => return None,
            Unit::Broker(id) => *id,
            Unit::Controller => self.controller?,
            Unit::PartitionLeader(it) if it.topic.is_empty() => {
                let name = self.names.get(&it.topic_id)?;
                self.leader(name, it.partition)?.id
            }
            Unit::PartitionLeader(it) => self.leader(it.topic, it.partition)?.id,
            unit => {
                let (kind, key) = CoordinatorKind::of(unit)?;
                *self.coordinators.get(&kind)?.get(&*key)?
            }
        };
        self.brokers.contains_key(&id).then_some(id)
    }

    pub(super) fn brokers(&self) -> Vec<i32> {
        self.brokers.keys().copied().collect()
    }

    pub(super) fn address(&self, broker: i32) -> Option<Arc<str>> {
        self.brokers.get(&broker).map(|it| it.address.clone())
    }

    /// The leader of a partition, if it has one.
    pub(super) fn leader(&self, topic: &str, partition: i32) -> Option<Leader> {
        let leader = self.topics.get(topic)?.leaders.get(&partition)?;
        (leader.id >= 0).then_some(*leader)
    }

    pub(super) fn topic_id(&self, topic: &str) -> Option<Uuid> {
        self.topics.get(topic)?.id
    }

    pub(super) fn partitions(&self, topic: &str) -> Option<usize> {
        Some(self.topics.get(topic)?.leaders.len())
    }

    /// Begins anew, from the bootstrap servers. See KIP-1102.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// `HOST:PORT`, with brackets around an IPv6 address.
fn address(host: &str, port: i32) -> Arc<str> {
    match host.contains(':') {
        true => format!("[{host}]:{port}").into(),
        false => format!("{host}:{port}").into(),
    }
}

#[cfg(test)]
mod tests {
    use kafka_codec::messages::metadata_response::{
        MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
    };
    use kafka_codec::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};

    use super::*;

    fn metadata(leader_id: i32, leader_epoch: i32, topic_id: u8) -> MetadataResponse<'static> {
        MetadataResponse {
            brokers: vec![MetadataResponseBroker {
                node_id: 1,
                host: "::1".into(),
                port: 9092,
                ..Default::default()
            }],
            topics: vec![MetadataResponseTopic {
                name: Some("orders".into()),
                topic_id: Uuid::from_bytes([topic_id; 16]),
                partitions: vec![MetadataResponsePartition {
                    leader_id,
                    leader_epoch,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    #[test]
    fn a_leader_of_an_earlier_epoch_is_not_taken_unless_the_topic_is_another() {
        let mut view = View::default();
        view.take_metadata(&metadata(1, 5, 1));
        view.take_metadata(&metadata(2, 4, 1));
        assert_eq!(view.leader("orders", 0), Some(Leader { id: 1, epoch: 5 }));
        view.take_metadata(&metadata(2, 6, 1));
        assert_eq!(view.leader("orders", 0), Some(Leader { id: 2, epoch: 6 }));
        view.take_metadata(&metadata(3, 0, 2));
        assert_eq!(view.leader("orders", 0), Some(Leader { id: 3, epoch: 0 }));
        assert_eq!(view.address(1).as_deref(), Some("[::1]:9092"));
    }

    #[test]
    fn a_leader_that_a_broker_names_counts_if_it_is_not_older_than_the_known_one_and_not_that_broker()
     {
        let mut view = View::default();
        view.take_metadata(&metadata(1, 5, 1));
        let response = |leader_id, leader_epoch| {
            let mut partition = PartitionProduceResponse {
                error_code: ErrorCode::NOT_LEADER_OR_FOLLOWER,
                ..Default::default()
            };
            partition.current_leader.leader_id = leader_id;
            partition.current_leader.leader_epoch = leader_epoch;
            ProduceResponse {
                responses: vec![TopicProduceResponse {
                    name: "orders".into(),
                    partition_responses: vec![partition],
                    ..Default::default()
                }],
                ..Default::default()
            }
        };
        for (leader, epoch, is_known, expected) in [
            (2, 4, false, (1, 5)),
            (1, 5, false, (1, 5)),
            (-1, -1, false, (1, 5)),
            (2, 6, true, (2, 6)),
        ] {
            assert_eq!(view.take_moved(1, &response(leader, epoch)), is_known);
            let (id, epoch) = expected;
            assert_eq!(view.leader("orders", 0), Some(Leader { id, epoch }));
        }
    }

    #[test]
    fn a_partition_without_a_leader_has_none() {
        let mut view = View::default();
        view.take_metadata(&metadata(-1, 7, 1));
        assert_eq!(view.leader("orders", 0), None);
        assert_eq!(view.leader("orders", 1), None);
        assert_eq!(view.leader("others", 0), None);
    }
}
