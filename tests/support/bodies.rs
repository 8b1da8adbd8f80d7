//! The bodies that Java wrote, for each message and version.

use std::collections::BTreeMap;

use kafka_codec::Version;

use super::registry::{self, RegisteredMessage};
use super::vectors;

/// Bodies of one message in one version.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    pub(crate) all: Vec<Vec<u8>>,
    /// One with a value in every field and two elements in every array.
    pub(crate) full: Vec<u8>,
}

/// Every message in every version, with what Java wrote of it.
pub(crate) fn of_all_pairs() -> Vec<(RegisteredMessage, Version, Bodies)> {
    let mut bodies = BTreeMap::<_, Bodies>::new();
    for vector in vectors::vectors().filter(|vector| vector.text("kind") == Some("message")) {
        let is_full = vector.text("case") == Some("full");
        let bodies = bodies.entry((vector.name, vector.version)).or_default();
        bodies.all.push(vector.bytes.clone());
        if is_full {
            bodies.full = vector.bytes;
        }
    }
    let pairs = registry::pairs().into_iter().map(|(entry, version)| {
        let bodies = bodies.remove(&(entry.name.to_owned(), version));
        (
            entry,
            version,
            bodies.unwrap_or_else(|| panic!("no vector of {} v{version}", entry.name)),
        )
    });
    pairs.collect()
}
