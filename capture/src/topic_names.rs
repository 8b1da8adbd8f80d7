//! Names of topics by id, learned from messages that have both and given by the user.
//!
//! Learning is driven by the schema: a struct that has a field of the type uuid called `topicId` and a field that
//! identifies a topic by name teaches, in whatever message it stands. The records of the KRaft metadata log teach too.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};

use kafka_codec::internal_topics::MetadataRecord;
use kafka_codec::records::{Entries, RecordDecoder};
use kafka_codec::schema::{
    Entity, Field, FieldLocation, FieldType, Schema, StructSchema, Value, Visitor, visit,
};
use kafka_codec::wire::{Limits, Uuid};
use kafka_codec::{ApiKey, Version};

use crate::event::{Direction, Message};
use crate::records;

mod file;

pub use file::TopicsFileError;

/// The topic of the KRaft metadata log, whose id is the same in every cluster.
const METADATA: &str = "__cluster_metadata";
const METADATA_ID: Uuid = Uuid::from_u128(1);
/// Maximum number of names that are remembered; the oldest are forgotten.
const MAX_NAMES: usize = 1 << 16;
/// Maximum length of a topic name in Kafka.
const MAX_NAME_BYTES: usize = 249;

/// Topic names by id.
///
/// A name is known from the message on that states it; a topic that is only known by id stays unnamed.
#[derive(Debug)]
pub struct TopicNames {
    names: HashMap<Uuid, Arc<str>>,
    /// The ids in `names`, the oldest first.
    order: VecDeque<Uuid>,
    forgotten: u64,
    decoder: RecordDecoder,
    limits: Limits,
}

impl Default for TopicNames {
    fn default() -> Self {
        Self::with_limits(Limits::default())
    }
}

impl TopicNames {
    /// Without names, for records that are decompressed within these limits.
    pub(crate) fn with_limits(limits: Limits) -> Self {
        Self {
            names: HashMap::new(),
            order: VecDeque::new(),
            forgotten: 0,
            decoder: records::decoder(limits),
            limits,
        }
    }

    /// Decompresses no batch of records to more than these limits allow.
    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.decoder = records::decoder(limits);
        self.limits = limits;
    }

    /// The limits of decompression, for all that look into records.
    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns the name of the topic with this id, if it is known.
    #[must_use]
    pub fn name(&self, id: Uuid) -> Option<&str> {
        if id == METADATA_ID {
            return Some(METADATA);
        }
        self.names.get(&id).map(|name| &**name)
    }

    /// Returns all names that were learned or given.
    #[cfg(feature = "analysis")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Uuid, Arc<str>)> {
        self.names.iter().map(|(id, name)| (*id, Arc::clone(name)))
    }

    /// Returns the number of names that were forgotten, since too many were learned.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Remembers a name. Names that no topic can have are ignored.
    pub fn insert(&mut self, id: Uuid, name: &str) {
        if id.is_zero() || id == METADATA_ID || name.is_empty() || name.len() > MAX_NAME_BYTES {
            return;
        }
        match self.names.get_mut(&id) {
            Some(known) if **known == *name => {}
            Some(known) => *known = name.into(),
            None => {
                if self.names.len() == MAX_NAMES
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.names.remove(&oldest);
                    self.forgotten += 1;
                }
                self.names.insert(id, name.into());
                self.order.push_back(id);
            }
        }
        debug_assert_eq!(self.names.len(), self.order.len(), "both have each id once");
    }

    /// Learns the names in a message; it does nothing for the messages that have none.
    pub(crate) fn learn(&mut self, message: &Message<'_>, direction: Direction) {
        if message.truncation.is_some() {
            return;
        }
        let schema = match direction {
            Direction::ToBroker => Schema::of_request(message.api_key),
            Direction::ToClient => Schema::of_response(message.api_key),
        };
        let Some(schema) = schema else { return };
        // That a body is malformed is reported by those who show it.
        if teaches(schema, message.version) {
            let mut look = Pairs {
                names: self,
                open: Vec::new(),
            };
            let _ = visit(
                schema,
                message.version,
                message.body,
                Limits::default(),
                &mut look,
            );
        } else if direction == Direction::ToClient
            && matches!(message.api_key, ApiKey::Fetch | ApiKey::FetchSnapshot)
        {
            let mut look = MetadataLog {
                is_metadata: false,
                records: Vec::new(),
            };
            let _ = visit(
                schema,
                message.version,
                message.body,
                Limits::default(),
                &mut look,
            );
            for records in look.records {
                self.learn_from_log(records);
            }
        }
    }

    /// Learns the names in records of the KRaft metadata log.
    pub(crate) fn learn_from_log(&mut self, records: &[u8]) {
        let mut decoder = std::mem::take(&mut self.decoder);
        for entry in Entries::new(records).map_while(Result::ok) {
            let Ok(records) = entry.records(&mut decoder) else {
                continue;
            };
            for record in records.map_while(Result::ok) {
                let decoded = record.value.map(MetadataRecord::decode);
                if let Some(Ok(decoded)) = decoded
                    && let MetadataRecord::Topic(topic) = decoded.message
                {
                    self.insert(topic.topic_id, &topic.name);
                }
            }
        }
        self.decoder = decoder;
    }
}

