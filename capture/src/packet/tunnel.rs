//! Tunnels: GRE and what is carried in it, and those in UDP, by their port; VXLAN and foo over UDP also by their content.

use super::NoSegment;
use super::ip::Ip;
use super::layer::{Layer, Step, array_at, from, u8_at, u16_at, u32_at};
use super::link;

const UDP_HEADER_BYTES: usize = 8;
const ERSPAN_1_OR_2: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;

/// GRE, and its first version that PPTP uses. See RFC 2784, 2890 and 2637.
pub(super) fn gre(bytes: &[u8]) -> Step<'_> {
    let flags = u16_at(bytes, 0)?;
    let protocol = u16_at(bytes, 2)?;
    let has = |flag: u16| flags & flag != 0;
    let (checksum, routing, key, sequence) = (0x8000, 0x4000, 0x2000, 0x1000);
    if has(routing) {
        return Err(NoSegment::UnknownTunnel);
    }
    let is_pptp = flags & 7 == 1;
    let acknowledgment = if is_pptp { 0x0080 } else { 0 };
    let fields = [checksum, key, sequence, acknowledgment];
    let fields = fields.into_iter().filter(|flag| has(*flag)).count();
    let bytes = from(bytes, 4 + 4 * fields)?;
    match protocol {
        ERSPAN_1_OR_2 if has(sequence) => Ok((Layer::Ethernet, from(bytes, 8)?)),
        ERSPAN_1_OR_2 => Ok((Layer::Ethernet, bytes)),
        ERSPAN_3 => erspan_3(bytes),
        // Redirection to a cache: IP, in version 2 of WCCP behind four bytes.
        0x883e if u8_at(bytes, 0)? >> 4 == 4 => Ok((Layer::Ip, bytes)),
        0x883e => Ok((Layer::Ip, from(bytes, 4)?)),
        // Two numbers of Cisco's for the same.
        0x2000 | 0x0000 => Err(NoSegment::NotTcp),
        ether_type => Ok((Layer::EtherType(ether_type), bytes)),
    }
}

/// See draft-foschiano-erspan-03.
fn erspan_3(bytes: &[u8]) -> Step<'_> {
    let flags = u16_at(bytes, 10)?;
    let has_platform_header = flags & 1 == 1;
    let bytes = from(bytes, if has_platform_header { 20 } else { 12 })?;
    match (flags >> 10) & 0x1f {
        0 => Ok((Layer::Ethernet, bytes)),
        2 => Ok((Layer::Ip, bytes)),
        _ => Err(NoSegment::UnknownTunnel),
    }
}

/// The tunnels in UDP: by their port, or on any port by what only VXLAN and foo over UDP look like.
pub(super) fn udp(bytes: &[u8]) -> Step<'_> {
    let (source, destination) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
    let length = usize::from(u16_at(bytes, 4)?).checked_sub(UDP_HEADER_BYTES);
    let bytes = from(bytes, UDP_HEADER_BYTES)?;
    match destination {
        // The number assigned, and that of Linux.
        4789 | 8472 => vxlan(bytes),
        4790 => vxlan_gpe(bytes),
        6081 => geneve(bytes),
        6635 => Ok((Layer::Mpls, bytes)),
        2152 => gtp(bytes),
        37008 => tzsp(bytes),
        4754 => gre(bytes),
        6080 => gue(bytes),
        1701 => l2tp(bytes),
        3544 => teredo(bytes),
        4500 if u32_at(bytes, 0)? != 0 => Err(NoSegment::Encrypted),
        51820 if matches!(u8_at(bytes, 0)?, 1..=4) => Err(NoSegment::Encrypted),
        _ => match source {
            2152 => gtp(bytes),
            1701 => l2tp(bytes),
            3544 => teredo(bytes),
            4500 if u32_at(bytes, 0)? != 0 => Err(NoSegment::Encrypted),
            51820 if matches!(u8_at(bytes, 0)?, 1..=4) => Err(NoSegment::Encrypted),
            // These may be set up for any port.
            _ if is_vxlan(bytes) => vxlan(bytes),
            _ => match length {
                Some(length) => fou(bytes, length).ok_or(NoSegment::NotTcp),
                None => Err(NoSegment::NotTcp),
            },
        },
    }
}

/// Returns `true` if only VXLAN looks like that: its one flag, what is reserved, and a frame with an EtherType that can be read.
fn is_vxlan(bytes: &[u8]) -> bool {
    matches!(bytes, [0x08, 0, 0, 0, _, _, _, 0, frame @ ..] if link::is_frame(frame))
}

/// Foo over UDP of Linux, a port without a header: IP, or GRE with IP, of which `length` bytes are the datagram's.
fn fou(bytes: &[u8], length: usize) -> Option<(Layer, &[u8])> {
    let is_gre = matches!(bytes, [0, 0, 0x08, 0x00, ..] | [0, 0, 0x86, 0xdd, ..]);
    if is_gre && Ip::is_whole(bytes.get(4..)?, length.checked_sub(4)?) {
        return Some((Layer::Gre, bytes));
    }
    Ip::is_whole(bytes, length).then_some((Layer::Ip, bytes))
}

