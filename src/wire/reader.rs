//! The public reader of primitive values, whose methods report their own faults.

use std::borrow::Cow;

use super::{Blob, Encoding, FixedWidth, Limits, Packed, ReadCursor, TaggedFields, Uuid};
use crate::{DecodeError, DecodeErrorKind, Version, VersionRange};

/// Reads primitive values from the front of a byte slice.
///
/// What it returns borrows the slice, not the reader. A number in the input is checked against the remaining
/// bytes and the [`Limits`] before it sizes an allocation.
///
/// # Errors
///
/// A method that fails leaves the reader in front of the value that it could not read.
///
/// # Examples
///
/// ```
/// use kafka_codec::DecodeErrorKind;
/// use kafka_codec::wire::{Encoding, Reader};
///
/// let mut reader = Reader::new(b"\0\x02hi\0\0\0\x07");
/// assert_eq!(reader.string(Encoding::Classic)?, "hi");
/// assert_eq!(reader.i32()?, 7);
/// reader.end()?;
///
/// let mut reader = Reader::new(b"\0\x02h");
/// let error = reader.string(Encoding::Classic).unwrap_err();
/// assert_eq!(error.offset(), 2);
/// assert_eq!(error.kind(), &DecodeErrorKind::UnexpectedEnd { needed: 2, remaining: 1 });
/// assert_eq!(reader.i16()?, 2);
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    /// Holds no fault between two calls.
    cursor: ReadCursor<'a>,
}

/// Methods that read one value as the cursor does.
macro_rules! values {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $of:ty)?) -> $type:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`DecodeError`] if the next bytes are not such a value.
            #[inline]
            pub fn $name(&mut self $(, $argument: $of)?) -> Result<$type, DecodeError> {
                self.read(|cursor| cursor.$name($($argument)?))
            }
        )*
    };
}

