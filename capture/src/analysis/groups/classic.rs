//! Rebalances of the classic protocol: JoinGroup, SyncGroup, Heartbeat and LeaveGroup.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::net::IpAddr;

use kafka_codec::Versioned;
use kafka_codec::messages::{ConsumerProtocolAssignment, JoinGroupResponse};

use super::Sender;

/// How many rebalances are kept of a group; the oldest are forgotten.
const MAX_REBALANCES: usize = 1000;
/// How many members are remembered of a group.
const MAX_MEMBERS: usize = 10_000;
/// How many signs of a rebalance are kept until it comes.
const MAX_SIGNS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Classic {
    /// Signs of a rebalance that is to come, in the order in which they were seen.
    signs: VecDeque<i64>,
    pub(super) members: BTreeMap<String, Member>,
    pub(super) rebalances: VecDeque<Rebalance>,
    pub(super) forgotten: u64,
}

/// A member, by its member id.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) client_id: String,
    pub(super) host: IpAddr,
    pub(super) instance_id: Option<String>,
    /// When it left.
    pub(super) left: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) struct Rebalance {
    pub(super) generation: i32,
    pub(super) start: i64,
    first_joined: i64,
    pub(super) joined: i64,
    pub(super) end: Option<i64>,
    pub(super) leader: String,
    pub(super) protocol: Option<String>,
    /// The member ids, and what each was assigned.
    pub(super) members: BTreeMap<String, Option<Vec<String>>>,
    /// The instance ids of static members, which stay the same when they are started anew, by member id.
    instances: BTreeMap<String, String>,
    /// `true` if the leader's list of all members was captured.
    is_complete: bool,
}

impl Classic {
    /// A rebalance begins, or has begun.
    pub(super) fn sign(&mut self, time: i64) {
        if self.signs.len() < MAX_SIGNS {
            self.signs.push_back(time);
        }
    }

    /// What was taken for a sign was none.
    pub(super) fn no_sign(&mut self, time: i64) {
        if let Some(at) = self.signs.iter().position(|sign| *sign == time) {
            self.signs.remove(at);
        }
    }

    /// Takes note of a member that sends something.
    pub(super) fn seen(&mut self, member_id: &str, sender: &Sender) -> &mut Member {
        if self.members.len() >= MAX_MEMBERS && !self.members.contains_key(member_id) {
            self.members.pop_first();
        }
        self.members
            .entry(member_id.to_owned())
            .or_insert_with(|| Member {
                client_id: sender.client_id.clone(),
                host: sender.host,
                instance_id: None,
                left: None,
            })
    }

    /// How many members and partitions are kept.
    pub(super) fn weight(&self) -> usize {
        let rebalances = self.rebalances.iter().map(Rebalance::weight);
        self.members.len() + rebalances.sum::<usize>()
    }

    /// Forgets the older rebalances, and the members that are in none of the others.
    pub(super) fn shrink(&mut self) {
        let oldest = self.rebalances.len() / 2;
        self.rebalances.drain(..oldest);
        self.forgotten += u64::try_from(oldest).unwrap_or_default();
        let rebalances = &self.rebalances;
        self.members
            .retain(|id, _| rebalances.iter().any(|each| each.members.contains_key(id)));
    }

    /// A member learned that it is in a generation. `sent`: when it asked.
    pub(super) fn joined(&mut self, response: &JoinGroupResponse<'_>, sent: i64, time: i64) {
        let generation = response.generation_id;
        let is_current = self
            .rebalances
            .back()
            .is_some_and(|last| last.generation == generation);
        if is_current {
            let Some(last) = self.rebalances.back_mut() else {
                return;
            };
            if sent > last.first_joined {
                // A static member that comes back, or one that asks again, joins without a rebalance.
                self.no_sign(sent);
                return;
            }
            last.joined = last.joined.max(time);
            last.takes(response);
            return;
        }
        let after = self
            .rebalances
            .back()
            .map_or(i64::MIN, |last| last.first_joined);
        let signs = self.signs.iter().copied().filter(|sign| *sign > after);
        let start = signs.min().map_or(sent, |sign| sign.min(sent));
        self.signs.retain(|sign| *sign > time);
        if self.rebalances.len() >= MAX_REBALANCES {
            self.rebalances.pop_front();
            self.forgotten += 1;
        }
        let mut rebalance = Rebalance {
            generation,
            start,
            first_joined: time,
            joined: time,
            end: None,
            leader: response.leader.to_string(),
            protocol: response.protocol_name.as_deref().map(str::to_owned),
            members: BTreeMap::new(),
            instances: BTreeMap::new(),
            is_complete: false,
        };
        rebalance.takes(response);
        self.rebalances.push_back(rebalance);
    }

