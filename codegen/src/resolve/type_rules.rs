//! What the type of a field lets it be: null, an id of something, compact in versions of its own, free of copies.

use super::{Check, Site};
use crate::schema::EntityType;
use crate::types::FieldType;
use crate::versions::Versions;

pub(super) fn check(check: &mut Check<'_>) {
    for at in check.sites() {
        nullable(check, &at);
        flexible(check, &at);
        zero_copy(check, &at);
        entity(check, &at);
    }
}

fn nullable(check: &mut Check<'_>, at: &Site<'_>) {
    let ty = &at.field.ty;
    let can_be_null = match ty {
        FieldType::String | FieldType::Bytes | FieldType::Records | FieldType::Struct(_) => true,
        ty => ty.is_array(),
    };
    if !at.field.nullable_versions.is_empty() && !can_be_null {
        check.field_fault(
            at,
            "nullableVersions",
            format!("a field of type `{ty}` cannot be null"),
            "leave `nullableVersions` out: only strings, bytes, records, arrays and structs can",
        );
    }
}

fn flexible(check: &mut Check<'_>, at: &Site<'_>) {
    let Some(flexible) = at.field.flexible_versions else {
        return;
    };
    let ty = &at.field.ty;
    if !matches!(ty, FieldType::String | FieldType::Bytes) {
        check.field_fault(
            at,
            "flexibleVersions",
            format!("a field of type `{ty}` has `flexibleVersions` of its own"),
            "leave it out: only `string` and `bytes` can",
        );
    }
    let of_message = check.definition.flexible_versions;
    if !of_message.contains_all(flexible) {
        check.field_fault(
            at,
            "flexibleVersions",
            format!("`{flexible}` is not within the message's flexible versions, `{of_message}`"),
            "write `none`, or a part of the message's",
        );
    }
    let versions = at.field.effective_versions();
    let versions = versions.intersect(check.definition.valid_versions);
    let (Some(first), Some(end)) = (flexible.lowest(), flexible.highest()) else {
        return;
    };
    // Tables have a first flexible version only, as Kafka's messages do.
    let later = versions.intersect(Versions::from(first));
    if !flexible.contains_all(later) {
        check.field_fault(
            at,
            "flexibleVersions",
            format!("the field has the versions `{versions}`, but its flexible versions `{flexible}` end before"),
            format!("write `{first}+`, or end the field in version {end}"),
        );
    }
}

fn zero_copy(check: &mut Check<'_>, at: &Site<'_>) {
    if at.field.zero_copy && at.field.ty != FieldType::Bytes {
        let wrong = format!("a field of type `{}` is `zeroCopy`", at.field.ty);
        check.field_fault(at, "zeroCopy", wrong, "leave it out: only `bytes` can be");
    }
}

fn entity(check: &mut Check<'_>, at: &Site<'_>) {
    let Some(entity) = at.field.entity_type else {
        return;
    };
    let expected = match entity {
        EntityType::TransactionalId | EntityType::GroupId | EntityType::TopicName => {
            FieldType::String
        }
        EntityType::ProducerId => FieldType::Int64,
        EntityType::BrokerId => FieldType::Int32,
    };
    let ty = at.field.ty.element().unwrap_or(&at.field.ty);
    if *ty != expected {
        let wrong = format!("a `{}` has type `{ty}`", entity.name());
        let right = format!("make the type `{expected}`, or leave `entityType` out");
        check.field_fault(at, "entityType", wrong, right);
    }
}
