//! The types of fields, what they are by default, and what they identify.

use std::fmt;

use super::StructSchema;
use crate::wire::Uuid;

/// The type of a value.
#[derive(Copy, Clone, Debug)]
#[non_exhaustive]
pub enum FieldType {
    /// One byte, 0 or 1.
    Bool,
    /// A signed byte.
    Int8,
    /// Two bytes, signed.
    Int16,
    /// Two bytes, unsigned.
    Uint16,
    /// Four bytes, signed.
    Int32,
    /// Four bytes, unsigned.
    Uint32,
    /// Eight bytes, signed.
    Int64,
    /// Eight bytes, IEEE 754.
    Float64,
    /// Sixteen bytes.
    Uuid,
    /// UTF-8 text.
    String,
    /// Bytes.
    Bytes,
    /// Record batches.
    Records,
    /// A struct.
    Struct(&'static StructSchema),
}

impl FieldType {
    /// Returns the size of every value in bytes; `None` if that depends on the value.
    #[must_use]
    #[inline]
    pub fn fixed_size(self) -> Option<usize> {
        match self.size() {
            0 => None,
            size => Some(size.into()),
        }
    }

    /// The same, where 0 is for those of which it depends.
    #[inline]
    pub(super) const fn size(self) -> u8 {
        match self {
            Self::Bool | Self::Int8 => 1,
            Self::Int16 | Self::Uint16 => 2,
            Self::Int32 | Self::Uint32 => 4,
            Self::Int64 | Self::Float64 => 8,
            Self::Uuid => 16,
            Self::String | Self::Bytes | Self::Records | Self::Struct(_) => 0,
        }
    }
}

/// As Kafka's definitions write it.
impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Uint16 => "uint16",
            Self::Int32 => "int32",
            Self::Uint32 => "uint32",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Uuid => "uuid",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Records => "records",
            Self::Struct(schema) => schema.name(),
        })
    }
}

/// The value of a field in versions that lack it.
#[derive(Copy, Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DefaultValue {
    /// Zero, false, empty, or a struct of defaults.
    Zero,
    /// Null.
    Null,
    /// True.
    True,
    /// An integer other than 0.
    Integer(i64),
    /// A float other than 0.
    Float(f64),
    /// A uuid other than zero.
    Uuid(Uuid),
    /// A text that is not empty.
    Text(&'static str),
}

/// What the value of a field identifies.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Entity {
    /// A transactional id.
    TransactionalId,
    /// A producer id.
    ProducerId,
    /// A group.
    GroupId,
    /// A topic, by name.
    TopicName,
    /// A broker.
    BrokerId,
}
