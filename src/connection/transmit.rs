//! Frames on their way to the transport, and the view of them that the transport writes from.

use std::collections::{VecDeque, vec_deque};
use std::fmt;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

use crate::wire::Segments;

use super::client::pending_request::PendingRequest;

/// The position of the transport in the frames that it was offered, of which others keep the queue.
///
/// Invariant: only the first frame that was offered is written in part.
#[derive(Default)]
pub(super) struct WriteProgress {
    /// The number of frames that the transport may be writing.
    offered: usize,
    /// The number of bytes of the first of them that the transport accepted.
    accepted: usize,
}

/// The bytes of the first frame that the transport accepted.
pub(super) struct AcceptedBytes {
    pub(super) bytes: usize,
    /// `true` if they are the first of the frame.
    pub(super) begins: bool,
    /// `true` if they are the last of the frame, which leaves the queue.
    pub(super) is_whole: bool,
}

impl WriteProgress {
    /// The transport may be writing so many frames from now on.
    #[inline]
    pub(super) fn offer(&mut self, frames: usize) {
        self.offered = frames;
        self.check();
    }

    /// The transport accepted `bytes`: takes as many of them as the first frame has. `None` if the transport was
    /// offered no frame.
    #[inline(always)]
    pub(super) fn accept(&mut self, first: &mut Segments, bytes: usize) -> Option<AcceptedBytes> {
        if self.offered == 0 {
            return None;
        }
        let begins = self.accepted == 0;
        let bytes = bytes.min(first.remaining());
        first.advance(bytes);
        let is_whole = !first.has_remaining();
        match is_whole {
            true => (self.accepted, self.offered) = (0, self.offered - 1),
            false => self.accepted += bytes,
        }
        self.check();
        Some(AcceptedBytes {
            bytes,
            begins,
            is_whole,
        })
    }

    /// The number of frames that the transport may be writing.
    #[inline]
    pub(super) const fn offered(&self) -> usize {
        self.offered
    }

    /// The number of bytes of the first frame that the transport accepted.
    pub(super) const fn accepted(&self) -> usize {
        self.accepted
    }

    #[inline]
    fn check(&self) {
        debug_assert!(
            self.accepted == 0 || self.offered > 0,
            "accepted what was offered"
        );
    }
}

/// The first frames of a queue whose bytes a `usize` counts. Where it has 64 bits, those are all.
#[derive(Default)]
pub(super) struct Fitting {
    pub(super) frames: usize,
    pub(super) bytes: usize,
}

impl Fitting {
    #[inline]
    pub(super) fn of<'a>(frames: impl Iterator<Item = &'a Segments>) -> Self {
        Self::default().and(frames)
    }

    /// With as many of these frames as fit too.
    #[inline]
    fn and<'a>(mut self, frames: impl Iterator<Item = &'a Segments>) -> Self {
        for frame in frames {
            let Some(bytes) = self.bytes.checked_add(frame.remaining()) else {
                break;
            };
            (self.frames, self.bytes) = (self.frames + 1, bytes);
        }
        self
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
    frames: Frames<'a>,
    /// The number of bytes that were passed over in this view.
    skipped: usize,
    remaining: usize,
}

/// The frames of one side of a connection.
#[derive(Clone)]
enum Frames<'a> {
    Requests(vec_deque::Iter<'a, Box<PendingRequest>>),
    Responses(vec_deque::Iter<'a, Segments>),
}

impl<'a> Iterator for Frames<'a> {
    type Item = &'a Segments;

    #[inline]
    fn next(&mut self) -> Option<&'a Segments> {
        match self {
            Self::Requests(requests) => requests.next().map(|request| request.frame()),
            Self::Responses(frames) => frames.next(),
        }
    }
}

impl<'a> Transmit<'a> {
    /// The frames of requests, which have so many bytes.
    #[inline]
    pub(super) fn of_requests(
        requests: vec_deque::Iter<'a, Box<PendingRequest>>,
        bytes: usize,
    ) -> Self {
        Self {
            frames: Frames::Requests(requests),
            skipped: 0,
            remaining: bytes,
        }
    }

    /// The frames of responses, which have so many bytes.
    pub(super) fn of_responses(frames: vec_deque::Iter<'a, Segments>, bytes: usize) -> Self {
        Self {
            frames: Frames::Responses(frames),
            skipped: 0,
            remaining: bytes,
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
        // Nothing looks at a frame again that was passed over whole.
        let mut frames = self.frames.clone();
        while let Some(passed) = frames.next().filter(|it| it.remaining() <= self.skipped) {
            self.skipped -= passed.remaining();
            self.frames = frames.clone();
        }
    }

    /// Copies in one pass: `chunk` looks for its place in a frame of many parts each time.
    fn copy_to_bytes(&mut self, count: usize) -> Bytes {
        let mut copied = Vec::with_capacity(count.min(self.remaining));
        for part in self.parts() {
            let missing = count - copied.len();
            if missing == 0 {
                break;
            }
            copied.extend_from_slice(part.get(..missing).unwrap_or(part));
        }
        self.advance(count);
        copied.into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Blob, Encoding, Writer};

    /// A frame with shared blobs of these lengths, and four own bytes before each.
    fn frame(blobs: &[usize]) -> Segments {
        let mut writer = Writer::new();
        for (blob, length) in (1..).zip(blobs) {
            let blob = Blob::from(Bytes::from(vec![blob; *length]));
            writer.blob(Encoding::Classic, &blob, "blob").unwrap();
        }
        writer.finish()
    }

    #[test]
    fn bytes_are_the_same_however_they_are_taken() {
        let frames = VecDeque::from([frame(&[600, 1, 513]), frame(&[2]), frame(&[700, 800])]);
        let all: Vec<u8> = frames.iter().flat_map(Segments::to_vec).collect();
        let fitting = Fitting::of(frames.iter());
        assert_eq!((fitting.frames, fitting.bytes), (3, all.len()));
        for first in (0..=all.len()).step_by(7) {
            for second in (first..=all.len()).step_by(61) {
                let mut view = Transmit::of_responses(frames.iter(), fitting.bytes);
                view.advance(first);
                assert_eq!(view.copy_to_bytes(second - first), &all[first..second]);
                let rest = &all[second..];
                assert_eq!(view.remaining(), rest.len());
                assert_eq!(view.parts().collect::<Vec<_>>().concat(), rest);
                assert!(rest.starts_with(view.chunk()));
                assert_eq!(view.chunk().is_empty(), rest.is_empty());
            }
        }
    }

    #[test]
    fn no_more_frames_are_offered_than_can_be_counted() {
        let frame = frame(&[1000]);
        let before = usize::MAX - 1500;
        let full = Fitting {
            frames: 2,
            bytes: before,
        };
        let fitting = full.and([&frame, &frame].into_iter());
        assert_eq!((fitting.frames, fitting.bytes), (3, before + 1004));
    }
}
