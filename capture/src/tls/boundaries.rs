//! Record boundaries in one direction: whole records, those of which parts are missing, and where boundaries are
//! lost, the places at which a record may begin.

use super::keys::HEADER_BYTES;
use crate::frames::Truncation;
use crate::length::{u64_of, usize_of};
use crate::tcp::{Arrival, Piece};

/// Maximum size of what follows the header (RFC 5246, section 6.2.3).
const MAX_RECORD_BYTES: usize = (1 << 14) + 2048;

/// Types of records.
pub(super) mod content {
    pub(in super::super) const CHANGE_CIPHER_SPEC: u8 = 20;
    pub(in super::super) const ALERT: u8 = 21;
    pub(in super::super) const HANDSHAKE: u8 = 22;
    pub(in super::super) const DATA: u8 = 23;
    pub(in super::super) const HEARTBEAT: u8 = 24;
}

/// Returns `true` if these are the first bytes of a record, as far as there are any.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    let is_content = |byte: &u8| (content::CHANGE_CIPHER_SPEC..=content::HEARTBEAT).contains(byte);
    bytes.next().is_none_or(is_content)
        && bytes.next().is_none_or(|major| *major == 3)
        && bytes.next().is_none_or(|minor| *minor <= 4)
        && bytes
            .next()
            .is_none_or(|high| usize::from(*high) <= MAX_RECORD_BYTES >> 8)
}

/// The size of a record, header included.
pub(super) fn record_bytes(header: &[u8]) -> Option<usize> {
    let length = header.get(3..)?.first_chunk()?;
    Some(HEADER_BYTES + usize::from(u16::from_be_bytes(*length)))
}

/// Cuts a direction into records.
#[derive(Default)]
pub(super) struct Boundaries {
    state: State,
    /// What there is of the record, from its header on; while searching, all that was looked through.
    buffer: Vec<u8>,
    /// The latest packet that brought a part of the buffer.
    arrival: Arrival,
    /// What follows a record that was found by searching.
    rest: Vec<u8>,
    /// How much of `rest` was taken.
    taken: usize,
    is_whole: bool,
}

#[derive(Default)]
enum State {
    #[default]
    Aligned,
    /// A part of the record is missing; so many bytes of it are still to come.
    Cut { rest: u64, truncation: Truncation },
    /// It is not known where the next record begins.
    Searching(Searched),
}

#[derive(Clone, Copy, Debug)]
struct Searched {
    /// Bytes that are missing or were passed over, before those in the buffer.
    lost: u64,
    truncation: Truncation,
    /// Where in the buffer a record may begin.
    at: usize,
}

/// What comes next in a direction.
pub(super) enum Item<'a> {
    /// A record, whole.
    Record(&'a mut [u8], Arrival),
    /// A record of which parts are missing.
    Cut {
        /// What there is of it up to the first missing byte.
        head: Vec<u8>,
        /// Its size, header included.
        bytes: u64,
        truncation: Truncation,
        arrival: Arrival,
    },
    /// What may be a record behind so many bytes in which boundaries are not known. To be accepted or rejected.
    Candidate {
        record: &'a mut [u8],
        lost: u64,
        truncation: Truncation,
        arrival: Arrival,
    },
}

impl Boundaries {
    /// Bytes whose memory is in use.
    pub(super) fn buffered(&self) -> usize {
        self.buffer.capacity() + self.rest.capacity()
    }

    /// Uses the memory of a buffer that is no longer needed elsewhere.
    pub(super) fn use_buffer(&mut self, pool: &mut Vec<Vec<u8>>) {
        if self.buffer.capacity() == 0
            && let Some(buffer) = pool.pop()
        {
            self.buffer = buffer;
        }
    }