    /// A member received its assignment. Returns how many partitions it has.
    pub(super) fn synced(
        &mut self,
        generation: i32,
        member_id: &str,
        bytes: &[u8],
        time: i64,
    ) -> usize {
        let mut rebalances = self.rebalances.iter_mut().rev();
        let Some(rebalance) = rebalances.find(|each| each.generation == generation) else {
            return 0;
        };
        let assigned = rebalance.members.entry(member_id.to_owned()).or_default();
        if assigned.is_none() {
            let partitions = assigned.insert(partitions(bytes));
            rebalance.end = rebalance.end.max(Some(time));
            return partitions.len();
        }
        0
    }

    /// Members left.
    pub(super) fn left(&mut self, members: &[(String, Option<String>)], time: i64) {
        // A member names itself by one or the other.
        let instances = members.iter().filter(|(member_id, _)| member_id.is_empty());
        let instances = instances.filter_map(|(_, instance_id)| instance_id.as_deref());
        let instances: HashSet<_> = instances.collect();
        if !instances.is_empty() {
            for member in self.members.values_mut() {
                let instance_id = member.instance_id.as_deref();
                if instance_id.is_some_and(|id| instances.contains(id)) {
                    member.left = Some(time);
                }
            }
        }
        for (member_id, _) in members {
            if let Some(member) = self.members.get_mut(member_id) {
                member.left = Some(time);
            }
        }
    }

    /// How the client of a member calls itself. Brokers make member ids of the client id and a UUID.
    pub(super) fn client_id(&self, member_id: &str) -> String {
        if let Some(member) = self.members.get(member_id) {
            return member.client_id.clone();
        }
        const UUID_CHARACTERS: usize = 36;
        let start = member_id.len().checked_sub(UUID_CHARACTERS + 1);
        start
            .and_then(|start| member_id.get(..start))
            .unwrap_or(member_id)
            .to_owned()
    }

    /// Why a rebalance came, by its members and those of the one before.
    pub(super) fn reasons(&self, rebalance: &Rebalance, before: Option<&Rebalance>) -> Vec<String> {
        let Some(before) = before else {
            return vec!["first generation in the capture".to_owned()];
        };
        let mut joined = Vec::new();
        let (instances, instances_before) = (rebalance.instances(), before.instances());
        for id in rebalance.members.keys() {
            if !before.has(id, rebalance.instances.get(id), &instances_before) {
                joined.push(format!("joined: {}", self.client_id(id)));
            }
        }
        let (mut left, mut vanished) = (Vec::new(), Vec::new());
        // Without the leader's list it is not known who is not in the group any more.
        let is_known = rebalance.is_complete;
        for id in before.members.keys().filter(|_| is_known) {
            if rebalance.has(id, before.instances.get(id), &instances) {
                continue;
            }
            let left_at = self.members.get(id).and_then(|member| member.left);
            if left_at.is_some_and(|left_at| left_at <= rebalance.joined) {
                left.push(format!("left: {}", self.client_id(id)));
            } else {
                vanished.push(format!("vanished: {}", self.client_id(id)));
            }
        }
        super::in_order([joined, left, vanished])
    }
}

impl Rebalance {
    fn weight(&self) -> usize {
        let members = self.members.values();
        let partitions = members.map(|assigned| 1 + assigned.as_ref().map_or(0, Vec::len));
        1 + partitions.sum::<usize>()
    }

