//! Who answers: brokers, leaders, coordinators and the controller are asked for when they are needed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::connection::SubmitOptions;
use kafka_codec::messages::metadata_request::MetadataRequestTopic;
use kafka_codec::messages::{DescribeClusterRequest, FindCoordinatorRequest, MetadataRequest};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, Destination as Unit, ErrorCode, Remedy, Request, ResponseFrame};
use tokio::time::{Instant, timeout_at};

use super::attempts::{Attempts, can_retry};
use super::view::CoordinatorKind;
use super::{AttemptError, Cluster, Destination, GivenUp, Purpose};
use crate::Connection;

/// The time that a broker has for an answer even if the deadline leaves no time for another broker.
const PATIENCE: Duration = Duration::from_secs(1);

/// An attempt that failed, and the broker that it was meant for.
pub(super) type Failed = (Option<i32>, AttemptError);

/// What has to be asked for.
#[derive(Debug, Default)]
pub(super) struct Unknown<'a> {
    names: BTreeSet<&'a str>,
    ids: BTreeSet<Uuid>,
    coordinators: BTreeSet<(CoordinatorKind, String)>,
    /// The controller, or a broker by its id.
    is_node: bool,
}

impl<'a> Unknown<'a> {
    /// The nodes of the cluster, and the partitions of some topics.
    pub(super) fn of_topics(names: BTreeSet<&'a str>) -> Self {
        Self {
            names,
            is_node: true,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, unit: Unit<'a>) {
        match unit {
            Unit::PartitionLeader(it) if it.topic.is_empty() => drop(self.ids.insert(it.topic_id)),
            Unit::PartitionLeader(it) => drop(self.names.insert(it.topic)),
            Unit::Controller | Unit::Broker(_) => self.is_node = true,
            unit => self
                .coordinators
                .extend(CoordinatorKind::of(&unit).map(|(kind, key)| (kind, key.into_owned()))),
        }
    }
}

impl Destination {
    /// The destination as requests name it.
    pub(super) fn unit(&self) -> Unit<'_> {
        match self {
            Self::Any => Unit::AnyBroker,
            Self::Controller => Unit::Controller,
            Self::Broker(id) => Unit::Broker(*id),
            Self::Leader(topic, partition) => Unit::PartitionLeader(kafka_codec::TopicPartition {
                topic,
                topic_id: Uuid::ZERO,
                partition: *partition,
            }),
            Self::Group(group) => Unit::GroupCoordinator(group),
            Self::Transaction(id) => Unit::TransactionCoordinator(id),
        }
    }
}

impl Cluster {
    /// The broker that a destination is now.
    pub(super) async fn resolve(
        &self,
        destination: &Destination,
        deadline: Instant,
    ) -> Result<i32, Failed> {
        let unit = destination.unit();
        if let Some(broker) = self.known(&unit) {
            return Ok(broker);
        }
        let mut unknown = Unknown::default();
        unknown.push(unit);
        if let Some(failed) = self.look_up_within(unknown, deadline).await.pop() {
            return Err(failed);
        }
        self.known(&unit).ok_or_else(|| (None, nobody(&unit)))
    }

    /// The broker of a unit, as far as it is known.
    pub(super) fn known(&self, unit: &Unit<'_>) -> Option<i32> {
        match unit {
            unit if is_any(unit) => Some(self.any()),
            unit => self.view().broker_of(unit),
        }
    }

    /// The brokers that metadata names now.
    pub(super) async fn current_brokers(
        &self,
        attempts: &mut Attempts,
    ) -> Result<Vec<i32>, GivenUp> {
        loop {
            let unknown = Unknown::of_topics(BTreeSet::new());
            let mut failed = self.look_up_within(unknown, attempts.deadline()).await;
            if failed.is_empty() {
                let brokers = self.brokers();
                if !brokers.is_empty() {
                    return Ok(brokers);
                }
                // Forgotten since, as a broker asked another task to bootstrap again.
                let why = "no broker is known any more".into();
                failed.push((None, AttemptError::NoDestination(why)));
            }
            for (broker, error) in failed {
                attempts.failed(broker, error);
            }
            attempts.next(&self.0.options).await?;
        }
    }

    /// As [`look_up`](Self::look_up), no longer than until `deadline`.
    pub(super) async fn look_up_within(
        &self,
        unknown: Unknown<'_>,
        deadline: Instant,
    ) -> Vec<Failed> {
        let begun = Instant::now();
        match timeout_at(deadline, self.look_up(unknown, deadline)).await {
            Ok(failed) => failed,
            Err(_) => {
                let after = begun.elapsed();
                let why = format!("nobody has said within {after:.1?} which broker to ask");
                vec![(None, AttemptError::NoDestination(why.into()))]
            }
        }
    }

