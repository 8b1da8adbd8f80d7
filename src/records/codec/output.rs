//! How the memory grows that a decompression writes to, when it is not known how much it makes.

use super::Bounds;
#[cfg(any(feature = "gzip", feature = "zstd"))]
use super::CodecErrorKind;

/// Makes room for a byte at least, or shows that there is too much: one byte more than may come out
/// has room.
#[cfg(any(feature = "gzip", feature = "zstd"))]
pub(super) fn make_room(output: &mut Vec<u8>, bounds: &Bounds) -> Result<(), CodecErrorKind> {
    check(output, bounds)?;
    if output.len() == output.capacity() {
        reserve(output, 1, bounds);
    }
    Ok(())
}

/// Makes room for `additional` bytes; for twice as much as there was if that is more, but for no more
/// than may come out. What is moved meanwhile is at most half of that.
pub(super) fn reserve(output: &mut Vec<u8>, additional: usize, bounds: &Bounds) {
    let needed = output.len().saturating_add(additional);
    if needed <= output.capacity() {
        return;
    }
    let max = bounds.max_output().saturating_add(1);
    let wanted = output
        .len()
        .saturating_mul(2)
        .max(MIN_RESERVED)
        .min(max)
        .max(needed);
    // Moved once more at most: the last half is there from the start of it.
    let wanted = if wanted >= max / 2 && max <= MAX_AT_ONCE {
        max.max(needed)
    } else {
        wanted
    };
    output.reserve_exact(wanted - output.len());
}

/// Whether no more is in `output` than may be; drops what is.
#[cfg(any(feature = "gzip", feature = "zstd"))]
pub(super) fn check(output: &mut Vec<u8>, bounds: &Bounds) -> Result<(), CodecErrorKind> {
    if output.len() > bounds.max_output() {
        output.truncate(bounds.max_output());
        return Err(bounds.output_too_large());
    }
    Ok(())
}

/// The minimum that is reserved.
const MIN_RESERVED: usize = 16 * 1024;
/// The maximum that is reserved at once for output that may not come; above it the memory doubles.
const MAX_AT_ONCE: usize = 1 << 30;
