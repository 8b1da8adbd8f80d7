//! The memory of a frame that has arrived in part.
//!
//! Small frames are copied into allocations of exactly their size. A frame of at least [`SHARED_FROM`] bytes stays in the
//! buffer that the transport filled, and the room for the rest of it is lent to the transport:
//!
//! ```text
//!               frame.bytes                  the transport's buffer
//!  ┌──────┬───────────────────────────┬──────────────────────────────┐
//!  │ size │ what arrived of the frame │ room for the rest, or a part │
//!  └──────┴───────────────────────────┴──────────────────────────────┘
//!                           one allocation
//! ```
//!
//! The transport reads into the room, and joining both is a matter of pointers.

use std::mem;

use bytes::{Buf, Bytes, BytesMut};

use super::SIZE_BYTES;
use super::foreign::ForeignProtocol;
use super::input::detach;

/// The size from which frames share the buffer that the transport filled. Smaller ones are copied, so that a small response
/// that is kept for long does not keep a large buffer.
const SHARED_FROM: usize = READ;

/// The room for a read between two frames, and the first step of [`justified`].
const READ: usize = 16 * 1024;

/// The room that is worth a read. With less, more is reserved if that is justified.
const MIN_ROOM: usize = 4 * 1024;

/// The number of bytes of a frame whose arrival justifies [`RESERVED_AT_ONCE`].
const JUSTIFYING: usize = 64 * 1024;

/// The maximum that is reserved for a frame of which less arrived: 4 MiB and the size.
const RESERVED_AT_ONCE: usize = 4 * 1024 * 1024 + SIZE_BYTES;

/// The frame that is arriving, beginning with its size. Empty between frames.
#[derive(Debug, Default)]
pub(crate) struct Partial {
    /// Without the room that is lent.
    bytes: BytesMut,
    /// The number of bytes that the whole frame has, its size included, once that is known.
    total: Option<usize>,
    /// The capacity of `bytes`, with the room that is lent.
    reserved: usize,
}

impl Partial {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) const fn total(&self) -> Option<usize> {
        self.total
    }

    /// Sets how many bytes the whole frame has. Not fewer than have arrived.
    pub(super) fn set_total(&mut self, total: usize) {
        debug_assert!(total >= self.bytes.len(), "the next frame is not in it");
        self.total = Some(total);
    }

    /// The number of bytes of memory that are reserved.
    pub(super) fn reserved(&self) -> usize {
        self.reserved
    }

    /// Copies bytes to the end of what arrived.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let arrived = self.bytes.len() + piece.len();
        if self.bytes.capacity() < arrived {
            self.grow(self.justified(arrived).max(arrived));
        }
        self.bytes.extend_from_slice(piece);
        self.reserved = self.reserved.max(self.bytes.capacity());
    }

    /// Takes the first `length` bytes of a buffer: without copying them, if the frame is large enough.
    pub(super) fn take(&mut self, length: usize, input: &mut BytesMut) {
        if !self.is_shared() {
            self.push(input.get(..length).expect("that many arrived"));
            input.advance(length);
            return;
        }
        let piece = input.split_to(length);
        if self.bytes.is_empty() {
            self.bytes = piece;
        } else if let Err(piece) = self.bytes.try_unsplit(piece) {
            self.push(&piece);
        }
        detach(input);
    }

    /// Makes room for the next read in a buffer that was taken whole.
    pub(super) fn make_room(&mut self, input: &mut BytesMut) {
        debug_assert!(input.is_empty(), "it was taken whole");
        let Some(total) = self.total.filter(|_| self.is_shared()) else {
            if input.capacity() < MIN_ROOM {
                input.reserve(READ);
            }
            return;
        };
        // The room behind the bytes, if the frame is in the buffer.
        drop(self.bytes.try_unsplit(mem::take(input)));
        let arrived = self.bytes.len();
        let (capacity, justified) = (self.bytes.capacity(), justified(total, arrived));
        if capacity < justified && (arrived >= JUSTIFYING || capacity - arrived < MIN_ROOM) {
            self.grow(justified);
        }
        self.reserved = self.bytes.capacity();
        *input = self.bytes.split_off(arrived);
    }

    /// The frame, without its size. All of it has arrived.
    pub(super) fn complete(&mut self) -> Bytes {
        debug_assert_eq!(self.total, Some(self.bytes.len()), "all of it has arrived");
        let mut frame = mem::take(self).bytes.freeze();
        frame.advance(SIZE_BYTES);
        frame
    }

    fn is_shared(&self) -> bool {
        self.total.is_some_and(is_shared)
    }

    /// The capacity that `arrived` bytes justify.
    fn justified(&self, arrived: usize) -> usize {
        match self.total {
            Some(total) => justified(total, arrived),
            None => arrived.max(ForeignProtocol::LOOKED_AT),
        }
    }

    /// Raises the capacity to exactly `capacity`.
    fn grow(&mut self, capacity: usize) {
        let length = self.bytes.len();
        let additional = capacity.saturating_sub(length);
        if !self.bytes.try_reclaim(additional) {
            if length > JUSTIFYING + READ {
                // What is large may be moved without a copy.
                self.bytes.reserve(additional);
            } else {
                let mut grown = BytesMut::with_capacity(capacity);
                grown.extend_from_slice(&self.bytes);
                self.bytes = grown;
            }
        }
        if self.bytes.capacity() > capacity {
            // Room behind the frame would keep all of it.
            drop(self.bytes.split_off(capacity));
        }
    }
}

