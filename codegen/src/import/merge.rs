//! Merging releases, newest first: what both have must be the same, what only the older has is added.
//! Fields are merged in `fields`, ranges in `ranges`; what may differ is in `accepted`.

use std::collections::BTreeMap;

use super::accepted::accepted;
use super::adapt::{Adapted, adapt};
use super::changes::{Change, compare, path};
use super::fields::Union;
use super::ranges::Timeline;
use super::release::{Message, Release};
use super::{Difference, ImportError, Summary};
use crate::resolve::header_version;
use crate::schema::{Definition, FieldDef};
use crate::versions::Versions;

/// All messages of all releases, which come oldest first.
pub(super) fn merge(
    releases: &[Release],
    summary: &mut Summary,
) -> Result<BTreeMap<String, Message>, ImportError> {
    let Some((newest, older)) = releases.split_last() else {
        return Err(ImportError::Input(
            "no release was given; name jars or folders, such as jars/4.4.0".to_owned(),
        ));
    };
    check_modules(older, newest)?;
    let mut merged = newest.messages.clone();
    for release in older.iter().rev() {
        let adapted = adapt(release, &merged)?;
        check_shared(&adapted.release, &merged, &newest.version, summary)?;
        add(&adapted, &mut merged, summary)?;
        summary.adapted(&adapted);
    }
    for (name, message) in &mut merged {
        let definition = &mut message.definition;
        let valid = definition.valid_versions;
        for common in &mut definition.common_structs {
            drop_dead(&mut common.fields, valid, &common.name, &mut |field| {
                summary.dead(name, field)
            });
        }
        drop_dead(&mut definition.fields, valid, "", &mut |field| {
            summary.dead(name, field)
        });
    }
    Ok(merged)
}

/// The newest release has every module of the others: without it, all of the module would silently be what it was.
fn check_modules(older: &[Release], newest: &Release) -> Result<(), ImportError> {
    for release in older {
        let mut modules = release.messages.values().map(|message| message.module);
        if let Some(module) = modules.find(|module| !newest.has_module(module)) {
            let (old, new) = (&release.version, &newest.version);
            return Err(ImportError::Input(format!(
                "release {old} has definitions of the module {module}, and {new} has none; give that module of {new} too, \
                 such as kafka-{module}-{new}.jar, or leave it out of {old}"
            )));
        }
    }
    Ok(())
}

/// Removes the fields that are in no valid version: Kafka leaves some in its files when it removes versions.
fn drop_dead(
    fields: &mut Vec<FieldDef>,
    around: Versions,
    outer: &str,
    dead: &mut impl FnMut(&str),
) {
    fields.retain_mut(|field| {
        let path = path(outer, &field.name);
        let versions = around.intersect(field.effective_versions());
        if versions.is_empty() {
            dead(&path);
            return false;
        }
        drop_dead(&mut field.fields, versions, &path, dead);
        true
    });
}

