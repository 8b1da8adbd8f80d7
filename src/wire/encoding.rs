//! How lengths are written.

use crate::Version;

/// How the lengths of strings, bytes and arrays are written.
///
/// A message has a first *flexible* version; from it on lengths are compact, and every struct ends
/// with a section of tagged fields. See KIP-482.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lengths of 2 or 4 bytes, -1 for null; no tagged fields.
    Plain,
    /// Variable-length lengths, one more than the length, 0 for null; tagged fields.
    Compact,
}

impl Encoding {
    /// The encoding of `version` of a message that is flexible from version `first` on.
    #[must_use]
    #[inline]
    pub const fn flexible_from(first: i16, version: Version) -> Self {
        if version.0 >= first {
            Self::Compact
        } else {
            Self::Plain
        }
    }

    /// Whether lengths are compact and structs end with tagged fields.
    #[must_use]
    #[inline]
    pub const fn is_compact(self) -> bool {
        matches!(self, Self::Compact)
    }

    /// How many bytes the shortest string takes.
    #[must_use]
    #[inline]
    pub const fn string_size(self) -> usize {
        match self {
            Self::Plain => 2,
            Self::Compact => 1,
        }
    }

    /// How many bytes the shortest blob takes.
    #[must_use]
    #[inline]
    pub const fn blob_size(self) -> usize {
        match self {
            Self::Plain => 4,
            Self::Compact => 1,
        }
    }
}
