//! The tagged fields at the end of a struct. See KIP-482.

use super::{MAX_LENGTH, Position, WriteCursor};
use crate::wire::{Encoding, TaggedField, TaggedFields};
use crate::{EncodeError, EncodeErrorKind};

impl WriteCursor {
    /// The tagged fields at the end of a struct whose definition has none.
    #[inline]
    pub fn tagged_fields(&mut self, e: Encoding, fields: &TaggedFields<'_>) {
        if !fields.is_empty() {
            self.unknown_tags(e, fields);
        } else if e.is_compact() {
            self.put([0]);
        }
    }

    fn unknown_tags(&mut self, e: Encoding, fields: &TaggedFields<'_>) {
        let tags = self.tag_section(e, fields);
        self.finish_tags(tags);
    }

    /// Begins the tagged fields at the end of a struct.
    #[inline]
    pub fn tag_section<'t>(&mut self, e: Encoding, unknown: &'t TaggedFields<'t>) -> TagWriter<'t> {
        if !unknown.is_empty() && !e.is_compact() {
            self.tags_not_in_version();
        }
        let start = e.is_compact().then(|| self.position());
        if start.is_some() {
            self.put([0]);
        }
        TagWriter {
            unknown: unknown.as_slice(),
            start,
            value: Position::default(),
            count: 0,
        }
    }

    #[cold]
    fn tags_not_in_version(&mut self) {
        let kind = EncodeErrorKind::TaggedFieldsNotInVersion;
        self.fail(EncodeError::new(kind, None));
    }

    /// Begins the known field `tag`, if it is `present`: then its value is to be written, and
    /// `end_tag` to be called.
    #[inline]
    pub fn tag(&mut self, tags: &mut TagWriter<'_>, tag: u32, present: bool) -> bool {
        if present || !tags.unknown.is_empty() {
            self.begin_tag(tags, tag, present);
        }
        present
    }

    fn begin_tag(&mut self, tags: &mut TagWriter<'_>, tag: u32, present: bool) {
        self.unknown_below(tags, tag);
        if present {
            self.unsigned_varint(tag);
            tags.value = self.position();
            self.put([0]);
        }
    }

    /// Ends the value of a known field.
    pub fn end_tag(&mut self, tags: &mut TagWriter<'_>) {
        let length = self.since(&tags.value) - 1;
        match u32::try_from(length) {
            Ok(length @ 0..=MAX_LENGTH) => self.patch_varint(&tags.value, length),
            _ => self.too_long("tag", length, MAX_LENGTH),
        }
        tags.count += 1;
    }

    /// The unknown fields that are left, and the count of all.
    #[inline]
    pub fn finish_tags(&mut self, tags: TagWriter<'_>) {
        // The count was written as 0.
        if tags.count > 0 || !tags.unknown.is_empty() {
            self.finish_some_tags(tags);
        }
    }

    fn finish_some_tags(&mut self, mut tags: TagWriter<'_>) {
        while let Some((field, rest)) = tags.unknown.split_first() {
            tags.unknown = rest;
            self.unknown_field(&mut tags, field);
        }
        if let Some(start) = &tags.start {
            self.patch_varint(start, tags.count);
        }
    }

    /// The unknown fields with tags below `tag`, which is a known one's.
    fn unknown_below(&mut self, tags: &mut TagWriter<'_>, tag: u32) {
        while let Some((field, rest)) = tags.unknown.split_first() {
            if field.tag == tag {
                return self.fail(EncodeError::new(EncodeErrorKind::KnownTag { tag }, None));
            }
            if field.tag > tag {
                break;
            }
            tags.unknown = rest;
            self.unknown_field(tags, field);
        }
    }

    fn unknown_field(&mut self, tags: &mut TagWriter<'_>, field: &TaggedField<'_>) {
        let length = field.value.len();
        let size = u32::try_from(length)
            .ok()
            .filter(|size| *size <= MAX_LENGTH);
        let Some(size) = size else {
            return self.too_long("unknown_tagged_fields", length, MAX_LENGTH);
        };
        self.unsigned_varint(field.tag);
        self.unsigned_varint(size);
        self.bytes(&field.value);
        tags.count += 1;
    }
}

/// The tagged fields at the end of a struct that are being written: known ones by ascending tag, the
/// unknown ones in between.
#[derive(Debug)]
#[must_use = "the section is complete only after `finish_tags`"]
pub struct TagWriter<'t> {
    unknown: &'t [TaggedField<'t>],
    /// Where the count stands; `None` in the classic encoding.
    start: Option<Position>,
    /// Where the size of the last known field stands.
    value: Position,
    count: u32,
}