    fn takes(&mut self, response: &JoinGroupResponse<'_>) {
        self.members
            .entry(response.member_id.to_string())
            .or_default();
        // Only the leader receives the list of members.
        if !response.members.is_empty() {
            self.is_complete = true;
            for member in &response.members {
                let id = member.member_id.to_string();
                if let Some(instance) = member.group_instance_id.as_deref() {
                    self.instances.insert(id.clone(), instance.to_owned());
                }
                self.members.entry(id).or_default();
            }
        }
    }

    /// The instance ids of all members.
    fn instances(&self) -> HashSet<&str> {
        self.instances.values().map(String::as_str).collect()
    }

    /// Returns `true` if a member is in the group, by its member id or its instance id. `instances` are those of the group.
    fn has(
        &self,
        member_id: &str,
        instance_id: Option<&String>,
        instances: &HashSet<&str>,
    ) -> bool {
        self.members.contains_key(member_id)
            || instance_id.is_some_and(|id| instances.contains(id.as_str()))
    }
}

/// The partitions in an assignment of consumers; none of another protocol's.
fn partitions(bytes: &[u8]) -> Vec<String> {
    let assignment = Versioned::<ConsumerProtocolAssignment<'_>>::decode_prefixed_leniently(bytes);
    let mut partitions: Vec<_> = assignment
        .iter()
        .flat_map(|assignment| &assignment.message.assigned_partitions)
        .flat_map(|each| {
            let topic = &each.topic;
            let partitions = each.partitions.iter();
            partitions.map(move |partition| format!("{topic}-{partition}"))
        })
        .collect();
    partitions.sort();
    partitions
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use kafka_codec::messages::join_group_response::JoinGroupResponseMember;

    use super::*;

    const MEMBERS: i32 = 40_000;

    /// What the leader of a generation is answered, of static members whose ids are new in each.
    fn joined(generation: i32) -> JoinGroupResponse<'static> {
        let member = |number: i32| JoinGroupResponseMember {
            member_id: format!("{generation}-{number}").into(),
            group_instance_id: Some(format!("i-{number}").into()),
            ..Default::default()
        };
        JoinGroupResponse {
            generation_id: generation,
            member_id: format!("{generation}-0").into(),
            members: (0..MEMBERS).map(member).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn static_members_that_come_again_are_recognized_in_linear_time() {
        let begun = std::time::Instant::now();
        let mut classic = Classic::default();
        classic.joined(&joined(1), 1, 2);
        classic.joined(&joined(2), 3, 4);
        let (before, rebalance) = (&classic.rebalances[0], &classic.rebalances[1]);
        let reasons = classic.reasons(rebalance, Some(before));
        assert_eq!(reasons, ["the same members join again"]);
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    #[test]
    fn members_leave_by_their_id_or_by_their_instance_in_linear_time() {
        let mut classic = Classic::default();
        let sender = Sender {
            client_id: "c".to_owned(),
            host: Ipv4Addr::LOCALHOST.into(),
        };
        for number in 0..9000 {
            let member = classic.seen(&format!("m-{number}"), &sender);
            member.instance_id = Some(format!("i-{number}"));
        }
        let begun = std::time::Instant::now();
        let by_id = (0..20_000).map(|number| (format!("m-{}", 2 * number), None));
        // The instance of a member that names its id too is not looked for.
        let other = ("nobody".to_owned(), Some("i-3".to_owned()));
        let by_id: Vec<_> = by_id.chain([other]).collect();
        classic.left(&by_id, 7);
        let by_instance = (0..20_000).map(|number| {
            let instance = format!("i-{}", 4 * number + 1);
            (String::new(), Some(instance))
        });
        classic.left(&by_instance.collect::<Vec<_>>(), 8);
        let left = |time| {
            let members = classic.members.values();
            members.filter(|member| member.left == time).count()
        };
        assert_eq!(
            (left(Some(7)), left(Some(8)), left(None)),
            (4500, 2250, 2250)
        );
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }
}
