//! Whether every description describes something.

use crate::corpus::{Corpus, Description};
use crate::fault::Faults;
use crate::ir::Message;

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
