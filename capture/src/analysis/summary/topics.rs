//! Who uses which topic, and how much is in it.

use std::collections::{BTreeMap, BTreeSet};

use kafka_codec::messages::{
    ConsumerGroupHeartbeatRequest, FetchRequest, FetchResponse, OffsetCommitRequest,
    OffsetFetchRequest, ProduceRequest, ProduceResponse, ShareFetchRequest, ShareFetchResponse,
};
use kafka_codec::records::Compression;
use kafka_codec::wire::{Limits, Uuid};
use serde::{Deserialize, Serialize};

use super::super::body;
use super::super::decoded::DecodedEvent;
use super::super::latency::{Budget, Distribution};
use super::super::names::Names;
use super::busiest::{Busiest, Merge};
use super::stats::{by_name, count_error, merge_counts};
use crate::event::Message;

mod batches;

use batches::BatchReader;

/// How many clients or groups are named of a topic.
const MAX_NAMES: usize = 100;

/// What is known of a topic.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Topic {
    produce_requests: u64,
    produce: Volume,
    produce_errors: BTreeMap<i16, u64>,
    fetch_responses_with_records: u64,
    fetch: Volume,
    fetch_errors: BTreeMap<i16, u64>,
    producers: BTreeSet<Box<str>>,
    consumers: BTreeSet<Box<str>>,
    groups: BTreeSet<Box<str>>,
    /// The id that messages had beside or in place of the name.
    id: Option<u128>,
}

/// An amount of records.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Volume {
    batches: u64,
    records: u64,
    bytes: u64,
}

/// The topics of a capture, by name and by id.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Topics {
    by_name: Busiest<Box<str>, Topic>,
    by_id: Busiest<u128, Topic>,
    pub(super) compression: BTreeMap<u8, Codec>,
    #[serde(skip)]
    batches: BatchReader,
}

/// How well a codec compressed batches that producers sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Codec {
    pub(super) batches: u64,
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) batch_bytes: Distribution,
    pub(super) batch_records: Distribution,
    /// Of the batches that were decompressed: their records' bytes before and after.
    pub(super) sampled: u64,
    pub(super) compressed: u64,
    pub(super) uncompressed: u64,
}

impl Codec {
    pub(super) fn name(id: u8) -> &'static str {
        Compression::from_id(id).map_or("unknown", Compression::name)
    }

    /// The size before compression over the size after it.
    pub(super) fn ratio(&self) -> Option<f64> {
        if self.compressed == 0 {
            return None;
        }
        let hundredths = self.uncompressed.saturating_mul(100) / self.compressed;
        u32::try_from(hundredths)
            .ok()
            .map(|hundredths| f64::from(hundredths) / 100.0)
    }

    fn merge(&mut self, other: &Self) {
        self.batches += other.batches;
        self.records += other.records;
        self.bytes += other.bytes;
        let mut budget = Budget(1);
        self.batch_bytes.merge(&other.batch_bytes, &mut budget);
        let mut budget = Budget(1);
        self.batch_records.merge(&other.batch_records, &mut budget);
        self.sampled += other.sampled;
        self.compressed += other.compressed;
        self.uncompressed += other.uncompressed;
    }
}

/// A topic as it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownTopic {
    pub(super) topic: Option<String>,
    pub(super) topic_id: Option<String>,
    pub(super) produce_requests: u64,
    produce_batches: u64,
    pub(super) produce_records: u64,
    pub(super) produce_bytes: u64,
    pub(super) produce_errors: BTreeMap<String, u64>,
    pub(super) fetch_responses_with_records: u64,
    fetch_batches: u64,
    fetch_records: u64,
    pub(super) fetch_bytes: u64,
    pub(super) fetch_errors: BTreeMap<String, u64>,
    pub(super) producers: Vec<String>,
    pub(super) consumers: Vec<String>,
    pub(super) groups: Vec<String>,
    #[serde(skip_serializing_if = "super::report::is_whole")]
    pub(super) is_partial: bool,
}

