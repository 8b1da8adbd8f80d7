//! The bytes of a message out of its JSON, by the schema. Single values are `scalar`'s, the syntax is
//! `document`'s.

mod defaults;
mod tags;

use super::document::{Document, Shape, Value};
use super::error::{JsonError, JsonErrorKind as Kind, LocatedError};
use super::message::UNKNOWN_TAGS;
use super::scalar::{Scalar, wrong};
use crate::schema::{self, Field, FieldType, Schema, StructSchema};
use crate::wire::{Blob, Encoding, TaggedFields, WriteCursor, Writer};
use crate::{EncodeError, EncodeErrorKind, Version};

/// Options of reading JSON.
#[derive(Copy, Clone, Debug, Default)]
pub struct ReadOptions {
    pub(super) unknown_tags: bool,
    pub(super) refuse_unknown_keys: bool,
}

impl ReadOptions {
    /// As Kafka's converters: keys that no field has are ignored.
    #[must_use]
    pub const fn java() -> Self {
        Self {
            unknown_tags: false,
            refuse_unknown_keys: false,
        }
    }

    /// Unknown tagged fields are read as [`Options::unknown_tags`](super::Options::unknown_tags) shows them.
    #[must_use]
    pub const fn lossless() -> Self {
        Self::java().unknown_tags()
    }

    /// Unknown tagged fields are read as [`Options::unknown_tags`](super::Options::unknown_tags) shows them.
    #[must_use]
    pub const fn unknown_tags(self) -> Self {
        Self {
            unknown_tags: true,
            ..self
        }
    }

    /// Keys that no field has are refused.
    #[must_use]
    pub const fn refuse_unknown_keys(self) -> Self {
        Self {
            refuse_unknown_keys: true,
            ..self
        }
    }
}

/// Appends the bytes of the message that `json` is, canonically, to `writer`.
///
/// # Errors
///
/// [`JsonError`] if the text is not JSON or not the message, or if the version cannot hold what it says. The writer
/// is left as it was then.
pub fn encode(
    schema: &'static Schema,
    version: Version,
    json: &str,
    options: ReadOptions,
    writer: &mut Writer,
) -> Result<(), JsonError> {
    writer
        .try_write(|cursor| message(schema, version, json, options, cursor))
        .map_err(|fault| JsonError::new(schema, version, json, fault))
}

fn message(
    schema: &'static Schema,
    version: Version,
    json: &str,
    options: ReadOptions,
    writer: &mut WriteCursor,
) -> Result<(), LocatedError> {
    let supported = schema.versions();
    if !supported.contains(version) {
        return Err(LocatedError::new(0, Kind::UnsupportedVersion { supported }));
    }
    let document = Document::parse(json)?;
    let mut encoder = Encoder {
        version,
        encoding: schema.encoding(version),
        options,
        writer,
        values: Vec::new(),
    };
    encoder.structure(schema.root(), document.root())
}

/// A value that is too long is refused before, in its place. What is left is of the message as a whole.
impl From<EncodeError> for LocatedError {
    fn from(error: EncodeError) -> Self {
        let kind = match *error.kind() {
            EncodeErrorKind::TooLong { length, max } => Kind::TooLong { length, max },
            _ => Kind::NotInVersion,
        };
        Self::new(0, kind)
    }
}

struct Encoder<'d, 't, 'w> {
    version: Version,
    /// Of the message.
    encoding: Encoding,
    options: ReadOptions,
    writer: &'w mut WriteCursor,
    /// The values of the structs that are being written, by the order of their fields.
    values: Vec<Option<Value<'d, 't>>>,
}

