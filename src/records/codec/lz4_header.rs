//! The header of an lz4 frame, with what Kafka takes of it.
//!
//! ```text
//!  04 22 4d 18   FLG   BD   [content size]   HC
//!    magic                  int64, where     second byte of XXH32 over
//!                           FLG has it       FLG to content size
//! ```
//!
//! In message sets of magic 0, clients computed HC over the magic too (KIP-57); there it is written
//! so, and not looked at when it is read.

use twox_hash::XxHash32;

use super::CodecErrorKind;

/// What the header of a frame says.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) block_size: usize,
    pub(super) has_block_checksums: bool,
    pub(super) has_content_checksum: bool,
}

impl FrameHeader {
    /// The header at the start of `input` and the bytes after it.
    pub(super) fn read(input: &[u8], magic: i8) -> Result<(Self, &[u8]), CodecErrorKind> {
        let ([m0, m1, m2, m3, flags, block], mut rest) = input
            .split_first_chunk()
            .ok_or(CodecErrorKind::UnexpectedEnd)?;
        if [*m0, *m1, *m2, *m3] != MAGIC {
            return Err(CodecErrorKind::Malformed("lz4 begins with 04 22 4d 18"));
        }
        if flags >> 6 != 1 {
            return Err(CodecErrorKind::Malformed(
                "the version of an lz4 frame is 1",
            ));
        }
        if flags & INDEPENDENT == 0 {
            return Err(CodecErrorKind::NotAllowed(
                "lz4 blocks that depend on each other",
            ));
        }
        if flags & DICTIONARY != 0 {
            return Err(CodecErrorKind::NotAllowed("lz4 dictionaries"));
        }
        if flags & RESERVED != 0 || block & 0x8f != 0 {
            return Err(CodecErrorKind::Malformed(
                "reserved bits of an lz4 frame are 0",
            ));
        }
        let block_size = match block >> 4 {
            size @ 4..=7 => 1 << (8 + 2 * size),
            _ => return Err(CodecErrorKind::Malformed("lz4 block sizes are 4 to 7")),
        };
        if flags & CONTENT_SIZE != 0 {
            rest = rest.get(8..).ok_or(CodecErrorKind::UnexpectedEnd)?;
        }
        let header = input.get(4..input.len() - rest.len());
        let header = header.expect("the magic number was read");
        let (checksum, rest) = rest.split_first().ok_or(CodecErrorKind::UnexpectedEnd)?;
        if magic != 0 && *checksum != header_checksum(header) {
            return Err(CodecErrorKind::Checksum);
        }
        let header = Self {
            block_size,
            has_block_checksums: flags & BLOCK_CHECKSUM != 0,
            has_content_checksum: flags & CONTENT_CHECKSUM != 0,
        };
        Ok((header, rest))
    }

    /// What is written: blocks of 64 KiB, independent, no checksums.
    pub(super) fn written(magic: i8) -> [u8; 7] {
        let [a, b, c, d] = MAGIC;
        let [flags, block] = [0x40 | INDEPENDENT, 0x40];
        let checksum = match magic {
            0 => header_checksum(&[a, b, c, d, flags, block]),
            _ => header_checksum(&[flags, block]),
        };
        [a, b, c, d, flags, block, checksum]
    }
}

fn header_checksum(header: &[u8]) -> u8 {
    let [_, second, ..] = XxHash32::oneshot(0, header).to_le_bytes();
    second
}

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
const DICTIONARY: u8 = 0x01;
const RESERVED: u8 = 0x02;
const CONTENT_CHECKSUM: u8 = 0x04;
const CONTENT_SIZE: u8 = 0x08;
const BLOCK_CHECKSUM: u8 = 0x10;
const INDEPENDENT: u8 = 0x20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_that_is_written_has_the_broken_checksum_in_magic_0_only() {
        assert_eq!(
            FrameHeader::written(0),
            [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x1a]
        );
        assert_eq!(
            FrameHeader::written(1),
            [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]
        );
        for magic in 0..=2 {
            let header = FrameHeader::written(magic);
            let (read, rest) = FrameHeader::read(&header, magic).unwrap();
            assert_eq!((read.block_size, rest.len()), (64 * 1024, 0));
        }
        let broken = FrameHeader::written(0);
        assert_eq!(FrameHeader::read(&broken, 1), Err(CodecErrorKind::Checksum));
    }
}