impl Topic {
    fn shown(&self, name: Option<&str>, id: Option<u128>, is_partial: bool) -> ShownTopic {
        let names = |of: &BTreeSet<Box<str>>| of.iter().map(|each| each.to_string()).collect();
        ShownTopic {
            topic: name.map(str::to_owned),
            topic_id: id.map(|id| Uuid::from_u128(id).to_string()),
            produce_requests: self.produce_requests,
            produce_batches: self.produce.batches,
            produce_records: self.produce.records,
            produce_bytes: self.produce.bytes,
            produce_errors: by_name(&self.produce_errors),
            fetch_responses_with_records: self.fetch_responses_with_records,
            fetch_batches: self.fetch.batches,
            fetch_records: self.fetch.records,
            fetch_bytes: self.fetch.bytes,
            fetch_errors: by_name(&self.fetch_errors),
            producers: names(&self.producers),
            consumers: names(&self.consumers),
            groups: names(&self.groups),
            is_partial,
        }
    }
}

impl Merge for Topic {
    fn merge(&mut self, other: Self, _: &mut Budget) {
        self.produce_requests += other.produce_requests;
        self.produce.add(other.produce);
        merge_counts(&mut self.produce_errors, other.produce_errors);
        self.fetch_responses_with_records += other.fetch_responses_with_records;
        self.fetch.add(other.fetch);
        merge_counts(&mut self.fetch_errors, other.fetch_errors);
        for (to, from) in [
            (&mut self.producers, other.producers),
            (&mut self.consumers, other.consumers),
            (&mut self.groups, other.groups),
        ] {
            for name in from {
                if to.len() < MAX_NAMES {
                    to.insert(name);
                }
            }
        }
        self.id = self.id.or(other.id);
    }

    fn weight(&self) -> u64 {
        self.produce_requests + self.fetch_responses_with_records
    }

    fn drop_samples(&mut self, _: &mut Budget) {}
}

impl Volume {
    const fn add(&mut self, other: Self) {
        self.batches += other.batches;
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

/// Adds a name to a set that does not grow without bound.
fn note(names: &mut BTreeSet<Box<str>>, name: Option<&str>) {
    if let Some(name) = name.filter(|name| !name.is_empty())
        && !names.contains(name)
        && names.len() < MAX_NAMES
    {
        names.insert(Box::from(name));
    }
}

impl Topics {
    pub(super) fn new() -> Self {
        Self {
            by_name: Busiest::new(0),
            by_id: Busiest::new(0),
            compression: BTreeMap::new(),
            batches: BatchReader::default(),
        }
    }

    /// The topic that a message names, or has the id of; `None` if it does neither.
    fn topic(&mut self, name: &str, id: Uuid) -> Option<&mut Topic> {
        let id = id.to_u128();
        let topic = if !name.is_empty() {
            let (topic, _) = self.by_name.entry(name);
            if id != 0 {
                topic.id = Some(id);
            }
            topic
        } else if id != 0 {
            self.by_id.entry(&id).0
        } else {
            return None;
        };
        Some(topic)
    }

    pub(super) fn produce_request(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) {
        let Some(request) = event.body::<ProduceRequest<'_>>() else {
            return;
        };
        for data in &request.topic_data {
            let mut volume = Volume::default();
            for partition in &data.partition_data {
                if let Some(records) = &partition.records {
                    let limits = event.topics.limits();
                    let codecs = &mut self.compression;
                    volume.add(self.batches.produced(records, limits, codecs));
                }
            }
            if let Some(topic) = self.topic(&data.name, data.topic_id) {
                topic.produce_requests += 1;
                topic.produce.add(volume);
                note(&mut topic.producers, message.client_id);
            }
        }
    }

    pub(super) fn produce_response(&mut self, event: &DecodedEvent<'_, '_>) {
        let Some(response) = event.body::<ProduceResponse<'_>>() else {
            return;
        };
        for data in &response.responses {
            if let Some(topic) = self.topic(&data.name, data.topic_id) {
                for partition in &data.partition_responses {
                    count(&mut topic.produce_errors, partition.error_code.0);
                }
            }
        }
    }

