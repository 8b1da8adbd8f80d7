//! What is to be written, as one buffer, and what was written of it.

use std::collections::{VecDeque, vec_deque};
use std::io::IoSlice;
use std::time::Instant;

use bytes::Buf;
use zeroize::Zeroize;

use crate::wire::Segments;

use super::client::event::Event;
use super::client::machine::Connection;
use super::client::request::{Origin, Record, Step};
use super::timing::earlier;
use super::{Outcome, State};

/// What a connection wants to write: the frames behind one another, shared blobs left where they are.
///
/// It is a view. Nothing is taken out of the connection until
/// [`handle_written`](Connection::handle_written) says so.
#[derive(Clone, Debug)]
pub struct Transmit<'a> {
    frames: std::iter::Take<vec_deque::Iter<'a, Box<Record>>>,
    /// How many bytes of the frames were passed over in this view.
    skipped: usize,
    remaining: usize,
}

impl Connection {
    /// The bytes to write next; `None` if there are none.
    ///
    /// Writes them with `chunks_vectored`, or as much of them as the transport takes, and report that with
    /// [`handle_written`](Self::handle_written). It may change after every input.
    #[must_use]
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        if self.admitted == 0 {
            return None;
        }
        self.offered = self.admitted;
        Some(Transmit::of(&self.outbound, self.admitted))
    }

    /// The transport accepted the next `bytes` of [`poll_transmit`](Self::poll_transmit).
    ///
    /// # Panics
    ///
    /// If that is more than there was to write: then the stream is beyond repair.
    pub fn handle_written(&mut self, now: Instant, mut bytes: usize) {
        if self.state == State::Closed || bytes == 0 {
            return;
        }
        self.last_out = now;
        self.keep_alive_told = false;
        while bytes > 0 {
            let front = self.outbound.front_mut().filter(|_| self.admitted > 0);
            let Some((accepted, whole)) = front.and_then(|record| accept(record, bytes, now))
            else {
                break;
            };
            bytes -= accepted;
            self.bytes_out += u64::try_from(accepted).unwrap_or(u64::MAX);
            if whole {
                self.admitted -= 1;
                self.offered = self.offered.saturating_sub(1);
                if let Some(record) = self.outbound.pop_front() {
                    self.on_written(now, record);
                }
                // After each, so that it does not matter how many are written at once.
                self.pump(now);
                if self.state == State::Closed {
                    return;
                }
            }
        }
        assert!(
            bytes == 0,
            "{bytes} bytes more were reported as written than were to be written"
        );
    }

    /// The last byte of a request was accepted.
    fn on_written(&mut self, now: Instant, mut record: Box<Record>) {
        record.timings.written = Some(now);
        if record.extended_before != self.extended {
            record.extended_before = self.extended;
            self.first_deadline = earlier(self.first_deadline, self.deadline(&record));
        }
        if let Some(frame) = record.frame.take() {
            self.keep_buffer(frame, record.origin);
        }
        if self.options.has_progress_events && !record.is_internal() {
            self.emit(Event::Written {
                id: record.id,
                label: record.label,
                bytes: record.frame_bytes,
            });
        }
        match record.origin {
            Origin::Session(Step::SaslToken) => self.on_token_written(now),
            _ if !record.expects_response => {
                self.in_flight.push_without_response(record.label);
                self.complete(record, Outcome::Written);
            }
            origin => {
                if self.in_flight.due().is_none() {
                    self.head_since = Some(now);
                }
                let label = record.label;
                self.in_flight.push(label.with_note(record));
                if origin == Origin::Nobody {
                    // It was given up while it was being written.
                    self.abandoned += 1;
                    drop(self.in_flight.abandon(label.correlation_id));
                }
            }
        }
    }

    /// Keeps the buffer of a frame that was written for the next one, if it is small.
    fn keep_buffer(&mut self, frame: Segments, origin: Origin) {
        let mut buffer = frame.into_buffer();
        if matches!(
            origin,
            Origin::Session(Step::SaslAuthenticate | Step::SaslToken)
        ) {
            // All of it, also what is beyond its length.
            buffer.zeroize();
        }
        if buffer.capacity() <= MAX_SPARE && buffer.capacity() > self.spare.capacity() {
            self.spare = buffer;
        }
    }
}

/// Advances a frame by what was accepted: how much that is, and whether all is.
#[inline]
pub(super) fn accept(record: &mut Record, bytes: usize, now: Instant) -> Option<(usize, bool)> {
    let frame = record.frame.as_mut()?;
    let accepted = bytes.min(frame.remaining());
    frame.advance(accepted);
    record.accepted += accepted;
    record.timings.first_byte_written.get_or_insert(now);
    Some((accepted, !frame.has_remaining()))
}

/// The largest buffer that is kept while nothing is to be written.
const MAX_SPARE: usize = 512;

impl<'a> Transmit<'a> {
    /// A view of the first `count` frames.
    pub(super) fn of(frames: &'a VecDeque<Box<Record>>, count: usize) -> Self {
        let frames = frames.iter().take(count);
        let left = frames.clone().filter_map(|record| record.frame.as_ref());
        Self {
            remaining: left.map(Buf::remaining).sum(),
            frames,
            skipped: 0,
        }
    }

    /// The parts that are left, none of them empty.
    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let mut skip = self.skipped;
        let frames = self
            .frames
            .clone()
            .filter_map(|record| record.frame.as_ref());
        frames.flat_map(Segments::parts).filter_map(move |part| {
            let skipped = skip.min(part.len());
            skip -= skipped;
            part.get(skipped..).filter(|part| !part.is_empty())
        })
    }
}

impl Buf for Transmit<'_> {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        // What is not passed over begins the first frame, which is not written whole.
        let first = || self.frames.clone().next()?.frame.as_ref();
        match self.skipped {
            0 => first().map_or(&[], Buf::chunk),
            _ => self.parts().next().unwrap_or_default(),
        }
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
