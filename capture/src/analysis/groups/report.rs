//! Groups as they are written.

use serde::Serialize;

use kafka_codec::wire::Uuid;

use super::super::Time;
use super::classic::Classic;
use super::epochs::Epochs;
use super::lag::{Partition, Topic, TopicPartition};
use super::{Group, Groups, Kind};
#[cfg(feature = "report")]
use crate::length::u64_of;

/// The groups of a capture.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupsDocument {
    pub(crate) groups: Vec<GroupReport>,
    /// What is left out, since there is too much of it.
    #[serde(skip_serializing_if = "Others::is_empty")]
    pub(crate) others: Others,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Others {
    groups: usize,
    commits: u64,
    rebalances: u64,
}

impl Others {
    /// Returns how much is left out, of whatever kind.
    #[cfg(feature = "report")]
    pub(crate) fn sum(&self) -> u64 {
        u64_of(self.groups) + self.commits + self.rebalances
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupReport {
    pub(crate) group: String,
    protocol: Option<&'static str>,
    pub(crate) rebalances: Vec<RebalanceReport>,
    pub(crate) members: Vec<MemberReport>,
    pub(crate) partitions: Vec<PartitionReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RebalanceReport {
    pub(crate) generation: i32,
    pub(crate) start: Time,
    joined: Option<Time>,
    pub(crate) end: Option<Time>,
    pub(crate) reasons: Vec<String>,
    protocol_name: Option<String>,
    leader: Option<String>,
    members: Vec<RebalanceMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RebalanceMember {
    member_id: String,
    client_id: Option<String>,
    host: Option<String>,
    partitions: Option<Vec<String>>,
}

/// A member of the newer protocols.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberReport {
    member_id: String,
    client_id: Option<String>,
    host: String,
    first: Time,
    last: Time,
    ended: Option<&'static str>,
    epochs: Vec<(Time, i32)>,
    assignments: Vec<(Time, Vec<String>)>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartitionReport {
    pub(crate) topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic_id: Option<String>,
    pub(crate) partition: i32,
    pub(crate) committed: i64,
    high_watermark: Option<i64>,
    pub(crate) lag: Option<i64>,
    /// Time, committed offset, high watermark, lag.
    pub(crate) lag_over_time: Vec<(Time, i64, Option<i64>, Option<i64>)>,
    /// Of how many changes one is in `lagOverTime`, beside the last; 0 if the last is there alone.
    #[serde(skip_serializing_if = "is_one")]
    one_point_of: usize,
}

#[cfg(feature = "report")]
impl PartitionReport {
    /// Returns the topic's name or id, and the partition.
    pub(crate) fn name(&self) -> String {
        let topic = self.topic.as_deref().or(self.topic_id.as_deref());
        format!("{}-{}", topic.unwrap_or_default(), self.partition)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_one(step: &usize) -> bool {
    *step == 1
}

pub(super) fn document(groups: Groups) -> GroupsDocument {
    let by_group = groups.lag.by_group();
    let mut forgotten = 0;
    let reports = groups
        .groups
        .iter()
        .map(|(name, group)| {
            forgotten += group.classic.forgotten + group.epochs.forgotten;
            let partitions = by_group.get(&**name);
            GroupReport {
                group: name.to_string(),
                protocol: protocol(group),
                rebalances: rebalances(group),
                members: members(&group.epochs, groups.last),
                partitions: partitions
                    .into_iter()
                    .flatten()
                    .map(|(key, partition, high_watermark)| report(key, partition, *high_watermark))
                    .collect(),
            }
        })
        .collect();
    GroupsDocument {
        groups: reports,
        others: Others {
            groups: groups.left_out.len(),
            commits: groups.lag.left_out,
            rebalances: forgotten,
        },
    }
}

const fn protocol(group: &Group) -> Option<&'static str> {
    match group.kind {
        Kind::Unknown => None,
        Kind::Classic => Some("classic"),
        Kind::Consumer => Some("consumer (KIP-848)"),
        Kind::Share => Some("share"),
        Kind::Streams => Some("streams"),
    }
}

fn rebalances(group: &Group) -> Vec<RebalanceReport> {
    let mut all = of_classic(&group.classic);
    all.extend(of_epochs(&group.epochs));
    // A group can change its protocol.
    all.sort_by_key(|rebalance| rebalance.start);
    all
}

fn of_classic(classic: &Classic) -> Vec<RebalanceReport> {
    let mut before = None;
    let mut reports = Vec::new();
    for rebalance in &classic.rebalances {
        let members = rebalance.members.iter();
        reports.push(RebalanceReport {
            generation: rebalance.generation,
            start: Time(rebalance.start),
            joined: Some(Time(rebalance.joined)),
            end: rebalance.end.map(Time),
            reasons: classic.reasons(rebalance, before),
            protocol_name: rebalance.protocol.clone(),
            leader: super::super::known(&classic.client_id(&rebalance.leader)).map(str::to_owned),
            members: members
                .map(|(id, partitions)| RebalanceMember {
                    member_id: id.clone(),
                    client_id: super::super::known(&classic.client_id(id)).map(str::to_owned),
                    host: classic
                        .members
                        .get(id)
                        .map(|member| member.host.to_string()),
                    partitions: partitions.clone(),
                })
                .collect(),
        });
        before = Some(rebalance);
    }
    reports
}

fn of_epochs(epochs: &Epochs) -> Vec<RebalanceReport> {
    let reports = epochs.epochs.iter().map(|(number, epoch)| RebalanceReport {
        generation: *number,
        start: Time(epoch.first),
        joined: None,
        end: Some(Time(epoch.last)),
        reasons: epochs.reasons(*number),
        protocol_name: None,
        leader: None,
        members: epoch
            .members
            .keys()
            .map(|id| {
                let member = epochs.members.get(id);
                let assigned = member.and_then(|member| {
                    let next = epochs.epochs.range(*number + 1..).next();
                    let until = next.map_or(i64::MAX, |(_, next)| next.first);
                    let mut assignments = member.assignments.iter().rev();
                    assignments.find(|(time, _)| *time < until)
                });
                RebalanceMember {
                    member_id: id.clone(),
                    client_id: member
                        .and_then(|member| super::super::known(&member.client_id))
                        .map(str::to_owned),
                    host: member.map(|member| member.host.to_string()),
                    partitions: assigned.map(|(_, partitions)| partitions.clone()),
                }
            })
            .collect(),
    });
    reports.collect()
}

fn members(epochs: &Epochs, last: i64) -> Vec<MemberReport> {
    let mut members: Vec<_> = epochs.members.iter().collect();
    members.sort_by_key(|(_, member)| member.first);
    let reports = members.into_iter().map(|(id, member)| MemberReport {
        member_id: id.clone(),
        client_id: super::super::known(&member.client_id).map(str::to_owned),
        host: member.host.to_string(),
        first: Time(member.first),
        last: Time(member.last),
        ended: member.ended(last),
        epochs: member
            .epochs
            .iter()
            .map(|(time, epoch)| (Time(*time), *epoch))
            .collect(),
        assignments: member
            .assignments
            .iter()
            .map(|(time, partitions)| (Time(*time), partitions.clone()))
            .collect(),
    });
    reports.collect()
}

fn report(
    key: &TopicPartition,
    partition: &Partition,
    high_watermark: Option<i64>,
) -> PartitionReport {
    // A commit can be seen before a response with the high watermark that it reached.
    let lag = |committed: i64, high_watermark: Option<i64>| {
        high_watermark.map(|high_watermark| high_watermark.saturating_sub(committed).max(0))
    };
    let (topic, topic_id) = match &key.topic {
        Topic::Name(name) => (Some(name.to_string()), None),
        Topic::Id(id) => (None, Some(Uuid::from_u128(*id).to_string())),
    };
    PartitionReport {
        topic,
        topic_id,
        partition: key.partition,
        committed: partition.committed,
        high_watermark,
        lag: lag(partition.committed, high_watermark),
        lag_over_time: partition
            .series()
            .map(|(time, committed, high_watermark)| {
                (
                    Time(*time),
                    *committed,
                    *high_watermark,
                    lag(*committed, *high_watermark),
                )
            })
            .collect(),
        one_point_of: if partition.has_series {
            partition.step.max(1)
        } else {
            0
        },
    }
}
