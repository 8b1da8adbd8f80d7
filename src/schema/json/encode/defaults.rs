//! Comparison of JSON with the default of its field, as in Kafka: when equal, a tagged field is not written,
//! and a field that the version does not have is not lost.

use super::{ReadOptions, UNKNOWN_TAGS};
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
    options: ReadOptions,
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
            let is_default = has_defaults(schema, json, version, options)?;
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
    options: ReadOptions,
) -> Result<bool, LocatedError> {
    if json.shape() != Shape::Object {
        return Err(wrong(json, "an object"));
    }
    let fields = schema.fields();
    let (mut values, mut unknown) = (vec![None; fields.len()], None);
    // Keys that are refused count as a difference: the struct is written then, and they are refused by that.
    let mut all = true;
    for (key, value) in json.members() {
        let name = key.string().expect("keys are strings");
        let index = fields.iter().position(|field| field.name() == name);
        all &= match index.and_then(|index| values.get_mut(index)) {
            Some(place) => place.replace(value).is_none(),
            None if name == UNKNOWN_TAGS && options.unknown_tags => {
                let is_empty = value.shape() == Shape::Array && value.count() == 0;
                unknown.replace(value).is_none() && is_empty
            }
            None => !options.refuse_unknown_keys,
        };
    }
    for (field, value) in fields.iter().zip(values) {
        let key = field.name();
        match value {
            Some(value) => {
                let is_default = is_default(field, value, version, options);
                all &= is_default.map_err(|fault| fault.in_field(key))?;
            }
            None if field.is_mandatory_in(version) => {
                return Err(LocatedError::new(json.offset(), Kind::MissingKey { key }));
            }
            None => {}
        }
    }
    Ok(all)
}
