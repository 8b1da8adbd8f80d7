//! Segments whose numbers are far from those of their connection.
#![cfg(test)]

mod support;

use support::decode;
use support::packets::{ACK, RST, Sent, capture};
use support::talk::{expected, messages, one_by_one};

/// What carries data of a connection, with the numbers of its ends moved, and later.
fn data(client: u32, broker: u32, later: u32) -> Vec<Sent> {
    let mut sent = one_by_one(40_000, 20, 1000).sent;
    sent.retain(|sent| !sent.payload.is_empty());
    for each in &mut sent {
        let (mine, theirs) = if each.from_client {
            (client, broker)
        } else {
            (broker, client)
        };
        each.sequence = each.sequence.wrapping_add(mine);
        each.acknowledged = each.acknowledged.wrapping_add(theirs);
        each.time += later;
    }
    sent
}

#[test]
fn a_later_connection_of_the_same_ports_is_read_whatever_its_numbers_are() {
    let far: u32 = 200_000_000;
    for client in [far, far.wrapping_neg()] {
        for broker in [far, far.wrapping_neg()] {
            // Captured by a filter that lets data pass alone.
            let sent = [data(0, 0, 0), data(client, broker, 50_000)].concat();
            let (found, counts, _) = decode(capture(&sent), Vec::new());
            let twice = expected(20).into_iter().flat_map(|each| [each, each]);
            assert_eq!(messages(&found), twice.collect::<Vec<_>>(), "{counts}");
            // What is ahead in both directions may be the same connection, of which much is missing.
            let is_ahead = client == far && broker == far;
            assert_eq!(counts.connections, if is_ahead { 1 } else { 2 });
            assert_eq!(counts.missing_bytes > 0, is_ahead);
        }
    }
}

#[test]
fn segments_sent_again_after_a_long_time_begin_no_connection() {
    let mut sent = data(0, 0, 0);
    let mut again = sent[0].clone();
    again.time += 50_000;
    // The broker's number is the one that is due.
    again.acknowledged = sent[sent.len() - 1].sequence;
    again.sequence = again.sequence.wrapping_sub(20_000_000);
    sent.push(again);
    let (found, counts, _) = decode(capture(&sent), Vec::new());
    assert_eq!(messages(&found), expected(20));
    assert_eq!(counts.connections, 1);
}

#[test]
fn a_reset_that_acknowledges_anything_makes_nothing_missing() {
    let mut sent = data(0, 0, 0);
    let mut reset = sent[sent.len() - 1].clone();
    reset.flags = RST | ACK;
    reset.payload.clear();
    reset.acknowledged = reset.acknowledged.wrapping_add(500_000_000);
    sent.push(reset);
    let (found, counts, _) = decode(capture(&sent), Vec::new());
    assert_eq!(messages(&found), expected(20));
    assert_eq!((counts.gaps, counts.missing_bytes), (0, 0));
}
