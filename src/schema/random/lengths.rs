//! Lengths in front of values, in either encoding. They are within the options, which are far below what a length can say.

use crate::wire::Encoding;

/// Appends the length of a string, or null.
#[inline]
pub(super) fn put_string_length(out: &mut Vec<u8>, e: Encoding, length: Option<usize>) {
    match e {
        Encoding::Compact => put_varint(out, length.map_or(0, |length| length + 1)),
        Encoding::Classic => {
            let length = length.map_or(-1, |length| i16::try_from(length).unwrap_or(i16::MAX));
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
}

/// Appends the length of bytes or the count of an array, or null.
#[inline]
pub(super) fn put_blob_length(out: &mut Vec<u8>, e: Encoding, length: Option<usize>) {
    match e {
        Encoding::Compact => put_varint(out, length.map_or(0, |length| length + 1)),
        Encoding::Classic => {
            let length = length.map_or(-1, |length| i32::try_from(length).unwrap_or(i32::MAX));
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
}

/// Appends an unsigned variable-length integer.
#[inline]
pub(super) fn put_varint(out: &mut Vec<u8>, value: usize) {
    let mut rest = value;
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}
