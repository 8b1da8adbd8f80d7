//! Which structs a message has: those inside of fields, and common ones.

use std::collections::HashMap;

use super::{Check, join};
use crate::schema::{FieldDef, StructDef};
use crate::types::FieldType;
use crate::versions::Versions;

/// The structs of a message besides its own, in the order they are defined.
pub(super) struct Registry<'d> {
    /// By place in the message's list, where 0 is its own struct.
    places: HashMap<&'d str, usize>,
    pub(super) structs: Vec<Entry<'d>>,
}

/// A struct's definition.
pub(super) struct Entry<'d> {
    pub(super) name: &'d str,
    /// With the names of the fields around it; a common struct's name.
    pub(super) path: String,
    pub(super) versions: Versions,
    pub(super) fields: &'d [FieldDef],
}

impl Registry<'_> {
    /// The place of the struct with this name in the message's list.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

/// Finds the structs and checks how they are used.
pub(super) fn register<'d>(check: &mut Check<'d>) -> Registry<'d> {
    let definition = check.definition;
    let mut registry = Registry {
        places: HashMap::new(),
        structs: Vec::new(),
    };
    let own = Entry {
        name: &definition.name,
        path: String::new(),
        versions: definition.valid_versions,
        fields: &definition.fields,
    };
    add(&mut registry, own);
    for common in &definition.common_structs {
        register_common(check, &mut registry, common);
    }
    register_inline(
        check,
        &mut registry,
        "",
        &definition.fields,
        definition.valid_versions,
    );
    for common in &definition.common_structs {
        check_uses_in_common(check, &registry, common);
    }
    keys(check);
    registry
}

fn add<'d>(registry: &mut Registry<'d>, entry: Entry<'d>) {
    registry.places.insert(entry.name, registry.structs.len());
    registry.structs.push(entry);
}

fn register_common<'d>(check: &mut Check<'d>, registry: &mut Registry<'d>, common: &'d StructDef) {
    if registry.place(&common.name).is_some() {
        let wrong = format!("struct `{}` is defined twice", common.name);
        check.fault(
            &common.place.key("name"),
            Some(&common.name),
            wrong,
            "rename one of them",
        );
        return;
    }
    add(
        registry,
        Entry {
            name: &common.name,
            path: common.name.clone(),
            versions: common.versions.intersect(check.definition.valid_versions),
            fields: &common.fields,
        },
    );
}

fn register_inline<'d>(
    check: &mut Check<'d>,
    registry: &mut Registry<'d>,
    parent: &str,
    fields: &'d [FieldDef],
    possible: Versions,
) {
    for field in fields {
        let path = join(parent, &field.name);
        let Some(name) = field.ty.struct_name() else {
            if !field.fields.is_empty() {
                check.fault(
                    &field.place.key("fields"),
                    Some(&path),
                    format!("a field of type `{}` has fields", field.ty),
                    "leave `fields` out, or make the type a struct or an array of structs",
                );
            }
            continue;
        };
        if check.definition.common_struct(name).is_some() {
            if !field.fields.is_empty() {
                check.fault(
                    &field.place.key("fields"),
                    Some(&path),
                    format!("`{name}` is a common struct, but this field defines it again"),
                    "leave `fields` out, or give the struct another name",
                );
            }
            continue;
        }
        if registry.place(name).is_some() {
            check.fault(
                &field.place.key("type"),
                Some(&path),
                format!("struct `{name}` is used by another field already"),
                "give it another name, or make it a common struct",
            );
            continue;
        }
        if field.versions.is_none() && field.tagged_versions.is_some() {
            check.fault(
                &field.place,
                Some(&path),
                "a tagged struct must state its `versions`",
                "repeat the `taggedVersions` as `versions`",
            );
        }
        let versions = possible.intersect(field.effective_versions());
        if versions.is_empty() {
            check.fault(
                &field.place.key("versions"),
                Some(&path),
                format!("struct `{name}` is in no version of what it is part of, {possible}"),
                "give the field a version of its parent",
            );
        }
        add(
            registry,
            Entry {
                name,
                path: path.clone(),
                versions,
                fields: &field.fields,
            },
        );
        register_inline(check, registry, &path, &field.fields, versions);
    }
}

/// Common structs may hold only primitives and other common structs, and none may hold itself.
fn check_uses_in_common(check: &mut Check<'_>, registry: &Registry<'_>, common: &StructDef) {
    for field in &common.fields {
        let path = join(&common.name, &field.name);
        let Some(name) = field.ty.struct_name() else {
            continue;
        };
        let Some(used) = check.definition.common_struct(name) else {
            let right = match registry.place(name) {
                Some(_) => "make it a common struct: a common struct cannot use one of a field",
                None => "define it among the common structs",
            };
            let wrong = format!("there is no common struct `{name}`");
            check.fault(&field.place.key("type"), Some(&path), wrong, right);
            continue;
        };
        if reaches(
            check,
            used,
            &common.name,
            check.definition.common_structs.len(),
        ) {
            check.fault(
                &field.place.key("type"),
                Some(&path),
                format!("struct `{}` contains itself", common.name),
                "Kafka's structs cannot be recursive: bound the depth",
            );
        }
    }
}

fn reaches(check: &Check<'_>, from: &StructDef, name: &str, depth: usize) -> bool {
    from.name == name
        || depth > 0
            && from.fields.iter().any(|field| {
                field
                    .ty
                    .struct_name()
                    .and_then(|used| check.definition.common_struct(used))
                    .is_some_and(|used| reaches(check, used, name, depth - 1))
            })
}

/// Map keys belong to the elements of arrays, and are never tagged.
fn keys(check: &mut Check<'_>) {
    for at in check.sites().iter().filter(|at| at.field.map_key) {
        if !at.path.contains('.') {
            check.field_fault(
                at,
                "mapKey",
                "a field of the message itself is a map key",
                "leave `mapKey` out: only fields of array elements can be keys",
            );
        }
        if at.field.tag.is_some() {
            check.field_fault(
                at,
                "mapKey",
                "a tagged field is a map key",
                "leave `mapKey` out, or the tag",
            );
        }
    }
}

/// Whether values of this type are sent with a length of their own.
pub(super) fn has_length(ty: &FieldType) -> bool {
    matches!(
        ty,
        FieldType::String | FieldType::Bytes | FieldType::Records
    ) || ty.is_array()
}
