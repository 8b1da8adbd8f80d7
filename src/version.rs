//! Versions of a message and ranges of them.
//! Which version a request is sent in is not decided here.

use std::fmt;

/// The version of a message, as it stands in a request header.
///
/// # Examples
///
/// ```
/// use kafka_codec::Version;
///
/// assert_eq!(Version::from(12), Version(12));
/// assert_eq!(Version(12).to_string(), "12");
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i16);

impl From<i16> for Version {
    fn from(number: i16) -> Self {
        Self(number)
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

    /// Whether `version` lies in the range.
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

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            self.min.fmt(f)
        } else {
            write!(f, "{}-{}", self.min, self.max)
        }
    }
}
