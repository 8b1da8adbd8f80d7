//! Versions of a message and ranges of them.
//! Which version a request is sent in is not decided here.

use std::cmp::Ordering;
use std::num::ParseIntError;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::{error, fmt};

/// The version of a message, as it stands in a request header.
///
/// # Examples
///
/// ```
/// use kafka_codec::Version;
///
/// assert_eq!(Version::from(12), Version(12));
/// assert_eq!(Version(12).to_string(), "12");
/// assert_eq!("12".parse(), Ok(Version(12)));
/// assert!(Version(12) > 9 && Version(12) == 12);
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i16);

impl From<i16> for Version {
    fn from(number: i16) -> Self {
        Self(number)
    }
}

impl From<Version> for i16 {
    fn from(version: Version) -> Self {
        version.0
    }
}

impl PartialEq<i16> for Version {
    fn eq(&self, other: &i16) -> bool {
        self.0 == *other
    }
}

impl PartialEq<Version> for i16 {
    fn eq(&self, other: &Version) -> bool {
        *self == other.0
    }
}

impl PartialOrd<i16> for Version {
    fn partial_cmp(&self, other: &i16) -> Option<Ordering> {
        self.0.partial_cmp(other)
    }
}

impl PartialOrd<Version> for i16 {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        self.partial_cmp(&other.0)
    }
}

impl FromStr for Version {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An inclusive range of versions, never empty.
///
/// # Examples
///
/// ```
/// use kafka_codec::{Version, VersionRange};
///
/// let ours = VersionRange::new(0, 13).unwrap();
/// let theirs = VersionRange::new(4, 18).unwrap();
/// assert_eq!(ours.intersect(theirs), VersionRange::new(4, 13));
/// assert!(ours.contains(Version(13)));
/// assert_eq!(ours.to_string(), "0-13");
///
/// assert_eq!("0-13".parse(), Ok(ours));
/// assert_eq!(VersionRange::try_from(0..=13), Ok(ours));
/// assert_eq!((0..=13).try_into(), Ok(ours));
/// assert_eq!("4+".parse(), Ok(VersionRange::new(4, i16::MAX).unwrap()));
/// assert!("13-0".parse::<VersionRange>().is_err());
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct VersionRange {
    min: i16,
    max: i16,
}

impl VersionRange {
    /// The range from `min` to `max`, both included; `None` if `min` is above `max`.
    #[must_use]
    pub const fn new(min: i16, max: i16) -> Option<Self> {
        if min <= max {
            Some(Self { min, max })
        } else {
            None
        }
    }

    /// The one version `version`.
    #[must_use]
    pub const fn only(version: i16) -> Self {
        Self {
            min: version,
            max: version,
        }
    }

    /// The range that the generator checked to be in order.
    #[doc(hidden)]
    #[must_use]
    pub const fn generated(min: i16, max: i16) -> Self {
        assert!(min <= max, "the generator emits ranges in order");
        Self { min, max }
    }

    /// The lowest version.
    #[must_use]
    pub const fn min(self) -> Version {
        Version(self.min)
    }

    /// The highest version.
    #[must_use]
    pub const fn max(self) -> Version {
        Version(self.max)
    }

    /// Returns `true` if `version` lies in the range.
    #[must_use]
    #[inline]
    pub const fn contains(self, version: Version) -> bool {
        self.min <= version.0 && version.0 <= self.max
    }

    /// The versions in both ranges; `None` if there are none.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Option<Self> {
        let min = if self.min > other.min {
            self.min
        } else {
            other.min
        };
        let max = if self.max < other.max {
            self.max
        } else {
            other.max
        };
        Self::new(min, max)
    }

    /// Every version, lowest first.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Version> + Clone {
        (self.min..=self.max).map(Version)
    }
}

impl IntoIterator for VersionRange {
    type Item = Version;
    type IntoIter = std::iter::Map<RangeInclusive<i16>, fn(i16) -> Version>;

    fn into_iter(self) -> Self::IntoIter {
        (self.min..=self.max).map(Version)
    }
}

/// The one version.
impl From<Version> for VersionRange {
    fn from(version: Version) -> Self {
        Self::only(version.0)
    }
}

impl From<VersionRange> for RangeInclusive<i16> {
    fn from(range: VersionRange) -> Self {
        range.min..=range.max
    }
}

impl TryFrom<RangeInclusive<i16>> for VersionRange {
    type Error = VersionRangeError;

    fn try_from(range: RangeInclusive<i16>) -> Result<Self, VersionRangeError> {
        Self::new(*range.start(), *range.end()).ok_or(VersionRangeError)
    }
}

impl TryFrom<RangeInclusive<Version>> for VersionRange {
    type Error = VersionRangeError;

    fn try_from(range: RangeInclusive<Version>) -> Result<Self, VersionRangeError> {
        Self::try_from(range.start().0..=range.end().0)
    }
}

/// Reads a range as Kafka's definitions state it: `0-13`, `4` or `4+`, which has no end.
impl FromStr for VersionRange {
    type Err = VersionRangeError;

    fn from_str(text: &str) -> Result<Self, VersionRangeError> {
        let number = |text: &str| match text.starts_with(|first: char| first.is_ascii_digit()) {
            true => text.parse().map_err(|_| VersionRangeError),
            false => Err(VersionRangeError),
        };
        if let Some(min) = text.strip_suffix('+') {
            return Self::try_from(number(min)?..=i16::MAX);
        }
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        Self::try_from(number(min)?..=number(max)?)
    }
}

/// The error of a malformed range of versions: a text of another form, or an end below the start.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct VersionRangeError;

impl fmt::Display for VersionRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a range of versions (expected such as `0-13`, `4` or `4+`, the lowest version first)")
    }
}

impl error::Error for VersionRangeError {}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            self.min.fmt(f)
        } else {
            write!(f, "{}-{}", self.min, self.max)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_range_prints_is_read_again_and_all_else_is_refused() {
        for min in [0, 1, 9, 10, 255, i16::MAX] {
            for max in [0, 1, 13, 256, i16::MAX] {
                let range = VersionRange::new(min, max);
                assert_eq!(VersionRange::try_from(min..=max).ok(), range);
                assert_eq!(format!("{min}-{max}").parse().ok(), range);
                if let Some(range) = range {
                    assert_eq!(range.to_string().parse(), Ok(range));
                    assert!(range.iter().take(20).eq(range.into_iter().take(20)));
                }
            }
        }
        for text in [
            "", "-", "+", "1-", "-1", "1-2-3", "1 - 2", "+1", "1++", "32768", "0-32768", "0x1",
            "v1", "none",
        ] {
            assert_eq!(
                text.parse::<VersionRange>(),
                Err(VersionRangeError),
                "{text}"
            );
        }
    }
}
