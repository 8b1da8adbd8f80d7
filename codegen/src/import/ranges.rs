//! The union of two version ranges, each of which holds only for the versions taken from its release.

use crate::versions::Versions;

/// Which release each version of the merged message is taken from.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// The versions that only the older release has, ascending.
    older: Vec<i16>,
    /// The versions the newer release has.
    newer: Versions,
}

impl Timeline {
    /// The versions of the newer release, and those of `older` that it lacks; `None` when there is a gap between them.
    pub(super) fn new(older: impl Iterator<Item = i16>, newer: Versions) -> Option<Self> {
        let older = older.filter(|version| !newer.contains(*version)).collect();
        let timeline = Self { older, newer };
        let count = timeline.versions().count();
        let all = timeline.all();
        (all.iter().count() == count).then_some(timeline)
    }

    /// Returns `true` if the older release has nothing that the newer one lacks.
    pub(super) fn adds_nothing(&self) -> bool {
        self.older.is_empty()
    }

    /// The versions that only the older release has.
    pub(super) fn older(&self) -> &[i16] {
        &self.older
    }

    /// All versions of the merged message.
    pub(super) fn all(&self) -> Versions {
        span(self.versions()).unwrap_or(Versions::NONE)
    }

    /// A range that, at every version of `domain`, holds what `older` or `newer` says for it; `None` if none can.
    ///
    /// What is outside of the domain does not matter. A range as it was written is preferred to a computed one.
    pub(super) fn union(
        &self,
        older: Versions,
        newer: Versions,
        domain: Versions,
    ) -> Option<Versions> {
        let versions: Vec<_> = self
            .versions()
            .filter(|version| domain.contains(*version))
            .collect();
        let wanted = |version: i16| {
            let range = if self.newer.contains(version) {
                newer
            } else {
                older
            };
            range.contains(version)
        };
        let closed = span(versions.iter().copied().filter(|version| wanted(*version)));
        let computed = closed.map_or(Versions::NONE, |closed| {
            let reaches_the_end = closed.highest() == versions.iter().copied().max();
            match closed.lowest() {
                Some(lowest) if reaches_the_end && (older.is_open() || newer.is_open()) => {
                    Versions::from(lowest)
                }
                _ => closed,
            }
        });
        [newer, older, computed].into_iter().find(|range| {
            versions
                .iter()
                .all(|version| range.contains(*version) == wanted(*version))
        })
    }

    fn versions(&self) -> impl Iterator<Item = i16> {
        self.older.iter().copied().chain(self.newer.iter())
    }
}

/// The range from the lowest to the highest.
fn span(versions: impl Iterator<Item = i16>) -> Option<Versions> {
    versions.fold(None, |range: Option<Versions>, version| {
        let lowest = range
            .and_then(Versions::lowest)
            .map_or(version, |lowest| lowest.min(version));
        let highest = range
            .and_then(Versions::highest)
            .map_or(version, |highest| highest.max(version));
        Some(Versions::new(lowest, highest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Versions {
        Versions::parse(text).expect(text).expect(text)
    }

    #[test]
    fn each_version_reads_as_its_own_release_had_it() {
        let timeline = Timeline::new(0..=11, read("3-13")).expect("no gap");
        assert_eq!(timeline.all(), read("0-13"));
        let table = [
            ("0+", "0+", "0+", "0+"),
            ("0+", "3+", "0+", "0+"),
            ("0-2", "none", "0+", "0-2"),
            ("0+", "none", "0+", "0-2"),
            ("none", "0+", "0+", "3+"),
            ("none", "13", "0+", "13"),
            ("1-9", "0-9", "0+", "1-9"),
            ("0+", "0-9", "3+", "0-9"),
            ("none", "none", "0+", "none"),
            ("0-1", "5+", "0+", "no range"),
        ];
        for (older, newer, domain, union) in table {
            let range = timeline.union(read(older), read(newer), read(domain));
            let range = range.map_or_else(|| "no range".to_owned(), |range| range.to_string());
            assert_eq!(range, union, "{older} and {newer} in {domain}");
        }
    }

    #[test]
    fn versions_with_a_gap_between_them_cannot_be_merged() {
        assert!(Timeline::new(0..=1, read("3-4")).is_none());
        assert!(Timeline::new(0..=3, read("3-4")).is_some());
        assert!(
            Timeline::new(3..=4, read("3-4"))
                .expect("no gap")
                .adds_nothing()
        );
    }
}
