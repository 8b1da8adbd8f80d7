//! Checks that everything is described, and that every description describes something. Only the messages that Kafka
//! has must be described, where there are descriptions at all: whose definitions are others may leave them out.

use super::structs::{Registry, StructDefinition};
use super::{Check, join};
use crate::corpus::{Corpus, DESCRIPTIONS_FILE, Description};
use crate::fault::Faults;
use crate::ir::Message;

/// Finds what is there and not described.
pub(super) fn check(check: &mut Check<'_>, registry: &Registry<'_>, corpus: &Corpus) {
    let descriptions = &corpus.descriptions;
    let name = &check.definition.name;
    if descriptions.is_empty() || !corpus.releases.messages.contains_key(name) {
        return;
    }
    if descriptions.message(name).is_none() {
        let wrong = format!("message `{name}` has no description");
        let right = format!("describe it in `{DESCRIPTIONS_FILE}`");
        check.fault(check.definition.spans.object(), None, wrong, right);
    }
    for (place, entry) in registry.structs.iter().enumerate() {
        let is_own = place == 0;
        if !is_own && descriptions.structure(name, entry.name).is_none() {
            let wrong = format!("struct `{}` has no description", entry.name);
            let right =
                format!("describe it in `{DESCRIPTIONS_FILE}`, among the structs of the message");
            check.fault(entry.span, Some(&entry.path), wrong, right);
        }
        fields(check, corpus, entry, is_own);
    }
}

fn fields(check: &mut Check<'_>, corpus: &Corpus, entry: &StructDefinition<'_>, is_own: bool) {
    let name = &check.definition.name;
    let is_described = |field: &str| corpus.descriptions.field(name, entry.name, field).is_some();
    for field in entry.fields {
        let versions = field.effective_versions().intersect(entry.versions);
        if field.about.is_some() || is_described(&field.name) || versions.is_empty() {
            continue;
        }
        let key = if is_own {
            field.name.clone()
        } else {
            join(entry.name, &field.name)
        };
        let wrong = format!("field `{}` has no description", field.name);
        let right = format!(
            "describe it in `{DESCRIPTIONS_FILE}`, as `{key}` among the fields of the message"
        );
        let path = join(&entry.path, &field.name);
        check.fault(field.spans.object(), Some(&path), wrong, right);
    }
}

/// Finds what is described and not there.
pub(super) fn unused(corpus: &Corpus, messages: &[Message]) -> Faults {
    let descriptions = &corpus.descriptions;
    let mut used: Vec<&Description> = Vec::new();
    for message in messages {
        used.extend(descriptions.message(&message.name));
        for (place, entry) in message.structs.iter().enumerate() {
            if place > 0 {
                used.extend(descriptions.structure(&message.name, &entry.name));
            }
            let fields = entry.fields.iter();
            let described = fields
                .filter_map(|field| descriptions.field(&message.name, &entry.name, &field.name));
            used.extend(described);
        }
    }
    descriptions.unused(used.into_iter())
}
