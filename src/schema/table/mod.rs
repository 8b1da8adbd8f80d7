//! The descriptions of messages and structs; fields and their types are in files of their own. The tables
//! themselves are generated, and read by `walk`.

mod enumeration;
mod field;
mod types;

pub use enumeration::Enumeration;
pub use field::Field;
pub use types::{DefaultValue, Entity, FieldType};

use std::fmt;

use crate::wire::Encoding;
use crate::{Version, VersionRange};

/// The description of a message.
pub struct Schema {
    name: &'static str,
    kind: Kind,
    api_key: Option<i16>,
    versions: VersionRange,
    flexible_from: i16,
    root: &'static StructSchema,
}

impl Schema {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        kind: Kind,
        api_key: Option<i16>,
        first: i16,
        last: i16,
        flexible_from: i16,
        root: &'static StructSchema,
    ) -> Self {
        Self {
            name,
            kind,
            api_key,
            versions: VersionRange::generated(first, last),
            flexible_from,
            root,
        }
    }

    /// Kafka's name of the message, such as `FetchRequest`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The kind of message.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The number of the API, or of the record type.
    #[must_use]
    pub const fn api_key(&self) -> Option<i16> {
        self.api_key
    }

    /// The versions it has.
    #[must_use]
    pub const fn versions(&self) -> VersionRange {
        self.versions
    }

    /// The first flexible version; `None` if none is.
    #[must_use]
    pub const fn flexible_from(&self) -> Option<Version> {
        match self.flexible_from {
            NEVER => None,
            first => Some(Version(first)),
        }
    }

    /// Returns the encoding of lengths in `version`, except for fields with one of their own.
    #[must_use]
    #[inline]
    pub const fn encoding(&self, version: Version) -> Encoding {
        Encoding::flexible_from(self.flexible_from, version.0)
    }

    /// The message's own struct.
    #[must_use]
    pub const fn root(&self) -> &'static StructSchema {
        self.root
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({} v{})", self.name, self.versions)
    }
}

/// The kind of message.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A request.
    Request,
    /// A response.
    Response,
    /// The header of requests or responses.
    Header,
    /// A record of the KRaft metadata log, or of remote storage.
    Metadata,
    /// Anything else that is stored or sent inside of bytes.
    Data,
    /// The key of a coordinator's record.
    CoordinatorKey,
    /// The value of a coordinator's record.
    CoordinatorValue,
}

/// The description of a struct.
pub struct StructSchema {
    name: &'static str,
    fields: &'static [Field],
    /// Up to which version an element takes at least how many bytes.
    min_sizes: &'static [(i16, usize)],
    /// How many bytes of memory the typed struct takes.
    memory: usize,
}

impl StructSchema {
    #[doc(hidden)]
    #[must_use]
    pub const fn element(self, min_sizes: &'static [(i16, usize)], memory: usize) -> Self {
        Self {
            min_sizes,
            memory,
            ..self
        }
    }

    /// Returns the name in Kafka's definition.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the fields, in the order of Kafka's definition. Those that stand among the others are encoded
    /// in this order, before all tagged ones.
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        self.fields
    }

    /// The field with `tag`, whatever the version.
    #[must_use]
    pub fn tagged(&self, tag: u32) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.tag() == Some(tag))
    }

    /// The fields that have a tag with their index and tag, by ascending tag, whatever the version.
    ///
    /// Tags may have gaps: a struct narrowed to some versions lacks the fields of the others.
    #[cfg(feature = "json")]
    pub(super) fn fields_by_tag(&self) -> impl Iterator<Item = (usize, u32, &'static Field)> {
        let fields = self.fields;
        let mut next_tag = 0;
        std::iter::from_fn(move || {
            let tagged = fields
                .iter()
                .enumerate()
                .filter_map(|(index, field)| Some((index, field.tag()?, field)));
            let (index, tag, field) = tagged
                .filter(|(_, tag, _)| *tag >= next_tag)
                .min_by_key(|(_, tag, _)| *tag)?;
            next_tag = tag + 1;
            Some((index, tag, field))
        })
    }

    /// Returns the minimum size in bytes in `version`, as the element of an array; 0 if the version lacks it.
    #[must_use]
    pub fn min_size(&self, version: Version) -> usize {
        let mut sizes = self.min_sizes.iter();
        let size = sizes.find(|(last, _)| version.0 <= *last);
        size.or_else(|| self.min_sizes.last())
            .map_or(0, |(_, size)| *size)
    }

    /// How many bytes of memory the typed struct takes, as the element of an array; 0 if it is in none.
    pub(super) const fn memory(&self) -> usize {
        self.memory
    }
}

/// Makes the description of a struct, for generated tables.
#[doc(hidden)]
#[must_use]
pub const fn structure(name: &'static str, fields: &'static [Field]) -> StructSchema {
    StructSchema {
        name,
        fields,
        min_sizes: &[],
        memory: 0,
    }
}

impl fmt::Debug for StructSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StructSchema({})", self.name)
    }
}

/// A version that no message reaches.
#[doc(hidden)]
pub const NEVER: i16 = i16::MAX;
