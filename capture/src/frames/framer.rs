//! Cuts a stream into frames by their sizes. Frames that arrive in one piece are not copied.

use super::search::Search;
use super::{Cause, Frame, Hole, Judge, MAX_FRAME_BYTES, SIZE_BYTES, Truncation};
use crate::length::{u64_of, usize_of};
use crate::tcp::{Arrival, Piece};

/// How much is kept of a frame that takes too much memory.
const KEPT_BYTES: usize = 4096;
/// A larger frame is waited for only if its beginning is that of one.
const UNCHECKED_BYTES: usize = 64 << 10;
/// How much of such a frame must have arrived to tell. A request is recognized by less than this too.
const CHECKED_BYTES: usize = 8;
/// After so many frames in a row that were none it is doubted where frames begin.
const MAX_DOUBTS: u8 = 2;

/// One direction of a connection.
#[derive(Debug)]
pub(crate) struct Framer {
    state: State,
    doubts: u8,
}

#[derive(Debug)]
enum State {
    /// Where frames begin is known.
    Aligned(PartialFrame),
    /// It is not.
    Searching(Search),
    /// There are none.
    Foreign,
}

/// A frame of which bytes are still to come.
#[derive(Debug, Default)]
struct PartialFrame {
    /// Its bytes from the size on, up to the first that is missing.
    buffer: Vec<u8>,
    /// How many bytes it has already, missing ones included.
    arrived: u64,
    /// `true` if the judge was asked about its beginning.
    is_checked: bool,
    truncation: Option<Truncation>,
    first: Arrival,
    last: Arrival,
}

impl Framer {
    /// `is_start`: the first byte is the first of the connection.
    pub(crate) fn new(is_start: bool) -> Self {
        Self {
            state: State::Searching(Search::new(Cause::MidStream, is_start)),
            doubts: 0,
        }
    }

    /// For a stream that is not Kafka's.
    pub(crate) const fn foreign() -> Self {
        Self {
            state: State::Foreign,
            doubts: 0,
        }
    }

    /// How many bytes were passed over since a frame was last seen.
    pub(crate) const fn skipped(&self) -> u64 {
        match &self.state {
            State::Searching(search) => search.skipped(),
            _ => 0,
        }
    }

    /// Takes the next part of the stream.
    pub(crate) fn push(&mut self, piece: Piece<'_>, judge: &mut impl Judge) {
        match piece {
            Piece::Bytes(bytes, arrival) => self.bytes(bytes, arrival, judge),
            Piece::NotKept(length, arrival) => {
                self.missing(length, Truncation::NotKept, arrival, judge)
            }
            Piece::Lost(length, arrival) => self.missing(length, Truncation::Lost, arrival, judge),
        }
    }

    /// Looks again for a frame, since more is known now of the other direction.
    pub(crate) fn retry(&mut self, judge: &mut impl Judge) {
        if let State::Searching(search) = &mut self.state
            && !search.is_empty()
            && search.is_news(judge)
        {
            let mut rest = Vec::new();
            self.look(false, judge, &mut rest);
            self.work_off(rest, judge);
        }
    }

    /// Looks again at all that no frame was found in, since it was judged by what the other end sends.
    pub(crate) fn reconsider(&mut self) {
        if let State::Searching(search) = &mut self.state {
            search.reconsider();
        }
    }

    /// Looks for a frame where more bytes are not to be expected.
    pub(crate) fn settle(&mut self, judge: &mut impl Judge) {
        if let State::Searching(_) = &self.state {
            let mut rest = Vec::new();
            self.look(true, judge, &mut rest);
            self.work_off(rest, judge);
        }
    }

    /// The stream ends here.
    pub(crate) fn finish(&mut self, arrival: Arrival, judge: &mut impl Judge) {
        self.settle(judge);
        match std::mem::replace(&mut self.state, State::Foreign) {
            State::Aligned(partial) if partial.arrived > 0 => partial.end(arrival, judge),
            State::Searching(mut search) => {
                search.end();
                search.report(arrival, judge);
            }
            _ => {}
        }
    }

    /// How much memory is in use.
    pub(crate) fn buffered(&self) -> usize {
        match &self.state {
            State::Aligned(partial) => partial.buffer.capacity(),
            State::Searching(search) => search.buffered(),
            State::Foreign => 0,
        }
    }

