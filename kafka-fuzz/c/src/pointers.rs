//! Pointers and lengths of the caller as slices.

use std::slice;

/// The bytes at `data`; none if it is null or `size` is 0.
///
/// # Safety
///
/// Unless it is null, `data` must be valid for reads of `size` bytes, and nothing may write them while the slice is used.
pub(crate) unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if data.is_null() || size == 0 {
        return &[];
    }
    // SAFETY: it is not null, bytes have no alignment, the rest is promised by the caller.
    unsafe { slice::from_raw_parts(data, size) }
}

/// The same to write to.
///
/// # Safety
///
/// Unless it is null, `data` must be valid for reads and writes of `size` initialized bytes, and nothing else may use them while
/// the slice is used.
pub(crate) unsafe fn bytes_mut<'a>(data: *mut u8, size: usize) -> &'a mut [u8] {
    if data.is_null() || size == 0 {
        return &mut [];
    }
    // SAFETY: it is not null, bytes have no alignment, the rest is promised by the caller.
    unsafe { slice::from_raw_parts_mut(data, size) }
}

/// Copies as much of `from` as there is room for, and returns how much that is. The room need not be initialized.
///
/// # Safety
///
/// Unless it is null, `to` must be valid for writes of `room` bytes, none of which are in `from`.
pub(crate) unsafe fn write(from: &[u8], to: *mut u8, room: usize) -> usize {
    if to.is_null() {
        return 0;
    }
    let size = from.len().min(room);
    // SAFETY: `from` has `size` bytes, `to` has room for them, and they do not overlap.
    unsafe { to.copy_from_nonoverlapping(from.as_ptr(), size) };
    size
}
