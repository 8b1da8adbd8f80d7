//! The link types of captures, and the headers that their packets begin with.
//!
//! See <https://www.tcpdump.org/linktypes.html>.

use super::NoSegment;
use super::layer::{Layer, Step, array_at, from, u8_at, u16_at};
use super::link::{atm, frame_relay, hdlc, pppoe, tagged};
use super::{tunnel, wifi};

/// Link types that are read in the same way.
struct Link {
    name: &'static str,
    numbers: &'static [i32],
    begin: fn(&[u8]) -> Step<'_>,
}

/// All link types that are read.
const LINKS: &[Link] = &[
    link("Ethernet", &[1], |bytes| Ok((Layer::Ethernet, bytes))),
    link("Linux cooked", &[113], cooked),
    link("Linux cooked v2", &[276], cooked_2),
    // An address family, whose number for IPv6 depends on the system.
    link("loopback", &[0, 108], |bytes| {
        Ok((Layer::Ip, from(bytes, 4)?))
    }),
    link("raw IP", &[12, 14, 101, 228, 229], |bytes| {
        Ok((Layer::Ip, bytes))
    }),
    link("PPP", &[9, 50], |bytes| Ok((Layer::Ppp, bytes))),
    // A direction stands for the address, and the control byte follows.
    link("PPP of pppd", &[166], |bytes| match array_at(bytes, 1)? {
        [0x03] => Ok((Layer::Ppp, from(bytes, 2)?)),
        [_] => Ok((Layer::Ppp, from(bytes, 1)?)),
    }),
    link("PPP with direction", &[204], |bytes| {
        Ok((Layer::Ppp, from(bytes, 1)?))
    }),
    link("PPPoE", &[51], pppoe),
    link("HDLC", &[104], hdlc),
    link("HDLC with direction", &[205], |bytes| hdlc(from(bytes, 1)?)),
    link("frame relay", &[107], frame_relay),
    link("frame relay with direction", &[206], |bytes| {
        frame_relay(from(bytes, 1)?)
    }),
    link("MPLS", &[219], |bytes| Ok((Layer::Mpls, bytes))),
    link("Wi-Fi", &[105], |bytes| Ok((Layer::Wifi, bytes))),
    link("Wi-Fi with radiotap", &[127], wifi::radiotap),
    link(
        "Wi-Fi with Prism or AVS header",
        &[119, 163],
        wifi::prism_or_avs,
    ),
    link("PPI", &[192], per_packet_information),
    link("PKTAP", &[149, 258], pktap),
    link("OpenBSD encapsulation", &[109], |bytes| {
        Ok((Layer::Ip, from(bytes, 12)?))
    }),
    link("packet filter log", &[117], |bytes| {
        let length = usize::from(u8_at(bytes, 0)?);
        Ok((Layer::Ip, from(bytes, length.next_multiple_of(4))?))
    }),
    link("netfilter log", &[239], nflog),
    // Version, address family, kind of interface, length, two interfaces and two zones.
    link("Solaris IPNET", &[226], |bytes| {
        Ok((Layer::Ip, from(bytes, 24)?))
    }),
    link("SLIP", &[8], |bytes| Ok((Layer::Ip, from(bytes, 16)?))),
    link("token ring", &[6], token_ring),
    link("FDDI", &[10], |bytes| match u8_at(bytes, 0)? & 0xf0 {
        0x50 => Ok((Layer::Llc, from(bytes, 13)?)),
        _ => Err(NoSegment::NotTcp),
    }),
    link("ATM", &[100, 106], atm),
    link("SunATM", &[123], |bytes| match u8_at(bytes, 0)? & 0x0f {
        1 => Ok((Layer::Ethernet, from(bytes, 6)?)),
        2 => Ok((Layer::Llc, from(bytes, 4)?)),
        _ => Err(NoSegment::NotTcp),
    }),
    // Both have the two addresses of the network first.
    link("IP over Fibre Channel", &[122], |bytes| {
        Ok((Layer::Llc, from(bytes, 16)?))
    }),
    link("IP over IEEE 1394", &[138], |bytes| tagged(bytes, 16)),
    // A routing header of 40 bytes; the EtherType is followed by two reserved bytes.
    link("IP over InfiniBand", &[242], |bytes| {
        Ok((Layer::EtherType(u16_at(bytes, 40)?), from(bytes, 44)?))
    }),
    link("netANALYZER", &[240], |bytes| {
        Ok((Layer::Ethernet, from(bytes, 4)?))
    }),
    // With the preamble of Ethernet.
    link("netANALYZER transparent", &[241], |bytes| {
        Ok((Layer::Ethernet, from(bytes, 12)?))
    }),
    link("Ethernet mPackets", &[274], mpacket),
    // The tag of a switch is behind the addresses, or in front of them.
    link("DSA", &[281, 284], |bytes| tagged(bytes, 16)),
    link("DSA in front", &[282], |bytes| {
        Ok((Layer::Ethernet, from(bytes, 4)?))
    }),
    link("DSA with EtherType", &[285], |bytes| tagged(bytes, 20)),
    link("TZSP", &[128], tunnel::tzsp),
    link("Juniper Ethernet", &[178], |bytes| {
        juniper(bytes, |bytes| Ok((Layer::Ethernet, bytes)))
    }),
    link("Juniper PPP", &[179], |bytes| {
        juniper(bytes, |bytes| Ok((Layer::Ppp, bytes)))
    }),
    link("Juniper frame relay", &[180], |bytes| {
        juniper(bytes, frame_relay)
    }),
    link("Juniper HDLC", &[181], |bytes| juniper(bytes, hdlc)),
    link("Endace ERF", &[197], endace),
];

