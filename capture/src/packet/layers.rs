//! Goes through the headers of a packet, one after the other, to the TCP segment.

use super::fragments::{Added, Fragments};
use super::ip::{Ip, u32_of};
use super::layer::Layer;
use super::{Segment, link, links, network, tunnel, wifi};
use crate::input::Packet;

/// More headers in one packet are not believed.
const MAX_LAYERS: usize = 32;

/// Why there is no segment in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSegment {
    /// It is of another protocol.
    NotTcp,
    /// It is a fragment that waits for the others.
    Fragment,
    /// It is a fragment that contradicts another one.
    Overlap,
    /// So little was captured that the headers are not whole.
    HeadersCut,
    /// Its content is encrypted: IPsec, WireGuard, MACsec, Wi-Fi.
    Encrypted,
    /// It is in a tunnel that cannot be read.
    UnknownTunnel,
    /// It has more headers than are believed.
    TooDeep,
}

impl NoSegment {
    /// The same of a packet: what was captured whole and is too short for its headers has none.
    pub(super) const fn of_packet(self, is_whole: bool) -> Self {
        match self {
            Self::HeadersCut if is_whole => Self::NotTcp,
            reason => reason,
        }
    }
}

/// Reads packets, and remembers the fragments of those that are not whole.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    fragments: Fragments,
}

