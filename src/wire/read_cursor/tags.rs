//! The tagged fields at the end of a struct. See KIP-482.

use super::ReadCursor;
use crate::DecodeErrorKind;
use crate::wire::{Blob, Encoding, TaggedField, TaggedFields};

impl<'a> ReadCursor<'a> {
    /// The tagged fields at the end of a struct whose definition has none; empty in the classic
    /// encoding.
    #[inline]
    pub fn tagged_fields(&mut self, e: Encoding) -> TaggedFields<'a> {
        if self.skip_empty_tags(e) {
            TaggedFields::new()
        } else {
            self.unknown_tags()
        }
    }

    #[cold]
    #[inline(never)]
    fn unknown_tags(&mut self) -> TaggedFields<'a> {
        let mut tags = self.tag_section();
        while let Some(tag) = self.next_tag(&mut tags) {
            self.unknown_tag(&mut tags, tag);
        }
        self.finish_tags(tags)
    }

    /// The same where they are not wanted: they are passed over by their sizes, whether they are known or not.
    #[cfg(feature = "connection")]
    #[inline]
    pub(crate) fn skip_tagged_fields(&mut self, e: Encoding) {
        if !self.skip_empty_tags(e) {
            self.skip_tags();
        }
    }

    /// Passes over an array of structs that take `SIZE` bytes each before their tagged fields, which are not wanted.
    #[cfg(feature = "connection")]
    #[inline]
    pub(crate) fn skip_structs<const SIZE: usize>(&mut self, e: Encoding) {
        let count = self.count(e, SIZE, 0);
        if e == Encoding::Classic {
            self.bytes(count * SIZE);
            return;
        }
        // Nearly always no element has tagged fields: each is followed by a zero byte.
        let width = SIZE + 1;
        if let Some((elements, rest)) = self.rest.split_at_checked(count.saturating_mul(width)) {
            // Eight at a time, whose places are known.
            let groups = elements.chunks_exact(8 * width);
            let tags = |tags, group: &[u8], index| {
                tags | group.get(index * width + SIZE).unwrap_or(&u8::MAX)
            };
            let rest_of = groups.remainder().chunks_exact(width);
            let of_rest = rest_of.fold(0, |all, element| tags(all, element, 0));
            let all = groups.fold(of_rest, |all, group| {
                (0..8).fold(all, |all, index| tags(all, group, index))
            });
            if all == 0 {
                self.rest = rest;
                return;
            }
        }
        for _ in 0..count {
            if self.failed() {
                break;
            }
            self.bytes(SIZE);
            self.skip_tagged_fields(e);
        }
    }

    #[cfg(feature = "connection")]
    #[cold]
    fn skip_tags(&mut self) {
        let mut tags = self.tag_section();
        while let Some(tag) = self.next_tag(&mut tags) {
            self.bytes(tag.size);
        }
    }

    /// Skips the tagged fields at the end of a struct if there are none, which is so nearly always: a zero byte, and
    /// in the classic encoding nothing. Otherwise returns `false` and leaves the section unread.
    #[inline]
    pub fn skip_empty_tags(&mut self, e: Encoding) -> bool {
        match (e, self.rest.split_first()) {
            (Encoding::Compact, Some((0, rest))) => {
                self.rest = rest;
                true
            }
            (Encoding::Compact, _) => false,
            (Encoding::Classic, _) => true,
        }
    }

    /// A struct that `read` makes of the tagged fields at its end; the default if there are none.
    #[inline]
    pub fn tags_or_default<T: Default>(
        &mut self,
        e: Encoding,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.skip_empty_tags(e) {
            T::default()
        } else {
            read(self)
        }
    }

    /// The start of the tagged fields at the end of a struct.
    pub fn tag_section(&mut self) -> TagSection<'a> {
        let start = self.rest;
        let left = self.unsigned_varint();
        // A tag and a size take a byte each.
        let fits = self.check_count(start, usize::try_from(left).unwrap_or(usize::MAX), 2);
        TagSection {
            left: if fits { left } else { 0 },
            known: 0,
            unknown: Vec::new(),
        }
    }

    /// The next tag of `tags`; its value stands at the front of the rest then.
    pub fn next_tag(&mut self, tags: &mut TagSection<'a>) -> Option<Tag> {
        if tags.left == 0 {
            return None;
        }
        tags.left -= 1;
        let number = self.unsigned_varint();
        let size = usize::try_from(self.unsigned_varint()).unwrap_or(usize::MAX);
        (!self.failed()).then_some(Tag {
            number,
            size,
            start: self.rest.len(),
        })
    }

    /// Keeps the value of `tag`, which the definition does not know.
    pub fn unknown_tag(&mut self, tags: &mut TagSection<'a>, tag: Tag) {
        if tags.unknown.is_empty() {
            let Some(count) = self.spend_for_unknown(tags) else {
                return;
            };
            tags.unknown.reserve_exact(count);
        }
        let value = Blob::Borrowed(self.bytes(tag.size));
        tags.unknown.push(TaggedField {
            tag: tag.number,
            value,
        });
    }

    /// How many unknown tagged fields there may be, once the memory for them is spent.
    pub(super) fn spend_for_unknown(&mut self, tags: &TagSection<'a>) -> Option<usize> {
        let left = usize::try_from(tags.left).unwrap_or(usize::MAX);
        let count = left.saturating_add(1);
        let memory = count.saturating_mul(size_of::<TaggedField<'_>>());
        (self.spend(TaggedFields::MEMORY) && self.spend(memory)).then_some(count)
    }

    /// Ends the value of `tag`, which the definition knows.
    pub fn known_tag(&mut self, tags: &mut TagSection<'a>, tag: Tag) {
        let actual = tag.start - self.rest.len();
        if actual != tag.size {
            let (tag, declared, start) = (tag.number, tag.size, tag.start);
            let kind = DecodeErrorKind::TagSizeMismatch {
                tag,
                declared,
                actual,
            };
            return self.fail_at(self.length - start, kind);
        }
        let seen = 1_u64.checked_shl(tag.number).unwrap_or(0);
        if tags.known & seen != 0 {
            let kind = DecodeErrorKind::DuplicateTag { tag: tag.number };
            return self.fail_at(self.length - tag.start, kind);
        }
        tags.known |= seen;
    }

    /// Refuses `tag`, which the definition knows, but not in this version.
    #[cold]
    pub fn tag_not_in_version(&mut self, tag: Tag) {
        let kind = DecodeErrorKind::TagNotInVersion { tag: tag.number };
        self.fail_at(self.length - tag.start, kind);
    }

    /// The unknown fields of `tags`, by ascending tag.
    pub fn finish_tags(&mut self, tags: TagSection<'a>) -> TaggedFields<'a> {
        let mut tags = tags.unknown;
        if self.failed() {
            return TaggedFields::new();
        }
        // Equal tags by place, so that the error is about the one that came later.
        tags.sort_unstable_by_key(|field| (field.tag, field.value.as_ptr()));
        for pair in tags.windows(2) {
            if let [one, other] = pair {
                if one.tag == other.tag {
                    let kind = DecodeErrorKind::DuplicateTag { tag: one.tag };
                    let offset = self.offset_of(&other.value);
                    self.fail_at(offset, kind);
                    return TaggedFields::new();
                }
            }
        }
        TaggedFields::from_sorted(tags)
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
    pub(super) left: u32,
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
    pub(super) size: usize,
    /// How many bytes of input were left where the value began.
    start: usize,
}
