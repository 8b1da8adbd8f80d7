//! Rebalances of groups and their reasons, in all protocols.
#![cfg(test)]
#![allow(
    clippy::field_reassign_with_default,
    reason = "messages have more fields than are of interest"
)]

mod support;

use kafka_codec::ErrorCode;
use kafka_codec::messages::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, HeartbeatRequest,
    HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse,
    ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, SyncGroupRequest, SyncGroupResponse,
    join_group_response, leave_group_request,
};
use serde_json::{Value, json};
use support::command;
use support::packets::{Conversation, capture};
use support::typed::{request, response};

const MILLISECOND: u32 = 1000;

/// What happens, in order; a tenth of a second between one thing and the next.
struct Story {
    conversation: Conversation,
    id: i32,
}

impl Story {
    fn new() -> Self {
        Self {
            conversation: Conversation::new(40_000),
            id: 0,
        }
    }

    fn wait(&mut self, milliseconds: u32) {
        self.conversation.wait(milliseconds * MILLISECOND);
    }

    fn exchange(&mut self, request: &[u8], response: &[u8]) {
        self.conversation.send(true, request, 60_000);
        self.conversation.send(false, response, 60_000);
        self.wait(100);
    }

    /// A member joins; the group is then of these members: member id, and instance id of static ones.
    fn joins(
        &mut self,
        client: &str,
        generation: i32,
        members: &[(&str, Option<&str>)],
        error: ErrorCode,
    ) {
        self.id += 1;
        let own = members.iter().find(|(id, _)| id.starts_with(client));
        let (own, instance) = own.copied().unwrap_or_default();
        let mut asked = JoinGroupRequest::default();
        (asked.group_id, asked.protocol_type) = ("g".into(), "consumer".into());
        asked.group_instance_id = instance.map(Into::into);
        let mut answered = JoinGroupResponse::default();
        (answered.error_code, answered.generation_id) = (error, generation);
        answered.member_id = own.into();
        let members = members.iter().map(|(id, instance)| {
            let mut member = join_group_response::JoinGroupResponseMember::default();
            member.member_id = (*id).into();
            member.group_instance_id = instance.map(Into::into);
            member
        });
        if error.is_none() {
            answered.members = members.collect();
        }
        let frames = (
            request(&asked, 5, self.id, client),
            response(&answered, 5, self.id),
        );
        self.exchange(&frames.0, &frames.1);
    }

    fn syncs(&mut self, client: &str, generation: i32, member: &str) {
        self.id += 1;
        let mut asked = SyncGroupRequest::default();
        (asked.group_id, asked.member_id) = ("g".into(), member.into());
        asked.generation_id = generation;
        let frames = (
            request(&asked, 3, self.id, client),
            response(&SyncGroupResponse::default(), 3, self.id),
        );
        self.exchange(&frames.0, &frames.1);
    }

    fn leaves(&mut self, client: &str, member: &str, error: ErrorCode) {
        self.id += 1;
        let mut identity = leave_group_request::MemberIdentity::default();
        identity.member_id = member.into();
        let mut asked = LeaveGroupRequest::default();
        (asked.group_id, asked.members) = ("g".into(), vec![identity]);
        let mut answered = LeaveGroupResponse::default();
        answered.error_code = error;
        let frames = (
            request(&asked, 3, self.id, client),
            response(&answered, 3, self.id),
        );
        self.exchange(&frames.0, &frames.1);
    }

    fn beats(&mut self, client: &str, member: &str, error: ErrorCode) {
        self.id += 1;
        let mut asked = HeartbeatRequest::default();
        (asked.group_id, asked.member_id) = ("g".into(), member.into());
        let mut answered = HeartbeatResponse::default();
        answered.error_code = error;
        let frames = (
            request(&asked, 3, self.id, client),
            response(&answered, 3, self.id),
        );
        self.exchange(&frames.0, &frames.1);
    }

