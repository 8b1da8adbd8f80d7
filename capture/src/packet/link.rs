//! The link layer: headers that are read by EtherType, and those of points and circuits.

use super::NoSegment;
use super::ip::Ip;
use super::layer::{Layer, Step, array_at, from, u8_at, u16_at};

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// IEEE 802.1Q, 802.1ad and the numbers in use before them.
const VLANS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
/// Numbers up to this one are lengths, and LLC follows.
const MAX_LENGTH: u16 = 1500;

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
        // The fine-grained label of TRILL, in two halves.
        0x893b => tagged(bytes, 2),
        // VN-Tag, and the redundancy tags of HSR and IEEE 802.1CB.
        0x8926 | 0x892f | 0xf1c1 => tagged(bytes, 4),
        // IEEE 802.1BR, Cisco metadata (version, length, option, security group), and Marvell's tag of a switch.
        0x893f | 0x8909 | 0xdada => tagged(bytes, 6),
        0x22f3 => trill(bytes),
        // Cisco FabricPath: a tag behind outer addresses, then a frame.
        0x8903 => Ok((Layer::Ethernet, from(bytes, 2)?)),
        0xd28b => timestamped(bytes),
        0x4305 => batman(bytes),
        0x894f => service_header(bytes),
        // MACsec, of which integrity alone can be read.
        0x88e5 => macsec(bytes),
        length if length <= MAX_LENGTH => Ok((Layer::Llc, bytes)),
        _ => Err(NoSegment::NotTcp),
    }
}

/// A tag of `length` bytes, then the EtherType.
pub(super) fn tagged(bytes: &[u8], length: usize) -> Step<'_> {
    let ether_type = u16_at(bytes, length)?;
    Ok((Layer::EtherType(ether_type), from(bytes, length + 2)?))
}

/// LLC. See RFC 1042, and RFC 2684 for frames and PPP in it.
pub(super) fn llc(bytes: &[u8]) -> Step<'_> {
    match array_at(bytes, 0)? {
        [0xaa, 0xaa, 0x03] => match (array_at(bytes, 3)?, u16_at(bytes, 6)?) {
            ([0x00, 0x80, 0xc2], 1 | 7) => Ok((Layer::Ethernet, from(bytes, 10)?)),
            (_, ether_type) => Ok((Layer::EtherType(ether_type), from(bytes, 8)?)),
        },
        [0x06, 0x06, 0x03] => Ok((Layer::Ip, from(bytes, 3)?)),
        [0xfe, 0xfe, 0x03] => network_layer(bytes, 3),
        _ => Err(NoSegment::NotTcp),
    }
}

/// The identifier of a network layer, then its packet. See RFC 2427.
fn network_layer(bytes: &[u8], at: usize) -> Step<'_> {
    let content = from(bytes, at + 1)?;
    match u8_at(bytes, at)? {
        0xcc | 0x8e => Ok((Layer::Ip, content)),
        0xcf => Ok((Layer::Ppp, content)),
        0x80 => match (array_at(content, 0)?, u16_at(content, 3)?) {
            ([0x00, 0x80, 0xc2], 1 | 7) => Ok((Layer::Ethernet, from(content, 5)?)),
            (_, ether_type) => Ok((Layer::EtherType(ether_type), from(content, 5)?)),
        },
        _ => Err(NoSegment::NotTcp),
    }
}

/// Frame relay: an address, of which the last byte is marked, then an identifier; or an EtherType, as Cisco has it.
pub(super) fn frame_relay(bytes: &[u8]) -> Step<'_> {
    let mut address = bytes.iter().take(4);
    let last = address.position(|byte| byte & 1 == 1);
    let bytes = from(bytes, last.ok_or(NoSegment::NotTcp)? + 1)?;
    match array_at(bytes, 0)? {
        [0x03, 0x00] => network_layer(bytes, 2),
        [0x03, _] => network_layer(bytes, 1),
        ether_type => Ok((
            Layer::EtherType(u16::from_be_bytes(ether_type)),
            from(bytes, 2)?,
        )),
    }
}

