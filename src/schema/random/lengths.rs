//! Lengths in front of values, in either encoding. They are within the options, which are far below what a length can say.

use crate::wire::{Encoding, varint};

/// Appends the length of a string, or null.
#[inline(always)]
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
#[inline(always)]
pub(super) fn put_blob_length(out: &mut Vec<u8>, e: Encoding, length: Option<usize>) {
    match e {
        Encoding::Compact => put_varint(out, length.map_or(0, |length| length + 1)),
        Encoding::Classic => {
            let length = length.map_or(-1, |length| i32::try_from(length).unwrap_or(i32::MAX));
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
}

/// Appends an unsigned variable-length integer. Most take a byte.
#[inline(always)]
pub(super) fn put_varint(out: &mut Vec<u8>, value: usize) {
    match u8::try_from(value) {
        Ok(byte @ ..0x80) => out.push(byte),
        _ => put_long_varint(out, value),
    }
}

#[cold]
fn put_long_varint(out: &mut Vec<u8>, value: usize) {
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    let mut bytes = [0; varint::MAX_BYTES];
    let length = varint::encode(value, &mut bytes);
    out.extend_from_slice(bytes.get(..length).expect("it fits"));
}

/// Writes `value` in place of the byte at `at`, and moves what follows if it takes more than a byte.
#[inline]
pub(super) fn widen(out: &mut Vec<u8>, at: usize, value: usize) {
    match (u8::try_from(value), out.get_mut(at)) {
        (Ok(short @ ..0x80), Some(byte)) => *byte = short,
        _ => {
            let mut long = Vec::new();
            put_varint(&mut long, value);
            out.splice(at..=at, long);
        }
    }
}
