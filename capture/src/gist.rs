//! The essentials of a message, in one visit of its body: topics with partitions and records, groups, members and
//! other names, and its error codes. It is driven by the schema; what has no meaning there is in a table of field
//! names.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use kafka_codec::ErrorCode;
use kafka_codec::records::Entries;
use kafka_codec::schema::{Entity, Field, FieldLocation, StructSchema, Value, Visitor};
use kafka_codec::wire::Uuid;

use crate::length::u64_of;
use crate::records::Header;
use crate::topic_names::{TopicNames, is_topic_id};

/// Maximum number of topics, partitions of a topic, and other values that are kept; the others are counted.
const MAX_TOPICS: usize = 1000;
const MAX_PARTITIONS: usize = 10_000;
const MAX_WORDS: usize = 32;

/// Fields whose values are shown, by name, and what they are called.
const WORDS: &[(&str, &str)] = &[
    ("memberId", "member"),
    ("groupInstanceId", "instance"),
    ("generationId", "generation"),
    ("generationIdOrMemberEpoch", "epoch"),
    ("memberEpoch", "epoch"),
    ("shareSessionEpoch", "epoch"),
    ("clientSoftwareName", "software"),
    ("clientSoftwareVersion", "version"),
    ("mechanism", "mechanism"),
    ("resourceName", "resource"),
    ("entityName", "entity"),
    ("coordinatorKeys", "key"),
    ("key", "key"),
    ("errorMessage", "message"),
];

/// Fields that hold numbers of partitions.
const PARTITIONS: &[&str] = &[
    "partition",
    "partitionIndex",
    "partitionIndexes",
    "partitionId",
    "partitionIds",
    "partitions",
    "index",
];

/// The essentials of a message.
#[derive(Debug, Default)]
pub(crate) struct Gist<'a> {
    topics: Vec<Topic<'a>>,
    more_topics: usize,
    groups: Vec<&'a str>,
    words: Vec<(&'static str, Word<'a>)>,
    more_words: usize,
    has_records: bool,
    records: u64,
    record_bytes: u64,
    pub(crate) codes: Vec<(ErrorCode, usize)>,
    /// Where each stands among them.
    places: HashMap<ErrorCode, usize>,
    /// The structs that are open, each with the topic in it.
    open: Vec<Option<usize>>,
}

#[derive(Debug)]
struct Topic<'a> {
    name: Option<&'a str>,
    id: Option<Uuid>,
    partitions: Vec<i32>,
    more_partitions: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Word<'a> {
    Text(&'a str),
    Number(i32),
}

impl<'a> Gist<'a> {
    /// Calls `each` with the names of topics, or their ids where the names are not known.
    pub(crate) fn for_each_topic(&self, names: &TopicNames, mut each: impl FnMut(&str)) {
        for topic in &self.topics {
            let known = topic.id.and_then(|id| names.name(id));
            match (topic.name.or(known), topic.id) {
                (Some(name), _) => each(name),
                (None, Some(id)) => each(&id.to_string()),
                (None, None) => {}
            }
        }
    }

    /// Calls `each` with the names of groups.
    pub(crate) fn for_each_group(&self, each: impl FnMut(&str)) {
        self.groups.iter().copied().for_each(each);
    }

