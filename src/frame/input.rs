//! The forms in which bytes arrive.
//!
//! | input | a frame that is whole in it | a frame that arrives in pieces |
//! |---|---|---|
//! | `&[u8]` | is copied | is copied |
//! | [`BytesMut`], frames below 16 KiB | is copied | is copied |
//! | [`BytesMut`], larger frames | is split off | is read in place |

use std::mem;

use bytes::{Buf, Bytes, BytesMut};

use super::SIZE_BYTES;
use super::partial::{Partial, is_shared};

/// Bytes that arrived, from the front of which a [`FrameReader`](super::FrameReader) takes frames.
pub(crate) trait FrameInput {
    /// All bytes that are not taken yet.
    fn bytes(&self) -> &[u8];

    /// Takes a frame of `size` bytes and the size in front of it, which are there, and returns the frame.
    fn take_frame(&mut self, size: usize) -> Bytes;

    /// Moves the first `length` bytes to the end of a frame that is arriving.
    fn take_part(&mut self, length: usize, frame: &mut Partial);

    /// Makes room for the next read, all bytes being taken.
    fn make_room(&mut self, frame: &mut Partial);
}

impl FrameInput for &[u8] {
    fn bytes(&self) -> &[u8] {
        self
    }

    #[inline]
    fn take_frame(&mut self, size: usize) -> Bytes {
        let (frame, rest) = self.split_at(SIZE_BYTES + size);
        *self = rest;
        let frame = frame.get(SIZE_BYTES..).expect("it begins with its size");
        Bytes::copy_from_slice(frame)
    }

    fn take_part(&mut self, length: usize, frame: &mut Partial) {
        let (part, rest) = self.split_at(length);
        frame.push(part);
        *self = rest;
    }

    fn make_room(&mut self, _: &mut Partial) {}
}

impl FrameInput for BytesMut {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn take_frame(&mut self, size: usize) -> Bytes {
        self.advance(SIZE_BYTES);
        if is_shared(SIZE_BYTES + size) {
            let frame = self.split_to(size).freeze();
            detach(self);
            return frame;
        }
        let frame = Bytes::copy_from_slice(self.get(..size).expect("they are there"));
        self.advance(size);
        frame
    }

    fn take_part(&mut self, length: usize, frame: &mut Partial) {
        frame.take(length, self);
    }

    fn make_room(&mut self, frame: &mut Partial) {
        frame.make_room(self);
    }
}

/// Detaches a buffer with no bytes and no room from its allocation, which it would keep alive.
pub(super) fn detach(buffer: &mut BytesMut) {
    if buffer.capacity() == 0 {
        drop(mem::take(buffer));
    }
}
