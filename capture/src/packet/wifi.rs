//! IEEE 802.11: data frames that are not encrypted.

use super::NoSegment;
use super::layer::{Layer, Step, array_at, from, u8_at, u16_at, u32_at};
use crate::length::usize_of;

const ADDRESS_BYTES: usize = 6;

/// What stands before a frame on monitoring interfaces. See <https://www.radiotap.org>.
pub(super) fn radiotap(bytes: &[u8]) -> Step<'_> {
    let length = u16::from_le_bytes(array_at(bytes, 2)?);
    let layer = match is_padded(bytes) {
        Ok(true) => Layer::PaddedWifi,
        _ => Layer::Wifi,
    };
    Ok((layer, from(bytes, usize::from(length))?))
}

/// Returns `true` if the flags say that the header of the frame is padded to words. A time may stand before them.
fn is_padded(bytes: &[u8]) -> Result<bool, NoSegment> {
    const TIME: u32 = 1;
    const FLAGS: u32 = 1 << 1;
    const MORE: u32 = 1 << 31;
    const PADDED: u8 = 0x20;
    let word = |at: usize| array_at(bytes, at).map(u32::from_le_bytes);
    let present = word(4)?;
    let (mut at, mut last) = (8, present);
    while last & MORE != 0 {
        last = word(at)?;
        at += 4;
    }
    if present & TIME != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    Ok(present & FLAGS != 0 && u8_at(bytes, at)? & PADDED != 0)
}

/// The headers of older drivers: Prism's, of one length, or that of AVS, which has its length.
pub(super) fn prism_or_avs(bytes: &[u8]) -> Step<'_> {
    const PRISM_BYTES: usize = 144;
    let length = match u32_at(bytes, 0)? & 0xffff_f000 {
        0x8021_1000 => usize_of(u32_at(bytes, 4)?.into()),
        _ => PRISM_BYTES,
    };
    Ok((Layer::Wifi, from(bytes, length)?))
}

pub(super) fn frame(bytes: &[u8], is_padded: bool) -> Step<'_> {
    let [kind, flags] = array_at(bytes, 0)?;
    data(kind, flags, bytes, is_padded)
}

/// A frame in CAPWAP, whose first two bytes some access points swap. See RFC 5416.
pub(super) fn frame_maybe_swapped(bytes: &[u8]) -> Step<'_> {
    match array_at(bytes, 0)? {
        [0..=3, kind] if is_data(kind) => {
            let [flags, kind] = array_at(bytes, 0)?;
            data(kind, flags, bytes, false)
        }
        [kind, flags] => data(kind, flags, bytes, false),
    }
}

const fn is_data(kind: u8) -> bool {
    kind & 0x0f == 0x08
}

fn data(kind: u8, flags: u8, bytes: &[u8], is_padded: bool) -> Step<'_> {
    let is_empty = kind & 0x40 != 0;
    if !is_data(kind) || is_empty {
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
    let mut layer = Layer::Llc;
    if has_quality {
        if u8_at(bytes, length)? & 0x80 != 0 {
            layer = Layer::Aggregate;
        }
        length += 2;
        if flags & 0x80 != 0 {
            length += 4;
        }
    }
    if is_padded {
        length = length.next_multiple_of(4);
    }
    Ok((layer, from(bytes, length)?))
}

/// The first of several frames in one, and the others: two addresses, the length, LLC; padded to words.
pub(super) fn aggregate(bytes: &[u8]) -> Result<(&[u8], &[u8]), NoSegment> {
    const HEADER_BYTES: usize = 2 * ADDRESS_BYTES + 2;
    let length = usize::from(u16_at(bytes, 2 * ADDRESS_BYTES)?);
    let content = from(bytes, HEADER_BYTES)?;
    let first = content.get(..length).unwrap_or(content);
    let next = (HEADER_BYTES + length).next_multiple_of(4);
    let rest = bytes.get(next..).unwrap_or_default();
    // What is shorter than a header is a check sequence.
    Ok((first, if rest.len() > HEADER_BYTES { rest } else { &[] }))
}
