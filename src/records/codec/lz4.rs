//! lz4: one frame of independent blocks, as Kafka reads and writes it.

use lz4_flex::block::{DecompressError, compress_into, decompress_into, get_maximum_output_size};
use twox_hash::XxHash32;

use super::lz4_header::FrameHeader;
use super::{Bounds, Codec, CodecError, CodecErrorKind, LevelError};
use crate::records::Compression;

/// lz4, by lz4_flex.
///
/// What follows the frame is ignored, as Kafka does; the checksum of the content is not looked at
/// either. Working memory: while the output grows, half of it again; 64 KiB to compress.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Lz4 {}

impl Lz4 {
    /// Takes a level as Kafka has them, 1 to 17, so that its configuration can be used. lz4_flex has
    /// one way to compress, that of the default 9: set a [`Codec`] of your own for the others.
    ///
    /// # Errors
    ///
    /// [`LevelError`] if there is no such level.
    pub fn with_level(level: i32) -> Result<Self, LevelError> {
        LevelError::check(Compression::Lz4, level, 1, 17)?;
        Ok(Self::default())
    }
}

impl Codec for Lz4 {
    fn decompress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bounds: &Bounds,
    ) -> Result<(), CodecError> {
        let (header, mut rest) =
            FrameHeader::read(input, bounds.magic()).map_err(|kind| CodecError::new(kind, 0))?;
        loop {
            let at = input.len() - rest.len();
            rest = match next_block(&header, rest, output, bounds) {
                Ok(Some(rest)) => rest,
                Ok(None) => return Ok(()),
                Err(kind) => return Err(CodecError::new(kind, at)),
            };
        }
    }

    fn compress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        magic: i8,
    ) -> Result<(), CodecError> {
        output.extend_from_slice(&FrameHeader::written(magic));
        for block in input.chunks(BLOCK) {
            let start = output.len();
            output.resize(start + 4 + get_maximum_output_size(block.len()), 0);
            let Some((field, room)) = output
                .get_mut(start..)
                .and_then(|room| room.split_first_chunk_mut())
            else {
                break;
            };
            let size = match compress_into(block, room) {
                Ok(size) if size < block.len() => {
                    *field = size_field(size, 0);
                    size
                }
                // It did not become smaller: it is stored as it is.
                _ => {
                    *field = size_field(block.len(), STORED);
                    if let Some(room) = room.get_mut(..block.len()) {
                        room.copy_from_slice(block);
                    }
                    block.len()
                }
            };
            output.truncate(start + 4 + size);
        }
        output.extend_from_slice(&[0; 4]);
        Ok(())
    }
}

/// Appends what the block at the start of `input` was compressed from: the bytes after it; `None`
/// after the last.
fn next_block<'a>(
    header: &FrameHeader,
    input: &'a [u8],
    output: &mut Vec<u8>,
    bounds: &Bounds,
) -> Result<Option<&'a [u8]>, CodecErrorKind> {
    let (field, rest) = input
        .split_first_chunk()
        .ok_or(CodecErrorKind::UnexpectedEnd)?;
    let field = u32::from_le_bytes(*field);
    let size = usize::try_from(field & !STORED).unwrap_or(usize::MAX);
    if size == 0 {
        // Kafka reads the checksum of the content, but does not compare it.
        return match header.has_content_checksum && rest.len() < 4 {
            true => Err(CodecErrorKind::UnexpectedEnd),
            false => Ok(None),
        };
    }
    if size > header.block_size {
        return Err(CodecErrorKind::Malformed(
            "an lz4 block is as large as its frame says",
        ));
    }
    let (block, mut rest) = rest
        .split_at_checked(size)
        .ok_or(CodecErrorKind::UnexpectedEnd)?;
    if header.has_block_checksums {
        let (checksum, after) = rest
            .split_first_chunk()
            .ok_or(CodecErrorKind::UnexpectedEnd)?;
        if u32::from_le_bytes(*checksum) != XxHash32::oneshot(0, block) {
            return Err(CodecErrorKind::Checksum);
        }
        rest = after;
    }
    if field & STORED == 0 {
        decompress(header, block, output, bounds)?;
    } else {
        let left = bounds.max_output() - output.len();
        let fitting = block.get(..left).unwrap_or(block);
        super::output::reserve(output, fitting.len(), bounds);
        output.extend_from_slice(fitting);
        if fitting.len() < block.len() {
            return Err(bounds.output_too_large());
        }
    }
    Ok(Some(rest))
}

/// Appends what `block` was compressed from.
fn decompress(
    header: &FrameHeader,
    block: &[u8],
    output: &mut Vec<u8>,
    bounds: &Bounds,
) -> Result<(), CodecErrorKind> {
    let start = output.len();
    // A byte makes 255 at most.
    let max = header.block_size.min(block.len().saturating_mul(255));
    let room = max.min(bounds.max_output() - start);
    super::output::reserve(output, room, bounds);
    output.resize(start + room, 0);
    let made = decompress_into(block, output.get_mut(start..).expect("the room was added"));
    output.truncate(start + made.as_ref().map_or(0, |made| *made));
    match made {
        Ok(_) => Ok(()),
        Err(DecompressError::OutputTooSmall { .. }) if room < max => Err(bounds.output_too_large()),
        Err(_) => Err(CodecErrorKind::Malformed("lz4 block")),
    }
}

fn size_field(size: usize, flag: u32) -> [u8; 4] {
    (u32::try_from(size).expect("blocks are small") | flag).to_le_bytes()
}

/// The flag of a block that is not compressed.
const STORED: u32 = 0x8000_0000;
/// What is compressed at a time.
const BLOCK: usize = 64 * 1024;
