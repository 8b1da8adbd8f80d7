//! JSON with comments, and on which line of it a value stands.
//! What the values mean is not known here.

mod value;

pub use value::{Number, Object, Value, quoted};

use std::borrow::Cow;
use std::fmt;

use crate::fault::{Fault, Faults};

/// Parses JSON that may contain `//` and `/* */` comments.
///
/// # Errors
///
/// The text is not JSON, or a comment does not end.
pub fn parse(file: &str, text: &str) -> Result<Value, Faults> {
    let fault = |line, wrong: String, right: &str| {
        Faults::from(Fault {
            file: file.to_owned(),
            line,
            message: None,
            field: None,
            wrong,
            right: right.to_owned(),
        })
    };
    let json = blank_comments(text)
        .map_err(|line| fault(line, "this comment does not end".into(), "end it with `*/`"))?;
    value::read(&json).map_err(|(wrong, rest)| {
        let (before, _) = json.split_at(json.len() - rest.len());
        let line = 1 + before.matches('\n').count();
        let column = 1 + before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.chars().count());
        fault(
            line,
            format!("not JSON: {wrong}"),
            &format!("look at column {column}"),
        )
    })
}

/// The same text with every comment blanked, so that lines and columns stay what they were.
///
/// # Errors
///
/// The line on which a block comment begins that never ends.
pub fn blank_comments(text: &str) -> Result<Cow<'_, str>, usize> {
    if !text.contains("//") && !text.contains("/*") {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (token, is_comment) = if from.starts_with("//") {
            (from.find('\n').unwrap_or(from.len()), true)
        } else if from.starts_with("/*") {
            let Some(end) = from.find("*/") else {
                return Err(1 + out.matches('\n').count());
            };
            (end + 2, true)
        } else if from.starts_with('"') {
            (string_len(from), false)
        } else {
            (1, false)
        };
        let (token, after) = from.split_at(token);
        if is_comment {
            out.extend(token.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// Where in a JSON document a value stands: keys and indices from the root, as in `fields[3].type`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place(Vec<Step>);

impl Place {
    /// The root of the document.
    pub fn root() -> Self {
        Self::default()
    }

    /// The value of a key of this object.
    #[must_use]
    pub fn key(&self, key: impl Into<Cow<'static, str>>) -> Self {
        self.with(Step::Key(key.into()))
    }

    /// An element of this array. A single value that stands for a list is its element 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if i == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(Cow<'static, str>),
    Index(usize),
}

/// The line, counted from 1, of what stands at `place`: for the value of a key the line of the key.
///
/// Where the place does not exist, the line of the nearest thing around it that does.
pub fn line_of(text: &str, place: &Place) -> usize {
    let json = blank_comments(text).unwrap_or(Cow::Borrowed(text));
    let mut scanner = Scanner { rest: &json };
    scanner.space();
    let mut best = scanner.rest;
    for step in &place.0 {
        let found = match step {
            Step::Key(key) => scanner.enter_key(key),
            Step::Index(index) => scanner.enter_index(*index),
        };
        let Some(found) = found else { break };
        best = found;
    }
    let before = json.len() - best.len();
    1 + json
        .bytes()
        .take(before)
        .filter(|byte| *byte == b'\n')
        .count()
}

/// Walks JSON that is known to be well formed. Runs only to report a fault.
#[derive(Clone, Copy)]
struct Scanner<'t> {
    rest: &'t str,
}

impl<'t> Scanner<'t> {
    /// Moves to the value of the key and returns where the key stands. The last of equal keys counts.
    fn enter_key(&mut self, wanted: &str) -> Option<&'t str> {
        self.eat('{')?;
        let mut found = None;
        while self.rest.starts_with('"') {
            let at = self.rest;
            let key = self.token(string_len(self.rest));
            self.eat(':')?;
            if value::read(key).is_ok_and(|key| key.as_str() == Some(wanted)) {
                found = Some((at, *self));
            }
            self.value();
            self.eat(',');
        }
        let (at, inside) = found?;
        *self = inside;
        Some(at)
    }

    fn enter_index(&mut self, index: usize) -> Option<&'t str> {
        if !self.rest.starts_with('[') {
            return (index == 0).then_some(self.rest);
        }
        self.eat('[');
        for _ in 0..index {
            self.value();
            self.eat(',')?;
        }
        Some(self.rest)
    }

    /// Skips one value.
    fn value(&mut self) {
        let mut depth = 0_usize;
        while let Some(first) = self.rest.chars().next() {
            match first {
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            let len = match first {
                '"' => string_len(self.rest),
                '{' | '[' | '}' | ']' | ',' | ':' => 1,
                _ => self
                    .rest
                    .find(|c: char| c.is_whitespace() || ",:{}[]".contains(c))
                    .unwrap_or(self.rest.len()),
            };
            self.token(len);
            if depth == 0 {
                return;
            }
        }
    }

    fn eat(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(c)?;
        self.space();
        Some(())
    }

    fn token(&mut self, len: usize) -> &'t str {
        let (token, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.space();
        token
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

/// The length of the string literal that `text` begins with, quotes included.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blanked_and_strings_are_left_alone() {
        let table = [
            ("{}", "{}"),
            ("// a\n{}", "    \n{}"),
            ("{} // a", "{}     "),
            ("/* a\nb */{}", "    \n    {}"),
            ("/**/1", "    1"),
            ("/* // */ 1", "         1"),
            ("// /* \n1", "      \n1"),
            (
                r#"{"a": "http://x", /* c */ "b": 1}"#,
                r#"{"a": "http://x",         "b": 1}"#,
            ),
            (r#"["\"//", 1] // é"#, r#"["\"//", 1]     "#),
        ];
        for (text, blanked) in table {
            assert_eq!(blank_comments(text).as_deref(), Ok(blanked), "{text}");
        }
        assert_eq!(blank_comments("1\n2\n /* x\n"), Err(3));
    }

    #[test]
    fn hash_comments_trailing_commas_and_second_values_are_refused() {
        for text in ["# a\n{}", "[1,]", "{} {}", "{\"a\": 1,}"] {
            assert!(parse("f", text).is_err(), "{text}");
        }
        let fault = parse("f", "{\n  \"a\": 1 /* x */,\n}")
            .unwrap_err()
            .0
            .remove(0);
        assert_eq!(fault.line, 3);
        assert_eq!(
            fault.wrong,
            "not JSON: a key in quotes is missing, or a comma too many"
        );
        assert_eq!(fault.right, "look at column 1");
    }

    #[test]
    fn lines_are_found_through_comments_nesting_and_repeated_keys() {
        let text = r#"// licence
{ "name": "A", // {
  "fields": [
    { "name": "x{", "type": "int8" },
    { "name": "y", "fields": [
      { "name": "z",
        "type": "in\"t9",
        "type": "int9" } ] } ],
  "listeners": "broker"
}"#;
        let fields = Place::root().key("fields");
        let table = [
            (Place::root(), 2),
            (Place::root().key("name"), 2),
            (fields.clone(), 3),
            (fields.index(0), 4),
            (fields.index(1), 5),
            (fields.index(1).key("fields").index(0), 6),
            (fields.index(1).key("fields").index(0).key("type"), 8),
            (fields.index(1).key("fields").index(0).key("missing"), 6),
            (Place::root().key("listeners").index(0), 9),
        ];
        for (place, line) in table {
            assert_eq!(line_of(text, &place), line, "{place}");
        }
        assert_eq!(
            fields
                .index(3)
                .key("fields")
                .index(1)
                .key("type")
                .to_string(),
            "fields[3].fields[1].type"
        );
    }
}
