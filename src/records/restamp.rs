//! Changes the header of a record batch in place, as brokers and proxies do, without decompressing its records.

use super::crc::crc32c;
use super::entries::{Found, min_size};
use super::{Attributes, Batch, BatchHeader, RecordsError, RecordsErrorKind, TimestampType};

/// Changes of the header of a record batch, made in place and without decompressing the records.
///
/// A field that is `None` stays as it is. Brokers set base offset, leader epoch and, where the topic has
/// `message.timestamp.type=LogAppendTime`, the timestamp of what they append; clients set the producer's fields of a batch
/// that they built before they knew them.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::{BatchBuilder, BatchOptions, Entries, Entry, NewRecord, Restamp};
///
/// let mut builder = BatchBuilder::new(BatchOptions::default());
/// builder.append(&NewRecord { value: Some(b"paid"), ..Default::default() })?;
/// let mut bytes = builder.finish()?.to_vec();
///
/// let appended = Restamp {
///     base_offset: Some(4_000_000),
///     partition_leader_epoch: Some(7),
///     ..Restamp::log_append_time(1_700_000_000_000)
/// };
/// appended.apply(&mut bytes)?;
///
/// let Some(Ok(Entry::Batch(batch))) = Entries::new(&bytes).next() else { panic!("a batch") };
/// batch.check_crc()?;
/// assert_eq!(batch.header().last_offset(), 4_000_000);
/// assert_eq!(batch.header().max_timestamp, 1_700_000_000_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Restamp {
    /// The offset of the first record; the others follow, as theirs are relative to it. Not covered by the checksum.
    pub base_offset: Option<i64>,
    /// The epoch of the leader that appends the batch. Not covered by the checksum.
    pub partition_leader_epoch: Option<i32>,
    /// Who set the timestamps: with [`LogAppendTime`](TimestampType::LogAppendTime), all records have the maximum
    /// timestamp of the batch.
    pub timestamp_type: Option<TimestampType>,
    /// The largest timestamp of the records.
    pub max_timestamp: Option<i64>,
    /// `true` if the batch is part of a transaction.
    pub transactional: Option<bool>,
    /// `true` if its records are control records.
    pub control: Option<bool>,
    /// The idempotent producer; -1 for none.
    pub producer_id: Option<i64>,
    /// The epoch of that producer; -1 for none.
    pub producer_epoch: Option<i16>,
    /// The sequence number of the first record; -1 for none.
    pub base_sequence: Option<i32>,
}

impl Restamp {
    /// The changes of a broker that appends a batch at `time`, in milliseconds since 1970.
    #[must_use]
    pub fn log_append_time(time: i64) -> Self {
        Self {
            timestamp_type: Some(TimestampType::LogAppendTime),
            max_timestamp: Some(time),
            ..Self::default()
        }
    }

    /// Changes the batch at the start of `bytes`, and returns its size in bytes: the next one begins there.
    ///
    /// The checksum is computed anew if a field changes that it covers; then a checksum that was wrong is right. Bytes of
    /// others are checked before: [`Batch::check_crc`].
    ///
    /// # Errors
    ///
    /// [`RecordsError`] if `bytes` do not begin with a whole entry, or with a message of magic 0 or 1
    /// ([`NotABatch`](RecordsErrorKind::NotABatch)), or if the last offset would be above `i64::MAX`
    /// ([`OffsetOutOfRange`](RecordsErrorKind::OffsetOutOfRange)); nothing is changed then.
    pub fn apply(&self, bytes: &mut [u8]) -> Result<usize, RecordsError> {
        let size = batch_size(bytes)?;
        let (batch, _) = bytes.split_at_mut(size);
        self.check_offsets(batch)?;
        let attributes = Attributes(u16::from_be_bytes(get(batch, ATTRIBUTES)));
        let changed = self.attributes(attributes);
        let mut is_covered = false;
        put(batch, BASE_OFFSET, self.base_offset.map(i64::to_be_bytes));
        let epoch = self.partition_leader_epoch.map(i32::to_be_bytes);
        put(batch, PARTITION_LEADER_EPOCH, epoch);
        is_covered |= put(batch, ATTRIBUTES, Some(changed.0.to_be_bytes()));
        is_covered |= put(
            batch,
            MAX_TIMESTAMP,
            self.max_timestamp.map(i64::to_be_bytes),
        );
        is_covered |= put(batch, PRODUCER_ID, self.producer_id.map(i64::to_be_bytes));
        is_covered |= put(
            batch,
            PRODUCER_EPOCH,
            self.producer_epoch.map(i16::to_be_bytes),
        );
        is_covered |= put(
            batch,
            BASE_SEQUENCE,
            self.base_sequence.map(i32::to_be_bytes),
        );
        if is_covered {
            let crc = crc32c(batch.get(Batch::CRC_START..).expect(WHOLE));
            put(batch, CRC, Some(crc.to_be_bytes()));
        }
        Ok(size)
    }

