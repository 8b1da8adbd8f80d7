//! The default of a field as bytes.

use super::values::Fixed;
use crate::Version;
use crate::schema::{DefaultValue, Field, FieldType, StructSchema};
use crate::wire::{Blob, Encoding, WriteCursor, Writer};

/// The default of a field that is tagged in `version`, as its value.
pub(super) fn tagged(field: &Field, version: Version) -> Vec<u8> {
    let mut writer = Writer::new();
    writer
        .write(|cursor| write(cursor, field, version, Encoding::Compact))
        .expect("defaults can be encoded");
    writer.into_vec()
}

/// Everything is compact where there are tagged fields, unless a field says otherwise.
fn structure(w: &mut WriteCursor, schema: &StructSchema, version: Version) {
    for field in schema.fields() {
        if field.is_mandatory_in(version) {
            write(
                w,
                field,
                version,
                field.encoding(version, Encoding::Compact),
            );
        }
    }
    w.unsigned_varint(0);
}

fn write(w: &mut WriteCursor, field: &Field, version: Version, e: Encoding) {
    let is_nullable = field.is_nullable_in(version);
    let is_null = is_nullable && field.default_value() == DefaultValue::Null;
    match field.field_type() {
        FieldType::String if is_null && !field.is_array() => {
            w.nullable_string(e, None, field.name());
        }
        FieldType::String if !field.is_array() => {
            let text = match field.default_value() {
                DefaultValue::Text(text) => text,
                _ => "",
            };
            w.string(e, text, field.name());
        }
        FieldType::Struct(schema) if !field.is_array() => {
            match (is_nullable, field.is_tagged_in(version)) {
                (true, true) => w.unsigned_varint((!is_null).into()),
                (true, false) => w.i8(if is_null { -1 } else { 1 }),
                (false, _) => {}
            }
            if !is_null {
                structure(w, schema, version);
            }
        }
        ty if ty.fixed_size().is_some() && !field.is_array() => {
            let mut bytes = Vec::new();
            Fixed::default_of(field).write(&mut bytes);
            w.bytes(&Blob::Borrowed(&bytes));
        }
        // Arrays and bytes, which are null or empty in the same bytes.
        _ if is_null => w.nullable_blob(e, None, field.name()),
        _ => w.blob(e, &Blob::default(), field.name()),
    }
}
