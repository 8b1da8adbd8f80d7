//! The link layer: its headers, by the link type of the capture and by EtherType.

use super::NoSegment;
use super::layer::{Layer, Step, array_at, from, u8_at, u16_at};
use super::wifi;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// IEEE 802.1Q, 802.1ad and the numbers in use before them.
const VLANS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
/// Numbers up to this one are lengths, and LLC follows.
const MAX_LENGTH: u16 = 1500;

/// Returns `true` if packets of this link type can be read.
///
/// See <https://www.tcpdump.org/linktypes.html>.
#[must_use]
pub const fn is_known(link_type: i32) -> bool {
    matches!(
        link_type,
        0 | 1
            | 9
            | 12
            | 14
            | 50
            | 51
            | 101
            | 104
            | 105
            | 108
            | 109
            | 113
            | 117
            | 127
            | 166
            | 192
            | 204
            | 205
            | 219
            | 228
            | 229
            | 239
            | 276
    )
}

/// Reads the header that packets of a link type begin with.
pub(super) fn begin(link_type: i32, bytes: &[u8]) -> Step<'_> {
    match link_type {
        1 => Ok((Layer::Ethernet, bytes)),
        12 | 14 | 101 | 228 | 229 => Ok((Layer::Ip, bytes)),
        // Loopback: an address family, whose number for IPv6 depends on the system.
        0 | 108 => Ok((Layer::Ip, from(bytes, 4)?)),
        // Linux cooked: the type is last, or first in the second version.
        113 => Ok((Layer::EtherType(u16_at(bytes, 14)?), from(bytes, 16)?)),
        276 => Ok((Layer::EtherType(u16_at(bytes, 0)?), from(bytes, 20)?)),
        9 | 50 => Ok((Layer::Ppp, bytes)),
        // A direction, then PPP or HDLC.
        166 | 204 => Ok((Layer::Ppp, from(bytes, 1)?)),
        205 => hdlc(from(bytes, 1)?),
        104 => hdlc(bytes),
        51 => pppoe(bytes),
        219 => Ok((Layer::Mpls, bytes)),
        // OpenBSD: its encapsulation interface, and its packet filter's log.
        109 => Ok((Layer::Ip, from(bytes, 12)?)),
        117 => {
            let length = usize::from(u8_at(bytes, 0)?);
            Ok((Layer::Ip, from(bytes, length.next_multiple_of(4))?))
        }
        239 => nflog(bytes),
        105 => Ok((Layer::Wifi, bytes)),
        127 => wifi::radiotap(bytes),
        192 => per_packet_information(bytes),
        _ => Err(NoSegment::NotTcp),
    }
}

/// Returns `true` if this EtherType stands for the tag of a VLAN.
pub(super) fn is_vlan(ether_type: u16) -> bool {
    VLANS.contains(&ether_type)
}

pub(super) fn ethernet(bytes: &[u8]) -> Step<'_> {
    Ok((Layer::EtherType(u16_at(bytes, 12)?), from(bytes, 14)?))
}

/// Reads the header that an EtherType stands for.
///
/// See <https://www.iana.org/assignments/ieee-802-numbers>.
pub(super) fn ether_type(ether_type: u16, bytes: &[u8]) -> Step<'_> {
    match ether_type {
        IPV4 | IPV6 => Ok((Layer::Ip, bytes)),
        tag if is_vlan(tag) => tagged(bytes, 2),
        0x8847 | 0x8848 => Ok((Layer::Mpls, bytes)),
        0x8864 => pppoe(bytes),
        0x6558 => Ok((Layer::Ethernet, bytes)),
        0x880b => Ok((Layer::Ppp, bytes)),
        // Provider backbone bridging: a tag, then a frame.
        0x88e7 => Ok((Layer::Ethernet, from(bytes, 4)?)),
        // VN-Tag, and the redundancy tag of HSR.
        0x8926 | 0x892f => tagged(bytes, 4),
        // IEEE 802.1BR, and Cisco metadata: version, length, option, security group.
        0x893f | 0x8909 => tagged(bytes, 6),
        0x894f => service_header(bytes),
        // MACsec, of which integrity alone can be read.
        0x88e5 => macsec(bytes),
        length if length <= MAX_LENGTH => Ok((Layer::Llc, bytes)),
        _ => Err(NoSegment::NotTcp),
    }
}

/// A tag of `length` bytes, then the EtherType.
fn tagged(bytes: &[u8], length: usize) -> Step<'_> {
    let ether_type = u16_at(bytes, length)?;
    Ok((Layer::EtherType(ether_type), from(bytes, length + 2)?))
}

