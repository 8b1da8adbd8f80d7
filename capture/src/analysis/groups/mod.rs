//! Groups: rebalances and their reasons, members, commits and lag.

mod classic;
mod epochs;
mod lag;
mod report;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use kafka_codec::messages::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, FetchResponse, HeartbeatRequest,
    HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse,
    ListOffsetsRequest, ListOffsetsResponse, OffsetCommitRequest, OffsetCommitResponse,
    ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, ErrorCode};

use self::classic::Classic;
use self::epochs::Epochs;
use self::lag::{Lag, TopicInMessage, TopicPartition};
use super::body;
use super::decoded::DecodedEvent;
use super::open::InFlight;
use crate::event::{Direction, End, Event, EventKind, Message};
use crate::output::Sink;
use crate::topic_names::TopicNames;

pub use self::report::GroupsDocument;
#[cfg(feature = "report")]
pub(crate) use self::report::{GroupReport, PartitionReport, RebalanceReport};

/// How many groups are followed. The others are counted, up to so many.
const MAX_GROUPS: usize = 2000;
const MAX_LEFT_OUT: usize = 1 << 17;

/// How many members and partitions of all rebalances are kept. The older half of each group is forgotten when there are
/// more.
const MAX_WEIGHT: usize = 150_000;
/// After how many more they are counted.
const MAX_ADDED: usize = 30_000;

/// The latest offset, in a ListOffsets request.
const LATEST: i64 = -1;

/// Follows the groups of a capture.
#[derive(Debug, Default)]
pub struct Groups {
    groups: BTreeMap<Box<str>, Group>,
    /// Hashes of the names of the others.
    left_out: HashSet<u64>,
    lag: Lag,
    in_flight: InFlight<Asked>,
    /// The number of members and partitions that were reported since the last count.
    added: usize,
    last: i64,
}

/// A group.
#[derive(Debug, Default)]
struct Group {
    classic: Classic,
    epochs: Epochs,
    kind: Kind,
}

/// The protocol that the members of a group speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Only commits were seen.
    #[default]
    Unknown,
    Classic,
    Consumer,
    Share,
    Streams,
}

/// Who sends a request.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) client_id: String,
    pub(super) host: IpAddr,
}

/// What is remembered of a request.
#[derive(Debug)]
enum Asked {
    Join {
        group: Box<str>,
        sent: i64,
        sender: Sender,
        instance_id: Option<String>,
    },
    Sync {
        group: Box<str>,
        generation: i32,
        member_id: String,
    },
    Heartbeat {
        group: Box<str>,
    },
    Leave {
        group: Box<str>,
        sent: i64,
        /// Member ids and instance ids.
        members: Vec<(String, Option<String>)>,
    },
    Epoch {
        group: Box<str>,
        member_id: String,
        epoch: i32,
        sent: i64,
        sender: Sender,
    },
    Commit {
        group: Box<str>,
        /// Topic name and id, partition and offset.
        offsets: Vec<(String, Uuid, i32, i64)>,
    },
    /// The partitions whose latest offset is asked for.
    ListOffsets(Vec<(String, i32)>),
}

