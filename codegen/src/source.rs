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

    /// The place of a span, as people name it. A span of several lines ends with its first line, and of a long line
    /// only the part around the span is kept.
    #[must_use]
    pub fn locate(&self, span: Span) -> Location {
        let start = floor(&self.text, span.start);
        let (before, from) = self.text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = 1 + before.matches('\n').count();
        let in_line = before.get(line_start..).unwrap_or_default();
        let rest = from.split('\n').next().unwrap_or_default();
        let rest = rest.strip_suffix('\r').unwrap_or(rest);
        let length = span.end.saturating_sub(start).min(rest.len());
        let marked = rest.get(..floor(rest, length)).unwrap_or_default();
        let at = in_line.chars().count();
        let width = marked.chars().count().max(1);
        let length = at + rest.chars().count();
        let (skipped, width, end) = if length <= WHOLE_LINE {
            (0, width, length)
        } else {
            let width = width.min(AROUND);
            (at.saturating_sub(AROUND), width, at + width + AROUND)
        };
        let shown = in_line.chars().chain(rest.chars());
        let shown: String = shown.take(end).skip(skipped).collect();
        let before = if skipped > 0 { "\u{2026}" } else { "" };
        let after = if end < length { "\u{2026}" } else { "" };
        Location {
            file: self.file.to_string(),
            line,
            column: 1 + at,
            indent: at - skipped + before.chars().count(),
            width,
            text: format!("{before}{shown}{after}"),
        }
    }
}

/// The maximum number of characters of a line that is kept whole.
const WHOLE_LINE: usize = 240;

/// How many characters before and after a place are kept of a longer line.
const AROUND: usize = 60;

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
    /// The number of characters of `text` in front of the place.
    pub indent: usize,
    /// The number of characters, at least 1; of a place in a long line at most 60.
    pub width: usize,
    /// The text of the line. Of a line of more than 240 characters, the 60 on each side of the place, with `…` for the
    /// rest.
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
    fn of_a_long_line_only_what_is_around_the_place_is_kept() {
        let line = format!(
            "{}[{}]{}",
            "é".repeat(1000),
            "x".repeat(500),
            "b".repeat(1000)
        );
        let at = Source::new("f", &line).locate(Span::new(2000, 2502));
        let shown = format!("…{}[{}…", "é".repeat(60), "x".repeat(119));
        assert_eq!((at.column, at.indent, at.width), (1001, 61, 60));
        assert_eq!(at.text, shown);
        let end = Source::new("f", &line).locate(Span::new(3502, 3503));
        assert_eq!(
            (end.column, end.indent, end.text),
            (2503, 61, format!("…{}", "b".repeat(60)))
        );
    }

    #[test]
    fn a_place_at_or_beyond_the_end_is_one_character_wide() {
        assert_eq!(place("ab", 2, 2), (1, 3, 1, "ab".to_owned()));
        assert_eq!(place("é", 9, 12), (1, 2, 1, "é".to_owned()));
        assert_eq!(place("é", 1, 2), (1, 1, 1, "é".to_owned()));
    }
}
