//! Tunnels: GRE and what is carried in it, and those in UDP, by their port; VXLAN and foo over UDP also by their content.

use super::NoSegment;
use super::ip::Ip;
use super::layer::{Layer, Step, array_at, from, u8_at, u16_at, u32_at};
use super::{link, wifi};
use crate::length::usize_of;

const UDP_HEADER_BYTES: usize = 8;
const ERSPAN_1_OR_2: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;

/// GRE, and its first version that PPTP uses. See RFC 2784, 2890 and 2637.
pub(super) fn gre(bytes: &[u8]) -> Step<'_> {
    let flags = u16_at(bytes, 0)?;
    let protocol = u16_at(bytes, 2)?;
    let has = |flag: u16| flags & flag != 0;
    let (checksum, routing, key, sequence) = (0x8000, 0x4000, 0x2000, 0x1000);
    let is_pptp = flags & 7 == 1;
    let acknowledgment = if is_pptp { 0x0080 } else { 0 };
    let fields = [checksum | routing, key, sequence, acknowledgment];
    let fields = fields.into_iter().filter(|flag| has(*flag)).count();
    let mut bytes = from(bytes, 4 + 4 * fields)?;
    if has(routing) {
        bytes = behind_routes(bytes)?;
    }
    match protocol {
        // Ethernet over IP of MikroTik: its key is a length and a tunnel.
        0x6400 if is_pptp => Ok((Layer::Ethernet, bytes)),
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

/// Routes of GRE: an address family, an offset and a length each, of which the last has neither family nor length.
/// See RFC 1701.
fn behind_routes(mut bytes: &[u8]) -> Result<&[u8], NoSegment> {
    const HEADER_BYTES: usize = 4;
    loop {
        let [family @ .., _, length]: [u8; HEADER_BYTES] = array_at(bytes, 0)?;
        bytes = from(bytes, HEADER_BYTES + usize::from(length))?;
        if family == [0, 0] && length == 0 {
            return Ok(bytes);
        }
    }
}

/// Version 3, then a frame. Some senders have the version in the other half of its byte. See RFC 3378.
pub(super) fn ether_ip(bytes: &[u8]) -> Step<'_> {
    match array_at(bytes, 0)? {
        [0x30 | 0x03, 0] => Ok((Layer::Ethernet, from(bytes, 2)?)),
        _ => Err(NoSegment::UnknownTunnel),
    }
}

/// IPsec without encryption: an index, a number, maybe a nonce; an IP packet, and behind it padding that counts, its length and
/// the protocol. Only that tells it from what is encrypted. See RFC 4303, 2410 and 4543.
pub(super) fn esp(bytes: &[u8]) -> Step<'_> {
    const HEADER_BYTES: usize = 8;
    const NONCE_BYTES: usize = 8;
    let contents = [HEADER_BYTES, HEADER_BYTES + NONCE_BYTES].map(|at| bytes.get(at..));
    let mut contents = contents.into_iter().flatten();
    let packet = contents.find(|bytes| Ip::is_begun(bytes) && is_padded_packet(bytes));
    packet.map_or(Err(NoSegment::Encrypted), |bytes| Ok((Layer::Ip, bytes)))
}

