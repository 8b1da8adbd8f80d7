//! Names of topics that messages know by id only, in a form that can be merged.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kafka_codec::wire::Uuid;
use serde::{Deserialize, Serialize};

use crate::topic_names::TopicNames;

/// How many names are kept of several captures together.
const MAX_NAMES: usize = 1 << 17;

/// The names of topics by id, as far as the captures have shown them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Names(HashMap<u128, Arc<str>>);

impl From<&TopicNames> for Names {
    fn from(names: &TopicNames) -> Self {
        Self(
            names
                .iter()
                .map(|(id, name)| (id.to_u128(), name))
                .collect(),
        )
    }
}

impl Names {
    /// The name of the topic with this id, if it is known.
    pub(super) fn name(&self, id: Uuid) -> Option<Arc<str>> {
        let fixed = TopicNames::default();
        let known = || fixed.name(id).map(Arc::from);
        self.0.get(&id.to_u128()).cloned().or_else(known)
    }

    /// The ids of topics, with their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u128, &str)> {
        self.0.iter().map(|(id, name)| (*id, &**name))
    }

    /// Learns all names of another capture.
    pub(super) fn merge(&mut self, other: Self) {
        for (id, name) in BTreeMap::from_iter(other.0) {
            if self.0.len() < MAX_NAMES {
                self.0.entry(id).or_insert(name);
            }
        }
    }
}