const fn link(name: &'static str, numbers: &'static [i32], begin: fn(&[u8]) -> Step<'_>) -> Link {
    Link {
        name,
        numbers,
        begin,
    }
}

const fn find(number: i32) -> Option<&'static Link> {
    let mut links = LINKS;
    while let [link, rest @ ..] = links {
        let mut numbers = link.numbers;
        while let [each, others @ ..] = numbers {
            if *each == number {
                return Some(link);
            }
            numbers = others;
        }
        links = rest;
    }
    None
}

/// Returns `true` if packets of this link type can be read.
///
/// See <https://www.tcpdump.org/linktypes.html>.
#[must_use]
pub const fn is_known(link_type: i32) -> bool {
    find(link_type).is_some()
}

/// Returns the names and numbers of the link types that can be read.
pub(crate) fn known() -> String {
    let names = LINKS.iter().map(|link| {
        let numbers: Vec<_> = link.numbers.iter().map(ToString::to_string).collect();
        format!("{} ({})", link.name, numbers.join(", "))
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Reads the header that packets of a link type begin with.
pub(super) fn begin(link_type: i32, bytes: &[u8]) -> Step<'_> {
    match find(link_type) {
        Some(link) => (link.begin)(bytes),
        None => Err(NoSegment::NotTcp),
    }
}

/// Reads the packet in one that names its link type, which is not of this kind again, so that this ends.
fn within(link_type: u32, bytes: &[u8]) -> Step<'_> {
    match i32::try_from(link_type) {
        Ok(149 | 192 | 258) | Err(_) => Err(NoSegment::NotTcp),
        Ok(link_type) => begin(link_type, bytes),
    }
}

/// The kind of interface, and the protocol last.
fn cooked(bytes: &[u8]) -> Step<'_> {
    let content = from(bytes, 16)?;
    of_interface(u16_at(bytes, 2)?, u16_at(bytes, 14)?, content)
}

/// The protocol first, and the kind of interface.
fn cooked_2(bytes: &[u8]) -> Step<'_> {
    let content = from(bytes, 20)?;
    of_interface(u16_at(bytes, 8)?, u16_at(bytes, 0)?, content)
}

/// Interfaces that monitor Wi-Fi have no protocol.
fn of_interface(kind: u16, protocol: u16, content: &[u8]) -> Step<'_> {
    match kind {
        801 => Ok((Layer::Wifi, content)),
        802 => wifi::prism_or_avs(content),
        803 => wifi::radiotap(content),
        _ => Ok((Layer::EtherType(protocol), content)),
    }
}

/// PPI: a header in little endian with the link type of what follows.
fn per_packet_information(bytes: &[u8]) -> Step<'_> {
    let length = usize::from(u16::from_le_bytes(array_at(bytes, 2)?));
    let link_type = u32::from_le_bytes(array_at(bytes, 4)?);
    within(link_type, from(bytes, length)?)
}

/// Apple's header, in little endian: its length, a kind that is 1 for packets, the link type of what follows. The
/// older of its numbers is one that anyone may use, so that other bytes are possible.
fn pktap(bytes: &[u8]) -> Step<'_> {
    const MIN_BYTES: usize = 12;
    let length = usize::from(u16::from_le_bytes(array_at(bytes, 0)?));
    if array_at(bytes, 2)? != [0, 0, 1, 0, 0, 0] || length < MIN_BYTES {
        return Err(NoSegment::NotTcp);
    }
    let link_type = u32::from_le_bytes(array_at(bytes, 8)?);
    within(link_type, from(bytes, length)?)
}

