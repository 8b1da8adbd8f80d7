//! A Kafka release: its messages, by name. It groups and parses what sources found.

use std::collections::BTreeMap;

use super::source::{self, Source};
use super::{ImportError, Summary};
use crate::fault::Faults;
use crate::schema::{Definition, Kind};
use crate::versions::Versions;

/// The messages of one release.
#[derive(Clone, Debug)]
pub(super) struct Release {
    pub(super) version: String,
    pub(super) messages: BTreeMap<String, Message>,
}

/// A message and what its own definition does not say.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) module: &'static str,
    pub(super) definition: Definition,
    /// The versions that could still change in that release; a response's follow from its request.
    pub(super) unstable: Versions,
}

impl Message {
    /// The valid versions that could no longer change.
    pub(super) fn stable(&self) -> impl Iterator<Item = i16> + use<> {
        let unstable = self.unstable;
        let versions = self.definition.valid_versions.iter();
        versions.filter(move |version| !unstable.contains(*version))
    }
}

impl Release {
    /// Returns `true` if anything of this module was at hand for this release.
    pub(super) fn has_module(&self, module: &str) -> bool {
        self.messages
            .values()
            .any(|message| message.module == module)
    }
}

/// All releases of the sources, oldest first.
pub(super) fn read(sources: &[Source], summary: &mut Summary) -> Result<Vec<Release>, ImportError> {
    let mut releases: BTreeMap<Option<Vec<u32>>, Release> = BTreeMap::new();
    let mut faults = Faults::default();
    for source in sources {
        for found in source.files(&mut summary.skipped)? {
            let definition = match Definition::parse_released(&found.file, &found.text) {
                Ok(definition) => definition,
                Err(more) => {
                    faults.extend(more);
                    continue;
                }
            };
            let number = source::number(&found.release);
            let release = releases.entry(number).or_insert_with(|| Release {
                version: found.release.clone(),
                messages: BTreeMap::new(),
            });
            let message = Message {
                module: found.module,
                definition,
                unstable: Versions::NONE,
            };
            let name = message.definition.name.clone();
            if let Some(twice) = release.messages.insert(name.clone(), message) {
                return Err(ImportError::Input(format!(
                    "release {} has {name} twice: in {} and in {}; give each jar or folder once",
                    release.version,
                    twice.definition.source.file(),
                    found.file
                )));
            }
        }
    }
    let mut releases: Vec<_> = faults.or(releases.into_values().collect())?;
    for release in &mut releases {
        mark_unstable(release);
        summary.read(release);
    }
    Ok(releases)
}

/// The latest version of a request may be unstable, and then that of its response is.
fn mark_unstable(release: &mut Release) {
    let unstable: BTreeMap<i16, Versions> = release
        .messages
        .values()
        .filter(|message| message.definition.latest_version_unstable)
        .filter_map(|message| {
            let highest = message.definition.valid_versions.highest()?;
            Some((message.definition.api_key?, Versions::only(highest)))
        })
        .collect();
    for message in release.messages.values_mut() {
        let definition = &message.definition;
        let key = definition
            .api_key
            .filter(|_| matches!(definition.kind, Kind::Request | Kind::Response));
        if let Some(versions) = key.and_then(|key| unstable.get(&key)) {
            message.unstable = definition.valid_versions.intersect(*versions);
        }
    }
}
