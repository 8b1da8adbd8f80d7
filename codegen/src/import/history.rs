//! Since when there is which message, version and field: computed from every release, stored in `releases.json`.
//! What the merged definitions are is settled before.

use std::collections::BTreeMap;

use super::adapt::adapt;
use super::changes::{body, path};
use super::print::Printed;
use super::release::{Message, Release};
use super::{ImportError, Summary, source};
use crate::corpus::{MessageHistory, Releases};
use crate::schema::{Definition, FieldDef, Kind};
use crate::versions::Versions;

/// The history of everything that was merged.
pub(super) fn history(
    merged: &[Printed],
    layouts: &[Release],
    others: &[Release],
    summary: &mut Summary,
) -> Result<Releases, ImportError> {
    let merged: BTreeMap<String, Message> = merged
        .iter()
        .map(|printed| {
            (
                printed.message.definition.name.clone(),
                printed.message.clone(),
            )
        })
        .collect();
    let is_layout = |other: &&Release| layouts.iter().any(|known| known.version == other.version);
    let others = others.iter().filter(|other| !is_layout(other));
    let mut releases: Vec<&Release> = layouts.iter().chain(others).collect();
    releases.sort_by_key(|release| source::number(&release.version));

    let mut history = History::default();
    history.all.layouts = layouts
        .iter()
        .map(|release| release.version.clone())
        .collect();
    for release in releases {
        let adapted = adapt(release, &merged)?;
        summary.unknown(&adapted.release, &merged);
        history.add(&adapted.release, &merged)?;
        history.all.renamed.extend(adapted.renamed);
    }
    Ok(history.finish())
}

#[derive(Default)]
struct History {
    all: Releases,
    /// By message and field: the first release that has it at all, and the first in which it could no longer change.
    fields: BTreeMap<(String, String), [Option<String>; 2]>,
}

impl History {
    fn add(
        &mut self,
        release: &Release,
        merged: &BTreeMap<String, Message>,
    ) -> Result<(), ImportError> {
        let at = self.all.releases.len();
        self.all.releases.push(release.version.clone());
        for (name, now) in merged {
            if !release.has_module(now.module) {
                continue;
            }
            let first = || release.version.clone();
            self.all
                .modules
                .entry(now.module.to_owned())
                .or_insert_with(first);
            let of = self
                .all
                .messages
                .entry(name.clone())
                .or_insert_with(|| MessageHistory {
                    module: now.module.to_owned(),
                    ..MessageHistory::default()
                });
            let then = release.messages.get(name);
            let versions = then.map_or(Versions::NONE, |then| then.definition.valid_versions);
            let unstable = then.map_or(Versions::NONE, |then| then.unstable);
            for (ranges, range) in [(&mut of.versions, versions), (&mut of.unstable, unstable)] {
                let before = ranges
                    .values()
                    .next_back()
                    .copied()
                    .unwrap_or(Versions::NONE);
                if range != before {
                    ranges.insert(at, range);
                }
            }
            if let Some(then) = then {
                self.add_fields(name, now, then, &release.version)?;
            }
        }
        Ok(())
    }

    fn add_fields(
        &mut self,
        name: &str,
        now: &Message,
        then: &Message,
        release: &str,
    ) -> Result<(), ImportError> {
        let in_then = paths(&then.definition)?;
        for (path, versions) in paths(&now.definition)? {
            let by_name = in_then.get(&path).copied().unwrap_or(Versions::NONE);
            let has = |version: i16| by_name.contains(version);
            // The layout of a version that could no longer change is what it is now, whatever the names were.
            let fixed = matches!(now.definition.kind, Kind::Request | Kind::Response);
            let stable = |version: i16| has(version) || (fixed && versions.contains(version));
            let stable = then.stable().any(stable);
            let known = self.fields.entry((name.to_owned(), path)).or_default();
            let [any, first_stable] = known;
            for (known, has) in [
                (
                    any,
                    stable || then.definition.valid_versions.iter().any(has),
                ),
                (first_stable, stable),
            ] {
                if has && known.is_none() {
                    *known = Some(release.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Leaves out the fields that are as old as their message.
    fn finish(self) -> Releases {
        let mut all = self.all;
        let since = |[any, stable]: [Option<String>; 2]| stable.or(any);
        let mut oldest: BTreeMap<String, Option<Vec<u32>>> = BTreeMap::new();
        for ((message, _), [any, stable]) in &self.fields {
            let release = stable.as_ref().or(any.as_ref());
            if let Some(number) = release.map(|release| source::number(release)) {
                let known = oldest
                    .entry(message.clone())
                    .or_insert_with(|| number.clone());
                *known = number.min(known.take());
            }
        }
        for ((message, path), releases) in self.fields {
            let Some(release) = since(releases) else {
                continue;
            };
            let as_old = oldest.get(&message) == Some(&source::number(&release));
            if let Some(of) = all.messages.get_mut(&message).filter(|_| !as_old) {
                of.fields.insert(path, release);
            }
        }
        all
    }
}

/// The maximum number of fields of a message, those of a struct counted wherever it is used. Kafka's largest message has
/// 100.
const MAX_PATHS: usize = 10_000;

/// Every field by its path, with the versions in which all around it exist too.
fn paths(definition: &Definition) -> Result<BTreeMap<String, Versions>, ImportError> {
    let mut paths = Paths {
        definition,
        around: Vec::new(),
        found: BTreeMap::new(),
        entered: 0,
    };
    match paths.collect("", &definition.fields, Versions::ALL) {
        true => Ok(paths.found),
        false => Err(ImportError::Inexpressible {
            message: definition.name.clone(),
            field: String::new(),
            what: format!(
                "the message has more than {MAX_PATHS} fields, those of a struct counted wherever it is used"
            ),
        }),
    }
}

struct Paths<'d> {
    definition: &'d Definition,
    /// The structs around a field, since structs may contain themselves.
    around: Vec<&'d str>,
    found: BTreeMap<String, Versions>,
    /// The number of fields so far. A struct of an older release may have several with one name.
    entered: usize,
}

impl<'d> Paths<'d> {
    /// Returns `false` if there are too many.
    fn collect(&mut self, outer: &str, fields: &'d [FieldDef], versions: Versions) -> bool {
        for field in fields {
            self.entered += 1;
            if self.entered > MAX_PATHS {
                return false;
            }
            let path = path(outer, &field.name);
            let versions = versions.intersect(field.effective_versions());
            self.found.insert(path.clone(), versions);
            let name = field.ty.struct_name();
            let Some(name) = name.filter(|name| !self.around.contains(name)) else {
                continue;
            };
            self.around.push(name);
            let is_bounded = self.collect(&path, body(self.definition, field), versions);
            self.around.pop();
            if !is_bounded {
                return false;
            }
        }
        true
    }
}
