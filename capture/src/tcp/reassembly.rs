//! Puts the segments of one direction in order: each byte once, the first to arrive wins.
//! It waits for what is missing until the caller gives it up.

use std::collections::BTreeMap;
use std::ops::Range;

use super::copies::MAX_NANOSECONDS;
use super::{Arrival, sequence_after};
use crate::length::{u64_of, usize_of};

/// What a segment that waits costs beside its bytes.
const OVERHEAD_BYTES: usize = 128;
/// How many packets of the connection a copy may come later that has more.
const MAX_TURNS: u64 = 32;
/// A segment that far off belongs to something else.
const MAX_DISTANCE: i32 = 1 << 30;

/// A part of the stream, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Bytes, and the packet that brought them.
    Bytes(&'a [u8], Arrival),
    /// So many bytes that are in a packet of which the capture kept only the beginning.
    NotKept(u64, Arrival),
    /// So many bytes that are in no packet of the capture.
    Lost(u64, Arrival),
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    /// The sequence number of the next byte; `None` until there was a segment.
    next_sequence: Option<u32>,
    /// The place of the next byte in the stream.
    next: u64,
    /// What arrived early, by its place; nothing overlaps.
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
    /// Packets were captured more than once: what one copy does not have, the next may.
    awaits_copies: bool,
    /// Where the stream ends, once that is known.
    end: Option<u64>,
}

#[derive(Debug)]
enum Waiting {
    Bytes(Vec<u8>, Arrival),
    NotKept(u64, Arrival),
}

impl Waiting {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes, _) => u64_of(bytes.len()),
            Self::NotKept(length, _) => *length,
        }
    }

    fn as_piece(&self) -> Piece<'_> {
        match self {
            Self::Bytes(bytes, arrival) => Piece::Bytes(bytes, *arrival),
            Self::NotKept(length, arrival) => Piece::NotKept(*length, *arrival),
        }
    }
}

impl Reassembly {
    /// Sets the sequence number of the first byte, if none is known yet.
    pub(crate) fn begin(&mut self, sequence: u32) {
        self.next_sequence.get_or_insert(sequence);
    }

    /// Returns `true` if there was a segment.
    pub(crate) const fn has_begun(&self) -> bool {
        self.next_sequence.is_some()
    }

    /// Returns `true` if `sequence` is so far from what is due that it must be another connection's.
    pub(crate) fn is_far(&self, sequence: u32) -> bool {
        self.distance(sequence).unsigned_abs() > MAX_DISTANCE.unsigned_abs()
    }

    /// The stream ends before `sequence`.
    pub(crate) fn end(&mut self, sequence: u32) {
        self.end = self.end.or_else(|| self.place(sequence));
    }

    /// Returns `true` if all of the stream was delivered.
    pub(crate) fn is_finished(&self) -> bool {
        self.end.is_some_and(|end| self.next >= end)
    }

    /// How much memory waits for what is missing.
    pub(crate) const fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// What is missing before the first bytes that wait, and the packet that brought those.
    pub(crate) fn hole(&self) -> Option<(Range<u64>, Arrival)> {
        let (first, waiting) = self.waiting.first_key_value()?;
        let (Waiting::Bytes(_, arrival) | Waiting::NotKept(_, arrival)) = waiting;
        // What is in order waits for a copy.
        (self.next < *first).then_some((self.next..*first, *arrival))
    }

    /// Returns `true` if the receiver acknowledged all that is missing: nobody will send it again.
    pub(crate) fn is_acknowledged(&self, hole: &Range<u64>, acknowledged: u32) -> bool {
        self.place(acknowledged)
            .is_some_and(|place| place >= hole.end)
    }

