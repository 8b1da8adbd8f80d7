//! Single packets whose time is wrong.
#![cfg(test)]

mod support;

use support::decode;
use support::packets::{Conversation, Sent, capture, heartbeat, heartbeat_response, pcap};
use support::wrap::fragments_4;

/// Half an hour after the first packet, in microseconds.
const BEGIN: u32 = 1_800_000_000;
const SECOND: u32 = 1_000_000;

/// Exchanges on two connections in turn, one a second.
fn exchanges() -> Vec<Sent> {
    let mut talks = [40_000, 40_001].map(Conversation::new);
    for id in 0..10 {
        for talk in &mut talks {
            talk.send(true, &heartbeat(id, "me", 5), 1000);
            talk.send(false, &heartbeat_response(id, 0), 1000);
        }
    }
    let [one, other] = talks.map(|talk| talk.sent);
    let both = one.into_iter().zip(other);
    let mut sent: Vec<_> = both.flat_map(|(one, other)| [one, other]).collect();
    for (number, each) in (0..).zip(&mut sent) {
        each.time = BEGIN + number * SECOND;
    }
    sent
}

#[test]
fn a_packet_with_a_wrong_time_ends_no_connection() {
    let whole = exchanges();
    for wrong in [0, u32::MAX] {
        for at in 0..whole.len() {
            let mut sent = whole.clone();
            sent[at].time = wrong;
            let (_, counts, _) = decode(capture(&sent), Vec::new());
            let found = (counts.connections, counts.requests, counts.responses);
            assert_eq!(found, (2, 20, 20), "{wrong} at {at}: {counts}");
            assert_eq!(
                (counts.unanswered, counts.undecoded, counts.gaps),
                (0, 0, 0)
            );
        }
    }
}

#[test]
fn a_connection_that_is_idle_for_long_is_over() {
    let mut sent = exchanges();
    let mut later = exchanges();
    later.retain(|each| each.client_port == 40_001);
    for each in &mut later {
        each.time += 1_000 * SECOND;
        each.client_port = 40_002;
    }
    // What is sent without a request that is remembered is not decoded.
    let mut late = sent[sent.len() - 2].clone();
    late.time = later[later.len() - 1].time + SECOND;
    sent.pop();
    let last = sent.pop().unwrap();
    assert!(!last.from_client && last.client_port == late.client_port);
    sent.extend(later);
    sent.push(late);
    let (_, counts, _) = decode(capture(&sent), Vec::new());
    assert_eq!((counts.unanswered, counts.responses), (2, 28), "{counts}");
}

#[test]
fn a_fragment_with_a_wrong_time_gives_up_no_packet() {
    let sent = exchanges();
    let mut packets = Vec::new();
    for (number, pair) in (1..).zip(sent.chunks_exact(2)) {
        let [one, other] = [0, 1].map(|at| {
            let parts = fragments_4(&pair[at].ipv4(), 2 * number + u16::from(at > 0), 24);
            parts.into_iter().map(move |part| (pair[at].time, part))
        });
        // The fragments of two packets, in turn.
        let mut parts: Vec<_> = one
            .zip(other)
            .flat_map(|(one, other)| [one, other])
            .collect();
        packets.append(&mut parts);
    }
    for wrong in [0, u32::MAX] {
        // Of the first fragments nobody knows which time is right.
        for at in 12..packets.len() {
            let mut packets = packets.clone();
            packets[at].0 = wrong;
            let (_, counts, _) = decode(pcap(101, &packets, usize::MAX), Vec::new());
            assert_eq!(counts.fragments, 0, "{wrong} at {at}: {counts}");
        }
    }
}
