//! Epochs of the newer protocols, where heartbeats carry the assignment (KIP-848, share and streams
//! groups).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;

use super::Sender;

/// How many epochs are kept of a group; the oldest are forgotten.
const MAX_EPOCHS: usize = 1000;
/// How many members are remembered of a group.
const MAX_MEMBERS: usize = 10_000;
/// How many changes are kept of a member.
const MAX_CHANGES: usize = 200;

#[derive(Debug, Default)]
pub(super) struct Epochs {
    pub(super) members: BTreeMap<String, Member>,
    pub(super) epochs: BTreeMap<i32, Epoch>,
    pub(super) forgotten: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) client_id: String,
    pub(super) host: IpAddr,
    pub(super) first: i64,
    pub(super) last: i64,
    /// When it asked to join, if that was captured.
    joined: Option<i64>,
    pub(super) left: Option<i64>,
    interval_ms: i32,
    pub(super) epochs: Vec<(i64, i32)>,
    pub(super) assignments: Vec<(i64, Vec<String>)>,
}

#[derive(Clone, Debug)]
pub(super) struct Epoch {
    pub(super) first: i64,
    pub(super) last: i64,
    /// The members that received it, and when first.
    pub(super) members: BTreeMap<String, i64>,
}

/// A heartbeat and its answer.
pub(super) struct Heartbeat {
    pub(super) member_id: String,
    pub(super) sender: Sender,
    pub(super) sent: i64,
    pub(super) time: i64,
    /// The epoch of the request: 0 to join, negative to leave.
    pub(super) asked: i32,
    /// The epoch of the response.
    pub(super) told: i32,
    pub(super) interval_ms: i32,
    pub(super) assignment: Option<Vec<String>>,
}

impl Epochs {
    pub(super) fn heartbeat(&mut self, heartbeat: Heartbeat) {
        let Heartbeat {
            member_id,
            sender,
            sent,
            time,
            asked,
            told,
            interval_ms,
            assignment,
        } = heartbeat;
        if self.members.len() >= MAX_MEMBERS && !self.members.contains_key(&member_id) {
            self.members.pop_first();
        }
        let member = self
            .members
            .entry(member_id.clone())
            .or_insert_with(|| Member {
                client_id: sender.client_id,
                host: sender.host,
                first: sent,
                last: sent,
                joined: None,
                left: None,
                interval_ms: 0,
                epochs: Vec::new(),
                assignments: Vec::new(),
            });
        member.last = member.last.max(time);
        if asked < 0 {
            member.left = Some(sent);
            return;
        }
        if asked == 0 {
            member.joined.get_or_insert(sent);
            member.left = None;
        }
        if interval_ms > 0 {
            member.interval_ms = interval_ms;
        }
        if let Some(assignment) = assignment
            && member.assignments.len() < MAX_CHANGES
        {
            member.assignments.push((time, assignment));
        }
        if told <= 0 {
            return;
        }
        let is_new = member.epochs.last().is_none_or(|(_, epoch)| *epoch != told);
        if is_new && member.epochs.len() < MAX_CHANGES {
            member.epochs.push((time, told));
        }
        if self.epochs.len() >= MAX_EPOCHS && !self.epochs.contains_key(&told) {
            self.epochs.pop_first();
            self.forgotten += 1;
        }
        let epoch = self.epochs.entry(told).or_insert_with(|| Epoch {
            first: time,
            last: time,
            members: BTreeMap::new(),
        });
        if let Entry::Vacant(entry) = epoch.members.entry(member_id) {
            entry.insert(time);
            epoch.first = epoch.first.min(time);
            epoch.last = epoch.last.max(time);
        }
    }

    /// How many members, partitions and changes are kept.
    pub(super) fn weight(&self) -> usize {
        let told = self.epochs.values().map(|epoch| 1 + epoch.members.len());
        let members = self.members.values().map(|member| {
            let assigned = member.assignments.iter();
            1 + member.epochs.len() + assigned.map(|(_, each)| 1 + each.len()).sum::<usize>()
        });
        told.sum::<usize>() + members.sum::<usize>()
    }

    /// Forgets the older epochs, the members that received none of the others, and the older changes of members.
    pub(super) fn shrink(&mut self) {
        let oldest = self.epochs.len() / 2;
        for _ in 0..oldest {
            self.epochs.pop_first();
        }
        self.forgotten += u64::try_from(oldest).unwrap_or_default();
        let epochs = &self.epochs;
        self.members
            .retain(|id, _| epochs.values().any(|epoch| epoch.members.contains_key(id)));
        for member in self.members.values_mut() {
            let oldest = member.assignments.len() / 2;
            member.assignments.drain(..oldest);
            let oldest = member.epochs.len() / 2;
            member.epochs.drain(..oldest);
        }
    }

    /// Why an epoch came.
    pub(super) fn reasons(&self, number: i32) -> Vec<String> {
        let Some(epoch) = self.epochs.get(&number) else {
            return Vec::new();
        };
        let Some((_, before)) = self.epochs.range(..number).next_back() else {
            return vec!["first generation in the capture".to_owned()];
        };
        let (mut joined, mut left, mut vanished) = (Vec::new(), Vec::new(), Vec::new());
        for member in self.members.values() {
            let client = &member.client_id;
            let first_told = member.epochs.first().map(|(_, epoch)| *epoch);
            if member.joined.is_some() && first_told == Some(number) {
                joined.push(format!("joined: {client}"));
            }
            let was_told = first_told.is_some_and(|first| first < number);
            let is_between = |time: i64| time > before.first && time <= epoch.first;
            match member.left {
                Some(time) if was_told && is_between(time) => left.push(format!("left: {client}")),
                None if was_told && is_between(member.gone()) && member.last < epoch.first => {
                    vanished.push(format!("vanished: {client}"));
                }
                _ => {}
            }
        }
        super::in_order([joined, left, vanished])
    }
}

impl Member {
    /// When it should have been heard of again, if it was not.
    fn gone(&self) -> i64 {
        let interval = i64::from(self.interval_ms.max(1000)) * 1_000_000;
        self.last.saturating_add(interval + interval / 2)
    }

    /// How it ended, as of the end of the capture.
    pub(super) fn ended(&self, end: i64) -> Option<&'static str> {
        if self.left.is_some() {
            Some("left")
        } else if self.gone() < end {
            Some("vanished")
        } else {
            None
        }
    }
}
