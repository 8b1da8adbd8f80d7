//! The two encodings of lengths.

/// The encoding of lengths of strings, bytes and arrays.
///
/// From a message's first *flexible* version on, lengths are compact, and every struct ends with a section of
/// tagged fields. See KIP-482.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// That of versions that are not flexible: lengths of 2 or 4 bytes, -1 for null; no tagged fields.
    Classic,
    /// That of flexible versions: lengths as varints of one more, 0 for null; tagged fields.
    Compact,
}

impl Encoding {
    /// Returns the encoding of `version` of a message whose first flexible version is `first`.
    #[must_use]
    #[inline]
    pub const fn flexible_from(first: i16, version: i16) -> Self {
        if version >= first {
            Self::Compact
        } else {
            Self::Classic
        }
    }

    /// Returns `true` if lengths are compact and structs end with tagged fields.
    #[must_use]
    #[inline]
    pub const fn is_compact(self) -> bool {
        matches!(self, Self::Compact)
    }

    /// The size of the shortest string, in bytes.
    #[must_use]
    #[inline]
    pub const fn string_size(self) -> usize {
        match self {
            Self::Classic => 2,
            Self::Compact => 1,
        }
    }

    /// The size of the shortest bytes, records or array, in bytes.
    #[must_use]
    #[inline]
    pub const fn blob_size(self) -> usize {
        match self {
            Self::Classic => 4,
            Self::Compact => 1,
        }
    }
}
