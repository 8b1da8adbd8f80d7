//! gzip: one member or several, as the JDK reads and writes them.

use std::fmt;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};

use super::gzip_header::{HEADER, header_size};
use super::output::{check, make_room};
use super::{Bounds, Codec, CodecError, CodecErrorKind, LevelError};
use crate::records::Compression;

/// gzip, by flate2.
///
/// Members that follow one another are read through, and what follows the last one is ignored, as
/// Kafka does. Working memory: 48 KiB to decompress, and while the output grows beyond the size that
/// the last member states, half of it again; 300 KiB to compress.
#[derive(Default)]
pub struct Gzip {
    level: flate2::Compression,
    inflate: Option<Decompress>,
    deflate: Option<Compress>,
}

impl Gzip {
    /// Compresses with `level`: 1 to 9, or -1 for the default, which is 6.
    ///
    /// # Errors
    ///
    /// [`LevelError`] if there is no such level.
    pub fn with_level(level: i32) -> Result<Self, LevelError> {
        if level == -1 {
            return Ok(Self::default());
        }
        LevelError::check(Compression::Gzip, level, 1, 9)?;
        let level = u32::try_from(level).expect("the level is 1 to 9");
        Ok(Self {
            level: flate2::Compression::new(level),
            ..Self::default()
        })
    }
}

impl Codec for Gzip {
    fn decompress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bounds: &Bounds,
    ) -> Result<(), CodecError> {
        reserve(input, output, bounds);
        let mut at = 0;
        loop {
            let member = input.get(at..).expect(WITHIN);
            at += match header_size(member) {
                Ok(size) => size,
                // Bytes after a member that are not a member.
                Err(_) if at > 0 => return Ok(()),
                Err(kind) => return Err(CodecError::new(kind, at)),
            };
            let start = output.len();
            at += self
                .inflate(input.get(at..).expect(WITHIN), output, bounds)
                .map_err(|(kind, consumed)| CodecError::new(kind, at + consumed))?;
            check_trailer(
                input.get(at..).expect(WITHIN),
                output.get(start..).expect("output only grows"),
            )
            .map_err(|kind| CodecError::new(kind, at))?;
            at += TRAILER;
        }
    }

    fn compress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        _magic: i8,
    ) -> Result<(), CodecError> {
        output.extend_from_slice(&HEADER);
        let deflate = self
            .deflate
            .get_or_insert_with(|| Compress::new(self.level, false));
        deflate.reset();
        let mut rest = input;
        loop {
            output.reserve((rest.len() / 2).max(1024));
            let before = deflate.total_in();
            let status = deflate.compress_vec(rest, output, FlushCompress::Finish);
            let consumed = usize::try_from(deflate.total_in() - before).expect(WITHIN);
            rest = rest.get(consumed..).expect(WITHIN);
            match status {
                Ok(flate2::Status::StreamEnd) => break,
                Ok(_) => {}
                Err(_) => {
                    let kind = CodecErrorKind::Failed("deflate");
                    return Err(CodecError::new(kind, input.len() - rest.len()));
                }
            }
        }
        output.extend_from_slice(&crc32fast::hash(input).to_le_bytes());
        output.extend_from_slice(&size_field(input).to_le_bytes());
        Ok(())
    }
}

impl Gzip {
    /// Decompresses the deflate stream at the start of `input`: how many bytes it has, also in front
    /// of a fault.
    fn inflate(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bounds: &Bounds,
    ) -> Result<usize, (CodecErrorKind, usize)> {
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        inflate.reset(false);
        loop {
            let consumed = usize::try_from(inflate.total_in()).expect(WITHIN);
            make_room(output, bounds).map_err(|kind| (kind, consumed))?;
            let rest = input.get(consumed..).expect(WITHIN);
            let before = output.len();
            let status = inflate.decompress_vec(rest, output, FlushDecompress::None);
            let now = usize::try_from(inflate.total_in()).expect(WITHIN);
            match status {
                Ok(flate2::Status::StreamEnd) => {
                    check(output, bounds).map_err(|kind| (kind, now))?;
                    return Ok(now);
                }
                Ok(_) if now > consumed || output.len() > before => {}
                Ok(_) => return Err((CodecErrorKind::UnexpectedEnd, input.len())),
                Err(_) => return Err((CodecErrorKind::Malformed("deflate"), now)),
            }
        }
    }
}

/// Reserves what the last member states, if it can be true.
fn reserve(input: &[u8], output: &mut Vec<u8>, bounds: &Bounds) {
    let Some(size) = input.last_chunk().map(|size| u32::from_le_bytes(*size)) else {
        return;
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size <= bounds.max_output() && size / MAX_RATIO <= input.len() {
        // If there is no memory for it, that shows when it is needed.
        let _ = output.try_reserve_exact(size.saturating_add(1));
    }
}

/// Checks what stands behind the deflate stream that `data` came out of.
fn check_trailer(input: &[u8], data: &[u8]) -> Result<(), CodecErrorKind> {
    let trailer: &[u8; TRAILER] = input.first_chunk().ok_or(CodecErrorKind::UnexpectedEnd)?;
    let [crc @ .., _, _, _, _] = *trailer;
    let [_, _, _, _, size @ ..] = *trailer;
    if u32::from_le_bytes(crc) != crc32fast::hash(data)
        || u32::from_le_bytes(size) != size_field(data)
    {
        return Err(CodecErrorKind::Checksum);
    }
    Ok(())
}

/// The size of `data`, of which gzip stores the low 32 bits.
fn size_field(data: &[u8]) -> u32 {
    let [a, b, c, d, ..] = data.len().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Why offsets and counts of bytes read are valid.
const WITHIN: &str = "no more is read than there is";

/// Checksum and size.
const TRAILER: usize = 8;

/// What deflate can make of a byte at most.
const MAX_RATIO: usize = 1032;

impl fmt::Debug for Gzip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gzip")
            .field("level", &self.level.level())
            .finish_non_exhaustive()
    }
}
