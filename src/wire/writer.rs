//! The public writer of primitive values, whose methods report their own faults.

use super::write_cursor::Position;
use super::{
    Blob, Encoding, Fidelity, FixedWidth, Packed, Segments, TaggedFields, Uuid, WriteCursor,
    write_cursor,
};
use crate::{EncodeError, Version, VersionRange};

/// Appends messages and primitive values to a buffer that it owns.
///
/// Shared blobs of [`SHARE_FROM`](Self::SHARE_FROM) bytes or more are not copied: they become
/// segments of their own, and [`finish`](Self::finish) returns all parts in order.
///
/// # Errors
///
/// Methods that can fail take the name of the field for the error, and leave the writer as it was.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::{Encoding, Writer};
///
/// let mut writer = Writer::new();
/// writer.string(Encoding::Compact, "hi", "name")?;
/// writer.i32(7);
/// assert_eq!(writer.into_vec(), b"\x03hi\0\0\0\x07");
/// # Ok::<(), kafka_codec::EncodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    /// Holds no fault between two calls.
    cursor: WriteCursor,
}

/// Methods that write a value of fixed size, which cannot fail.
macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        $(
            $(#[$doc])*
            #[inline]
            pub fn $name(&mut self, value: $type) {
                self.cursor.$name(value);
            }
        )*
    };
}

/// Methods that write a value of variable size.
macro_rules! variable {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`TooLong`](crate::EncodeErrorKind::TooLong), in `field`.
            #[inline]
            pub fn $name(
                &mut self,
                e: Encoding,
                value: $type,
                field: &'static str,
            ) -> Result<(), EncodeError> {
                self.write(|cursor| cursor.$name(e, value, field))
            }
        )*
    };
}

impl Writer {
    /// The size in bytes from which on a shared blob is passed through instead of being copied.
    pub const SHARE_FROM: usize = write_cursor::SHARE_FROM;

    /// The room for a small message, in bytes.
    const SMALL: usize = 256;

    /// An empty writer with room for a small message, so that it does not grow step by step.
    #[must_use]
    pub fn new() -> Self {
        Self::with_buffer(Vec::with_capacity(Self::SMALL))
    }

    /// A writer that appends to `buffer`; one with [room for a small message](Self::new) if that has no capacity.
    pub(crate) fn with_buffer_or_new(buffer: Vec<u8>) -> Self {
        match buffer.capacity() {
            0 => Self::new(),
            _ => Self::with_buffer(buffer),
        }
    }

    /// A writer that appends to `buffer`.
    #[must_use]
    pub fn with_buffer(buffer: Vec<u8>) -> Self {
        Self {
            cursor: WriteCursor::with_buffer(buffer),
        }
    }

