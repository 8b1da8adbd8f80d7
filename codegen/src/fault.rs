//! Diagnostics: what is wrong with a file, where, and what would be right, printed as a compiler does.
//! Which rules there are is known to the modules that report them.

use std::fmt;
use std::ops::Range;

use crate::source::{Location, Source, Span};

/// One fault of a definition or data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The exact part of the file that is wrong.
    pub at: Location,
    /// The Kafka message that the file defines, where known.
    pub message: Option<String>,
    /// The field, with the names of the fields around it: `Topics.Partitions.Leader`.
    pub field: Option<String>,
    /// The fault.
    pub wrong: String,
    /// The correction.
    pub right: String,
}

impl Fault {
    /// A fault at `span` of a file.
    #[must_use]
    pub fn new(source: &Source, span: Span, mistake: Mistake) -> Self {
        Self {
            at: source.locate(span),
            message: None,
            field: None,
            wrong: mistake.wrong,
            right: mistake.right,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location {
            file,
            line,
            column,
            indent,
            width,
            text,
        } = &self.at;
        let number = line.to_string();
        let margin = number.len();
        // Tabs stay tabs, so that the caret stands below what it marks.
        let before = text.chars().take(*indent);
        let before: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
        writeln!(f, "error: {}", self.wrong)?;
        writeln!(f, "{:margin$}--> {file}:{line}:{column}", "")?;
        writeln!(f, "{:margin$} |", "")?;
        writeln!(f, "{number} | {text}")?;
        writeln!(f, "{:margin$} | {before}{}", "", "^".repeat(*width))?;
        match (&self.message, &self.field) {
            (Some(message), Some(field)) => {
                writeln!(f, "{:margin$} = in {message}, field {field}", "")?;
            }
            (Some(message), None) => writeln!(f, "{:margin$} = in {message}", "")?,
            (None, Some(field)) => writeln!(f, "{:margin$} = in field {field}", "")?,
            (None, None) => {}
        }
        write!(f, "{:margin$} = help: {}", "", self.right)
    }
}

impl std::error::Error for Fault {}

/// All faults that were found, in the order of the files and of the places in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Adds the faults of another file.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Puts the faults in the order in which they stand in the files.
    pub(crate) fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            (&a.at.file, a.at.line, a.at.column).cmp(&(&b.at.file, b.at.line, b.at.column))
        });
    }

    /// `Ok(value)` when there is no fault.
    ///
    /// # Errors
    ///
    /// The faults themselves, when there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self(faults.into_iter().collect())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            writeln!(f, "{fault}\n")?;
        }
        match self.0.len() {
            1 => write!(f, "error: the definitions have 1 fault"),
            n => write!(f, "error: the definitions have {n} faults"),
        }
    }
}

impl std::error::Error for Faults {}

/// The fault of one value and its correction, before it is known where the value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The fault.
    pub wrong: String,
    /// The correction.
    pub right: String,
    /// The bytes of the value's text that are wrong; all of them without it.
    pub within: Option<Range<usize>>,
}

impl Mistake {
    /// A mistake in two phrases.
    pub fn new(wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            right: right.into(),
            within: None,
        }
    }

    /// The same mistake, in these bytes of the text alone.
    #[must_use]
    pub fn within(self, within: Range<usize>) -> Self {
        Self {
            within: Some(within),
            ..self
        }
    }
}

/// The name among `known` that is most similar to `word`; `None` if none is similar.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.to_ascii_lowercase();
    known
        .iter()
        .map(|k| (strsim::levenshtein(&word, &k.to_ascii_lowercase()), *k))
        .filter(|(distance, k)| *distance <= k.len().max(word.len()) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_strange_one_has_none() {
        let known = ["versions", "taggedVersions", "type", "tag"];
        assert_eq!(nearest("version", &known), Some("versions"));
        assert_eq!(nearest("taggedversions", &known), Some("taggedVersions"));
        assert_eq!(nearest("zzzzzz", &known), None);
    }

    #[test]
    fn a_fault_prints_its_line_with_a_caret_under_the_exact_part() {
        let source = Source::new("a.json", "{\n\t\"type\": \"int33\"\n}\n");
        let mistake = Mistake::new("`int33` is not a type", "did you mean `int32`?");
        let fault = Fault {
            message: Some("A".to_owned()),
            ..Fault::new(&source, Span::new(12, 17), mistake)
        };
        let printed = "error: `int33` is not a type\n --> a.json:2:11\n  |\n2 | \t\"type\": \"int33\"\n  | \t         ^^^^^\n  = in A\n  = help: did you mean `int32`?";
        assert_eq!(fault.to_string(), printed);
    }
}
