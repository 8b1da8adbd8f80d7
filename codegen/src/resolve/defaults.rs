//! The value of a field in versions that lack it.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Check;
use crate::fault::Mistake;
use crate::ir::Default;
use crate::schema::FieldDef;
use crate::types::FieldType;

pub(super) fn check(check: &mut Check<'_>) {
    for at in check.sites() {
        if let Err(mistake) = default(at.field) {
            check.field_fault(&at, "default", mistake.wrong, mistake.right);
        }
    }
}

/// The default of a field.
///
/// # Errors
///
/// The text is not a value of the field's type.
pub(super) fn default(field: &FieldDef) -> Result<Default, Mistake> {
    // Always null in Kafka, whatever is written; empty where there is no null.
    if field.ty == FieldType::Records {
        let versions = field.effective_versions();
        let is_nullable = !field.nullable_versions.intersect(versions).is_empty();
        return Ok(if is_nullable {
            Default::Null
        } else {
            Default::Zero
        });
    }
    let Some(text) = field.default.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(Default::Zero);
    };
    match &field.ty {
        FieldType::Bool => bool(text),
        FieldType::Int8 => integer(text, i8::MIN.into(), i8::MAX.into()),
        FieldType::Int16 => integer(text, i16::MIN.into(), i16::MAX.into()),
        FieldType::Uint16 => integer(text, 0, u16::MAX.into()),
        FieldType::Int32 => integer(text, i32::MIN.into(), i32::MAX.into()),
        FieldType::Uint32 => uint32(text),
        FieldType::Int64 => integer(text, i64::MIN, i64::MAX),
        FieldType::Float64 => float(text),
        FieldType::Uuid => uuid(text),
        FieldType::String if text != "null" => Ok(Default::Text(text.to_owned())),
        _ if text == "null" => null(field),
        ty => Err(Mistake::new(
            format!("`{text}` is not a default of type `{ty}`"),
            "write `null`, or leave it out: the default is empty then",
        )),
    }
}

fn null(field: &FieldDef) -> Result<Default, Mistake> {
    let versions = field.effective_versions();
    let nullable = field.nullable_versions;
    if nullable.contains_all(versions) {
        return Ok(Default::Null);
    }
    Err(Mistake::new(
        format!("the default is null, which is allowed in versions `{nullable}` of `{versions}`"),
        format!("set `nullableVersions` to `{versions}`, or leave the default out"),
    ))
}

fn bool(text: &str) -> Result<Default, Mistake> {
    if text.eq_ignore_ascii_case("true") {
        Ok(Default::True)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(Default::Zero)
    } else {
        Err(Mistake::new(
            format!("`{text}` is not a bool"),
            "write `true` or `false`",
        ))
    }
}

fn integer(text: &str, min: i64, max: i64) -> Result<Default, Mistake> {
    let value = match text.strip_prefix("0x") {
        Some(hex) if !hex.starts_with(['+', '-']) => i64::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_decimal = digits.bytes().all(|digit| digit.is_ascii_digit());
    match value {
        // Kafka's generator reads it as decimal, the Java code it makes as octal.
        Some(_) if is_decimal && digits.starts_with('0') && digits.len() > 1 => Err(Mistake::new(
            format!("`{text}` begins with 0, which makes it octal in Kafka's Java code"),
            "leave the leading zeros out",
        )),
        Some(0) => Ok(Default::Zero),
        Some(value) if (min..=max).contains(&value) => Ok(Default::Integer(value)),
        _ => Err(Mistake::new(
            format!("`{text}` is not an integer from {min} to {max}"),
            "write it in decimal, or as `0x` and hexadecimal digits, without a sign",
        )),
    }
}

/// Kafka's generator accepts more, but the Java code it makes then does not compile.
fn uint32(text: &str) -> Result<Default, Mistake> {
    match integer(text, 0, u32::MAX.into())? {
        Default::Integer(value) if value > i32::MAX.into() => Err(Mistake::new(
            format!("`{text}` is beyond 2147483647, which Kafka's Java code cannot say"),
            "choose a smaller default",
        )),
        value => Ok(value),
    }
}

/// What Java's parser of doubles takes, but for hexadecimal floats.
fn float(text: &str) -> Result<Default, Mistake> {
    let trimmed = text.trim();
    let number = trimmed
        .strip_suffix(['d', 'D', 'f', 'F'])
        .unwrap_or(trimmed);
    let is_number = number
        .bytes()
        .all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
    let value = match trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed) {
        "NaN" => Some(f64::NAN),
        "Infinity" => trimmed.replace("Infinity", "inf").parse().ok(),
        _ if is_number => number.parse().ok(),
        _ => None,
    };
    match value {
        Some(value) if value.to_bits() == 0 => Ok(Default::Zero),
        Some(value) => Ok(Default::Float(value)),
        None => Err(Mistake::new(
            format!("`{text}` is not a float64"),
            "write it as a decimal number, `NaN` or `Infinity`",
        )),
    }
}

/// 16 bytes in URL-safe base64. Kafka's generator accepts more bytes, which its Java code then refuses.
fn uuid(text: &str) -> Result<Default, Mistake> {
    let engine = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let bytes = engine.decode(text).ok();
    match bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
        Some(bytes) if bytes == [0; 16] => Ok(Default::Zero),
        Some(bytes) => Ok(Default::Uuid(u128::from_be_bytes(bytes))),
        None => Err(Mistake::new(
            format!("`{text}` is not a uuid"),
            "write its 16 bytes as 22 characters of URL-safe base64",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_java_reads_them() {
        let bytes = |text| integer(text, -128, 127).ok();
        let table = [
            ("0", Some(Default::Zero)),
            ("-0", Some(Default::Zero)),
            ("+7", Some(Default::Integer(7))),
            ("-128", Some(Default::Integer(-128))),
            ("0x7f", Some(Default::Integer(127))),
            ("0x00F", Some(Default::Integer(15))),
            ("128", None),
            ("0x", None),
            ("07", None),
            ("00", None),
            ("1_0", None),
            (" 1", None),
            ("--1", None),
        ];
        for (text, expected) in table {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn floats_may_have_what_java_allows_around_them() {
        let table = [
            ("1.5", Some(Default::Float(1.5))),
            (" -2e3f ", Some(Default::Float(-2000.0))),
            (".5d", Some(Default::Float(0.5))),
            ("0.0", Some(Default::Zero)),
            ("-0.0", Some(Default::Float(-0.0))),
            ("-Infinity", Some(Default::Float(f64::NEG_INFINITY))),
            ("inf", None),
            ("1f5", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(float(text).ok(), expected, "{text}");
        }
        assert!(matches!(float("-NaN"), Ok(Default::Float(nan)) if nan.is_nan()));
    }

    #[test]
    fn a_uuid_is_its_bytes_in_the_alphabet_for_names() {
        assert_eq!(uuid("AAAAAAAAAAAAAAAAAAAAAA"), Ok(Default::Zero));
        assert_eq!(uuid("AAAAAAAAAAAAAAAAAAAAAQ=="), Ok(Default::Uuid(1)));
        assert_eq!(uuid("_____________________w"), Ok(Default::Uuid(u128::MAX)));
    }
}
