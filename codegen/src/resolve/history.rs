//! When the versions of a message came and went, in words.

use std::collections::BTreeMap;

use crate::corpus::Releases;
use crate::schema::Definition;
use crate::versions::Versions;

pub(super) fn sentences(
    definition: &Definition,
    latest_unstable: bool,
    releases: &Releases,
) -> Vec<String> {
    let name = &definition.name;
    let since = |version| releases.version_since(name, version);
    let removed = |version| releases.version_removed_in(name, version);
    let mut sentences = by_release(definition, since, ["Since", "since"]);
    sentences.extend(by_release(
        definition,
        removed,
        ["Removed in", "removed in"],
    ));
    if let (true, Some(latest)) = (latest_unstable, definition.valid_versions.highest()) {
        sentences.push(format!(
            "Version {latest} is unstable: it may still change."
        ));
    }
    sentences
}

/// The first release of each version, where that is known.
pub(super) fn since(definition: &Definition, releases: &Releases) -> Vec<(i16, String)> {
    let versions = definition.valid_versions.iter();
    let since = |version| releases.version_since(&definition.name, version);
    versions
        .filter_map(|version| Some((version, since(version)?.to_owned())))
        .collect()
}

/// One sentence for each release that `release` names for a version. The words are those for all versions, and for some.
fn by_release<'r>(
    definition: &Definition,
    release: impl Fn(i16) -> Option<&'r str>,
    [all, some]: [&str; 2],
) -> Vec<String> {
    let mut ranges: Vec<(&str, i16, i16)> = Vec::new();
    let versions = definition.valid_versions.iter();
    for (version, release) in versions.filter_map(|version| Some((version, release(version)?))) {
        match ranges.last_mut() {
            Some((same, _, highest)) if *same == release && *highest == version - 1 => {
                *highest = version;
            }
            _ => ranges.push((release, version, version)),
        }
    }
    let mut sentences = BTreeMap::new();
    for (release, lowest, highest) in ranges {
        let versions = Versions::new(lowest, highest);
        let sentence = if versions == definition.valid_versions {
            format!("{all} Kafka {release}.")
        } else {
            let plural = if lowest == highest { "" } else { "s" };
            format!("Version{plural} {versions} {some} Kafka {release}.")
        };
        sentences.insert((lowest, release), sentence);
    }
    sentences.into_values().collect()
}
