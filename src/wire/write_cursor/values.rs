//! Values with a length in front.

use std::borrow::Cow;

use super::{MAX_LENGTH, SHARE_FROM, WriteCursor};
use crate::wire::{Blob, Encoding, FixedWidth, Packed};

impl WriteCursor {
    /// A string of at most 32,767 bytes, in either encoding.
    pub fn string(&mut self, e: Encoding, value: &str, field: &'static str) {
        let Ok(length) = i16::try_from(value.len()) else {
            return self.too_long(field, value.len(), i16::MAX.unsigned_abs().into());
        };
        match e {
            Encoding::Classic => self.i16(length),
            Encoding::Compact => self.unsigned_varint(u32::from(length.unsigned_abs()) + 1),
        }
        self.own.extend_from_slice(value.as_bytes());
    }

    /// A string that may be null.
    pub fn nullable_string(&mut self, e: Encoding, value: Option<&str>, field: &'static str) {
        match (value, e) {
            (Some(value), _) => self.string(e, value, field),
            (None, Encoding::Classic) => self.i16(-1),
            (None, Encoding::Compact) => self.unsigned_varint(0),
        }
    }

    /// Bytes or records, at most 2^31 - 2 bytes.
    pub fn blob(&mut self, e: Encoding, value: &Blob<'_>, field: &'static str) {
        if self.count(e, value.len(), field) {
            self.bytes(value);
        }
    }

    /// Bytes as they are, without a length.
    #[inline]
    pub fn bytes(&mut self, value: &Blob<'_>) {
        match value {
            Blob::Shared(blob) if blob.len() >= SHARE_FROM => self.share(blob.clone()),
            _ => self.own.extend_from_slice(value),
        }
    }

    /// Bytes or records that may be null.
    pub fn nullable_blob(&mut self, e: Encoding, value: Option<&Blob<'_>>, field: &'static str) {
        match value {
            Some(value) => self.blob(e, value, field),
            None => self.null(e),
        }
    }

    /// An array of at most 2^31 - 2 fixed-width values.
    #[inline]
    pub fn packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
        values: &Packed<'_, T>,
        field: &'static str,
    ) {
        self.packed_bytes(e, values.len(), values.as_bytes(), field);
    }

    #[inline]
    fn packed_bytes(&mut self, e: Encoding, count: usize, values: &[u8], field: &'static str) {
        if self.count(e, count, field) {
            self.own.extend_from_slice(values);
        }
    }

    /// An array of fixed-width values that may be null.
    #[inline]
    pub fn nullable_packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
        values: Option<&Packed<'_, T>>,
        field: &'static str,
    ) {
        match values {
            Some(values) => self.packed(e, values, field),
            None => self.null(e),
        }
    }

    /// An array of at most 2^31 - 2 elements, each written by `write`.
    #[inline]
    pub fn array<T>(
        &mut self,
        e: Encoding,
        elements: &[T],
        field: &'static str,
        mut write: impl FnMut(&mut Self, &T),
    ) {
        // What failed before would be taken for a fault of the first element.
        if self.failed() || !self.count(e, elements.len(), field) {
            return;
        }
        for (index, element) in elements.iter().enumerate() {
            write(self, element);
            if self.failed() {
                return self.failed_in(field, Some(index));
            }
        }
    }

    /// An array that may be null, each element written by `write`.
    #[inline]
    pub fn nullable_array<T>(
        &mut self,
        e: Encoding,
        elements: Option<&[T]>,
        field: &'static str,
        write: impl FnMut(&mut Self, &T),
    ) {
        match elements {
            Some(elements) => self.array(e, elements, field, write),
            None => self.null(e),
        }
    }

    /// An array of strings.
    pub fn strings(&mut self, e: Encoding, elements: &[Cow<'_, str>], field: &'static str) {
        self.array(e, elements, field, |w, element| w.string(e, element, ""));
    }

    /// An array of strings that may be null.
    pub fn nullable_strings(
        &mut self,
        e: Encoding,
        elements: Option<&[Cow<'_, str>]>,
        field: &'static str,
    ) {
        match elements {
            Some(elements) => self.strings(e, elements, field),
            None => self.null(e),
        }
    }

    /// The length in front of bytes, records or an array; `false` if it is too large.
    #[inline]
    pub(in crate::wire) fn count(
        &mut self,
        e: Encoding,
        length: usize,
        field: &'static str,
    ) -> bool {
        match (u32::try_from(length), e) {
            (Ok(length @ 0..=MAX_LENGTH), Encoding::Classic) => self.u32(length),
            (Ok(length @ 0..=MAX_LENGTH), Encoding::Compact) => self.unsigned_varint(length + 1),
            _ => {
                self.too_long(field, length, MAX_LENGTH);
                return false;
            }
        }
        true
    }

    /// The length of null bytes, records or arrays.
    #[inline]
    pub(in crate::wire) fn null(&mut self, e: Encoding) {
        match e {
            Encoding::Classic => self.i32(-1),
            Encoding::Compact => self.unsigned_varint(0),
        }
    }
}
