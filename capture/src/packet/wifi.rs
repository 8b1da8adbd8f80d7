//! IEEE 802.11: data frames that are not encrypted.

use super::NoSegment;
use super::layer::{Layer, Step, array_at, from, u8_at};

const ADDRESS_BYTES: usize = 6;

/// What stands before a frame on monitoring interfaces. See <https://www.radiotap.org>.
pub(super) fn radiotap(bytes: &[u8]) -> Step<'_> {
    let length = u16::from_le_bytes(array_at(bytes, 2)?);
    Ok((Layer::Wifi, from(bytes, usize::from(length))?))
}

pub(super) fn frame(bytes: &[u8]) -> Step<'_> {
    let [kind, flags] = array_at(bytes, 0)?;
    let is_data = kind & 0x0c == 0x08;
    let is_empty = kind & 0x40 != 0;
    if !is_data || is_empty {
        return Err(NoSegment::NotTcp);
    }
    if flags & 0x40 != 0 {
        return Err(NoSegment::Encrypted);
    }
    let is_bridged = flags & 0x03 == 0x03;
    let mut length = 24;
    if is_bridged {
        length += ADDRESS_BYTES;
    }
    let has_quality = kind & 0x80 != 0;
    if has_quality {
        // Several frames in one are not taken apart.
        if u8_at(bytes, length)? & 0x80 != 0 {
            return Err(NoSegment::UnknownTunnel);
        }
        length += 2;
        if flags & 0x80 != 0 {
            length += 4;
        }
    }
    Ok((Layer::Llc, from(bytes, length)?))
}