impl<'a> Reader<'a> {
    /// A reader of `bytes` with default limits.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_limits(bytes, Limits::default())
    }

    /// A reader of `bytes` that takes at most the memory that `limits` allow for their length.
    #[must_use]
    pub fn with_limits(bytes: &'a [u8], limits: Limits) -> Self {
        Self {
            cursor: ReadCursor::with_limits(bytes, limits),
        }
    }

    /// The bytes not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.cursor.rest()
    }

    /// The number of bytes read.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.cursor.offset()
    }

    /// Checks that all bytes have been read.
    ///
    /// # Errors
    ///
    /// [`TrailingBytes`](DecodeErrorKind::TrailingBytes).
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.rest().len() {
            0 => Ok(()),
            count => {
                let kind = DecodeErrorKind::TrailingBytes { count };
                Err(DecodeError::new(kind, self.offset()))
            }
        }
    }

    values! {
        /// Reads a bool: any byte other than 0 is `true`.
        bool() -> bool;
        /// Reads an int8.
        i8() -> i8;
        /// Reads an int16.
        i16() -> i16;
        /// Reads a uint16.
        u16() -> u16;
        /// Reads an int32.
        i32() -> i32;
        /// Reads a uint32.
        u32() -> u32;
        /// Reads an int64.
        i64() -> i64;
        /// Reads a float64.
        f64() -> f64;
        /// Reads a uuid.
        uuid() -> Uuid;
        /// Reads an unsigned variable-length integer of at most 32 bits. Overlong forms are accepted.
        unsigned_varint() -> u32;
        /// Reads the next `length` bytes.
        bytes(length: usize) -> &'a [u8];
        /// Reads a string.
        string(e: Encoding) -> Cow<'a, str>;
        /// Reads a string that may be null.
        nullable_string(e: Encoding) -> Option<Cow<'a, str>>;
        /// Reads bytes or records.
        blob(e: Encoding) -> Blob<'a>;
        /// Reads bytes or records that may be null.
        nullable_blob(e: Encoding) -> Option<Blob<'a>>;
        /// Reads the tagged fields at the end of a struct, none of which is known. There are none in the
        /// [`Classic`](Encoding::Classic) encoding.
        tagged_fields(e: Encoding) -> TaggedFields<'a>;
    }

    /// Reads an array of fixed-width values.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the next bytes are not such a value.
    pub fn packed<T: FixedWidth>(&mut self, e: Encoding) -> Result<Packed<'a, T>, DecodeError> {
        self.read(|cursor| cursor.packed(e))
    }

    /// Reads an array of fixed-width values that may be null.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the next bytes are not such a value.
    pub fn nullable_packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
    ) -> Result<Option<Packed<'a, T>>, DecodeError> {
        self.read(|cursor| cursor.nullable_packed(e))
    }

    /// Reads an array, each element with `read`; an element takes at least `min_size` bytes.
    ///
    /// # Errors
    ///
    /// [`CountTooLarge`](DecodeErrorKind::CountTooLarge) if the remaining bytes cannot hold that many elements,
    /// [`MemoryLimit`](DecodeErrorKind::MemoryLimit), and the errors of `read`.
    pub fn array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut ahead = self.clone();
        let count = ahead.read(|cursor| cursor.count(e, min_size, size_of::<T>()))?;
        let elements = ahead.elements(count, read)?;
        *self = ahead;
        Ok(elements)
    }

    /// Reads an array that may be null; see [`array`](Self::array).
    ///
    /// # Errors
    ///
    /// As [`array`](Self::array).
    pub fn nullable_array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let mut ahead = self.clone();
        let count = ahead.read(|cursor| cursor.nullable_count(e, min_size, size_of::<T>()))?;
        let elements = count.map(|count| ahead.elements(count, read)).transpose()?;
        *self = ahead;
        Ok(elements)
    }

    /// Reads `count` elements, for which the memory was accounted for.
    fn elements<T>(
        &mut self,
        count: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(read(self)?);
        }
        Ok(elements)
    }

    /// Calls `read` with the cursor that keeps its first fault, and returns that fault.
    #[inline]
    pub(crate) fn read<T>(
        &mut self,
        read: impl FnOnce(&mut ReadCursor<'a>) -> T,
    ) -> Result<T, DecodeError> {
        let mut ahead = self.cursor.clone();
        let value = read(&mut ahead);
        ahead.check()?;
        self.cursor = ahead;
        Ok(value)
    }

    /// Fails if a message does not have `version`.
    pub(crate) fn check_version(
        &self,
        message: &'static str,
        supported: VersionRange,
        version: Version,
    ) -> Result<(), DecodeError> {
        self.cursor.check_version(message, supported, version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_read_leaves_the_reader_in_front_of_it() {
        let mut reader = Reader::new(b"\0\0\0\x02\0\x01a\0\x05b");
        let error = reader
            .array(Encoding::Classic, 2, |reader| {
                reader.string(Encoding::Classic)
            })
            .unwrap_err();
        assert_eq!(error.offset(), 9);
        assert_eq!(reader.offset(), 0);
        assert_eq!(reader.i32(), Ok(2));
        assert!(reader.end().is_err());
    }

    #[test]
    fn a_fault_is_not_blamed_on_the_value_after_it() {
        let mut reader = Reader::new(b"\xff\xff\0\x01a");
        reader.string(Encoding::Classic).unwrap_err();
        assert_eq!(reader.nullable_string(Encoding::Classic), Ok(None));
        assert_eq!(reader.string(Encoding::Classic).unwrap(), "a");
        reader.end().unwrap();
    }

    #[test]
    fn an_array_takes_no_more_memory_than_the_limits_allow() {
        let limits = Limits::default().with_max_memory(200, 0);
        let bytes = [&100_i32.to_be_bytes()[..], &[0; 400]].concat();
        let mut reader = Reader::with_limits(&bytes, limits);
        let error = reader.array(Encoding::Classic, 4, Reader::i32).unwrap_err();
        assert_eq!(error.kind(), &DecodeErrorKind::MemoryLimit { limit: 200 });
    }
}
