//! The tagged fields at the end of a struct. See KIP-482.

use super::Reader;
use crate::wire::{Blob, Encoding, TaggedField, TaggedFields};
use crate::{DecodeError, DecodeErrorKind};

impl<'a> Reader<'a> {
    /// The tagged fields at the end of a struct whose definition has none; empty in the plain
    /// encoding.
    #[inline]
    pub fn tagged_fields(&mut self, e: Encoding) -> Result<TaggedFields<'a>, DecodeError> {
        if self.has_tags(e) {
            self.unknown_tags()
        } else {
            Ok(TaggedFields::new())
        }
    }

    fn unknown_tags(&mut self) -> Result<TaggedFields<'a>, DecodeError> {
        let mut tags = self.tag_section()?;
        while let Some(tag) = self.next_tag(&mut tags)? {
            self.unknown_tag(&mut tags, tag)?;
        }
        self.finish_tags(tags)
    }

    /// Whether tagged fields stand at the end of a struct: nearly always none, which is a byte that
    /// is read then.
    #[inline]
    pub fn has_tags(&mut self, e: Encoding) -> bool {
        match (e, self.rest.split_first()) {
            (Encoding::Compact, Some((0, rest))) => {
                self.rest = rest;
                false
            }
            (Encoding::Compact, _) => true,
            (Encoding::Plain, _) => false,
        }
    }

    /// The start of the tagged fields at the end of a struct.
    pub fn tag_section(&mut self) -> Result<TagSection<'a>, DecodeError> {
        let start = self.rest;
        let left = self.unsigned_varint()?;
        // A tag and a size take a byte each.
        self.check_count(start, usize::try_from(left).unwrap_or(usize::MAX), 2)?;
        Ok(TagSection {
            left,
            known: 0,
            unknown: Vec::new(),
        })
    }

    /// The next tag of `tags`; its value stands at the front of the rest then.
    pub fn next_tag(&mut self, tags: &mut TagSection<'a>) -> Result<Option<Tag>, DecodeError> {
        if tags.left == 0 {
            return Ok(None);
        }
        tags.left -= 1;
        let number = self.unsigned_varint()?;
        let size = usize::try_from(self.unsigned_varint()?).unwrap_or(usize::MAX);
        Ok(Some(Tag {
            number,
            size,
            start: self.rest.len(),
        }))
    }

    /// Keeps the value of `tag`, which the definition does not know.
    pub fn unknown_tag(&mut self, tags: &mut TagSection<'a>, tag: Tag) -> Result<(), DecodeError> {
        if tags.unknown.is_empty() {
            let count = usize::try_from(tags.left)
                .unwrap_or(usize::MAX)
                .saturating_add(1);
            self.spend(TaggedFields::MEMORY)?;
            self.spend(count.saturating_mul(size_of::<TaggedField<'_>>()))?;
            tags.unknown.reserve_exact(count);
        }
        let value = Blob::Borrowed(self.bytes(tag.size)?);
        tags.unknown.push(TaggedField {
            tag: tag.number,
            value,
        });
        Ok(())
    }

    /// Ends the value of `tag`, which the definition knows.
    pub fn known_tag(&mut self, tags: &mut TagSection<'a>, tag: Tag) -> Result<(), DecodeError> {
        let actual = tag.start - self.rest.len();
        if actual != tag.size {
            let (tag, declared, start) = (tag.number, tag.size, tag.start);
            let kind = DecodeErrorKind::TagSizeMismatch {
                tag,
                declared,
                actual,
            };
            return Err(DecodeError::new(kind, self.length - start));
        }
        let seen = 1_u64.checked_shl(tag.number).unwrap_or(0);
        if tags.known & seen != 0 {
            let kind = DecodeErrorKind::DuplicateTag { tag: tag.number };
            return Err(DecodeError::new(kind, self.length - tag.start));
        }
        tags.known |= seen;
        Ok(())
    }

    /// The error for `tag`, which the definition knows, but not in this version.
    #[cold]
    #[must_use]
    pub fn tag_not_in_version(&self, tag: Tag) -> DecodeError {
        let kind = DecodeErrorKind::TagNotInVersion { tag: tag.number };
        DecodeError::new(kind, self.length - tag.start)
    }

    /// The unknown fields of `tags`, by ascending tag.
    pub fn finish_tags(&self, tags: TagSection<'a>) -> Result<TaggedFields<'a>, DecodeError> {
        let mut tags = tags.unknown;
        // Equal tags by place, so that the error is about the one that came later.
        tags.sort_unstable_by_key(|field| (field.tag, field.value.as_ptr()));
        for pair in tags.windows(2) {
            if let [one, other] = pair {
                if one.tag == other.tag {
                    let kind = DecodeErrorKind::DuplicateTag { tag: one.tag };
                    return Err(DecodeError::new(kind, self.offset_of(&other.value)));
                }
            }
        }
        Ok(TaggedFields::from_sorted(tags))
    }

    /// The offset of bytes that were read before.
    #[cold]
    fn offset_of(&self, read: &[u8]) -> usize {
        let back = self
            .rest
            .as_ptr()
            .addr()
            .saturating_sub(read.as_ptr().addr());
        self.offset().saturating_sub(back)
    }
}

/// A section of tagged fields that is being read.
#[derive(Debug)]
pub struct TagSection<'a> {
    left: u32,
    /// The known tags seen, a bit each.
    known: u64,
    unknown: Vec<TaggedField<'a>>,
}

/// The tag and size in front of the value of a tagged field.
#[derive(Copy, Clone, Debug)]
pub struct Tag {
    /// The tag.
    pub number: u32,
    /// How many bytes its value has, as it says.
    size: usize,
    /// How many bytes of input were left where the value began.
    start: usize,
}
