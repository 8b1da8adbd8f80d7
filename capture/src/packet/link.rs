//! The headers below IP: which there are is said by the link type of the capture.

/// IEEE 802.1Q, 802.1ad and the numbers in use before them.
const VLANS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const PPPOE_SESSION: u16 = 0x8864;

/// Whether packets of this link type can be read.
///
/// See <https://www.tcpdump.org/linktypes.html>.
#[must_use]
pub const fn is_known(link_type: i32) -> bool {
    matches!(
        link_type,
        0 | 1 | 12 | 14 | 101 | 108 | 113 | 228 | 229 | 276
    )
}

/// The bytes from the IP header on; `None` if there is none.
pub(super) fn ip_packet(link_type: i32, bytes: &[u8]) -> Option<&[u8]> {
    match link_type {
        // Ethernet: two addresses, then the type.
        1 => by_type(u16_at(bytes, 12)?, bytes.get(14..)?),
        // Linux cooked: the type is last, or first in the second version.
        113 => by_type(u16_at(bytes, 14)?, bytes.get(16..)?),
        276 => by_type(u16_at(bytes, 0)?, bytes.get(20..)?),
        // Loopback: an address family, whose number for IPv6 depends on the system; the packet tells itself.
        0 | 108 => bytes.get(4..),
        12 | 14 | 101 | 228 | 229 => Some(bytes),
        _ => None,
    }
}

fn by_type(mut ether_type: u16, mut bytes: &[u8]) -> Option<&[u8]> {
    while VLANS.contains(&ether_type) {
        ether_type = u16_at(bytes, 2)?;
        bytes = bytes.get(4..)?;
    }
    match ether_type {
        IPV4 | IPV6 => Some(bytes),
        // Six bytes of PPPoE, two of PPP.
        PPPOE_SESSION => bytes.get(8..),
        _ => None,
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*bytes))
}
