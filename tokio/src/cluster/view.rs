//! What is known of a cluster: its brokers, leaders, coordinators and controller.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kafka_codec::messages::{MetadataResponse, ProduceResponse};
use kafka_codec::wire::Uuid;

use super::Destination;

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
}

impl CoordinatorKind {
    /// The number that FindCoordinator has for it. See KIP-98.
    pub(super) const fn number(self) -> i8 {
        match self {
            Self::Group => 0,
            Self::Transaction => 1,
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
    coordinators: HashMap<(CoordinatorKind, Box<str>), i32>,
}

#[derive(Debug, Default)]
struct Topic {
    id: Option<Uuid>,
    leaders: BTreeMap<i32, Leader>,
}

impl View {
    /// Takes all that a response says. Brokers that it does not name are gone; topics that it does not name stay.
    pub(super) fn take_metadata(&mut self, response: &MetadataResponse<'_>) {
        self.brokers = response
            .brokers
            .iter()
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
                self.topics.remove(name);
            }
        }
    }

    fn take_topic(
        &mut self,
        name: &str,
        id: Option<Uuid>,
        leaders: impl Iterator<Item = (i32, Leader)>,
    ) {
        let topic = self.topics.entry(name.into()).or_default();
        if topic.id != id {
            *topic = Topic {
                id,
                leaders: BTreeMap::new(),
            };
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

    /// Takes the leaders that a Produce response names where the partition has moved. See KIP-951.
    pub(super) fn take_moved(&mut self, topic: &str, response: &ProduceResponse<'_>) {
        for endpoint in &response.node_endpoints {
            let address = address(&endpoint.host, endpoint.port);
            self.brokers.insert(endpoint.node_id, Broker { address });
        }
        let Some(topic) = self.topics.get_mut(topic) else {
            return;
        };
        for partition in response
            .responses
            .iter()
            .flat_map(|it| &it.partition_responses)
        {
            let leader = Leader {
                id: partition.current_leader.leader_id,
                epoch: partition.current_leader.leader_epoch,
            };
            let known = topic.leaders.get(&partition.index);
            let is_newer = known.is_none_or(|known| known.epoch < leader.epoch);
            if leader.id >= 0 && is_newer {
                topic.leaders.insert(partition.index, leader);
            }
        }
    }

    pub(super) fn set_coordinator(&mut self, kind: CoordinatorKind, key: &str, broker: i32) {
        self.coordinators.insert((kind, key.into()), broker);
    }

    pub(super) fn set_broker(&mut self, id: i32, host: &str, port: i32) {
        let address = address(host, port);
        self.brokers.insert(id, Broker { address });
    }

    /// Forgets who a destination is, so that it is asked for again. Brokers stay known.
    pub(super) fn forget(&mut self, destination: &Destination) {
        match destination {
            Destination::Any | Destination::Broker(_) => {}
            Destination::Controller => self.controller = None,
            Destination::Leader(topic, partition) => {
                let topic = self.topics.get_mut(topic);
                // The epoch stays, so that a broker that lags behind does not name the old one again.
                if let Some(leader) = topic.and_then(|it| it.leaders.get_mut(partition)) {
                    leader.id = -1;
                }
            }
            Destination::Group(group) => {
                self.coordinators
                    .remove(&(CoordinatorKind::Group, (**group).into()));
            }
            Destination::Transaction(id) => {
                self.coordinators
                    .remove(&(CoordinatorKind::Transaction, (**id).into()));
            }
        }
    }

    pub(super) fn coordinator(&self, kind: CoordinatorKind, key: &str) -> Option<i32> {
        self.coordinators.get(&(kind, key.into())).copied()
    }

    pub(super) fn brokers(&self) -> Vec<i32> {
        self.brokers.keys().copied().collect()
    }

    pub(super) fn address(&self, broker: i32) -> Option<Arc<str>> {
        self.brokers.get(&broker).map(|it| it.address.clone())
    }

    pub(super) const fn controller(&self) -> Option<i32> {
        self.controller
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
    fn a_partition_without_a_leader_has_none() {
        let mut view = View::default();
        view.take_metadata(&metadata(-1, 7, 1));
        assert_eq!(view.leader("orders", 0), None);
        assert_eq!(view.leader("orders", 1), None);
        assert_eq!(view.leader("others", 0), None);
    }
}