    /// Keeps only the beginning of the frame that is being put together.
    pub(crate) fn shed(&mut self) {
        match &mut self.state {
            State::Aligned(partial) if partial.buffer.len() > KEPT_BYTES => {
                partial.buffer.truncate(KEPT_BYTES);
                partial.buffer.shrink_to_fit();
                partial.truncation.get_or_insert(Truncation::Memory);
            }
            State::Searching(search) => search.shed(),
            _ => {}
        }
    }

    fn bytes(&mut self, bytes: &[u8], arrival: Arrival, judge: &mut impl Judge) {
        let mut rest = Vec::new();
        self.take(bytes, arrival, judge, &mut rest);
        self.work_off(rest, judge);
    }

    /// What was held while it was not known where frames begin; the last is the first to take. It is a
    /// list, since one part of it may put an end to that knowledge again.
    fn work_off(&mut self, mut rest: Vec<(Vec<u8>, Arrival)>, judge: &mut impl Judge) {
        while let Some((bytes, arrival)) = rest.pop() {
            self.take(&bytes, arrival, judge, &mut rest);
        }
    }

    fn take(
        &mut self,
        mut bytes: &[u8],
        arrival: Arrival,
        judge: &mut impl Judge,
        rest: &mut Vec<(Vec<u8>, Arrival)>,
    ) {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Foreign => return,
                State::Searching(search) => {
                    search.add(bytes, arrival);
                    bytes = &[];
                    self.look(false, judge, rest);
                }
                State::Aligned(partial) => match partial.take(&mut bytes, arrival, judge) {
                    Taken::All => {}
                    Taken::Frame { is_one: true } => self.doubts = 0,
                    Taken::Frame { is_one: false } => {
                        self.doubts += 1;
                        if self.doubts >= MAX_DOUBTS {
                            self.lose(Cause::Doubt);
                        }
                    }
                    Taken::None(cause) => {
                        let held = std::mem::take(&mut partial.buffer);
                        let search = self.lose(cause);
                        if !held.is_empty() {
                            search.add(&held, arrival);
                        }
                        if bytes.is_empty() {
                            self.look(false, judge, rest);
                        }
                    }
                },
            }
        }
    }

    fn lose(&mut self, cause: Cause) -> &mut Search {
        self.doubts = 0;
        self.state = State::Searching(Search::new(cause, false));
        match &mut self.state {
            State::Searching(search) => search,
            _ => unreachable!("it was set just now"),
        }
    }

    fn look(&mut self, is_last: bool, judge: &mut impl Judge, rest: &mut Vec<(Vec<u8>, Arrival)>) {
        let State::Searching(search) = &mut self.state else {
            return;
        };
        match search.find(is_last, judge) {
            Found::At(at) => {
                search.skip(at);
                judge.found();
                if let Some(arrival) = search.arrival() {
                    search.report(arrival, judge);
                }
                search.hand_over(rest);
                self.state = State::Aligned(PartialFrame::default());
            }
            Found::Foreign => self.state = State::Foreign,
            Found::Nothing => {}
        }
    }

    fn missing(
        &mut self,
        mut length: u64,
        truncation: Truncation,
        arrival: Arrival,
        judge: &mut impl Judge,
    ) {
        self.settle(judge);
        let cause = match truncation {
            Truncation::NotKept => Cause::NotKept,
            _ => Cause::Lost,
        };
        match &mut self.state {
            State::Foreign => {}
            State::Searching(search) => search.lose(length, cause),
            State::Aligned(partial) => {
                let within = partial.skip(length, truncation, arrival, judge);
                length -= within;
                if truncation == Truncation::Lost && within > 0 {
                    judge.hole(Hole {
                        missing: within,
                        skipped: 0,
                        cause,
                        arrival,
                    });
                }
                if length > 0 {
                    let held = partial.buffer.len();
                    let search = self.lose(cause);
                    search.lose(length, cause);
                    search.skip_held(held);
                }
            }
        }
    }
}

/// What became of bytes that a partial frame was given.
enum Taken {
    /// They are in it.
    All,
    /// They ended it.
    Frame { is_one: bool },
    /// They are not frames, for this reason.
    None(Cause),
}

/// What became of looking for a frame.
pub(super) enum Found {
    /// It begins at this place of the window.
    At(usize),
    /// The connection does not begin with one.
    Foreign,
    /// More is needed.
    Nothing,
}

