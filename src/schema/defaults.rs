//! Comparison of values with the defaults of their fields, as in Kafka.

use super::{DefaultValue, Field, Value};

impl Field {
    /// Returns `true` if `value` is what the field is where it is not there. Arrays are not compared, which
    /// have no value.
    #[must_use]
    pub fn is_default(&self, value: Value<'_>) -> bool {
        match self.default_value() {
            DefaultValue::Zero => is_zero(value),
            DefaultValue::Null => value == Value::Null,
            DefaultValue::True => value == Value::Bool(true),
            DefaultValue::Integer(default) => integer(value) == Some(default),
            DefaultValue::Float(default) => value == Value::Float64(default),
            DefaultValue::Uuid(default) => value == Value::Uuid(default),
            DefaultValue::Text(default) => value == Value::String(default),
        }
    }
}

fn is_zero(value: Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => !value,
        // As in Java, where -0.0 equals 0.0.
        Value::Float64(value) => value == 0.0,
        Value::Uuid(value) => value.is_zero(),
        Value::String(value) => value.is_empty(),
        Value::Bytes(value) | Value::Records(value) => value.is_empty(),
        value => integer(value) == Some(0),
    }
}

fn integer(value: Value<'_>) -> Option<i64> {
    Some(match value {
        Value::Int8(value) => value.into(),
        Value::Int16(value) => value.into(),
        Value::Uint16(value) => value.into(),
        Value::Int32(value) => value.into(),
        Value::Uint32(value) => value.into(),
        Value::Int64(value) => value,
        _ => return None,
    })
}
