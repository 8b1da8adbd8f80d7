//! snappy: blocks in the container of xerial's snappy-java, or one bare block.
//!
//! ```text
//!  82 53 4e 41 50 50 59 00  version  compatible  then each: length, block
//!          magic             int32     int32                 int32
//! ```

use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

use super::{Bounds, Codec, CodecError, CodecErrorKind};

/// snappy, by the crate snap.
///
/// Reads the container and bare blocks, and writes the container with blocks of 32 KiB, as Java's
/// clients do. Working memory: none to decompress, as blocks say how large they become; 32 KiB to
/// compress.
#[derive(Debug)]
pub struct Snappy {
    encoder: Encoder,
}

impl Default for Snappy {
    fn default() -> Self {
        Self {
            encoder: Encoder::new(),
        }
    }
}

impl Codec for Snappy {
    fn decompress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bounds: &Bounds,
    ) -> Result<(), CodecError> {
        if input.is_empty() {
            return Err(CodecError::new(CodecErrorKind::UnexpectedEnd, 0));
        }
        let mut rest = match input.split_at_checked(HEADER) {
            Some((header, rest)) if header.starts_with(&MAGIC) => rest,
            _ => return block(input, output, bounds).map_err(|kind| CodecError::new(kind, 0)),
        };
        // Some of a length at the end is the end, as it is for snappy-java.
        while let Some((length, after)) = rest.split_first_chunk() {
            let at = input.len() - rest.len();
            rest = if *length == MAGIC_START {
                // Containers may follow one another.
                rest.get(HEADER..)
                    .ok_or_else(|| CodecError::new(CodecErrorKind::UnexpectedEnd, at))?
            } else {
                let size = u32::from_be_bytes(*length);
                let (chunk, after) = usize::try_from(size)
                    .ok()
                    .and_then(|size| after.split_at_checked(size))
                    .ok_or_else(|| CodecError::new(CodecErrorKind::UnexpectedEnd, at))?;
                block(chunk, output, bounds).map_err(|kind| CodecError::new(kind, at + 4))?;
                after
            };
        }
        Ok(())
    }

    fn compress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        _magic: i8,
    ) -> Result<(), CodecError> {
        output.extend_from_slice(&MAGIC);
        output.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
        for (index, chunk) in input.chunks(BLOCK).enumerate() {
            let start = output.len();
            let room = 4 + max_compress_len(chunk.len());
            output.resize(start + room, 0);
            let (length, block) = output
                .get_mut(start..)
                .and_then(|room| room.split_first_chunk_mut())
                .expect("the room was added");
            let size = self
                .encoder
                .compress(chunk, block)
                .map_err(|_| CodecError::new(CodecErrorKind::Failed("snappy"), index * BLOCK))?;
            *length = u32::try_from(size).expect("blocks are small").to_be_bytes();
            output.truncate(start + 4 + size);
        }
        Ok(())
    }
}

/// Appends what the block `input` was compressed from.
fn block(input: &[u8], output: &mut Vec<u8>, bounds: &Bounds) -> Result<(), CodecErrorKind> {
    let size = decompress_len(input).map_err(|_| MALFORMED)?;
    let start = output.len();
    let end = start.saturating_add(size);
    if end > bounds.max_output() {
        return Err(bounds.output_too_large());
    }
    // Three bytes make 64 at most: a size beyond that is a lie.
    if size / 22 > input.len() {
        return Err(MALFORMED);
    }
    super::output::reserve(output, size, bounds);
    output.resize(end, 0);
    let made = match output.get_mut(start..) {
        Some(room) => Decoder::new().decompress(input, room),
        None => return Ok(()),
    };
    match made {
        Ok(size) => {
            output.truncate(start + size);
            Ok(())
        }
        Err(_) => {
            output.truncate(start);
            Err(MALFORMED)
        }
    }
}

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const MAGIC_START: [u8; 4] = [0x82, b'S', b'N', b'A'];
/// Magic, version and compatible version, neither of which says anything.
const HEADER: usize = 16;
/// What is compressed at a time.
const BLOCK: usize = 32 * 1024;
const MALFORMED: CodecErrorKind = CodecErrorKind::Malformed("snappy block");
