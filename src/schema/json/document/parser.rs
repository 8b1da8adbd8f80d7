//! Reads JSON text from front to end: an element or member at a time, without recursion.

use super::escape::unescape_one;
use super::{Node, Shape};
use crate::schema::json::error::{JsonErrorKind as Kind, LocatedError};

pub(super) struct Parser<'t> {
    text: &'t str,
    at: usize,
    nodes: Vec<Node>,
    /// The arrays and objects that are open.
    open: Vec<usize>,
}

impl<'t> Parser<'t> {
    /// The values of `text`, which is one value.
    pub(super) fn nodes(text: &'t str) -> Result<Vec<Node>, LocatedError> {
        let mut parser = Self {
            text,
            at: 0,
            nodes: Vec::new(),
            open: Vec::new(),
        };
        parser.document()?;
        Ok(parser.nodes)
    }

    fn document(&mut self) -> Result<(), LocatedError> {
        self.begin_value()?;
        while let Some(container) = self.open.last().copied() {
            self.go_on(container)?;
        }
        self.blanks();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail("the end of the text"),
        }
    }

    /// Reads the next element or member of what is open innermost, or its end.
    fn go_on(&mut self, container: usize) -> Result<(), LocatedError> {
        let node = self.nodes.get(container);
        let (is_object, is_first) =
            node.map_or((false, true), |n| (n.shape == Shape::Object, n.count == 0));
        let (end, expected) = match (is_object, is_first) {
            (true, true) => (b'}', "a key in quotes or `}`"),
            (true, false) => (b'}', "`,` or `}`"),
            (false, true) => (b']', "a value or `]`"),
            (false, false) => (b']', "`,` or `]`"),
        };
        self.blanks();
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                self.open.pop();
                self.close(container);
                return Ok(());
            }
            Some(b',') if !is_first => {
                self.at += 1;
                self.blanks();
            }
            Some(_) if is_first => {}
            _ => return self.fail(expected),
        }
        if is_object {
            if self.peek() != Some(b'"') {
                return self.fail(if is_first {
                    expected
                } else {
                    "a key in quotes"
                });
            }
            self.string()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return self.fail("`:`");
            }
            self.at += 1;
        }
        if let Some(node) = self.nodes.get_mut(container) {
            node.count += 1;
        }
        self.begin_value()
    }

    /// Reads a value, or the bracket that an array or object begins with.
    fn begin_value(&mut self) -> Result<(), LocatedError> {
        self.blanks();
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.begin(Shape::Object),
            Some(b'[') => self.begin(Shape::Array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Shape::True),
            Some(b'f') => self.word("false", Shape::False),
            Some(b'n') => self.word("null", Shape::Null),
            _ => self.fail("a value"),
        }
    }

    fn begin(&mut self, shape: Shape) -> Result<(), LocatedError> {
        if self.open.len() == MAX_DEPTH {
            return Err(LocatedError::new(self.at, Kind::TooDeep));
        }
        self.open.push(self.nodes.len());
        self.push(shape, self.at);
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &'static str, shape: Shape) -> Result<(), LocatedError> {
        let start = self.at;
        if !self.rest().starts_with(word.as_bytes()) {
            return self.fail("a value");
        }
        self.at += word.len();
        self.push(shape, start);
        Ok(())
    }

    fn number(&mut self) -> Result<(), LocatedError> {
        let start = self.at;
        let mut shape = Shape::Integer;
        self.skip(|byte| byte == b'-', 1);
        if self.skip(|byte| byte == b'0', 1) == 0 && self.digits() == 0 {
            return self.fail("a digit");
        }
        if self.skip(|byte| byte == b'.', 1) == 1 {
            shape = Shape::Float;
            if self.digits() == 0 {
                return self.fail("a digit");
            }
        }
        if self.skip(|byte| byte == b'e' || byte == b'E', 1) == 1 {
            shape = Shape::Float;
            self.skip(|byte| byte == b'+' || byte == b'-', 1);
            if self.digits() == 0 {
                return self.fail("a digit");
            }
        }
        self.push(shape, start);
        Ok(())
    }

    fn string(&mut self) -> Result<(), LocatedError> {
        let start = self.at;
        let mut shape = Shape::String;
        self.at += 1;
        loop {
            self.skip(
                |byte| byte >= b' ' && byte != b'"' && byte != b'\\',
                usize::MAX,
            );
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    shape = Shape::EscapedString;
                    self.escape()?;
                }
                Some(_) => return self.fail("an escape in place of a control character"),
                None => return self.fail("`\"`"),
            }
        }
        self.at += 1;
        self.push(shape, start);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), LocatedError> {
        let start = self.at;
        let Some((_, length)) = unescape_one(self.rest()) else {
            self.at = start;
            return self.fail("an escape of JSON that is a whole character");
        };
        self.at += length;
        Ok(())
    }

    fn digits(&mut self) -> usize {
        self.skip(|byte| byte.is_ascii_digit(), usize::MAX)
    }

    /// Skips at most `max` bytes that are `wanted`: how many.
    fn skip(&mut self, wanted: impl Fn(u8) -> bool, max: usize) -> usize {
        let rest = self.rest().iter().take(max);
        let count = rest.take_while(|byte| wanted(**byte)).count();
        self.at += count;
        count
    }

    fn blanks(&mut self) {
        self.skip(
            |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
            usize::MAX,
        );
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn rest(&self) -> &[u8] {
        let rest = self.text.as_bytes().get(self.at..);
        rest.expect("only bytes that are there are skipped")
    }

    /// A node from `start` to here.
    fn push(&mut self, shape: Shape, start: usize) {
        self.nodes.push(Node {
            shape,
            start,
            end: self.at,
            next: self.nodes.len() + 1,
            count: 0,
        });
    }

    fn close(&mut self, container: usize) {
        let next = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(container) {
            (node.end, node.next) = (self.at, next);
        }
    }

    fn fail(&self, expected: &'static str) -> Result<(), LocatedError> {
        Err(LocatedError::new(self.at, Kind::Syntax { expected }))
    }
}

/// How deep arrays and objects may be within one another; those of messages are at most 16 deep.
const MAX_DEPTH: usize = 64;
