//! Encodes values behind one another. Always canonical: the shortest form of every number, tags in
//! ascending order, tagged fields only where they are not at their default.

use bytes::Bytes;

use super::segments::{Cut, Segments};
use super::{Blob, Encoding, FixedWidth, Packed, TaggedField, TaggedFields, Uuid, varint};
use crate::{EncodeError, EncodeErrorKind};

/// Appends primitive values to a buffer that it keeps.
///
/// Shared blobs of [`SHARE_FROM`](Self::SHARE_FROM) bytes or more are not copied: they become
/// segments of their own, and [`finish`](Self::finish) returns all parts in order. Methods that
/// can fail take the name of the field for the error.
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
    own: Vec<u8>,
    cuts: Vec<Cut>,
    /// How many bytes the cuts hold.
    shared: usize,
}

impl Writer {
    /// From how many bytes on a shared blob is let through instead of being copied.
    pub const SHARE_FROM: usize = 1024;

    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that appends to `buffer`.
    #[must_use]
    pub fn with_buffer(buffer: Vec<u8>) -> Self {
        Self {
            own: buffer,
            ..Self::default()
        }
    }

    /// How many bytes were written, those of shared blobs included.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.own.len() + self.shared
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what was written and keeps the buffer.
    pub fn clear(&mut self) {
        self.truncate(&Mark::default());
    }

    /// All that was written, with shared blobs left where they are.
    #[must_use]
    pub fn finish(self) -> Segments {
        let length = self.len();
        Segments::new(self.own, self.cuts, length)
    }

