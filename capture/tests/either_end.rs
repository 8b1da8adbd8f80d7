//! Whichever end of a connection is the lower one, and whichever is captured first, the same is found.
#![cfg(test)]

mod support;

use support::packets::{Conversation, Sent, capture, frame, pcap};
use support::talk::{expected, messages, one_by_one};
use support::wrap::ethernet;
use support::{Found, decode};

/// What is found, with the client at the lower address or at the higher one.
fn found(sent: &[Sent], is_client_low: bool) -> Vec<Found> {
    let packets = sent.iter().map(|sent| {
        let mut ip = sent.ipv4();
        if !is_client_low {
            (ip[15], ip[19]) = (3 - ip[15], 3 - ip[19]);
        }
        (sent.time, ip)
    });
    let packets: Vec<_> = packets.collect();
    let (mut found, counts, result) = decode(pcap(101, &packets, usize::MAX), Vec::new());
    result.unwrap();
    let shown = found.iter().filter(|found| found.kind == "message").count() as u64;
    assert_eq!(counts.requests + counts.responses, shown);
    found.sort();
    found
}

fn without(sent: &[Sent], lost: &[usize]) -> Vec<Sent> {
    let sent = sent.iter().enumerate();
    let sent = sent.filter(|(i, _)| !lost.contains(i));
    sent.map(|(_, sent)| sent.clone()).collect()
}

#[test]
fn losses_are_decoded_the_same_whichever_end_is_the_lower_one() {
    let whole = one_by_one(40_000, 4, 1000).sent;
    for one in 0..whole.len() {
        for other in one..whole.len() {
            let sent = without(&whole, &[one, other]);
            let (low, high) = (found(&sent, true), found(&sent, false));
            assert_eq!(low, high, "without {one} and {other}");
        }
    }
}

#[test]
fn connections_captured_from_their_midst_are_decoded_the_same_whichever_end_is_the_lower_one() {
    let whole = one_by_one(40_000, 6, 25).sent;
    for begin in 1..whole.len() - 8 {
        for lost in begin + 1..whole.len() {
            let sent = &without(&whole, &[lost])[begin..];
            let (low, high) = (found(sent, true), found(sent, false));
            assert_eq!(low, high, "from {begin} without {lost}");
        }
    }
}

#[test]
fn all_but_the_lost_first_request_is_found() {
    let whole = one_by_one(40_000, 4, 1000).sent;
    for is_client_low in [true, false] {
        // The first request, with it the broker's FIN or the third response.
        for lost in [&[3][..], &[3, 12], &[3, 8]] {
            let found = messages(&found(&without(&whole, lost), is_client_low));
            let mut expected = expected(4);
            expected.retain(|(_, id, _)| *id != 0);
            if lost.contains(&8) {
                expected.retain(|(to_broker, id, _)| *to_broker || *id != 2);
            }
            assert_eq!(found, expected, "without {lost:?}, {is_client_low}");
        }
    }
}

#[test]
fn what_a_broker_sends_to_a_client_that_was_not_captured_is_not_counted_as_held_back() {
    let whole = one_by_one(40_000, 4, 1000).sent;
    let of_broker: Vec<_> = whole.into_iter().filter(|sent| !sent.from_client).collect();
    let (found, counts, result) = decode(capture(&of_broker), Vec::new());
    result.unwrap();
    assert_eq!(found, []);
    assert_eq!((counts.held_back, counts.other_connections), (0, 1));
}

/// The packets as two taps have them, of which the broker's is that many microseconds behind.
fn skewed(sent: &[Sent], microseconds: u32) -> Vec<Sent> {
    let mut sent = sent.to_vec();
    for sent in sent.iter_mut().filter(|sent| !sent.from_client) {
        sent.time -= microseconds;
    }
    sent.sort_by_key(|sent| sent.time);
    sent
}

