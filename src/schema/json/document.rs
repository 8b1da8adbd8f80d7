//! JSON text as a flat list of its values: where each begins and ends, and which comes after it. It knows no
//! messages. `serde_json` checks the syntax of all of it and slices it into values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{JsonErrorKind as Kind, LocatedError};

/// A text that is one JSON value.
pub(super) struct Document<'t> {
    text: &'t str,
    nodes: Vec<Node>,
}

/// A value, or a key in front of one.
struct Node {
    shape: Shape,
    start: usize,
    end: usize,
    /// The first node that is not within this one.
    next: usize,
    /// How many elements, or members.
    count: usize,
}

/// What a value is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    False,
    True,
    /// A number without point and exponent.
    Integer,
    /// Another number.
    Float,
    String,
    /// A string with escapes.
    EscapedString,
    Array,
    Object,
}

impl Shape {
    /// The shape of a value whose syntax was checked.
    fn of(value: &str) -> Self {
        match value.as_bytes() {
            [b'n', ..] => Self::Null,
            [b'f', ..] => Self::False,
            [b't', ..] => Self::True,
            [b'[', ..] => Self::Array,
            [b'{', ..] => Self::Object,
            [b'"', ..] if value.contains('\\') => Self::EscapedString,
            [b'"', ..] => Self::String,
            _ if value.contains(['.', 'e', 'E']) => Self::Float,
            _ => Self::Integer,
        }
    }

    /// What it is called in errors.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::False => "false",
            Self::True => "true",
            Self::Integer => "a number",
            Self::Float => "a number with a fraction or an exponent",
            Self::String | Self::EscapedString => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl<'t> Document<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self, LocatedError> {
        let root: &RawValue = parsed(text, text, 0)?;
        let mut document = Self {
            text,
            nodes: Vec::new(),
        };
        document.add(root, 0)?;
        Ok(document)
    }

    /// Adds the nodes of a value that `depth` others are around.
    fn add(&mut self, value: &'t RawValue, depth: usize) -> Result<(), LocatedError> {
        let (index, value) = (self.nodes.len(), value.get());
        let start = value.as_ptr().addr() - self.text.as_ptr().addr();
        let shape = Shape::of(value);
        self.nodes.push(Node {
            shape,
            start,
            end: start + value.len(),
            next: index + 1,
            count: 0,
        });
        match shape {
            // That its escapes are whole characters is not checked by slicing.
            Shape::EscapedString => parsed::<Cow<'_, str>>(self.text, value, start).map(drop),
            Shape::Array | Shape::Object if depth == MAX_DEPTH => {
                Err(LocatedError::new(start, Kind::TooDeep))
            }
            Shape::Array | Shape::Object => {
                let Slices { values, keys } = parsed(self.text, value, start)?;
                let count = values.len() - keys;
                for value in values {
                    self.add(value, depth + 1)?;
                }
                let next = self.nodes.len();
                let node = self.nodes.get_mut(index);
                let node = node.expect("the node was pushed above");
                (node.next, node.count) = (next, count);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The outermost value.
    pub(super) const fn root(&self) -> Value<'_, 't> {
        Value {
            document: self,
            index: 0,
        }
    }
}

/// A value of a document.
#[derive(Copy, Clone)]
pub(super) struct Value<'d, 't> {
    document: &'d Document<'t>,
    index: usize,
}

impl<'d, 't> Value<'d, 't> {
    fn node(self) -> &'d Node {
        let node = self.document.nodes.get(self.index);
        node.expect("every value has the index of a node")
    }

    pub(super) fn shape(self) -> Shape {
        self.node().shape
    }

    /// Where it begins in the text.
    pub(super) fn offset(self) -> usize {
        self.node().start
    }

    /// Its text, quotes included.
    pub(super) fn source(self) -> &'t str {
        let node = self.node();
        self.document
            .text
            .get(node.start..node.end)
            .expect("a node spans whole characters of the text")
    }

    /// How many elements or members it has.
    pub(super) fn count(self) -> usize {
        self.node().count
    }

    /// What a string says; `None` if it is not a string.
    pub(super) fn string(self) -> Option<Cow<'t, str>> {
        let source = self.source();
        let inside = source.get(1..source.len().saturating_sub(1))?;
        match self.shape() {
            Shape::String => Some(Cow::Borrowed(inside)),
            Shape::EscapedString => {
                let text = serde_json::from_str(source);
                Some(Cow::Owned(text.expect("its escapes were checked")))
            }
            _ => None,
        }
    }

    /// The elements of an array.
    pub(super) fn elements(self) -> impl Iterator<Item = Self> + use<'d, 't> {
        let mut next = self.index + 1;
        (0..self.count()).map(move |_| {
            let element = Self {
                index: next,
                ..self
            };
            next = element.node().next;
            element
        })
    }

    /// The members of an object, key and value.
    pub(super) fn members(self) -> impl Iterator<Item = (Self, Self)> + use<'d, 't> {
        let mut next = self.index + 1;
        (0..self.count()).map(move |_| {
            let key = Self {
                index: next,
                ..self
            };
            let value = Self {
                index: next + 1,
                ..self
            };
            next = value.node().next;
            (key, value)
        })
    }
}

/// What `part` is, which begins at `start` of `text`.
fn parsed<'t, T: Deserialize<'t>>(
    text: &str,
    part: &'t str,
    start: usize,
) -> Result<T, LocatedError> {
    serde_json::from_str(part).map_err(|error| {
        let line = part
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1));
        let line: usize = line.map(str::len).sum();
        let offset = match error.is_eof() {
            true => part.len(),
            false => line + error.column().saturating_sub(1),
        };
        let mut offset = start + offset;
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let wrong = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let wrong = wrong.strip_suffix(&place).unwrap_or(&wrong).to_owned();
        LocatedError::new(offset, Kind::Syntax { wrong })
    })
}

/// The elements of an array, or the members of an object, each key in front of its value.
struct Slices<'t> {
    values: Vec<&'t RawValue>,
    /// How many of them are keys.
    keys: usize,
}

impl<'de> Deserialize<'de> for Slices<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Container;
        impl<'de> Visitor<'de> for Container {
            type Value = Slices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array or an object")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = array.next_element()? {
                    values.push(value);
                }
                Ok(Slices { values, keys: 0 })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some((key, value)) = object.next_entry::<&RawValue, &RawValue>()? {
                    values.extend([key, value]);
                }
                let keys = values.len() / 2;
                Ok(Slices { values, keys })
            }
        }
        deserializer.deserialize_any(Container)
    }
}

/// How deep arrays and objects may be within one another; those of messages are at most 16 deep.
const MAX_DEPTH: usize = 64;
