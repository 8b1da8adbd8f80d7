//! `releases.json`: which Kafka release first had a message, a version or a field, and which no longer has it.
//! It is computed by `import`; here it is read and asked.

use std::collections::BTreeMap;

use super::facts;
use crate::fault::{Faults, Mistake};
use crate::json::{Document, Findings, Object};
use crate::versions::Versions;

/// The history of messages, versions and fields over the imported releases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Releases {
    /// The imported releases, oldest first.
    pub releases: Vec<String>,
    /// Those of them whose layouts were merged, oldest first.
    pub layouts: Vec<String>,
    /// The first release of which the definitions of a module were at hand.
    pub modules: BTreeMap<String, String>,
    /// Messages that changed their name: the old name and the new one.
    pub renamed: BTreeMap<String, String>,
    /// The history of each message.
    pub messages: BTreeMap<String, MessageHistory>,
}

/// The history of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageHistory {
    /// The module it belongs to.
    pub module: String,
    /// The versions a release has, for each release where they change.
    pub versions: BTreeMap<Release, Versions>,
    /// The versions that were unstable in a release, for each release where they change.
    pub unstable: BTreeMap<Release, Versions>,
    /// The first release of each field that is not as old as the message.
    pub fields: BTreeMap<String, String>,
}

impl MessageHistory {
    fn has(&self, version: i16, release: Release) -> bool {
        at(&self.versions, release).contains(version)
    }

    fn is_unstable(&self, version: i16, release: Release) -> bool {
        at(&self.unstable, release).contains(version)
    }

    /// The versions of a release that can no longer change. Unstable ones are always the highest.
    fn stable(&self, release: Release) -> Versions {
        let all = at(&self.versions, release);
        let mut stable = all
            .iter()
            .filter(|version| !self.is_unstable(*version, release));
        match (stable.next(), stable.next_back()) {
            (Some(lowest), highest) => Versions::new(lowest, highest.unwrap_or(lowest)),
            (None, _) => Versions::NONE,
        }
    }
}

/// What the last change until this release made of a range.
fn at(ranges: &BTreeMap<Release, Versions>, release: Release) -> Versions {
    let last = ranges.range(..=release).next_back();
    last.map_or(Versions::NONE, |(_, versions)| *versions)
}

/// A release, in the order of time: its place in [`Releases::releases`].
pub type Release = usize;

impl Releases {
    /// The first release that has this version, as `4.1`; `None` when the version is older than can be told.
    ///
    /// A release in which the version could still change does not count, unless there is no other.
    pub fn version_since(&self, message: &str, version: i16) -> Option<&str> {
        let history = self.messages.get(message)?;
        let mut releases = (0..self.releases.len()).filter(|at| history.has(version, *at));
        let stable = releases
            .clone()
            .find(|at| !history.is_unstable(version, *at));
        self.unless_oldest(history, stable.or_else(|| releases.next())?)
    }

    /// The first release that no longer has this version, as `4.0`; `None` when the newest has it.
    pub fn version_removed_in(&self, message: &str, version: i16) -> Option<&str> {
        let history = self.messages.get(message)?;
        let last = (0..self.releases.len()).rfind(|at| history.has(version, *at))?;
        self.releases.get(last + 1).map(|name| major_minor(name))
    }

    /// The first release that has the message, as `4.1`; `None` when the message is older than can be told.
    ///
    /// A release in which every version could still change does not count, unless there is no other.
    pub fn message_since(&self, message: &str) -> Option<&str> {
        let history = self.messages.get(message)?;
        let mut stable = (0..self.releases.len()).filter(|at| !history.stable(*at).is_empty());
        let first = stable
            .next()
            .or_else(|| history.versions.keys().next().copied());
        self.unless_oldest(history, first?)
    }

    /// The first release that no longer has the message, as `4.0`; `None` when the newest has it.
    pub fn message_removed_in(&self, message: &str) -> Option<&str> {
        let (last, versions) = self.messages.get(message)?.versions.last_key_value()?;
        let removed = self.releases.get(*last).filter(|_| versions.is_empty())?;
        Some(major_minor(removed))
    }

    /// The versions of a message that can no longer change, for each release, as `4.1`, where that is new.
    pub fn stable_versions(&self, message: &str) -> Vec<(&str, Versions)> {
        let Some(history) = self.messages.get(message) else {
            return Vec::new();
        };
        let mut changes: Vec<(&str, Versions)> = Vec::new();
        for (at, release) in self.names().enumerate() {
            let stable = history.stable(at);
            if changes.last().map_or(Versions::NONE, |(_, last)| *last) != stable {
                changes.push((release, stable));
            }
        }
        changes
    }

