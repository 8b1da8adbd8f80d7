//! The summary of an import, for the person who ran it: counts, and everything that was not taken as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Difference;
use super::adapt::Adapted;
use super::print::Printed;
use super::release::{Message, Release};
use super::skipped::Skipped;
use crate::schema::Kind;

/// The summary of an import.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The messages, and the pairs of message and version, of each release.
    pub releases: Vec<(String, usize, usize)>,
    /// The pairs of message and version that were merged, by the kind of the message.
    pub pairs: BTreeMap<Kind, usize>,
    /// The messages that were merged, retired ones included.
    pub messages: usize,
    /// Messages that are stored under a newer name.
    pub renamed: BTreeSet<String>,
    /// Versions that were the number of a record type.
    pub renumbered: BTreeSet<String>,
    /// Unstable versions of older releases that the newest does not have.
    pub dropped: BTreeSet<String>,
    /// Fields that are in no version of their message any more, and are not stored.
    pub dead: BTreeSet<String>,
    /// Differences between releases that were accepted, and why.
    pub accepted: BTreeSet<String>,
    /// Versions of the newest release that may still change.
    pub unstable: BTreeSet<String>,
    /// Messages of releases that only tell the history, and that no merged release has.
    pub unknown: BTreeMap<String, BTreeSet<String>>,
    /// The files and folders of the sources that were not read.
    pub skipped: Skipped,
    /// The files that were removed: definitions of messages that are gone.
    pub removed: BTreeSet<String>,
    /// The changes in the folder.
    pub files: Files,
}

/// The changes in the folder.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Files that are new or have other contents now.
    pub written: usize,
    /// Files that were right already.
    pub unchanged: usize,
    /// Files of messages that are gone.
    pub removed: usize,
}

impl Summary {
    pub(super) fn read(&mut self, release: &Release) {
        let messages = release.messages.values();
        let pairs = messages
            .map(|message| message.definition.valid_versions.iter().count())
            .sum();
        self.releases
            .push((release.version.clone(), release.messages.len(), pairs));
    }

    pub(super) fn accept(&mut self, difference: Difference, why: &str) {
        self.accepted.insert(format!("{difference}: {why}"));
    }

    pub(super) fn drop_version(&mut self, message: &str, version: i16, release: &str) {
        self.dropped
            .insert(format!("{message} v{version}, unstable in {release}"));
    }

    pub(super) fn adapted(&mut self, adapted: &Adapted) {
        let renamed = adapted
            .renamed
            .iter()
            .map(|(old, new)| format!("{old} is {new}"));
        self.renamed.extend(renamed);
        self.renumbered.extend(adapted.renumbered.iter().cloned());
    }

    pub(super) fn dead(&mut self, message: &str, field: &str) {
        self.dead.insert(format!("{message}, field {field}"));
    }

    pub(super) fn merged(&mut self, printed: &[Printed]) {
        self.messages = printed.len();
        for Printed { message, .. } in printed {
            let definition = &message.definition;
            let versions = definition.valid_versions.iter().count();
            *self.pairs.entry(definition.kind).or_default() += versions;
            let unstable = message.unstable.iter();
            self.unstable
                .extend(unstable.map(|version| format!("{} v{version}", definition.name)));
        }
    }

    pub(super) fn unknown(&mut self, release: &Release, merged: &BTreeMap<String, Message>) {
        for name in release
            .messages
            .keys()
            .filter(|name| !merged.contains_key(*name))
        {
            self.unknown
                .entry(name.clone())
                .or_default()
                .insert(release.version.clone());
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (release, messages, pairs) in &self.releases {
            writeln!(
                f,
                "{release}: {messages} messages, {pairs} (message, version) pairs"
            )?;
        }
        let total: usize = self.pairs.values().sum();
        writeln!(
            f,
            "merged: {} messages, {total} (message, version) pairs",
            self.messages
        )?;
        for (kind, pairs) in &self.pairs {
            writeln!(f, "  {}: {pairs}", kind.name())?;
        }
        section(f, "renamed", self.renamed.iter())?;
        section(f, "record types that were versions", self.renumbered.iter())?;
        section(f, "dropped", self.dropped.iter())?;
        section(f, "fields in no version", self.dead.iter())?;
        section(f, "accepted", self.accepted.iter())?;
        section(f, "may still change", self.unstable.iter())?;
        let unknown: Vec<_> = self
            .unknown
            .iter()
            .map(|(name, releases)| {
                let releases: Vec<_> = releases.iter().map(String::as_str).collect();
                format!("{name} ({})", releases.join(", "))
            })
            .collect();
        section(f, "not imported, in no merged release", unknown.iter())?;
        self.skipped.fmt(f)?;
        section(f, "removed", self.removed.iter())?;
        let Files {
            written,
            unchanged,
            removed,
        } = self.files;
        write!(
            f,
            "files: {written} written, {unchanged} unchanged, {removed} removed"
        )
    }
}

fn section<'s>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    lines: impl ExactSizeIterator<Item = &'s String>,
) -> fmt::Result {
    if lines.len() > 0 {
        writeln!(f, "{title}: {}", lines.len())?;
    }
    for line in lines {
        writeln!(f, "  {line}")?;
    }
    Ok(())
}
