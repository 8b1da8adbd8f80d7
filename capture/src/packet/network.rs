//! The networks that a packet is in: VLANs, and those that tunnels name. Two networks may use the same addresses.

use super::layer::{Layer, u16_at, u32_at};
use super::link::is_vlan;

const UDP_HEADER_BYTES: usize = 8;
/// Ethernet in GRE, of which 8 bits of the key are a flow of the network. See RFC 7637.
const TRANSPARENT_ETHERNET: u16 = 0x6558;

/// Returns a number for the networks that the headers name up to this one; `outer` is that of the headers before it, 0 if
/// they name none.
pub(super) fn within(outer: u64, layer: Layer, bytes: &[u8]) -> u64 {
    match identifier(layer, bytes) {
        Some(id) if id > 0 => (outer ^ u64::from(id)).wrapping_mul(MULTIPLIER),
        _ => outer,
    }
}

fn identifier(layer: Layer, bytes: &[u8]) -> Option<u32> {
    match layer {
        Layer::EtherType(tag) if is_vlan(tag) => Some(u32::from(u16_at(bytes, 0).ok()? & 0x0fff)),
        // VXLAN and GENEVE have it at the same place.
        Layer::Udp => match u16_at(bytes, 2).ok()? {
            4789 | 8472 | 4790 | 6081 => Some(u32_at(bytes, UDP_HEADER_BYTES + 4).ok()? >> 8),
            _ => None,
        },
        Layer::Gre => {
            let (flags, protocol) = (u16_at(bytes, 0).ok()?, u16_at(bytes, 2).ok()?);
            if flags & 7 != 0 {
                return None;
            }
            let has_checksum = flags & 0x8000 != 0;
            // The first version, of PPTP, has a length there.
            let key = u32_at(bytes, if has_checksum { 8 } else { 4 }).ok()?;
            match (flags & 0x2000 != 0, protocol) {
                (false, _) => None,
                (true, TRANSPARENT_ETHERNET) => Some(key >> 8),
                (true, _) => Some(key),
            }
        }
        _ => None,
    }
}

/// As in other hash functions that multiply: odd, with bits everywhere.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
