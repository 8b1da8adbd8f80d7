//! Finds by trying where counts stand in a body, and makes bodies of any length out of that which
//! cost as much memory as they can. Knows no definition and nothing of how decoding is done.

use kafka_codec::wire::Limits;
use kafka_codec::{DecodeErrorKind, Version};

use super::registry::RegisteredMessage;

/// A place in a body where the count of an array, or of tagged fields, stands.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) at: usize,
    compact: bool,
    /// Where what it counts begins.
    start: usize,
    pub(crate) is_of_tags: bool,
    /// How many bytes an element takes at least.
    pub(crate) min_size: usize,
    /// How many bytes of memory an element takes; 0 if nothing is allocated for it.
    pub(crate) memory: usize,
}

/// A body and what it is the body of.
#[derive(Copy, Clone)]
pub(crate) struct Body<'b> {
    pub(crate) entry: RegisteredMessage,
    pub(crate) version: Version,
    pub(crate) bytes: &'b [u8],
}

/// More bytes than any element has at least.
const TAIL: usize = 16 * 1024;

impl Body<'_> {
    /// All counts whose elements cost memory.
    pub(crate) fn counts(self) -> Vec<Count> {
        let forms: &[bool] = if self.entry.is_flexible(self.version) {
            &[true, false]
        } else {
            &[false]
        };
        let places = (0..self.bytes.len()).flat_map(|at| forms.iter().map(move |form| (at, *form)));
        places
            .filter_map(|(at, compact)| self.count(at, compact))
            .collect()
    }

    fn count(self, at: usize, compact: bool) -> Option<Count> {
        let number: &[u8] = if compact {
            &[0xff, 0xff, 0xff, 0xff, 0x07]
        } else {
            &[0x7f, 0xff, 0xff, 0xff]
        };
        let probe = [&self.bytes[..at], number, &[0; TAIL]].concat();
        let error = self.fault(&probe, Limits::UNLIMITED)?;
        let (count, max) = match error {
            (offset, DecodeErrorKind::CountTooLarge { count, max }) if offset == at => (count, max),
            _ => return None,
        };
        let is_of_tags = compact && count == 0x7fff_ffff;
        let width = if compact {
            self.bytes[at..].iter().position(|byte| *byte < 0x80)? + 1
        } else {
            4
        };
        let mut found = Count {
            at,
            compact,
            start: at + width,
            is_of_tags,
            min_size: TAIL / max.max(1),
            memory: 0,
        };
        found.memory = self.memory_for(&found, 2) - self.memory_for(&found, 1);
        (found.memory > 0).then_some(found)
    }

    /// The least limit within which `elements` elements are begun to be read.
    fn memory_for(self, count: &Count, elements: usize) -> usize {
        let tail: &[u8] = if count.is_of_tags {
            &[0x7f, 0, 0x7e, 0]
        } else {
            &[0; TAIL]
        };
        let probe = self.with(count, elements, tail);
        let (mut low, mut high) = (0, 1 << 16);
        while low < high {
            let middle = (low + high) / 2;
            let limits = Limits::default().with_max_memory(middle, 0);
            match self.fault(&probe, limits) {
                Some((_, DecodeErrorKind::MemoryLimit { .. })) => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// The bytes before `count`, `elements` as the count, then `tail`.
    pub(crate) fn with(self, count: &Count, elements: usize, tail: &[u8]) -> Vec<u8> {
        [&self.bytes[..count.at], &count.number(elements), tail].concat()
    }

    /// A body of `length` bytes that consists of as many `elements` as default limits allow for,
    /// and as fit.
    pub(crate) fn filled(self, count: &Count, length: usize, element: &[u8]) -> Vec<u8> {
        let room = length - count.at - count.number(0).len();
        let mut tail = element.repeat(room.div_ceil(element.len()));
        tail.truncate(room);
        let spent = self.memory_for(count, 1);
        let affordable = (Limits::default().max_memory_for(length) - spent) / count.memory;
        let possible = room / count.min_size.max(element.len());
        self.with(count, possible.min(affordable), &tail)
    }

    /// The smallest element that can be found by replacing what may not be null.
    pub(crate) fn smallest(self, count: &Count) -> Vec<u8> {
        let mut element = vec![0; count.min_size];
        let start = count.at + count.number(1).len();
        for _ in 0..count.min_size {
            let probe = self.with(count, 1, &[&element, &[0; TAIL][..]].concat());
            let Some((offset, DecodeErrorKind::UnexpectedNull)) =
                self.fault(&probe, Limits::UNLIMITED)
            else {
                break;
            };
            match element.get_mut(offset - start) {
                Some(byte) => *byte = 1,
                None => break,
            }
        }
        element
    }

    /// The first of two elements, if all bytes around it can be told from it.
    pub(crate) fn first(self, count: &Count) -> Option<Vec<u8>> {
        let end = self.end_of(count, 1)?;
        Some(self.bytes[count.start..end].to_vec())
    }

    /// The first element with as many as `repeat` of the elements in it that cost the most.
    pub(crate) fn nested(self, outer: &Count, counts: &[Count], repeat: usize) -> Option<Vec<u8>> {
        let end = self.end_of(outer, 1)?;
        let inside = counts
            .iter()
            .filter(|inner| outer.start <= inner.at && inner.at < end);
        let dearest = inside.max_by_key(|inner| inner.memory * TAIL / inner.min_size)?;
        let rest = self.bytes.get(self.end_of(dearest, 0)?..end)?;
        let before = &self.bytes[outer.start..dearest.at];
        let smallest = self.smallest(dearest).repeat(repeat);
        Some([before, &dearest.number(repeat), &smallest, rest].concat())
    }

    /// Where the elements end without which `left` are left of two: the body is valid without them.
    fn end_of(self, count: &Count, left: usize) -> Option<usize> {
        let mut ends = count.start..=self.bytes.len();
        ends.find(|end| {
            let rest = self.with(count, left, &self.bytes[*end..]);
            *end > count.start && (self.entry.decode)(&rest, self.version).is_ok()
        })
    }

    fn fault(self, bytes: &[u8], limits: Limits) -> Option<(usize, DecodeErrorKind)> {
        let error = (self.entry.decode_within)(bytes, self.version, limits).err()?;
        Some((error.offset(), error.kind().clone()))
    }
}

impl Count {
    /// The bytes that say `elements`; always as many.
    fn number(&self, elements: usize) -> Vec<u8> {
        let number = u32::try_from(elements).unwrap();
        if !self.compact {
            return number.to_be_bytes().to_vec();
        }
        let number = if self.is_of_tags { number } else { number + 1 };
        let digit = |index: u32| u8::try_from(number >> (7 * index) & 0x7f).unwrap();
        vec![
            digit(0) | 0x80,
            digit(1) | 0x80,
            digit(2) | 0x80,
            digit(3) | 0x80,
            digit(4),
        ]
    }
}
