//! Reads a message by its schema, with the reader that typed decoding uses: so both refuse the same bytes.

mod in_order;
mod tags;

use std::ops::ControlFlow;

use super::locate::locate;
use super::{Field, FieldLocation, FieldType, Schema, StructSchema, Value, Visitor};
use crate::wire::{Blob, Encoding, Limits, ReadCursor};
use crate::{DecodeError, DecodeErrorKind, Version};

/// Tells `visitor` all that `bytes` hold, which are the message of `schema` in `version`.
///
/// `Break` if the visitor ended it. It is one pass. It allocates only if there are unknown tagged fields
/// that are not in the order of their tags, to tell whether one occurs twice. The depth of its recursion is that of
/// the schema.
///
/// # Errors
///
/// Those of typed decoding, of which `limits` are the same too: memory is counted as what the typed
/// structs would take. Calls before the error are not taken back; a visitor that is called
/// [`IN_ORDER`](Visitor::IN_ORDER) is not called then.
pub fn visit<'a, V: Visitor<'a>>(
    schema: &'static Schema,
    version: Version,
    bytes: &'a [u8],
    limits: Limits,
    visitor: &mut V,
) -> Result<ControlFlow<()>, DecodeError> {
    if V::IN_ORDER {
        let _: ControlFlow<()> = if V::ANY_TEXT {
            visit(schema, version, bytes, limits, &mut in_order::Silent)?
        } else {
            visit(schema, version, bytes, limits, &mut ())?
        };
    }
    checked(schema, version, bytes, limits, Extent::All, visitor)
}

/// As [`visit`], but bytes after the message are ignored.
pub(super) fn visit_prefix<'a, V: Visitor<'a>>(
    schema: &'static Schema,
    version: Version,
    bytes: &'a [u8],
    limits: Limits,
    visitor: &mut V,
) -> Result<ControlFlow<()>, DecodeError> {
    const { assert!(!V::IN_ORDER, "what is called in order is read twice") };
    checked(schema, version, bytes, limits, Extent::Prefix, visitor)
}

/// How much of the bytes is the message.
#[derive(Copy, Clone)]
pub(super) enum Extent {
    All,
    Prefix,
}

/// Reads a message in a version that it has; an error says which field it is about.
fn checked<'a, V: Visitor<'a>>(
    schema: &'static Schema,
    version: Version,
    bytes: &'a [u8],
    limits: Limits,
    extent: Extent,
    visitor: &mut V,
) -> Result<ControlFlow<()>, DecodeError> {
    let (name, versions) = (schema.name(), schema.versions());
    if !versions.contains(version) {
        let kind = DecodeErrorKind::UnsupportedVersion {
            version,
            supported: versions,
        };
        return Err(DecodeError::new(kind, 0).in_message(name, version));
    }
    walk(schema, version, bytes, limits, extent, visitor)
        .map_err(|error| locate(error.in_message(name, version), schema, version, bytes, 0))
}

/// As [`visit`], but an error does not say what it is about.
pub(super) fn walk<'a, V: Visitor<'a>>(
    schema: &'static Schema,
    version: Version,
    bytes: &'a [u8],
    limits: Limits,
    extent: Extent,
    visitor: &mut V,
) -> Result<ControlFlow<()>, DecodeError> {
    let mut walk = Walk {
        reader: ReadCursor::with_limits(bytes, limits),
        version,
        encoding: schema.encoding(version),
        visitor,
    };
    let flow = walk.structure(walk.place(None, None), schema.root());
    match (flow, extent) {
        (ControlFlow::Continue(()), Extent::All) => walk.reader.end()?,
        _ => walk.reader.check()?,
    }
    Ok(flow)
}

struct Walk<'a, 'v, V> {
    reader: ReadCursor<'a>,
    version: Version,
    /// Of the message.
    encoding: Encoding,
    visitor: &'v mut V,
}

impl<'a, V: Visitor<'a>> Walk<'a, '_, V> {
    fn structure(
        &mut self,
        place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        if V::IN_ORDER && self.encoding.is_compact() {
            return self.structure_in_order(place, schema);
        }
        self.visitor.begin_struct(place, schema)?;
        for field in schema.fields() {
            if field.is_mandatory_in(self.version) {
                let e = field.encoding(self.version, self.encoding);
                self.field(field, e, false)?;
            }
        }
        if !self.reader.skip_empty_tags(self.encoding) {
            self.tags(schema)?;
        }
        self.visitor.end_struct(self.end(place), schema)
    }

    #[inline]
    fn field(&mut self, field: &'static Field, e: Encoding, is_tagged: bool) -> ControlFlow<()> {
        let place = self.place(Some(field), None);
        self.visitor.enter(place)?;
        if let Some(size) = field.fixed_size() {
            let bytes = self.fixed(size)?;
            return self.told(place, Value::fixed(field.field_type(), bytes));
        }
        self.variable(place, field, e, is_tagged)
    }