    /// Hands the buffer over to others if nothing is in it.
    pub(super) fn release_buffer(&mut self, pool: &mut Vec<Vec<u8>>, max_pooled: usize) {
        if std::mem::take(&mut self.is_whole) {
            self.buffer.clear();
        }
        if self.buffer.is_empty() {
            let buffer = std::mem::take(&mut self.buffer);
            if pool.len() < max_pooled {
                pool.push(buffer);
            }
        }
    }

    /// Takes note of missing bytes. Whether a record was cut off by them, and ended: `next` says which.
    pub(super) fn missing(
        &mut self,
        missing: u64,
        truncation: Truncation,
        arrival: Arrival,
    ) -> Option<Item<'static>> {
        if missing == 0 {
            return None;
        }
        if std::mem::take(&mut self.is_whole) {
            self.buffer.clear();
        }
        let searched = |lost| {
            State::Searching(Searched {
                lost,
                truncation,
                at: 0,
            })
        };
        match &mut self.state {
            State::Searching(search) => {
                search.lost += missing + u64_of(self.buffer.len());
                search.at = 0;
                search.truncation = truncation;
                self.buffer.clear();
                None
            }
            State::Aligned => {
                let Some(whole) = self.record_bytes() else {
                    self.state = searched(missing + u64_of(self.buffer.len()));
                    self.buffer.clear();
                    return None;
                };
                let rest = u64_of(whole - self.buffer.len());
                self.cut(rest, missing, truncation, arrival)
            }
            State::Cut { rest, .. } => {
                let rest = *rest;
                self.cut(rest, missing, truncation, arrival)
            }
        }
    }

    fn cut(
        &mut self,
        rest: u64,
        missing: u64,
        truncation: Truncation,
        arrival: Arrival,
    ) -> Option<Item<'static>> {
        self.arrival = later(self.arrival, arrival);
        if missing < rest {
            self.state = State::Cut {
                rest: rest - missing,
                truncation,
            };
            return None;
        }
        let item = self.end_cut(truncation);
        self.state = match missing - rest {
            0 => State::Aligned,
            lost => State::Searching(Searched {
                lost,
                truncation,
                at: 0,
            }),
        };
        item
    }

    fn end_cut(&mut self, truncation: Truncation) -> Option<Item<'static>> {
        let bytes = u64_of(self.record_bytes()?);
        Some(Item::Cut {
            head: std::mem::take(&mut self.buffer),
            bytes,
            truncation,
            arrival: self.arrival,
        })
    }

    fn record_bytes(&self) -> Option<usize> {
        record_bytes(&self.buffer)
    }

    /// The next item that ends within `bytes`, which are advanced behind it.
    pub(super) fn next(&mut self, bytes: &mut &[u8], arrival: Arrival) -> Option<Item<'_>> {
        if std::mem::take(&mut self.is_whole) {
            self.buffer.clear();
        }
        if self.taken < self.rest.len() {
            let rest = std::mem::take(&mut self.rest);
            let mut left = rest.get(self.taken..).unwrap_or_default();
            let is_ready = self.advance(&mut left, self.arrival);
            self.taken = rest.len() - left.len();
            self.rest = rest;
            if is_ready {
                return self.ready();
            }
        }
        self.rest = Vec::new();
        self.taken = 0;
        if self.advance(bytes, arrival) {
            return self.ready();
        }
        None
    }

    /// The record of the last candidate is one. What follows it is taken next.
    pub(super) fn accept(&mut self) {
        if let State::Searching(search) = &self.state {
            let end = search.at + self.size_at(search.at).unwrap_or_default();
            let mut rest = self.buffer.split_off(end.min(self.buffer.len()));
            rest.extend_from_slice(self.rest.get(self.taken..).unwrap_or_default());
            self.rest = rest;
            self.taken = 0;
            self.buffer.clear();
            self.state = State::Aligned;
        }
    }

    /// The last candidate is not a record.
    pub(super) fn reject(&mut self) {
        if let State::Searching(search) = &mut self.state {
            search.at += 1;
        }
    }

    fn size_at(&self, at: usize) -> Option<usize> {
        record_bytes(self.buffer.get(at..)?)
    }

    /// Returns `true` if an item is in the buffer, whole.
    fn advance(&mut self, bytes: &mut &[u8], arrival: Arrival) -> bool {
        loop {
            match &mut self.state {
                State::Aligned => {
                    if self.buffer.is_empty() {
                        self.arrival = arrival;
                    }
                    if !self.fill(bytes, HEADER_BYTES, arrival) {
                        return false;
                    }
                    if !is_header(&self.buffer) {
                        self.state = State::Searching(Searched {
                            lost: 0,
                            truncation: Truncation::Lost,
                            at: 0,
                        });
                        continue;
                    }
                    let whole = self.record_bytes().unwrap_or(HEADER_BYTES);
                    if !self.fill(bytes, whole, arrival) {
                        return false;
                    }
                    self.is_whole = true;
                    return true;
                }
                State::Cut { rest, .. } => {
                    let (now, later_bytes) =
                        bytes.split_at(usize_of((*rest).min(u64_of(bytes.len()))));
                    *bytes = later_bytes;
                    *rest -= u64_of(now.len());
                    if !now.is_empty() {
                        self.arrival = later(self.arrival, arrival);
                    }
                    return *rest == 0;
                }
                State::Searching(search) => {
                    let at = search.at;
                    if self.buffer.is_empty() {
                        self.arrival = arrival;
                    }
                    // Bytes that were looked through are not kept.
                    if at > MAX_RECORD_BYTES {
                        search.lost += u64_of(at);
                        search.at = 0;
                        self.buffer.drain(..at);
                        continue;
                    }
                    if !self.fill(bytes, at + HEADER_BYTES, arrival) {
                        return false;
                    }
                    match self.size_at(at).filter(|_| self.is_candidate(at)) {
                        Some(size) => return self.fill(bytes, at + size, arrival),
                        None => self.reject(),
                    }
                }
            }
        }
    }

    /// In what is encrypted, records have the version of TLS 1.2.
    fn is_candidate(&self, at: usize) -> bool {
        self.buffer.get(at..).is_some_and(|bytes| {
            matches!(
                bytes,
                [content::CHANGE_CIPHER_SPEC..=content::DATA, 3, 3, ..]
            ) && is_header(bytes)
        })
    }

    fn ready(&mut self) -> Option<Item<'_>> {
        match self.state {
            State::Aligned => Some(Item::Record(&mut self.buffer, self.arrival)),
            State::Cut { truncation, .. } => {
                self.state = State::Aligned;
                self.end_cut(truncation)
            }
            State::Searching(search) => {
                let end = search.at + self.size_at(search.at)?;
                Some(Item::Candidate {
                    record: self.buffer.get_mut(search.at..end)?,
                    lost: search.lost + u64_of(search.at),
                    truncation: search.truncation,
                    arrival: self.arrival,
                })
            }
        }
    }

    fn fill(&mut self, bytes: &mut &[u8], length: usize, arrival: Arrival) -> bool {
        let wanted = length.saturating_sub(self.buffer.len());
        if wanted > 0 && !bytes.is_empty() {
            let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
            *bytes = rest;
            self.buffer.extend_from_slice(now);
            self.arrival = later(self.arrival, arrival);
        }
        self.buffer.len() >= length
    }
}

impl Boundaries {
    /// Takes note of a piece without bytes.
    pub(super) fn lost(&mut self, piece: Piece<'_>) -> Option<Item<'static>> {
        match piece {
            Piece::Bytes(..) => None,
            Piece::NotKept(missing, arrival) => self.missing(missing, Truncation::NotKept, arrival),
            Piece::Lost(missing, arrival) => self.missing(missing, Truncation::Lost, arrival),
        }
    }
}

fn later(one: Arrival, other: Arrival) -> Arrival {
    if other.packet > one.packet {
        other
    } else {
        one
    }
}
