//! The headers of a record, read when they are asked for.

use std::borrow::Cow;
use std::{fmt, iter};

use super::record::{fault, read_32, read_nullable, short};
use super::{RecordsError, RecordsErrorKind, varint};

/// The headers of a record: an iterator over them.
///
/// They were checked when the record was read, so reading them cannot fail.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Headers<'a> {
    count: usize,
    bytes: &'a [u8],
}

/// A header of a record.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The key, which should be UTF-8, but need not be.
    pub key: &'a [u8],
    /// The value.
    pub value: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// A header with this key and value.
    #[must_use]
    pub const fn new(key: &'a str, value: Option<&'a [u8]>) -> Self {
        Self {
            key: key.as_bytes(),
            value,
        }
    }

    /// Returns the key as text; bytes that are not UTF-8 are replaced, as in Kafka.
    #[must_use]
    pub fn key_text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.key)
    }
}

impl<'a> Headers<'a> {
    /// No headers.
    pub const NONE: Self = Self::new(0, &[]);

    /// `count` headers in `bytes`, which were checked.
    pub(super) const fn new(count: usize, bytes: &'a [u8]) -> Self {
        Self { count, bytes }
    }

    /// Returns the number of headers left.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Returns `true` if none is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of those that are left, as they stand in the record.
    pub(super) const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        self.count = self.count.checked_sub(1)?;
        let (length, rest) = varint::read_32(self.bytes)?;
        let (key, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let (length, rest) = varint::read_32(rest)?;
        let (value, rest) = match usize::try_from(length) {
            Ok(size) => rest
                .split_at_checked(size)
                .map(|(value, rest)| (Some(value), rest))?,
            Err(_) => (None, rest),
        };
        self.bytes = rest;
        Some(Header { key, value })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Headers<'_> {}
impl iter::FusedIterator for Headers<'_> {}

impl Default for Headers<'_> {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

/// Checks `count` headers: the bytes after them.
pub(super) fn skip_headers(
    count: usize,
    mut input: &[u8],
    after: usize,
) -> Result<&[u8], RecordsError> {
    for _ in 0..count {
        let (length, rest) = read_32(input, after)?;
        let Ok(size) = usize::try_from(length) else {
            let kind = RecordsErrorKind::NegativeLength { length };
            return Err(fault(kind, input, after));
        };
        let Some((_, rest)) = rest.split_at_checked(size) else {
            return Err(short(size, rest, after));
        };
        (_, input) = read_nullable(rest, after)?;
    }
    Ok(input)
}
