//! Every connection has an id of its own, also if one packet begins several.
#![cfg(test)]

mod support;

use std::collections::BTreeSet;

use kafka_capture::input::Packet;
use kafka_capture::output::Sink;
use kafka_capture::{Decoder, End, Event};
use support::packets::Sent;
use support::talk::one_by_one;

const WIFI: i32 = 105;

/// The ids and names of connections that had events, and those that ended.
#[derive(Default)]
struct Ids {
    seen: BTreeSet<(u64, String)>,
    ended: Vec<u64>,
}

impl Sink for Ids {
    fn event(&mut self, event: &Event<'_>) {
        let connection = event.connection;
        self.seen.insert((connection.id, connection.name.clone()));
    }

    fn end(&mut self, end: &End<'_>) {
        self.ended.push(end.connection.id);
        assert_eq!(end.life.id(), end.connection.id);
    }
}

/// A data frame of IEEE 802.11 with several packets in it.
fn aggregate<'s>(packets: impl Iterator<Item = &'s Sent>) -> Vec<u8> {
    let mut frame = [&[0x88, 0x01][..], &[0; 22], &[0x80, 0]].concat();
    for sent in packets {
        let content = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &sent.ipv4()].concat();
        frame.resize((frame.len() - 26).next_multiple_of(4) + 26, 0);
        frame.extend([2; 12]);
        frame.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        frame.extend(content);
    }
    frame
}

#[test]
fn connections_that_one_packet_begins_have_different_ids() {
    let ports = [40_000, 40_001, 40_002];
    let talks = ports.map(|port| one_by_one(port, 5, 1000).sent);
    let (mut decoder, mut ids) = (Decoder::new(Vec::new()), Ids::default());
    for at in 0..talks[0].len() {
        let bytes = aggregate(talks.iter().map(|sent| &sent[at]));
        let packet = Packet {
            time: i64::from(talks[0][at].time) * 1000,
            link_type: WIFI,
            length: u32::try_from(bytes.len()).unwrap(),
            bytes: &bytes,
        };
        decoder.packet(&packet, &mut ids);
    }
    let counts = decoder.finish(&mut ids);
    assert_eq!((counts.connections, counts.requests), (3, 15), "{counts}");
    assert_eq!(ids.seen.len(), 3, "{:?}", ids.seen);
    ids.ended.sort_unstable();
    assert_eq!(ids.ended, [1, 2, 3]);
}