#[test]
fn responses_captured_before_their_requests_are_found() {
    let mut conversation = Conversation::new(40_000);
    for id in 1..11 {
        conversation.send(true, &metadata(id), 1000);
        conversation.send(false, &metadata_response(id), 1000);
    }
    conversation.close();
    let whole = conversation.sent;
    for is_client_low in [true, false] {
        for (begin, microseconds) in [(0, 150), (0, 350), (0, 900), (3, 350), (3, 900)] {
            let sent = skewed(&whole[begin..], microseconds);
            let found = found(&sent, is_client_low);
            assert_eq!(messages(&found).len(), 20, "{begin} {microseconds}");
            assert!(found.iter().all(|found| found.client == 40_000));
            assert!(
                found
                    .iter()
                    .all(|found| found.latency >= Some(0) || found.latency.is_none())
            );
        }
    }
}

/// A Metadata request in version 1, of all topics.
fn metadata(id: i32) -> Vec<u8> {
    let id = id.to_be_bytes();
    frame(&[&[0, 3, 0, 1], &id[..], &[0, 3], b"app", &[0xff; 4]].concat())
}

/// Its response: a broker, no topics.
fn metadata_response(id: i32) -> Vec<u8> {
    let id = id.to_be_bytes();
    let broker = [&[0, 0, 0, 1, 0, 2][..], b"b1", &[0, 0, 35, 132, 255, 255]].concat();
    frame(&[&id[..], &[0, 0, 0, 1], &broker, &[0, 0, 0, 1, 0, 0, 0, 0]].concat())
}

#[test]
fn a_syn_captured_behind_what_it_opens_does_not_begin_another_connection() {
    let whole = one_by_one(40_000, 4, 1000).sent;
    for is_client_low in [true, false] {
        for at in 1..8 {
            let mut sent = whole.clone();
            let syn = sent.remove(0);
            sent.insert(at, syn);
            let found = found(&sent, is_client_low);
            assert_eq!(messages(&found), expected(4), "SYN at {at}");
        }
    }
}

#[test]
fn the_whole_copy_of_a_packet_is_read_wherever_it_is() {
    let whole = one_by_one(40_000, 6, 1000).sent;
    for is_cut_first in [true, false] {
        let packets = whole.iter().enumerate().flat_map(|(i, sent)| {
            let mut ip = sent.ipv4();
            ip[4..6].copy_from_slice(&u16::try_from(i + 1).unwrap().to_be_bytes());
            let packet = ethernet(0x0800, &ip);
            let cut = packet[..packet.len().min(14 + 40 + 8)].to_vec();
            let copies = [
                (sent.time, cut, packet.len()),
                (sent.time + 20, packet.clone(), packet.len()),
            ];
            let [mut one, mut other] = copies;
            if !is_cut_first {
                std::mem::swap(&mut one.1, &mut other.1);
            }
            [one, other]
        });
        let (found, counts, result) = decode(cut_pcap(packets), Vec::new());
        result.unwrap();
        assert_eq!(messages(&found), expected(6), "{counts}");
        assert_eq!(counts.truncated, 0);
        assert_eq!(counts.copies * 2, counts.packets);
    }
}

/// A pcap of packets with their times, what was captured of them, and their whole lengths.
fn cut_pcap(packets: impl Iterator<Item = (u32, Vec<u8>, usize)>) -> Vec<u8> {
    let mut file = pcap(1, &[], 0);
    for (time, bytes, length) in packets {
        let lengths = [bytes.len(), length].map(|length| u32::try_from(length).unwrap());
        for word in [1_000, time, lengths[0], lengths[1]] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}

#[test]
fn there_is_no_latency_where_time_runs_backwards() {
    let mut sent = one_by_one(40_000, 4, 1000).sent;
    for (i, sent) in sent.iter_mut().enumerate() {
        sent.time = 100_000 - u32::try_from(i).unwrap() * 1000;
    }
    let found = found(&sent, true);
    assert_eq!(messages(&found), expected(4));
    assert!(found.iter().all(|found| found.latency.is_none()));
}
