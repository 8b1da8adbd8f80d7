//! Zig-zag variable-length integers, as records have them. Lengths of messages are in [`wire`](crate::wire).
//!
//! Seven bits a byte, lowest first; the high bit says that more follow. Overlong forms are read,
//! and excess bits dropped, as Kafka does.

use bytes::BytesMut;

/// The maximum number of bytes of a 32-bit integer.
pub(super) const MAX_32: usize = 5;
/// The maximum number of bytes of a 64-bit integer.
pub(super) const MAX_64: usize = 10;

/// A 32-bit integer at the start of `input` and the bytes after it; `None` if it does not end.
#[inline]
pub(super) fn read_32(input: &[u8]) -> Option<(i32, &[u8])> {
    match input {
        [a, rest @ ..] if *a < 0x80 => Some((unzigzag_32(u32::from(*a)), rest)),
        [a, b, rest @ ..] if *b < 0x80 => {
            let value = u32::from(*a & 0x7f) | u32::from(*b) << 7;
            Some((unzigzag_32(value), rest))
        }
        _ => long_32(input),
    }
}

/// A 64-bit integer at the start of `input` and the bytes after it; `None` if it does not end.
#[inline]
pub(super) fn read_64(input: &[u8]) -> Option<(i64, &[u8])> {
    match input {
        [a, rest @ ..] if *a < 0x80 => Some((unzigzag_64(u64::from(*a)), rest)),
        [a, b, rest @ ..] if *b < 0x80 => {
            let value = u64::from(*a & 0x7f) | u64::from(*b) << 7;
            Some((unzigzag_64(value), rest))
        }
        _ => long_64(input),
    }
}

#[inline(never)]
fn long_32(input: &[u8]) -> Option<(i32, &[u8])> {
    let mut value = 0;
    for (index, byte) in input.iter().take(MAX_32).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Some((unzigzag_32(value), input.get(index + 1..)?));
        }
    }
    None
}

#[inline(never)]
fn long_64(input: &[u8]) -> Option<(i64, &[u8])> {
    let mut value = 0;
    for (index, byte) in input.iter().take(MAX_64).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Some((unzigzag_64(value), input.get(index + 1..)?));
        }
    }
    None
}

/// Appends a few values at once, so that a buffer is asked for room but once: at most
/// [`ROOM`] bytes.
///
/// They are written in place. In an array of their own they would be copied as a whole right after
/// they were written in pieces, which processors wait for.
#[inline]
pub(super) fn append(out: &mut BytesMut, write: impl FnOnce(&mut Front<'_>)) {
    let start = out.len();
    out.extend_from_slice(&[0; ROOM]);
    let room = out.get_mut(start..).and_then(<[u8]>::first_chunk_mut);
    let length = room.map_or(0, |bytes| {
        let mut front = Front { bytes, length: 0 };
        write(&mut front);
        front.length
    });
    out.truncate(start + length);
}

/// The maximum number of bytes that are appended at once: a byte, a 64-bit and four 32-bit integers take 31.
pub(super) const ROOM: usize = 32;

/// The place that [`append`] writes to.
pub(super) struct Front<'a> {
    bytes: &'a mut [u8; ROOM],
    length: usize,
}

impl Front<'_> {
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        }
    }

    #[inline]
    pub(super) fn int(&mut self, value: i32) {
        self.unsigned(u64::from(zigzag_32(value)));
    }

    #[inline]
    pub(super) fn long(&mut self, value: i64) {
        self.unsigned(zigzag_64(value));
    }

    /// A length. Callers have checked the size of what they write.
    #[inline]
    pub(super) fn size(&mut self, length: usize) {
        self.int(i32::try_from(length).expect("sizes were checked"));
    }

    /// The length of `value`, -1 for null.
    #[inline]
    pub(super) fn nullable(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.size(value.len()),
            None => self.byte(1),
        }
    }

    #[inline]
    fn unsigned(&mut self, mut value: u64) {
        if (0x80..0x4000).contains(&value) {
            let [low, ..] = value.to_le_bytes();
            let [high, ..] = (value >> 7).to_le_bytes();
            self.byte(low | 0x80);
            self.byte(high);
            return;
        }
        while value >= 0x80 {
            let [low, ..] = value.to_le_bytes();
            self.byte(low | 0x80);
            value >>= 7;
        }
        let [low, ..] = value.to_le_bytes();
        self.byte(low);
    }
}

