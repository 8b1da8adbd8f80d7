//! The number of messages that pass a filter, and what could be asked for where none does.

use super::Filter;
use crate::event::{Event, EventKind};
use crate::gist::Gist;

/// Maximum number of values that are kept of each kind.
const MAX_VALUES: usize = 5;

/// The messages of a capture that passed a [`Filter`], and examples of what did not.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    messages: u64,
    others: u64,
    client_ids: Values,
    topics: Values,
    groups: Values,
}

/// The first values that were met.
#[derive(Clone, Debug, Default)]
struct Values {
    first: Vec<String>,
    has_more: bool,
}

impl Values {
    fn add(&mut self, value: &str) {
        if self.has_more || value.is_empty() || self.first.iter().any(|known| known == value) {
            return;
        }
        if self.first.len() < MAX_VALUES {
            self.first.push(value.to_owned());
        } else {
            self.has_more = true;
        }
    }
}

impl Passed {
    /// Returns the number of requests and responses that passed.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// Returns `true` if nothing passed.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.messages + self.others == 0
    }

    /// Returns what stands in a capture of which nothing passed: the kind of value that the filter asks for, at most five values,
    /// and `true` if there are more. Topics and groups are those of messages that pass the rest of the filter.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &[String], bool)> {
        let kinds = [
            ("client ids", &self.client_ids),
            ("topics", &self.topics),
            ("groups", &self.groups),
        ];
        let met = kinds
            .into_iter()
            .filter(|(_, values)| !values.first.is_empty());
        met.map(|(kind, values)| (kind, values.first.as_slice(), values.has_more))
    }

    /// Counts an event that passed.
    pub(super) const fn count(&mut self, event: &Event<'_>) {
        match event.kind {
            EventKind::Message(_) => self.messages += 1,
            _ => self.others += 1,
        }
    }

    /// Records an example of the client ids of events that a filter may hide.
    pub(super) fn note_client_id(&mut self, event: &Event<'_>, filter: &Filter) {
        if let EventKind::Message(message) = &event.kind
            && !filter.client_ids.is_empty()
            && self.is_nothing()
        {
            self.client_ids.add(message.client_id.unwrap_or_default());
        }
    }

    /// Returns `true` if examples of topics or groups are still wanted.
    pub(super) fn wants_bodies(&self, filter: &Filter) -> bool {
        let wants = |filter: &[String], values: &Values| !filter.is_empty() && !values.has_more;
        self.is_nothing()
            && (wants(&filter.topics, &self.topics) || wants(&filter.groups, &self.groups))
    }

    /// Records an example of the topics and groups of messages that a filter hides.
    pub(super) fn note_body(&mut self, gist: &Gist<'_>, event: &Event<'_>, filter: &Filter) {
        if !filter.topics.is_empty() && !self.topics.has_more {
            gist.for_each_topic(event.topics, |topic| self.topics.add(topic));
        }
        if !filter.groups.is_empty() && !self.groups.has_more {
            gist.for_each_group(|group| self.groups.add(group));
        }
    }
}
