//! An older release as if it had been written today: with today's names, and today's numbers of record keys.
//! Layouts stay what they were.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::ImportError;
use super::accepted::{RENAMED_FIELDS, RENAMED_MESSAGES};
use super::release::{Message, Release};
use crate::schema::{Definition, FieldDef, Kind};
use crate::versions::Versions;

/// An older release with the names of today.
pub(super) struct Adapted {
    pub(super) release: Release,
    /// The names that are gone, and what they are now.
    pub(super) renamed: BTreeMap<String, String>,
    /// The versions that were the number of a record type and are version 0 now.
    pub(super) renumbered: Vec<String>,
}

/// Gives the messages of `release` the names they have in `newest`.
pub(super) fn adapt(
    release: &Release,
    newest: &BTreeMap<String, Message>,
) -> Result<Adapted, ImportError> {
    let mut adapted = Adapted {
        release: Release {
            version: release.version.clone(),
            messages: BTreeMap::new(),
        },
        renamed: BTreeMap::new(),
        renumbered: Vec::new(),
    };
    for (name, message) in &release.messages {
        for mut message in split(message, release, newest, &mut adapted.renumbered)? {
            rename_fields(&mut message.definition);
            let new = message.definition.name.clone();
            if new != *name && !newest.contains_key(name) {
                adapted.renamed.insert(name.clone(), new.clone());
            }
            if adapted
                .release
                .messages
                .insert(new.clone(), message)
                .is_some()
            {
                let version = &release.version;
                let text = format!(
                    "two messages of {version} would be called {new} today, one of them {name}"
                );
                return Err(ImportError::Input(text));
            }
        }
    }
    Ok(adapted)
}

/// The message under its name of today; record keys as one message for each record type.
fn split(
    message: &Message,
    release: &Release,
    newest: &BTreeMap<String, Message>,
    renumbered: &mut Vec<String>,
) -> Result<Vec<Message>, ImportError> {
    let definition = &message.definition;
    let key_of_today = |name: &str| {
        let today = newest.get(name).map(|message| &message.definition);
        today.filter(|today| today.kind == Kind::CoordinatorKey)
    };
    let mut messages = Vec::new();
    for version in definition.valid_versions.iter() {
        let name = name_of_today(message, Some(version), release, newest);
        let Some(today) = key_of_today(&name).filter(|_| definition.kind == Kind::Data) else {
            let name = name_of_today(message, None, release, newest);
            let mut message = message.clone();
            message.definition.name = name;
            return Ok(vec![message]);
        };
        if today.api_key != Some(version) && name == definition.name {
            return Err(ImportError::Input(format!(
                "{name} was record type {version} in {}, and is record type {} today; \
                 say in `codegen/src/import/accepted.rs` what it is called now",
                definition.source.file(),
                today.api_key.unwrap_or(-1)
            )));
        }
        if version != 0 || name != definition.name {
            renumbered.push(format!("{} v{version} is {name} v0", definition.name));
        }
        let mut message = message.clone();
        message.definition = only_version(definition, version);
        message.definition.name = name;
        message.definition.kind = today.kind;
        message.definition.api_key = today.api_key;
        messages.push(message);
    }
    if messages.is_empty() {
        messages.push(message.clone());
    }
    Ok(messages)
}

/// Numbers of APIs and metadata records are never given twice, so they tell a message under any name.
fn name_of_today(
    message: &Message,
    version: Option<i16>,
    release: &Release,
    newest: &BTreeMap<String, Message>,
) -> String {
    let definition = &message.definition;
    let same_number = |other: &&Message| {
        other.definition.kind == definition.kind
            && other.definition.api_key == definition.api_key
            && other.module == message.module
    };
    let listed = || {
        RENAMED_MESSAGES
            .iter()
            .filter(|entry| !release.messages.contains_key(entry.new))
            .find(|entry| {
                entry.old == definition.name
                    && (entry.record_type.is_none() || entry.record_type == version)
            })
            .map(|entry| entry.new.to_owned())
    };
    let renamed = match definition.kind {
        Kind::Request | Kind::Response | Kind::Metadata => newest
            .values()
            .find(same_number)
            .map(|other| other.definition.name.clone()),
        _ => listed(),
    };
    renamed.unwrap_or_else(|| definition.name.clone())
}

/// A definition that had this version only, as version 0.
fn only_version(definition: &Definition, version: i16) -> Definition {
    let zero = |versions: Versions| {
        if versions.contains(version) {
            Versions::ALL
        } else {
            Versions::NONE
        }
    };
    Definition {
        valid_versions: Versions::only(0),
        flexible_versions: zero(definition.flexible_versions),
        deprecated_versions: zero(definition.deprecated_versions),
        fields: mapped(&definition.fields, &zero),
        ..definition.clone()
    }
}

fn mapped(fields: &[FieldDef], map: &impl Fn(Versions) -> Versions) -> Vec<FieldDef> {
    fields
        .iter()
        .filter(|field| !map(field.effective_versions()).is_empty())
        .map(|field| FieldDef {
            versions: Some(map(field.effective_versions())),
            tagged_versions: field.tagged_versions.map(map),
            nullable_versions: map(field.nullable_versions),
            flexible_versions: field.flexible_versions.map(map),
            fields: mapped(&field.fields, map),
            ..field.clone()
        })
        .collect()
}

/// Inner fields before outer ones, since the table has the paths of the older release.
fn rename_fields(definition: &mut Definition) {
    let mut entries: Vec<_> = RENAMED_FIELDS
        .iter()
        .filter(|entry| entry.message == definition.name)
        .collect();
    entries.sort_by_key(|entry| Reverse(entry.old.split('.').count()));
    for entry in entries {
        let mut fields = &mut definition.fields;
        let mut steps = entry.old.split('.').peekable();
        while let Some(step) = steps.next() {
            let Some(field) = fields.iter_mut().find(|field| field.name == step) else {
                break;
            };
            if steps.peek().is_none() {
                entry.new.clone_into(&mut field.name);
                break;
            }
            fields = &mut field.fields;
        }
    }
}
