//! Options of a batch to be written.

use crate::records::{Attributes, BatchHeader, Compression, TimestampType};

/// The header of a batch to be written; what is not said comes from the records.
///
/// By default what a producer without idempotence sends: offsets from 0, create time, uncompressed.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::{BatchOptions, Compression};
///
/// let options = BatchOptions {
///     compression: Compression::Lz4,
///     producer_id: 4000,
///     producer_epoch: 0,
///     base_sequence: 120,
///     transactional: true,
///     ..Default::default()
/// };
/// assert_eq!(options.base_offset, 0);
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct BatchOptions {
    /// The offset of the first record.
    pub base_offset: i64,
    /// The epoch of the leader that appends it; -1 from a producer.
    pub partition_leader_epoch: i32,
    /// How the records are compressed.
    pub compression: Compression,
    /// The time of the broker, which overrules those of the records; `None` for create time.
    pub log_append_time: Option<i64>,
    /// The idempotent producer; -1 for none.
    pub producer_id: i64,
    /// The epoch of that producer; -1 for none.
    pub producer_epoch: i16,
    /// The sequence number of the first record; -1 for none.
    pub base_sequence: i32,
    /// `true` if it is part of a transaction.
    pub transactional: bool,
    /// `true` if its records are control records.
    pub control: bool,
    /// From when on tombstones and markers may be removed (KIP-534).
    pub delete_horizon: Option<i64>,
    /// The timestamp that the others are relative to; `None` for the first record's. Not used with a delete
    /// horizon, which takes its place.
    pub base_timestamp: Option<i64>,
    /// The largest timestamp; `None` for the largest of the records.
    pub max_timestamp: Option<i64>,
    /// The last offset, where it is above the last record's; needed for a batch without records.
    pub last_offset: Option<i64>,
}

impl BatchOptions {
    /// Those that write the batch with this header again, given its records.
    ///
    /// Unused bits of the attributes are not kept, nor is a compression without a name: such a batch
    /// is [bytes](crate::records::Batch::as_bytes) to be written as they are.
    #[must_use]
    pub fn of(header: &BatchHeader) -> Self {
        let attributes = header.attributes;
        let is_log_append = attributes.timestamp_type() == TimestampType::LogAppendTime;
        Self {
            base_offset: header.base_offset,
            partition_leader_epoch: header.partition_leader_epoch,
            compression: attributes.compression().unwrap_or_default(),
            log_append_time: is_log_append.then_some(header.max_timestamp),
            producer_id: header.producer_id,
            producer_epoch: header.producer_epoch,
            base_sequence: header.base_sequence,
            transactional: attributes.is_transactional(),
            control: attributes.is_control(),
            delete_horizon: header.delete_horizon(),
            base_timestamp: Some(header.base_timestamp_or_delete_horizon),
            max_timestamp: Some(header.max_timestamp),
            last_offset: Some(header.last_offset()),
        }
    }

    /// The flags of the header.
    pub(super) fn attributes(&self) -> Attributes {
        let timestamp_type = match self.log_append_time {
            Some(_) => TimestampType::LogAppendTime,
            None => TimestampType::CreateTime,
        };
        Attributes::default()
            .with_compression(self.compression)
            .with_timestamp_type(timestamp_type)
            .with_transactional(self.transactional)
            .with_control(self.control)
            .with_delete_horizon(self.delete_horizon.is_some())
    }
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            base_offset: 0,
            partition_leader_epoch: -1,
            compression: Compression::None,
            log_append_time: None,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            transactional: false,
            control: false,
            delete_horizon: None,
            base_timestamp: None,
            max_timestamp: None,
            last_offset: None,
        }
    }
}
