//! Frames on their way to the transport, and the view of them that the transport writes from.

use std::collections::{VecDeque, vec_deque};
use std::fmt;
use std::io::IoSlice;
use std::iter::Take;

use bytes::Buf;

use crate::wire::Segments;

/// The frames that may be written, in order, and how far the transport is with them.
///
/// Invariant: the transport was offered no more frames than there are, and only the first of them is written in part.
#[derive(Default)]
pub(super) struct Outbox {
    frames: VecDeque<Segments>,
    /// The number of frames that the transport may be writing.
    offered: usize,
    /// The number of bytes of the first frame that the transport accepted.
    accepted: usize,
}

/// What the transport accepted of the first frame.
pub(super) struct Accepted {
    pub(super) bytes: usize,
    /// `true` if they are the first of the frame.
    pub(super) begins: bool,
    /// The emptied buffer of the frame, after its last byte.
    pub(super) whole: Option<Vec<u8>>,
}

impl Outbox {
    #[inline]
    pub(super) fn push(&mut self, frame: Segments) {
        push_exactly(&mut self.frames, frame);
        self.check();
    }

    /// All frames, which the transport may be writing from now on.
    #[inline]
    pub(super) fn offer(&mut self) -> Option<Transmit<'_>> {
        self.offered = self.frames.len();
        self.check();
        (self.offered > 0).then(|| Transmit::of(&self.frames, self.offered))
    }

    /// The transport accepted `bytes`: takes as many of them as the first frame has. `None` if the transport was
    /// offered no frame.
    #[inline(always)]
    pub(super) fn accept(&mut self, bytes: usize) -> Option<Accepted> {
        if self.offered == 0 {
            return None;
        }
        let frame = self.frames.front_mut()?;
        let begins = self.accepted == 0;
        let bytes = bytes.min(frame.remaining());
        frame.advance(bytes);
        self.accepted += bytes;
        let whole = match frame.has_remaining() {
            true => None,
            false => {
                (self.accepted, self.offered) = (0, self.offered - 1);
                self.frames.pop_front().map(Segments::into_buffer)
            }
        };
        self.check();
        Some(Accepted {
            bytes,
            begins,
            whole,
        })
    }

    /// Removes a frame that the transport was not offered.
    pub(super) fn remove(&mut self, at: usize) -> Option<Segments> {
        debug_assert!(at >= self.offered, "the transport may be writing it");
        let frame = self.frames.remove(at);
        self.check();
        frame
    }

    /// Takes all frames: nothing more is written.
    pub(super) fn take(&mut self) -> VecDeque<Segments> {
        (self.offered, self.accepted) = (0, 0);
        std::mem::take(&mut self.frames)
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// The number of frames that the transport may be writing.
    pub(super) const fn offered(&self) -> usize {
        self.offered
    }

    /// The number of bytes of the first frame that the transport accepted.
    pub(super) const fn accepted(&self) -> usize {
        self.accepted
    }

    /// The number of bytes that the transport has not accepted.
    pub(super) fn remaining(&self) -> usize {
        self.frames.iter().map(Buf::remaining).sum()
    }

    /// Gives back the memory of a burst. Room for one frame stays.
    pub(super) fn release(&mut self) {
        shrink_to_one(&mut self.frames);
    }

    #[inline]
    fn check(&self) {
        debug_assert!(self.offered <= self.frames.len(), "offered what is there");
        debug_assert!(
            self.accepted == 0 || self.offered > 0,
            "accepted what was offered"
        );
    }
}

/// Appends to a queue that mostly has one element, so that it takes no room for others before there are some.
#[inline(always)]
pub(super) fn push_exactly<T>(queue: &mut VecDeque<T>, value: T) {
    if queue.capacity() == 0 {
        make_room_for_one(queue);
    }
    queue.push_back(value);
}

#[cold]
fn make_room_for_one<T>(queue: &mut VecDeque<T>) {
    queue.reserve_exact(1);
}

/// Gives back the memory of a queue, except for one element.
#[inline]
pub(super) fn shrink_to_one<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > 1 {
        queue.shrink_to(1);
    }
}

/// The bytes that a connection wants to write: frames behind one another, shared blobs left where they are.
///
/// A view: nothing is taken out of the connection until [`handle_written`](super::Connection::handle_written)
/// reports it.
#[derive(Clone)]
pub struct Transmit<'a> {
    frames: Take<vec_deque::Iter<'a, Segments>>,
    /// The number of bytes that were passed over in this view.
    skipped: usize,
    remaining: usize,
}

impl<'a> Transmit<'a> {
    #[inline]
    fn of(frames: &'a VecDeque<Segments>, count: usize) -> Self {
        let frames = frames.iter().take(count);
        Self {
            remaining: frames.clone().map(Buf::remaining).sum(),
            frames,
            skipped: 0,
        }
    }

    /// The parts that are left, none of them empty.
    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let mut skip = self.skipped;
        let parts = self.frames.clone().flat_map(Segments::parts);
        parts.filter_map(move |part| {
            let skipped = skip.min(part.len());
            skip -= skipped;
            part.get(skipped..).filter(|part| !part.is_empty())
        })
    }
}

impl Buf for Transmit<'_> {
    #[inline]
    fn remaining(&self) -> usize {
        self.remaining
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        let first = match self.skipped {
            // No frame is empty.
            0 => self.frames.clone().next().map(Buf::chunk),
            _ => self.parts().next(),
        };
        first.unwrap_or(&[])
    }

    fn chunks_vectored<'b>(&'b self, out: &mut [IoSlice<'b>]) -> usize {
        let mut filled = 0;
        for (slot, part) in out.iter_mut().zip(self.parts()) {
            *slot = IoSlice::new(part);
            filled += 1;
        }
        filled
    }

    /// # Panics
    ///
    /// If `count` is above [`remaining`](Buf::remaining), as [`Buf`] asks.
    #[inline]
    fn advance(&mut self, count: usize) {
        assert!(
            count <= self.remaining,
            "advanced by {count} of {} bytes",
            self.remaining
        );
        self.skipped += count;
        self.remaining -= count;
    }
}

/// Without the bytes, in which there may be secrets.
impl fmt::Debug for Transmit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transmit")
            .field("remaining", &self.remaining)
            .finish_non_exhaustive()
    }
}