impl Groups {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self {
            last: i64::MIN,
            ..Self::default()
        }
    }

    /// Takes note of an event.
    pub(crate) fn decoded(&mut self, event: &DecodedEvent<'_, '_>) {
        self.last = self.last.max(event.time);
        let EventKind::Message(message) = &event.kind else {
            return;
        };
        match event.direction {
            Direction::ToBroker => {
                if let Some(asked) = self.request(event, message) {
                    self.in_flight.insert(event.connection, message, asked);
                }
            }
            // What cannot be read of a response is left out.
            Direction::ToClient => drop(self.response(event, message)),
        }
    }

    /// Ends the capture, with the names of topics that are known by then.
    #[must_use]
    pub fn finish(mut self, topics: &TopicNames) -> GroupsDocument {
        self.lag.resolve(topics);
        report::document(self)
    }

    fn group(&mut self, name: &str) -> Option<&mut Group> {
        if !self.groups.contains_key(name) {
            if self.groups.len() >= MAX_GROUPS {
                if self.left_out.len() < MAX_LEFT_OUT {
                    let mut hasher = DefaultHasher::new();
                    name.hash(&mut hasher);
                    self.left_out.insert(hasher.finish());
                }
                return None;
            }
            self.groups.insert(Box::from(name), Group::default());
        }
        self.groups.get_mut(name)
    }

    fn is_of(&mut self, name: &str, kind: Kind) -> Option<&mut Group> {
        let group = self.group(name)?;
        group.kind = kind;
        Some(group)
    }

    /// Takes note of so many members and partitions, and forgets old ones if there are too many.
    fn adds(&mut self, count: usize) {
        self.added += count;
        if self.added < MAX_ADDED {
            return;
        }
        self.added = 0;
        let weight = |group: &Group| group.classic.weight() + group.epochs.weight();
        // The last rebalance of a group stays, however many members it has.
        for _ in 0..10 {
            if self.groups.values().map(weight).sum::<usize>() <= MAX_WEIGHT {
                return;
            }
            for group in self.groups.values_mut() {
                group.classic.shrink();
                group.epochs.shrink();
            }
        }
    }

    /// What has to be remembered of a request until it is answered.
    fn request(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) -> Option<Asked> {
        let sent = event.time;
        let sender = || Sender {
            client_id: message.client_id.unwrap_or_default().to_owned(),
            host: event.connection.client.ip(),
        };
        Some(match message.api_key {
            ApiKey::JoinGroup => {
                let request = event.body::<JoinGroupRequest<'_>>()?;
                let group = self.is_of(&request.group_id, Kind::Classic)?;
                group.classic.sign(sent);
                Asked::Join {
                    group: Box::from(&*request.group_id),
                    sent,
                    sender: sender(),
                    instance_id: request.group_instance_id.as_deref().map(str::to_owned),
                }
            }
            ApiKey::SyncGroup => {
                let request = body::<SyncGroupRequest<'_>>(message)?;
                self.is_of(&request.group_id, Kind::Classic)?;
                Asked::Sync {
                    group: Box::from(&*request.group_id),
                    generation: request.generation_id,
                    member_id: request.member_id.to_string(),
                }
            }
            ApiKey::Heartbeat => {
                let request = body::<HeartbeatRequest<'_>>(message)?;
                let group = self.is_of(&request.group_id, Kind::Classic)?;
                group.classic.seen(&request.member_id, &sender());
                Asked::Heartbeat {
                    group: Box::from(&*request.group_id),
                }
            }
            ApiKey::LeaveGroup => {
                let request = body::<LeaveGroupRequest<'_>>(message)?;
                let mut members: Vec<_> = request
                    .members
                    .iter()
                    .map(|member| {
                        let instance_id = member.group_instance_id.as_deref();
                        (member.member_id.to_string(), instance_id.map(str::to_owned))
                    })
                    .collect();
                if members.is_empty() {
                    members.push((request.member_id.to_string(), None));
                }
                let group = self.is_of(&request.group_id, Kind::Classic)?;
                group.classic.sign(sent);
                Asked::Leave {
                    group: Box::from(&*request.group_id),
                    sent,
                    members,
                }
            }
            ApiKey::ConsumerGroupHeartbeat
            | ApiKey::ShareGroupHeartbeat
            | ApiKey::StreamsGroupHeartbeat => {
                let (kind, group, member_id, epoch) = heartbeat(event, message)?;
                self.is_of(&group, kind)?;
                Asked::Epoch {
                    group,
                    member_id,
                    epoch,
                    sent,
                    sender: sender(),
                }
            }
            ApiKey::OffsetCommit => {
                let request = event.body::<OffsetCommitRequest<'_>>()?;
                let topics = request.topics.iter();
                Asked::Commit {
                    group: Box::from(&*request.group_id),
                    offsets: topics
                        .flat_map(|topic| {
                            topic.partitions.iter().map(|partition| {
                                (
                                    topic.name.to_string(),
                                    topic.topic_id,
                                    partition.partition_index,
                                    partition.committed_offset,
                                )
                            })
                        })
                        .collect(),
                }
            }
            ApiKey::ListOffsets => {
                let request = body::<ListOffsetsRequest<'_>>(message)?;
                let topics = request.topics.iter();
                Asked::ListOffsets(
                    topics
                        .flat_map(|topic| {
                            let partitions = topic.partitions.iter();
                            let latest = partitions.filter(|each| each.timestamp.0 == LATEST);
                            latest.map(|each| (topic.name.to_string(), each.partition_index))
                        })
                        .collect(),
                )
            }
            _ => return None,
        })
    }

    fn response(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) -> Option<()> {
        let time = event.time;
        if message.api_key == ApiKey::Fetch {
            self.fetched(event, event.body::<FetchResponse<'_>>()?);
            return None;
        }
        match self.in_flight.take(event.connection, message)? {
            Asked::Join {
                group,
                sent,
                sender,
                instance_id,
            } => {
                let response = body::<JoinGroupResponse<'_>>(message)?;
                let group = self.group(&group)?;
                let member = group.classic.seen(&response.member_id, &sender);
                if instance_id.is_some() {
                    member.instance_id = instance_id;
                }
                if response.error_code == ErrorCode::NONE {
                    group.classic.joined(&response, sent, time);
                    self.adds(1 + response.members.len());
                } else if !comes_again(response.error_code) {
                    group.classic.no_sign(sent);
                }
            }
            Asked::Sync {
                group,
                generation,
                member_id,
            } => {
                let response = body::<SyncGroupResponse<'_>>(message)?;
                if response.error_code == ErrorCode::NONE {
                    let classic = &mut self.group(&group)?.classic;
                    let count = classic.synced(generation, &member_id, &response.assignment, time);
                    self.adds(count);
                }
            }
            Asked::Heartbeat { group } => {
                let response = body::<HeartbeatResponse<'_>>(message)?;
                if response.error_code == ErrorCode::REBALANCE_IN_PROGRESS {
                    self.group(&group)?.classic.sign(time);
                }
            }
            Asked::Leave {
                group,
                sent,
                members,
            } => {
                let response = body::<LeaveGroupResponse<'_>>(message)?;
                let group = self.group(&group)?;
                let mut errors = response.members.iter().map(|each| each.error_code);
                let is_refused = !response.error_code.is_none()
                    || (response.members.len() == members.len()
                        && !members.is_empty()
                        && errors.all(|error| !error.is_none()));
                if is_refused {
                    group.classic.no_sign(sent);
                } else {
                    group.classic.left(&members, sent);
                }
            }
            Asked::Epoch {
                group,
                member_id,
                epoch,
                sent,
                sender,
            } => {
                let (told, mut assigned) = self.told(event, message)?;
                let group = self.group(&group)?;
                assigned.sort();
                let count = 1 + assigned.len();
                let member_id = told.member_id.unwrap_or(member_id);
                group.epochs.heartbeat(epochs::Heartbeat {
                    member_id,
                    sender,
                    sent,
                    time,
                    asked: epoch,
                    told: told.epoch,
                    interval_ms: told.interval_ms,
                    assignment: told.has_assignment.then_some(assigned),
                });
                self.adds(count);
            }
            Asked::Commit { group, offsets } => {
                let response = body::<OffsetCommitResponse<'_>>(message)?;
                self.committed(event, &group, offsets, &response);
            }
            Asked::ListOffsets(latest) => {
                let response = body::<ListOffsetsResponse<'_>>(message)?;
                let latest: HashSet<_> = latest
                    .iter()
                    .map(|(name, index)| (&**name, *index))
                    .collect();
                for topic in &response.topics {
                    for partition in &topic.partitions {
                        let key = (&*topic.name, partition.partition_index);
                        // Version 0 has a list of offsets, the latest first.
                        let first = partition.old_style_offsets.iter().next();
                        let offset = first.unwrap_or(partition.offset);
                        if partition.error_code.is_none() && latest.contains(&key) {
                            let name =
                                TopicInMessage::new(&topic.name, Uuid::default(), event.topics);
                            let index = partition.partition_index;
                            self.lag.high_watermark(name, index, offset, time);
                        }
                    }
                }
            }
        }
        Some(())
    }

    /// What a heartbeat of the newer protocols tells the member, and the partitions that it is assigned.
    fn told(&self, event: &Event<'_>, message: &Message<'_>) -> Option<(Told, Vec<String>)> {
        let named = |id: Uuid| {
            let name = event.topics.name(id).map(str::to_owned);
            name.unwrap_or_else(|| id.to_string())
        };
        let mut assigned = Vec::new();
        let mut add = |topic: Uuid, partitions: &mut dyn Iterator<Item = i32>| {
            let name = named(topic);
            assigned.extend(partitions.map(|partition| format!("{name}-{partition}")));
        };
        macro_rules! told {
            ($response:ty) => {{
                let response = body::<$response>(message)?;
                let assigned = response.assignment.iter();
                for topic in assigned.flat_map(|each| &each.topic_partitions) {
                    add(topic.topic_id, &mut topic.partitions.iter());
                }
                Told {
                    error: response.error_code,
                    member_id: response.member_id.as_deref().map(str::to_owned),
                    epoch: response.member_epoch,
                    interval_ms: response.heartbeat_interval_ms,
                    has_assignment: response.assignment.is_some(),
                }
            }};
        }
        let told = match message.api_key {
            ApiKey::ConsumerGroupHeartbeat => told!(ConsumerGroupHeartbeatResponse<'_>),
            ApiKey::ShareGroupHeartbeat => told!(ShareGroupHeartbeatResponse<'_>),
            _ => {
                let response = body::<StreamsGroupHeartbeatResponse<'_>>(message)?;
                for tasks in response.active_tasks.iter().flatten() {
                    let name = &tasks.subtopology_id;
                    let tasks = tasks.partitions.iter();
                    assigned.extend(tasks.map(|partition| format!("{name}-{partition}")));
                }
                Told {
                    error: response.error_code,
                    member_id: super::known(&response.member_id).map(str::to_owned),
                    epoch: response.member_epoch,
                    interval_ms: response.heartbeat_interval_ms,
                    has_assignment: response.active_tasks.is_some(),
                }
            }
        };
        told.error.is_none().then_some((told, assigned))
    }

    fn fetched(&mut self, event: &Event<'_>, response: &FetchResponse<'_>) {
        for topic in &response.responses {
            let name = TopicInMessage::new(&topic.topic, topic.topic_id, event.topics);
            for partition in &topic.partitions {
                if partition.error_code.is_none() {
                    let index = partition.partition_index;
                    let offset = partition.high_watermark;
                    self.lag.high_watermark(name, index, offset, event.time);
                }
            }
        }
    }

    fn committed(
        &mut self,
        event: &Event<'_>,
        group: &str,
        offsets: Vec<(String, Uuid, i32, i64)>,
        response: &OffsetCommitResponse<'_>,
    ) {
        if self.group(group).is_none() {
            return;
        }
        let mut errors = HashMap::new();
        for topic in &response.topics {
            for partition in &topic.partitions {
                let key = (&*topic.name, topic.topic_id, partition.partition_index);
                errors.entry(key).or_insert(partition.error_code);
            }
        }
        for (name, id, index, offset) in offsets {
            if errors.get(&(&*name, id, index)) == Some(&ErrorCode::NONE) {
                let key = TopicPartition {
                    topic: TopicInMessage::new(&name, id, event.topics).into(),
                    partition: index,
                };
                self.lag.committed(group, key, offset, event.time);
            }
        }
    }
}

/// Returns `true` if a member that is answered so to its JoinGroup will join all the same.
fn comes_again(error: ErrorCode) -> bool {
    let asks_again = [ErrorCode::MEMBER_ID_REQUIRED, ErrorCode::UNKNOWN_MEMBER_ID];
    error.is_retriable() || asks_again.contains(&error)
}

/// A heartbeat of the newer protocols: the protocol, the group, the member and its epoch.
fn heartbeat(
    event: &DecodedEvent<'_, '_>,
    message: &Message<'_>,
) -> Option<(Kind, Box<str>, String, i32)> {
    macro_rules! asked {
        ($kind:ident, $request:expr) => {{
            let request = $request?;
            let group = Box::from(&*request.group_id);
            let member_id = request.member_id.to_string();
            Some((Kind::$kind, group, member_id, request.member_epoch))
        }};
    }
    match message.api_key {
        ApiKey::ConsumerGroupHeartbeat => {
            asked!(Consumer, event.body::<ConsumerGroupHeartbeatRequest<'_>>())
        }
        ApiKey::ShareGroupHeartbeat => {
            asked!(Share, event.body::<ShareGroupHeartbeatRequest<'_>>())
        }
        _ => asked!(Streams, body::<StreamsGroupHeartbeatRequest<'_>>(message)),
    }
}

/// What a heartbeat of the newer protocols is answered.
struct Told {
    error: ErrorCode,
    member_id: Option<String>,
    epoch: i32,
    interval_ms: i32,
    has_assignment: bool,
}

impl Sink for Groups {
    fn event(&mut self, event: &Event<'_>) {
        self.decoded(&DecodedEvent::new(event));
    }

    fn end(&mut self, end: &End<'_>) {
        drop(self.in_flight.end(end.connection));
    }
}

/// The reasons of a rebalance, those of each kind in alphabetical order, or the one there is if nobody came or went.
fn in_order(kinds: [Vec<String>; 3]) -> Vec<String> {
    let mut reasons = Vec::new();
    for mut kind in kinds {
        kind.sort();
        reasons.append(&mut kind);
    }
    if reasons.is_empty() {
        reasons.push("the same members join again".to_owned());
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_are_not_followed_are_counted_once_each() {
        let mut groups = Groups::new();
        for _ in 0..2 {
            for number in 0..10_000 {
                let is_followed = groups.group(&format!("g-{number}")).is_some();
                assert_eq!(is_followed, number < MAX_GROUPS);
            }
        }
        assert_eq!(
            (groups.groups.len(), groups.left_out.len()),
            (MAX_GROUPS, 8000)
        );
    }
}
