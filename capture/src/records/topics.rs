//! Which of the `records` fields of messages are of internal topics: by the names in the message, or by
//! ids that responses gave names to before.

use std::collections::HashMap;
use std::ops::ControlFlow;

use kafka_codec::schema::{FieldLocation, Schema, StructSchema, Value, Visitor, visit};
use kafka_codec::wire::{Limits, Uuid};
use kafka_codec::{ApiKey, Version};

use super::Topic;

/// Ids of internal topics, and the fields of the message that is being shown.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    known: HashMap<Uuid, Topic>,
    /// Where the fields begin in memory, in ascending order.
    fields: Vec<(usize, Topic)>,
}

/// A capture of honest brokers has five at most.
const MAX_IDS: usize = 1000;

impl Topics {
    /// Looks at a message before it is shown.
    pub(super) fn look_at(
        &mut self,
        api: ApiKey,
        schema: &'static Schema,
        version: Version,
        body: &[u8],
    ) {
        self.fields.clear();
        let has_records = matches!(
            api,
            ApiKey::Produce | ApiKey::Fetch | ApiKey::ShareFetch | ApiKey::FetchSnapshot
        );
        if has_records || matches!(api, ApiKey::Metadata | ApiKey::CreateTopics) {
            let mut look = Look {
                topics: self,
                open: Vec::new(),
            };
            // The output reports what is wrong with it.
            let _ = visit(schema, version, body, Limits::default(), &mut look);
        }
    }

    /// The internal topic of a field of the message that was looked at last.
    pub(super) fn of(&self, records: &[u8]) -> Option<Topic> {
        let start = records.as_ptr().addr();
        let found = self.fields.binary_search_by_key(&start, |field| field.0);
        found
            .ok()
            .and_then(|index| self.fields.get(index))
            .map(|field| field.1)
    }
}

struct Look<'t> {
    topics: &'t mut Topics,
    /// What the structs that are open say about the topic.
    open: Vec<Said>,
}

#[derive(Copy, Clone, Default)]
struct Said {
    topic: Option<Topic>,
    id: Option<Uuid>,
}

impl<'a> Visitor<'a> for Look<'_> {
    fn begin_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.open.push(Said::default());
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        if let Some(Said {
            topic: Some(topic),
            id: Some(id),
        }) = self.open.pop()
            && self.topics.known.len() < MAX_IDS
        {
            self.topics.known.insert(id, topic);
        }
        ControlFlow::Continue(())
    }

    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        match (place.name(), value) {
            ("name" | "topic", Value::String(name)) => {
                if let Some(said) = self.open.last_mut() {
                    said.topic = Topic::named(name);
                }
            }
            ("topicId", Value::Uuid(id)) => {
                let known = match id {
                    METADATA_ID => Some(Topic::Metadata),
                    _ => self.topics.known.get(&id).copied(),
                };
                if let Some(said) = self.open.last_mut() {
                    said.id = Some(id);
                    said.topic = said.topic.or(known);
                }
            }
            (_, Value::Records(records)) => {
                if let Some(topic) = self.open.iter().rev().find_map(|said| said.topic) {
                    self.topics.fields.push((records.as_ptr().addr(), topic));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// The id that `__cluster_metadata` has in every cluster.
const METADATA_ID: Uuid = Uuid::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
