//! JSON with comments, read with serde_json and with the place of every key and value.
//!
//! Values are slices of the file's text (`RawValue`), so a place is an offset and no tree is built.
//! What the values mean is not known here.

mod comments;
mod object;
mod value;

pub use comments::blank_comments;
pub use object::Spans;
pub(crate) use object::{Entry, Findings, Object};
pub use value::Value;

use serde_json::value::RawValue;

use crate::fault::{Fault, Faults, Mistake};
use crate::source::{Source, Span};

/// Some editors begin files with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The maximum depth of lists and objects. What is inside of one is read again at each level.
const MAX_DEPTH: usize = 64;

/// A JSON file whose syntax is right.
#[derive(Debug)]
pub struct Document {
    source: Source,
    /// The text without comments; `None` where there were none.
    blanked: Option<String>,
    root: Span,
}

impl Document {
    /// Reads JSON that may contain `//` and `/* */` comments. A byte order mark in front of it is ignored.
    ///
    /// # Errors
    ///
    /// The text is not JSON, a comment does not end, or lists and objects are nested more than 64 deep.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let source = Source::new(file, text);
        let blanked = match blank_comments(text) {
            Ok(blanked) => blanked,
            Err(start) => {
                let mistake = Mistake::new("this comment does not end", "end it with `*/`");
                return Err(Fault::new(&source, Span::new(start, start + 2), mistake).into());
            }
        };
        let json = blanked.as_deref().unwrap_or(text);
        let root = match serde_json::from_str::<&RawValue>(json) {
            Ok(raw) => value::span_in(json, raw.get()),
            Err(error) => return Err(syntax(&source, json, &error).into()),
        };
        if let Some(start) = too_deep(json) {
            let wrong = format!("lists and objects are nested more than {MAX_DEPTH} deep");
            let mistake = Mistake::new(wrong, "nest them less");
            return Err(Fault::new(&source, Span::new(start, start + 1), mistake).into());
        }
        Ok(Self {
            source,
            blanked,
            root,
        })
    }

    /// The file.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The value that the file consists of.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        let json = self
            .blanked
            .as_deref()
            .unwrap_or_else(|| self.source.text());
        Value::at(json, self.root)
    }
}

/// The offset of the first bracket of JSON that is nested too deep.
fn too_deep(json: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = json.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            // The next byte may be a quote that does not end the string.
            b'\\' => {
                bytes.next();
            }
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(at);
        }
    }
    None
}

/// A syntax error of serde_json, at its place.
fn syntax(source: &Source, json: &str, error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let wrong = text.split(" at line ").next().unwrap_or(&text);
    let lines = json.split_inclusive('\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let at = (before + error.column().saturating_sub(1)).min(json.len());
    let right = match wrong {
        "trailing comma" => "remove the comma",
        "trailing characters" => "remove what follows the end of the first value",
        _ => "write JSON; `//` and `/* */` comments are allowed",
    };
    let mistake = Mistake::new(format!("not JSON: {wrong}"), right);
    Fault::new(source, Span::new(at, at + 1), mistake)
}

/// A text as JSON writes it.
#[cfg(feature = "cli")]
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_refused_where_it_is_wrong() {
        let table = [
            ("", 1, 1),
            ("# a\n{}", 1, 1),
            ("[1,]", 1, 4),
            ("[1.]", 1, 4),
            ("{} {}", 1, 4),
            ("{\n  \"a\": 1 /* x */,\n}", 3, 1),
            ("{1:2}", 1, 2),
            ("{\"a\" 1}", 1, 6),
            ("01", 1, 2),
            ("\"a", 1, 2),
        ];
        for (text, line, column) in table {
            let fault = Document::parse("f", text).expect_err(text).0.remove(0);
            assert_eq!((fault.at.line, fault.at.column), (line, column), "{text}");
            assert!(fault.wrong.starts_with("not JSON: "), "{text}");
        }
    }

    #[test]
    fn nesting_deeper_than_64_is_refused_where_it_begins() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Document::parse("f", &nested(64)).is_ok());
        let fault = Document::parse("f", &nested(10_000))
            .unwrap_err()
            .0
            .remove(0);
        assert_eq!((fault.at.line, fault.at.column), (1, 65));
    }

    #[test]
    fn brackets_in_strings_and_side_by_side_are_not_nested() {
        let text = format!(r#"["\"{}", {}[]]"#, "[".repeat(100), "[],".repeat(100));
        assert!(Document::parse("f", &text).is_ok());
    }

    #[test]
    fn a_byte_order_mark_is_ignored_and_does_not_move_places() {
        assert!(Document::parse("f", "\u{feff}{}").is_ok());
        let fault = Document::parse("f", "\u{feff}[1,]")
            .unwrap_err()
            .0
            .remove(0);
        assert_eq!((fault.at.line, fault.at.column), (1, 4));
    }

    #[test]
    fn comments_do_not_move_places() {
        let text = "// é license\n/* a */ { \"a\": /* b */ [1, \"x\"] }";
        let document = Document::parse("f", text).unwrap();
        let mut found = Findings::default();
        let object = Object::new(document.root(), "a test", &mut found).unwrap();
        let list: Vec<_> = object.list("a").collect();
        let x = document.source().locate(list[1].span());
        assert_eq!((x.line, x.column, x.width), (2, 29, 1));
    }
}