/// Returns `true` if a field holds the id of a topic.
pub(crate) fn is_topic_id(field: &Field) -> bool {
    field.name() == "topicId" && matches!(field.field_type(), FieldType::Uuid)
}

/// Returns `true` if a field holds the name of a topic.
pub(crate) fn is_topic_name(field: &Field) -> bool {
    field.identifies() == Some(Entity::TopicName) && matches!(field.field_type(), FieldType::String)
}

/// In which versions of a message something is so: a bit for each.
type Versions = HashMap<&'static str, u64>;

/// The messages with a struct that has both id and name.
static TEACHING: LazyLock<Versions> =
    LazyLock::new(|| versions_where(|fields| fields.any(is_topic_id) && fields.any(is_topic_name)));

/// The messages that know topics by id.
static WITH_IDS: LazyLock<Versions> =
    LazyLock::new(|| versions_where(|fields| fields.any(is_topic_id)));

fn versions_where(is_so: fn(Fields) -> bool) -> Versions {
    let masks = Schema::all().iter().map(|schema| {
        let versions = schema.versions().iter();
        let wanted = versions.filter(|version| is_in_any(schema.root(), *version, is_so));
        let mask = wanted.fold(0, |mask, version| mask | bit(version));
        (schema.name(), mask)
    });
    masks.filter(|(_, mask)| *mask != 0).collect()
}

fn teaches(schema: &Schema, version: Version) -> bool {
    is_among(&TEACHING, schema, version)
}

/// Returns `true` if a message knows topics by id.
pub(crate) fn has_ids(schema: &Schema, version: Version) -> bool {
    is_among(&WITH_IDS, schema, version)
}

fn is_among(versions: &Versions, schema: &Schema, version: Version) -> bool {
    let mask = versions.get(schema.name());
    mask.is_some_and(|mask| mask & bit(version) != 0)
}

/// The fields of a struct in a version.
#[derive(Clone, Copy)]
struct Fields(&'static StructSchema, Version);

impl Fields {
    fn any(self, is_so: fn(&Field) -> bool) -> bool {
        let mut fields = self.0.fields().iter();
        fields.any(|field| field.is_in(self.1) && is_so(field))
    }
}

fn is_in_any(schema: &'static StructSchema, version: Version, is_so: fn(Fields) -> bool) -> bool {
    let mut fields = schema.fields().iter().filter(|field| field.is_in(version));
    is_so(Fields(schema, version))
        || fields.any(|field| match field.field_type() {
            FieldType::Struct(inner) => is_in_any(inner, version, is_so),
            _ => false,
        })
}

fn bit(version: Version) -> u64 {
    u32::try_from(version.0).map_or(0, |version| 1_u64.checked_shl(version).unwrap_or(0))
}

/// Learns from the structs that have both an id and a name.
struct Pairs<'t> {
    names: &'t mut TopicNames,
    /// What the structs that are open say about their topic.
    open: Vec<(Option<Uuid>, Option<Arc<str>>)>,
}

impl<'a> Visitor<'a> for Pairs<'_> {
    fn begin_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.open.push((None, None));
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        if let Some((Some(id), Some(name))) = self.open.pop() {
            self.names.insert(id, &name);
        }
        ControlFlow::Continue(())
    }

    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        let (Some(field), Some(open)) = (place.field(), self.open.last_mut()) else {
            return ControlFlow::Continue(());
        };
        match value {
            Value::Uuid(id) if is_topic_id(field) => open.0 = Some(id),
            Value::String(name) if is_topic_name(field) => open.1 = Some(name.into()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Finds the records of the metadata log. The visit ends at any other topic: a controller is asked for no
/// other along with it.
struct MetadataLog<'a> {
    is_metadata: bool,
    records: Vec<&'a [u8]>,
}

impl<'a> Visitor<'a> for MetadataLog<'a> {
    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        let Some(field) = place.field() else {
            return ControlFlow::Continue(());
        };
        match value {
            Value::Uuid(id) if is_topic_id(field) => self.is_metadata = id == METADATA_ID,
            Value::String(name) if is_topic_name(field) => self.is_metadata = name == METADATA,
            Value::Records(records) if self.is_metadata => {
                self.records.push(records);
                return ControlFlow::Continue(());
            }
            _ => return ControlFlow::Continue(()),
        }
        if self.is_metadata {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
