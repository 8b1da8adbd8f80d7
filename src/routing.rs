//! Which node answers a request, as a value that is looked up in the metadata of a cluster; and what the division of a
//! request by destination is made with. The facts are `units` in `protocol-json/apis.json`.

use std::borrow::Cow;

use crate::api_key::Routing;
use crate::enumerations::ConfigResourceType;
use crate::wire::Uuid;

/// The node that answers a request, or one unit of it: a partition, group or transactional id.
///
/// [`Request::destinations`](crate::Request::destinations) returns one for each unit,
/// [`Request::split`](crate::Request::split) makes a request for each node.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Destination<'r> {
    /// Any broker.
    AnyBroker,
    /// The active controller; see [`Routing::Controller`].
    Controller,
    /// The broker with this id, which the request names: the broker whose configs it reads or changes, or the voter that it
    /// is for.
    Broker(i32),
    /// The broker that the request is about, which the request does not name; see [`Routing::SpecificBroker`]. Also the
    /// destination of user-defined APIs.
    SpecificBroker,
    /// Every broker; see [`Routing::EveryBroker`]. [`Request::split`](crate::Request::split) does not multiply the request.
    EveryBroker,
    /// The leader of this partition.
    PartitionLeader(TopicPartition<'r>),
    /// The coordinator of the group with this id.
    GroupCoordinator(&'r str),
    /// The coordinator of this transactional id.
    TransactionCoordinator(&'r str),
    /// The coordinator of the share group with this id for this partition.
    ShareCoordinator(&'r str, TopicPartition<'r>),
}

/// A partition as a request names it: by name of the topic or by its id, as the version has it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition<'r> {
    /// The name of the topic; empty if the request names it by id.
    pub topic: &'r str,
    /// The id of the topic; zero if the request names it by name.
    pub topic_id: Uuid,
    /// The number of the partition.
    pub partition: i32,
}

impl Destination<'_> {
    /// The destination of a request that has no units.
    pub(crate) const fn of(routing: Option<Routing>) -> Self {
        match routing {
            Some(Routing::AnyBroker) => Self::AnyBroker,
            Some(Routing::Controller) => Self::Controller,
            Some(Routing::EveryBroker) => Self::EveryBroker,
            _ => Self::SpecificBroker,
        }
    }
}

/// A function from a destination to the id of its broker.
pub type BrokerOf<'f> = &'f mut dyn FnMut(Destination<'_>) -> i32;

/// The requests that a request is divided into, each with the id of its broker and the elements that were last begun in it.
#[derive(Debug)]
pub struct Parts<R>(Vec<(i32, R, Places)>);

/// The places of the elements around the unit that was last put into a part, outermost first.
#[derive(Clone, Debug, Default)]
pub struct Places([Option<usize>; 2]);

impl Places {
    /// Returns `true` if the element at `place` of the array at `depth` is not the one that the last unit was in.
    pub fn begins(&mut self, depth: usize, place: usize) -> bool {
        let Some((last, inner)) = self.0.get_mut(depth..).and_then(<[_]>::split_first_mut) else {
            return true;
        };
        let begins = last.replace(place) != Some(place);
        if begins {
            inner.fill(None);
        }
        begins
    }
}

impl<R: Clone> Parts<R> {
    /// No part.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The part for a broker, which begins as `shell`.
    pub fn of(&mut self, broker: i32, shell: &R) -> (&mut R, &mut Places) {
        let known = self.0.iter().position(|(id, ..)| *id == broker);
        let place = known.unwrap_or_else(|| {
            self.0.push((broker, shell.clone(), Places::default()));
            self.0.len() - 1
        });
        let (_, part, last) = self.0.get_mut(place).expect("the place was just found");
        (part, last)
    }

    /// The parts in the order of their first unit.
    #[must_use]
    pub fn finish(self) -> Vec<(i32, R)> {
        let parts = self.0.into_iter();
        parts.map(|(broker, part, _)| (broker, part)).collect()
    }
}

impl<R: Clone> Default for Parts<R> {
    fn default() -> Self {
        Self::new()
    }
}

/// The leader of a partition.
#[must_use]
pub const fn leader(topic: &str, topic_id: Uuid, partition: i32) -> Destination<'_> {
    Destination::PartitionLeader(TopicPartition {
        topic,
        topic_id,
        partition,
    })
}

/// The coordinator of a share group for a partition.
#[must_use]
pub const fn share(group: &str, topic_id: Uuid, partition: i32) -> Destination<'_> {
    let topic = "";
    let partition = TopicPartition {
        topic,
        topic_id,
        partition,
    };
    Destination::ShareCoordinator(group, partition)
}

/// The broker with this id; the request names none if it is negative.
#[must_use]
pub const fn broker<'r>(id: i32) -> Destination<'r> {
    match id {
        0.. => Destination::Broker(id),
        _ => Destination::SpecificBroker,
    }
}

/// The destination of the configs of a resource: the broker, if it is one, as for its loggers; else `others`. The name of
/// the default of all brokers is empty.
#[must_use]
pub fn of_configs<'r>(
    resource: ConfigResourceType,
    name: &str,
    others: Destination<'r>,
) -> Destination<'r> {
    let is_broker = matches!(
        resource,
        ConfigResourceType::BROKER | ConfigResourceType::BROKER_LOGGER
    );
    match name.parse() {
        Ok(id) if is_broker => Destination::Broker(id),
        _ => others,
    }
}

/// The coordinator of a group.
#[must_use]
pub const fn group(id: &str) -> Destination<'_> {
    Destination::GroupCoordinator(id)
}

/// The destination of a request whose transactional id may be null: any broker then.
#[must_use]
pub const fn transaction(id: Option<&str>) -> Destination<'_> {
    match id {
        Some(id) => Destination::TransactionCoordinator(id),
        None => Destination::AnyBroker,
    }
}

/// Returns `true` if a list has this value and no other.
#[must_use]
pub fn has_only(list: &[Cow<'_, str>], value: &str) -> bool {
    matches!(list, [only] if only == value)
}

/// Appends a list that may be null to another one.
pub fn extend_nullable<T>(list: &mut Option<Vec<T>>, more: Option<Vec<T>>) {
    match (list.as_mut(), more) {
        (Some(list), Some(more)) => list.extend(more),
        (None, more) => *list = more,
        (Some(_), None) => {}
    }
}
