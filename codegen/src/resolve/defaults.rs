//! What a field is when it is not there.

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
/// The text is no value of the field's type.
pub(super) fn default(field: &FieldDef) -> Result<Default, Mistake> {
    if field.ty == FieldType::Records {
        let nullable = field
            .nullable_versions
            .intersect(field.effective_versions());
        return Ok(if nullable.is_empty() {
            Default::Zero
        } else {
            Default::Null
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
        // Kafka's Java code does not compile with more.
        FieldType::Uint32 => integer(text, 0, i32::MAX.into()),
        FieldType::Int64 => integer(text, i64::MIN, i64::MAX),
        FieldType::Float64 => float(text),
        FieldType::Uuid => uuid(text),
        FieldType::String if text != "null" => Ok(Default::Text(text.to_owned())),
        _ if text == "null" => null(field),
        ty => Err(Mistake::new(
            format!("`{text}` is no default of type `{ty}`"),
            "write `null`, or leave it out: the default is empty then",
        )),
    }
}

fn null(field: &FieldDef) -> Result<Default, Mistake> {
    let versions = field.effective_versions();
    if field.nullable_versions.contains_all(versions) {
        return Ok(Default::Null);
    }
    let nullable = field.nullable_versions;
    Err(Mistake::new(
        format!("the default is null, which is allowed only in versions `{nullable}`"),
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
    let digits = text.trim_start_matches(['+', '-']);
    if digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0x") {
        return Err(Mistake::new(
            format!("`{text}` begins with 0, which Java reads as octal"),
            "leave the leading zeros out",
        ));
    }
    let value = match text.strip_prefix("0x") {
        Some(hex) if !hex.starts_with(['+', '-']) => i64::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    };
    match value {
        Some(0) => Ok(Default::Zero),
        Some(value) if (min..=max).contains(&value) => Ok(Default::Integer(value)),
        _ => Err(Mistake::new(
            format!("`{text}` is not an integer from {min} to {max}"),
            "write it in decimal, or `0x` and hexadecimal digits without a sign",
        )),
    }
}

fn float(text: &str) -> Result<Default, Mistake> {
    let name = text.trim_start_matches(['+', '-']);
    let is_number = text
        .bytes()
        .all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
    let value = text
        .parse::<f64>()
        .ok()
        .filter(|_| is_number || ["NaN", "Infinity"].contains(&name));
    match value {
        Some(0.0) => Ok(Default::Zero),
        Some(value) => Ok(Default::Float(value)),
        None => Err(Mistake::new(
            format!("`{text}` is not a float64"),
            "write it as a decimal number, `NaN` or `Infinity`",
        )),
    }
}

/// 16 bytes in URL-safe base64: 22 characters, the last of which holds two bits.
fn uuid(text: &str) -> Result<Default, Mistake> {
    let mistake = || {
        Mistake::new(
            format!("`{text}` is not a uuid"),
            "write its 16 bytes as 22 characters of URL-safe base64 without padding",
        )
    };
    let unpadded = text.trim_end_matches('=');
    if unpadded.len() != 22 {
        return Err(mistake());
    }
    let (mut number, mut bits_left) = (0_u128, 128_u32);
    for character in unpadded.bytes() {
        let digit = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return Err(mistake()),
        };
        let bits = bits_left.min(6);
        number = (number << bits) | (u128::from(digit) >> (6 - bits));
        bits_left -= bits;
    }
    Ok(if number == 0 {
        Default::Zero
    } else {
        Default::Uuid(number)
    })
}
