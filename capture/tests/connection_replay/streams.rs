//! The TCP connections of a capture: what each end sent, in order, and which packet brought what and when.
//! It shares no code with the decoder, and knows nothing of Kafka.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::{ControlFlow, Range};
use std::path::Path;

use etherparse::{LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice};
use kafka_capture::input::{Input, Packet, Packets};

/// One connection, or an attempt at one.
pub(crate) struct TcpConnection {
    /// Who sent the SYN; of a connection without, whoever sent the first packet.
    pub(crate) client: SocketAddr,
    pub(crate) broker: SocketAddr,
    pub(crate) to_broker: Stream,
    pub(crate) to_client: Stream,
    /// What came in order, in the order of the packets.
    pub(crate) arrivals: Vec<Arrival>,
    /// How the first end that ended it did so.
    pub(crate) end: Option<End>,
    /// When the last packet was captured, in nanoseconds since 1970.
    pub(crate) last: i64,
}

/// Bytes that one packet made readable.
#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) time: i64,
    pub(crate) to_broker: bool,
    /// Which bytes of the stream.
    pub(crate) bytes: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) by_client: bool,
    pub(crate) is_reset: bool,
}

/// What one end sent.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) bytes: Vec<u8>,
    /// The sequence number of the first byte.
    first: Option<u32>,
    has_syn: bool,
    has_fin: bool,
    early: BTreeMap<usize, Vec<u8>>,
    /// How many bytes there must have been, as far as either end says.
    said: usize,
}

impl Stream {
    /// The place of a sequence number, counted from the first byte; `None` if it is before that.
    fn place(&self, sequence: u32) -> Option<usize> {
        let from_next = sequence
            .wrapping_sub(self.first?)
            .wrapping_sub(u32::try_from(self.bytes.len()).unwrap())
            .cast_signed();
        usize::try_from(i64::from(from_next) + i64::try_from(self.bytes.len()).unwrap()).ok()
    }

    /// Takes a segment, and returns what can be read now and could not before.
    fn take(&mut self, segment: &TcpSlice<'_>) -> Range<usize> {
        let before = self.bytes.len();
        if segment.syn() {
            self.first = Some(segment.sequence_number().wrapping_add(1));
            self.has_syn = true;
        }
        self.has_fin |= segment.fin();
        self.first.get_or_insert_with(|| segment.sequence_number());
        if let Some(place) = self.place(segment.sequence_number()) {
            let payload = segment.payload();
            // What comes behind the end has a number beyond it.
            if !payload.is_empty() || segment.fin() {
                self.said = self.said.max(place + payload.len());
            }
            if !payload.is_empty() {
                self.early.insert(place, payload.to_vec());
            }
        }
        while let Some((place, bytes)) = self.early.pop_first() {
            if place > self.bytes.len() {
                self.early.insert(place, bytes);
                break;
            }
            let known = self.bytes.len() - place;
            self.bytes.extend(bytes.get(known..).unwrap_or_default());
        }
        before..self.bytes.len()
    }

    /// The other end has everything before this.
    fn acknowledged(&mut self, sequence: u32) {
        // The end of the stream counts as one.
        if let Some(place) = self.place(sequence) {
            self.said = self
                .said
                .max(place.saturating_sub(usize::from(self.has_fin)));
        }
    }

    /// Returns `true` if bytes of it are in no packet.
    pub(crate) fn has_holes(&self) -> bool {
        self.said > self.bytes.len()
    }
}

impl TcpConnection {
    /// Returns `true` if the capture has its beginning.
    pub(crate) const fn has_handshake(&self) -> bool {
        self.to_broker.has_syn
    }

    /// Takes the two ends for each other: without a handshake, the first packet may be the broker's.
    pub(crate) fn turn(&mut self) {
        std::mem::swap(&mut self.client, &mut self.broker);
        std::mem::swap(&mut self.to_broker, &mut self.to_client);
        for arrival in &mut self.arrivals {
            arrival.to_broker = !arrival.to_broker;
        }
        if let Some(end) = &mut self.end {
            end.by_client = !end.by_client;
        }
    }

    fn packet(&mut self, time: i64, from_client: bool, segment: &TcpSlice<'_>) {
        let (to, back) = match from_client {
            true => (&mut self.to_broker, &mut self.to_client),
            false => (&mut self.to_client, &mut self.to_broker),
        };
        let bytes = to.take(segment);
        if segment.ack() && !segment.rst() {
            back.acknowledged(segment.acknowledgment_number());
        }
        if !bytes.is_empty() {
            self.arrivals.push(Arrival {
                time,
                to_broker: from_client,
                bytes,
            });
        }
        if segment.fin() || segment.rst() {
            self.end.get_or_insert_with(|| End {
                by_client: from_client,
                is_reset: segment.rst(),
            });
        }
        self.last = self.last.max(time);
    }
}

/// All connections in a capture, in the order of their first packets.
pub(crate) fn connections(capture: &Path) -> Vec<TcpConnection> {
    let input = Input::open(capture, |bytes, _| bytes).unwrap();
    let mut connections: Vec<TcpConnection> = Vec::new();
    let mut packets = Packets::new(input).unwrap();
    let taken = packets.for_each(
        |packet| {
            take(&mut connections, &packet);
            ControlFlow::Continue(())
        },
        || {},
    );
    taken.unwrap();
    connections
}

fn take(connections: &mut Vec<TcpConnection>, packet: &Packet<'_>) {
    assert_eq!(packet.link_type, 1, "captures of Ethernet only");
    assert_eq!(
        usize::try_from(packet.length).unwrap(),
        packet.bytes.len(),
        "whole packets only"
    );
    let parsed = LaxSlicedPacket::from_ethernet(packet.bytes).unwrap();
    let Some(TransportSlice::Tcp(segment)) = &parsed.transport else {
        return;
    };
    let (from, to): (IpAddr, IpAddr) = match &parsed.net {
        Some(LaxNetSlice::Ipv4(ip)) => (
            ip.header().source_addr().into(),
            ip.header().destination_addr().into(),
        ),
        Some(LaxNetSlice::Ipv6(ip)) => (
            ip.header().source_addr().into(),
            ip.header().destination_addr().into(),
        ),
        _ => return,
    };
    let from = SocketAddr::new(from, segment.source_port());
    let to = SocketAddr::new(to, segment.destination_port());
    let is = |each: &TcpConnection| {
        (each.client, each.broker) == (from, to) || (each.client, each.broker) == (to, from)
    };
    let at = connections.iter().position(is).unwrap_or_else(|| {
        // Without its SYN, the sender of the first packet may be the broker: see `turn`.
        let is_answer = segment.syn() && segment.ack();
        let (client, broker) = if is_answer { (to, from) } else { (from, to) };
        connections.push(TcpConnection {
            client,
            broker,
            to_broker: Stream::default(),
            to_client: Stream::default(),
            arrivals: Vec::new(),
            end: None,
            last: packet.time,
        });
        connections.len() - 1
    });
    let connection = &mut connections[at];
    let is_new = segment.syn() && !segment.ack() && connection.end.is_some();
    assert!(!is_new, "{from} -> {to}: the ports are used twice");
    connection.packet(packet.time, connection.client == from, segment);
}
