//! The pipeline: packet, segment, connection, stream, frame, message. Each stage is a module of its own.

use crate::connection::{Connections, Outlet};
use crate::counts::Counts;
use crate::input::Packet;
use crate::output::Sink;
use crate::packet::{self, Layers, NoSegment};
use crate::tcp::Arrival;
use crate::tls;
use crate::topic_names::TopicNames;

/// Decodes packets, in the order in which they were captured, into the events of their connections.
///
/// Memory use does not grow with the number of packets: messages are handed to a [`Sink`]
/// when they are complete, and connections are forgotten when they are over.
pub struct Decoder {
    layers: Layers,
    connections: Connections,
    shared: Shared,
}

/// What all connections share.
#[derive(Default)]
struct Shared {
    counts: Counts,
    topics: TopicNames,
    tls: tls::Shared,
}

impl Shared {
    fn outlet<'a>(&'a mut self, sink: &'a mut dyn Sink) -> Outlet<'a> {
        Outlet {
            sink,
            counts: &mut self.counts,
            topics: &mut self.topics,
            tls: &mut self.tls,
        }
    }
}

impl Decoder {
    /// Creates a decoder that recognizes Kafka by its messages. If `ports` is not empty, only connections
    /// to these ports are decoded, and all of them as Kafka.
    #[must_use]
    pub fn new(ports: Vec<u16>) -> Self {
        Self {
            layers: Layers::default(),
            connections: Connections::new(ports),
            shared: Shared::default(),
        }
    }

    /// Returns the names of topics that are known so far. Names that the user knows are added here.
    #[must_use]
    pub const fn topics(&mut self) -> &mut TopicNames {
        &mut self.shared.topics
    }

    /// Decompresses no batch of records to more than so many bytes, here and in the analyses, instead of to 128 MiB.
    pub fn set_max_decompressed(&mut self, bytes: usize) {
        let limits = crate::records::limits(Some(bytes));
        self.shared.topics.set_limits(limits);
    }

    /// Returns the secrets that TLS is decrypted with. Those of key logs are added here; clones share them, so that
    /// [`Packets`](crate::input::Packets) can add those of the capture.
    #[cfg(feature = "tls")]
    #[must_use]
    pub const fn secrets(&self) -> &crate::Secrets {
        &self.shared.tls.secrets
    }

    /// Decodes the next packet.
    pub fn packet(&mut self, packet: &Packet<'_>, sink: &mut dyn Sink) {
        self.shared.counts.packets += 1;
        if !packet::is_known(packet.link_type) {
            self.shared.counts.unknown_link += 1;
            return;
        }
        let arrival = Arrival {
            packet: self.shared.counts.packets,
            time: packet.time,
            turn: 0,
        };
        let (connections, shared) = (&mut self.connections, &mut self.shared);
        let read = self.layers.segment(packet, |segment| {
            shared.counts.cut += u64::from(segment.missing > 0);
            connections.segment(segment, arrival, &mut shared.outlet(sink));
        });
        let counts = &mut self.shared.counts;
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
    pub fn finish(self, sink: &mut dyn Sink) -> Counts {
        self.finish_with_topics(sink).0
    }

    /// Ends all connections and returns the final counts, and the names of topics that are known by then.
    pub fn finish_with_topics(mut self, sink: &mut dyn Sink) -> (Counts, TopicNames) {
        let mut shared = self.shared;
        self.connections.finish(&mut shared.outlet(sink));
        shared.counts.fragments = self.layers.given_up() + self.layers.waiting();
        shared.counts.forgotten_topics = shared.topics.forgotten();
        #[cfg(feature = "tls")]
        {
            let (forgotten, faults) = shared.tls.counts();
            shared.counts.forgotten_secrets = forgotten;
            shared.counts.key_log_faults = faults;
        }
        (shared.counts, shared.topics)
    }

    /// Returns the counts so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.shared.counts
    }
}
