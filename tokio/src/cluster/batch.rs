//! A batch to produce, as the caller hands it over.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_codec::enumerations::Acks;
use kafka_codec::produce::{BatchInfo, ProducerSequence};
use kafka_codec::records::{Compression, Entries, Entry};

/// A batch to produce.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use kafka_codec::enumerations::Acks;
/// use kafka_codec_tokio::Produce;
///
/// # let records = Bytes::new();
/// // `records` is a record batch, as `kafka_codec::records::BatchBuilder` makes it.
/// let batch = Produce::new("orders", 3, records).with_acks(Acks::LEADER);
/// ```
#[derive(Clone)]
pub struct Produce {
    pub(super) info: BatchInfo,
    pub(super) topic: Arc<str>,
    pub(super) records: Bytes,
    pub(super) acks: Acks,
    pub(super) timeout: Duration,
    pub(super) transactional_id: Option<Box<str>>,
    pub(super) may_repeat: bool,
}

impl Produce {
    /// A batch of records for a partition, with all in-sync replicas acknowledging it within 10 seconds. Its number of records,
    /// compression and sequence are those in its header.
    #[must_use]
    pub fn new(topic: impl Into<Arc<str>>, partition: i32, records: Bytes) -> Self {
        let topic = topic.into();
        Self {
            info: describe(BatchInfo::new(topic.clone(), partition), &records),
            topic,
            records,
            acks: Acks::ALL,
            timeout: Duration::from_secs(10),
            transactional_id: None,
            may_repeat: false,
        }
    }

    /// Sets the description of the batch in reports, in place of what its header says. A batch with a
    /// [sequence](BatchInfo::with_sequence) is sent again without risk, as the broker recognizes it. The topic and partition
    /// stay those of [`new`](Self::new).
    #[must_use]
    pub fn with_info(mut self, info: BatchInfo) -> Self {
        let before = std::mem::replace(&mut self.info, info);
        (self.info.topic, self.info.partition) = (before.topic, before.partition);
        self
    }

    /// Sets the number of records, for reports.
    #[must_use]
    pub fn with_record_count(mut self, records: u32) -> Self {
        self.info = self.info.with_records(records);
        self
    }

    /// Sets who acknowledges the batch. By default [all in-sync replicas](Acks::ALL).
    #[must_use]
    pub const fn with_acks(mut self, acks: Acks) -> Self {
        self.acks = acks;
        self
    }

    /// Sets how long the broker may wait for the replicas. By default 10 seconds. An attempt times out after that and the
    /// connection's request timeout.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the transactional id of the batch's producer.
    #[must_use]
    pub fn with_transactional_id(mut self, id: impl Into<Box<str>>) -> Self {
        self.transactional_id = Some(id.into());
        self
    }

    /// Sends the batch again also when it may be in the log already, though it has no sequence by which the broker would
    /// recognize it: its records may then be there twice. By default it is given up instead.
    #[must_use]
    pub const fn with_repetition(mut self) -> Self {
        self.may_repeat = true;
        self
    }

    pub(super) fn is_idempotent(&self) -> bool {
        self.info.sequence.is_some_and(|it| it.producer_id >= 0)
    }
}

impl fmt::Debug for Produce {
    /// Without the records: they are the user's data, and long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Produce")
            .field("topic", &self.topic)
            .field("partition", &self.info.partition)
            .field("records", &self.info.records)
            .field("bytes", &self.records.len())
            .field("sequence", &self.info.sequence)
            .field("acks", &self.acks)
            .field("timeout", &self.timeout)
            .field("transactional_id", &self.transactional_id)
            .field("may_repeat", &self.may_repeat)
            .finish()
    }
}

/// What the header of the first batch says. Where there are several, as no broker takes them since Kafka 2.0, it is the first's.
fn describe(info: BatchInfo, records: &Bytes) -> BatchInfo {
    let bytes = records.len() as u64;
    let Some(Ok(Entry::Batch(batch))) = Entries::new(records).next() else {
        return info.with_bytes(bytes, bytes, None);
    };
    let header = batch.header();
    let codec = header.attributes.compression();
    let codec = codec.filter(|codec| *codec != Compression::None);
    let info = info
        .with_bytes(bytes, bytes, codec.map(Compression::name))
        .with_records(u32::try_from(header.record_count).unwrap_or(0));
    match header.base_sequence {
        0.. if header.producer_id >= 0 => info.with_sequence(ProducerSequence {
            producer_id: header.producer_id,
            epoch: header.producer_epoch,
            base_sequence: header.base_sequence,
        }),
        _ => info,
    }
}