/// LLC. See RFC 1042.
pub(super) fn llc(bytes: &[u8]) -> Step<'_> {
    match array_at(bytes, 0)? {
        [0xaa, 0xaa, 0x03] => Ok((Layer::EtherType(u16_at(bytes, 6)?), from(bytes, 8)?)),
        [0x06, 0x06, 0x03] => Ok((Layer::Ip, from(bytes, 3)?)),
        _ => Err(NoSegment::NotTcp),
    }
}

/// Cisco's HDLC: an address, zero, the EtherType.
fn hdlc(bytes: &[u8]) -> Step<'_> {
    match u8_at(bytes, 0)? {
        0x0f | 0x8f => Ok((Layer::EtherType(u16_at(bytes, 2)?), from(bytes, 4)?)),
        _ => Ok((Layer::Ppp, bytes)),
    }
}

/// A PPPoE session: version, code 0, session, length. See RFC 2516.
fn pppoe(bytes: &[u8]) -> Step<'_> {
    match u8_at(bytes, 1)? {
        0 => Ok((Layer::Ppp, from(bytes, 6)?)),
        _ => Err(NoSegment::NotTcp),
    }
}

/// PPP: maybe an address and a control byte, the protocol in one or two bytes. See RFC 1661.
pub(super) fn ppp(bytes: &[u8]) -> Step<'_> {
    let bytes = match bytes {
        [0xff, 0x03, rest @ ..] => rest,
        bytes => bytes,
    };
    let first = u8_at(bytes, 0)?;
    let (protocol, bytes) = if first & 1 == 1 {
        (u16::from(first), from(bytes, 1)?)
    } else {
        (u16_at(bytes, 0)?, from(bytes, 2)?)
    };
    match protocol {
        0x21 | 0x57 => Ok((Layer::Ip, bytes)),
        0x31 => Ok((Layer::Ethernet, from(bytes, 2)?)),
        0x0281 | 0x0283 => Ok((Layer::Mpls, bytes)),
        // Encrypted, and compressed in a way that depends on packets before.
        0x53 => Err(NoSegment::Encrypted),
        0x2d | 0x2f | 0x3d | 0xfd => Err(NoSegment::UnknownTunnel),
        _ => Err(NoSegment::NotTcp),
    }
}

/// MPLS labels, the last of which is marked; the first four bits of their content tell its protocol. See RFC 4928.
pub(super) fn mpls(bytes: &[u8]) -> Step<'_> {
    let is_last = |label: &[u8]| label.get(2).is_some_and(|byte| byte & 1 == 1);
    let mut labels = bytes.chunks_exact(4).map(is_last);
    let depth = labels.position(|is_last| is_last);
    let bytes = from(bytes, (depth.ok_or(NoSegment::HeadersCut)? + 1) * 4)?;
    match u8_at(bytes, 0)? >> 4 {
        4 | 6 => Ok((Layer::Ip, bytes)),
        // The control word of a pseudowire, if it is not the address of a frame without one.
        0 if !is_frame(bytes) || from(bytes, 4).is_ok_and(is_frame) => {
            Ok((Layer::Ethernet, from(bytes, 4)?))
        }
        _ => Ok((Layer::Ethernet, bytes)),
    }
}

/// Returns `true` if an EtherType that can be read stands where a frame has it.
pub(super) fn is_frame(bytes: &[u8]) -> bool {
    let ether_type = u16_at(bytes, 12);
    ether_type.is_ok_and(|ether_type| {
        matches!(ether_type, IPV4 | IPV6 | 0x8847 | 0x8864) || is_vlan(ether_type)
    })
}

/// The network service header: its length in words, and what follows. See RFC 8300.
pub(super) fn service_header(bytes: &[u8]) -> Step<'_> {
    let length = usize::from(u8_at(bytes, 1)? & 0x3f) * 4;
    let next = u8_at(bytes, 3)?;
    let bytes = from(bytes, length)?;
    match next {
        1 | 2 => Ok((Layer::Ip, bytes)),
        3 => Ok((Layer::Ethernet, bytes)),
        5 => Ok((Layer::Mpls, bytes)),
        _ => Err(NoSegment::UnknownTunnel),
    }
}

fn macsec(bytes: &[u8]) -> Step<'_> {
    let control = u8_at(bytes, 0)?;
    if control & 0x0c != 0 {
        return Err(NoSegment::Encrypted);
    }
    // A short length and a packet number, and a channel if it is explicit.
    let length = if control & 0x20 == 0 { 6 } else { 14 };
    tagged(bytes, length)
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

/// PPI: a header in little endian with the link type of what follows.
fn per_packet_information(bytes: &[u8]) -> Step<'_> {
    let length = usize::from(u16::from_le_bytes(array_at(bytes, 2)?));
    let link_type = u32::from_le_bytes(array_at(bytes, 4)?);
    match i32::try_from(link_type) {
        // Not another one, so that this ends.
        Ok(192) | Err(_) => Err(NoSegment::NotTcp),
        Ok(link_type) => begin(link_type, from(bytes, length)?),
    }
}