    /// All that was written, in one piece; shared blobs are copied.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        if self.cuts.is_empty() {
            return self.own;
        }
        let mut out = Vec::with_capacity(self.len());
        let mut start = 0;
        for cut in &self.cuts {
            out.extend_from_slice(self.own.get(start..cut.at).unwrap_or_default());
            out.extend_from_slice(&cut.blob);
            start = cut.at;
        }
        out.extend_from_slice(self.own.get(start..).unwrap_or_default());
        out
    }

    /// What was written, where no shared blob was let through; `None` where one was.
    #[must_use]
    pub fn as_slice(&self) -> Option<&[u8]> {
        self.cuts.is_empty().then_some(&self.own)
    }

    /// A bool.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.put([u8::from(value)]);
    }

    /// An int8.
    #[inline]
    pub fn i8(&mut self, value: i8) {
        self.put(value.to_be_bytes());
    }

    /// An int16.
    #[inline]
    pub fn i16(&mut self, value: i16) {
        self.put(value.to_be_bytes());
    }

    /// A uint16.
    #[inline]
    pub fn u16(&mut self, value: u16) {
        self.put(value.to_be_bytes());
    }

    /// An int32.
    #[inline]
    pub fn i32(&mut self, value: i32) {
        self.put(value.to_be_bytes());
    }

    /// A uint32.
    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.put(value.to_be_bytes());
    }

    /// An int64.
    #[inline]
    pub fn i64(&mut self, value: i64) {
        self.put(value.to_be_bytes());
    }

    /// A float64.
    #[inline]
    pub fn f64(&mut self, value: f64) {
        self.put(value.to_be_bytes());
    }

    /// A uuid.
    #[inline]
    pub fn uuid(&mut self, value: Uuid) {
        self.put(value.to_bytes());
    }

    /// An unsigned variable-length integer.
    #[inline]
    pub fn unsigned_varint(&mut self, value: u32) {
        match u8::try_from(value) {
            Ok(byte) if byte < 0x80 => self.put([byte]),
            _ => self.long_varint(value),
        }
    }

    fn long_varint(&mut self, value: u32) {
        let mut out = [0; varint::MAX_BYTES];
        let length = varint::encode(value, &mut out);
        self.own
            .extend_from_slice(out.get(..length).unwrap_or(&out));
    }

    /// A string.
    ///
    /// # Errors
    ///
    /// [`TooLong`](EncodeErrorKind::TooLong) above 32,767 bytes, in either encoding.
    #[inline]
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
    #[inline]
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
    /// [`TooLong`](EncodeErrorKind::TooLong) above 2^31 - 2 bytes.
    #[inline]
    pub fn blob(
        &mut self,
        e: Encoding,
        value: &Blob<'_>,
        field: &'static str,
    ) -> Result<(), EncodeError> {
        self.length(e, value.len(), field)?;
        match value {
            Blob::Shared(blob) if blob.len() >= Self::SHARE_FROM => self.share(blob.clone()),
            _ => self.own.extend_from_slice(value),
        }
        Ok(())
    }

    /// Bytes or records that may be null.
    ///
    /// # Errors
    ///
    /// As [`blob`](Self::blob).
    #[inline]
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
    /// [`TooLong`](EncodeErrorKind::TooLong) above 2^31 - 2 values.
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
    /// [`TooLong`](EncodeErrorKind::TooLong) above 2^31 - 2 elements, and what `write` fails with.
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

    /// The tagged fields at the end of a struct whose definition has none.
    ///
    /// # Errors
    ///
    /// [`TaggedFieldsNotInVersion`](EncodeErrorKind::TaggedFieldsNotInVersion) if there are some
    /// and the encoding is plain.
    #[inline]
    pub fn tagged_fields(
        &mut self,
        e: Encoding,
        fields: &TaggedFields<'_>,
    ) -> Result<(), EncodeError> {
        if fields.is_empty() {
            if e.is_compact() {
                self.put([0]);
            }
            return Ok(());
        }
        self.tag_section(e, fields)?.finish()
    }

    /// Begins the tagged fields at the end of a struct.
    ///
    /// # Errors
    ///
    /// As [`tagged_fields`](Self::tagged_fields).
    #[inline]
    pub fn tag_section<'w, 't>(
        &'w mut self,
        e: Encoding,
        unknown: &'t TaggedFields<'t>,
    ) -> Result<TagWriter<'w, 't>, EncodeError> {
        if !unknown.is_empty() && !e.is_compact() {
            return Err(EncodeError::new(
                EncodeErrorKind::TaggedFieldsNotInVersion,
                None,
            ));
        }
        let start = e.is_compact().then(|| self.mark());
        if start.is_some() {
            self.put([0]);
        }
        Ok(TagWriter {
            writer: self,
            unknown: unknown.as_slice(),
            start,
            count: 0,
        })
    }

    /// Where the next value will stand.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            own: self.own.len(),
            cuts: self.cuts.len(),
            shared: self.shared,
        }
    }

    /// Forgets what was written after `mark`.
    pub(crate) fn truncate(&mut self, mark: &Mark) {
        self.own.truncate(mark.own);
        self.cuts.truncate(mark.cuts);
        self.shared = mark.shared;
    }

    /// Puts the int32 of how many bytes were written after it over the four bytes at `mark`.
    pub(crate) fn patch_size(&mut self, mark: &Mark) -> Result<(), EncodeError> {
        let length = self.since(mark).saturating_sub(4);
        let size =
            i32::try_from(length).map_err(|_| too_long("size", length, i32::MAX.unsigned_abs()))?;
        if let Some(place) = self
            .own
            .get_mut(mark.own..)
            .and_then(|own| own.first_chunk_mut())
        {
            *place = size.to_be_bytes();
        }
        Ok(())
    }

    fn since(&self, mark: &Mark) -> usize {
        self.len() - mark.own - mark.shared
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.own.extend_from_slice(&bytes);
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

    fn share(&mut self, blob: Bytes) {
        self.shared += blob.len();
        self.cuts.push(Cut {
            at: self.own.len(),
            blob,
        });
    }

    /// Writes `value` as a varint over the one byte at `mark`, and moves on what comes after it if
    /// the varint takes more.
    #[inline]
    fn patch_varint(&mut self, mark: &Mark, value: u32) {
        match (u8::try_from(value), self.own.get_mut(mark.own)) {
            (Ok(byte), Some(place)) if byte < 0x80 => *place = byte,
            _ => self.insert_varint(mark, value),
        }
    }

    fn insert_varint(&mut self, mark: &Mark, value: u32) {
        let mut out = [0; varint::MAX_BYTES];
        let length = varint::encode(value, &mut out);
        self.own
            .splice(mark.own..=mark.own, out.into_iter().take(length));
        for cut in self.cuts.iter_mut().skip(mark.cuts) {
            cut.at += length - 1;
        }
    }
}