impl<'d, 't> Encoder<'d, 't, '_> {
    fn structure(
        &mut self,
        schema: &'static StructSchema,
        json: Value<'d, 't>,
    ) -> Result<(), LocatedError> {
        let base = self.values.len();
        let unknown = self.members(schema, json)?;
        for (index, field) in schema.fields().iter().enumerate() {
            let value = self.values.get(base + index).copied().flatten();
            if field.is_mandatory_in(self.version) {
                let key = field.name();
                let value = value
                    .ok_or_else(|| LocatedError::new(json.offset(), Kind::MissingKey { key }))?;
                let e = field.encoding(self.version, self.encoding);
                self.field(field, value, e, false)
                    .map_err(|fault| fault.in_field(key))?;
            } else if let Some(value) = value.filter(|_| !field.is_in(self.version)) {
                self.absent(field, value)
                    .map_err(|fault| fault.in_field(field.name()))?;
            }
        }
        if self.encoding.is_compact() {
            self.tags(schema, base, &unknown)?;
        }
        self.values.truncate(base);
        Ok(())
    }

    /// Puts the values of a struct's fields at the end of `values`; the unknown tagged fields.
    fn members(
        &mut self,
        schema: &'static StructSchema,
        json: Value<'d, 't>,
    ) -> Result<TaggedFields<'static>, LocatedError> {
        if json.shape() != Shape::Object {
            return Err(wrong(json, "an object"));
        }
        let fields = schema.fields();
        let base = self.values.len();
        self.values.resize(base + fields.len(), None);
        let mut unknown = None;
        let mut next = 0;
        for (key, value) in json.members() {
            let name = key.string().expect("keys are strings");
            // Most often they are in the order of the fields.
            let (before, after) = fields
                .split_at_checked(next)
                .expect("`next` follows a field");
            let found = after.iter().position(|field| field.name() == name);
            let found = found
                .map(|index| before.len() + index)
                .or_else(|| before.iter().position(|field| field.name() == name));
            let duplicate = if let Some(index) = found {
                next = index + 1;
                let place = self.values.get_mut(base + index);
                place.and_then(|place| place.replace(value)).is_some()
            } else if name == UNKNOWN_TAGS && self.options.unknown_tags {
                unknown.replace(value).is_some()
            } else if self.options.refuse_unknown_keys {
                let key_text = name.into_owned();
                return Err(LocatedError::new(
                    key.offset(),
                    Kind::UnknownKey { key: key_text },
                ));
            } else {
                false
            };
            if duplicate {
                let name = name.into_owned().into();
                return Err(LocatedError::new(
                    key.offset(),
                    Kind::DuplicateKey { key: name },
                ));
            }
        }
        unknown.map_or(Ok(TaggedFields::new()), |json| {
            self.unknown_tags(schema, json)
                .map_err(|fault| fault.in_field(UNKNOWN_TAGS))
        })
    }

    fn field(
        &mut self,
        field: &'static Field,
        json: Value<'d, 't>,
        e: Encoding,
        is_tagged: bool,
    ) -> Result<(), LocatedError> {
        let is_nullable = field.is_nullable_in(self.version);
        if json.shape() == Shape::Null && (field.is_array() || can_be_null(field.field_type())) {
            if !is_nullable {
                return Err(LocatedError::new(json.offset(), Kind::UnexpectedNull));
            }
            self.null(field, e, is_tagged);
            return Ok(());
        }
        if field.is_array() {
            return self.array(field, json, e);
        }
        if let FieldType::Struct(schema) = field.field_type() {
            match (is_nullable, is_tagged) {
                (true, true) => self.writer.unsigned_varint(1),
                (true, false) => self.writer.i8(1),
                _ => {}
            }
            return self.structure(schema, json);
        }
        self.scalar(field, json, e)
    }

    fn null(&mut self, field: &'static Field, e: Encoding, is_tagged: bool) {
        let writer = &mut *self.writer;
        match field.field_type() {
            FieldType::Struct(_) if !field.is_array() => {
                if is_tagged {
                    writer.unsigned_varint(0);
                } else {
                    writer.i8(-1);
                }
            }
            FieldType::String if !field.is_array() => writer.nullable_string(e, None, field.name()),
            _ if e.is_compact() => writer.unsigned_varint(0),
            _ => writer.i32(-1),
        }
    }

    fn array(
        &mut self,
        field: &'static Field,
        json: Value<'d, 't>,
        e: Encoding,
    ) -> Result<(), LocatedError> {
        if json.shape() != Shape::Array {
            return Err(wrong(json, "an array"));
        }
        self.length(json, json.count(), e)?;
        for (index, element) in json.elements().enumerate() {
            let written = match field.field_type() {
                FieldType::Struct(schema) => self.structure(schema, element),
                _ => self.scalar(field, element, e),
            };
            written.map_err(|fault| fault.in_element(index))?;
        }
        Ok(())
    }

    /// The length of bytes or an array.
    fn length(
        &mut self,
        json: Value<'d, 't>,
        length: usize,
        e: Encoding,
    ) -> Result<(), LocatedError> {
        match u32::try_from(length) {
            Ok(count @ 0..=MAX_LENGTH) => match e {
                Encoding::Classic => self.writer.u32(count),
                Encoding::Compact => self.writer.unsigned_varint(count + 1),
            },
            _ => {
                let max = usize::try_from(MAX_LENGTH).unwrap_or(usize::MAX);
                let kind = Kind::TooLong { length, max };
                return Err(LocatedError::new(json.offset(), kind));
            }
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        field: &'static Field,
        json: Value<'d, 't>,
        e: Encoding,
    ) -> Result<(), LocatedError> {
        let scalar = Scalar::read(json, field.field_type())?;
        let writer = &mut *self.writer;
        match scalar.as_value() {
            schema::Value::Bool(value) => writer.bool(value),
            schema::Value::Int8(value) => writer.i8(value),
            schema::Value::Int16(value) => writer.i16(value),
            schema::Value::Uint16(value) => writer.u16(value),
            schema::Value::Int32(value) => writer.i32(value),
            schema::Value::Uint32(value) => writer.u32(value),
            schema::Value::Int64(value) => writer.i64(value),
            schema::Value::Float64(value) => writer.f64(value),
            schema::Value::Uuid(value) => writer.uuid(value),
            schema::Value::String(value) => {
                let (length, max) = (value.len(), MAX_STRING);
                if length > max {
                    let kind = Kind::TooLong { length, max };
                    return Err(LocatedError::new(json.offset(), kind));
                }
                writer.string(e, value, field.name());
            }
            schema::Value::Bytes(value) | schema::Value::Records(value) => {
                self.length(json, value.len(), e)?;
                self.writer.bytes(&Blob::Borrowed(value));
            }
            // No scalar of JSON is either.
            schema::Value::Null | schema::Value::InvalidText(_) => {}
        }
        Ok(())
    }

    /// Refuses a field that the version does not have, unless it is ignorable or at its default. Structs that
    /// the version does not have are refused whatever they hold.
    fn absent(&mut self, field: &'static Field, json: Value<'d, 't>) -> Result<(), LocatedError> {
        let is_struct = matches!(field.field_type(), FieldType::Struct(_));
        let has_struct = is_struct
            && match json.shape() {
                Shape::Object => !field.is_array(),
                Shape::Array => field.is_array() && json.count() > 0,
                _ => false,
            };
        if !has_struct {
            let is_default = defaults::is_default(field, json, self.version, self.options)?;
            if is_default || field.is_ignorable() {
                return elements_are_of(field, json);
            }
        }
        Err(LocatedError::new(json.offset(), Kind::NotInVersion))
    }
}

/// Refuses elements of an array that are not of the type of the field.
fn elements_are_of(field: &Field, json: Value<'_, '_>) -> Result<(), LocatedError> {
    if field.is_array() {
        for (index, element) in json.elements().enumerate() {
            Scalar::read(element, field.field_type()).map_err(|fault| fault.in_element(index))?;
        }
    }
    Ok(())
}

/// Returns `true` if a value that is not an array can be null in some version of a message.
fn can_be_null(ty: FieldType) -> bool {
    ty.fixed_size().is_none()
}

/// One less than an int32 can say, as null takes one of the numbers in the compact encoding.
const MAX_LENGTH: u32 = 0x7fff_fffe;
/// What an int16 can say.
const MAX_STRING: usize = 0x7fff;