    /// The number of bytes written, those of shared blobs included.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.cursor.len()
    }

    /// Returns `true` if nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes what was written and keeps the buffer.
    pub fn clear(&mut self) {
        self.truncate(&Position::default());
    }

    /// What was written before the first shared blob that was passed through, and perhaps more.
    #[cfg(feature = "connection")]
    pub(crate) fn first_bytes(&self) -> &[u8] {
        self.cursor.own()
    }

    /// All that was written, with shared blobs left where they are.
    #[must_use]
    pub fn finish(self) -> Segments {
        self.cursor.finish()
    }

    /// Moves all that was written into segments that are empty, and leaves a new writer without a buffer.
    #[cfg(feature = "connection")]
    #[inline(always)]
    pub(crate) fn finish_into(&mut self, segments: &mut Segments) {
        self.cursor.finish_into(segments);
    }

    /// The buffer of a writer that wrote nothing.
    #[cfg(feature = "connection")]
    #[inline]
    pub(crate) fn empty_buffer(&mut self) -> &mut Vec<u8> {
        self.cursor.empty_buffer()
    }

    /// All that was written, in one piece; shared blobs are copied.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.cursor.into_vec()
    }

    /// Returns the bytes written, if the output holds no shared blob that was passed through.
    #[must_use]
    pub fn as_slice(&self) -> Option<&[u8]> {
        self.cursor.as_slice()
    }

    fixed! {
        /// Writes a bool.
        bool: bool;
        /// Writes an int8.
        i8: i8;
        /// Writes an int16.
        i16: i16;
        /// Writes a uint16.
        u16: u16;
        /// Writes an int32.
        i32: i32;
        /// Writes a uint32.
        u32: u32;
        /// Writes an int64.
        i64: i64;
        /// Writes a float64.
        f64: f64;
        /// Writes a uuid.
        uuid: Uuid;
        /// Writes an unsigned variable-length integer.
        unsigned_varint: u32;
    }

    variable! {
        /// Writes a string of at most 32,767 bytes.
        string: &str;
        /// Writes a string that may be null.
        nullable_string: Option<&str>;
        /// Writes bytes or records, at most 2^31 - 2 bytes.
        blob: &Blob<'_>;
        /// Writes bytes or records that may be null.
        nullable_blob: Option<&Blob<'_>>;
    }

    /// Writes bytes as they are, without a length.
    ///
    /// # Errors
    ///
    /// [`TooLong`](crate::EncodeErrorKind::TooLong) if all that was written would be more than `isize::MAX` bytes,
    /// which only the same blob written many times can be.
    pub fn bytes(&mut self, value: &Blob<'_>) -> Result<(), EncodeError> {
        self.write(|cursor| cursor.bytes(value))
    }

    /// Writes an array of at most 2^31 - 2 fixed-width values.
    ///
    /// # Errors
    ///
    /// [`TooLong`](crate::EncodeErrorKind::TooLong), in `field`.
    pub fn packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
        values: &Packed<'_, T>,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        self.write(|cursor| cursor.packed(e, values, field))
    }

    /// Writes an array of fixed-width values that may be null.
    ///
    /// # Errors
    ///
    /// As [`packed`](Self::packed).
    pub fn nullable_packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
        values: Option<&Packed<'_, T>>,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        self.write(|cursor| cursor.nullable_packed(e, values, field))
    }

    /// Writes an array of at most 2^31 - 2 elements, each with `write`.
    ///
    /// # Errors
    ///
    /// [`TooLong`](crate::EncodeErrorKind::TooLong), and the errors of `write`, in the element of `field`.
    pub fn array<T>(
        &mut self,
        e: Encoding,
        elements: &[T],
        field: &'static str,
        mut write: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.all_or_nothing(|writer| {
            writer.write(|cursor| {
                cursor.count(e, elements.len(), field);
            })?;
            for (index, element) in elements.iter().enumerate() {
                write(writer, element).map_err(|error| error.inside(field, Some(index)))?;
            }
            Ok(())
        })
    }

    /// Writes an array that may be null, each element with `write`.
    ///
    /// # Errors
    ///
    /// As [`array`](Self::array).
    pub fn nullable_array<T>(
        &mut self,
        e: Encoding,
        elements: Option<&[T]>,
        field: &'static str,
        write: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        match elements {
            Some(elements) => self.array(e, elements, field, write),
            None => self.write(|cursor| cursor.null(e)),
        }
    }

    /// Writes the tagged fields at the end of a struct, none of which is known.
    ///
    /// # Errors
    ///
    /// [`TaggedFieldsNotInVersion`](crate::EncodeErrorKind::TaggedFieldsNotInVersion) if there are some in the
    /// [`Classic`](Encoding::Classic) encoding; [`TooLong`](crate::EncodeErrorKind::TooLong).
    pub fn tagged_fields(
        &mut self,
        e: Encoding,
        fields: &TaggedFields<'_>,
    ) -> Result<(), EncodeError> {
        self.write(|cursor| cursor.tagged_fields(e, fields))
    }

    /// Calls `write` with the cursor that keeps its first fault, and returns that fault.
    #[inline]
    pub(crate) fn write(
        &mut self,
        write: impl FnOnce(&mut WriteCursor),
    ) -> Result<(), EncodeError> {
        self.try_write(|cursor| {
            write(cursor);
            Ok(())
        })
    }

    /// As [`write`](Self::write), of what may fail in other ways too.
    #[inline]
    pub(crate) fn try_write<E: From<EncodeError>>(
        &mut self,
        write: impl FnOnce(&mut WriteCursor) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.position();
        let written = write(&mut self.cursor);
        let fault = self.cursor.check();
        let result = written.and_then(|()| fault.map_err(E::from));
        if result.is_err() {
            self.truncate(&start);
        }
        result
    }

    /// Calls `write` for a message, which is removed if it fails.
    #[inline]
    pub(crate) fn message(
        &mut self,
        message: &'static str,
        supported: VersionRange,
        version: Version,
        write: impl FnOnce(&mut WriteCursor),
    ) -> Result<(), EncodeError> {
        let start = self.cursor.begin_message(message, supported, version)?;
        write(&mut self.cursor);
        self.cursor.end_message(&start, message, version)
    }

    /// Sets what is kept from now on, and returns what was kept before.
    pub(crate) const fn keep(&mut self, fidelity: Fidelity) -> Fidelity {
        self.cursor.keep(fidelity)
    }

    /// Calls `write`, and removes what it wrote if it fails.
    pub(crate) fn all_or_nothing<E>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.position();
        let written = write(self);
        if written.is_err() {
            self.truncate(&start);
        }
        written
    }

    /// The position of the next value.
    pub(crate) fn position(&self) -> Position {
        self.cursor.position()
    }

    /// Removes what was written after `position`.
    fn truncate(&mut self, position: &Position) {
        self.cursor.truncate(position);
    }

    /// Calls `write`, with an int32 in front of how many bytes it wrote.
    #[inline]
    pub(crate) fn sized(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.all_or_nothing(|writer| {
            let size = writer.position();
            writer.i32(0);
            write(writer)?;
            writer.cursor.patch_size(&size)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EncodeErrorKind;

    #[test]
    fn a_value_that_cannot_be_written_leaves_the_writer_as_it_was() {
        let mut writer = Writer::new();
        writer.i8(1);
        let long = "a".repeat(32_768);
        let error = writer
            .array(
                Encoding::Classic,
                &["a", &long],
                "names",
                |writer, element| writer.string(Encoding::Classic, element, "name"),
            )
            .unwrap_err();
        assert_eq!(error.path(), Some("names[1].name"));
        writer.string(Encoding::Classic, "b", "name").unwrap();
        assert_eq!(writer.into_vec(), b"\x01\0\x01b");
    }

    #[test]
    fn a_fault_of_the_cursor_does_not_outlive_the_call() {
        let mut writer = Writer::new();
        let other = EncodeError::new(EncodeErrorKind::UnexpectedNull, Some("other"));
        let error = writer
            .try_write(|cursor| {
                cursor.unexpected_null("first");
                Err(other.clone())
            })
            .unwrap_err();
        assert_eq!(error, other);
        writer.write(|cursor| cursor.i8(1)).unwrap();
        assert_eq!(writer.into_vec(), b"\x01");
    }
}