    /// The ids of topics that have names.
    pub(crate) fn named_ids<'t>(&self, names: &'t TopicNames) -> Vec<(Uuid, &'t str)> {
        let mut named: Vec<(Uuid, &str)> = Vec::new();
        for id in self.topics.iter().filter_map(|topic| topic.id) {
            if let Some(name) = names.name(id)
                && named.iter().all(|(known, _)| *known != id)
            {
                named.push((id, name));
            }
        }
        named
    }

    /// Calls `write` with the texts to be shown, each a word or a few; what a peer wrote is to be escaped.
    pub(crate) fn show(&self, names: &TopicNames, mut write: impl FnMut(&str)) {
        let mut text = String::new();
        let mut put = |text: &mut String| {
            write(text);
            text.clear();
        };
        for group in &self.groups {
            let _ = write!(text, "group {}", shown(group));
            put(&mut text);
        }
        for (label, word) in &self.words {
            let _ = match word {
                Word::Text(value) => write!(text, "{label} {}", shown(value)),
                Word::Number(value) => write!(text, "{label} {value}"),
            };
            put(&mut text);
        }
        if self.more_words > 0 {
            let _ = write!(text, "({} more)", self.more_words);
            put(&mut text);
        }
        for topic in &self.topics {
            match (topic.name, topic.id) {
                (Some(name), _) => text.push_str(name),
                (None, Some(id)) => match names.name(id) {
                    Some(name) => text.push_str(name),
                    None => {
                        let _ = write!(text, "{id}");
                    }
                },
                (None, None) => {}
            }
            if !topic.partitions.is_empty() {
                text.push('[');
                write_ranges(&mut text, &topic.partitions);
                if topic.more_partitions > 0 {
                    let _ = write!(text, ",({} more)", topic.more_partitions);
                }
                text.push(']');
            }
            put(&mut text);
        }
        if self.more_topics > 0 {
            let plural = if self.more_topics == 1 { "" } else { "s" };
            let _ = write!(text, "({} more topic{plural})", self.more_topics);
            put(&mut text);
        }
        if self.has_records {
            let plural = if self.records == 1 { "" } else { "s" };
            let (records, bytes) = (self.records, self.record_bytes);
            let _ = write!(text, "{records} record{plural} in {bytes} bytes");
            put(&mut text);
        }
    }

    /// The topic that what comes next is about.
    fn topic(&mut self) -> Option<&mut Topic<'a>> {
        let index = self.open.iter().rev().find_map(|topic| *topic)?;
        self.topics.get_mut(index)
    }

    /// `is_element`: it is one of a list of names, and says nothing of the struct that it is in.
    fn names_topic(&mut self, name: Option<&'a str>, id: Option<Uuid>, is_element: bool) {
        if name.is_none_or(str::is_empty) && id.is_none_or(Uuid::is_zero) {
            return;
        }
        let Some(open) = self.open.last().copied() else {
            return;
        };
        // Where a struct has both, the name comes with the id.
        if let Some(topic) = open.and_then(|index| self.topics.get_mut(index))
            && !is_element
        {
            topic.name = topic.name.or(name);
            topic.id = topic.id.or(id);
            return;
        }
        let known = self.topics.iter().position(|topic| {
            (name.is_some() && topic.name == name) || (id.is_some() && topic.id == id)
        });
        let index = match known {
            Some(index) => index,
            None if self.topics.len() >= MAX_TOPICS => {
                self.more_topics += 1;
                return;
            }
            None => {
                self.topics.push(Topic {
                    name,
                    id,
                    partitions: Vec::new(),
                    more_partitions: 0,
                });
                self.topics.len() - 1
            }
        };
        if let Some(open) = self.open.last_mut()
            && !is_element
        {
            *open = Some(index);
        }
    }

    fn text(&mut self, field: &Field, text: &'a str, is_element: bool) {
        match field.identifies() {
            Some(Entity::TopicName) => self.names_topic(Some(text), None, is_element),
            Some(Entity::GroupId) => {
                if !text.is_empty() && !self.groups.contains(&text) && self.groups.len() < MAX_WORDS
                {
                    self.groups.push(text);
                }
            }
            Some(Entity::TransactionalId) => self.push_word("transaction", Word::Text(text)),
            _ => {
                if let Some(label) = label(field) {
                    self.push_word(label, Word::Text(text));
                }
            }
        }
    }

    fn push_word(&mut self, label: &'static str, word: Word<'a>) {
        if word == Word::Text("") {
            return;
        }
        let entry = (label, word);
        if self.words.contains(&entry) {
            return;
        }
        if self.words.len() < MAX_WORDS {
            self.words.push(entry);
        } else {
            self.more_words += 1;
        }
    }

    fn number(&mut self, field: &Field, number: i32) {
        if PARTITIONS.contains(&field.name()) {
            if let Some(topic) = self.topic() {
                if topic.partitions.len() < MAX_PARTITIONS {
                    topic.partitions.push(number);
                } else {
                    topic.more_partitions += 1;
                }
            }
        } else if let Some(label) = label(field) {
            self.push_word(label, Word::Number(number));
        }
    }

    fn code(&mut self, code: ErrorCode) {
        let place = *self.places.entry(code).or_insert(self.codes.len());
        match self.codes.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => self.codes.push((code, 1)),
        }
    }
}

