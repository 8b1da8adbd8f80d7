//! The types a field may have, and their grammar.
//! What a type means for null, defaults and bytes is not known here.

use std::fmt;

use nom::bytes::complete::tag;
use nom::character::complete::alphanumeric1;
use nom::combinator::{all_consuming, opt, verify};
use nom::{IResult, Parser};

use crate::fault::{Mistake, nearest};

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// One byte, 0 or 1.
    Bool,
    /// A signed byte.
    Int8,
    /// Two bytes, signed.
    Int16,
    /// Two bytes, unsigned.
    Uint16,
    /// Four bytes, signed.
    Int32,
    /// Four bytes, unsigned.
    Uint32,
    /// Eight bytes, signed.
    Int64,
    /// Eight bytes, IEEE 754.
    Float64,
    /// Sixteen bytes.
    Uuid,
    /// Length and UTF-8 text.
    String,
    /// Length and bytes.
    Bytes,
    /// Length and record batches.
    Records,
    /// The struct of this name.
    Struct(String),
    /// A count and as many elements.
    Array(Box<Self>),
}

impl FieldType {
    /// Reads a type.
    ///
    /// # Errors
    ///
    /// The text names no type, or an array of something an array cannot hold.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let indent = text.len() - text.trim_start().len();
        let text = text.trim();
        let end = indent + text.len();
        let (rest, (brackets, identifier)) = array_or_name(text).unwrap_or((text, (false, "")));
        // All that stands where the name should, whether or not it is one.
        let name = text.strip_prefix("[]").filter(|_| brackets).unwrap_or(text);
        let name_span = end - name.len()..end;
        if name.is_empty() || name.starts_with("[]") {
            let right =
                "write a primitive such as `int32`, the name of a struct, or `[]` and one of them";
            let within = name_span.start..end.max(name_span.start + 1);
            return Err(Mistake::new(format!("`{text}` is not a type"), right).within(within));
        }
        let known = primitive(identifier).or_else(|| structure(identifier));
        let Some(element) = known.filter(|_| rest.is_empty()) else {
            let right = match nearest(name, &NAMES.map(|(name, _)| name)) {
                Some(known) => format!(
                    "did you mean `{known}`? Names of structs begin with an upper-case letter"
                ),
                None => format!(
                    "use one of {}, or the name of a struct, which begins with an upper-case letter",
                    names()
                ),
            };
            let start = if rest.is_empty() {
                name_span.start
            } else {
                end - rest.len()
            };
            return Err(Mistake::new(format!("`{name}` is not a type"), right).within(start..end));
        };
        match (brackets, element) {
            (false, element) => Ok(element),
            (true, Self::Records) => Err(Mistake::new(
                "an array cannot hold records",
                "use `records`, which is a sequence already, or `[]bytes`",
            )
            .within(name_span)),
            (true, element) => Ok(Self::Array(Box::new(element))),
        }
    }

    /// The type of the elements, when this is an array.
    pub fn element(&self) -> Option<&Self> {
        match self {
            Self::Array(element) => Some(element),
            _ => None,
        }
    }

    /// The name of the struct that this is, or that this is an array of.
    pub fn struct_name(&self) -> Option<&str> {
        match self {
            Self::Struct(name) => Some(name),
            Self::Array(element) => element.struct_name(),
            _ => None,
        }
    }

    /// Returns `true` if this is an array.
    pub fn is_array(&self) -> bool {
        self.element().is_some()
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Array(element) => write!(f, "[]{element}"),
            Self::Struct(name) => f.write_str(name),
            primitive => {
                let named = NAMES.iter().find(|(_, t)| t == primitive);
                f.write_str(named.map_or("", |(name, _)| name))
            }
        }
    }
}

/// An optional `[]`, and a name if one follows.
fn array_or_name(text: &str) -> IResult<&str, (bool, &str)> {
    let brackets = opt(tag("[]")).map(|brackets| brackets.is_some());
    (brackets, opt(identifier).map(Option::unwrap_or_default)).parse(text)
}

/// A letter, then letters and digits.
fn identifier(text: &str) -> IResult<&str, &str> {
    let begins_with_letter = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
    verify(alphanumeric1, begins_with_letter).parse(text)
}

fn primitive(name: &str) -> Option<FieldType> {
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, ty)| ty.clone())
}

fn structure(name: &str) -> Option<FieldType> {
    is_struct_name(name).then(|| FieldType::Struct(name.to_owned()))
}

/// Returns `true` if this can name a struct or a message: an upper-case letter, then letters and digits.
pub(crate) fn is_struct_name(name: &str) -> bool {
    is_field_name(name) && name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Returns `true` if this can name a field: a letter, then letters and digits.
pub(crate) fn is_field_name(name: &str) -> bool {
    all_consuming(identifier).parse(name).is_ok()
}

fn names() -> String {
    NAMES.map(|(name, _)| format!("`{name}`")).join(", ")
}

const NAMES: [(&str, FieldType); 12] = [
    ("bool", FieldType::Bool),
    ("int8", FieldType::Int8),
    ("int16", FieldType::Int16),
    ("uint16", FieldType::Uint16),
    ("int32", FieldType::Int32),
    ("uint32", FieldType::Uint32),
    ("int64", FieldType::Int64),
    ("float64", FieldType::Float64),
    ("uuid", FieldType::Uuid),
    ("string", FieldType::String),
    ("bytes", FieldType::Bytes),
    ("records", FieldType::Records),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_and_prints_as_it_was_written() {
        for (name, ty) in &NAMES {
            assert_eq!(FieldType::parse(name).as_ref(), Ok(ty));
            assert_eq!(ty.to_string(), *name);
        }
        for text in ["[]int32", "[]bytes", "Topic", "[]Topic", "T1"] {
            assert_eq!(FieldType::parse(text).expect(text).to_string(), text);
        }
        assert_eq!(FieldType::parse("  int8 "), Ok(FieldType::Int8));
        assert_eq!(
            FieldType::parse("[]Topic").unwrap().struct_name(),
            Some("Topic")
        );
    }

    #[test]
    fn what_is_not_a_type_is_refused_with_what_would_be() {
        let table = [
            ("int33", "did you mean `int32`?"),
            ("String", ""),
            ("[][]int8", "or `[]` and one of them"),
            ("[]records", "use `records`"),
            ("[]", "or `[]` and one of them"),
            ("topic_name", "upper-case letter"),
            ("Topic-Name", "upper-case letter"),
            ("[] int8", "did you mean `int8`?"),
        ];
        for (text, right) in table {
            match FieldType::parse(text) {
                Ok(ty) => assert!(right.is_empty(), "{text} read as {ty}"),
                Err(mistake) => assert!(mistake.right.contains(right), "{text}: {mistake:?}"),
            }
        }
    }
}
