//! A conversation of heartbeats, and what must be found of it.

use super::packets::{Conversation, heartbeat, heartbeat_response};

pub(crate) const CLIENT_ID: &str = "client-7";

/// `count` heartbeats, each answered before the next; frames in segments of at most `max_segment` bytes.
pub(crate) fn one_by_one(client_port: u16, count: i32, max_segment: usize) -> Conversation {
    let mut conversation = Conversation::new(client_port);
    for id in 0..count {
        let group = usize::try_from(id).unwrap() * 7 % 90;
        conversation.send(true, &heartbeat(id, CLIENT_ID, group), max_segment);
        conversation.send(false, &heartbeat_response(id, 0), max_segment);
    }
    conversation.close();
    conversation
}

/// What is found of messages: direction, correlation id, bytes.
pub(crate) fn messages(found: &[super::Found]) -> Vec<(bool, i32, u64)> {
    let mut messages: Vec<_> = found
        .iter()
        .filter(|found| found.kind == "message" && found.whole)
        .map(|found| (found.to_broker, found.id, found.bytes))
        .collect();
    messages.sort_unstable();
    messages
}

/// What there is to be found in [`one_by_one`].
pub(crate) fn expected(count: i32) -> Vec<(bool, i32, u64)> {
    let mut messages = Vec::new();
    for id in 0..count {
        let group = usize::try_from(id).unwrap() * 7 % 90;
        messages.push((true, id, heartbeat(id, CLIENT_ID, group).len() as u64));
        messages.push((false, id, heartbeat_response(id, 0).len() as u64));
    }
    messages.sort_unstable();
    messages
}
