//! Unsigned variable-length integers: seven bits a byte, lowest first, the high bit says that
//! more follow. Reading them with a limit is the reader's.

/// The maximum number of bytes of a 32-bit integer.
pub(crate) const MAX_BYTES: usize = 5;

/// Decodes an integer at the start of `bytes`: its value and how many bytes it takes.
///
/// Overlong forms are accepted, and bits beyond the 32nd dropped, as Kafka does. `None` if no byte
/// of the first five, or of all there are, ends it.
pub(super) fn decode(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(MAX_BYTES).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

/// Encodes `value` into the first bytes of `out`: how many it takes.
pub(crate) fn encode(mut value: u32, out: &mut [u8; MAX_BYTES]) -> usize {
    let mut length = 0;
    for byte in out {
        length += 1;
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            *byte = low & 0x7f;
            break;
        }
        *byte = low | 0x80;
    }
    length
}

/// The same 32 bits as a signed number, as Java reads them.
pub(super) const fn signed(value: u32) -> i32 {
    i32::from_ne_bytes(value.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [(u32, &[u8]); 8] = [
        (0, &[0x00]),
        (1, &[0x01]),
        (127, &[0x7f]),
        (128, &[0x80, 0x01]),
        (16_383, &[0xff, 0x7f]),
        (16_384, &[0x80, 0x80, 0x01]),
        (0x7fff_ffff, &[0xff, 0xff, 0xff, 0xff, 0x07]),
        (0xffff_ffff, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
    ];

    #[test]
    fn integers_have_these_bytes_in_both_directions() {
        for (value, bytes) in TABLE {
            let mut out = [0; MAX_BYTES];
            let length = encode(value, &mut out);
            assert_eq!(&out[..length], bytes);
            assert_eq!(decode(bytes), Some((value, bytes.len())));
        }
    }

    #[test]
    fn overlong_forms_and_excess_bits_are_read_as_java_reads_them() {
        assert_eq!(decode(&[0x80, 0x00]), Some((0, 2)));
        assert_eq!(decode(&[0x81, 0x80, 0x80, 0x80, 0x00]), Some((1, 5)));
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff, 0x7f]), Some((u32::MAX, 5)));
    }

    #[test]
    fn an_integer_that_does_not_end_is_none() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0x80]), None);
        assert_eq!(decode(&[0x80; 5]), None);
        assert_eq!(decode(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), None);
    }
}
