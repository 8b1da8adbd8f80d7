//! The maximum size of zstd frames after decompression, from their headers and those of their blocks: nothing is
//! decompressed to know it. RFC 8878.

use super::{Bounds, CodecErrorKind};

/// The maximum number of bytes that the frames of `input` can become. What is wrong with an input that is not
/// whole frames is left to the library.
///
/// # Errors
///
/// With the offset: a window that is larger than `bounds` allow, or a declared size that is.
pub(super) fn max_output_of(
    input: &[u8],
    bounds: &Bounds,
) -> Result<usize, (CodecErrorKind, usize)> {
    let mut max: usize = 0;
    let mut rest = input;
    while let Some((magic, after)) = rest.split_first_chunk() {
        let at = input.len() - rest.len();
        let magic = u32::from_le_bytes(*magic);
        if magic & SKIPPABLE_MASK == SKIPPABLE {
            let after = after.split_first_chunk().and_then(|(size, after)| {
                after.get(usize::try_from(u32::from_le_bytes(*size)).ok()?..)
            });
            let Some(after) = after else { break };
            rest = after;
            continue;
        }
        if magic != MAGIC {
            break;
        }
        let Some((frame, after)) = FrameHeader::read(after) else {
            break;
        };
        frame.check(bounds).map_err(|kind| (kind, at))?;
        let (blocks, after) = blocks(after, &frame);
        max = max.saturating_add(match frame.content_size {
            Some(size) => usize::try_from(size).unwrap_or(usize::MAX).min(blocks),
            None => blocks,
        });
        rest = after;
    }
    Ok(max)
}

struct FrameHeader {
    /// The window, which is the content where that is a single segment.
    window: u64,
    is_single_segment: bool,
    content_size: Option<u64>,
    has_checksum: bool,
}

impl FrameHeader {
    /// The header behind the magic number and the bytes after it; `None` if it is not whole.
    fn read(input: &[u8]) -> Option<(Self, &[u8])> {
        let (descriptor, mut rest) = input.split_first()?;
        let is_single_segment = descriptor & 0x20 != 0;
        let mut window = 0;
        if !is_single_segment {
            let (byte, after) = rest.split_first()?;
            let base = 1_u64 << (10 + (byte >> 3));
            window = base + base / 8 * u64::from(byte & 7);
            rest = after;
        }
        let dictionary = match descriptor & 3 {
            3 => 4,
            bytes => usize::from(bytes),
        };
        rest = rest.get(dictionary..)?;
        let width = match (descriptor >> 6, is_single_segment) {
            (0, false) => 0,
            (power, _) => 1 << power,
        };
        let (field, rest) = rest.split_at_checked(width)?;
        let mut bytes = [0; 8];
        bytes.get_mut(..width)?.copy_from_slice(field);
        let content_size = match width {
            0 => None,
            // One more than two bytes could say otherwise.
            2 => Some(u64::from_le_bytes(bytes) + 256),
            _ => Some(u64::from_le_bytes(bytes)),
        };
        let header = Self {
            window: if is_single_segment {
                content_size?
            } else {
                window
            },
            is_single_segment,
            content_size,
            has_checksum: descriptor & 4 != 0,
        };
        Some((header, rest))
    }

    fn check(&self, bounds: &Bounds) -> Result<(), CodecErrorKind> {
        let limit = bounds.max_window();
        if !self.is_single_segment && self.window > u64::try_from(limit).unwrap_or(u64::MAX) {
            let window = self.window;
            return Err(CodecErrorKind::WindowTooLarge { window, limit });
        }
        let max = u64::try_from(bounds.max_output()).unwrap_or(u64::MAX);
        match self.content_size {
            Some(size) if size > max => Err(bounds.output_too_large()),
            _ => Ok(()),
        }
    }
}

/// What the blocks at the start of `input` become at most, and the bytes after the frame.
fn blocks<'a>(input: &'a [u8], frame: &FrameHeader) -> (usize, &'a [u8]) {
    let largest = usize::try_from(frame.window).map_or(MAX_BLOCK, |window| window.min(MAX_BLOCK));
    let mut max: usize = 0;
    let mut rest = input;
    while let Some(([a, b, c], after)) = rest.split_first_chunk() {
        let header = u32::from_le_bytes([*a, *b, *c, 0]);
        let size = usize::try_from(header >> 3).unwrap_or(usize::MAX);
        let (stored, made) = match header >> 1 & 3 {
            0 => (size, size),
            1 => (1, size.min(MAX_BLOCK)),
            _ => (size, largest),
        };
        max = max.saturating_add(made);
        let Some(after) = after.get(stored..) else {
            break;
        };
        rest = after;
        if header & 1 != 0 {
            let checksum = if frame.has_checksum { 4 } else { 0 };
            return (max, rest.get(checksum..).unwrap_or_default());
        }
    }
    (max, &[])
}

const MAGIC: u32 = 0xfd2f_b528;
const SKIPPABLE: u32 = 0x184d_2a50;
const SKIPPABLE_MASK: u32 = 0xffff_fff0;
/// What one block can become.
const MAX_BLOCK: usize = 128 * 1024;