    /// Takes the bytes at `sequence`, of which `missing` more follow that were not kept. Hands over
    /// all that is in order now.
    pub(crate) fn push(
        &mut self,
        sequence: u32,
        bytes: &[u8],
        missing: u64,
        arrival: Arrival,
        mut deliver: impl FnMut(Piece<'_>),
    ) {
        self.begin(sequence);
        let distance = i64::from(self.distance(sequence));
        let length = u64_of(bytes.len());
        // What came before, in part or all of it, was delivered already.
        let again = distance.min(0).unsigned_abs();
        let early = distance.max(0).unsigned_abs();
        if early > 0 {
            let start = self.next + early;
            self.keep(start, bytes, arrival);
            self.keep_missing(start + length, missing, arrival);
            return;
        }
        if again >= length + missing {
            return;
        }
        let skipped = again.min(length);
        let (_, bytes) = bytes.split_at(usize_of(skipped));
        let missing = missing - (again - skipped);
        if self.waiting.is_empty() && (missing == 0 || !self.awaits_copies) {
            if !bytes.is_empty() {
                self.go_on(u64_of(bytes.len()));
                deliver(Piece::Bytes(bytes, arrival));
            }
            if missing > 0 {
                self.go_on(missing);
                deliver(Piece::NotKept(missing, arrival));
            }
            return;
        }
        let start = self.next;
        self.keep(start, bytes, arrival);
        self.keep_missing(start + u64_of(bytes.len()), missing, arrival);
        self.deliver_waiting(&mut deliver);
    }

    /// Gives up what is missing before the first bytes that wait, and hands over what follows.
    pub(crate) fn skip_hole(&mut self, arrival: Arrival, mut deliver: impl FnMut(Piece<'_>)) {
        let Some((hole, _)) = self.hole() else {
            return;
        };
        let length = hole.end - hole.start;
        self.go_on(length);
        deliver(Piece::Lost(length, arrival));
        self.deliver_waiting(&mut deliver);
    }

    /// There are copies of packets. A part that was not captured waits for a copy that has it from here on.
    pub(crate) const fn await_copies(&mut self) {
        self.awaits_copies = true;
    }

    /// Takes the bytes at `sequence` of a copy, of which an earlier one had less. Hands over all that is in order now.
    pub(crate) fn complete(
        &mut self,
        sequence: u32,
        bytes: &[u8],
        mut deliver: impl FnMut(Piece<'_>),
    ) {
        let Some(start) = self.place(sequence) else {
            return;
        };
        let end = start + u64_of(bytes.len());
        let parts = self.waiting.range(..end).rev();
        let parts = parts.take_while(|(at, part)| **at + part.len() > start);
        let parts: Vec<_> = parts
            .filter_map(|(at, part)| match part {
                Waiting::NotKept(length, arrival) => Some((*at, *length, *arrival)),
                Waiting::Bytes(..) => None,
            })
            .collect();
        for (at, length, arrival) in parts {
            if let Some(part) = self.waiting.remove(&at) {
                self.waiting_bytes -= cost(&part);
            }
            let found = at.max(start)..(at + length).min(end);
            let within = usize_of(found.start - start)..usize_of(found.end - start);
            // The packet is the one that was captured first.
            self.keep(found.start, bytes.get(within).unwrap_or_default(), arrival);
            self.keep_missing(at, length, arrival);
        }
        self.deliver_waiting(&mut deliver);
    }

    /// Hands over what is in order and waited for a copy long enough; all of that if `is_over`.
    pub(crate) fn release(
        &mut self,
        now: Arrival,
        is_over: bool,
        mut deliver: impl FnMut(Piece<'_>),
    ) {
        while let Some(entry) = self.waiting.first_entry() {
            let Waiting::NotKept(length, arrival) = *entry.get() else {
                return;
            };
            let is_due = is_over
                || now.time.abs_diff(arrival.time) > MAX_NANOSECONDS
                || now.turn.saturating_sub(arrival.turn) > MAX_TURNS;
            if *entry.key() != self.next || !is_due {
                return;
            }
            self.waiting_bytes -= cost(&entry.remove());
            self.go_on(length);
            deliver(Piece::NotKept(length, arrival));
            self.deliver_waiting(&mut deliver);
        }
    }

    /// How much is missing at the end of the stream, after all that arrived: up to where it ends, or
    /// to where the receiver acknowledged it.
    pub(crate) fn missing_at_end(&self, acknowledged: Option<u32>) -> u64 {
        let acknowledged = acknowledged.and_then(|sequence| self.place(sequence));
        match (self.end, acknowledged) {
            // A peer can send bytes after its FIN, and more than was acknowledged.
            (Some(end), _) => end.saturating_sub(self.next),
            // The FIN has a number of its own, and was not captured.
            (None, Some(end)) if end == self.next + 1 => 0,
            (None, Some(end)) => end.saturating_sub(self.next),
            (None, None) => 0,
        }
    }

    fn deliver_waiting(&mut self, deliver: &mut impl FnMut(Piece<'_>)) {
        while let Some(entry) = self.waiting.first_entry() {
            let awaits_copy = self.awaits_copies && matches!(entry.get(), Waiting::NotKept(..));
            if *entry.key() != self.next || awaits_copy {
                return;
            }
            let waiting = entry.remove();
            self.waiting_bytes -= cost(&waiting);
            self.go_on(waiting.len());
            deliver(waiting.as_piece());
        }
    }

    fn keep(&mut self, start: u64, bytes: &[u8], arrival: Arrival) {
        for range in self.free(start..start + u64_of(bytes.len())) {
            let within = usize_of(range.start - start)..usize_of(range.end - start);
            let bytes = bytes
                .get(within)
                .expect("free ranges are within the segment");
            self.insert(range.start, Waiting::Bytes(bytes.to_vec(), arrival));
        }
    }

    fn keep_missing(&mut self, start: u64, length: u64, arrival: Arrival) {
        for range in self.free(start..start + length) {
            self.insert(
                range.start,
                Waiting::NotKept(range.end - range.start, arrival),
            );
        }
    }

    fn insert(&mut self, start: u64, waiting: Waiting) {
        self.waiting_bytes += cost(&waiting);
        self.waiting.insert(start, waiting);
    }

    /// The parts of `range` of which nothing waits yet.
    fn free(&self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut free = Vec::new();
        let mut at = range.start;
        if let Some((start, before)) = self.waiting.range(..at).next_back() {
            at = at.max(start + before.len());
        }
        for (start, next) in self.waiting.range(range.clone()) {
            if at < *start {
                free.push(at..*start);
            }
            at = at.max(start + next.len());
        }
        if at < range.end {
            free.push(at..range.end);
        }
        free
    }

    fn go_on(&mut self, length: u64) {
        self.next += length;
        let next = self.next_sequence.map(|next| sequence_after(next, length));
        debug_assert!(
            next.is_some(),
            "bytes are delivered after the first segment"
        );
        self.next_sequence = next;
    }

    /// The distance from the next byte to `sequence`; 0 before the first segment.
    fn distance(&self, sequence: u32) -> i32 {
        self.next_sequence
            .map_or(0, |next| sequence.wrapping_sub(next).cast_signed())
    }

    fn place(&self, sequence: u32) -> Option<u64> {
        self.next_sequence?;
        self.next
            .checked_add_signed(i64::from(self.distance(sequence)))
    }
}

fn cost(waiting: &Waiting) -> usize {
    OVERHEAD_BYTES
        + match waiting {
            Waiting::Bytes(bytes, _) => bytes.len(),
            Waiting::NotKept(..) => 0,
        }
}