    /// The releases, as `4.1`, oldest first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.releases.iter().map(|release| major_minor(release))
    }

    /// The first release that has this field, as `4.1`; `None` when the field is as old as its message.
    ///
    /// The path names the fields around it: `Topics.Partitions.Leader`.
    pub fn field_since(&self, message: &str, path: &str) -> Option<&str> {
        let release = self.messages.get(message)?.fields.get(path)?;
        Some(major_minor(release))
    }

    /// The names the message had before.
    pub fn old_names<'r>(&'r self, message: &'r str) -> impl Iterator<Item = &'r str> {
        self.renamed
            .iter()
            .filter(move |(_, new)| *new == message)
            .map(|(old, _)| old.as_str())
    }

    fn unless_oldest(&self, history: &MessageHistory, release: Release) -> Option<&str> {
        let name = self.releases.get(release)?;
        let first_known = self.modules.get(&history.module)?;
        (name != first_known).then(|| major_minor(name))
    }

    /// Reads `releases.json`.
    ///
    /// # Errors
    ///
    /// All faults of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        facts::parse(file, text, read)
    }
}

/// `4.1.2` as `4.1`.
pub(crate) fn major_minor(release: &str) -> &str {
    release
        .match_indices('.')
        .nth(1)
        .and_then(|(at, _)| release.get(..at))
        .unwrap_or(release)
}

fn read(document: &Document, found: &mut Findings) -> Option<Releases> {
    let mut root = Object::new(document.root(), "the file", found)?;
    let known = ["releases", "layouts", "modules", "renamed", "messages"];
    root.only(&known, found);
    let releases = root.texts("releases", found);
    let mut messages = BTreeMap::new();
    for entry in root.object("the file", "messages", found)?.entries() {
        if let Some(mut object) = Object::new(entry.value, "a message", found) {
            messages.extend(
                history(&mut object, &releases, found)
                    .map(|history| (entry.key.clone().into_owned(), history)),
            );
        }
    }
    Some(Releases {
        layouts: root.texts("layouts", found),
        modules: texts_of(&root, "modules", found),
        renamed: texts_of(&root, "renamed", found),
        messages,
        releases,
    })
}

fn history(
    object: &mut Object<'_>,
    releases: &[String],
    found: &mut Findings,
) -> Option<MessageHistory> {
    object.only(&["module", "versions", "unstable", "fields"], found);
    Some(MessageHistory {
        module: object.required_text("the message", "module", found)?,
        versions: ranges(object, "versions", releases, found),
        unstable: ranges(object, "unstable", releases, found),
        fields: texts_of(object, "fields", found),
    })
}

/// Version ranges by release; none where the key is absent.
fn ranges(
    object: &Object<'_>,
    key: &'static str,
    releases: &[String],
    found: &mut Findings,
) -> BTreeMap<Release, Versions> {
    let mut ranges = BTreeMap::new();
    let Some(value) = object.value(key) else {
        return ranges;
    };
    for entry in Object::new(value, key, found)
        .iter()
        .flat_map(Object::entries)
    {
        let Some(at) = releases.iter().position(|known| *known == entry.key) else {
            let wrong = format!("`{}` is not one of the releases", entry.key);
            let mistake = Mistake::new(wrong, "run `kafka-codegen import` again");
            object.mistaken(entry.key_value, mistake, found);
            continue;
        };
        match Versions::parse(&entry.value.text().unwrap_or_default()) {
            Ok(Some(versions)) => {
                ranges.insert(at, versions);
            }
            Ok(None) => {
                let mistake =
                    Mistake::new("a version range is missing", "write `none`, `3` or `0-3`");
                object.mistaken(entry.value, mistake, found);
            }
            Err(mistake) => object.mistaken(entry.value, mistake, found),
        }
    }
    ranges
}