    /// Asks for what is not known, and returns what failed.
    async fn look_up(&self, unknown: Unknown<'_>, deadline: Instant) -> Vec<Failed> {
        let mut failed = Vec::new();
        if unknown.is_node || !unknown.names.is_empty() || !unknown.ids.is_empty() {
            let refreshed = self.refresh_once(&unknown.names, &unknown.ids, deadline);
            match refreshed.await {
                Ok(refused) => failed.extend(refused),
                Err(error) => failed.push(error),
            }
        }
        for kind in CoordinatorKind::ALL {
            let of_kind = unknown.coordinators.iter().filter(|(of, _)| *of == kind);
            let keys: Vec<&str> = of_kind.map(|(_, key)| &**key).collect();
            if !keys.is_empty() {
                failed.extend(self.find(kind, &keys, deadline).await);
            }
        }
        failed
    }

    async fn connection_to_any(
        &self,
        deadline: Instant,
    ) -> Result<(Asking<'_>, Connection), Failed> {
        let broker = self.any();
        let asking = Asking {
            cluster: self,
            broker,
            address: self.address(broker),
        };
        let opened = self.connection_by(broker, Purpose::Other, share(deadline));
        match opened.await {
            Ok(connection) => Ok((asking, connection)),
            Err(error) => Err((Some(broker), error)),
        }
    }

    /// Asks once for the metadata of topics, and returns for which of them it was refused and would be again. A node without
    /// Metadata is a controller, which names the other controllers.
    async fn refresh_once(
        &self,
        names: &BTreeSet<&str>,
        ids: &BTreeSet<Uuid>,
        deadline: Instant,
    ) -> Result<Vec<Failed>, Failed> {
        let (asking, connection) = self.connection_to_any(deadline).await?;
        let broker = asking.broker;
        let fail = |error| (Some(broker), error);
        let serves = |key| {
            connection
                .versions()
                .is_some_and(|it| it.get(key).is_some())
        };
        if !serves(ApiKey::Metadata) && serves(ApiKey::DescribeCluster) {
            self.describe_controllers(asking, &connection, deadline)
                .await?;
            return Ok(Vec::new());
        }
        let by_name = names.iter().map(|name| MetadataRequestTopic {
            name: Some((*name).into()),
            ..Default::default()
        });
        let by_id = ids.iter().map(|topic_id| MetadataRequestTopic {
            topic_id: *topic_id,
            name: None,
            ..Default::default()
        });
        let request = MetadataRequest {
            topics: Some(by_name.chain(by_id).collect()),
            allow_auto_topic_creation: false,
            ..Default::default()
        };
        let response = ask(&connection, &request, deadline).await.map_err(fail)?;
        let response = response.decode();
        let response = response.map_err(|error| fail(AttemptError::Decode(error)))?;
        if response.error_code == ErrorCode::REBOOTSTRAP_REQUIRED {
            self.begin_anew();
            return Err(fail(refused(ApiKey::Metadata, response.error_code)));
        }
        if response.brokers.iter().all(|broker| broker.node_id < 0) {
            let why = "the response to Metadata names no broker".into();
            return Err(fail(AttemptError::NoDestination(why)));
        }
        self.view().take_metadata(&response);
        self.close_gone();
        asking.answered();
        let refused = response.topics.iter().filter_map(|topic| {
            let (name, code) = (topic.name.as_deref(), topic.error_code);
            let is_asked =
                name.is_some_and(|name| names.contains(name)) || ids.contains(&topic.topic_id);
            if !is_asked || code.is_none() || can_retry(ApiKey::Metadata, code) {
                return None;
            }
            let topic = name.map_or_else(|| topic.topic_id.to_string().into(), Into::into);
            let error = AttemptError::LookUp {
                api_key: ApiKey::Metadata,
                topic: Some(topic),
                code,
            };
            Some(fail(error))
        });
        Ok(refused.collect())
    }

    /// Asks a controller for all controllers. See KIP-919.
    async fn describe_controllers(
        &self,
        asking: Asking<'_>,
        connection: &Connection,
        deadline: Instant,
    ) -> Result<(), Failed> {
        const CONTROLLERS: i8 = 2;
        let asked = asking.broker;
        let fail = |error| (Some(asked), error);
        let request = DescribeClusterRequest {
            endpoint_type: CONTROLLERS.into(),
            ..Default::default()
        };
        let response = ask(connection, &request, deadline).await.map_err(fail)?;
        let response = response.decode();
        let response = response.map_err(|error| fail(AttemptError::Decode(error)))?;
        if !response.error_code.is_none() {
            let error = refused(ApiKey::DescribeCluster, response.error_code);
            return Err(fail(error));
        }
        self.view().take_cluster(&response);
        self.close_gone();
        asking.answered();
        Ok(())
    }

    /// Asks for coordinators: for all at once, if the broker takes several, and returns what failed.
    async fn find(&self, kind: CoordinatorKind, keys: &[&str], deadline: Instant) -> Vec<Failed> {
        let (asking, connection) = match self.connection_to_any(deadline).await {
            Ok(any) => any,
            Err(failed) => return vec![failed],
        };
        let asked = asking.broker;
        let table = connection.versions();
        let range = table.and_then(|table| table.get(ApiKey::FindCoordinator));
        let takes_several = range.is_some_and(|range| range.max().0 >= 4);
        let size = if takes_several { keys.len() } else { 1 };
        let mut failed = Vec::new();
        for keys in keys.chunks(size) {
            match self.find_with(&connection, kind, keys, deadline).await {
                Ok(errors) => failed.extend(errors.into_iter().map(|error| (Some(asked), error))),
                Err(error) => {
                    failed.push((Some(asked), error));
                    return failed;
                }
            }
        }
        asking.answered();
        failed
    }

