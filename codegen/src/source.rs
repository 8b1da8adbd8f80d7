//! Files that people write, and places in them. What the text means is not known here.

use std::sync::Arc;

/// A range of bytes of a file's text.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// A file: its name in diagnostics, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    file: Arc<str>,
    text: Arc<str>,
}

impl Source {
    /// A file that is called `file` in diagnostics.
    #[must_use]
    pub fn new(file: &str, text: &str) -> Self {
        Self {
            file: file.into(),
            text: text.into(),
        }
    }

    /// The name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of a span, as people name it. A span of several lines ends with its first line.
    #[must_use]
    pub fn locate(&self, span: Span) -> Location {
        let start = floor(&self.text, span.start);
        let (before, from) = self.text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        let rest = from.split('\n').next().unwrap_or_default();
        let rest = rest.strip_suffix('\r').unwrap_or(rest);
        let length = span.end.saturating_sub(start).min(rest.len());
        let marked = rest.get(..floor(rest, length)).unwrap_or_default();
        Location {
            file: self.file.to_string(),
            line: 1 + before.matches('\n').count(),
            column: 1 + in_line.chars().count(),
            width: marked.chars().count().max(1),
            text: format!("{in_line}{rest}"),
        }
    }
}

/// The nearest place at or before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A place in a file, and the line it is on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column of the first character, from 1.
    pub column: usize,
    /// The number of characters, at least 1.
    pub width: usize,
    /// The text of the line.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, start: usize, end: usize) -> (usize, usize, usize, String) {
        let at = Source::new("f", text).locate(Span::new(start, end));
        (at.line, at.column, at.width, at.text)
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        assert_eq!(place("ab\nécd\n", 5, 7), (2, 2, 2, "écd".to_owned()));
        assert_eq!(place("ab", 0, 1), (1, 1, 1, "ab".to_owned()));
        assert_eq!(place("a\r\nb\r\n", 3, 4), (2, 1, 1, "b".to_owned()));
    }

    #[test]
    fn a_span_of_several_lines_ends_with_its_first_line() {
        assert_eq!(place("{\n}", 0, 3), (1, 1, 1, "{".to_owned()));
    }

    #[test]
    fn a_place_at_or_beyond_the_end_is_one_character_wide() {
        assert_eq!(place("ab", 2, 2), (1, 3, 1, "ab".to_owned()));
        assert_eq!(place("é", 9, 12), (1, 2, 1, "é".to_owned()));
        assert_eq!(place("é", 1, 2), (1, 1, 1, "é".to_owned()));
    }
}
