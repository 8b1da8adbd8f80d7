//! The headers of batches and messages: what they say, and their JSON.

use kafka_codec::records::{
    Attributes, Batch, Entry, LegacyMessage, Partial, Record, TimestampType,
};

use super::Object;

/// What the header of an entry says, for the line about it.
pub(crate) struct Header<'a> {
    /// The number of records, if the header has it.
    pub(crate) count: Option<i32>,
    pub(crate) attributes: Attributes,
    pub(crate) entry: Entry<'a>,
}

impl<'a> Header<'a> {
    /// `None` for an entry that is cut off.
    pub(crate) fn of(entry: Entry<'a>) -> Option<Self> {
        match entry {
            Entry::Batch(batch) => Some(Self {
                count: Some(batch.header().record_count),
                attributes: batch.header().attributes,
                entry,
            }),
            Entry::Message(message) => Some(Self {
                count: None,
                attributes: message.attributes(),
                entry,
            }),
            _ => None,
        }
    }

    /// What is wrong with the checksum, if anything is.
    pub(crate) fn crc_fault(&self) -> Option<String> {
        let checked = match self.entry {
            Entry::Batch(batch) => batch.check_crc(),
            Entry::Message(message) => message.check_crc(),
            _ => Ok(()),
        };
        checked.err().map(|error| error.to_string())
    }

    /// The last offset, at most `i64::MAX`.
    pub(crate) fn last_offset(&self) -> i64 {
        match self.entry {
            Entry::Batch(batch) => self.offset(batch.header().last_offset_delta),
            Entry::Message(message) => message.offset(),
            _ => -1,
        }
    }

    /// The offset of a record that has this delta to the base offset, at most `i64::MAX`.
    fn offset(&self, delta: i32) -> i64 {
        match self.entry {
            Entry::Batch(batch) => batch.header().base_offset.saturating_add(delta.into()),
            _ => -1,
        }
    }

    /// The offset of a record, at most `i64::MAX`.
    pub(super) fn offset_of(&self, record: &Record<'_>) -> i64 {
        match self.entry {
            Entry::Batch(_) => self.offset(record.offset_delta),
            _ => record.offset,
        }
    }

    /// What is wrong with the offsets, if anything is.
    pub(crate) fn offset_fault(&self) -> Option<String> {
        let Entry::Batch(batch) = self.entry else {
            return None;
        };
        let (base, delta) = (batch.header().base_offset, batch.header().last_offset_delta);
        let is_valid = base.checked_add(delta.into()).is_some();
        (!is_valid).then(|| {
            format!(
                "the last offset is beyond the largest (base offset {base}, last offset delta {delta})"
            )
        })
    }

    /// Kafka's name of the compression; `unknown` for numbers that nobody has given a meaning.
    pub(crate) fn compression(&self) -> &'static str {
        self.attributes
            .compression()
            .map_or("unknown", |compression| compression.name())
    }

    /// Kafka's name for who set the timestamps.
    pub(crate) fn timestamp_type(&self) -> &'static str {
        match (self.entry, self.attributes.timestamp_type()) {
            (Entry::Message(message), _) if message.magic() == 0 => "NoTimestampType",
            (_, TimestampType::CreateTime) => "CreateTime",
            (_, TimestampType::LogAppendTime) => "LogAppendTime",
        }
    }

    pub(super) fn is_control(&self) -> bool {
        matches!(self.entry, Entry::Batch(_)) && self.attributes.is_control()
    }
}

pub(super) fn write_batch(object: &mut Object<'_>, header: &Header<'_>, batch: &Batch<'_>) {
    let fields = batch.header();
    object.plain("magic", 2);
    object.plain("position", batch.position());
    object.plain("size", batch.as_bytes().len());
    object.plain("baseOffset", fields.base_offset);
    object.plain("lastOffset", header.last_offset());
    object.plain("count", fields.record_count);
    write_compression(object, header);
    object.string("timestampType", header.timestamp_type());
    match fields.delete_horizon() {
        Some(horizon) => object.plain("deleteHorizonMs", horizon),
        None => object.plain("baseTimestamp", fields.base_timestamp_or_delete_horizon),
    }
    object.plain("maxTimestamp", fields.max_timestamp);
    object.plain("partitionLeaderEpoch", fields.partition_leader_epoch);
    object.plain("producerId", fields.producer_id);
    object.plain("producerEpoch", fields.producer_epoch);
    object.plain("baseSequence", fields.base_sequence);
    object.plain("lastSequence", fields.last_sequence().unwrap_or(-1));
    object.plain("isTransactional", fields.attributes.is_transactional());
    object.plain("isControl", fields.attributes.is_control());
    object.plain("crc", fields.crc);
}

pub(super) fn write_message(
    object: &mut Object<'_>,
    header: &Header<'_>,
    message: &LegacyMessage<'_>,
) {
    object.plain("magic", message.magic());
    object.plain("position", message.position());
    object.plain("size", message.as_bytes().len());
    object.plain("offset", message.offset());
    write_compression(object, header);
    object.string("timestampType", header.timestamp_type());
    object.plain("timestamp", message.timestamp());
    object.plain("crc", message.crc());
}

fn write_compression(object: &mut Object<'_>, header: &Header<'_>) {
    match header.attributes.compression() {
        Some(compression) => object.string("compression", compression.name()),
        None => object.plain("compression", header.attributes.compression_id()),
    }
}

pub(super) fn write_partial(object: &mut Object<'_>, partial: &Partial<'_>) {
    object.plain("partial", true);
    object.plain("position", partial.position());
    object.plain("size", partial.as_bytes().len());
    if let Some(whole) = partial.whole_size() {
        object.plain("wholeSize", whole);
    }
}
