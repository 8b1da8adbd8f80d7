//! A message as it is when only some of its versions count: fields and structs that none of them has
//! are gone, and so is null where none of them allows it.

use crate::ir::{Default, Field, Message, Struct};
use crate::resolve::drop_unused;
use crate::versions::Versions;

/// The message in `versions`, which it has at least one of.
pub(super) fn message(message: Message, versions: Versions) -> Message {
    let highest = message.versions.highest();
    let mut structs: Vec<Struct> = message
        .structs
        .into_iter()
        .map(|entry| narrow(entry, versions))
        .collect();
    drop_unused(&mut structs);
    let versions = message.versions.intersect(versions);
    Message {
        latest_unstable: message.latest_unstable && versions.highest() == highest,
        versions,
        structs,
        ..message
    }
}

fn narrow(entry: Struct, versions: Versions) -> Struct {
    let versions = entry.versions.intersect(versions);
    let fields = entry.fields.into_iter();
    let min_sizes = entry.min_sizes.into_iter();
    Struct {
        versions,
        fields: fields
            .filter_map(|field| self::field(field, versions))
            .collect(),
        min_sizes: min_sizes
            .map(|(run, size)| (run.intersect(versions), size))
            .filter(|(run, _)| !run.is_empty())
            .collect(),
        ..entry
    }
}

/// `None` if the field is in none of `versions`.
fn field(field: Field, versions: Versions) -> Option<Field> {
    let versions = field.versions.intersect(versions);
    if versions.is_empty() {
        return None;
    }
    let nullable = field.nullable.intersect(versions);
    let tag = field
        .tag
        .map(|(tag, tagged)| (tag, tagged.intersect(versions)));
    Some(Field {
        versions,
        tag: tag.filter(|(_, tagged)| !tagged.is_empty()),
        default: match field.default {
            Default::Null if nullable.is_empty() => Default::Zero,
            default => default,
        },
        nullable,
        ..field
    })
}
