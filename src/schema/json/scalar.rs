//! Single values out of JSON, each as Kafka's converters take it; `docs/java-json.md` lists the differences.

use std::borrow::Cow;

use super::document::{Shape, Value};
use super::error::{JsonErrorKind as Kind, LocatedError};
use super::{base64, float};
use crate::schema::{self, FieldType};
use crate::wire::Uuid;

/// A value that is neither struct nor array, and not null.
pub(super) enum Scalar<'t> {
    /// Of a fixed width.
    Fixed(schema::Value<'static>),
    String(Cow<'t, str>),
    Bytes(Vec<u8>),
    Records(Vec<u8>),
}

impl<'t> Scalar<'t> {
    /// The value of type `ty` that `json` is.
    pub(super) fn read(json: Value<'_, 't>, ty: FieldType) -> Result<Self, LocatedError> {
        use schema::Value as V;
        Ok(Self::Fixed(match ty {
            FieldType::Bool => V::Bool(bool(json)?),
            FieldType::Int8 => V::Int8(integer(json, ty, "an int8")?),
            FieldType::Int16 => V::Int16(integer(json, ty, "an int16")?),
            FieldType::Uint16 => V::Uint16(integer(json, ty, "a uint16")?),
            FieldType::Int32 => V::Int32(integer(json, ty, "an int32")?),
            FieldType::Uint32 => V::Uint32(integer(json, ty, "a uint32")?),
            FieldType::Int64 => V::Int64(integer(json, ty, "an int64")?),
            FieldType::Float64 => V::Float64(float(json)?),
            FieldType::Uuid => V::Uuid(uuid(json)?),
            FieldType::String => return Ok(Self::String(string(json, "a string")?)),
            FieldType::Bytes => return Ok(Self::Bytes(bytes(json)?)),
            FieldType::Records => return Ok(Self::Records(bytes(json)?)),
            // Callers took it apart.
            FieldType::Struct(_) => return Err(wrong(json, "an object")),
        }))
    }

    pub(super) fn as_value(&self) -> schema::Value<'_> {
        match self {
            Self::Fixed(value) => *value,
            Self::String(text) => schema::Value::String(text),
            Self::Bytes(bytes) => schema::Value::Bytes(bytes),
            Self::Records(bytes) => schema::Value::Records(bytes),
        }
    }
}

/// The error that `json` is not what was `expected`.
#[cold]
pub(super) fn wrong(json: Value<'_, '_>, expected: &'static str) -> LocatedError {
    let found = json.shape().name();
    LocatedError::new(json.offset(), Kind::WrongType { expected, found })
}

fn bool(json: Value<'_, '_>) -> Result<bool, LocatedError> {
    match json.shape() {
        Shape::True => Ok(true),
        Shape::False => Ok(false),
        _ => Err(wrong(json, "true or false")),
    }
}

pub(super) fn integer<T: TryFrom<i64>>(
    json: Value<'_, '_>,
    ty: FieldType,
    expected: &'static str,
) -> Result<T, LocatedError> {
    if json.shape() != Shape::Integer {
        return Err(wrong(json, expected));
    }
    let value = json.source().parse::<i64>().ok();
    value
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| out_of_range(json, ty))
}

#[cold]
fn out_of_range(json: Value<'_, '_>, ty: FieldType) -> LocatedError {
    let of = match ty {
        FieldType::Int8 => "int8",
        FieldType::Int16 => "int16",
        FieldType::Uint16 => "uint16",
        FieldType::Int32 => "int32",
        FieldType::Uint32 => "uint32",
        FieldType::Float64 => "float64",
        _ => "int64",
    };
    let number = json.source().to_owned();
    LocatedError::new(json.offset(), Kind::OutOfRange { of, number })
}

fn float(json: Value<'_, '_>) -> Result<f64, LocatedError> {
    const EXPECTED: &str = "a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
    match json.shape() {
        Shape::Integer | Shape::Float => {
            let value = json.source().parse::<f64>().ok();
            value
                .filter(|value| value.is_finite())
                .ok_or_else(|| out_of_range(json, FieldType::Float64))
        }
        _ => {
            let name = json.string();
            name.and_then(|name| float::named(&name))
                .ok_or_else(|| wrong(json, EXPECTED))
        }
    }
}

fn uuid(json: Value<'_, '_>) -> Result<Uuid, LocatedError> {
    let text = string(json, "a uuid in a string")?;
    // Kafka reads the padding too, which it does not write.
    let text = text.strip_suffix("==").unwrap_or(&text);
    text.parse()
        .map_err(|_| LocatedError::new(json.offset(), Kind::InvalidUuid))
}

pub(super) fn string<'t>(
    json: Value<'_, 't>,
    expected: &'static str,
) -> Result<Cow<'t, str>, LocatedError> {
    json.string().ok_or_else(|| wrong(json, expected))
}

pub(super) fn bytes(json: Value<'_, '_>) -> Result<Vec<u8>, LocatedError> {
    let text = string(json, "base64 in a string")?;
    base64::decode(&text).ok_or_else(|| LocatedError::new(json.offset(), Kind::InvalidBase64))
}
