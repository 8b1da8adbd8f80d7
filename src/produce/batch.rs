//! What is known of a batch before it is sent.

use std::sync::Arc;

use crate::wire::Uuid;

/// A batch of records, as far as it is reported.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BatchInfo {
    /// The name of the topic; empty if only the id is known.
    pub topic: Arc<str>,
    /// The id of the topic, as Produce has it from version 13 on.
    pub topic_id: Option<Uuid>,
    /// The partition.
    pub partition: i32,
    /// How many records it has.
    pub records: u32,
    /// Its bytes before compression.
    pub uncompressed_bytes: u64,
    /// Its bytes as they are sent.
    pub compressed_bytes: u64,
    /// The name of the codec; `None` is no compression.
    pub codec: Option<&'static str>,
    /// What the broker recognises a second one by.
    pub sequence: Option<ProducerSequence>,
}

/// What makes a batch of an idempotent producer recognisable.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerSequence {
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The number of the first record.
    pub base_sequence: i32,
}

impl BatchInfo {
    /// A batch for a partition.
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

    /// With the id of the topic.
    #[must_use]
    pub const fn with_topic_id(mut self, id: Uuid) -> Self {
        self.topic_id = Some(id);
        self
    }

    /// With so many records.
    #[must_use]
    pub const fn with_records(mut self, records: u32) -> Self {
        self.records = records;
        self
    }

    /// With its bytes before and after compression, and the codec's name.
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

    /// With what the broker recognises a second one by.
    #[must_use]
    pub const fn with_sequence(mut self, sequence: ProducerSequence) -> Self {
        self.sequence = Some(sequence);
        self
    }
}
