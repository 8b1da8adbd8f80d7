//! Names as people write them: compared without regard to case, hyphens, underscores and blanks.
//! Which names there are is not known here.

use std::fmt;

/// Returns `true` if both are the same name.
pub(crate) fn same(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

/// Which of `names` is the same as `name`.
pub(crate) fn position(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|known| same(known, name))
}

/// What counts of a name.
fn letters(name: &str) -> impl Iterator<Item = char> + Clone {
    name.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
}

/// What a text may be.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readable {
    /// A name.
    Names,
    /// A name or a number.
    NamesAndNumbers,
}

/// A text that is none of the names it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownName {
    text: Box<str>,
    suggestion: Option<&'static str>,
}

impl UnknownName {
    /// What `text` is, which is none of `names`.
    pub(crate) fn new(text: &str, names: &[&'static str]) -> Self {
        Self {
            text: text.into(),
            suggestion: nearest(text, names),
        }
    }

    pub(crate) const fn suggestion(&self) -> Option<&'static str> {
        self.suggestion
    }

    /// Writes what is wrong and the way out of it, where there are `what` such as `example`.
    pub(crate) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        what: &str,
        example: &str,
        read: Readable,
    ) -> fmt::Result {
        write!(f, "unknown {what} `{}`: ", self.text)?;
        let or_number = match read {
            Readable::Names => "",
            Readable::NamesAndNumbers => ", or the number",
        };
        match self.suggestion {
            Some(name) => write!(f, "did you mean `{name}`?"),
            None => write!(f, "write a name such as `{example}`{or_number}"),
        }
    }
}

/// The one of `names` that looks most like `text`, if any does: a third of the letters may differ,
/// and in short names two.
fn nearest(text: &str, names: &[&'static str]) -> Option<&'static str> {
    let length = letters(text).count();
    let max_distance = |name: &str| 2.max(letters(name).count().max(length) / 3);
    let names = names.iter().copied();
    names
        // A text may be of any length, so what cannot be near is not compared.
        .filter(|name| letters(name).count().abs_diff(length) <= max_distance(name))
        .map(|name| (distance(text, name), name))
        .filter(|(distance, name)| *distance <= max_distance(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein's distance of what counts of the names.
fn distance(a: &str, b: &str) -> usize {
    let [a, b] = [a, b].map(|name| letters(name).collect::<String>());
    strsim::levenshtein(&a, &b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_hyphens_underscores_and_blanks_do_not_count() {
        assert!(same("list-offsets", "LIST_OFFSETS"));
        assert!(same(" List Offsets\n", "ListOffsets"));
        assert!(!same("ListOffset", "ListOffsets"));
        assert!(!same("", "a"));
    }

    #[test]
    fn the_nearest_name_is_found_and_what_is_like_none_has_none() {
        let names = ["Fetch", "FetchSnapshot", "Vote"];
        assert_eq!(nearest("fecth", &names), Some("Fetch"));
        assert_eq!(nearest("fetch-snap-shots", &names), Some("FetchSnapshot"));
        assert_eq!(nearest("vot", &names), Some("Vote"));
        assert_eq!(nearest("", &names), None);
        assert_eq!(nearest("Produce", &names), None);
        assert_eq!(nearest(&"Fetch".repeat(100_000), &names), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
