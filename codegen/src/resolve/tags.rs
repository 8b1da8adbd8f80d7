//! The rules of tagged fields. See KIP-482. That `taggedVersions` never end was checked when they were read.

use super::{Check, Site};
use crate::schema::FieldDef;
use crate::types::FieldType;

/// The maximum number of tagged fields of a struct: the decoder notes which it has seen in 64 bits.
const MAX_TAGS: u32 = 64;

pub(super) fn check(check: &mut Check<'_>) {
    for at in check.sites() {
        field(check, &at);
    }
    let definition = check.definition;
    contiguous(check, "", &definition.fields);
    for common in &definition.common_structs {
        contiguous(check, &common.name, &common.fields);
    }
}

fn field(check: &mut Check<'_>, at: &Site<'_>) {
    let field = at.field;
    let versions = field.effective_versions();
    let tagged = match (field.tag, field.tagged_versions) {
        (None, None) => return,
        (Some(_), None) => {
            let right = "add `taggedVersions`, or leave `tag` out";
            return check.field_fault(at, "tag", "a `tag` without `taggedVersions`", right);
        }
        (None, Some(_)) => {
            let right = "add `tag`, or leave `taggedVersions` out";
            let wrong = "`taggedVersions` without a `tag`";
            return check.field_fault(at, "taggedVersions", wrong, right);
        }
        (Some(_), Some(tagged)) => tagged,
    };
    if !versions.contains_all(tagged) {
        check.field_fault(
            at,
            "taggedVersions",
            format!("`{tagged}` is not within the field's versions, `{versions}`"),
            format!("write `{versions}`, or a part of it"),
        );
    }
    let flexible = field
        .flexible_versions
        .unwrap_or(check.definition.flexible_versions);
    if !flexible.contains_all(tagged) {
        check.field_fault(
            at,
            "taggedVersions",
            format!("`{tagged}` is not within the flexible versions, `{flexible}`"),
            "only flexible versions have tagged fields",
        );
    }
    let null_and_tagged = field.nullable_versions.intersect(tagged);
    if !null_and_tagged.is_empty() && null_and_tagged != tagged {
        check.field_fault(
            at,
            "nullableVersions",
            format!("null is allowed in `{null_and_tagged}` of the tagged versions `{tagged}`"),
            "allow it in all tagged versions, or in none",
        );
    }
    if field.ty == FieldType::Records {
        check.field_fault(
            at,
            "tag",
            "records are tagged",
            "leave the tag out, or use `bytes`",
        );
    }
}

/// The tags of a struct count from 0 without gaps.
fn contiguous(check: &mut Check<'_>, parent: &str, fields: &[FieldDef]) {
    let mut tags: Vec<(u32, &FieldDef)> = fields
        .iter()
        .filter_map(|field| Some((field.tag?, field)))
        .collect();
    tags.sort_by_key(|(tag, _)| *tag);
    for ((tag, field), expected) in tags.into_iter().zip(0..) {
        let path = super::join(parent, &field.name);
        let wrong = if tag >= MAX_TAGS {
            format!("tag {tag} is above the maximum, {}", MAX_TAGS - 1)
        } else if tag < expected {
            format!("tag {tag} is used by another field of the struct already")
        } else if tag > expected {
            format!("tag {tag} where no field has tag {expected}")
        } else {
            continue;
        };
        let right = if expected >= MAX_TAGS {
            "move some of the tagged fields into a struct of their own".to_owned()
        } else {
            format!("the tags of a struct count from 0 without gaps: write {expected}")
        };
        check.fault(field.spans.of("tag"), Some(&path), wrong, right);
        break;
    }
    for field in fields {
        contiguous(check, &super::join(parent, &field.name), &field.fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Corpus;
    use crate::schema::Definition;

    #[test]
    fn of_more_tags_than_a_struct_can_have_none_is_advised() {
        let field = |tag| {
            format!(
                r#"{{ "name": "F{tag}", "type": "int8", "versions": "0+", "taggedVersions": "0+", "tag": {tag} }}"#
            )
        };
        let fields: Vec<_> = (0..=MAX_TAGS).map(field).collect();
        let text = format!(
            r#"{{ "name": "A", "type": "data", "validVersions": "0", "flexibleVersions": "0+", "fields": [{}] }}"#,
            fields.join(", ")
        );
        let definition = Definition::parse("A.json", &text).unwrap();
        let faults =
            crate::resolve::message("clients", &definition, &Corpus::default()).unwrap_err();
        let [fault] = &faults.0[..] else {
            panic!("{faults}")
        };
        assert_eq!(fault.wrong, "tag 64 is above the maximum, 63");
        assert!(fault.right.starts_with("move some"), "{fault}");
    }
}
