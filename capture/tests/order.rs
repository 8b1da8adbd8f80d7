//! Whatever the order, repetition and overlap of packets: if nothing is lost, everything is found.
#![cfg(test)]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::packets::{Conversation, Sent, capture, heartbeat, heartbeat_response};
use support::talk::{expected, messages, one_by_one};

/// How far packets are from their places, and which come twice or with parts of others.
#[derive(Clone, Debug)]
struct Disorder {
    moves: Vec<(usize, usize)>,
    again: Vec<usize>,
    joined: Vec<usize>,
}

fn disorder() -> impl Strategy<Value = Disorder> {
    // Not further than packets are waited for, all together.
    let moves = vec((3_usize..1000, 1_usize..8), 0..4);
    let again = vec(3_usize..1000, 0..10);
    let joined = vec(3_usize..1000, 0..10);
    (moves, again, joined).prop_map(|(moves, again, joined)| Disorder {
        moves,
        again,
        joined,
    })
}

/// The packets in another order. The first, which opens the connection, stays.
fn disordered(mut sent: Vec<Sent>, disorder: &Disorder) -> Vec<Sent> {
    for at in &disorder.joined {
        // A segment that was sent again, together with what the sender had by then.
        let at = at % sent.len();
        let next = sent
            .iter()
            .skip(at + 1)
            .find(|next| next.from_client == sent[at].from_client && !next.payload.is_empty());
        if let (Some(next), false) = (next.cloned(), sent[at].payload.is_empty()) {
            let mut both = sent[at].clone();
            both.payload.extend(&next.payload);
            if both.sequence + u32::try_from(sent[at].payload.len()).unwrap() == next.sequence {
                sent.insert(at + 1, both);
            }
        }
    }
    for at in &disorder.again {
        let at = at % sent.len();
        sent.insert(at, sent[at].clone());
    }
    for (at, by) in &disorder.moves {
        let at = at % sent.len();
        if at > 2 {
            let packet = sent.remove(at);
            sent.insert((at + by).min(sent.len()), packet);
        }
    }
    sent
}

proptest! {
    #[test]
    fn nothing_is_lost_by_disorder(max_segment in 3_usize..60, disorder in disorder()) {
        let sent = disordered(one_by_one(40_000, 12, max_segment).sent, &disorder);
        let (found, counts, result) = support::decode(capture(&sent), Vec::new());
        prop_assert!(result.is_ok());
        prop_assert_eq!(messages(&found), expected(12), "{:?}", found);
        prop_assert_eq!((counts.gaps, counts.undecoded, counts.unanswered), (0, 0, 0));
    }

    #[test]
    fn frames_are_found_however_they_are_cut_into_segments(cuts in vec(1_usize..2000, 1..30)) {
        let requests: Vec<u8> = (0..9).flat_map(|id| heartbeat(id, "c", 600)).collect();
        let responses: Vec<u8> = (0..9).flat_map(|id| heartbeat_response(id, 0)).collect();
        let mut conversation = Conversation::new(40_000);
        for (from_client, mut bytes) in [(true, &requests[..]), (false, &responses[..])] {
            for cut in cuts.iter().cycle() {
                let (now, later) = bytes.split_at((*cut).min(bytes.len()));
                conversation.send(from_client, now, usize::MAX);
                bytes = later;
                if bytes.is_empty() {
                    break;
                }
            }
        }
        let (found, counts, _) = support::decode(capture(&conversation.sent), Vec::new());
        prop_assert_eq!(messages(&found).len(), 18);
        prop_assert_eq!(counts.unanswered, 0);
    }
}

#[test]
fn a_response_that_was_captured_before_its_request_is_matched() {
    let mut sent = one_by_one(40_000, 3, 1000).sent;
    let response = sent
        .iter()
        .position(|sent| !sent.from_client && !sent.payload.is_empty());
    sent.swap(response.unwrap(), response.unwrap() - 1);
    let (found, ..) = support::decode(capture(&sent), Vec::new());
    assert_eq!(messages(&found), expected(3));
}
