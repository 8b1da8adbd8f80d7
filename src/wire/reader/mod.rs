//! A cursor over the bytes of a message. What it checks, each fault as an error of its own kind,
//! is listed in [`DecodeErrorKind`].

mod tags;
mod values;

pub use tags::{Tag, TagSection};

use super::{Limits, Uuid, varint};
use crate::{DecodeError, DecodeErrorKind};

/// Reads primitive values from the front of a byte slice.
///
/// What it returns borrows the slice, not the reader. No number in the input sizes an allocation
/// before it is checked against the bytes left and the [`Limits`].
///
/// # Errors
///
/// Every method fails with a [`DecodeError`] that holds the offset of the value; the reader stays
/// somewhere inside of that value then.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::{Encoding, Reader};
///
/// let mut reader = Reader::new(b"\0\x02hi\0\0\0\x07");
/// assert_eq!(reader.string(Encoding::Plain)?, "hi");
/// assert_eq!(reader.i32()?, 7);
/// assert!(reader.rest().is_empty());
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// The length of the whole input.
    length: usize,
    /// How much of `memory_limit` is not spent yet.
    memory_left: usize,
    memory_limit: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes` with default limits.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_limits(bytes, Limits::default())
    }

    /// A reader of `bytes` that spends at most what `limits` allow for their length.
    #[must_use]
    pub fn with_limits(bytes: &'a [u8], limits: Limits) -> Self {
        let memory_limit = limits.max_memory_for(bytes.len());
        Self {
            rest: bytes,
            length: bytes.len(),
            // What an error takes is spent in advance.
            memory_left: memory_limit.saturating_sub(DecodeError::MEMORY),
            memory_limit,
        }
    }

    /// The bytes not read yet.
    #[must_use]
    #[inline]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes have been read.
    #[must_use]
    #[inline]
    pub const fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    /// A bool; any byte but 0 is true.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.chunk::<1>()? != [0])
    }

    /// An int8.
    #[inline]
    pub fn i8(&mut self) -> Result<i8, DecodeError> {
        self.chunk().map(i8::from_be_bytes)
    }

    /// An int16.
    #[inline]
    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.chunk().map(i16::from_be_bytes)
    }

    /// A uint16.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.chunk().map(u16::from_be_bytes)
    }

    /// An int32.
    #[inline]
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        self.chunk().map(i32::from_be_bytes)
    }

    /// A uint32.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.chunk().map(u32::from_be_bytes)
    }

    /// An int64.
    #[inline]
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        self.chunk().map(i64::from_be_bytes)
    }

    /// A float64.
    #[inline]
    pub fn f64(&mut self) -> Result<f64, DecodeError> {
        self.chunk().map(f64::from_be_bytes)
    }

    /// A uuid.
    #[inline]
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        self.chunk().map(Uuid::from_bytes)
    }

    /// An unsigned variable-length integer of at most 32 bits. Overlong forms are accepted.
    #[inline]
    pub fn unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        let (value, rest) = match self.rest.split_first() {
            Some((byte, rest)) if *byte < 0x80 => (u32::from(*byte), rest),
            _ => long_varint(self.rest).ok_or_else(|| self.endless_varint())?,
        };
        self.rest = rest;
        Ok(value)
    }

    #[cold]
    fn endless_varint(&self) -> DecodeError {
        let needed = self.rest.len() + 1;
        if needed > varint::MAX_BYTES {
            self.fail(DecodeErrorKind::VarintTooLong)
        } else {
            self.short(needed)
        }
    }

    /// The next `length` bytes.
    #[inline]
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.short(length)),
        }
    }

    /// Fails if bytes are left.
    #[inline]
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(self.fail(DecodeErrorKind::TrailingBytes { count })),
        }
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk() {
            Some((chunk, rest)) => {
                self.rest = rest;
                Ok(*chunk)
            }
            None => Err(self.short(N)),
        }
    }

    /// Whether the bytes left can hold `count` elements of at least `min_size` bytes.
    #[inline]
    fn check_count(
        &self,
        start: &'a [u8],
        count: usize,
        min_size: usize,
    ) -> Result<(), DecodeError> {
        // An element of no bytes would let a count of a few bytes ask for any number of them.
        let min_size = min_size.max(1);
        if count.saturating_mul(min_size) > self.rest.len() {
            return Err(self.count_too_large(start, count, min_size));
        }
        Ok(())
    }

    #[inline]
    fn spend(&mut self, memory: usize) -> Result<(), DecodeError> {
        match self.memory_left.checked_sub(memory) {
            Some(left) => {
                self.memory_left = left;
                Ok(())
            }
            None => Err(self.out_of_memory()),
        }
    }

    #[cold]
    fn short(&self, needed: usize) -> DecodeError {
        self.fail(DecodeErrorKind::UnexpectedEnd {
            needed,
            remaining: self.rest.len(),
        })
    }

    #[cold]
    fn count_too_large(&self, start: &'a [u8], count: usize, min_size: usize) -> DecodeError {
        let at_most = self.rest.len() / min_size;
        self.fail_at(start, DecodeErrorKind::CountTooLarge { count, at_most })
    }

    #[cold]
    fn out_of_memory(&self) -> DecodeError {
        self.fail(DecodeErrorKind::MemoryLimit {
            limit: self.memory_limit,
        })
    }

    #[cold]
    fn fail(&self, kind: DecodeErrorKind) -> DecodeError {
        self.fail_at(self.rest, kind)
    }

    #[cold]
    fn fail_at(&self, rest: &'a [u8], kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.length - rest.len())
    }
}

/// An integer of any length at the start of `bytes`, and the bytes after it; `None` if it does not
/// end. No method: the compiler keeps the reader in registers around what cannot see it.
#[inline(never)]
fn long_varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (value, length) = varint::decode(bytes)?;
    Some((value, bytes.get(length..)?))
}