impl PartialFrame {
    /// Takes bytes off the front of `bytes`, a frame at most.
    fn take(&mut self, bytes: &mut &[u8], arrival: Arrival, judge: &mut impl Judge) -> Taken {
        if self.arrived == 0 {
            if let Some(prefix) = bytes.first_chunk() {
                let Ok(size) = checked_size(*prefix) else {
                    return Taken::None(Cause::Size(i32::from_be_bytes(*prefix)));
                };
                if let Some((whole, after)) = bytes.split_at_checked(SIZE_BYTES + size) {
                    *bytes = after;
                    return Taken::Frame {
                        is_one: judge.frame(Frame {
                            size,
                            bytes: after_size(whole),
                            truncation: None,
                            first: arrival,
                            last: arrival,
                        }),
                    };
                }
            }
            self.first = arrival;
            self.last = arrival;
        }
        if arrival.packet > self.last.packet {
            self.last = arrival;
        }
        if self.arrived < u64_of(SIZE_BYTES) {
            let wanted = SIZE_BYTES - self.buffer.len();
            self.collect(bytes, wanted);
            let Some(prefix) = self.buffer.first_chunk() else {
                return Taken::All;
            };
            if checked_size(*prefix).is_err() {
                return Taken::None(Cause::Size(i32::from_be_bytes(*prefix)));
            }
        }
        let size = self.size().expect("the size was checked when it arrived");
        self.collect(bytes, usize_of(self.remaining(size)));
        if self.arrived < u64_of(SIZE_BYTES + size) {
            let begun = self.buffer.get(SIZE_BYTES..).unwrap_or_default();
            if size > UNCHECKED_BYTES && begun.len() >= CHECKED_BYTES && !self.is_checked {
                self.is_checked = true;
                if !judge.may_follow(begun) {
                    return Taken::None(Cause::Doubt);
                }
            }
            return Taken::All;
        }
        let is_one = self.hand_over(size, judge);
        Taken::Frame { is_one }
    }

    fn collect(&mut self, bytes: &mut &[u8], wanted: usize) {
        let (now, later) = bytes.split_at(wanted.min(bytes.len()));
        *bytes = later;
        self.arrived += u64_of(now.len());
        if self.truncation.is_none() {
            self.buffer.extend_from_slice(now);
        }
    }

    /// Leaves out as many of `length` missing bytes as belong to this frame. How many those are.
    fn skip(
        &mut self,
        length: u64,
        truncation: Truncation,
        arrival: Arrival,
        judge: &mut impl Judge,
    ) -> u64 {
        let Some(size) = self.size() else { return 0 };
        let within = length.min(self.remaining(size));
        self.arrived += within;
        self.truncation.get_or_insert(truncation);
        if arrival.packet > self.last.packet && truncation == Truncation::NotKept {
            self.last = arrival;
        }
        if self.arrived >= u64_of(SIZE_BYTES + size) {
            self.hand_over(size, judge);
        }
        within
    }

    fn size(&self) -> Option<usize> {
        checked_size(*self.buffer.first_chunk()?).ok()
    }

    /// How many bytes of the frame have not arrived.
    fn remaining(&self, size: usize) -> u64 {
        let whole = u64_of(SIZE_BYTES + size);
        debug_assert!(self.arrived <= whole, "no byte of the next frame is taken");
        whole - self.arrived
    }

    fn hand_over(&mut self, size: usize, judge: &mut impl Judge) -> bool {
        let mut partial = std::mem::take(self);
        let is_one = judge.frame(Frame {
            size,
            bytes: after_size(&partial.buffer),
            truncation: partial.truncation,
            first: partial.first,
            last: partial.last,
        });
        // The memory is used again, unless it is much.
        if partial.buffer.capacity() <= KEPT_BYTES {
            partial.buffer.clear();
            self.buffer = partial.buffer;
        }
        is_one
    }

    /// The stream ends within this frame.
    fn end(self, arrival: Arrival, judge: &mut impl Judge) {
        match self.size() {
            Some(size) => {
                judge.frame(Frame {
                    size,
                    bytes: after_size(&self.buffer),
                    truncation: Some(Truncation::Ended),
                    first: self.first,
                    last: self.last,
                });
            }
            None => judge.hole(Hole {
                missing: 0,
                skipped: u64_of(self.buffer.len()),
                cause: Cause::Ended,
                arrival,
            }),
        }
    }
}

fn after_size(frame: &[u8]) -> &[u8] {
    let bytes = frame.get(SIZE_BYTES..);
    bytes.expect("the size of the frame has arrived")
}

fn checked_size(prefix: [u8; SIZE_BYTES]) -> Result<usize, ()> {
    let size = usize::try_from(i32::from_be_bytes(prefix)).map_err(|_| ())?;
    if size <= MAX_FRAME_BYTES {
        Ok(size)
    } else {
        Err(())
    }
}
