//! The header of a gzip member: RFC 1952.

use super::CodecErrorKind;

/// How many bytes the header at the start of `input` takes.
pub(super) fn header_size(input: &[u8]) -> Result<usize, CodecErrorKind> {
    let (fixed, mut rest) = input
        .split_first_chunk::<10>()
        .ok_or(CodecErrorKind::UnexpectedEnd)?;
    let [first, second, method, flags, ..] = *fixed;
    if [first, second] != [0x1f, 0x8b] {
        return Err(CodecErrorKind::Malformed("gzip begins with 1f 8b"));
    }
    if method != DEFLATE {
        return Err(CodecErrorKind::Malformed("the method of gzip is 8"));
    }
    if flags & RESERVED != 0 {
        return Err(CodecErrorKind::Malformed("reserved flags of gzip are 0"));
    }
    if flags & EXTRA != 0 {
        let (length, after) = rest
            .split_first_chunk()
            .ok_or(CodecErrorKind::UnexpectedEnd)?;
        rest = after
            .get(usize::from(u16::from_le_bytes(*length))..)
            .ok_or(CodecErrorKind::UnexpectedEnd)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0);
            rest = end
                .and_then(|end| rest.get(end + 1..))
                .ok_or(CodecErrorKind::UnexpectedEnd)?;
        }
    }
    if flags & CHECKSUM != 0 {
        let header = input.get(..input.len() - rest.len());
        let header = header.expect("the rest is the end of the input");
        let (stored, after) = rest
            .split_first_chunk()
            .ok_or(CodecErrorKind::UnexpectedEnd)?;
        let [a, b, ..] = crc32fast::hash(header).to_le_bytes();
        if *stored != [a, b] {
            return Err(CodecErrorKind::Checksum);
        }
        rest = after;
    }
    Ok(input.len() - rest.len())
}

/// The header that is written: no name, no time.
pub(super) const HEADER: [u8; 10] = [0x1f, 0x8b, DEFLATE, 0, 0, 0, 0, 0, 0, 0xff];

const DEFLATE: u8 = 8;
const CHECKSUM: u8 = 0x02;
const EXTRA: u8 = 0x04;
const NAME: u8 = 0x08;
const COMMENT: u8 = 0x10;
const RESERVED: u8 = 0xe0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_of_a_header_are_passed_over() {
        let mut header = vec![0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3];
        header.extend(b"\x03\0abcname\0comment\0");
        let [a, b, ..] = crc32fast::hash(&header).to_le_bytes();
        header.extend([a, b]);
        for end in 0..header.len() {
            assert_eq!(
                header_size(&header[..end]),
                Err(CodecErrorKind::UnexpectedEnd)
            );
        }
        assert_eq!(header_size(&header), Ok(header.len()));
        header[11] ^= 1;
        assert!(header_size(&header).is_err());
    }
}
