//! Values with a length in front, and structs that may be null.

use std::borrow::Cow;

use super::Reader;
use crate::wire::{Blob, Encoding, FixedWidth, Packed, varint};
use crate::{DecodeError, DecodeErrorKind};

impl<'a> Reader<'a> {
    /// A string.
    #[inline]
    pub fn string(&mut self, e: Encoding) -> Result<Cow<'a, str>, DecodeError> {
        let start = self.rest;
        match self.string_length(e)? {
            Ok(length) => self.text(length).map(Cow::Borrowed),
            Err(negative) => Err(self.null_at(start, negative)),
        }
    }

    /// A string that may be null.
    #[inline]
    pub fn nullable_string(&mut self, e: Encoding) -> Result<Option<Cow<'a, str>>, DecodeError> {
        match self.string_length(e)? {
            Ok(length) => self.text(length).map(|text| Some(Cow::Borrowed(text))),
            Err(_) => Ok(None),
        }
    }

    /// Bytes or records.
    pub fn blob(&mut self, e: Encoding) -> Result<Blob<'a>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(length) => self.bytes(length).map(Blob::Borrowed),
            Err(negative) => Err(self.null_at(start, negative)),
        }
    }

    /// Bytes or records that may be null.
    pub fn nullable_blob(&mut self, e: Encoding) -> Result<Option<Blob<'a>>, DecodeError> {
        match self.length(e)? {
            Ok(length) => self.bytes(length).map(|bytes| Some(Blob::Borrowed(bytes))),
            Err(_) => Ok(None),
        }
    }

    /// An array of fixed-width values.
    #[inline(always)]
    pub fn packed<T: FixedWidth>(&mut self, e: Encoding) -> Result<Packed<'a, T>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(count) => self.packed_values(start, count),
            Err(negative) => Err(self.null_at(start, negative)),
        }
    }

    /// An array of fixed-width values that may be null.
    #[inline]
    pub fn nullable_packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
    ) -> Result<Option<Packed<'a, T>>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(count) => self.packed_values(start, count).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// An array; `min_size` is how many bytes an element takes at least, `read` reads one.
    #[inline]
    pub fn array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(count) => self.elements(start, count, min_size, read),
            Err(negative) => Err(self.null_at(start, negative)),
        }
    }

    /// An array that may be null; see [`array`](Self::array).
    #[inline]
    pub fn nullable_array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(count) => self.elements(start, count, min_size, read).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// A struct that may be null, read by `read`.
    #[inline]
    pub fn nullable_struct<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.i8()? < 0 {
            Ok(None)
        } else {
            read(self).map(Some)
        }
    }

    /// A struct that may be null, as the value of a tagged field, read by `read`.
    #[inline]
    pub fn nullable_tagged_struct<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if varint::signed(self.unsigned_varint()?) <= 0 {
            Ok(None)
        } else {
            read(self).map(Some)
        }
    }

    /// A length or count; `Err` holds a negative one, which means null.
    #[inline]
    fn length(&mut self, e: Encoding) -> Result<Result<usize, i32>, DecodeError> {
        let length = match e {
            Encoding::Plain => self.i32()?,
            Encoding::Compact => self.compact_length()?,
        };
        Ok(usize::try_from(length).map_err(|_| length))
    }

    #[inline]
    fn string_length(&mut self, e: Encoding) -> Result<Result<usize, i32>, DecodeError> {
        let length = match e {
            Encoding::Plain => i32::from(self.i16()?),
            Encoding::Compact => self.compact_length()?,
        };
        Ok(usize::try_from(length).map_err(|_| length))
    }

    /// As Java counts: 32 bits with a sign, so that numbers above 2^31 are negative.
    #[inline]
    fn compact_length(&mut self) -> Result<i32, DecodeError> {
        Ok(varint::signed(self.unsigned_varint()?.wrapping_sub(1)))
    }

    /// The text of a string. Its result fits into registers, which that of a field would not.
    #[inline(never)]
    fn text(&mut self, length: usize) -> Result<&'a str, DecodeError> {
        let start = self.rest;
        if length > MAX_STRING {
            return Err(self.fail(DecodeErrorKind::StringTooLong { length }));
        }
        match std::str::from_utf8(self.bytes(length)?) {
            Ok(text) => Ok(text),
            Err(error) => {
                let kind = DecodeErrorKind::InvalidUtf8 {
                    valid_up_to: error.valid_up_to(),
                };
                Err(self.fail_at(start, kind))
            }
        }
    }

    #[inline(always)]
    fn packed_values<T: FixedWidth>(
        &mut self,
        start: &'a [u8],
        count: usize,
    ) -> Result<Packed<'a, T>, DecodeError> {
        match self.rest.split_at_checked(count.saturating_mul(T::SIZE)) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(Packed::whole(bytes))
            }
            None => Err(self.count_too_large(start, count, T::SIZE)),
        }
    }

    #[inline]
    fn elements<T>(
        &mut self,
        start: &'a [u8],
        count: usize,
        min_size: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        self.check_count(start, count, min_size)?;
        self.spend(count.saturating_mul(size_of::<T>()))?;
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            let element = read(self)?;
            // Always so. As the compiler is told, `push` cannot grow here, so it cannot unwind with
            // an element to be dropped, and the element goes straight from registers to its place.
            if elements.len() < elements.capacity() {
                elements.push(element);
            } else {
                std::mem::forget(element);
            }
        }
        Ok(elements)
    }

    #[cold]
    fn null_at(&self, start: &'a [u8], length: i32) -> DecodeError {
        let kind = match length {
            -1 => DecodeErrorKind::UnexpectedNull,
            _ => DecodeErrorKind::NegativeLength { length },
        };
        self.fail_at(start, kind)
    }
}

/// The most bytes of a string: what an int16 can say, in the compact encoding too.
const MAX_STRING: usize = 0x7fff;
