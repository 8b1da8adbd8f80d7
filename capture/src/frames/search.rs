//! Finds where a frame begins: first at the beginnings of segments, since clients and brokers write a
//! frame at a time, then at every byte. It looks back over a window of fixed size.

use super::framer::Found;
use super::{Cause, FramePosition, Hole, Judge, Likelihood, MAX_FRAME_BYTES, SIZE_BYTES};
use crate::length::u64_of;
use crate::tcp::Arrival;

/// How much is looked at again when more arrives.
const WINDOW_BYTES: usize = 256 << 10;
/// Minimum size of a request header: API key, version, correlation id.
const HEADER_BYTES: usize = 8;
/// A frame that is larger is not waited for, if it is likely to be one.
const AWAITED: usize = 16 << 10;
/// Maximum number of candidates.
const MAX_CANDIDATES: usize = 64;

#[derive(Debug)]
pub(super) struct Search {
    /// The bytes that no frame was found in yet.
    window: Vec<u8>,
    /// Where in the window each segment begins, and the packet that it came in.
    segments: Vec<(usize, Arrival)>,
    /// Every place before this one was looked at.
    looked: usize,
    /// Those of them at which a frame may begin.
    candidates: Vec<Candidate>,
    /// What the judge knew when they were looked at.
    knowledge: u64,
    /// The first byte is the first of the connection, so only there a frame can begin.
    is_start: bool,
    missing: u64,
    skipped: u64,
    cause: Cause,
}

/// An offset at which a frame may begin, but more bytes are needed to tell.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    at: usize,
    /// `true` if a segment begins there too.
    is_segment: bool,
    /// The last of the frames that were looked at from there on, so that none is decoded twice.
    reached: Option<usize>,
}

/// What speaks for a place.
enum Opinion {
    Yes,
    No,
    Later { reached: Option<usize> },
}