    async fn find_with(
        &self,
        connection: &Connection,
        kind: CoordinatorKind,
        keys: &[&str],
        deadline: Instant,
    ) -> Result<Vec<AttemptError>, AttemptError> {
        // A single key in both of its forms fits every version.
        let key = match keys {
            [key] => (*key).into(),
            _ => "".into(),
        };
        let request = FindCoordinatorRequest {
            key,
            key_type: kind.number().into(),
            coordinator_keys: keys.iter().map(|key| (*key).into()).collect(),
            ..Default::default()
        };
        let response = ask(connection, &request, deadline).await?;
        let response = response.decode().map_err(AttemptError::Decode)?;
        let several = response.coordinators.iter().map(|it| {
            let (key, host) = (&*it.key, &*it.host);
            (key, it.error_code, it.node_id, host, it.port)
        });
        let single = keys.first().map(|key| {
            let (code, host) = (response.error_code, &*response.host);
            (*key, code, response.node_id, host, response.port)
        });
        let single = single.filter(|_| response.coordinators.is_empty());
        let mut errors = Vec::new();
        let mut view = self.view();
        for (key, code, id, host, port) in several.chain(single) {
            if !code.is_none() {
                errors.push(refused(ApiKey::FindCoordinator, code));
            } else if id >= 0 {
                view.set_broker(id, host, port);
                view.set_coordinator(kind, key, id);
            }
        }
        Ok(errors)
    }

    /// Forgets what an error shows to be stale, so that it is asked for again.
    pub(super) fn learn(&self, unit: &Unit<'_>, error: &AttemptError) {
        let is_stale = match error {
            AttemptError::Code(code) => is_stale(*code),
            AttemptError::LookUp { .. } => false,
            AttemptError::Connect(_) | AttemptError::NoDestination(_) => true,
            AttemptError::Send(error) => error.is_closed(),
            AttemptError::Decode(_) => false,
        };
        if is_stale {
            self.view().forget(unit);
        }
    }
}

/// A question that any broker answers. A broker that leaves it unanswered is passed over in favor of others, also if the caller
/// gives up before.
struct Asking<'a> {
    cluster: &'a Cluster,
    broker: i32,
    address: Option<Arc<str>>,
}

impl Asking<'_> {
    fn answered(mut self) {
        self.address = None;
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(address) = self.address.take() {
            self.cluster.pass_over(address);
        }
    }
}

/// The time until which one broker is waited for: half of the time until `deadline`, so that another can be asked within the rest,
/// but not less than [`PATIENCE`].
fn share(deadline: Instant) -> Instant {
    let now = Instant::now();
    let half = deadline.saturating_duration_since(now) / 2;
    deadline.min(now + half.max(PATIENCE))
}

/// Sends a question, and waits for its answer for a [share] of the time.
async fn ask<R: Request>(
    connection: &Connection,
    request: &R,
    deadline: Instant,
) -> Result<ResponseFrame<R>, AttemptError> {
    let options = SubmitOptions::default().with_deadline(share(deadline).into_std());
    match connection.send_with(request, options).await {
        Ok(timed) => Ok(timed.response),
        Err(error) => Err(AttemptError::Send(error)),
    }
}

/// Returns `true` if any broker answers a unit, as far as the request says.
pub(super) const fn is_any(unit: &Unit<'_>) -> bool {
    matches!(
        unit,
        Unit::AnyBroker | Unit::SpecificBroker | Unit::EveryBroker
    )
}

/// Returns `true` if a code says that another broker should have been asked.
pub(super) fn is_stale(code: ErrorCode) -> bool {
    code == ErrorCode::NOT_CONTROLLER
        || code.refreshes_metadata()
        || matches!(
            code.remedy(),
            Some(Remedy::FindCoordinator | Remedy::RefreshMetadata)
        )
}

/// The question whom to ask was answered with an error.
const fn refused(api_key: ApiKey, code: ErrorCode) -> AttemptError {
    AttemptError::LookUp {
        api_key,
        topic: None,
        code,
    }
}

/// Nobody is known for a unit, although everybody was asked for.
pub(super) fn nobody(unit: &Unit<'_>) -> AttemptError {
    let why = match unit {
        Unit::PartitionLeader(it) if it.topic.is_empty() => {
            let (id, partition) = (it.topic_id, it.partition);
            format!("partition {partition} of the topic {id} has no leader, or does not exist")
        }
        Unit::PartitionLeader(it) => {
            let (topic, partition) = (it.topic, it.partition);
            format!("{topic}-{partition} has no leader, or does not exist")
        }
        Unit::Broker(id) => format!("broker {id} is not in the cluster"),
        Unit::Controller => "no controller is known".into(),
        other => match CoordinatorKind::of(other) {
            Some((kind, key)) => format!("no coordinator is known of {} {key}", kind.name()),
            None => "no broker is known".into(),
        },
    };
    AttemptError::NoDestination(why.into())
}