    /// A field of which it depends on the value how many bytes it takes.
    fn variable(
        &mut self,
        place: FieldLocation,
        field: &'static Field,
        e: Encoding,
        is_tagged: bool,
    ) -> ControlFlow<()> {
        let is_nullable = field.is_nullable_in(self.version);
        let ty = field.field_type();
        if field.is_array() {
            return self.array(place, ty, e, is_nullable);
        }
        let FieldType::Struct(schema) = ty else {
            return self.text_or_bytes(place, ty, e, is_nullable);
        };
        if is_nullable && self.reader.is_null_struct(is_tagged) {
            return self.told(place, Value::Null);
        }
        self.go_on()?;
        self.structure(self.end(place), schema)
    }

    fn array(
        &mut self,
        place: FieldLocation,
        ty: FieldType,
        e: Encoding,
        is_nullable: bool,
    ) -> ControlFlow<()> {
        let count = self.count(ty, e, is_nullable);
        self.go_on()?;
        let Some(count) = count else {
            return self.told(place, Value::Null);
        };
        self.visitor.begin_array(self.end(place), count)?;
        if let Some(size) = ty.fixed_size() {
            self.fixed_elements(place, ty, size, count)?;
        } else {
            for index in 0..count {
                let element = self.place(place.field, Some(index));
                if let FieldType::Struct(schema) = ty {
                    self.structure(element, schema)?;
                } else {
                    self.visitor.enter(element)?;
                    self.text_or_bytes(element, ty, e, false)?;
                }
            }
        }
        self.visitor.end_array(self.end(place))
    }

    /// The elements of an array that takes `size` bytes each, all of which are there.
    #[inline]
    fn fixed_elements(
        &mut self,
        place: FieldLocation,
        ty: FieldType,
        size: usize,
        count: usize,
    ) -> ControlFlow<()> {
        let mut start = self.reader.offset();
        let mut rest = self.fixed(count.saturating_mul(size))?;
        for index in 0..count {
            let (bytes, after) = rest.split_at_checked(size).expect("all are there");
            rest = after;
            let element = FieldLocation {
                field: place.field,
                index: Some(index),
                start,
                end: start + size,
            };
            start += size;
            self.visitor.value(element, Value::fixed(ty, bytes))?;
        }
        ControlFlow::Continue(())
    }

    #[inline]
    fn fixed(&mut self, size: usize) -> ControlFlow<(), &'a [u8]> {
        match self.reader.fixed_bytes(size) {
            Some(bytes) => ControlFlow::Continue(bytes),
            None => ControlFlow::Break(()),
        }
    }

    /// How many elements an array has; `None` if it is null.
    #[inline]
    fn count(&mut self, ty: FieldType, e: Encoding, is_nullable: bool) -> Option<usize> {
        let reader = &mut self.reader;
        let (min_size, memory) = match ty {
            FieldType::Struct(schema) => (schema.min_size(self.version), schema.memory()),
            FieldType::String => (e.string_size(), size_of::<std::borrow::Cow<'_, str>>()),
            FieldType::Bytes | FieldType::Records => (e.blob_size(), size_of::<Blob<'_>>()),
            FieldType::Bool => (1, 1),
            // Typed decoding keeps the bytes that they are.
            fixed => return reader.packed_count(e, fixed.fixed_size().unwrap_or(1), is_nullable),
        };
        if is_nullable {
            reader.nullable_count(e, min_size, memory)
        } else {
            Some(reader.count(e, min_size, memory))
        }
    }

    fn text_or_bytes(
        &mut self,
        place: FieldLocation,
        ty: FieldType,
        e: Encoding,
        is_nullable: bool,
    ) -> ControlFlow<()> {
        let reader = &mut self.reader;
        let value = match (ty, is_nullable) {
            (FieldType::String, _) if V::ANY_TEXT => reader.any_text(e, is_nullable).map(text),
            (FieldType::String, false) => Some(Value::String(reader.str(e))),
            (FieldType::String, true) => reader.nullable_str(e).map(Value::String),
            (FieldType::Records, false) => Some(Value::Records(reader.blob_bytes(e))),
            (FieldType::Records, true) => reader.nullable_blob_bytes(e).map(Value::Records),
            // Callers took the others apart.
            (_, false) => Some(Value::Bytes(reader.blob_bytes(e))),
            (_, true) => reader.nullable_blob_bytes(e).map(Value::Bytes),
        };
        self.go_on()?;
        self.told(place, value.unwrap_or(Value::Null))
    }

    /// Tells of what has been read.
    #[inline]
    fn told(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        let place = self.end(place);
        self.visitor.value(place, value)
    }

    /// Ends the visit if something could not be read.
    #[inline]
    fn go_on(&self) -> ControlFlow<()> {
        if self.reader.failed() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Where what is read next begins.
    #[inline]
    fn place(&self, field: Option<&'static Field>, index: Option<usize>) -> FieldLocation {
        let start = self.reader.offset();
        FieldLocation {
            field,
            index,
            start,
            end: start,
        }
    }

    /// `place` as far as it has been read.
    #[inline]
    fn end(&self, place: FieldLocation) -> FieldLocation {
        FieldLocation {
            end: self.reader.offset(),
            ..place
        }
    }
}

/// A string, of which it is not known whether it is UTF-8.
fn text(bytes: &[u8]) -> Value<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text),
        Err(_) => Value::InvalidText(bytes),
    }
}
