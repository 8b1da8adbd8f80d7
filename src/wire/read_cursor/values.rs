//! Values with a length in front.

use std::borrow::Cow;

use super::{MAX_STRING, ReadCursor};
use crate::wire::{Blob, Encoding, FixedWidth, Packed, varint};

impl<'a> ReadCursor<'a> {
    /// A string.
    #[inline]
    pub fn string(&mut self, e: Encoding) -> Cow<'a, str> {
        Cow::Borrowed(self.str(e))
    }

    /// A string that may be null.
    #[inline]
    pub fn nullable_string(&mut self, e: Encoding) -> Option<Cow<'a, str>> {
        self.nullable_str(e).map(Cow::Borrowed)
    }

    /// A string. Out of line: there is hardly a struct without one. What it returns fits into
    /// registers.
    #[inline(never)]
    pub fn str(&mut self, e: Encoding) -> &'a str {
        let start = self.rest;
        let length = self.string_length(e);
        match usize::try_from(length) {
            Ok(length) => self.text(length),
            Err(_) => {
                self.null(start, length);
                ""
            }
        }
    }

    /// A string that may be null.
    #[inline]
    pub fn nullable_str(&mut self, e: Encoding) -> Option<&'a str> {
        match self.null_or_empty(e) {
            Some(NullOrEmpty::Null) => None,
            Some(NullOrEmpty::Empty) => Some(""),
            None => self.any_nullable_str(e),
        }
    }

    #[inline(never)]
    fn any_nullable_str(&mut self, e: Encoding) -> Option<&'a str> {
        match usize::try_from(self.string_length(e)) {
            Ok(length) => Some(self.text(length)),
            Err(_) => None,
        }
    }

    /// Bytes or records.
    #[inline]
    pub fn blob(&mut self, e: Encoding) -> Blob<'a> {
        Blob::Borrowed(self.slice(e))
    }

    /// Bytes or records that may be null.
    #[inline]
    pub fn nullable_blob(&mut self, e: Encoding) -> Option<Blob<'a>> {
        self.nullable_slice(e).map(Blob::Borrowed)
    }

    /// The bytes of a blob.
    #[inline(never)]
    pub fn slice(&mut self, e: Encoding) -> &'a [u8] {
        let start = self.rest;
        let length = self.length(e);
        match usize::try_from(length) {
            Ok(length) => self.bytes(length),
            Err(_) => {
                self.null(start, length);
                &[]
            }
        }
    }

    /// The bytes of a blob that may be null.
    #[inline(never)]
    pub fn nullable_slice(&mut self, e: Encoding) -> Option<&'a [u8]> {
        match usize::try_from(self.length(e)) {
            Ok(length) => Some(self.bytes(length)),
            Err(_) => None,
        }
    }

    /// An array of fixed-width values.
    #[inline]
    pub fn packed<T: FixedWidth>(&mut self, e: Encoding) -> Packed<'a, T> {
        Packed::whole(self.numbers(e, T::SIZE))
    }

    /// An array of fixed-width values that may be null.
    #[inline]
    pub fn nullable_packed<T: FixedWidth>(&mut self, e: Encoding) -> Option<Packed<'a, T>> {
        self.nullable_numbers(e, T::SIZE).map(Packed::whole)
    }

    /// The bytes of an array of values of `size` bytes each.
    #[inline(always)]
    pub fn numbers(&mut self, e: Encoding, size: usize) -> &'a [u8] {
        let start = self.rest;
        let length = self.length(e);
        match usize::try_from(length) {
            Ok(count) => self.values(start, count, size),
            Err(_) => {
                self.null(start, length);
                &[]
            }
        }
    }

    /// The same of an array that may be null.
    #[inline]
    pub fn nullable_numbers(&mut self, e: Encoding, size: usize) -> Option<&'a [u8]> {
        let start = self.rest;
        match usize::try_from(self.length(e)) {
            Ok(count) => Some(self.values(start, count, size)),
            Err(_) => None,
        }
    }

    #[inline]
    fn values(&mut self, start: &'a [u8], count: usize, size: usize) -> &'a [u8] {
        match self.rest.split_at_checked(count.saturating_mul(size)) {
            Some((bytes, rest)) => {
                self.rest = rest;
                bytes
            }
            None => {
                self.count_too_large(start, count, size);
                &[]
            }
        }
    }

    /// How many elements an array has, once the memory for them is spent.
    #[inline(never)]
    pub(crate) fn count(&mut self, e: Encoding, min_size: usize, size: usize) -> usize {
        let start = self.rest;
        let length = self.length(e);
        match usize::try_from(length) {
            Ok(count) => self.reserve(start, count, min_size, size),
            Err(_) => {
                self.null(start, length);
                0
            }
        }
    }

    #[inline(never)]
    pub(crate) fn nullable_count(
        &mut self,
        e: Encoding,
        min_size: usize,
        size: usize,
    ) -> Option<usize> {
        let start = self.rest;
        match usize::try_from(self.length(e)) {
            Ok(count) => Some(self.reserve(start, count, min_size, size)),
            Err(_) => None,
        }
    }

    #[inline]
    fn reserve(&mut self, start: &'a [u8], count: usize, min_size: usize, size: usize) -> usize {
        if self.check_count(start, count, min_size) && self.spend(count.saturating_mul(size)) {
            count
        } else {
            0
        }
    }

    /// An array; `min_size` is how many bytes an element takes at least, `read` reads one.
    #[inline]
    pub fn array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let count = self.count(e, min_size, size_of::<T>());
        self.elements(count, read)
    }

    /// An array that may be null; see [`array`](Self::array).
    #[inline]
    pub fn nullable_array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> T,
    ) -> Option<Vec<T>> {
        match self.null_or_empty(e) {
            Some(NullOrEmpty::Null) => None,
            Some(NullOrEmpty::Empty) => Some(Vec::new()),
            None => self.any_nullable_array(e, min_size, read),
        }
    }

    #[inline(never)]
    fn any_nullable_array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> T,
    ) -> Option<Vec<T>> {
        let count = self.nullable_count(e, min_size, size_of::<T>());
        count.map(|count| self.elements(count, read))
    }

    /// An array of strings.
    pub fn strings(&mut self, e: Encoding) -> Vec<Cow<'a, str>> {
        self.array(e, e.string_size(), |r| r.string(e))
    }

    /// An array of strings that may be null.
    pub fn nullable_strings(&mut self, e: Encoding) -> Option<Vec<Cow<'a, str>>> {
        self.nullable_array(e, e.string_size(), |r| r.string(e))
    }

    #[inline]
    fn elements<T>(&mut self, count: usize, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            if self.failed() {
                break;
            }
            let element = read(self);
            // Always so. As the compiler knows, `push` cannot grow here, so it cannot unwind with
            // an element to be dropped, and the element goes straight from registers to its place.
            if elements.len() < elements.capacity() {
                elements.push(element);
            } else {
                std::mem::forget(element);
            }
        }
        elements
    }

    /// Reads the length of a value if that is compact and says that the value is null or empty.
    #[inline]
    fn null_or_empty(&mut self, e: Encoding) -> Option<NullOrEmpty> {
        let (found, rest) = match (e, self.rest) {
            (Encoding::Compact, [0, rest @ ..]) => (NullOrEmpty::Null, rest),
            (Encoding::Compact, [1, rest @ ..]) => (NullOrEmpty::Empty, rest),
            _ => return None,
        };
        self.rest = rest;
        Some(found)
    }

    #[inline]
    pub(super) fn length(&mut self, e: Encoding) -> i32 {
        match e {
            Encoding::Classic => self.i32(),
            Encoding::Compact => self.compact_length(),
        }
    }

    #[inline]
    pub(super) fn string_length(&mut self, e: Encoding) -> i32 {
        match e {
            Encoding::Classic => i32::from(self.i16()),
            Encoding::Compact => self.compact_length(),
        }
    }

    /// As Java counts: 32 bits with a sign, so that numbers above 2^31 are negative.
    #[inline]
    fn compact_length(&mut self) -> i32 {
        varint::signed(self.unsigned_varint().wrapping_sub(1))
    }

    /// The text of a string.
    #[inline]
    fn text(&mut self, length: usize) -> &'a str {
        if length <= MAX_STRING {
            if let Some((bytes, rest)) = self.rest.split_at_checked(length) {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    self.rest = rest;
                    return text;
                }
            }
        }
        self.bad_text(length);
        ""
    }
}

/// What most values of some fields are. It is found inline.
enum NullOrEmpty {
    Null,
    Empty,
}
