//! What is wrong with a definition, where, and what would be right; printed the way a compiler does.
//! Which rules there are is known to the modules that find the faults.

use std::fmt;

/// One thing that is wrong in a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as the user would name it.
    pub file: String,
    /// The line in the file, counted from 1.
    pub line: usize,
    /// The Kafka message the file defines, where that is known.
    pub message: Option<String>,
    /// The field, with the names of the fields around it: `Topics.Partitions.Leader`.
    pub field: Option<String>,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.wrong)?;
        writeln!(f, "  --> {}:{}", self.file, self.line)?;
        match (&self.message, &self.field) {
            (Some(message), Some(field)) => writeln!(f, "   = in {message}, field {field}")?,
            (Some(message), None) => writeln!(f, "   = in {message}")?,
            (None, Some(field)) => writeln!(f, "   = in field {field}")?,
            (None, None) => {}
        }
        write!(f, "   = help: {}", self.right)
    }
}

impl std::error::Error for Fault {}

/// All faults that were found, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Adds the faults of another file.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Puts the faults in the order in which they stand in the files.
    pub(crate) fn sort(&mut self) {
        self.0
            .sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
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

/// What is wrong with one value and what would be right, before it is known where the value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

impl Mistake {
    /// A mistake in two phrases.
    pub fn new(wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            right: right.into(),
        }
    }
}

/// The one of `known` that looks most like `word`, if any looks like it at all.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.to_ascii_lowercase();
    known
        .iter()
        .map(|k| (distance(&word, &k.to_ascii_lowercase()), *k))
        .filter(|(distance, k)| *distance <= k.len().max(word.len()) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.chars().zip(row.windows(2)) {
            if let [diagonal, above] = above {
                left = (diagonal + usize::from(x != y))
                    .min(left + 1)
                    .min(above + 1);
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
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
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
