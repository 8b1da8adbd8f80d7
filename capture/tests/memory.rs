//! What decoding keeps in memory does not grow with the length of the capture.
#![cfg(test)]

mod support;

use kafka_capture::Decoder;
use kafka_capture::input::Packet;
use kafka_capture::output::{Filter, NdjsonSink};
use support::talk::one_by_one;

/// Maximum memory in use while so many connections are decoded, one after the other; each tenth is
/// never closed, and each seventh loses a packet.
fn max_in_use(connections: u16) -> u64 {
    let packets: Vec<_> = one_by_one(40_000, 20, 500).sent;
    let info = allocation_counter::measure(|| {
        let mut decoder = Decoder::new(Vec::new());
        let mut sink = NdjsonSink::new(std::io::sink(), Filter::default());
        for turn in 0..connections {
            for (i, sent) in packets.iter().enumerate() {
                let is_left_out =
                    (turn % 7 == 0 && i == 17) || (turn % 10 == 0 && sent.flags & 1 > 0);
                if is_left_out {
                    continue;
                }
                let mut sent = sent.clone();
                sent.client_port = 1024 + turn;
                let bytes = sent.ipv4();
                let packet = Packet {
                    // Ten seconds for each connection.
                    time: i64::from(turn) * 10_000_000_000 + i64::from(sent.time) * 1000,
                    link_type: 101,
                    length: u32::try_from(bytes.len()).unwrap(),
                    bytes: &bytes,
                };
                decoder.packet(&packet, &mut sink);
            }
        }
        let counts = decoder.finish(&mut sink);
        assert_eq!(counts.connections, u64::from(connections));
    });
    info.bytes_max
}

#[test]
fn memory_is_that_of_the_connections_that_are_open() {
    let (short, long) = (max_in_use(1000), max_in_use(10_000));
    assert!(
        long * 10 <= short * 12,
        "{short} bytes at most, then {long}"
    );
}