/// The most bytes or elements: one less than an int32 can say, as null takes one of the numbers
/// in the compact encoding.
const MAX_LENGTH: u32 = 0x7fff_fffe;

/// A place between two values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    own: usize,
    cuts: usize,
    shared: usize,
}

#[cold]
fn too_long(field: &'static str, length: usize, at_most: u32) -> EncodeError {
    let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
    EncodeError::new(EncodeErrorKind::TooLong { length, at_most }, Some(field))
}

/// Writes the tagged fields at the end of a struct: known ones by ascending tag, the unknown ones
/// in between.
#[derive(Debug)]
#[must_use = "the section is complete only after finish"]
pub struct TagWriter<'w, 't> {
    writer: &'w mut Writer,
    unknown: &'t [TaggedField<'t>],
    /// Where the count stands; `None` in the plain encoding.
    start: Option<Mark>,
    count: u32,
}

impl TagWriter<'_, '_> {
    /// The known field `tag`, its value written by `write` if it is `present`.
    ///
    /// # Errors
    ///
    /// [`KnownTag`](EncodeErrorKind::KnownTag) if `tag` is among the unknown fields, and what
    /// `write` fails with.
    #[inline]
    pub fn field(
        &mut self,
        tag: u32,
        present: bool,
        write: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if !self.unknown.is_empty() {
            self.unknown_below(tag)?;
        }
        if present {
            self.known_field(tag, write)
        } else {
            Ok(())
        }
    }

    fn known_field(
        &mut self,
        tag: u32,
        write: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.writer.unsigned_varint(tag);
        let size = self.writer.mark();
        self.writer.put([0]);
        write(self.writer)?;
        let length = self.writer.since(&size) - 1;
        let length = u32::try_from(length).map_err(|_| too_long("tag", length, MAX_LENGTH))?;
        self.writer.patch_varint(&size, length);
        self.count += 1;
        Ok(())
    }

    /// The unknown fields that are left, and the count of all.
    ///
    /// # Errors
    ///
    /// [`TooLong`](EncodeErrorKind::TooLong) if an unknown field has more than 2^31 - 2 bytes.
    #[inline]
    pub fn finish(mut self) -> Result<(), EncodeError> {
        while let Some((field, rest)) = self.unknown.split_first() {
            self.unknown = rest;
            self.unknown_field(field)?;
        }
        if let Some(start) = &self.start {
            self.writer.patch_varint(start, self.count);
        }
        Ok(())
    }

    /// The unknown fields with tags below `tag`, which is a known one's.
    fn unknown_below(&mut self, tag: u32) -> Result<(), EncodeError> {
        while let Some((field, rest)) = self.unknown.split_first() {
            if field.tag == tag {
                return Err(EncodeError::new(EncodeErrorKind::KnownTag { tag }, None));
            }
            if field.tag > tag {
                break;
            }
            self.unknown = rest;
            self.unknown_field(field)?;
        }
        Ok(())
    }

    fn unknown_field(&mut self, field: &TaggedField<'_>) -> Result<(), EncodeError> {
        let length = field.value.len();
        let size = u32::try_from(length)
            .ok()
            .filter(|size| *size <= MAX_LENGTH);
        let size = size.ok_or_else(|| too_long("unknown_tagged_fields", length, MAX_LENGTH))?;
        self.writer.unsigned_varint(field.tag);
        self.writer.unsigned_varint(size);
        self.writer.own.extend_from_slice(&field.value);
        self.count += 1;
        Ok(())
    }
}