/// Texts by name; none where the key is absent.
fn texts_of(
    object: &Object<'_>,
    key: &'static str,
    found: &mut Findings,
) -> BTreeMap<String, String> {
    let inner = object
        .value(key)
        .and_then(|value| Object::new(value, key, found));
    let entries = inner.iter().flat_map(Object::entries);
    let texts = entries.filter_map(|entry| {
        let text = entry.value.text();
        if text.is_none() {
            let wrong = format!("`{key}` must hold text, this is {}", entry.value.describe());
            object.mistaken(
                entry.value,
                Mistake::new(wrong, "write text in quotes"),
                found,
            );
        }
        Some((entry.key.clone().into_owned(), text?.into_owned()))
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
        "releases": ["3.0.2", "3.9.2", "4.0.2", "4.1.2"],
        "layouts": ["3.9.2", "4.1.2"],
        "modules": { "clients": "3.0.2", "raft": "3.9.2" },
        "renamed": { "OldRequest": "NewRequest" },
        "messages": {
            "NewRequest": {
                "module": "clients",
                "versions": { "3.0.2": "0-2", "3.9.2": "0-3", "4.0.2": "2-3", "4.1.2": "1-4" },
                "unstable": { "4.1.2": "4" },
                "fields": { "A.B": "3.9.2" }
            },
            "EndTxnRequest": {
                "module": "clients",
                "versions": { "3.0.2": "0", "3.9.2": "0-1" },
                "unstable": { "3.9.2": "1", "4.0.2": "none" }
            },
            "TrialRequest": {
                "module": "clients",
                "versions": { "3.9.2": "0", "4.1.2": "1" },
                "unstable": { "3.9.2": "0", "4.1.2": "none" }
            },
            "YoungRequest": {
                "module": "clients",
                "versions": { "3.9.2": "0" },
                "unstable": { "3.9.2": "0" }
            },
            "GoneRequest": { "module": "clients", "versions": { "3.0.2": "0", "4.0.2": "none" } },
            "Vote": { "module": "raft", "versions": { "3.9.2": "0", "4.0.2": "0-1" } }
        }
    }"#;

    #[test]
    fn a_version_is_as_old_as_the_first_release_that_has_it() {
        let releases = Releases::parse("f", TEXT).unwrap();
        assert_eq!(releases.version_since("NewRequest", 0), None);
        assert_eq!(releases.version_since("NewRequest", 3), Some("3.9"));
        assert_eq!(releases.version_since("NewRequest", 4), Some("4.1"));
        assert_eq!(releases.version_since("EndTxnRequest", 1), Some("4.0"));
        assert_eq!(releases.version_since("NewRequest", 9), None);
        assert_eq!(releases.version_since("Unheard", 0), None);
        assert_eq!(releases.field_since("NewRequest", "A.B"), Some("3.9"));
        assert_eq!(releases.field_since("NewRequest", "A"), None);
    }

    #[test]
    fn nothing_is_new_in_the_first_release_of_its_module() {
        let releases = Releases::parse("f", TEXT).unwrap();
        assert_eq!(releases.version_since("Vote", 0), None);
        assert_eq!(releases.version_since("Vote", 1), Some("4.0"));
    }

    #[test]
    fn a_version_that_came_back_was_not_removed() {
        let releases = Releases::parse("f", TEXT).unwrap();
        assert_eq!(releases.version_removed_in("NewRequest", 0), Some("4.0"));
        assert_eq!(releases.version_removed_in("NewRequest", 1), None);
        assert_eq!(releases.version_removed_in("GoneRequest", 0), Some("4.0"));
        assert_eq!(releases.version_removed_in("Vote", 0), None);
    }

    #[test]
    fn a_message_comes_with_its_first_stable_version() {
        let releases = Releases::parse("f", TEXT).unwrap();
        assert_eq!(releases.message_since("NewRequest"), None);
        assert_eq!(releases.message_since("TrialRequest"), Some("4.1"));
        assert_eq!(releases.message_since("YoungRequest"), Some("3.9"));
        assert_eq!(releases.message_removed_in("NewRequest"), None);
        assert_eq!(releases.message_removed_in("GoneRequest"), Some("4.0"));
    }

    #[test]
    fn versions_that_can_still_change_are_not_among_the_stable_ones() {
        let releases = Releases::parse("f", TEXT).unwrap();
        assert_eq!(
            releases.stable_versions("NewRequest"),
            [
                ("3.0", Versions::new(0, 2)),
                ("3.9", Versions::new(0, 3)),
                ("4.0", Versions::new(2, 3)),
                ("4.1", Versions::new(1, 3)),
            ]
        );
        let none = Versions::NONE;
        assert_eq!(
            releases.stable_versions("GoneRequest"),
            [("3.0", Versions::only(0)), ("4.0", none)]
        );
        assert_eq!(
            releases.stable_versions("TrialRequest"),
            [("4.1", Versions::only(1))]
        );
        assert!(releases.stable_versions("YoungRequest").is_empty());
        assert!(releases.stable_versions("Unheard").is_empty());
    }

    #[test]
    fn what_import_did_not_write_is_refused() {
        assert!(Releases::parse("f", r#"{"releases": [4]}"#).is_err());
    }
}