/// The log of netfilter: attributes in the byte order of the host, one of which is the packet.
fn nflog(bytes: &[u8]) -> Step<'_> {
    const PAYLOAD: u16 = 9;
    let mut rest = from(bytes, 4)?;
    loop {
        let [low, high, kind_low, kind_high] = array_at(rest, 0)?;
        let (mut length, mut kind) = (
            u16::from_le_bytes([low, high]),
            u16::from_le_bytes([kind_low, kind_high]),
        );
        // No attribute has a number that large.
        if kind > 0xff {
            (length, kind) = (length.swap_bytes(), kind.swap_bytes());
        }
        let length = usize::from(length);
        if length < 4 {
            return Err(NoSegment::NotTcp);
        }
        if kind & 0x7fff == PAYLOAD {
            let payload = from(rest, 4)?;
            let payload = payload.get(..length - 4).unwrap_or(payload);
            return Ok((Layer::Ip, payload));
        }
        rest = from(rest, length.next_multiple_of(4))?;
    }
}

/// Access and frame control, two addresses, and a route if the source is marked; the route has its length.
fn token_ring(bytes: &[u8]) -> Step<'_> {
    const HEADER_BYTES: usize = 14;
    if u8_at(bytes, 1)? & 0xc0 != 0x40 {
        return Err(NoSegment::NotTcp);
    }
    let route = match u8_at(bytes, 8)? & 0x80 {
        0 => 0,
        _ => usize::from(u8_at(bytes, HEADER_BYTES)? & 0x1f),
    };
    Ok((Layer::Llc, from(bytes, HEADER_BYTES + route)?))
}

/// The preamble, and a byte that says what follows: a frame, the first part of one, or another part.
/// See IEEE 802.3br.
fn mpacket(bytes: &[u8]) -> Step<'_> {
    const MAX_PREAMBLE_BYTES: usize = 8;
    let mut start = bytes.iter().take(MAX_PREAMBLE_BYTES);
    let at = start.position(|byte| *byte != 0x55);
    let at = at.ok_or(NoSegment::NotTcp)?;
    match u8_at(bytes, at)? {
        0xd5 | 0xe6 | 0x4c | 0x7f | 0xb3 => Ok((Layer::Ethernet, from(bytes, at + 1)?)),
        0x61 | 0x52 | 0x9e | 0x2a => Err(NoSegment::UnknownTunnel),
        _ => Err(NoSegment::NotTcp),
    }
}

/// Juniper's header: a magic number, flags, maybe an extension with its length; without a link layer, the protocol.
fn juniper(bytes: &[u8], content: fn(&[u8]) -> Step<'_>) -> Step<'_> {
    let [magic @ .., flags]: [u8; 4] = array_at(bytes, 0)?;
    if magic != *b"MGC" {
        return Err(NoSegment::NotTcp);
    }
    let length = match flags & 0x80 {
        0 => 4,
        _ => 6 + usize::from(u16_at(bytes, 4)?),
    };
    match flags & 0x02 {
        0 => content(from(bytes, length)?),
        _ => Ok((Layer::Ip, from(bytes, length + 4)?)),
    }
}

/// The header of Endace's cards: a time, the kind of packet, lengths; headers behind it are marked in the first byte
/// of the one before.
fn endace(bytes: &[u8]) -> Step<'_> {
    const HEADER_BYTES: usize = 16;
    const EXTENSION_BYTES: usize = 8;
    let kind = u8_at(bytes, 8)?;
    let (mut at, mut marked) = (HEADER_BYTES, kind);
    while marked & 0x80 != 0 {
        marked = u8_at(bytes, at)?;
        at += EXTENSION_BYTES;
    }
    match kind & 0x7f {
        1 | 10 | 15 | 19 => hdlc(from(bytes, at)?),
        // An offset and padding stand before Ethernet.
        2 | 11 | 16 | 20 => Ok((Layer::Ethernet, from(bytes, at + 2)?)),
        22 | 23 => Ok((Layer::Ip, from(bytes, at)?)),
        _ => Err(NoSegment::NotTcp),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_number_is_of_one_link_type() {
        let numbers = LINKS.iter().flat_map(|link| link.numbers);
        let count = numbers.clone().count();
        assert_eq!(numbers.collect::<BTreeSet<_>>().len(), count);
        assert!(
            LINKS
                .iter()
                .all(|link| link.numbers.iter().all(|each| is_known(*each)))
        );
        assert!(!is_known(147));
    }
}
