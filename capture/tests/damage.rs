//! What is found where a part is missing: everything else.
#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::io::Write;

use proptest::collection::btree_set;
use proptest::prelude::*;
use support::packets::{
    ACK, Conversation, RST, Sent, capture, capture_kept, frame, heartbeat, heartbeat_response,
};
use support::talk::{CLIENT_ID, expected, messages, one_by_one};
use support::{Found, decode};

fn decoded(sent: &[Sent]) -> (Vec<Found>, kafka_capture::Counts) {
    let (found, counts, result) = decode(capture(sent), Vec::new());
    result.unwrap();
    (found, counts)
}

/// The messages all of whose bytes are in the packets; each message is a packet.
fn left(sent: &[Sent]) -> usize {
    sent.iter().filter(|sent| !sent.payload.is_empty()).count()
}

#[test]
fn a_capture_may_begin_anywhere() {
    let whole = one_by_one(40_000, 20, 1000).sent;
    for start in 0..whole.len() - 12 {
        let rest = &whole[start..];
        let (found, counts) = decoded(rest);
        // A first response without its request is not found: nobody knows what it is.
        let orphan = rest
            .iter()
            .find(|sent| !sent.payload.is_empty())
            .is_some_and(|first| !first.from_client);
        assert_eq!(
            messages(&found).len(),
            left(rest) - usize::from(orphan),
            "from {start}"
        );
        assert_eq!(counts.missing_bytes, 0);
    }
}

#[test]
fn a_capture_may_begin_within_a_frame() {
    let whole = one_by_one(40_000, 20, 9).sent;
    for start in 3..whole.len() / 2 {
        let (found, _) = decoded(&whole[start..]);
        let all = expected(20);
        let found = messages(&found);
        assert!(
            found.iter().all(|message| all.contains(message)),
            "from {start}"
        );
        // All but what was under way, and one exchange more to be sure of.
        let first = found.iter().map(|message| message.1).min().unwrap();
        let later = all.iter().filter(|message| message.1 > first).count();
        assert!(found.len() >= later, "from {start}: {found:?}");
        assert!(first <= 12, "from {start}: {first}");
    }
}

proptest! {
    #[test]
    fn lost_packets_cost_the_messages_in_them_and_no_others(
        // The first exchange is there: it says that this is Kafka, and how the client calls itself.
        lost in btree_set(5_usize..120, 0..25),
    ) {
        let whole = one_by_one(40_000, 60, 1000).sent;
        let mut sent = Vec::new();
        let mut gone = Vec::new();
        for (i, packet) in whole.iter().enumerate() {
            if lost.contains(&i) {
                gone.push(packet.clone());
            } else {
                sent.push(packet.clone());
            }
        }
        let (found, counts) = decoded(&sent);
        let without_request = gone.iter().filter(|gone| {
            let answer = |sent: &&Sent| !sent.from_client && sent.sequence == gone.acknowledged && !sent.payload.is_empty();
            gone.from_client && !gone.payload.is_empty() && sent.iter().any(|each| answer(&each))
        });
        let orphans = without_request.count();
        prop_assert_eq!(messages(&found).len(), left(&sent) - orphans);
        prop_assert_eq!(counts.undecoded, orphans as u64);
        let missing: usize = gone.iter().map(|gone| gone.payload.len()).sum();
        prop_assert_eq!(counts.missing_bytes, missing as u64);
        prop_assert_eq!(counts.skipped_bytes, 0);
    }

    #[test]
    fn what_is_found_in_spite_of_loss_is_never_invented(
        max_segment in 5_usize..40,
        lost in btree_set(3_usize..400, 0..60),
    ) {
        let invented = invented(max_segment, &lost);
        prop_assert!(invented.is_empty(), "{invented:?}");
    }
}

