//! The TCP segment in a packet, however much of it was captured.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

use super::link;
use crate::input::Packet;

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    /// Who sent it.
    pub(crate) source: SocketAddr,
    /// To whom.
    pub(crate) destination: SocketAddr,
    /// The place of its first byte in what the sender sends.
    pub(crate) sequence: u32,
    /// The place up to which the sender got everything; `None` without the flag.
    pub(crate) acknowledged: Option<u32>,
    /// Begins the connection.
    pub(crate) syn: bool,
    /// Is the sender's last.
    pub(crate) fin: bool,
    /// Aborts the connection.
    pub(crate) rst: bool,
    /// The bytes captured of what it carries.
    pub(crate) payload: &'a [u8],
    /// How many more it carries that were not captured.
    pub(crate) missing: u32,
}

/// Why there is no segment in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSegment {
    /// It is of another protocol.
    NotTcp,
    /// It is a part of an IP packet, which are not put together.
    Fragment,
    /// So little was captured that the headers are not whole.
    HeadersCut,
}

impl<'a> Segment<'a> {
    /// The segment in `packet`.
    ///
    /// # Errors
    ///
    /// [`NoSegment`].
    pub(crate) fn of(packet: &Packet<'a>) -> Result<Self, NoSegment> {
        let bytes = link::ip_packet(packet.link_type, packet.bytes).ok_or(NoSegment::NotTcp)?;
        let parsed = LaxSlicedPacket::from_ip(bytes).map_err(|_| NoSegment::NotTcp)?;
        let cut = packet.length.saturating_sub(u32_of(packet.bytes.len()));
        let (source, destination, announced, protocol, is_fragment): (IpAddr, IpAddr, _, _, _) =
            match &parsed.net {
                Some(LaxNetSlice::Ipv4(ip)) => (
                    Ipv4Addr::from(ip.header().source()).into(),
                    Ipv4Addr::from(ip.header().destination()).into(),
                    u32::from(ip.header().total_len()),
                    ip.payload_ip_number(),
                    ip.is_payload_fragmented(),
                ),
                Some(LaxNetSlice::Ipv6(ip)) => (
                    Ipv6Addr::from(ip.header().source()).into(),
                    Ipv6Addr::from(ip.header().destination()).into(),
                    match ip.header().payload_length() {
                        0 => 0,
                        length => IPV6_HEADER_BYTES + u32::from(length),
                    },
                    ip.payload().ip_number,
                    ip.is_payload_fragmented(),
                ),
                _ => return Err(NoSegment::NotTcp),
            };
        if protocol != etherparse::IpNumber::TCP {
            return Err(NoSegment::NotTcp);
        }
        if is_fragment {
            return Err(NoSegment::Fragment);
        }
        let Some(TransportSlice::Tcp(tcp)) = &parsed.transport else {
            return Err(NoSegment::HeadersCut);
        };
        // Without a length (segmentation is left to the network card) the packet itself has it.
        let missing = match announced {
            0 => cut,
            // Links pad short packets.
            announced => announced.saturating_sub(u32_of(bytes.len())),
        };
        Ok(Self {
            source: SocketAddr::new(source, tcp.source_port()),
            destination: SocketAddr::new(destination, tcp.destination_port()),
            sequence: tcp.sequence_number(),
            acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            payload: tcp.payload(),
            missing,
        })
    }
}

const IPV6_HEADER_BYTES: u32 = 40;

/// A caller's packet can be longer than any on the wire; then nothing of it is missing.
fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
