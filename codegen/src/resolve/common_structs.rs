//! Checks of common structs: used by whom, in which versions, and never inside of themselves.

use std::collections::HashSet;

use super::structs::Registry;
use super::{Check, join};
use crate::schema::{Definition, StructDef};

pub(super) fn check(check: &mut Check<'_>, registry: &Registry<'_>) {
    for common in &check.definition.common_structs {
        uses(check, registry, common);
    }
    versions(check, registry);
}

/// A common struct may hold only primitives and other common structs, and none may hold itself.
fn uses(check: &mut Check<'_>, registry: &Registry<'_>, common: &StructDef) {
    for field in &common.fields {
        let path = join(&common.name, &field.name);
        let at = field.spans.of("type");
        let Some(name) = field.ty.struct_name() else {
            continue;
        };
        let Some(used) = check.definition.common_struct(name) else {
            let right = if registry.place(name).is_some() || !field.fields.is_empty() {
                "make it a common struct: a common struct cannot hold one that a field defines"
            } else {
                "define it among the common structs"
            };
            let wrong = format!("there is no common struct `{name}`");
            check.fault(at, Some(&path), wrong, right);
            continue;
        };
        if reaches(check.definition, used, &common.name) {
            let wrong = format!("struct `{}` contains itself", common.name);
            let right = "Kafka's structs cannot be recursive: bound the depth";
            check.fault(at, Some(&path), wrong, right);
        }
    }
}

/// Returns `true` if the struct `name` is `from` or inside of it.
fn reaches(definition: &Definition, from: &StructDef, name: &str) -> bool {
    let mut seen = HashSet::new();
    let mut left = vec![from];
    while let Some(next) = left.pop() {
        if next.name == name {
            return true;
        }
        if seen.insert(&next.name) {
            let fields = next.fields.iter();
            left.extend(
                fields.filter_map(|field| definition.common_struct(field.ty.struct_name()?)),
            );
        }
    }
    false
}

/// Where a common struct is used, it exists. Kafka's Java code finds out when it encodes one.
fn versions(check: &mut Check<'_>, registry: &Registry<'_>) {
    for entry in &registry.structs {
        for field in entry.fields {
            let name = field.ty.struct_name().unwrap_or_default();
            let Some(common) = check.definition.common_struct(name) else {
                continue;
            };
            let used = field.effective_versions().intersect(entry.versions);
            if !common.versions.contains_all(used) {
                let wrong = format!(
                    "struct `{name}` has versions `{}`, but this field uses it in `{used}`",
                    common.versions
                );
                let right = format!("let the struct have the versions `{used}` too");
                let at = field.spans.of("type");
                check.fault(at, Some(&join(&entry.path, &field.name)), wrong, right);
            }
        }
    }
}
