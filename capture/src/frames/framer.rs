//! Cuts a stream into frames by their sizes. Frames that arrive in one piece are not copied.

use super::search::Search;
use super::{Cause, Cut, Frame, Hole, Judge, MAX_FRAME_BYTES, SIZE_BYTES};
use crate::tcp::{Mark, Piece};

/// How much is kept of a frame that takes too much memory.
const KEPT_BYTES: usize = 4096;
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
    Aligned(Open),
    /// It is not.
    Searching(Search),
    /// There are none.
    Foreign,
}

/// The frame that is being put together.
#[derive(Debug, Default)]
struct Open {
    /// Its bytes from the size on, up to the first that is missing.
    buffer: Vec<u8>,
    /// How many bytes it has already, missing ones included.
    arrived: u64,
    cut: Option<Cut>,
    last: Mark,
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
            Piece::Bytes(bytes, mark) => self.bytes(bytes, mark, judge),
            Piece::NotKept(length, mark) => self.missing(length, Cut::NotKept, mark, judge),
            Piece::Lost(length, mark) => self.missing(length, Cut::Lost, mark, judge),
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

    /// The stream ends here.
    pub(crate) fn finish(&mut self, mark: Mark, judge: &mut impl Judge) {
        if let State::Searching(_) = &self.state {
            let mut rest = Vec::new();
            self.look(true, judge, &mut rest);
            self.work_off(rest, judge);
        }
        match std::mem::replace(&mut self.state, State::Foreign) {
            State::Aligned(open) if open.arrived > 0 => open.end(mark, judge),
            State::Searching(mut search) => {
                search.give_up();
                search.report(mark, judge);
            }
            _ => {}
        }
    }

    /// How much memory is in use.
    pub(crate) fn buffered(&self) -> usize {
        match &self.state {
            State::Aligned(open) => open.buffer.capacity(),
            State::Searching(search) => search.buffered(),
            State::Foreign => 0,
        }
    }

    /// Keeps only the beginning of the frame that is being put together.
    pub(crate) fn shed(&mut self) {
        match &mut self.state {
            State::Aligned(open) if open.buffer.len() > KEPT_BYTES => {
                open.buffer.truncate(KEPT_BYTES);
                open.buffer.shrink_to_fit();
                open.cut.get_or_insert(Cut::Memory);
            }
            State::Searching(search) => search.shed(),
            _ => {}
        }
    }

    fn bytes(&mut self, bytes: &[u8], mark: Mark, judge: &mut impl Judge) {
        let mut rest = Vec::new();
        self.take(bytes, mark, judge, &mut rest);
        self.work_off(rest, judge);
    }

    /// What was held while it was not known where frames begin; the last is the first to take. It is a
    /// list, since one part of it may put an end to that knowledge again.
    fn work_off(&mut self, mut rest: Vec<(Vec<u8>, Mark)>, judge: &mut impl Judge) {
        while let Some((bytes, mark)) = rest.pop() {
            self.take(&bytes, mark, judge, &mut rest);
        }
    }

