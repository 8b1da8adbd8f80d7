//! The pipeline: packet, segment, connection, stream, frame, message. Each stage is a module of its own.

use crate::connection::Connections;
use crate::counts::Counts;
use crate::input::Packet;
use crate::output::Sink;
use crate::packet::{self, Layers, NoSegment};
use crate::tcp::Arrival;

/// Decodes packets, in the order in which they were captured, into the events of their connections.
///
/// Memory use does not grow with the number of packets: messages are handed to a [`Sink`]
/// when they are complete, and connections are forgotten when they are over.
pub struct Decoder {
    layers: Layers,
    connections: Connections,
    counts: Counts,
}

impl Decoder {
    /// Creates a decoder that recognizes Kafka by its messages. If `ports` is not empty, only connections
    /// to these ports are decoded, and all of them as Kafka.
    #[must_use]
    pub fn new(ports: Vec<u16>) -> Self {
        Self {
            layers: Layers::default(),
            connections: Connections::new(ports),
            counts: Counts::default(),
        }
    }

    /// Decodes the next packet.
    pub fn packet(&mut self, packet: &Packet<'_>, sink: &mut dyn Sink) {
        self.counts.packets += 1;
        if !packet::is_known(packet.link_type) {
            self.counts.unknown_link += 1;
            return;
        }
        let arrival = Arrival {
            packet: self.counts.packets,
            time: packet.time,
            turn: 0,
        };
        let (connections, counts) = (&mut self.connections, &mut self.counts);
        let read = self.layers.segment(packet, |segment| {
            connections.segment(segment, arrival, sink, counts);
        });
        let counts = &mut self.counts;
        match read {
            Ok(()) => {}
            Err(NoSegment::NotTcp) => counts.not_tcp += 1,
            Err(NoSegment::Fragment) => {}
            Err(NoSegment::Overlap) => counts.contradicting_fragments += 1,
            Err(NoSegment::HeadersCut) => counts.unreadable += 1,
            Err(NoSegment::Encrypted) => counts.encrypted += 1,
            Err(NoSegment::UnknownTunnel) => counts.unknown_tunnel += 1,
            Err(NoSegment::TooDeep) => counts.too_deep += 1,
        }
    }

    /// Ends all connections and returns the final counts.
    pub fn finish(mut self, sink: &mut dyn Sink) -> Counts {
        self.connections.finish(sink, &mut self.counts);
        self.counts.fragments = self.layers.given_up() + self.layers.waiting();
        self.counts
    }

    /// Returns the counts so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }
}