/// Every version that both have, and that could no longer change in the older, must be the same in both.
fn check_shared(
    older: &Release,
    merged: &BTreeMap<String, Message>,
    newest: &str,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    let mut differences = Vec::new();
    for (name, message) in &older.messages {
        let Some(newer) = merged.get(name) else {
            continue;
        };
        let (old, new) = (&message.definition, &newer.definition);
        for version in old.valid_versions.intersect(new.valid_versions).iter() {
            for change in compare(old, new, version) {
                let difference = difference(name, version, change.clone(), &older.version, newest);
                if message.unstable.contains(version) {
                    summary.accept(difference, "it was unstable then");
                } else if let Some(why) = accepted(new, version, &change) {
                    summary.accept(difference, why);
                } else {
                    differences.push(difference);
                }
            }
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(ImportError::Disagree(differences))
    }
}

/// A change as it is printed.
pub(super) fn difference(
    message: &str,
    version: i16,
    change: Change,
    older: &str,
    newer: &str,
) -> Difference {
    Difference {
        message: message.to_owned(),
        version,
        field: change.field,
        what: change.kind.name(),
        older: (older.to_owned(), change.older),
        newer: (newer.to_owned(), change.newer),
    }
}

fn add(
    adapted: &Adapted,
    merged: &mut BTreeMap<String, Message>,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    for (name, older) in &adapted.release.messages {
        let newer = merged.get(name);
        let known = newer.map_or(Versions::NONE, |newer| newer.definition.valid_versions);
        let dropped = older.definition.valid_versions.intersect(older.unstable);
        for version in dropped.iter().filter(|version| !known.contains(*version)) {
            summary.drop_version(name, version, &adapted.release.version);
        }
        if let Some(message) = union(older, newer)? {
            merged.insert(name.clone(), message);
        }
    }
    Ok(())
}

/// The newer message with the versions that only the older has; `None` when it has none that are stable.
fn union(older: &Message, newer: Option<&Message>) -> Result<Option<Message>, ImportError> {
    let definition = newer.map_or(&older.definition, |newer| &newer.definition);
    let known = newer.map_or(Versions::NONE, |newer| newer.definition.valid_versions);
    let Some(timeline) = Timeline::new(older.stable(), known) else {
        return Err(inexpressible(
            definition,
            "versions",
            older.definition.valid_versions,
            known,
        ));
    };
    if timeline.adds_nothing() {
        return Ok(None);
    }
    let old = &older.definition;
    let range = |what, of: fn(&Definition) -> Versions| {
        let (old, new) = (
            of(old),
            if newer.is_some() {
                of(definition)
            } else {
                Versions::NONE
            },
        );
        let union = timeline.union(old, new, Versions::ALL);
        union.ok_or_else(|| inexpressible(definition, what, old, new))
    };
    // A retired API says nothing but its number; all else is what it was.
    let base = if definition.is_retired() {
        old
    } else {
        definition
    };
    let empty = Definition {
        fields: Vec::new(),
        common_structs: Vec::new(),
        ..old.clone()
    };
    let union = Union {
        older: old,
        newer: newer.map_or(&empty, |newer| &newer.definition),
        timeline: &timeline,
    };
    let fields = union.fields()?;
    let unstable = newer.map_or(Versions::NONE, |newer| newer.unstable);
    let highest = timeline.all().highest();
    Ok(Some(Message {
        module: newer.map_or(older.module, |newer| newer.module),
        definition: Definition {
            valid_versions: timeline.all(),
            flexible_versions: range("flexible versions", |definition| {
                definition.flexible_versions
            })?,
            deprecated_versions: range("deprecated versions", |definition| {
                definition.deprecated_versions
            })?,
            header_versions: header_versions(old, newer.map(|newer| &newer.definition), &timeline),
            common_structs: union.common_structs(&fields)?,
            fields,
            // The unstable versions of the older are dropped.
            latest_version_unstable: base.latest_version_unstable
                && highest.is_some_and(|highest| unstable.contains(highest)),
            ..base.clone()
        },
        unstable,
    }))
}

/// The header versions of both: of the newer where it has the version. Empty where neither states any, as they are
/// derived then.
fn header_versions(
    older: &Definition,
    newer: Option<&Definition>,
    timeline: &Timeline,
) -> Vec<(Versions, i16)> {
    let stated = |definition: &Definition| !definition.header_versions.is_empty();
    if !stated(older) && !newer.is_some_and(stated) {
        return Vec::new();
    }
    let mut starts: Vec<(i16, i16)> = timeline
        .all()
        .iter()
        .filter_map(|version| {
            let newer = newer.filter(|newer| newer.valid_versions.contains(version));
            Some((version, header_version(newer.unwrap_or(older), version)?))
        })
        .collect();
    starts.dedup_by_key(|(_, header)| *header);
    // Ranges are stated from 0 on, also where the first versions are gone.
    if let Some((first, _)) = starts.first_mut() {
        *first = 0;
    }
    let ends = starts.iter().skip(1).map(|(next, _)| next - 1);
    let ends: Vec<i16> = ends.chain([i16::MAX]).collect();
    let ranges = starts.into_iter().zip(ends);
    ranges
        .map(|((from, header), end)| (Versions::new(from, end), header))
        .collect()
}

fn inexpressible(
    definition: &Definition,
    what: &str,
    older: Versions,
    newer: Versions,
) -> ImportError {
    ImportError::Inexpressible {
        message: definition.name.clone(),
        field: String::new(),
        what: format!(
            "{what} `{older}` of the older and `{newer}` of the newer release do not make one range"
        ),
    }
}