    /// A heartbeat of the newer protocols with the epoch that the member has, and the epoch in the answer.
    fn tells(&mut self, client: &str, asked_epoch: i32, told_epoch: i32) {
        self.id += 1;
        let mut asked = ConsumerGroupHeartbeatRequest::default();
        (asked.group_id, asked.member_id) = ("g".into(), client.into());
        asked.member_epoch = asked_epoch;
        let mut answered = ConsumerGroupHeartbeatResponse::default();
        answered.member_id = Some(client.into());
        (answered.member_epoch, answered.heartbeat_interval_ms) = (told_epoch, 500);
        let frames = (
            request(&asked, 0, self.id, client),
            response(&answered, 0, self.id),
        );
        self.exchange(&frames.0, &frames.1);
    }

    fn group(&self) -> Value {
        let arguments = ["--format", "json", "-"];
        let file = capture(&self.conversation.sent);
        let (code, output, errors) = command::texts("groups", &arguments, &file);
        assert_eq!(code, Some(0), "{errors}");
        let document: Value = serde_json::from_str(&output).unwrap();
        document["groups"][0].clone()
    }

    /// Generation and reasons of each rebalance.
    fn reasons(&self) -> Vec<(i64, Value)> {
        let group = self.group();
        let rebalances = group["rebalances"].as_array().unwrap().iter();
        rebalances
            .map(|each| {
                (
                    each["generation"].as_i64().unwrap(),
                    each["reasons"].clone(),
                )
            })
            .collect()
    }
}

const NONE: ErrorCode = ErrorCode::NONE;
const A: (&str, Option<&str>) = ("a-1", None);
const B: (&str, Option<&str>) = ("b-1", None);

/// A group of two members.
fn two() -> Story {
    let mut story = Story::new();
    story.joins("a", 1, &[A], NONE);
    story.syncs("a", 1, "a-1");
    story.joins("b", 2, &[A, B], NONE);
    story.syncs("a", 2, "a-1");
    story
}

#[test]
fn members_join_leave_and_vanish() {
    let mut story = two();
    story.leaves("b", "b-1", NONE);
    story.joins("a", 3, &[A], NONE);
    story.joins("b", 4, &[A, ("b-2", None)], NONE);
    // Its session is over, of which it says nothing.
    story.joins("a", 5, &[A], NONE);
    story.joins("a", 6, &[A], NONE);
    assert_eq!(
        story.reasons(),
        [
            (1, json!(["first generation in the capture"])),
            (2, json!(["joined: b"])),
            (3, json!(["left: b"])),
            (4, json!(["joined: b"])),
            (5, json!(["vanished: b"])),
            (6, json!(["the same members join again"])),
        ]
    );
}

#[test]
fn a_static_member_that_is_started_anew_has_neither_joined_nor_vanished() {
    let mut story = Story::new();
    let fixed = |id| (id, Some("instance"));
    story.joins("b", 1, &[A, fixed("b-1")], NONE);
    story.joins("b", 2, &[A, fixed("b-2")], NONE);
    story.joins("c", 3, &[A, fixed("b-3"), ("c-1", None)], NONE);
    story.beats("b", "b-3", NONE);
    story.joins("a", 4, &[A, ("c-1", None)], NONE);
    assert_eq!(
        story.reasons()[1..],
        [
            (2, json!(["the same members join again"])),
            (3, json!(["joined: c"])),
            (4, json!(["vanished: b"])),
        ]
    );
}

#[test]
fn a_member_whose_leaving_was_refused_has_vanished() {
    let mut story = two();
    story.leaves("b", "b-1", ErrorCode::UNKNOWN_MEMBER_ID);
    story.joins("a", 3, &[A], NONE);
    assert_eq!(story.reasons()[2].1, json!(["vanished: b"]));
}