/// A search for topics and groups in a message, however many are in it.
pub(crate) struct Search<'w> {
    topics: &'w [String],
    groups: &'w [String],
    names: &'w TopicNames,
    has_topic: bool,
    has_group: bool,
}

impl<'w> Search<'w> {
    /// A search for one of the topics, by name or id, and one of the groups. An empty list matches everything.
    pub(crate) const fn new(
        topics: &'w [String],
        groups: &'w [String],
        names: &'w TopicNames,
    ) -> Self {
        Self {
            topics,
            groups,
            names,
            has_topic: topics.is_empty(),
            has_group: groups.is_empty(),
        }
    }

    /// Returns `true` if what is searched for was found.
    pub(crate) const fn is_over(&self) -> bool {
        self.has_topic && self.has_group
    }

    fn topic_id(&mut self, id: Uuid) {
        if self.has_topic || id.is_zero() {
            return;
        }
        let (name, text) = (self.names.name(id), id.to_string());
        let mut topics = self.topics.iter();
        self.has_topic = topics.any(|topic| Some(topic.as_str()) == name || *topic == text);
    }
}

impl<'a> Visitor<'a> for Search<'_> {
    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        match (place.field(), value) {
            (Some(field), Value::String(text)) => match field.identifies() {
                Some(Entity::TopicName) => {
                    self.has_topic |= self.topics.iter().any(|topic| topic == text);
                }
                Some(Entity::GroupId) => {
                    self.has_group |= self.groups.iter().any(|group| group == text);
                }
                // FindCoordinator has groups as keys.
                None if label(field) == Some("key") => {
                    self.has_group |= self.groups.iter().any(|group| group == text);
                }
                _ => {}
            },
            (Some(field), Value::Uuid(id)) if is_topic_id(field) => self.topic_id(id),
            _ => {}
        }
        if self.is_over() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

fn label(field: &Field) -> Option<&'static str> {
    let mut words = WORDS.iter();
    words
        .find(|(name, _)| *name == field.name())
        .map(|(_, label)| *label)
}

/// A value in one word.
fn shown(value: &str) -> String {
    if value.contains(' ') || value.is_empty() {
        format!("'{value}'")
    } else {
        value.to_owned()
    }
}

/// `0-5,7`
fn write_ranges(text: &mut String, partitions: &[i32]) {
    let mut sorted = partitions.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut rest = &sorted[..];
    while let Some((first, after)) = rest.split_first() {
        let mut last = *first;
        rest = after;
        while let Some((next, after)) = rest.split_first()
            && last.checked_add(1) == Some(*next)
        {
            last = *next;
            rest = after;
        }
        let comma = if text.ends_with('[') { "" } else { "," };
        let _ = match i64::from(last) - i64::from(*first) {
            0 => write!(text, "{comma}{first}"),
            1 => write!(text, "{comma}{first},{last}"),
            _ => write!(text, "{comma}{first}-{last}"),
        };
    }
}

impl<'a> Visitor<'a> for Gist<'a> {
    fn begin_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.open.push(None);
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.open.pop();
        ControlFlow::Continue(())
    }

    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        let Some(field) = place.field() else {
            return ControlFlow::Continue(());
        };
        match value {
            Value::Int16(number) if number != 0 && field.is_error_code() => {
                self.code(ErrorCode(number));
            }
            Value::String(text) => self.text(field, text, place.index().is_some()),
            Value::Uuid(id) if is_topic_id(field) => self.names_topic(None, Some(id), false),
            Value::Int32(number) => self.number(field, number),
            Value::Records(records) => {
                self.has_records = true;
                self.record_bytes += u64_of(records.len());
                for entry in Entries::new(records).map_while(Result::ok) {
                    let count = Header::of(entry).map(|header| header.count.unwrap_or(1));
                    self.records += count.map_or(0, |count| u64::try_from(count).unwrap_or(0));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