/// What is found that was not there, in segments of at most `max_segment` bytes of which some were lost.
fn invented(max_segment: usize, lost: &BTreeSet<usize>) -> Vec<(bool, i32, u64)> {
    let whole = one_by_one(40_000, 40, max_segment).sent;
    let packets = whole.iter().enumerate().filter(|(i, _)| !lost.contains(i));
    let sent: Vec<_> = packets.map(|(_, packet)| packet.clone()).collect();
    let (found, _) = decoded(&sent);
    let all = expected(40);
    let found = messages(&found).into_iter();
    found.filter(|message| !all.contains(message)).collect()
}

/// The end of a response and the beginning of the next one read like a larger response to an earlier request.
#[test]
fn zeros_across_two_small_frames_are_not_taken_for_a_larger_one() {
    assert_eq!(invented(5, &BTreeSet::from([10, 12])), []);
}

#[test]
fn of_packets_that_were_cut_header_size_and_time_are_found() {
    let mut conversation = Conversation::new(40_000);
    for id in 0..30 {
        conversation.send(true, &heartbeat(id, CLIENT_ID, 3000), 1400);
        conversation.send(false, &heartbeat_response(id, 0), 1400);
    }
    let (whole, _) = decoded(&conversation.sent);
    // 40 bytes of headers, then 4 of size, 8 of header, 10 of client id.
    let (found, counts, _) = decode(capture_kept(&conversation.sent, 80), Vec::new());
    assert_eq!((counts.requests, counts.responses), (30, 30));
    assert_eq!(
        (counts.truncated, counts.unanswered, counts.undecoded),
        (30, 0, 0)
    );
    for (found, whole) in found.iter().zip(&whole) {
        let mut found = found.clone();
        assert_eq!(found.whole, !found.to_broker);
        found.whole = true;
        assert_eq!(&found, whole);
    }
}

#[test]
fn of_a_header_that_was_cut_the_api_is_found() {
    let sent = one_by_one(40_000, 9, 1000).sent;
    // 40 bytes of headers, then 4 of size, 8 of the header, and a part of the client id.
    let (found, counts, _) = decode(capture_kept(&sent, 55), Vec::new());
    assert_eq!((counts.requests, counts.responses), (9, 9));
    assert!(
        found
            .iter()
            .all(|found| found.api == "Heartbeat" && found.client_id.is_empty())
    );
}

#[test]
fn a_frame_of_known_length_is_passed_over_though_most_of_it_is_lost() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(0, CLIENT_ID, 5000), 1000);
    conversation.send(true, &heartbeat(1, CLIENT_ID, 10), 1000);
    let mut sent = conversation.sent;
    sent.drain(4..6);
    // The broker has got it all.
    for _ in 0..40 {
        sent.push(sent[1].clone());
        let last = sent.len() - 1;
        sent[last].flags = ACK;
        sent[last].acknowledged = 9000;
        sent[last].sequence = 1;
    }
    let (found, counts) = decoded(&sent);
    assert_eq!(
        (counts.requests, counts.truncated, counts.skipped_bytes),
        (2, 1, 0)
    );
    assert!(found.iter().any(|found| found.id == 0 && !found.whole));
    assert!(found.iter().any(|found| found.id == 1 && found.whole));
}

#[test]
fn what_follows_a_reset_a_little_late_is_still_read() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(0, CLIENT_ID, 10), 1000);
    conversation.push(true, RST, &[]);
    conversation.send(false, &heartbeat_response(0, 27), 1000);
    let (found, counts) = decoded(&conversation.sent);
    assert_eq!((messages(&found).len(), counts.unanswered), (2, 0));
}

#[test]
fn the_same_ports_may_be_used_by_another_connection() {
    let mut sent = one_by_one(40_000, 3, 1000).sent;
    let mut second = one_by_one(40_000, 3, 1000).sent;
    for packet in &mut second {
        packet.time += 10_000;
        // The SYN has another number than before, and so has all that follows it.
        if packet.from_client {
            packet.sequence += 1_000_000;
        } else {
            packet.acknowledged += 1_000_000;
        }
    }
    sent.extend(second);
    let (found, counts) = decoded(&sent);
    assert_eq!((messages(&found).len(), counts.connections), (12, 2));
}