/// The seconds from the start of the capture to the start of the last rebalance, in tenths.
fn start(story: &Story) -> u32 {
    let group = story.group();
    let last = group["rebalances"].as_array().unwrap().last().unwrap();
    let start = last["start"].as_str().unwrap();
    let (_, seconds) = start.rsplit_once(':').unwrap();
    let (seconds, fraction) = seconds.split_once('.').unwrap();
    // The capture begins at 40 s of a minute.
    let seconds = seconds.parse::<u32>().unwrap() - 40;
    seconds * 10 + fraction[..1].parse::<u32>().unwrap()
}

#[test]
fn a_rebalance_starts_with_its_first_sign() {
    // Four exchanges before, a tenth of a second each.
    let mut joins = two();
    joins.joins("c", 3, &[A, B, ("c-1", None)], NONE);
    assert_eq!(start(&joins), 4);
    let mut again = two();
    again.beats("a", "a-1", NONE);
    again.beats("a", "a-1", ErrorCode::REBALANCE_IN_PROGRESS);
    again.joins("a", 3, &[A], NONE);
    assert_eq!(start(&again), 5);
    let mut leaves = two();
    leaves.leaves("b", "b-1", NONE);
    leaves.wait(1000);
    leaves.joins("a", 3, &[A], NONE);
    assert_eq!(start(&leaves), 4);
    // A member is given its id first.
    let mut with_id = two();
    with_id.joins("c", -1, &[], ErrorCode::MEMBER_ID_REQUIRED);
    with_id.joins("c", 3, &[A, B, ("c-1", None)], NONE);
    assert_eq!(start(&with_id), 4);
    // One that does not fit the group, and will never join it, does not count.
    let mut refused = two();
    refused.joins("c", -1, &[], ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    refused.joins("a", 3, &[A, B], NONE);
    assert_eq!(start(&refused), 5);
}

#[test]
fn a_rebalance_that_is_overtaken_has_no_end() {
    let mut story = Story::new();
    story.joins("a", 1, &[A], NONE);
    story.joins("b", 2, &[A, B], NONE);
    story.syncs("a", 2, "a-1");
    let group = story.group();
    assert_eq!(group["protocol"], "classic");
    assert_eq!(group["rebalances"][0]["end"], Value::Null);
    assert!(group["rebalances"][1]["end"].is_string());
}

#[test]
fn epochs_have_reasons_too() {
    let mut story = Story::new();
    story.tells("a", 0, 1);
    story.tells("b", 0, 2);
    story.tells("a", 1, 2);
    story.tells("b", -1, -1);
    story.tells("a", 2, 3);
    story.tells("c", 0, 4);
    story.tells("a", 3, 4);
    // c is silent for longer than two heartbeats.
    for _ in 0..20 {
        story.tells("a", 4, 4);
    }
    story.tells("a", 4, 5);
    story.tells("a", 5, 6);
    let group = story.group();
    assert_eq!(group["protocol"], "consumer (KIP-848)");
    let members = group["members"].as_array().unwrap().iter();
    let ended: Vec<_> = members.map(|each| each["ended"].clone()).collect();
    assert_eq!(ended, [json!(null), json!("left"), json!("vanished")]);
    assert_eq!(
        story.reasons(),
        [
            (1, json!(["first generation in the capture"])),
            (2, json!(["joined: b"])),
            (3, json!(["left: b"])),
            (4, json!(["joined: c"])),
            (5, json!(["vanished: c"])),
            (6, json!(["the same members join again"])),
        ]
    );
}

#[test]
fn share_groups_have_epochs() {
    let mut story = Story::new();
    for (id, client, epoch) in [(1, "a", 1), (2, "b", 2)] {
        let mut asked = ShareGroupHeartbeatRequest::default();
        (asked.group_id, asked.member_id) = ("g".into(), client.into());
        let mut answered = ShareGroupHeartbeatResponse::default();
        answered.member_id = Some(client.into());
        answered.member_epoch = epoch;
        let frames = (request(&asked, 1, id, client), response(&answered, 1, id));
        story.exchange(&frames.0, &frames.1);
    }
    assert_eq!(story.group()["protocol"], "share");
    assert_eq!(story.reasons()[1], (2, json!(["joined: b"])));
}
