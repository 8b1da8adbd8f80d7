//! Structs inside of messages, and arrays of them: what generated code calls.

use super::{Encoding, ReadCursor, WriteCursor};

/// A struct inside of a message. Only generated code implements it and calls it: a version that the
/// message does not have is not refused here.
#[doc(hidden)]
pub trait Struct<'a>: Sized {
    /// How many bytes an element of an array takes at least.
    fn min_size(_: i16) -> usize {
        1
    }

    fn read(r: &mut ReadCursor<'a>, v: i16) -> Self;

    fn write(&self, w: &mut WriteCursor, v: i16);
}

#[doc(hidden)]
impl<'a> ReadCursor<'a> {
    #[inline]
    pub fn structs<T: Struct<'a>>(&mut self, e: Encoding, v: i16) -> Vec<T> {
        self.array(e, T::min_size(v), |r| T::read(r, v))
    }

    #[inline]
    pub fn nullable_structs<T: Struct<'a>>(&mut self, e: Encoding, v: i16) -> Option<Vec<T>> {
        self.nullable_array(e, T::min_size(v), |r| T::read(r, v))
    }

    #[inline]
    pub fn nullable_struct<T: Struct<'a>>(&mut self, v: i16) -> Option<T> {
        (self.i8() >= 0).then(|| T::read(self, v))
    }

    /// As the value of a tagged field.
    #[inline]
    pub fn nullable_tagged_struct<T: Struct<'a>>(&mut self, v: i16) -> Option<T> {
        (super::varint::signed(self.unsigned_varint()) > 0).then(|| T::read(self, v))
    }
}

#[doc(hidden)]
impl WriteCursor {
    #[inline]
    pub fn structs<'a, T: Struct<'a>>(
        &mut self,
        e: Encoding,
        elements: &[T],
        field: &'static str,
        v: i16,
    ) {
        self.array(e, elements, field, |w, element| element.write(w, v));
    }

    #[inline]
    pub fn nullable_structs<'a, T: Struct<'a>>(
        &mut self,
        e: Encoding,
        elements: Option<&[T]>,
        field: &'static str,
        v: i16,
    ) {
        self.nullable_array(e, elements, field, |w, element| element.write(w, v));
    }

    #[inline]
    pub fn structure<'a, T: Struct<'a>>(&mut self, value: &T, field: &'static str, v: i16) {
        // What failed before would be taken for a fault of this field.
        if self.failed() {
            return;
        }
        value.write(self, v);
        if self.failed() {
            self.failed_in(field, None);
        }
    }

    #[inline]
    pub fn nullable_struct<'a, T: Struct<'a>>(
        &mut self,
        value: Option<&T>,
        field: &'static str,
        v: i16,
    ) {
        self.i8(if value.is_some() { 1 } else { -1 });
        if let Some(value) = value {
            self.structure(value, field, v);
        }
    }

    /// As the value of a tagged field.
    #[inline]
    pub fn nullable_tagged_struct<'a, T: Struct<'a>>(
        &mut self,
        value: Option<&T>,
        field: &'static str,
        v: i16,
    ) {
        self.unsigned_varint(value.is_some().into());
        if let Some(value) = value {
            self.structure(value, field, v);
        }
    }
}