impl Layers {
    /// Hands the segment in `packet` to `take`; several if a frame of Wi-Fi has several others in it.
    ///
    /// # Errors
    ///
    /// [`NoSegment`]: there is none.
    pub(crate) fn segment(
        &mut self,
        packet: &Packet<'_>,
        mut take: impl FnMut(&Segment<'_>),
    ) -> Result<(), NoSegment> {
        let cut = packet.length.saturating_sub(u32_of(packet.bytes.len()));
        let (layer, bytes) = links::begin(packet.link_type, packet.bytes)?;
        let mut others = vec![];
        let first = Start {
            layer,
            bytes,
            cut,
            network: 0,
        };
        let mut result = self.segment_from(first, packet.time, &mut others, &mut take);
        while let Some(start) = others.pop() {
            let other = self.segment_from(start, packet.time, &mut others, &mut take);
            result = result.or(other);
        }
        result
    }

    fn segment_from<'a>(
        &mut self,
        start: Start<'a>,
        time: i64,
        others: &mut Vec<Start<'a>>,
        take: &mut dyn FnMut(&Segment<'_>),
    ) -> Result<(), NoSegment> {
        let ip = walk(start, others)?;
        if ip.fragment.is_none() {
            take(&Segment::of(&ip)?);
            return Ok(());
        }
        self.put_together(&ip, time, MAX_LAYERS, take)
    }

    /// A packet that was put together may be in a tunnel, and carry a fragment again.
    fn put_together(
        &mut self,
        ip: &Ip<'_>,
        time: i64,
        turns: usize,
        take: &mut dyn FnMut(&Segment<'_>),
    ) -> Result<(), NoSegment> {
        let Some(fragment) = ip.fragment else {
            take(&Segment::of(ip)?);
            return Ok(());
        };
        let whole = match self.fragments.add(ip, fragment, time) {
            Added::Whole(whole) => whole,
            Added::Waits | Added::Again => return Err(NoSegment::Fragment),
            Added::Refused => return Err(NoSegment::Overlap),
        };
        let ip = ip.whole(&whole.bytes, whole.missing)?;
        let ip = match next(&ip)? {
            Some(layer) => {
                let start = Start {
                    layer,
                    bytes: ip.payload,
                    cut: ip.missing,
                    network: network::between(&ip),
                };
                // Of several frames in one that was in fragments, the first is read.
                walk(start, &mut Vec::new())?
            }
            None => ip,
        };
        match turns {
            0 => Err(NoSegment::TooDeep),
            turns => self.put_together(&ip, time, turns - 1, take),
        }
    }

    /// Returns how many fragments were given up since their datagrams did not become whole.
    pub(crate) const fn given_up(&self) -> u64 {
        self.fragments.given_up()
    }

    /// Returns how many fragments wait for others.
    pub(crate) fn waiting(&self) -> u64 {
        self.fragments.waiting()
    }
}

/// Where headers are read from.
struct Start<'a> {
    layer: Layer,
    bytes: &'a [u8],
    /// How many bytes behind these were not captured.
    cut: u32,
    network: u64,
}

/// Reads headers up to the IP packet that carries TCP or a fragment. Where several packets follow, all but the first are
/// added to `others`.
fn walk<'a>(start: Start<'a>, others: &mut Vec<Start<'a>>) -> Result<Ip<'a>, NoSegment> {
    let mut is_whole = false;
    let ip = walk_on(start, others, &mut is_whole);
    ip.map_err(|reason| reason.of_packet(is_whole))
}

/// The same. `is_whole` is set to whether the IP packet that was read last was captured whole.
fn walk_on<'a>(
    start: Start<'a>,
    others: &mut Vec<Start<'a>>,
    is_whole: &mut bool,
) -> Result<Ip<'a>, NoSegment> {
    let Start {
        mut layer,
        mut bytes,
        mut cut,
        mut network,
    } = start;
    for _ in 0..MAX_LAYERS {
        network = network::within(network, layer, bytes);
        (layer, bytes) = match layer {
            Layer::Ip => {
                let mut ip = Ip::read(bytes, cut)?;
                ip.network = network;
                if ip.fragment.is_some() {
                    return Ok(ip);
                }
                match next(&ip)? {
                    None => return Ok(ip),
                    Some(layer) => {
                        network = network::between(&ip);
                        cut = ip.missing;
                        *is_whole = cut == 0;
                        (layer, ip.payload)
                    }
                }
            }
            Layer::Ethernet => link::ethernet(bytes)?,
            Layer::EtherType(ether_type) => link::ether_type(ether_type, bytes)?,
            Layer::Llc => link::llc(bytes)?,
            Layer::Ppp => link::ppp(bytes)?,
            Layer::Mpls => link::mpls(bytes)?,
            Layer::Wifi => wifi::frame(bytes, false)?,
            Layer::PaddedWifi => wifi::frame(bytes, true)?,
            Layer::Aggregate => {
                let (first, rest) = wifi::aggregate(bytes)?;
                if !rest.is_empty() {
                    others.push(Start {
                        layer,
                        bytes: rest,
                        cut,
                        network,
                    });
                }
                (Layer::Llc, first)
            }
            Layer::Gre => tunnel::gre(bytes)?,
            Layer::Udp => tunnel::udp(bytes)?,
            Layer::Esp => tunnel::esp(bytes)?,
            Layer::EtherIp => tunnel::ether_ip(bytes)?,
            Layer::L2tp3 => tunnel::l2tp_3(bytes)?,
        };
    }
    Err(NoSegment::TooDeep)
}

/// The layer that follows an IP header; `None` if it is TCP.
///
/// See <https://www.iana.org/assignments/protocol-numbers>.
fn next(ip: &Ip<'_>) -> Result<Option<Layer>, NoSegment> {
    match ip.protocol {
        6 => Ok(None),
        // IP within IP has three numbers.
        4 | 41 | 94 => Ok(Some(Layer::Ip)),
        17 => Ok(Some(Layer::Udp)),
        47 => Ok(Some(Layer::Gre)),
        137 => Ok(Some(Layer::Mpls)),
        143 => Ok(Some(Layer::Ethernet)),
        50 => Ok(Some(Layer::Esp)),
        97 => Ok(Some(Layer::EtherIp)),
        115 => Ok(Some(Layer::L2tp3)),
        98 | 108 | 55 => Err(NoSegment::UnknownTunnel),
        _ => Err(NoSegment::NotTcp),
    }
}