#[test]
fn a_request_of_an_unknown_api_is_shown_and_the_next_is_read() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(0, CLIENT_ID, 10), 1000);
    // An API that there is not.
    let mut unknown = vec![0x12, 0x34, 0, 0, 0, 0, 0, 1];
    unknown.extend([0xff, 0xff, 0]);
    conversation.send(true, &frame(&unknown), 1000);
    conversation.send(true, &heartbeat(2, CLIENT_ID, 10), 1000);
    let (found, counts) = decoded(&conversation.sent);
    assert_eq!((counts.requests, counts.undecoded, counts.gaps), (3, 0, 0));
    let unknown = found.iter().find(|found| found.id == 1).unwrap();
    assert_eq!(unknown.api, "unknown API 4660");
}

#[cfg(feature = "tls")]
#[test]
fn other_protocols_are_counted_and_left_alone() {
    let mut tls = Conversation::new(40_000);
    tls.send(true, &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], 1000);
    tls.send(false, &[0x16, 3, 3, 0, 0x7a, 2, 0, 0, 0x76], 1000);
    let mut http = Conversation::new(40_001);
    http.send(true, b"GET / HTTP/1.1\r\nHost: example\r\n\r\n", 1000);
    let mut ssh = Conversation::new(40_002);
    ssh.send(false, b"SSH-2.0-OpenSSH_9.2p1\r\n", 1000);
    let sent: Vec<_> = [tls, http, ssh]
        .into_iter()
        .flat_map(|each| each.sent)
        .collect();
    let (found, counts) = decoded(&sent);
    // TLS is named.
    let is_tls = |found: &Found| found.kind == "tls" && found.client == 40_000;
    assert!(found.len() == 1 && found.iter().all(is_tls), "{found:?}");
    assert_eq!((counts.connections, counts.other_connections), (0, 2));
    assert_eq!(counts.tls_not_decrypted, 1);
    // Unless the user says that it is Kafka: then it is malformed Kafka.
    let (found, counts, _) = decode(capture(&sent), vec![support::packets::BROKER_PORT]);
    assert!(found.len() > 1);
    assert_eq!((counts.connections, counts.other_connections), (2, 0));
    assert_eq!(counts.tls_not_decrypted, 1);
}

#[test]
fn of_a_packed_file_what_comes_before_the_damage_is_found() {
    let plain = capture(&one_by_one(40_000, 500, 1000).sent);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let mut packed = gzip.finish().unwrap();
    let half = packed.len() / 2;
    packed[half..].fill(0xff);
    let (found, counts, result) = decode(packed, Vec::new());
    assert!(result.is_err());
    assert!(messages(&found).len() > 400, "{counts}");
}

#[test]
fn a_size_that_no_frame_has_is_not_waited_for() {
    // The sizes are allowed, and what follows is not Kafka: an API that there is not, an id that nobody asked with.
    for (to_broker, size) in [(true, 50 << 20), (false, 90 << 20), (true, 70_000)] {
        let mut conversation = one_by_one(40_000, 5, 1000);
        conversation.sent.truncate(conversation.sent.len() - 3);
        let nonsense = [&i32::to_be_bytes(size)[..], &[0x58; 40]].concat();
        conversation.send(to_broker, &nonsense, 1000);
        for id in 5..25 {
            conversation.send(true, &heartbeat(id, CLIENT_ID, 5), 1000);
            conversation.send(false, &heartbeat_response(id, 0), 1000);
        }
        let (found, counts) = decoded(&conversation.sent);
        assert_eq!(messages(&found).len(), 50, "{to_broker} {size}: {counts}");
        assert_eq!(counts.skipped_bytes, 44);
    }
}
