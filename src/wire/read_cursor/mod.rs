//! The cursor over the bytes of a message that generated code reads with. What it checks, each fault as an error
//! of its own kind, is listed in [`DecodeErrorKind`].

mod faults;
mod tags;
#[cfg(feature = "schema")]
mod untyped;
mod values;

pub use tags::{Tag, TagSection};

use self::faults::FirstFault;
use super::{Limits, Uuid, varint};
use crate::{DecodeError, DecodeErrorKind};

/// Reads primitive values from the front of a byte slice, and keeps the first fault.
///
/// A value that cannot be read is zero or empty, and so is every value after it, as nothing is left to read.
/// Whoever calls code with a cursor calls `check` or `end` when it returns: in the
/// crate these are `Decode`'s methods, `Reader::read` and the walker of schemas. A struct is
/// read without a branch for each field that returns early, which is a third of the code for the compiler.
///
/// What it returns borrows the slice, not the cursor. A number in the input is checked against the remaining bytes
/// and the [`Limits`] before it sizes an allocation.
#[derive(Clone, Debug)]
pub struct ReadCursor<'a> {
    rest: &'a [u8],
    /// The length of the whole input.
    length: usize,
    /// How much of `memory_limit` is not spent yet.
    memory_left: usize,
    memory_limit: usize,
    fault: FirstFault,
}

impl<'a> ReadCursor<'a> {
    /// A cursor over `bytes` that takes at most the memory that `limits` allow for their length.
    pub(crate) fn with_limits(bytes: &'a [u8], limits: Limits) -> Self {
        // A vector cannot take more, so that reserving one does not panic on 32-bit targets.
        let memory_limit = limits
            .max_memory_for(bytes.len())
            .min(isize::MAX.unsigned_abs());
        Self {
            rest: bytes,
            length: bytes.len(),
            // What an error takes is spent in advance.
            memory_left: memory_limit.saturating_sub(DecodeError::MEMORY),
            memory_limit,
            fault: FirstFault::none(),
        }
    }

    /// The bytes not read yet.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The number of bytes read; all after a fault.
    #[inline]
    pub(crate) const fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    /// A bool; any byte but 0 is true.
    #[inline]
    pub fn bool(&mut self) -> bool {
        self.chunk::<1>() != [0]
    }

    /// i8
    #[inline]
    pub fn i8(&mut self) -> i8 {
        i8::from_be_bytes(self.chunk())
    }

    /// i16
    #[inline]
    pub fn i16(&mut self) -> i16 {
        i16::from_be_bytes(self.chunk())
    }

    /// u16
    #[inline]
    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.chunk())
    }

    /// i32
    #[inline]
    pub fn i32(&mut self) -> i32 {
        i32::from_be_bytes(self.chunk())
    }

    /// u32
    #[inline]
    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.chunk())
    }

    /// i64
    #[inline]
    pub fn i64(&mut self) -> i64 {
        i64::from_be_bytes(self.chunk())
    }

    /// f64
    #[inline]
    pub fn f64(&mut self) -> f64 {
        f64::from_be_bytes(self.chunk())
    }

    /// A uuid.
    #[inline]
    pub fn uuid(&mut self) -> Uuid {
        Uuid::from_bytes(self.chunk())
    }

    /// An unsigned variable-length integer of at most 32 bits. Overlong forms are accepted.
    #[inline]
    pub fn unsigned_varint(&mut self) -> u32 {
        let (value, rest) = match self.rest.split_first() {
            Some((byte, rest)) if *byte < 0x80 => (u32::from(*byte), rest),
            _ => match long_varint(self.rest) {
                Some(found) => found,
                None => {
                    self.endless_varint();
                    return 0;
                }
            },
        };
        self.rest = rest;
        value
    }

    /// The next `length` bytes.
    #[inline]
    pub fn bytes(&mut self, length: usize) -> &'a [u8] {
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                bytes
            }
            None => {
                self.short(length);
                &[]
            }
        }
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> [u8; N] {
        match self.rest.split_first_chunk() {
            Some((chunk, rest)) => {
                self.rest = rest;
                *chunk
            }
            None => {
                self.short(N);
                [0; N]
            }
        }
    }

    /// Returns `true` if the bytes left can hold `count` elements of at least `min_size` bytes.
    #[inline]
    fn check_count(&mut self, start: &'a [u8], count: usize, min_size: usize) -> bool {
        // An element of no bytes would let a count of a few bytes ask for any number of them.
        let min_size = min_size.max(1);
        let fits = count.saturating_mul(min_size) <= self.rest.len();
        if !fits {
            self.count_too_large(start, count, min_size);
        }
        fits
    }

    #[inline]
    fn spend(&mut self, memory: usize) -> bool {
        match self.memory_left.checked_sub(memory) {
            Some(left) => {
                self.memory_left = left;
                true
            }
            None => {
                self.fail(DecodeErrorKind::MemoryLimit {
                    limit: self.memory_limit,
                });
                false
            }
        }
    }
}

/// An integer of any length at the start of `bytes`, and the bytes after it; `None` if it does not
/// end. No method: the compiler keeps the reader in registers around what cannot see it.
#[inline(never)]
fn long_varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    // So long are lengths up to 16 KiB.
    if let [low @ 0x80..=0xff, high @ 0..=0x7f, rest @ ..] = bytes {
        return Some((u32::from(low & 0x7f) | u32::from(*high) << 7, rest));
    }
    let (value, length) = varint::decode(bytes)?;
    Some((value, bytes.get(length..)?))
}

/// The maximum number of bytes of a string: what an int16 can say, in the compact encoding too.
const MAX_STRING: usize = 0x7fff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limits_allow_more_memory_than_a_vector_can_take() {
        let largest = isize::MAX.unsigned_abs();
        let mut cursor = ReadCursor::with_limits(b"", Limits::UNLIMITED);
        assert!(!cursor.spend(largest + 1));
        let error = cursor.check().unwrap_err();
        let limit = DecodeErrorKind::MemoryLimit { limit: largest };
        assert_eq!(error.kind(), &limit);
    }
}
