//! The tagged fields at the end of a struct. See KIP-482.

use super::{MAX_LENGTH, Mark, Writer, too_long};
use crate::wire::{Encoding, TaggedField, TaggedFields};
use crate::{EncodeError, EncodeErrorKind};

impl Writer {
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
