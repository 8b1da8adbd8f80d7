//! Which versions an API has and had, and which version to speak.

use super::ApiKey;
use crate::{Version, VersionRange};

impl ApiKey {
    /// All versions known here; `None` if the API is unknown.
    ///
    /// No release has to have all of them: see [`versions_in`](Self::versions_in).
    #[must_use]
    pub const fn versions(self) -> Option<VersionRange> {
        match self.row() {
            Some(row) => Some(row.versions),
            None => None,
        }
    }

    /// The versions that cannot change any more: all but the highest, if that one is unstable.
    /// `None` if there are none, or the API is unknown.
    #[must_use]
    pub const fn stable_versions(self) -> Option<VersionRange> {
        match self.row() {
            Some(row) if row.latest_unstable => {
                let (min, max) = (row.versions.min().0, row.versions.max().0);
                VersionRange::new(min, max - 1)
            }
            Some(row) => Some(row.versions),
            None => None,
        }
    }

    /// The stable versions that a release of Kafka has, which are those it serves unless told
    /// otherwise. `None` if it does not have the API, or is none of [`RELEASES`](Self::RELEASES).
    ///
    /// The release is written as `4.1` or `4.1.2`; what follows the second number does not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::{ApiKey, VersionRange};
    ///
    /// assert_eq!(ApiKey::JoinGroup.versions_in("3.9"), VersionRange::new(0, 9));
    /// assert_eq!(ApiKey::Produce.versions_in("4.0.1"), VersionRange::new(3, 12));
    /// assert_eq!(ApiKey::LeaderAndIsr.versions_in("4.0"), None);
    /// assert_eq!(ApiKey::Produce.versions_in("0.8"), None);
    /// ```
    #[must_use]
    pub fn versions_in(self, release: &str) -> Option<VersionRange> {
        let asked = place(major_minor(release))?;
        let mut changes = self.row()?.releases.iter().rev();
        let (_, min, max) = changes.find(|(since, ..)| place(since) <= Some(asked))?;
        VersionRange::new(*min, *max)
    }

    /// The first release that has the API, as `4.1`. `None` if it is older than the first of
    /// [`RELEASES`](Self::RELEASES) or as old, or the API is unknown.
    #[must_use]
    pub const fn since(self) -> Option<&'static str> {
        match self.row() {
            Some(row) => row.since,
            None => None,
        }
    }

    /// The first release that no longer has the API, as `4.0`. `None` if the newest of
    /// [`RELEASES`](Self::RELEASES) has it, or the API is unknown.
    #[must_use]
    pub const fn removed_in(self) -> Option<&'static str> {
        match self.row() {
            Some(row) => row.removed_in,
            None => None,
        }
    }

    /// The first flexible version, from which on lengths are compact and structs end with tagged
    /// fields. `None` if no version is, or the API is unknown.
    #[must_use]
    pub const fn flexible_since(self) -> Option<Version> {
        match self.row() {
            Some(row) => match row.flexible_since {
                Some(version) => Some(Version(version)),
                None => None,
            },
            None => None,
        }
    }

    /// The version to speak with a peer that has `theirs`: the highest stable one that both sides
    /// have. `None` if there is none, or the API is unknown.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::{ApiKey, Version, VersionRange};
    ///
    /// let theirs = VersionRange::new(4, 99).expect("in order");
    /// assert_eq!(ApiKey::OffsetFetch.choose_version(theirs), Some(Version(10)));
    /// // Version 6 is unstable, so it is never chosen.
    /// assert_eq!(ApiKey::InitProducerId.choose_version(theirs), Some(Version(5)));
    /// assert_eq!(ApiKey::OffsetFetch.choose_version(VersionRange::only(99)), None);
    /// ```
    #[must_use]
    pub const fn choose_version(self, theirs: VersionRange) -> Option<Version> {
        let Some(ours) = self.stable_versions() else {
            return None;
        };
        let highest = if ours.max().0 < theirs.max().0 {
            ours.max()
        } else {
            theirs.max()
        };
        if ours.contains(highest) && theirs.contains(highest) {
            Some(highest)
        } else {
            None
        }
    }
}

/// The place of a release among those that are known.
fn place(release: &str) -> Option<usize> {
    ApiKey::RELEASES.iter().position(|known| *known == release)
}

/// `4.1.2` as `4.1`.
fn major_minor(release: &str) -> &str {
    let end = release.match_indices('.').nth(1);
    end.map_or(release, |(end, _)| release.split_at(end).0)
}
