//! A JSON value as a slice of its document.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::source::Span;

/// A JSON value and its place in the document.
#[derive(Copy, Clone, Debug)]
pub struct Value<'t> {
    raw: &'t str,
    /// The offset of `raw` in the document.
    start: usize,
}

impl<'t> Value<'t> {
    /// The value that stands at `span` of a document.
    pub(super) fn at(json: &'t str, span: Span) -> Self {
        Self {
            raw: json
                .get(span.start..span.end)
                .expect("a value's span is within its document"),
            start: span.start,
        }
    }

    /// A value inside of this one, as serde_json slices it off.
    pub(super) fn inside(self, raw: &'t RawValue) -> Self {
        Self {
            raw: raw.get(),
            start: self.start + span_in(self.raw, raw.get()).start,
        }
    }

    /// The text that it is written as.
    #[must_use]
    pub fn raw(self) -> &'t str {
        self.raw
    }

    /// The place of the value; of a string without its quotes.
    #[must_use]
    pub fn span(self) -> Span {
        let quote = usize::from(self.is_string() && self.raw.len() > 2);
        Span::new(self.start + quote, self.start + self.raw.len() - quote)
    }

    /// The place of a part of the text that [`text`](Self::text) returns.
    #[must_use]
    pub(crate) fn span_within(self, within: Option<std::ops::Range<usize>>) -> Span {
        let all = self.span();
        match within {
            // An escape is longer than what it stands for, so offsets would be wrong.
            Some(within) if !self.raw.contains('\\') => {
                let start = (all.start + within.start).min(all.end);
                Span::new(start, (all.start + within.end).clamp(start, all.end))
            }
            _ => all,
        }
    }

    /// Returns `true` if this is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.raw == "null"
    }

    /// Returns `true` if this is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.raw.starts_with('{')
    }

    /// Returns `true` if this is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.raw.starts_with('[')
    }

    /// Returns `true` if this is a number.
    #[must_use]
    pub fn is_number(self) -> bool {
        self.raw
            .starts_with(|first: char| first == '-' || first.is_ascii_digit())
    }

    fn is_string(self) -> bool {
        self.raw.starts_with('"')
    }

    /// The boolean, if this is one.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self.raw {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The integer, if this is one of 64 bits.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        self.raw.parse().ok().filter(|_| self.is_number())
    }

    /// The text, if this is a string whose escapes are right.
    #[must_use]
    pub fn text(self) -> Option<Cow<'t, str>> {
        let inner = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        if !inner.contains('\\') {
            return Some(Cow::Borrowed(inner));
        }
        serde_json::from_str(self.raw).ok().map(Cow::Owned)
    }

    /// The elements, if this is an array; else this value itself, as an array of one.
    pub(crate) fn elements(self) -> Vec<Self> {
        if !self.is_array() {
            return vec![self];
        }
        let elements: Vec<&RawValue> =
            serde_json::from_str(self.raw).expect("the document's syntax was checked");
        elements.into_iter().map(|raw| self.inside(raw)).collect()
    }

    /// The value as it may be quoted in a sentence.
    #[must_use]
    pub fn describe(self) -> String {
        match self.raw.as_bytes().first() {
            Some(b'{') => "an object".to_owned(),
            Some(b'[') => "a list".to_owned(),
            Some(b'"') => match self.text() {
                Some(text) => format!("`{text}`"),
                None => "text with a malformed escape".to_owned(),
            },
            _ if self.is_null() => "null".to_owned(),
            _ => format!("`{}`", self.raw),
        }
    }
}

/// The place of `part`, which is a slice of `whole`.
pub(super) fn span_in(whole: &str, part: &str) -> Span {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    debug_assert!(
        start + part.len() <= whole.len(),
        "a part lies within the whole"
    );
    Span::new(start, start + part.len())
}