/// Returns `true` if the padding of IPsec and the protocol of an IP packet stand behind one.
fn is_padded_packet(bytes: &[u8]) -> bool {
    let behind = Ip::length(bytes).and_then(|length| bytes.get(length..));
    let Some(behind) = behind else {
        return false;
    };
    let counts = (1..=u8::MAX).zip(behind);
    let padding = counts.take_while(|(count, byte)| count == *byte).count();
    // The length repeats the last byte of the padding, which is the number of its bytes.
    match behind.get(padding..) {
        Some([length, 4 | 41, ..]) => usize::from(*length) == padding,
        _ => false,
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
        4341 => lisp(bytes),
        5072 => ayiya(bytes),
        5247 => capwap(bytes),
        4500 if u32_at(bytes, 0)? != 0 => esp(bytes),
        51820 if matches!(u8_at(bytes, 0)?, 1..=4) => Err(NoSegment::Encrypted),
        _ => match source {
            2152 => gtp(bytes),
            1701 => l2tp(bytes),
            3544 => teredo(bytes),
            5072 => ayiya(bytes),
            5247 => capwap(bytes),
            4500 if u32_at(bytes, 0)? != 0 => esp(bytes),
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
    let bytes = from(bytes, at)?;
    match u8_at(bytes, 0)? >> 4 {
        4 | 6 if Ip::is_begun(bytes) || !link::is_frame(bytes) => Ok((Layer::Ip, bytes)),
        _ => Ok((Layer::Ethernet, bytes)),
    }
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

/// L2TP in version 2, whose data are PPP, or in version 3; control messages are not data. See RFC 2661 and 3931.
fn l2tp(bytes: &[u8]) -> Step<'_> {
    let flags = u16_at(bytes, 0)?;
    let has = |flag: u16| flags & flag != 0;
    let (control, length, sequence, offset) = (0x8000, 0x4000, 0x0800, 0x0200);
    if has(control) {
        return Err(NoSegment::NotTcp);
    }
    match flags & 0x0f {
        2 => {}
        3 => return l2tp_3(from(bytes, 4)?),
        _ => return Err(NoSegment::UnknownTunnel),
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

/// L2TP in version 3, from its session on, which is 0 for control messages. A cookie of up to 8 bytes, a sequence number and
/// the kind of content were agreed on before, so that what follows decides about them.
pub(super) fn l2tp_3(bytes: &[u8]) -> Step<'_> {
    if u32_at(bytes, 0)? == 0 {
        return Err(NoSegment::NotTcp);
    }
    for bytes in [4, 8, 12, 16].into_iter().filter_map(|at| bytes.get(at..)) {
        match bytes {
            [0xff, 0x03, 0x00, 0x21 | 0x57, ip @ ..] | [0x00, 0x21 | 0x57, ip @ ..]
                if Ip::is_begun(ip) =>
            {
                return Ok((Layer::Ppp, bytes));
            }
            [0x0f | 0x8f, 0x00, 0x08, 0x00, ip @ ..] | [0x0f | 0x8f, 0x00, 0x86, 0xdd, ip @ ..]
                if Ip::is_begun(ip) =>
            {
                return Ok((Layer::Ip, ip));
            }
            frame if link::is_frame_with_ip(frame) => return Ok((Layer::Ethernet, frame)),
            ip if Ip::is_begun(ip) => return Ok((Layer::Ip, ip)),
            _ => {}
        }
    }
    Err(NoSegment::UnknownTunnel)
}

/// LISP: flags, a nonce, an instance; a flag says that the protocol stands in the fourth byte. See RFC 9300 and 9305.
fn lisp(bytes: &[u8]) -> Step<'_> {
    match u8_at(bytes, 0)? & 0x04 {
        0 => Ok((Layer::Ip, from(bytes, 8)?)),
        _ => vxlan_gpe(bytes),
    }
}

/// Anything in anything: the lengths of identity and signature, an operation that is 1 for packets, the protocol as in IP.
/// See draft-massar-v6ops-ayiya-02.
fn ayiya(bytes: &[u8]) -> Step<'_> {
    let [identity, signature, operation, protocol] = array_at(bytes, 0)?;
    if operation & 0x0f != 1 {
        return Err(NoSegment::NotTcp);
    }
    let identity = 1_usize << (identity >> 4);
    let signature = usize::from(signature >> 4) * 4;
    let bytes = from(bytes, 8 + identity + signature)?;
    match protocol {
        4 | 41 => Ok((Layer::Ip, bytes)),
        47 => Ok((Layer::Gre, bytes)),
        _ => Err(NoSegment::UnknownTunnel),
    }
}

/// Access points of Wi-Fi: a length in words, the kind of network, and whether its frames or those of Ethernet follow.
/// See RFC 5415.
fn capwap(bytes: &[u8]) -> Step<'_> {
    let flags = u32_at(bytes, 0)?;
    if flags >> 24 == 1 {
        return Err(NoSegment::Encrypted);
    }
    let has = |flag: u32| flags & flag != 0;
    let (native, fragment, keep_alive) = (0x100, 0x80, 0x08);
    if flags >> 24 != 0 || has(keep_alive) {
        return Err(NoSegment::NotTcp);
    }
    if has(fragment) {
        return Err(NoSegment::UnknownTunnel);
    }
    let length = usize_of(u64::from((flags >> 19) & 0x1f)) * 4;
    let bytes = from(bytes, length)?;
    let is_wifi = (flags >> 9) & 0x1f == 1;
    match (has(native), is_wifi) {
        (false, _) => Ok((Layer::Ethernet, bytes)),
        (true, true) => wifi::frame_maybe_swapped(bytes),
        (true, false) => Err(NoSegment::UnknownTunnel),
    }
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
