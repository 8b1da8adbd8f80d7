//! Values with a length in front, and structs that may be null.

use super::{MAX_LENGTH, Writer, too_long};
use crate::EncodeError;
use crate::wire::{Blob, Encoding, FixedWidth, Packed};

impl Writer {
    /// A string.
    ///
    /// # Errors
    ///
    /// [`TooLong`](crate::EncodeErrorKind::TooLong) above 32,767 bytes, in either encoding.
    pub fn string(
        &mut self,
        e: Encoding,
        value: &str,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        let Ok(length) = i16::try_from(value.len()) else {
            return Err(too_long(field, value.len(), i16::MAX.unsigned_abs().into()));
        };
        match e {
            Encoding::Plain => self.i16(length),
            Encoding::Compact => self.unsigned_varint(u32::from(length.unsigned_abs()) + 1),
        }
        self.own.extend_from_slice(value.as_bytes());
        Ok(())
    }

    /// A string that may be null.
    ///
    /// # Errors
    ///
    /// As [`string`](Self::string).
    pub fn nullable_string(
        &mut self,
        e: Encoding,
        value: Option<&str>,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        match (value, e) {
            (Some(value), _) => self.string(e, value, field)?,
            (None, Encoding::Plain) => self.i16(-1),
            (None, Encoding::Compact) => self.unsigned_varint(0),
        }
        Ok(())
    }

    /// Bytes or records.
    ///
    /// # Errors
    ///
    /// [`TooLong`](crate::EncodeErrorKind::TooLong) above 2^31 - 2 bytes.
    pub fn blob(
        &mut self,
        e: Encoding,
        value: &Blob<'_>,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        self.length(e, value.len(), field)?;
        self.bytes(value);
        Ok(())
    }

    /// Bytes as they are, without a length.
    #[inline]
    pub fn bytes(&mut self, value: &Blob<'_>) {
        match value {
            Blob::Shared(blob) if blob.len() >= Self::SHARE_FROM => self.share(blob.clone()),
            _ => self.own.extend_from_slice(value),
        }
    }

    /// Bytes or records that may be null.
    ///
    /// # Errors
    ///
    /// As [`blob`](Self::blob).
    pub fn nullable_blob(
        &mut self,
        e: Encoding,
        value: Option<&Blob<'_>>,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        match value {
            Some(value) => self.blob(e, value, field)?,
            None => self.null(e),
        }
        Ok(())
    }

    /// An array of fixed-width values.
    ///
    /// # Errors
    ///
    /// [`TooLong`](crate::EncodeErrorKind::TooLong) above 2^31 - 2 values.
    #[inline]
    pub fn packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
        values: &Packed<'_, T>,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        self.length(e, values.len(), field)?;
        self.own.extend_from_slice(values.as_bytes());
        Ok(())
    }

    /// An array of fixed-width values that may be null.
    ///
    /// # Errors
    ///
    /// As [`packed`](Self::packed).
    #[inline]
    pub fn nullable_packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
        values: Option<&Packed<'_, T>>,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        match values {
            Some(values) => self.packed(e, values, field)?,
            None => self.null(e),
        }
        Ok(())
    }

    /// An array, each element written by `write`.
    ///
    /// # Errors
    ///
    /// [`TooLong`](crate::EncodeErrorKind::TooLong) above 2^31 - 2 elements, and what `write` fails with.
    #[inline]
    pub fn array<T>(
        &mut self,
        e: Encoding,
        elements: &[T],
        field: &'static str,
        mut write: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.length(e, elements.len(), field)?;
        elements.iter().try_for_each(|element| write(self, element))
    }

    /// An array that may be null, each element written by `write`.
    ///
    /// # Errors
    ///
    /// As [`array`](Self::array).
    #[inline]
    pub fn nullable_array<T>(
        &mut self,
        e: Encoding,
        elements: Option<&[T]>,
        field: &'static str,
        write: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        match elements {
            Some(elements) => self.array(e, elements, field, write)?,
            None => self.null(e),
        }
        Ok(())
    }

    /// A struct that may be null, written by `write`.
    ///
    /// # Errors
    ///
    /// What `write` fails with.
    #[inline]
    pub fn nullable_struct<T>(
        &mut self,
        value: Option<&T>,
        write: impl FnOnce(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let Some(value) = value else {
            self.i8(-1);
            return Ok(());
        };
        self.i8(1);
        write(self, value)
    }

    /// A struct that may be null, as the value of a tagged field, written by `write`.
    ///
    /// # Errors
    ///
    /// What `write` fails with.
    #[inline]
    pub fn nullable_tagged_struct<T>(
        &mut self,
        value: Option<&T>,
        write: impl FnOnce(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let Some(value) = value else {
            self.unsigned_varint(0);
            return Ok(());
        };
        self.unsigned_varint(1);
        write(self, value)
    }

    /// The length in front of bytes, records or an array.
    #[inline]
    fn length(
        &mut self,
        e: Encoding,
        length: usize,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        match (u32::try_from(length), e) {
            (Ok(length @ 0..=MAX_LENGTH), Encoding::Plain) => self.u32(length),
            (Ok(length @ 0..=MAX_LENGTH), Encoding::Compact) => self.unsigned_varint(length + 1),
            _ => return Err(too_long(field, length, MAX_LENGTH)),
        }
        Ok(())
    }

    /// The length of null bytes, records or arrays.
    #[inline]
    fn null(&mut self, e: Encoding) {
        match e {
            Encoding::Plain => self.i32(-1),
            Encoding::Compact => self.unsigned_varint(0),
        }
    }
}
