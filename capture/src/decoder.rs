//! The pipeline: packet, segment, connection, stream, frame, message. Each stage is a module of its own.

use crate::connection::Connections;
use crate::counts::Counts;
use crate::input::Packet;
use crate::output::Sink;
use crate::packet::{self, NoSegment, Segment};
use crate::tcp::Arrival;

/// Decodes packets, in the order in which they were captured, into the events of their connections.
///
/// Memory use does not grow with the number of packets: messages are handed to a [`Sink`]
/// when they are complete, and connections are forgotten when they are over.
pub struct Decoder {
    connections: Connections,
    counts: Counts,
}

impl Decoder {
    /// Creates a decoder that recognizes Kafka by its messages. If `ports` is not empty, only connections
    /// to these ports are decoded, and all of them as Kafka.
    #[must_use]
    pub fn new(ports: Vec<u16>) -> Self {
        Self {
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
        match Segment::of(packet) {
            Ok(segment) => self
                .connections
                .segment(&segment, arrival, sink, &mut self.counts),
            Err(NoSegment::NotTcp) => self.counts.not_tcp += 1,
            Err(NoSegment::Fragment | NoSegment::HeadersCut) => self.counts.unreadable += 1,
        }
    }

    /// Ends all connections and returns the final counts.
    pub fn finish(mut self, sink: &mut dyn Sink) -> Counts {
        self.connections.finish(sink, &mut self.counts);
        self.counts
    }

    /// Returns the counts so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }
}