/// Flags, of which one says that there is a network identifier; Ethernet follows. See RFC 7348.
fn vxlan(bytes: &[u8]) -> Step<'_> {
    if u8_at(bytes, 0)? & 0x08 == 0 {
        return Err(NoSegment::NotTcp);
    }
    Ok((Layer::Ethernet, from(bytes, 8)?))
}

/// The length of optional fields in words, the protocol as in IP; version 1 has IP at once. See draft-ietf-intarea-gue.
fn gue(bytes: &[u8]) -> Step<'_> {
    let [first, protocol] = array_at(bytes, 0)?;
    let is_control = first & 0x20 != 0;
    match first >> 6 {
        0 if !is_control => {
            let bytes = from(bytes, 4 + 4 * usize::from(first & 0x1f))?;
            match protocol {
                4 | 41 => Ok((Layer::Ip, bytes)),
                47 => Ok((Layer::Gre, bytes)),
                137 => Ok((Layer::Mpls, bytes)),
                _ => Err(NoSegment::UnknownTunnel),
            }
        }
        1 => Ok((Layer::Ip, bytes)),
        _ => Err(NoSegment::UnknownTunnel),
    }
}

/// The generic extension, which has the protocol.
fn vxlan_gpe(bytes: &[u8]) -> Step<'_> {
    let protocol = match u8_at(bytes, 0)? & 0x04 {
        0 => 3,
        _ => u8_at(bytes, 3)?,
    };
    let bytes = from(bytes, 8)?;
    match protocol {
        1 | 2 => Ok((Layer::Ip, bytes)),
        3 => Ok((Layer::Ethernet, bytes)),
        4 => link::service_header(bytes),
        5 => Ok((Layer::Mpls, bytes)),
        _ => Err(NoSegment::UnknownTunnel),
    }
}

/// The length of the options in words, the EtherType, an identifier. See RFC 8926.
fn geneve(bytes: &[u8]) -> Step<'_> {
    let first = u8_at(bytes, 0)?;
    if first >> 6 != 0 {
        return Err(NoSegment::UnknownTunnel);
    }
    let options = usize::from(first & 0x3f) * 4;
    let ether_type = u16_at(bytes, 2)?;
    Ok((Layer::EtherType(ether_type), from(bytes, 8 + options)?))
}

/// User packets of mobile networks: version 1, message 255, maybe headers behind. See 3GPP TS 29.281.
fn gtp(bytes: &[u8]) -> Step<'_> {
    let [flags, message] = array_at(bytes, 0)?;
    if flags >> 5 != 1 || message != 0xff {
        return Err(NoSegment::NotTcp);
    }
    let mut at = 8;
    if flags & 0x07 != 0 {
        let has_headers = flags & 0x04 != 0;
        let mut next = if has_headers { u8_at(bytes, 11)? } else { 0 };
        at = 12;
        while next != 0 {
            let length = usize::from(u8_at(bytes, at)?.max(1)) * 4;
            next = u8_at(bytes, at + length - 1)?;
            at += length;
        }
    }
    Ok((Layer::Ip, from(bytes, at)?))
}

/// TaZmen: version, kind, protocol, tagged fields, of which 1 is the last and 0 is padding.
pub(super) fn tzsp(bytes: &[u8]) -> Step<'_> {
    let protocol = u16_at(bytes, 2)?;
    let mut at = 4;
    loop {
        match u8_at(bytes, at)? {
            0 => at += 1,
            1 => break,
            _ => at += 2 + usize::from(u8_at(bytes, at + 1)?),
        }
    }
    let bytes = from(bytes, at + 1)?;
    match protocol {
        1 => Ok((Layer::Ethernet, bytes)),
        18 => Ok((Layer::Wifi, bytes)),
        _ => Err(NoSegment::UnknownTunnel),
    }
}

/// L2TP in version 2, whose data are PPP; control messages are not. See RFC 2661.
fn l2tp(bytes: &[u8]) -> Step<'_> {
    let flags = u16_at(bytes, 0)?;
    let has = |flag: u16| flags & flag != 0;
    let (control, length, sequence, offset) = (0x8000, 0x4000, 0x0800, 0x0200);
    if has(control) {
        return Err(NoSegment::NotTcp);
    }
    if flags & 0x0f != 2 {
        return Err(NoSegment::UnknownTunnel);
    }
    let mut at = 6;
    if has(length) {
        at += 2;
    }
    if has(sequence) {
        at += 4;
    }
    if has(offset) {
        at += 2 + usize::from(u16_at(bytes, at)?);
    }
    Ok((Layer::Ppp, from(bytes, at)?))
}

/// IPv6 in UDP, maybe behind an authentication and an origin. See RFC 4380.
fn teredo(mut bytes: &[u8]) -> Step<'_> {
    if let Ok([0, 1, client, value]) = array_at(bytes, 0) {
        bytes = from(bytes, 13 + usize::from(client) + usize::from(value))?;
    }
    if let Ok([0, 0]) = array_at(bytes, 0) {
        bytes = from(bytes, 8)?;
    }
    match u8_at(bytes, 0)? >> 4 {
        6 => Ok((Layer::Ip, bytes)),
        _ => Err(NoSegment::NotTcp),
    }
}