impl Search {
    pub(super) const fn new(cause: Cause, is_start: bool) -> Self {
        Self {
            window: Vec::new(),
            segments: Vec::new(),
            looked: 0,
            candidates: Vec::new(),
            knowledge: 0,
            is_start,
            missing: 0,
            skipped: 0,
            cause,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    pub(super) fn buffered(&self) -> usize {
        self.window.capacity()
    }

    /// The packet that brought the first byte of the window.
    pub(super) fn arrival(&self) -> Option<Arrival> {
        self.segments.first().map(|(_, arrival)| *arrival)
    }

    pub(super) fn add(&mut self, bytes: &[u8], arrival: Arrival) {
        let length = self.window.len() + bytes.len();
        if length > WINDOW_BYTES {
            self.skip(self.window.len().min(length - WINDOW_BYTES / 2));
            self.is_start = false;
        }
        self.segments.push((self.window.len(), arrival));
        self.window.extend_from_slice(bytes);
    }

    /// Bytes are missing after the window, in which nothing was found.
    pub(super) fn lose(&mut self, missing: u64, cause: Cause) {
        self.give_up();
        self.missing += missing;
        self.cause = cause;
        self.is_start = false;
    }

    /// Bytes before the window belong to no frame.
    pub(super) fn skip_held(&mut self, held: usize) {
        self.skipped += u64_of(held);
    }

    pub(super) const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Gives up, and the memory back.
    pub(super) fn shed(&mut self) {
        self.give_up();
        self.window = Vec::new();
    }

    /// The stream is over.
    pub(super) fn end(&mut self) {
        // All of the connection is there.
        if self.is_start {
            self.cause = Cause::Ended;
        }
        self.give_up();
    }

    pub(super) fn give_up(&mut self) {
        self.skip(self.window.len());
    }

    /// Leaves out the first `length` bytes of the window, which has them; they need not have been looked at.
    pub(super) fn skip(&mut self, length: usize) {
        self.skipped += u64_of(length);
        self.window.drain(..length);
        self.looked = self.looked.saturating_sub(length);
        self.candidates.retain(|candidate| candidate.at >= length);
        for candidate in &mut self.candidates {
            candidate.at -= length;
            candidate.reached = candidate.reached.map(|reached| reached - length);
        }
        // The segment that the window now begins in stays, as does its packet.
        // There is none if the window was empty.
        let before = self.segments.partition_point(|(at, _)| *at <= length);
        self.segments.drain(..before.saturating_sub(1));
        for (at, _) in &mut self.segments {
            *at = at.saturating_sub(length);
        }
        if self.window.is_empty() {
            self.segments.clear();
        }
    }

    /// Says what no frame was made of, if anything.
    pub(super) fn report(&mut self, arrival: Arrival, judge: &mut impl Judge) {
        if self.missing > 0 || self.skipped > 0 {
            judge.hole(Hole {
                missing: self.missing,
                skipped: self.skipped,
                cause: self.cause,
                arrival,
            });
        }
        self.missing = 0;
        self.skipped = 0;
    }

    /// What was judged before counts for nothing any more.
    pub(super) fn reconsider(&mut self) {
        self.looked = 0;
        self.candidates.clear();
        self.knowledge = u64::MAX;
    }

    /// Puts the window on a stack, its last segment first.
    pub(super) fn hand_over(&mut self, rest: &mut Vec<(Vec<u8>, Arrival)>) {
        while let Some((at, arrival)) = self.segments.pop() {
            rest.push((self.window.split_off(at), arrival));
        }
    }

    pub(super) fn find(&mut self, is_last: bool, judge: &mut impl Judge) -> Found {
        if self.is_start {
            return self.find_start(is_last, judge);
        }
        let is_news = self.is_news(judge);
        self.knowledge = judge.knowledge();
        for candidate in std::mem::take(&mut self.candidates) {
            let Candidate { at, is_segment, .. } = candidate;
            let opinion = match candidate.reached {
                Some(reached) if !is_news => self.follow(reached, is_segment, is_last, judge),
                _ => self.examine(at, is_last, judge),
            };
            match opinion {
                Opinion::Yes => return Found::At(at),
                Opinion::No => {}
                Opinion::Later { reached } => self.candidates.push(Candidate {
                    reached,
                    ..candidate
                }),
            }
        }
        let from = self.looked;
        // The last places are too short to say anything yet.
        let end = if is_last {
            self.window.len()
        } else {
            self.window.len().saturating_sub(SIZE_BYTES - 1).max(from)
        };
        self.looked = end;
        // They are in order, and there may be one for each byte.
        let first = self.segments.partition_point(|(at, _)| *at < from);
        let starts = self.segments.iter().skip(first).map(|(at, _)| *at);
        let starts: Vec<_> = starts.take_while(|at| *at < end).collect();
        for at in starts.into_iter().chain(from..end) {
            match self.examine(at, is_last, judge) {
                Opinion::Yes => return Found::At(at),
                Opinion::No => {}
                Opinion::Later { reached } => self.remember(at, reached),
            }
        }
        Found::Nothing
    }

    fn remember(&mut self, at: usize, reached: Option<usize>) {
        if self.candidates.iter().any(|known| known.at == at) {
            return;
        }
        if self.candidates.len() == MAX_CANDIDATES {
            // Frames rarely begin within a segment, and old places mostly lead nowhere.
            let within = self
                .candidates
                .iter()
                .position(|candidate| !candidate.is_segment);
            self.candidates.remove(within.unwrap_or(0));
        }
        let is_segment = self.is_segment(at);
        self.candidates.push(Candidate {
            at,
            is_segment,
            reached,
        });
    }

    /// Returns `true` if the judge knows more than when it was last asked.
    pub(super) fn is_news(&self, judge: &impl Judge) -> bool {
        self.knowledge != judge.knowledge()
    }

    fn is_segment(&self, at: usize) -> bool {
        let found = self.segments.binary_search_by_key(&at, |(start, _)| *start);
        found.is_ok()
    }

    fn find_start(&mut self, is_last: bool, judge: &mut impl Judge) -> Found {
        let Some((size, bytes)) = self.frame_at(0) else {
            return Found::Nothing;
        };
        let likelihood = match size {
            Some(size) => judge.judge(bytes, size, FramePosition::First),
            None => Likelihood::Impossible,
        };
        match likelihood {
            // The capture did not keep more, but the kind of request is there.
            Likelihood::TooShort
                if is_last && (bytes.len() >= HEADER_BYTES || size == Some(bytes.len())) =>
            {
                Found::At(0)
            }
            Likelihood::TooShort => Found::Nothing,
            Likelihood::Impossible => {
                self.is_start = false;
                if judge.is_foreign() {
                    return Found::Foreign;
                }
                match self.invalid_size() {
                    Some(size) => {
                        self.cause = Cause::Size(size);
                        Found::Nothing
                    }
                    None => Found::At(0),
                }
            }
            _ => Found::At(0),
        }
    }

    /// The size that stands at a place, if it is one, and what follows of that frame; `None` if too
    /// little is there.
    fn frame_at(&self, at: usize) -> Option<(Option<usize>, &[u8])> {
        let rest = self.window.get(at..)?;
        let (prefix, bytes) = rest.split_first_chunk::<SIZE_BYTES>()?;
        let size = usize::try_from(i32::from_be_bytes(*prefix)).ok();
        let size = size.filter(|size| *size <= MAX_FRAME_BYTES);
        let bytes = match size {
            Some(size) => bytes.get(..size).unwrap_or(bytes),
            None => bytes,
        };
        Some((size, bytes))
    }

    /// The size that the window begins with, if no frame has it.
    fn invalid_size(&self) -> Option<i32> {
        let size = i32::from_be_bytes(*self.window.first_chunk()?);
        let is_valid = usize::try_from(size).is_ok_and(|size| size <= MAX_FRAME_BYTES);
        (!is_valid).then_some(size)
    }

    fn examine(&self, at: usize, is_last: bool, judge: &impl Judge) -> Opinion {
        let later = if is_last {
            Opinion::No
        } else {
            Opinion::Later { reached: None }
        };
        let Some((size, bytes)) = self.frame_at(at) else {
            return later;
        };
        let Some(size) = size else { return Opinion::No };
        let is_segment = self.is_segment(at);
        match judge.judge(bytes, size, FramePosition::Anywhere) {
            Likelihood::Impossible => return Opinion::No,
            Likelihood::TooShort => return later,
            Likelihood::Certain => return Opinion::Yes,
            // A small frame will soon be all there, and certain. What looks like one may be a few zeros.
            Likelihood::Likely
                if is_segment && (is_last || bytes.len() == size || size > AWAITED) =>
            {
                return Opinion::Yes;
            }
            Likelihood::Doubtful if !is_segment => return Opinion::No,
            Likelihood::Likely | Likelihood::Possible | Likelihood::Doubtful => {}
        }
        if bytes.len() < size {
            return later;
        }
        self.follow(at, is_segment, is_last, judge)
    }

    /// Whether the frame at `at`, which is all there, is one, since those behind it are.
    fn follow(
        &self,
        mut at: usize,
        is_segment: bool,
        is_last: bool,
        judge: &impl Judge,
    ) -> Opinion {
        loop {
            let later = if is_last {
                Opinion::No
            } else {
                Opinion::Later { reached: Some(at) }
            };
            let Some((Some(size), previous)) = self.frame_at(at) else {
                return Opinion::No;
            };
            let next = at + SIZE_BYTES + size;
            if next == self.window.len() {
                // Nothing follows yet. At the end of a stretch, a frame that is all of a segment must do.
                return if is_last && is_segment {
                    Opinion::Yes
                } else {
                    later
                };
            }
            let (size, bytes) = match self.frame_at(next) {
                None => return later,
                Some((None, _)) => return Opinion::No,
                Some((Some(size), bytes)) => (size, bytes),
            };
            match judge.judge(bytes, size, FramePosition::After(previous)) {
                Likelihood::Impossible => return Opinion::No,
                Likelihood::TooShort => return later,
                // One frame more must speak for both.
                Likelihood::Doubtful if bytes.len() == size => at = next,
                Likelihood::Doubtful => return later,
                _ => return Opinion::Yes,
            }
        }
    }
}
