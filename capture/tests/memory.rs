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
                // Ten seconds for each connection.
                sent.decode(i64::from(turn) * 10_000_000_000, &mut decoder, &mut sink);
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

/// Maximum memory in use while so many packets come of which the last fragment never does, and as many connections that
/// might be Kafka's, but on which nothing fits.
fn max_in_doubt(count: u32) -> u64 {
    let info = allocation_counter::measure(|| {
        let mut decoder = Decoder::new(Vec::new());
        let mut sink = NdjsonSink::new(std::io::sink(), Filter::default());
        for turn in 0..count {
            let mut conversation = support::packets::Conversation::new(1024);
            conversation.send(true, &support::packets::heartbeat(1, "c", 5), 500);
            conversation.send(false, &support::packets::frame(&[9; 400]), 500);
            let time = i64::from(turn) * 1_000_000_000;
            for (i, sent) in conversation.sent.into_iter().enumerate() {
                let mut sent = sent;
                sent.client_port = 1024 + u16::try_from(turn % 50_000).unwrap();
                let number =
                    u16::try_from((turn * 8 + u32::try_from(i).unwrap()) % 65_536).unwrap();
                let ip = sent.ipv4();
                let mut fragments = support::wrap::fragments_4(&ip, number, 16);
                fragments.pop();
                fragments.push(ip);
                for bytes in fragments {
                    let length = u32::try_from(bytes.len()).unwrap();
                    let packet = Packet {
                        time: time + i64::from(sent.time) * 1000,
                        link_type: 101,
                        length,
                        bytes: &bytes,
                    };
                    decoder.packet(&packet, &mut sink);
                }
            }
        }
        let counts = decoder.finish(&mut sink);
        assert!(counts.fragments > u64::from(count), "{counts}");
    });
    info.bytes_max
}

#[test]
fn memory_for_what_is_in_doubt_is_bounded() {
    let (short, long) = (max_in_doubt(2000), max_in_doubt(8000));
    assert!(
        long * 10 <= short * 12,
        "{short} bytes at most, then {long}"
    );
}
