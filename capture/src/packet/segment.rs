//! The TCP segment in an IP packet, however much of it was captured.

use std::net::SocketAddr;

use etherparse::TcpSlice;

use super::NoSegment;
use super::ip::Ip;

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
    /// The number of the IP packet among those of its sender; 0 where it has none.
    pub(crate) identification: u32,
    /// A number for the networks that it is in: VLANs, and those that tunnels name. 0 if none is named.
    pub(crate) network: u64,
}

impl<'a> Segment<'a> {
    /// The segment that `ip` carries, whose protocol is TCP.
    pub(super) fn of(ip: &Ip<'a>) -> Result<Self, NoSegment> {
        let tcp = TcpSlice::from_slice(ip.payload)
            .map_err(|_| NoSegment::HeadersCut.of_packet(ip.missing == 0))?;
        Ok(Self {
            source: SocketAddr::new(ip.source, tcp.source_port()),
            destination: SocketAddr::new(ip.destination, tcp.destination_port()),
            sequence: tcp.sequence_number(),
            acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            payload: tcp.payload(),
            missing: ip.missing,
            identification: ip.identification,
            network: ip.network,
        })
    }
}