    /// Takes note of the consumer of a Fetch request. Whether it is a replica that fetches.
    pub(super) fn fetch_request(
        &mut self,
        request: &FetchRequest<'_>,
        client: Option<&str>,
    ) -> bool {
        let is_replica = request.replica_id >= 0 || request.replica_state.replica_id >= 0;
        if !is_replica {
            for data in &request.topics {
                if let Some(topic) = self.topic(&data.topic, data.topic_id) {
                    note(&mut topic.consumers, client);
                }
            }
        }
        is_replica
    }

    /// Returns `true` if there are records in a Fetch response.
    pub(super) fn fetch_response(
        &mut self,
        event: &DecodedEvent<'_, '_>,
        message: &Message<'_>,
        is_replica: bool,
    ) -> bool {
        let Some(response) = event.body::<FetchResponse<'_>>() else {
            return false;
        };
        let mut has_any = false;
        for data in &response.responses {
            let mut fetched = Fetched::default();
            for partition in &data.partitions {
                fetched.errors.push(partition.error_code.0);
                if let Some(records) = &partition.records {
                    let limits = event.topics.limits();
                    fetched.volume.add(self.batches.fetched(records, limits));
                }
            }
            let client = message.client_id.filter(|_| !is_replica);
            has_any |= self.fetched(&data.topic, data.topic_id, client, &fetched);
        }
        has_any
    }

    /// Takes note of the consumer of a ShareFetch request.
    pub(super) fn share_fetch_request(
        &mut self,
        event: &DecodedEvent<'_, '_>,
        message: &Message<'_>,
    ) {
        let Some(request) = event.body::<ShareFetchRequest<'_>>() else {
            return;
        };
        for data in &request.topics {
            if let Some(topic) = self.topic("", data.topic_id) {
                note(&mut topic.consumers, message.client_id);
                note(&mut topic.groups, request.group_id.as_deref());
            }
        }
    }

    /// Returns `true` if there are records in a ShareFetch response.
    pub(super) fn share_fetch_response(&mut self, message: &Message<'_>, limits: Limits) -> bool {
        let Some(response) = body::<ShareFetchResponse<'_>>(message) else {
            return false;
        };
        let mut has_any = false;
        for data in &response.responses {
            let mut fetched = Fetched::default();
            for partition in &data.partitions {
                fetched.errors.push(partition.error_code.0);
                let volume = self.batches.fetched(&partition.records, limits);
                fetched.volume.add(volume);
            }
            has_any |= self.fetched("", data.topic_id, message.client_id, &fetched);
        }
        has_any
    }

    fn fetched(&mut self, name: &str, id: Uuid, client: Option<&str>, fetched: &Fetched) -> bool {
        let has_records = fetched.volume.bytes > 0;
        if let Some(topic) = self.topic(name, id) {
            topic.fetch.add(fetched.volume);
            topic.fetch_responses_with_records += u64::from(has_records);
            for code in &fetched.errors {
                count(&mut topic.fetch_errors, *code);
            }
            note(&mut topic.consumers, client);
        }
        has_records
    }

    /// Takes note of the groups that use topics.
    pub(super) fn offset_commit(&mut self, event: &DecodedEvent<'_, '_>) {
        if let Some(request) = event.body::<OffsetCommitRequest<'_>>() {
            for data in &request.topics {
                if let Some(topic) = self.topic(&data.name, data.topic_id) {
                    note(&mut topic.groups, Some(&request.group_id));
                }
            }
        }
    }

    pub(super) fn offset_fetch(&mut self, message: &Message<'_>) {
        let Some(request) = body::<OffsetFetchRequest<'_>>(message) else {
            return;
        };
        for data in request.topics.iter().flatten() {
            if let Some(topic) = self.topic(&data.name, Uuid::default()) {
                note(&mut topic.groups, Some(&request.group_id));
            }
        }
        for group in &request.groups {
            for data in group.topics.iter().flatten() {
                if let Some(topic) = self.topic(&data.name, data.topic_id) {
                    note(&mut topic.groups, Some(&group.group_id));
                }
            }
        }
    }

    pub(super) fn consumer_group_heartbeat(&mut self, event: &DecodedEvent<'_, '_>) {
        let Some(request) = event.body::<ConsumerGroupHeartbeatRequest<'_>>() else {
            return;
        };
        for name in request.subscribed_topic_names.iter().flatten() {
            if let Some(topic) = self.topic(name, Uuid::default()) {
                note(&mut topic.groups, Some(&request.group_id));
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.by_name.merge(other.by_name);
        self.by_id.merge(other.by_id);
        for (id, codec) in other.compression {
            self.compression.entry(id).or_default().merge(&codec);
        }
    }

    /// Merges the least busy topics. Those that were asked about only are in no statistics.
    pub(super) fn shrink(&mut self) {
        self.by_name.retain(Topic::is_used);
        self.by_id.retain(Topic::is_used);
        self.by_name.shrink();
        self.by_id.shrink();
    }

    /// All topics, the busiest first, and what the others come to; names of ids are those of `names`.
    pub(super) fn shown(&self, names: &Names) -> (Vec<ShownTopic>, Option<(ShownTopic, u64)>) {
        let mut all: BTreeMap<(Option<Box<str>>, Option<u128>), Topic> = BTreeMap::new();
        let mut budget = Budget(0);
        for row in self.by_name.sorted() {
            let key = (Some(row.key.clone()), None);
            let topic = row.value.clone();
            all.entry(key).or_default().merge(topic, &mut budget);
        }
        for row in self.by_id.sorted() {
            let key = match names.name(Uuid::from_u128(*row.key)) {
                Some(name) => (Some(Box::from(&*name)), None),
                None => (None, Some(*row.key)),
            };
            let mut topic = row.value.clone();
            topic.id = Some(*row.key);
            all.entry(key).or_default().merge(topic, &mut budget);
        }
        let partial = self.partial_ids(names);
        let is_partial = |name: Option<&Box<str>>, id: Option<u128>| {
            name.is_some_and(|name| self.by_name.may_have_merged(name) || partial.contains(&**name))
                || id.is_some_and(|id| self.by_id.may_have_merged(&id))
        };
        let mut shown: Vec<_> = all
            .iter()
            // A topic that was asked about only is in no statistics.
            .filter(|(_, topic)| topic.is_used())
            .map(|((name, _), topic)| {
                let is_partial = is_partial(name.as_ref(), topic.id);
                let shown = topic.shown(name.as_deref(), topic.id, is_partial);
                (topic.weight(), shown)
            })
            .collect();
        shown.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let mut others = Topic::default();
        let (mut is_merged, mut merged) = (false, 0);
        for (rest, count) in [self.by_name.others(), self.by_id.others()]
            .into_iter()
            .flatten()
        {
            is_merged = true;
            others.merge(rest.clone(), &mut budget);
            merged += count;
        }
        let shown = shown.into_iter().map(|(_, topic)| topic).collect();
        (
            shown,
            is_merged.then(|| (others.shown(None, None, false), merged)),
        )
    }
}

impl Topics {
    /// The names of topics of which a part may be among the others by id.
    fn partial_ids<'n>(&self, names: &'n Names) -> BTreeSet<&'n str> {
        if self.by_id.others().is_none() {
            return BTreeSet::new();
        }
        let names = names.iter();
        let partial = names.filter(|(id, _)| self.by_id.may_have_merged(id));
        partial.map(|(_, name)| name).collect()
    }
}

impl Topic {
    fn is_used(&self) -> bool {
        self.weight() > 0
            || !self.fetch_errors.is_empty()
            || !self.produce_errors.is_empty()
            || !self.consumers.is_empty()
            || !self.groups.is_empty()
    }
}

#[derive(Default)]
struct Fetched {
    volume: Volume,
    errors: Vec<i16>,
}

fn count(errors: &mut BTreeMap<i16, u64>, code: i16) {
    if code != 0 {
        count_error(errors, code, 1);
    }
}
