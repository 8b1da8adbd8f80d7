//! A mutant: bytes, what was done to them, and what a reader must make of them.

use std::fmt;

use kafka_codec::schema::random::{Expectation, Mutation};

use super::Change;
use crate::Target;

/// What made a mutant of an input.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deed {
    /// A change after which the message is valid.
    Changed(Change),
    /// A mutation after which the message is malformed, or written unusually.
    Malformed(Mutation),
    /// Bytes of a body that was not valid before. Nothing is known of the result.
    Bytes,
    /// A new message: of the input's API and version if it replaces a body that could not be mutated, else of any that the
    /// shape allows.
    Generated,
    /// The end cut off, as there was no room. Nothing is known of the result.
    CutOff,
}

/// Mutated bytes and their label.
#[derive(Clone, Debug)]
pub struct Mutant {
    pub(super) bytes: Vec<u8>,
    pub(super) target: Target,
    pub(super) deed: Deed,
    pub(super) in_header: bool,
    pub(super) path: String,
    pub(super) offset: Option<usize>,
}

impl Mutant {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, owned.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What the message is now: a mutation may change the version.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// What was done.
    #[must_use]
    pub const fn deed(&self) -> Deed {
        self.deed
    }

    /// The required reaction of a reader; `None` if nothing is known.
    #[must_use]
    pub const fn expectation(&self) -> Option<Expectation> {
        match self.deed {
            Deed::Changed(_) | Deed::Generated => Some(Expectation::Accept),
            Deed::Malformed(mutation) => Some(mutation.expectation()),
            Deed::Bytes | Deed::CutOff => None,
        }
    }

    /// The path of the mutated field, such as `topics[0].name`; empty for the message itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The offset of the first mutated byte in a malformed message.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(change) => change.fmt(f),
            Self::Malformed(mutation) => mutation.fmt(f),
            Self::Bytes => f.write_str("other bytes in a body that was not valid"),
            Self::Generated => f.write_str("another message"),
            Self::CutOff => f.write_str("cut off for want of room"),
        }
    }
}

/// As `MetadataRequest v9: topics[0].name: another value, to be accepted`.
impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.target)?;
        if self.in_header {
            f.write_str("header: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}", self.deed)?;
        match self.expectation() {
            Some(expectation) => write!(f, ", {expectation}"),
            None => Ok(()),
        }
    }
}
