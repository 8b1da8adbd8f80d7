//! Comparison of JSON with the default of its field, as in Kafka: when equal, a tagged field is not written,
//! and a field that the version does not have is not lost.

use crate::Version;
use crate::schema::json::document::{Shape, Value};
use crate::schema::json::error::{JsonErrorKind as Kind, LocatedError};
use crate::schema::json::scalar::{Scalar, wrong};
use crate::schema::{DefaultValue, Field, FieldType, StructSchema};

/// Whether `json` is the default of `field`. A struct is if all its fields are, whatever the version.
///
/// # Errors
///
/// If `json` is not of the type of the field, or lacks what it must have in `version`.
pub(super) fn is_default(
    field: &'static Field,
    json: Value<'_, '_>,
    version: Version,
) -> Result<bool, LocatedError> {
    let is_null_by_default = field.default_value() == DefaultValue::Null;
    if json.shape() == Shape::Null && field.nullable_versions().is_some() {
        return Ok(is_null_by_default);
    }
    if field.is_array() {
        if json.shape() != Shape::Array {
            return Err(wrong(json, "an array"));
        }
        return Ok(json.count() == 0 && !is_null_by_default);
    }
    match field.field_type() {
        FieldType::Struct(schema) => {
            let is_default = has_defaults(schema, json, version)?;
            Ok(is_default && !is_null_by_default)
        }
        ty => {
            let scalar = Scalar::read(json, ty)?;
            Ok(field.is_default(scalar.as_value()))
        }
    }
}

fn has_defaults(
    schema: &'static StructSchema,
    json: Value<'_, '_>,
    version: Version,
) -> Result<bool, LocatedError> {
    if json.shape() != Shape::Object {
        return Err(wrong(json, "an object"));
    }
    for field in schema.fields() {
        let key = field.name();
        let is_there = |(name, _): (Value<'_, '_>, _)| name.string().as_deref() == Some(key);
        if field.is_mandatory_in(version) && !json.members().any(is_there) {
            return Err(LocatedError::new(json.offset(), Kind::MissingKey { key }));
        }
    }
    let mut all = true;
    for (key, value) in json.members() {
        let name = key.string().expect("keys are strings");
        let mut fields = schema.fields().iter();
        all &= match fields.find(|field| field.name() == name) {
            Some(field) => {
                is_default(field, value, version).map_err(|fault| fault.in_field(field.name()))?
            }
            None => name != super::UNKNOWN_TAGS || value.count() == 0,
        };
    }
    Ok(all)
}
