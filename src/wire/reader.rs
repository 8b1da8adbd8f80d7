//! A cursor over the bytes of a message. What it checks, each fault as an error of its own kind,
//! is listed in [`DecodeErrorKind`].

use std::borrow::Cow;

use super::{Blob, Encoding, FixedWidth, Limits, Packed, TaggedField, TaggedFields, Uuid, varint};
use crate::{DecodeError, DecodeErrorKind};

/// Reads primitive values from the front of a byte slice.
///
/// What it returns borrows the slice, not the reader. No number in the input sizes an allocation
/// before it is checked against the bytes left and the [`Limits`].
///
/// # Errors
///
/// Every method fails with a [`DecodeError`] that holds the offset of the value; the reader stays
/// somewhere inside of that value then.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::{Encoding, Reader};
///
/// let mut reader = Reader::new(b"\0\x02hi\0\0\0\x07");
/// assert_eq!(reader.string(Encoding::Plain)?, "hi");
/// assert_eq!(reader.i32()?, 7);
/// assert!(reader.rest().is_empty());
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// The length of the whole input.
    length: usize,
    /// How much of `memory_limit` is not spent yet.
    memory_left: usize,
    memory_limit: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes` with default limits.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_limits(bytes, Limits::default())
    }

    /// A reader of `bytes` that spends at most what `limits` allow for their length.
    #[must_use]
    pub fn with_limits(bytes: &'a [u8], limits: Limits) -> Self {
        let memory_limit = limits.max_memory_for(bytes.len());
        Self {
            rest: bytes,
            length: bytes.len(),
            // What an error takes is spent in advance.
            memory_left: memory_limit.saturating_sub(DecodeError::MEMORY),
            memory_limit,
        }
    }

    /// The bytes not read yet.
    #[must_use]
    #[inline]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes have been read.
    #[must_use]
    #[inline]
    pub const fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    /// A bool; any byte but 0 is true.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.chunk::<1>()? != [0])
    }

    /// An int8.
    #[inline]
    pub fn i8(&mut self) -> Result<i8, DecodeError> {
        self.chunk().map(i8::from_be_bytes)
    }

    /// An int16.
    #[inline]
    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.chunk().map(i16::from_be_bytes)
    }

    /// A uint16.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.chunk().map(u16::from_be_bytes)
    }

    /// An int32.
    #[inline]
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        self.chunk().map(i32::from_be_bytes)
    }

    /// A uint32.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.chunk().map(u32::from_be_bytes)
    }

    /// An int64.
    #[inline]
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        self.chunk().map(i64::from_be_bytes)
    }

    /// A float64.
    #[inline]
    pub fn f64(&mut self) -> Result<f64, DecodeError> {
        self.chunk().map(f64::from_be_bytes)
    }

    /// A uuid.
    #[inline]
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        self.chunk().map(Uuid::from_bytes)
    }

    /// An unsigned variable-length integer of at most 32 bits. Overlong forms are accepted.
    #[inline]
    pub fn unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        match self.rest.split_first() {
            Some((byte, rest)) if *byte < 0x80 => {
                self.rest = rest;
                Ok(u32::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u32, DecodeError> {
        let Some((value, length)) = varint::decode(self.rest) else {
            let needed = self.rest.len() + 1;
            return Err(if needed > varint::MAX_BYTES {
                self.fail(DecodeErrorKind::VarintTooLong)
            } else {
                self.short(needed)
            });
        };
        self.bytes(length)?;
        Ok(value)
    }

    /// A string.
    #[inline]
    pub fn string(&mut self, e: Encoding) -> Result<Cow<'a, str>, DecodeError> {
        let start = self.rest;
        match self.string_length(e)? {
            Ok(length) => self.text(length),
            Err(negative) => Err(self.null_at(start, negative)),
        }
    }

    /// A string that may be null.
    #[inline]
    pub fn nullable_string(&mut self, e: Encoding) -> Result<Option<Cow<'a, str>>, DecodeError> {
        match self.string_length(e)? {
            Ok(length) => self.text(length).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Bytes or records.
    #[inline]
    pub fn blob(&mut self, e: Encoding) -> Result<Blob<'a>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(length) => self.bytes(length).map(Blob::Borrowed),
            Err(negative) => Err(self.null_at(start, negative)),
        }
    }

    /// Bytes or records that may be null.
    #[inline]
    pub fn nullable_blob(&mut self, e: Encoding) -> Result<Option<Blob<'a>>, DecodeError> {
        match self.length(e)? {
            Ok(length) => self.bytes(length).map(|bytes| Some(Blob::Borrowed(bytes))),
            Err(_) => Ok(None),
        }
    }

    /// An array of fixed-width values.
    #[inline]
    pub fn packed<T: FixedWidth>(&mut self, e: Encoding) -> Result<Packed<'a, T>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(count) => self.packed_values(start, count),
            Err(negative) => Err(self.null_at(start, negative)),
        }
    }

    /// An array of fixed-width values that may be null.
    #[inline]
    pub fn nullable_packed<T: FixedWidth>(
        &mut self,
        e: Encoding,
    ) -> Result<Option<Packed<'a, T>>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(count) => self.packed_values(start, count).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// An array; `min_size` is how many bytes an element takes at least, `read` reads one.
    #[inline]
    pub fn array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(count) => self.elements(start, count, min_size, read),
            Err(negative) => Err(self.null_at(start, negative)),
        }
    }

    /// An array that may be null; see [`array`](Self::array).
    #[inline]
    pub fn nullable_array<T>(
        &mut self,
        e: Encoding,
        min_size: usize,
        read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let start = self.rest;
        match self.length(e)? {
            Ok(count) => self.elements(start, count, min_size, read).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// A struct that may be null, read by `read`.
    #[inline]
    pub fn nullable_struct<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.i8()? < 0 {
            Ok(None)
        } else {
            read(self).map(Some)
        }
    }

    /// A struct that may be null, as the value of a tagged field, read by `read`.
    #[inline]
    pub fn nullable_tagged_struct<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if varint::signed(self.unsigned_varint()?) <= 0 {
            Ok(None)
        } else {
            read(self).map(Some)
        }
    }

    /// The tagged fields at the end of a struct whose definition has none; empty in the plain
    /// encoding.
    #[inline]
    pub fn tagged_fields(&mut self, e: Encoding) -> Result<TaggedFields<'a>, DecodeError> {
        let mut tags = self.tag_section(e)?;
        while let Some(tag) = self.next_tag(&mut tags)? {
            self.unknown_tag(&mut tags, tag)?;
        }
        self.finish_tags(tags)
    }

    /// The start of the tagged fields at the end of a struct; empty in the plain encoding.
    #[inline]
    pub fn tag_section(&mut self, e: Encoding) -> Result<TagSection<'a>, DecodeError> {
        let start = self.rest;
        let count = if e.is_compact() {
            self.unsigned_varint()?
        } else {
            0
        };
        if count > 0 {
            // A tag and a size take a byte each.
            self.check_count(start, usize::try_from(count).unwrap_or(usize::MAX), 2)?;
        }
        Ok(TagSection {
            left: count,
            known: 0,
            unknown: Vec::new(),
        })
    }

    /// The next tag of `tags`; its value stands at the front of the rest then.
    #[inline]
    pub fn next_tag(&mut self, tags: &mut TagSection<'a>) -> Result<Option<Tag>, DecodeError> {
        if tags.left == 0 {
            return Ok(None);
        }
        self.tag(tags).map(Some)
    }

    fn tag(&mut self, tags: &mut TagSection<'a>) -> Result<Tag, DecodeError> {
        tags.left -= 1;
        let number = self.unsigned_varint()?;
        let size = usize::try_from(self.unsigned_varint()?).unwrap_or(usize::MAX);
        Ok(Tag {
            number,
            size,
            start: self.rest.len(),
        })
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
    #[inline]
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
    #[inline]
    pub fn finish_tags(&self, tags: TagSection<'a>) -> Result<TaggedFields<'a>, DecodeError> {
        if tags.unknown.is_empty() {
            return Ok(TaggedFields::new());
        }
        self.sorted_tags(tags.unknown)
    }

    fn sorted_tags(&self, mut tags: Vec<TaggedField<'a>>) -> Result<TaggedFields<'a>, DecodeError> {
        tags.sort_unstable_by_key(|field| field.tag);
        for pair in tags.windows(2) {
            if let [one, other] = pair {
                if one.tag == other.tag {
                    let kind = DecodeErrorKind::DuplicateTag { tag: one.tag };
                    return Err(self.fail(kind));
                }
            }
        }
        Ok(TaggedFields::from_sorted(tags))
    }

    /// The next `length` bytes.
    #[inline]
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.short(length)),
        }
    }

    /// Fails if bytes are left.
    #[inline]
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(self.fail(DecodeErrorKind::TrailingBytes { count })),
        }
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk() {
            Some((chunk, rest)) => {
                self.rest = rest;
                Ok(*chunk)
            }
            None => Err(self.short(N)),
        }
    }

    /// A length or count; `Err` holds a negative one, which means null.
    #[inline]
    fn length(&mut self, e: Encoding) -> Result<Result<usize, i32>, DecodeError> {
        let length = match e {
            Encoding::Plain => self.i32()?,
            Encoding::Compact => self.compact_length()?,
        };
        Ok(usize::try_from(length).map_err(|_| length))
    }

    #[inline]
    fn string_length(&mut self, e: Encoding) -> Result<Result<usize, i32>, DecodeError> {
        let length = match e {
            Encoding::Plain => i32::from(self.i16()?),
            Encoding::Compact => self.compact_length()?,
        };
        Ok(usize::try_from(length).map_err(|_| length))
    }

    /// As Java counts: 32 bits with a sign, so that numbers above 2^31 are negative.
    #[inline]
    fn compact_length(&mut self) -> Result<i32, DecodeError> {
        Ok(varint::signed(self.unsigned_varint()?.wrapping_sub(1)))
    }

    #[inline]
    fn text(&mut self, length: usize) -> Result<Cow<'a, str>, DecodeError> {
        let start = self.rest;
        if length > MAX_STRING {
            return Err(self.fail(DecodeErrorKind::StringTooLong { length }));
        }
        match std::str::from_utf8(self.bytes(length)?) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => {
                let kind = DecodeErrorKind::InvalidUtf8 {
                    valid_up_to: error.valid_up_to(),
                };
                Err(self.fail_at(start, kind))
            }
        }
    }

    #[inline]
    fn packed_values<T: FixedWidth>(
        &mut self,
        start: &'a [u8],
        count: usize,
    ) -> Result<Packed<'a, T>, DecodeError> {
        self.check_count(start, count, T::SIZE)?;
        Ok(Packed::from_bytes(
            self.bytes(count.saturating_mul(T::SIZE))?,
        ))
    }

    #[inline]
    fn elements<T>(
        &mut self,
        start: &'a [u8],
        count: usize,
        min_size: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        self.check_count(start, count, min_size)?;
        self.spend(count.saturating_mul(size_of::<T>()))?;
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(read(self)?);
        }
        Ok(elements)
    }

    /// Whether the bytes left can hold `count` elements of at least `min_size` bytes.
    #[inline]
    fn check_count(
        &self,
        start: &'a [u8],
        count: usize,
        min_size: usize,
    ) -> Result<(), DecodeError> {
        // An element of no bytes would let a count of a few bytes ask for any number of them.
        let at_most = self.rest.len() / min_size.max(1);
        if count > at_most {
            return Err(self.fail_at(start, DecodeErrorKind::CountTooLarge { count, at_most }));
        }
        Ok(())
    }

    #[inline]
    fn spend(&mut self, memory: usize) -> Result<(), DecodeError> {
        match self.memory_left.checked_sub(memory) {
            Some(left) => {
                self.memory_left = left;
                Ok(())
            }
            None => Err(self.fail(DecodeErrorKind::MemoryLimit {
                limit: self.memory_limit,
            })),
        }
    }

    #[cold]
    fn short(&self, needed: usize) -> DecodeError {
        self.fail(DecodeErrorKind::UnexpectedEnd {
            needed,
            remaining: self.rest.len(),
        })
    }

    #[cold]
    fn null_at(&self, start: &'a [u8], length: i32) -> DecodeError {
        let kind = match length {
            -1 => DecodeErrorKind::UnexpectedNull,
            _ => DecodeErrorKind::NegativeLength { length },
        };
        self.fail_at(start, kind)
    }

    #[cold]
    fn fail(&self, kind: DecodeErrorKind) -> DecodeError {
        self.fail_at(self.rest, kind)
    }

    #[cold]
    fn fail_at(&self, rest: &'a [u8], kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.length - rest.len())
    }
}

/// The most bytes of a string: what an int16 can say, in the compact encoding too.
const MAX_STRING: usize = 0x7fff;

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
