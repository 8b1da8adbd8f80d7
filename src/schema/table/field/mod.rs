//! The description of a field: the questions to a row of a table. The rows are made in `row`.

mod row;

use std::fmt;

use super::{DefaultValue, Entity, Enumeration, FieldType, NEVER};
use crate::wire::Encoding;
use crate::{Version, VersionRange};

/// The description of a field.
#[derive(Copy, Clone)]
pub struct Field {
    name: &'static str,
    /// In the typed struct.
    rust_name: &'static str,
    /// Of an element, if it is an array.
    ty: FieldType,
    default: DefaultValue,
    versions: Range,
    nullable: Range,
    /// From which version on it has a tag.
    tagged_from: i16,
    tag: u8,
    /// How many bytes every value takes; 0 if that depends on the value.
    size: u8,
    flags: u8,
    entity: Option<Entity>,
    enumeration: Option<&'static Enumeration>,
    /// If that is another version than the message's.
    flexible_from: Option<i16>,
}

/// An inclusive range of versions that may be empty.
#[derive(Copy, Clone)]
struct Range {
    first: i16,
    /// How many versions come after the first.
    more: u16,
}

impl Range {
    /// Of a version that there is not.
    const NONE: Self = Self {
        first: NEVER,
        more: 0,
    };

    const fn new(first: i16, last: i16) -> Self {
        Self {
            first,
            more: last.abs_diff(first),
        }
    }

    /// One comparison, as versions below the first become numbers above all others.
    #[inline]
    const fn contains(self, version: Version) -> bool {
        let above = version.0.wrapping_sub(self.first);
        u16::from_ne_bytes(above.to_ne_bytes()) <= self.more
    }

    const fn get(self) -> Option<VersionRange> {
        match self.first {
            NEVER => None,
            first => VersionRange::new(first, first.saturating_add_unsigned(self.more)),
        }
    }
}

impl Field {
    /// Returns the name in Kafka's JSON, such as `topicId`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the name in the typed struct, such as `topic_id`; of a raw identifier without the `r#`.
    #[must_use]
    pub const fn rust_name(&self) -> &'static str {
        self.rust_name
    }

    /// The type of its value; of its elements if it is an array.
    #[must_use]
    #[inline]
    pub const fn field_type(&self) -> FieldType {
        self.ty
    }

    /// Returns the fixed size in bytes; `None` if that depends on its value.
    #[must_use]
    #[inline]
    pub fn fixed_size(&self) -> Option<usize> {
        (self.size > 0).then_some(self.size.into())
    }

    /// Returns `true` if it is an array.
    #[must_use]
    #[inline]
    pub const fn is_array(&self) -> bool {
        self.flags & ARRAY != 0
    }

    /// Returns `true` if it is an error code, of type int16.
    #[must_use]
    pub fn is_error_code(&self) -> bool {
        self.enumeration
            .is_some_and(|names| names.name() == "ErrorCode")
    }

    /// The names of its values, if they have names.
    #[must_use]
    pub const fn enumeration(&self) -> Option<&'static Enumeration> {
        self.enumeration
    }

    /// Returns `true` if it is dropped where the version lacks it, instead of being an error if it is set.
    #[must_use]
    pub const fn is_ignorable(&self) -> bool {
        self.flags & IGNORABLE != 0
    }

    /// Returns `true` if it is part of what tells the elements around it apart.
    #[must_use]
    pub const fn is_map_key(&self) -> bool {
        self.flags & MAP_KEY != 0
    }

    /// Returns what the value identifies.
    #[must_use]
    pub const fn identifies(&self) -> Option<Entity> {
        self.entity
    }

    /// Returns the value in versions that lack the field.
    #[must_use]
    pub const fn default_value(&self) -> DefaultValue {
        self.default
    }

    /// The versions that have it.
    #[must_use]
    pub const fn versions(&self) -> Option<VersionRange> {
        self.versions.get()
    }

    /// The versions in which it may be null.
    #[must_use]
    pub const fn nullable_versions(&self) -> Option<VersionRange> {
        self.nullable.get()
    }

    /// Returns the tag, in the versions in which it is tagged.
    #[must_use]
    #[inline]
    pub fn tag(&self) -> Option<u32> {
        (self.tagged_from != NEVER).then_some(self.tag.into())
    }

    /// Returns `true` if `version` has it.
    #[must_use]
    #[inline]
    pub const fn is_in(&self, version: Version) -> bool {
        self.versions.contains(version)
    }

    /// Returns `true` if it is a tagged field in `version`.
    #[must_use]
    #[inline]
    pub const fn is_tagged_in(&self, version: Version) -> bool {
        self.tagged_from <= version.0 && self.is_in(version)
    }

    /// Returns `true` if it stands among the other fields in `version`.
    #[must_use]
    #[inline]
    pub const fn is_mandatory_in(&self, version: Version) -> bool {
        self.is_in(version) && version.0 < self.tagged_from
    }

    /// Returns `true` if it may be null in `version`.
    #[must_use]
    #[inline]
    pub const fn is_nullable_in(&self, version: Version) -> bool {
        self.nullable.contains(version)
    }

    /// Returns the encoding of the length in `version`, where the field is not tagged; `of_message` is that of the
    /// message.
    #[must_use]
    #[inline]
    pub const fn encoding(&self, version: Version, of_message: Encoding) -> Encoding {
        match self.flexible_from {
            None => of_message,
            Some(first) => Encoding::flexible_from(first, version.0),
        }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brackets = if self.is_array() { "[]" } else { "" };
        write!(f, "Field({}: {brackets}{})", self.name, self.ty)
    }
}

const ARRAY: u8 = 1;
const IGNORABLE: u8 = 2;
const MAP_KEY: u8 = 4;