/// ATM with LLC, or without: then the circuit carries PPP or IP alone. See RFC 2684 and 2364.
pub(super) fn atm(bytes: &[u8]) -> Step<'_> {
    match array_at(bytes, 0)? {
        [0xaa, 0xaa] | [0xfe, 0xfe] => Ok((Layer::Llc, bytes)),
        [0x00, 0x21 | 0x57] => Ok((Layer::Ppp, bytes)),
        _ => Ok((Layer::Ip, bytes)),
    }
}

/// Cisco's HDLC: an address, zero, the EtherType.
pub(super) fn hdlc(bytes: &[u8]) -> Step<'_> {
    match u8_at(bytes, 0)? {
        0x0f | 0x8f => Ok((Layer::EtherType(u16_at(bytes, 2)?), from(bytes, 4)?)),
        _ => Ok((Layer::Ppp, bytes)),
    }
}

/// A PPPoE session: version, code 0, session, length. See RFC 2516.
pub(super) fn pppoe(bytes: &[u8]) -> Step<'_> {
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
        0x3d => multilink(bytes),
        // Encrypted, and compressed in a way that depends on packets before.
        0x53 => Err(NoSegment::Encrypted),
        0x2d | 0x2f | 0xfd => Err(NoSegment::UnknownTunnel),
        _ => Err(NoSegment::NotTcp),
    }
}

/// A fragment of PPP's multilink that is all of its packet, with a sequence number of 4 or 2 bytes. See RFC 1990.
fn multilink(bytes: &[u8]) -> Step<'_> {
    if u8_at(bytes, 0)? & 0xc0 != 0xc0 {
        return Err(NoSegment::UnknownTunnel);
    }
    let is_ip = |at: &usize| {
        from(bytes, *at).is_ok_and(|bytes| match bytes {
            [0x00, 0x21 | 0x57, ip @ ..] | [0x21 | 0x57, ip @ ..] => Ip::is_begun(ip),
            _ => false,
        })
    };
    match [4, 2].into_iter().find(is_ip) {
        Some(at) => Ok((Layer::Ppp, from(bytes, at)?)),
        None => Err(NoSegment::UnknownTunnel),
    }
}

/// TRILL: the length of options in words, then a frame. See RFC 6325.
fn trill(bytes: &[u8]) -> Step<'_> {
    let flags = u16_at(bytes, 0)?;
    if flags >> 14 != 0 {
        return Err(NoSegment::UnknownTunnel);
    }
    let options = usize::from((flags >> 6) & 0x1f) * 4;
    Ok((Layer::Ethernet, from(bytes, 6 + options)?))
}

/// A time of Arista's switches, whose length is in the version, then the EtherType.
fn timestamped(bytes: &[u8]) -> Step<'_> {
    match (u16_at(bytes, 0)?, u16_at(bytes, 2)? & 0xff) {
        (1, 0x10) => tagged(bytes, 12),
        (1, 0x20) => tagged(bytes, 10),
        _ => Err(NoSegment::NotTcp),
    }
}

/// A mesh of B.A.T.M.A.N. in version 15: packets to one station have a frame behind their header.
fn batman(bytes: &[u8]) -> Step<'_> {
    match array_at(bytes, 0)? {
        [0x40, 15] => Ok((Layer::Ethernet, from(bytes, 10)?)),
        [0x42, 15] => Ok((Layer::Ethernet, from(bytes, 18)?)),
        [0x41, 15] => Err(NoSegment::UnknownTunnel),
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
        // A frame without a control word may begin like IP.
        4 | 6 if !is_frame(bytes) || Ip::is_begun(bytes) => Ok((Layer::Ip, bytes)),
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

/// Returns `true` if a frame has IP behind its EtherType and the tags of VLANs.
pub(super) fn is_frame_with_ip(bytes: &[u8]) -> bool {
    const MAX_TAGS: usize = 4;
    let places = (0..=MAX_TAGS).map(|tags| 12 + 4 * tags);
    for at in places {
        match u16_at(bytes, at) {
            Ok(IPV4 | IPV6) => return bytes.get(at + 2..).is_some_and(Ip::is_begun),
            Ok(0x8847 | 0x8864) => return true,
            Ok(tag) if is_vlan(tag) => {}
            _ => return false,
        }
    }
    false
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