/// How many bytes `value` takes.
#[inline]
pub(super) const fn size_32(value: i32) -> usize {
    size(32 - (zigzag_32(value) | 1).leading_zeros())
}

/// How many bytes `value` takes.
#[inline]
pub(super) const fn size_64(value: i64) -> usize {
    size(64 - (zigzag_64(value) | 1).leading_zeros())
}

/// How many bytes 1 to 64 bits take: a seventh, rounded up.
const fn size(bits: u32) -> usize {
    ((bits * 9 + 64) / 64) as usize
}

#[inline]
const fn zigzag_32(value: i32) -> u32 {
    u32::from_ne_bytes(((value << 1) ^ (value >> 31)).to_ne_bytes())
}

#[inline]
const fn zigzag_64(value: i64) -> u64 {
    u64::from_ne_bytes(((value << 1) ^ (value >> 63)).to_ne_bytes())
}

#[inline]
const fn unzigzag_32(value: u32) -> i32 {
    let magnitude = i32::from_ne_bytes((value >> 1).to_ne_bytes());
    magnitude ^ -i32::from_ne_bytes((value & 1).to_ne_bytes())
}

#[inline]
const fn unzigzag_64(value: u64) -> i64 {
    let magnitude = i64::from_ne_bytes((value >> 1).to_ne_bytes());
    magnitude ^ -i64::from_ne_bytes((value & 1).to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Front<'_>)) -> Vec<u8> {
        let mut out = BytesMut::new();
        append(&mut out, write);
        out.to_vec()
    }

    const TABLE: [(i64, &[u8]); 12] = [
        (0, &[0x00]),
        (-1, &[0x01]),
        (1, &[0x02]),
        (63, &[0x7e]),
        (-64, &[0x7f]),
        (64, &[0x80, 0x01]),
        (-65, &[0x81, 0x01]),
        (8191, &[0xfe, 0x7f]),
        (8192, &[0x80, 0x80, 0x01]),
        (0x7fff_ffff, &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
        (-0x8000_0000, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        (
            i64::MIN,
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ),
    ];

    #[test]
    fn integers_have_these_bytes_in_both_directions() {
        for (value, bytes) in TABLE {
            assert_eq!(written(|front| front.long(value)), bytes);
            assert_eq!(size_64(value), bytes.len());
            assert_eq!(read_64(bytes), Some((value, &[][..])));
            if let Ok(value) = i32::try_from(value) {
                assert_eq!(written(|front| front.int(value)), bytes);
                assert_eq!(size_32(value), bytes.len());
                assert_eq!(read_32(bytes), Some((value, &[][..])));
            }
        }
    }

    #[test]
    fn sizes_are_right_at_every_border() {
        for bits in 0..63 {
            for value in [
                (1_i64 << bits) - 1,
                1 << bits,
                -(1 << bits),
                -(1 << bits) - 1,
            ] {
                let length = written(|front| front.long(value)).len();
                assert_eq!(size_64(value), length, "{value}");
            }
        }
    }

    #[test]
    fn overlong_forms_and_excess_bits_are_read_as_java_reads_them() {
        assert_eq!(read_32(&[0x82, 0x80, 0x00, 7]), Some((1, &[7][..])));
        assert_eq!(
            read_32(&[0xff, 0xff, 0xff, 0xff, 0x7f]),
            Some((i32::MIN, &[][..]))
        );
        assert_eq!(read_64(&[0x82, 0x80, 0x80, 0x00]), Some((1, &[][..])));
    }

    #[test]
    fn an_integer_that_does_not_end_is_none() {
        assert_eq!(read_32(&[]), None);
        assert_eq!(read_32(&[0x80; 2]), None);
        assert_eq!(read_32(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), None);
        assert_eq!(read_64(&[0x80; 10]), None);
    }
}
