//! Which structs a message has: those inside of fields, and common ones. How common ones are used is in
//! `common_structs`.

use std::collections::HashMap;

use super::{Check, Site, join};
use crate::fault::nearest;
use crate::schema::FieldDef;
use crate::source::Span;
use crate::versions::Versions;

/// The structs of a message, its own first, in the order they are defined.
pub(super) struct Registry<'d> {
    places: HashMap<&'d str, usize>,
    pub(super) structs: Vec<StructDefinition<'d>>,
}

/// A struct's definition.
pub(super) struct StructDefinition<'d> {
    pub(super) name: &'d str,
    /// Where faults of the struct are shown.
    pub(super) span: Span,
    /// With the names of the fields around it; a common struct's name; empty for the message's own.
    pub(super) path: String,
    pub(super) versions: Versions,
    pub(super) fields: &'d [FieldDef],
}

impl<'d> Registry<'d> {
    /// The place of the struct with this name in the message's list.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    fn add(&mut self, entry: StructDefinition<'d>) {
        self.places.insert(entry.name, self.structs.len());
        self.structs.push(entry);
    }
}

/// Finds the structs and checks how they are defined.
pub(super) fn register<'d>(check: &mut Check<'d>) -> Registry<'d> {
    let definition = check.definition;
    let mut registry = Registry {
        places: HashMap::new(),
        structs: Vec::new(),
    };
    registry.add(StructDefinition {
        name: &definition.name,
        span: definition.spans.object(),
        path: String::new(),
        versions: definition.valid_versions,
        fields: &definition.fields,
    });
    for common in &definition.common_structs {
        if let Some(other) = registry.place(&common.name) {
            let right = "give one of them another name";
            let at = common.spans.of("name");
            let wrong = taken(&common.name, other, "is defined twice");
            check.fault(at, Some(&common.name), wrong, right);
            continue;
        }
        registry.add(StructDefinition {
            name: &common.name,
            span: common.spans.object(),
            path: common.name.clone(),
            versions: common.versions.intersect(definition.valid_versions),
            fields: &common.fields,
        });
    }
    inline(
        check,
        &mut registry,
        "",
        &definition.fields,
        definition.valid_versions,
    );
    for at in check.sites() {
        bodies(check, &at);
        key(check, &at);
    }
    registry
}

fn taken(name: &str, place: usize, otherwise: &str) -> String {
    if place == 0 {
        format!("struct `{name}` has the name of the message")
    } else {
        format!("struct `{name}` {otherwise}")
    }
}

/// The structs that are defined where a field uses them.
fn inline<'d>(
    check: &mut Check<'d>,
    registry: &mut Registry<'d>,
    parent: &str,
    fields: &'d [FieldDef],
    possible: Versions,
) {
    let definition = check.definition;
    let is_inline = |name: &&str| definition.common_struct(name).is_none();
    let inline: Vec<_> = fields
        .iter()
        .filter_map(|field| Some((field, field.ty.struct_name().filter(is_inline)?)))
        .collect();
    for (field, name) in inline {
        let path = join(parent, &field.name);
        if let Some(other) = registry.place(name) {
            let right = "give it another name, or make it a common struct";
            let wrong = taken(name, other, "is used by another field already");
            check.fault(field.spans.of("type"), Some(&path), wrong, right);
            continue;
        }
        if !field.spans.has("fields") {
            let known = definition.common_structs.iter();
            let known: Vec<_> = known.map(|common| &*common.name).collect();
            let right = match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add `fields`, or define it among the common structs".to_owned(),
            };
            let wrong = format!("there is no struct `{name}`");
            check.fault(field.spans.of("type"), Some(&path), wrong, right);
            continue;
        }
        // Kafka's generator does not let these fall back to `taggedVersions`.
        if field.versions.is_none() {
            let right = "repeat the `taggedVersions` as `versions`";
            let wrong = "a tagged struct must state its `versions`";
            check.fault(field.spans.object(), Some(&path), wrong, right);
        }
        let versions = possible.intersect(field.effective_versions());
        if versions.is_empty() {
            let wrong = format!(
                "struct `{name}` is in none of the versions of what it is part of, `{possible}`"
            );
            let right = "give the field a version of its parent";
            check.fault(field.spans.of("versions"), Some(&path), wrong, right);
        }
        registry.add(StructDefinition {
            name,
            span: field.spans.object(),
            path: path.clone(),
            versions,
            fields: &field.fields,
        });
        self::inline(check, registry, &path, &field.fields, versions);
    }
}

/// Only a field that defines a struct has fields.
fn bodies(check: &mut Check<'_>, at: &Site<'_>) {
    if at.field.fields.is_empty() {
        return;
    }
    let ty = &at.field.ty;
    let (wrong, right) = match ty.struct_name() {
        None => (
            format!("a field of type `{ty}` has fields"),
            "leave `fields` out, or make the type a struct or an array of structs",
        ),
        Some(name) if check.definition.common_struct(name).is_some() => (
            format!("`{name}` is a common struct, but this field defines it again"),
            "leave `fields` out, or give the struct another name",
        ),
        Some(_) => return,
    };
    check.field_fault(at, "fields", wrong, right);
}

/// Map keys belong to the elements of arrays, and are never tagged.
fn key(check: &mut Check<'_>, at: &Site<'_>) {
    if !at.field.map_key {
        return;
    }
    if !at.path.contains('.') {
        let right = "leave `mapKey` out: only fields of array elements can be keys";
        check.field_fault(
            at,
            "mapKey",
            "a field of the message itself is a map key",
            right,
        );
    }
    if at.field.tag.is_some() {
        let right = "leave `mapKey` out, or the tag";
        check.field_fault(at, "mapKey", "a tagged field is a map key", right);
    }
}
