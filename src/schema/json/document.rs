//! JSON text as a flat list of its values: where each begins and ends, and which comes after it. It knows no
//! messages. The syntax (RFC 8259) of all of it is checked by `parser`.

mod escape;
mod parser;

use std::borrow::Cow;

use super::error::LocatedError;
use escape::unescape;
use parser::Parser;

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
        let nodes = Parser::nodes(text)?;
        Ok(Self { text, nodes })
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
            Shape::EscapedString => Some(Cow::Owned(unescape(inside))),
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
