//! Definitions as text: always the same for the same facts, a field a line, so that a refresh is a readable diff.
//! Comments and descriptions are not facts of the protocol and are not written.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use super::ImportError;
use super::release::Message;
use crate::corpus::Corpus;
use crate::fault::Faults;
use crate::resolve;
use crate::schema::{Definition, FieldDef, StructDef};
use crate::versions::Versions;

/// A message, the text it is stored as, and the definition that text reads as.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    pub(super) message: Message,
    pub(super) text: String,
}

/// Prints every message, reads it again and resolves it, so that only what the build accepts is stored.
pub(super) fn reread(messages: BTreeMap<String, Message>) -> Result<Vec<Printed>, ImportError> {
    let mut printed = Vec::new();
    let mut faults = Faults::default();
    for (name, message) in messages {
        let text = print(&message.definition);
        let file = format!("{}/{name}.json", message.module);
        let read = Definition::parse(&file, &text).and_then(|definition| {
            if !definition.is_retired() {
                resolve::message(message.module, &definition, &Corpus::default())?;
            }
            Ok(definition)
        });
        match read {
            Ok(definition) => printed.push(Printed {
                message: Message {
                    definition,
                    ..message
                },
                text,
            }),
            Err(more) => faults.extend(more),
        }
    }
    Ok(faults.or(printed)?)
}

/// The text of a definition.
fn print(definition: &Definition) -> String {
    let mut keys = Keys::default();
    keys.text("name", &definition.name);
    keys.text("type", definition.kind.name());
    keys.raw("apiKey", definition.api_key);
    if !definition.listeners.is_empty() {
        let names: Vec<_> = definition
            .listeners
            .iter()
            .map(|listener| quoted(listener.name()))
            .collect();
        keys.raw("listeners", Some(format!("[{}]", names.join(", "))));
    }
    keys.text("validVersions", definition.valid_versions);
    keys.some("deprecatedVersions", definition.deprecated_versions);
    keys.flag("latestVersionUnstable", definition.latest_version_unstable);
    if !definition.is_retired() {
        keys.text("flexibleVersions", definition.flexible_versions);
    }
    if !definition.header_versions.is_empty() {
        let pairs: Vec<_> = definition
            .header_versions
            .iter()
            .map(|(versions, header)| format!("{}: {}", quoted(versions), quoted(header)))
            .collect();
        keys.raw(
            "headerVersions",
            Some(format!("{{ {} }}", pairs.join(", "))),
        );
    }
    let mut out = "{\n".to_owned();
    let mut lists = Vec::new();
    if !definition.common_structs.is_empty() {
        let structs = definition
            .common_structs
            .iter()
            .map(|common| print_struct(definition, common, 2));
        lists.push(list("commonStructs", structs, 1));
    }
    if !definition.is_retired() {
        let fields = definition.fields.iter();
        let fields = fields.map(|field| print_field(definition, field, 2));
        lists.push(list("fields", fields, 1));
    }
    let keys = keys
        .0
        .into_iter()
        .chain(lists)
        .map(|key| format!("  {key}"));
    out.push_str(&keys.collect::<Vec<_>>().join(",\n"));
    out.push_str("\n}\n");
    out
}

fn print_struct(definition: &Definition, common: &StructDef, depth: usize) -> String {
    let mut keys = Keys::default();
    keys.text("name", &common.name);
    keys.text("versions", common.versions);
    keys.some("deprecatedVersions", common.deprecated_versions);
    let fields = common
        .fields
        .iter()
        .map(|field| print_field(definition, field, depth + 1));
    keys.0.push(list("fields", fields, depth));
    keys.object(depth)
}

fn print_field(definition: &Definition, field: &FieldDef, depth: usize) -> String {
    let mut keys = Keys::default();
    keys.text("name", &field.name);
    keys.text("type", &field.ty);
    keys.text("versions", field.effective_versions());
    keys.some("nullableVersions", field.nullable_versions);
    keys.some(
        "taggedVersions",
        field.tagged_versions.unwrap_or(Versions::NONE),
    );
    keys.raw("tag", field.tag);
    if let Some(default) = &field.default {
        keys.text("default", default);
    }
    keys.flag("ignorable", field.ignorable);
    keys.flag("mapKey", field.map_key);
    if let Some(entity_type) = field.entity_type {
        keys.text("entityType", entity_type.name());
    }
    if let Some(flexible) = field.flexible_versions {
        keys.text("flexibleVersions", flexible);
    }
    keys.flag("zeroCopy", field.zero_copy);
    let is_own = |name| definition.common_struct(name).is_none();
    if !field.fields.is_empty() || field.ty.struct_name().is_some_and(is_own) {
        let fields = field
            .fields
            .iter()
            .map(|field| print_field(definition, field, depth + 1));
        keys.0.push(list("fields", fields, depth));
    }
    keys.object(depth)
}

/// The keys of an object with their values, in the order in which they are written.
#[derive(Default)]
struct Keys(Vec<String>);

impl Keys {
    fn text(&mut self, key: &str, value: impl Display) {
        self.raw(key, Some(quoted(value)));
    }

    fn raw(&mut self, key: &str, value: Option<impl Display>) {
        self.0
            .extend(value.map(|value| format!("{}: {value}", quoted(key))));
    }

    fn some(&mut self, key: &str, versions: Versions) {
        if !versions.is_empty() {
            self.text(key, versions);
        }
    }

    fn flag(&mut self, key: &str, flag: bool) {
        self.raw(key, Some(true).filter(|_| flag));
    }

    /// One line while it is short; what is longer goes on in the next, one deeper. A list begins where its name ends.
    fn object(self, depth: usize) -> String {
        let mut out = "{".to_owned();
        let mut column = 2 * depth + 1;
        for (i, key) in self.0.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { "," });
            let width = key.len() + " ,".len();
            if column + width + 1 > LINE && !key.contains('\n') {
                let _ = write!(out, "\n{:1$}", "", 2 * depth + 2);
                column = 2 * depth + 1;
            } else {
                out.push(' ');
            }
            column += width;
            out.push_str(key);
        }
        out.push_str(" }");
        out
    }
}

const LINE: usize = 140;

fn list(key: &str, items: impl Iterator<Item = String>, depth: usize) -> String {
    let items: Vec<_> = items
        .map(|item| format!("{:1$}{item}", "", 2 * depth + 2))
        .collect();
    if items.is_empty() {
        return format!("{}: []", quoted(key));
    }
    format!(
        "{}: [\n{}\n{:3$}]",
        quoted(key),
        items.join(",\n"),
        "",
        2 * depth
    )
}

/// A JSON string.
pub(super) fn quoted(value: impl Display) -> String {
    crate::json::quoted(&value.to_string())
}
