//! Version ranges: their grammar (`none`, `N`, `N-M`, `N+`) and their algebra.
//! Which ranges a key may hold is not known here.

use std::fmt;

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::{char, digit1};
use nom::combinator::{all_consuming, cut, map_res, opt, success, value};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::fault::Mistake;

/// An inclusive range of versions, or no version at all.
///
/// A range without an end, written `N+`, ends at 32767.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub struct Versions(Option<(i16, i16)>);

impl Versions {
    /// No version.
    pub const NONE: Self = Self(None);
    /// Every version, `0+`.
    pub const ALL: Self = Self(Some((0, i16::MAX)));

    /// The versions from `lowest` to `highest`; none when `lowest` is above `highest`.
    pub const fn new(lowest: i16, highest: i16) -> Self {
        if lowest <= highest {
            Self(Some((lowest, highest)))
        } else {
            Self::NONE
        }
    }

    /// The versions from `lowest` on.
    pub const fn from(lowest: i16) -> Self {
        Self::new(lowest, i16::MAX)
    }

    /// Only this version.
    pub const fn only(version: i16) -> Self {
        Self::new(version, version)
    }

    /// Reads a range. `Ok(None)` when the text is empty, which stands for the default of the key.
    ///
    /// # Errors
    ///
    /// The text is not in the grammar, is beyond int16, or runs backwards, which Kafka's generator takes for no version.
    pub fn parse(text: &str) -> Result<Option<Self>, Mistake> {
        let indent = text.len() - text.trim_start().len();
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let bounds = match all_consuming(range).parse(text) {
            Ok((_, bounds)) => bounds,
            Err(error) => {
                let rest = match &error {
                    nom::Err::Error(error) | nom::Err::Failure(error) => error.input.len(),
                    nom::Err::Incomplete(_) => 0,
                };
                let at = indent + text.len() - rest;
                let mistake = Mistake::new(
                    format!("`{text}` is not a version range"),
                    "write `none`, `3`, `3-5` or `3+`, with versions from 0 to 32767 and no spaces inside",
                );
                return Err(mistake.within(at..(indent + text.len()).max(at + 1)));
            }
        };
        match bounds {
            Some((lowest, highest)) if lowest > highest => Err(Mistake::new(
                format!("the version range `{text}` runs backwards"),
                format!("write `{}`, or `none`", Self::new(highest, lowest)),
            )),
            bounds => Ok(Some(Self(bounds))),
        }
    }

    /// Returns `true` if there is no version in it.
    pub const fn is_empty(self) -> bool {
        self.0.is_none()
    }

    /// The lowest version, if there is any.
    pub fn lowest(self) -> Option<i16> {
        self.0.map(|(lowest, _)| lowest)
    }

    /// The highest version, if there is any; 32767 for an open range.
    pub fn highest(self) -> Option<i16> {
        self.0.map(|(_, highest)| highest)
    }

    /// Returns `true` if the range has no end.
    pub fn is_open(self) -> bool {
        self.highest() == Some(i16::MAX)
    }

    /// Returns `true` if the version is in the range.
    pub fn contains(self, version: i16) -> bool {
        self.0
            .is_some_and(|(lowest, highest)| (lowest..=highest).contains(&version))
    }

    /// Returns `true` if every version of `other` is in this range.
    pub fn contains_all(self, other: Self) -> bool {
        self.intersect(other) == other
    }

    /// The versions that are in both.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some((a, b)), Some((c, d))) => Self::new(a.max(c), b.min(d)),
            _ => Self::NONE,
        }
    }

    /// The versions one by one.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = i16> {
        self.0
            .into_iter()
            .flat_map(|(lowest, highest)| lowest..=highest)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("none"),
            Some((lowest, highest)) if lowest == highest => write!(f, "{lowest}"),
            Some((lowest, i16::MAX)) => write!(f, "{lowest}+"),
            Some((lowest, highest)) => write!(f, "{lowest}-{highest}"),
        }
    }
}

impl fmt::Debug for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

type Bounds = Option<(i16, i16)>;

/// `none`, `N`, `N-M` or `N+`.
fn range(text: &str) -> IResult<&str, Bounds> {
    let end = alt((
        value(Some(i16::MAX), char('+')),
        preceded(char('-'), cut(version)).map(Some),
        success(None),
    ));
    let bounds = (version, end).map(|(lowest, end)| Some((lowest, end.unwrap_or(lowest))));
    alt((value(None, tag("none")), bounds)).parse(text)
}

/// A number as Java's short parser takes it: with a plus sign and leading zeros, if any.
fn version(text: &str) -> IResult<&str, i16> {
    map_res(preceded(opt(char('+')), digit1), str::parse).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_grammar_reads_and_prints_canonically() {
        let table = [
            ("none", "none"),
            ("3", "3"),
            ("3-5", "3-5"),
            ("3-3", "3"),
            ("3+", "3+"),
            (" 3+ ", "3+"),
            ("+3", "3"),
            ("+3++", ""),
            ("+3+", "3+"),
            ("007-010", "7-10"),
            ("0-32767", "0+"),
            ("32767", "32767"),
            ("32768", ""),
            ("-1", ""),
            ("3 - 5", ""),
            ("3-", ""),
            ("3-5+", ""),
            ("5-3", ""),
            ("None", ""),
            ("3,4", ""),
        ];
        for (text, canonical) in table {
            let read = Versions::parse(text).map(|v| v.expect("not empty").to_string());
            assert_eq!(read.unwrap_or_default(), canonical, "{text}");
        }
        assert_eq!(Versions::parse("  "), Ok(None));
    }

    #[test]
    fn a_range_that_runs_backwards_is_told_how_to_run_forwards() {
        let mistake = Versions::parse("5-3").unwrap_err();
        assert_eq!(mistake.wrong, "the version range `5-3` runs backwards");
        assert_eq!(mistake.right, "write `3-5`, or `none`");
    }

    #[test]
    fn the_part_that_does_not_belong_is_told() {
        let table = [
            ("3-x", 2..3),
            (" 3,4", 2..4),
            ("32768", 0..5),
            ("3-5+", 3..4),
            ("3-", 2..3),
        ];
        for (text, within) in table {
            assert_eq!(
                Versions::parse(text).unwrap_err().within,
                Some(within),
                "{text}"
            );
        }
    }

    #[test]
    fn the_empty_range_is_in_every_range_and_contains_only_itself() {
        let some = Versions::new(2, 4);
        assert!(some.contains_all(Versions::NONE));
        assert!(Versions::NONE.contains_all(Versions::NONE));
        assert!(!Versions::NONE.contains_all(some));
        assert!(Versions::ALL.contains_all(some) && !some.contains_all(Versions::ALL));
        assert_eq!(some.intersect(Versions::from(4)), Versions::only(4));
        assert_eq!(some.intersect(Versions::from(5)), Versions::NONE);
        assert_eq!(some.iter().collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!((some.lowest(), Versions::NONE.highest()), (Some(2), None));
    }
}
