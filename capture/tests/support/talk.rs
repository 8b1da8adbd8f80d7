//! A conversation of heartbeats, and what must be found of it.

#[cfg(feature = "tls")]
use kafka_capture::{Counts, Decoder};

use super::Found;
#[cfg(feature = "tls")]
use super::List;
#[cfg(feature = "tls")]
use super::packets::capture;
use super::packets::{Conversation, Sent, heartbeat, heartbeat_response};

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
pub(crate) fn messages(found: &[Found]) -> Vec<(bool, i32, u64)> {
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

/// What both ends sent, in segments of at most `max_segment` bytes on one connection, which then ends.
pub(crate) fn segments(
    sent: &[(bool, Vec<u8>)],
    client_port: u16,
    max_segment: usize,
) -> Vec<Sent> {
    let mut conversation = Conversation::new(client_port);
    for (from_client, bytes) in sent {
        conversation.send(*from_client, bytes, max_segment);
    }
    conversation.close();
    conversation.sent
}

/// What is found with the secrets of a key log.
#[cfg(feature = "tls")]
pub(crate) fn decode(sent: &[Sent], key_log: &str) -> (Vec<Found>, Counts) {
    let mut list = List::default();
    let mut decoder = Decoder::new(Vec::new());
    let report = decoder.secrets().add(key_log.as_bytes());
    assert_eq!(report.faults, []);
    super::feed(&mut decoder, &mut list, capture(sent)).unwrap();
    let counts = decoder.finish(&mut list);
    (list.0, counts)
}

/// How decryption went, of each connection.
pub(crate) fn outcomes(found: &[Found]) -> Vec<&str> {
    let tls = found.iter().filter(|found| found.kind == "tls");
    tls.map(|found| found.reason.as_str()).collect()
}
