//! The description of a batch, given before it is sent.

use std::sync::Arc;

use crate::wire::Uuid;

/// The description of a batch of records in reports.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BatchInfo {
    /// The name of the topic; empty if only the id is known.
    pub topic: Arc<str>,
    /// The id of the topic, which Produce uses from version 13 on.
    pub topic_id: Option<Uuid>,
    /// The partition.
    pub partition: i32,
    /// The number of records.
    pub records: u32,
    /// The size of the batch before compression, in bytes.
    pub uncompressed_bytes: u64,
    /// The size of the batch as it is sent, in bytes.
    pub compressed_bytes: u64,
    /// The name of the compression codec, or `None` without compression.
    pub codec: Option<&'static str>,
    /// The sequence by which the broker detects duplicates, for idempotent producers.
    pub sequence: Option<ProducerSequence>,
}

/// The sequence of a batch of an idempotent producer, by which the broker detects duplicates.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerSequence {
    /// The producer id.
    pub producer_id: i64,
    /// The producer epoch.
    pub epoch: i16,
    /// The sequence number of the first record.
    pub base_sequence: i32,
}

impl BatchInfo {
    /// Creates the description of a batch for a partition.
    #[must_use]
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self {
            topic: topic.into(),
            topic_id: None,
            partition,
            records: 0,
            uncompressed_bytes: 0,
            compressed_bytes: 0,
            codec: None,
            sequence: None,
        }
    }

    /// Sets the id of the topic.
    #[must_use]
    pub const fn with_topic_id(mut self, id: Uuid) -> Self {
        self.topic_id = Some(id);
        self
    }

    /// Sets the number of records.
    #[must_use]
    pub const fn with_records(mut self, records: u32) -> Self {
        self.records = records;
        self
    }

    /// Sets the sizes before and after compression, and the name of the codec.
    #[must_use]
    pub const fn with_bytes(
        mut self,
        uncompressed: u64,
        compressed: u64,
        codec: Option<&'static str>,
    ) -> Self {
        self.uncompressed_bytes = uncompressed;
        self.compressed_bytes = compressed;
        self.codec = codec;
        self
    }

    /// Sets the sequence by which the broker detects duplicates.
    #[must_use]
    pub const fn with_sequence(mut self, sequence: ProducerSequence) -> Self {
        self.sequence = Some(sequence);
        self
    }
}
