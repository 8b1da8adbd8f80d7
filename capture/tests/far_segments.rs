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
