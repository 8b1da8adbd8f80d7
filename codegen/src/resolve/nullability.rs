//! Which fields may be null, which may override how their length is written, and what type goes
//! with what they identify.

use super::structs::has_length;
use super::{Check, Site};
use crate::schema::EntityType;
use crate::types::FieldType;

pub(super) fn check(check: &mut Check<'_>) {
    for at in check.sites() {
        let element = at.field.ty.element().unwrap_or(&at.field.ty);
        nullable(check, &at);
        flexible(check, &at);
        if at.field.zero_copy && at.field.ty != FieldType::Bytes {
            let wrong = format!("a field of type `{}` is `zeroCopy`", at.field.ty);
            check.field_fault(&at, "zeroCopy", wrong, "leave it out: only `bytes` can be");
        }
        let Some(entity) = at.field.entity_type else {
            continue;
        };
        let expected = match entity {
            EntityType::TransactionalId | EntityType::GroupId | EntityType::TopicName => {
                FieldType::String
            }
            EntityType::ProducerId => FieldType::Int64,
            EntityType::BrokerId => FieldType::Int32,
        };
        if *element != expected {
            let wrong = format!("a `{}` has type `{element}`", entity.name());
            check.field_fault(
                &at,
                "entityType",
                wrong,
                format!("make the type `{expected}`"),
            );
        }
    }
}

fn nullable(check: &mut Check<'_>, at: &Site<'_>) {
    let ty = &at.field.ty;
    let can_be_null = has_length(ty) || matches!(ty, FieldType::Struct(_));
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
    if !matches!(at.field.ty, FieldType::String | FieldType::Bytes) {
        check.field_fault(
            at,
            "flexibleVersions",
            format!(
                "a field of type `{}` has `flexibleVersions` of its own",
                at.field.ty
            ),
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
}
