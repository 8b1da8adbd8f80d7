//! The networks that a packet is in: VLANs, tunnels between two addresses, and what tunnels name. Two networks may use
//! the same addresses.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::ip::Ip;
use super::layer::{Layer, u16_at, u32_at};
use super::link::is_vlan;

const UDP_HEADER_BYTES: usize = 8;
const GTP_PORT: u16 = 2152;
const L2TP_PORT: u16 = 1701;
const PPPOE_SESSION: u16 = 0x8864;
/// Ethernet in Ethernet, of a service that its tag names. See IEEE 802.1ah.
const BACKBONE: u16 = 0x88e7;
/// Ethernet in GRE, of which 8 bits of the key are a flow of the network. See RFC 7637.
const TRANSPARENT_ETHERNET: u16 = 0x6558;

/// Returns a number for the networks that the headers name up to this one; `outer` is that of the headers before it, 0 if
/// they name none.
pub(super) fn within(outer: u64, layer: Layer, bytes: &[u8]) -> u64 {
    match identifier(layer, bytes) {
        Some(id) if id > 0 => mix(outer, id),
        _ => outer,
    }
}

/// Returns a number for the networks that an IP packet is in which carries another: a tunnel between its two ends, which is
/// the same in both directions.
pub(super) fn between(ip: &Ip<'_>) -> u64 {
    let ends = (ip.source.min(ip.destination), ip.source.max(ip.destination));
    let mut hasher = DefaultHasher::new();
    ends.hash(&mut hasher);
    mix(ip.network, hasher.finish())
}

fn mix(outer: u64, id: u64) -> u64 {
    (outer ^ id).wrapping_mul(MULTIPLIER)
}

fn identifier(layer: Layer, bytes: &[u8]) -> Option<u64> {
    match layer {
        Layer::EtherType(tag) if is_vlan(tag) => Some(u64::from(u16_at(bytes, 0).ok()? & 0x0fff)),
        Layer::EtherType(BACKBONE) => Some(u64::from(u32_at(bytes, 0).ok()? & 0x00ff_ffff)),
        Layer::EtherType(PPPOE_SESSION) => Some(u16_at(bytes, 2).ok()?.into()),
        Layer::Mpls => Some(labels(bytes)),
        // VXLAN and GENEVE have it at the same place.
        Layer::Udp => match u16_at(bytes, 2).ok()? {
            4789 | 8472 | 4790 | 6081 => {
                Some(u64::from(u32_at(bytes, UDP_HEADER_BYTES + 4).ok()? >> 8))
            }
            L2TP_PORT => {
                let flags = u16_at(bytes, UDP_HEADER_BYTES).ok()?;
                // The session, with the tunnel before it in version 2, which has a length in front if a flag is set.
                let at = if flags & 0x4000 != 0 || flags & 0xf == 3 {
                    4
                } else {
                    2
                };
                Some(u32_at(bytes, UDP_HEADER_BYTES + at).ok()?.into())
            }
            GTP_PORT => Some(u32_at(bytes, UDP_HEADER_BYTES + 4).ok()?.into()),
            _ => None,
        },
        Layer::Gre => {
            let (flags, protocol) = (u16_at(bytes, 0).ok()?, u16_at(bytes, 2).ok()?);
            if flags & 7 != 0 {
                return None;
            }
            // Both a checksum and routing bring four bytes.
            let has_checksum = flags & 0xc000 != 0;
            // The first version, of PPTP, has a length there.
            let key = u64::from(u32_at(bytes, if has_checksum { 8 } else { 4 }).ok()?);
            match (flags & 0x2000 != 0, protocol) {
                (false, _) => None,
                (true, TRANSPARENT_ETHERNET) => Some(key >> 8),
                (true, _) => Some(key),
            }
        }
        _ => None,
    }
}

/// A number for MPLS labels, one behind the other up to the one that is marked as the last.
fn labels(bytes: &[u8]) -> u64 {
    let mut all = 0;
    for word in bytes.as_chunks::<4>().0 {
        let word = u32::from_be_bytes(*word);
        all = mix(all, u64::from(word >> 12) + 1);
        if word & 0x100 != 0 {
            break;
        }
    }
    all
}

/// As in other hash functions that multiply: odd, with bits everywhere.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