    fn take(
        &mut self,
        mut bytes: &[u8],
        mark: Mark,
        judge: &mut impl Judge,
        rest: &mut Vec<(Vec<u8>, Mark)>,
    ) {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Foreign => return,
                State::Searching(search) => {
                    search.add(bytes, mark);
                    bytes = &[];
                    self.look(false, judge, rest);
                }
                State::Aligned(open) => match open.take(&mut bytes, mark, judge) {
                    Taken::All => {}
                    Taken::Frame { is_one: true } => self.doubts = 0,
                    Taken::Frame { is_one: false } => {
                        self.doubts += 1;
                        if self.doubts >= MAX_DOUBTS {
                            self.lose(Cause::Doubt);
                        }
                    }
                    Taken::BadSize(size) => {
                        let held = std::mem::take(&mut open.buffer);
                        let search = self.lose(Cause::Size(size));
                        if !held.is_empty() {
                            search.add(&held, mark);
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

    fn look(&mut self, is_last: bool, judge: &mut impl Judge, rest: &mut Vec<(Vec<u8>, Mark)>) {
        let State::Searching(search) = &mut self.state else {
            return;
        };
        match search.find(is_last, judge) {
            Found::At(at) => {
                search.skip(at);
                judge.found();
                if let Some(mark) = search.mark() {
                    search.report(mark, judge);
                }
                search.hand_over(rest);
                self.state = State::Aligned(Open::default());
            }
            Found::Foreign => self.state = State::Foreign,
            Found::Nothing => {}
        }
    }

    fn missing(&mut self, mut length: u64, cut: Cut, mark: Mark, judge: &mut impl Judge) {
        if let State::Searching(_) = &self.state {
            let mut rest = Vec::new();
            self.look(true, judge, &mut rest);
            self.work_off(rest, judge);
        }
        let cause = match cut {
            Cut::NotKept => Cause::NotKept,
            _ => Cause::Lost,
        };
        match &mut self.state {
            State::Foreign => {}
            State::Searching(search) => search.lose(length, cause),
            State::Aligned(open) => {
                let within = open.skip(length, cut, mark, judge);
                length -= within;
                if cut == Cut::Lost && within > 0 {
                    judge.hole(Hole {
                        missing: within,
                        skipped: 0,
                        cause,
                        mark,
                    });
                }
                if length > 0 {
                    let held = match &mut self.state {
                        State::Aligned(open) => open.buffer.len(),
                        _ => 0,
                    };
                    let search = self.lose(cause);
                    search.lose(length, cause);
                    search.skip_held(held);
                }
            }
        }
    }
}

/// What became of bytes that an open frame was given.
enum Taken {
    /// They are in it.
    All,
    /// They ended it.
    Frame { is_one: bool },
    /// It cannot be one.
    BadSize(i32),
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

impl Open {
    /// Takes bytes off the front of `bytes`, a frame at most.
    fn take(&mut self, bytes: &mut &[u8], mark: Mark, judge: &mut impl Judge) -> Taken {
        if self.arrived == 0 {
            if let Some(prefix) = bytes.first_chunk() {
                let Ok(size) = checked_size(*prefix) else {
                    return Taken::BadSize(i32::from_be_bytes(*prefix));
                };
                if let Some((whole, after)) = bytes.split_at_checked(SIZE_BYTES + size) {
                    *bytes = after;
                    return Taken::Frame {
                        is_one: judge.frame(Frame {
                            size,
                            bytes: whole.get(SIZE_BYTES..).unwrap_or_default(),
                            cut: None,
                            last: mark,
                        }),
                    };
                }
            }
            self.last = mark;
        }
        if mark.packet > self.last.packet {
            self.last = mark;
        }
        if self.arrived < u64_of(SIZE_BYTES) {
            let wanted = SIZE_BYTES - self.buffer.len();
            self.collect(bytes, wanted);
            let Some(prefix) = self.buffer.first_chunk() else {
                return Taken::All;
            };
            if checked_size(*prefix).is_err() {
                return Taken::BadSize(i32::from_be_bytes(*prefix));
            }
        }
        let size = self.size().unwrap_or(0);
        let wanted = u64_of(SIZE_BYTES + size).saturating_sub(self.arrived);
        self.collect(bytes, usize::try_from(wanted).unwrap_or(usize::MAX));
        if self.arrived < u64_of(SIZE_BYTES + size) {
            return Taken::All;
        }
        let is_one = self.hand_over(size, judge);
        Taken::Frame { is_one }
    }

    fn collect(&mut self, bytes: &mut &[u8], wanted: usize) {
        let (now, later) = bytes.split_at(wanted.min(bytes.len()));
        *bytes = later;
        self.arrived += u64_of(now.len());
        if self.cut.is_none() {
            self.buffer.extend_from_slice(now);
        }
    }

    /// Leaves out as many of `length` missing bytes as belong to this frame. How many those are.
    fn skip(&mut self, length: u64, cut: Cut, mark: Mark, judge: &mut impl Judge) -> u64 {
        let Some(size) = self.size() else { return 0 };
        let within = length.min(u64_of(SIZE_BYTES + size).saturating_sub(self.arrived));
        self.arrived += within;
        self.cut.get_or_insert(cut);
        if mark.packet > self.last.packet && cut == Cut::NotKept {
            self.last = mark;
        }
        if self.arrived >= u64_of(SIZE_BYTES + size) {
            self.hand_over(size, judge);
        }
        within
    }

    fn size(&self) -> Option<usize> {
        checked_size(*self.buffer.first_chunk()?).ok()
    }

    fn hand_over(&mut self, size: usize, judge: &mut impl Judge) -> bool {
        let mut open = std::mem::take(self);
        let is_one = judge.frame(Frame {
            size,
            bytes: open.buffer.get(SIZE_BYTES..).unwrap_or_default(),
            cut: open.cut,
            last: open.last,
        });
        // The memory is used again, unless it is much.
        if open.buffer.capacity() <= KEPT_BYTES {
            open.buffer.clear();
            self.buffer = open.buffer;
        }
        is_one
    }

    /// The stream ends within this frame.
    fn end(self, mark: Mark, judge: &mut impl Judge) {
        match self.size() {
            Some(size) => {
                judge.frame(Frame {
                    size,
                    bytes: self.buffer.get(SIZE_BYTES..).unwrap_or_default(),
                    cut: Some(Cut::Ended),
                    last: self.last,
                });
            }
            None => judge.hole(Hole {
                missing: 0,
                skipped: u64_of(self.buffer.len()),
                cause: Cause::Ended,
                mark,
            }),
        }
    }
}

fn checked_size(prefix: [u8; SIZE_BYTES]) -> Result<usize, ()> {
    let size = usize::try_from(i32::from_be_bytes(prefix)).map_err(|_| ())?;
    if size <= MAX_FRAME_BYTES {
        Ok(size)
    } else {
        Err(())
    }
}

fn u64_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