/// Returns `true` if a frame of `total` bytes shares the buffer that the transport filled.
pub(super) const fn is_shared(total: usize) -> bool {
    total >= SHARED_FROM
}

/// The capacity that may be reserved for a frame of `total` bytes after `arrived` of them, its size included in both. More than
/// `arrived`, unless that is all.
///
/// From [`JUSTIFYING`] on these are `total`, halved until it is at most [`RESERVED_AT_ONCE`], and doubled when that is full: so
/// the last step is exact, and all moves together copy less than the frame.
fn justified(total: usize, arrived: usize) -> usize {
    let capacity = match arrived {
        _ if arrived >= total => total,
        0..READ => READ,
        READ..JUSTIFYING => JUSTIFYING,
        _ => {
            let mut capacity = total;
            while capacity > RESERVED_AT_ONCE {
                capacity = capacity.div_ceil(2);
            }
            while capacity <= arrived {
                capacity = capacity.saturating_mul(2);
            }
            capacity
        }
    };
    capacity.min(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn an_announced_size_alone_reserves_nothing_beyond_a_read() {
        let total = SIZE_BYTES + usize::try_from(i32::MAX).unwrap();
        assert_eq!(justified(total, SIZE_BYTES), READ);
        assert_eq!(justified(total, READ - 1), READ);
        assert_eq!(justified(total, READ), JUSTIFYING);
        assert_eq!(justified(total, JUSTIFYING - 1), JUSTIFYING);
        let at_once = justified(total, JUSTIFYING);
        assert!((2 * MIB..=RESERVED_AT_ONCE).contains(&at_once), "{at_once}");
    }

    #[test]
    fn frames_up_to_4_mib_are_reserved_at_once_after_64_kib() {
        for size in [JUSTIFYING, MIB, 4 * MIB] {
            let total = SIZE_BYTES + size;
            assert_eq!(justified(total, JUSTIFYING), total);
        }
    }

    #[test]
    fn larger_frames_are_copied_less_than_once_by_growing_and_end_in_exact_capacity() {
        for size in [4 * MIB + 1, 8 * MIB + 1, 33 * MIB, 64 * MIB, 100 * MIB] {
            let total = SIZE_BYTES + size;
            let mut capacity = justified(total, JUSTIFYING);
            let mut moved = JUSTIFYING;
            while capacity < total {
                let grown = justified(total, capacity);
                assert!(grown > capacity && grown <= 2 * capacity, "{size}");
                moved += capacity;
                capacity = grown;
            }
            assert_eq!(capacity, total);
            assert!(moved <= total, "{moved} of {total}");
        }
    }
}
