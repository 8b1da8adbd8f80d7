//! The calls that report a message while it is read. Reading is in `walk`.

use std::ops::{ControlFlow, Range};

use super::{Field, FieldType, StructSchema};
use crate::wire::Uuid;

/// Receives everything that a message holds from [`visit`](super::visit), in the order of the bytes.
///
/// A field that the version does not have, and a tagged field that is not there, is not told. Every
/// method may end the visit with [`ControlFlow::Break`]. Those that are not implemented do nothing,
/// and cost nothing.
///
/// ```text
/// message  begin_struct field* end_struct
/// field    enter ( value | struct | array )
/// struct   begin_struct field* end_struct
/// array    begin_array ( value | struct )* end_array
/// tags     ( next_tag ( field | unknown_tag ) )*
///
/// A struct or array that is null is value(Null). Tagged fields come after the
/// other fields of their struct.
/// ```
///
/// With [`IN_ORDER`](Self::IN_ORDER) the tagged fields stand among the others.
pub trait Visitor<'a> {
    /// `true` if to be told as Kafka's definition has it and not as the bytes do: fields in the order of the
    /// definition, tagged ones among the others, and those left out that are at their default. The
    /// bytes are read twice then, so that nothing is reported of bytes that are not the message.
    const IN_ORDER: bool = false;

    /// `true` if to be told strings that are not UTF-8, as [`Value::InvalidText`]. Otherwise they are errors, as in
    /// typed decoding.
    const ANY_TEXT: bool = false;

    /// A field, or an element that is a string or bytes, is read next: what cannot be read is this.
    #[inline]
    fn enter(&mut self, place: FieldLocation) -> ControlFlow<()> {
        let _ = place;
        ControlFlow::Continue(())
    }

    /// A value that is neither struct nor array, or null in place of anything.
    #[inline]
    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        let _ = (place, value);
        ControlFlow::Continue(())
    }

    /// A struct begins: the message, the value of a field, or an element.
    #[inline]
    fn begin_struct(
        &mut self,
        place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        let _ = (place, schema);
        ControlFlow::Continue(())
    }

    /// The struct ends that began last and has not ended.
    #[inline]
    fn end_struct(
        &mut self,
        place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        let _ = (place, schema);
        ControlFlow::Continue(())
    }

    /// An array of `count` elements begins.
    #[inline]
    fn begin_array(&mut self, place: FieldLocation, count: usize) -> ControlFlow<()> {
        let _ = (place, count);
        ControlFlow::Continue(())
    }

    /// The array ends that began last and has not ended.
    #[inline]
    fn end_array(&mut self, place: FieldLocation) -> ControlFlow<()> {
        let _ = place;
        ControlFlow::Continue(())
    }

    /// A tag, or the number of them all, is read next, at this byte. Not called where a struct
    /// has no tagged fields.
    #[inline]
    fn next_tag(&mut self, start: usize) -> ControlFlow<()> {
        let _ = start;
        ControlFlow::Continue(())
    }

    /// A tagged field that the struct does not know, in the order it came.
    #[inline]
    fn unknown_tag(&mut self, tag: u32, value: &'a [u8], bytes: Range<usize>) -> ControlFlow<()> {
        let _ = (tag, value, bytes);
        ControlFlow::Continue(())
    }
}

/// Nothing: to learn whether bytes are a message.
impl Visitor<'_> for () {}

/// The location of a field, an element or the message itself in the bytes that are visited.
#[derive(Copy, Clone, Debug)]
pub struct FieldLocation {
    pub(super) field: Option<&'static Field>,
    pub(super) index: Option<usize>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl FieldLocation {
    /// The field; `None` for the message itself.
    #[must_use]
    #[inline]
    pub const fn field(self) -> Option<&'static Field> {
        self.field
    }

    /// Kafka's name of the field in JSON; empty for the message itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.field {
            Some(field) => field.name(),
            None => "",
        }
    }

    /// Which element of the field it is, from 0 on; `None` if it is the field itself.
    #[must_use]
    #[inline]
    pub const fn index(self) -> Option<usize> {
        self.index
    }

    /// The bytes in the message: of what ends here or is a value all of it, length included; of what
    /// begins what comes before the first field or element.
    #[must_use]
    pub const fn bytes(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value that is neither struct nor array.
#[derive(Copy, Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Null, in place of a string, bytes, records, a struct or an array.
    Null,
    /// A bool.
    Bool(bool),
    /// An int8.
    Int8(i8),
    /// An int16, error codes among them.
    Int16(i16),
    /// A uint16.
    Uint16(u16),
    /// An int32.
    Int32(i32),
    /// A uint32.
    Uint32(u32),
    /// An int64.
    Int64(i64),
    /// A float64.
    Float64(f64),
    /// A uuid.
    Uuid(Uuid),
    /// A string.
    String(&'a str),
    /// A string that is not UTF-8: only passed to visitors that accept [any text](Visitor::ANY_TEXT).
    InvalidText(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Record batches.
    Records(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The value of a type of fixed size, of which these are all the bytes.
    #[inline]
    pub(super) fn fixed(ty: FieldType, bytes: &[u8]) -> Self {
        match ty {
            FieldType::Bool => Self::Bool(array(bytes) != [0]),
            FieldType::Int8 => Self::Int8(i8::from_be_bytes(array(bytes))),
            FieldType::Int16 => Self::Int16(i16::from_be_bytes(array(bytes))),
            FieldType::Uint16 => Self::Uint16(u16::from_be_bytes(array(bytes))),
            FieldType::Int32 => Self::Int32(i32::from_be_bytes(array(bytes))),
            FieldType::Uint32 => Self::Uint32(u32::from_be_bytes(array(bytes))),
            FieldType::Int64 => Self::Int64(i64::from_be_bytes(array(bytes))),
            FieldType::Float64 => Self::Float64(f64::from_be_bytes(array(bytes))),
            FieldType::Uuid => Self::Uuid(Uuid::from_bytes(array(bytes))),
            // Not of fixed size.
            FieldType::String | FieldType::Bytes | FieldType::Records | FieldType::Struct(_) => {
                Self::Null
            }
        }
    }
}

/// The bytes, of which there are as many.
#[inline]
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    debug_assert_eq!(
        bytes.len(),
        N,
        "the walk reads as many bytes as the type has"
    );
    bytes.first_chunk().copied().unwrap_or([0; N])
}
