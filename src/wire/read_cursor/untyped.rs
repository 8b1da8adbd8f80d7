//! Reading of values without their types, see `schema`: the same checks, and nothing is kept.

use super::{MAX_STRING, ReadCursor, Tag, TagSection};
use crate::DecodeErrorKind;
use crate::wire::{Blob, Encoding, varint};

impl<'a> ReadCursor<'a> {
    /// The next `size` bytes; `None` if there are fewer, which is a fault.
    #[inline]
    pub(crate) fn fixed_bytes(&mut self, size: usize) -> Option<&'a [u8]> {
        if let Some((bytes, rest)) = self.rest.split_at_checked(size) {
            self.rest = rest;
            return Some(bytes);
        }
        self.short(size);
        None
    }

    pub(crate) fn blob_bytes(&mut self, e: Encoding) -> &'a [u8] {
        borrowed(self.blob(e))
    }

    pub(crate) fn nullable_blob_bytes(&mut self, e: Encoding) -> Option<&'a [u8]> {
        self.nullable_blob(e).map(borrowed)
    }

    /// The bytes of a string, whether they are UTF-8 or not; `None` if it is null.
    pub(crate) fn any_text(&mut self, e: Encoding, is_nullable: bool) -> Option<&'a [u8]> {
        let start = self.rest;
        let length = self.string_length(e);
        match usize::try_from(length) {
            Ok(length) if length > MAX_STRING => {
                self.bad_text(length);
                None
            }
            Ok(length) => Some(self.bytes(length)),
            Err(_) => {
                if !is_nullable {
                    self.null(start, length);
                }
                None
            }
        }
    }

    /// Returns `true` if a struct that may be null is.
    #[inline]
    pub(crate) fn is_null_struct(&mut self, is_tagged: bool) -> bool {
        if is_tagged {
            varint::signed(self.unsigned_varint()) <= 0
        } else {
            self.i8() < 0
        }
    }

    /// How many values of `size` bytes an array has, all of which are there; `None` if it is null.
    #[inline]
    pub(crate) fn packed_count(
        &mut self,
        e: Encoding,
        size: usize,
        is_nullable: bool,
    ) -> Option<usize> {
        let start = self.rest;
        let length = self.length(e);
        match usize::try_from(length) {
            Ok(count) => {
                if count.saturating_mul(size) > self.rest.len() {
                    self.count_too_large(start, count, size);
                }
                Some(count)
            }
            Err(_) => {
                if !is_nullable {
                    self.null(start, length);
                }
                None
            }
        }
    }

    /// The value of `tag`, which the definition does not know; `is_first` of those in `tags`.
    pub(crate) fn unknown_value(
        &mut self,
        tags: &TagSection<'a>,
        tag: Tag,
        is_first: bool,
    ) -> &'a [u8] {
        if is_first && self.spend_for_unknown(tags).is_none() {
            return &[];
        }
        self.bytes(tag.size)
    }

    /// Fails if a tag that the definition does not know occurs twice in the section of tagged fields
    /// that was read since `start`.
    #[cold]
    pub(crate) fn refuse_duplicates(&mut self, mut start: Self, is_known: impl Fn(u32) -> bool) {
        let mut tags = start.tag_section();
        let mut unknown = Vec::with_capacity(usize::try_from(tags.left).unwrap_or(0));
        while let Some(tag) = start.next_tag(&mut tags) {
            if !is_known(tag.number) {
                unknown.push((tag.number, start.offset()));
            }
            start.bytes(tag.size);
        }
        unknown.sort_unstable();
        for pair in unknown.windows(2) {
            if let [(one, _), (other, offset)] = *pair {
                if one == other {
                    return self.fail_at(offset, DecodeErrorKind::DuplicateTag { tag: one });
                }
            }
        }
    }
}

/// What a reader returns is always borrowed.
fn borrowed(blob: Blob<'_>) -> &[u8] {
    match blob {
        Blob::Borrowed(bytes) => bytes,
        Blob::Shared(_) => unreachable!("a cursor returns borrowed blobs"),
    }
}
