//! What waits on all connections together is bounded, whatever it waits for.
#![cfg(test)]

mod support;

use kafka_capture::Decoder;
use kafka_capture::output::{Filter, NdjsonSink};
use support::packets::{Conversation, frame, heartbeat, heartbeat_response};

/// Maximum for all connections together, and what a few of them may use beyond it.
const MAX_BYTES: u64 = (256 << 20) + (32 << 20);
const CONNECTIONS: u16 = 110;

/// Maximum memory in use while connections say what `say` adds to each of them.
fn max_in_use(say: impl Fn(&mut Conversation)) -> u64 {
    let info = allocation_counter::measure(|| {
        let mut decoder = Decoder::new(Vec::new());
        let mut sink = NdjsonSink::new(std::io::sink(), Filter::default());
        for port in 1..=CONNECTIONS {
            let mut conversation = Conversation::new(port);
            say(&mut conversation);
            for sent in conversation.sent {
                sent.decode(0, &mut decoder, &mut sink);
            }
        }
        let counts = decoder.finish(&mut sink);
        assert!(counts.packets > u64::from(CONNECTIONS), "{counts}");
    });
    info.bytes_max
}

#[test]
fn segments_that_wait_for_a_missing_one_are_bounded_over_all_connections() {
    let max = max_in_use(|conversation| {
        conversation.send(true, &heartbeat(0, "c", 5), 1000);
        conversation.send(false, &heartbeat_response(0, 0), 1000);
        let lost = conversation.sent.len() + 1;
        let large = [&heartbeat(1, "c", 5)[4..], &vec![0; 3 << 20]].concat();
        conversation.send(true, &frame(&large), 60_000);
        conversation.sent.remove(lost);
    });
    assert!(max < MAX_BYTES, "{max}");
}

#[test]
fn frames_held_back_where_kafka_is_in_doubt_are_bounded_over_all_connections() {
    let max = max_in_use(|conversation| {
        conversation.send(false, &frame(&[9; 40]), 1000);
        for id in 0..100 {
            conversation.send(true, &heartbeat(id, "", 30_000), 60_000);
        }
    });
    assert!(max < MAX_BYTES, "{max}");
}