    fn check_offsets(&self, batch: &[u8]) -> Result<(), RecordsError> {
        let Some(base_offset) = self.base_offset else {
            return Ok(());
        };
        let last_offset_delta = i32::from_be_bytes(get(batch, LAST_OFFSET_DELTA));
        match base_offset.checked_add(last_offset_delta.into()) {
            Some(_) => Ok(()),
            None => {
                let kind = RecordsErrorKind::OffsetOutOfRange {
                    base_offset,
                    last_offset_delta,
                };
                Err(RecordsError::new(kind, LAST_OFFSET_DELTA))
            }
        }
    }

    fn attributes(&self, mut attributes: Attributes) -> Attributes {
        if let Some(timestamp_type) = self.timestamp_type {
            attributes = attributes.with_timestamp_type(timestamp_type);
        }
        if let Some(transactional) = self.transactional {
            attributes = attributes.with_transactional(transactional);
        }
        if let Some(control) = self.control {
            attributes = attributes.with_control(control);
        }
        attributes
    }
}

const BASE_OFFSET: usize = 0;
const PARTITION_LEADER_EPOCH: usize = 12;
const CRC: usize = 17;
const ATTRIBUTES: usize = 21;
const LAST_OFFSET_DELTA: usize = 23;
const MAX_TIMESTAMP: usize = 35;
const PRODUCER_ID: usize = 43;
const PRODUCER_EPOCH: usize = 51;
const BASE_SEQUENCE: usize = 53;

/// Why the fields of the header exist.
const WHOLE: &str = "a batch has a whole header";

/// The size of the whole batch at the start of `bytes`.
fn batch_size(bytes: &[u8]) -> Result<usize, RecordsError> {
    let Found::Whole {
        bytes: batch,
        magic,
        ..
    } = Found::at_start_of(bytes)?
    else {
        let kind = RecordsErrorKind::UnexpectedEnd {
            needed: Found::needed(bytes),
            remaining: bytes.len(),
        };
        return Err(RecordsError::new(kind, 0));
    };
    if magic != 2 {
        return Err(RecordsError::new(RecordsErrorKind::NotABatch { magic }, 16));
    }
    if batch.len() < BatchHeader::SIZE {
        let size =
            i32::try_from(batch.len() - super::entries::PREFIX).expect("the size is an int32");
        let min = min_size(magic);
        let kind = RecordsErrorKind::SizeTooSmall { size, min };
        return Err(RecordsError::new(kind, 8));
    }
    Ok(batch.len())
}

fn get<const N: usize>(batch: &[u8], at: usize) -> [u8; N] {
    let field = batch.get(at..).and_then(|rest| rest.first_chunk());
    *field.expect(WHOLE)
}

/// Writes a field, and returns `true` if it changes.
fn put<const N: usize>(batch: &mut [u8], at: usize, value: Option<[u8; N]>) -> bool {
    let Some(value) = value else {
        return false;
    };
    let field = batch.get_mut(at..).and_then(|rest| rest.first_chunk_mut());
    let old = std::mem::replace(field.expect(WHOLE), value);
    old != value
}
