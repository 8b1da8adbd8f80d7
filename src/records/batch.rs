//! A record batch, the format of magic 2: its header, and the way to its records.

use super::crc::crc32c;
use super::{
    Attributes, Body, Compression, RecordDecoder, Records, RecordsError, RecordsErrorKind,
};
use super::{TimestampType, decoder::Source};

/// A record batch in the bytes it was read from.
///
/// ```text
///  byte   0   base offset           int64
///         8   length                int32, counts from byte 12
///        12   leader epoch          int32
///        16   magic                 int8, 2
///        17   CRC                   uint32, covers byte 21 to the end
///        21   attributes            int16
///        23   last offset delta     int32
///        27   base timestamp        int64
///        35   max timestamp         int64
///        43   producer id           int64
///        51   producer epoch        int16
///        53   base sequence         int32
///        57   count                 int32
///        61   records, which may be compressed
/// ```
///
/// Length counts from byte 12, the checksum (CRC-32C) covers byte 21 to the end. Nothing but the
/// header is looked at until it is asked for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    bytes: &'a [u8],
    position: usize,
    header: BatchHeader,
}

/// The header of a record batch.
///
/// Batches of a compacted topic may have fewer records than offsets, and even none.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchHeader {
    /// The offset that those of the records are relative to.
    pub base_offset: i64,
    /// Number of bytes that follow the length.
    pub length: i32,
    /// The epoch of the leader that appended it; -1 if none did. Not covered by the checksum.
    pub partition_leader_epoch: i32,
    /// The checksum that is stored.
    pub crc: u32,
    /// Compression and what else there are flags for.
    pub attributes: Attributes,
    /// The last offset, relative to the base offset.
    pub last_offset_delta: i32,
    /// What the timestamps of the records are relative to: see
    /// [`base_timestamp`](Self::base_timestamp) and [`delete_horizon`](Self::delete_horizon).
    pub base_timestamp_or_delete_horizon: i64,
    /// The largest timestamp, or that of all records if the broker set them.
    pub max_timestamp: i64,
    /// The idempotent producer that wrote it; -1 if none did.
    pub producer_id: i64,
    /// The epoch of that producer; -1 if there is none.
    pub producer_epoch: i16,
    /// The sequence number of the first record; -1 if there is none.
    pub base_sequence: i32,
    /// Number of records.
    pub record_count: i32,
}

impl BatchHeader {
    /// The size in bytes.
    pub const SIZE: usize = 61;

    /// The last offset. It may be of a record that compaction removed.
    #[must_use]
    pub const fn last_offset(&self) -> i64 {
        self.base_offset.wrapping_add(self.last_offset_delta as i64)
    }

    /// Returns the offset after the last one, at which a consumer that has read the batch fetches next. It is above the
    /// last record's if compaction removed records.
    #[must_use]
    pub const fn next_offset(&self) -> i64 {
        self.last_offset().saturating_add(1)
    }

    /// The sequence number of the last record; `None` if there is no idempotent producer.
    #[must_use]
    pub const fn last_sequence(&self) -> Option<i32> {
        match sequence(self.base_sequence, self.last_offset_delta) {
            -1 => None,
            last => Some(last),
        }
    }

    /// The timestamp of the first record, or what it is relative to; `None` if there is none, or a
    /// delete horizon in its place.
    #[must_use]
    pub const fn base_timestamp(&self) -> Option<i64> {
        match self.base_timestamp_or_delete_horizon {
            -1 => None,
            _ if self.attributes.has_delete_horizon() => None,
            timestamp => Some(timestamp),
        }
    }

    /// From when on tombstones and transaction markers in it may be removed (KIP-534).
    #[must_use]
    pub const fn delete_horizon(&self) -> Option<i64> {
        if self.attributes.has_delete_horizon() {
            Some(self.base_timestamp_or_delete_horizon)
        } else {
            None
        }
    }

    /// The header at the start of `bytes`; `None` if it is not whole.
    fn read(bytes: &[u8]) -> Option<Self> {
        let header: &[u8; Self::SIZE] = bytes.first_chunk()?;
        let mut rest = &header[..];
        Some(Self {
            base_offset: i64::from_be_bytes(take(&mut rest)?),
            length: i32::from_be_bytes(take(&mut rest)?),
            partition_leader_epoch: i32::from_be_bytes(take(&mut rest)?),
            crc: {
                take::<1>(&mut rest)?;
                u32::from_be_bytes(take(&mut rest)?)
            },
            attributes: Attributes(u16::from_be_bytes(take(&mut rest)?)),
            last_offset_delta: i32::from_be_bytes(take(&mut rest)?),
            base_timestamp_or_delete_horizon: i64::from_be_bytes(take(&mut rest)?),
            max_timestamp: i64::from_be_bytes(take(&mut rest)?),
            producer_id: i64::from_be_bytes(take(&mut rest)?),
            producer_epoch: i16::from_be_bytes(take(&mut rest)?),
            base_sequence: i32::from_be_bytes(take(&mut rest)?),
            record_count: i32::from_be_bytes(take(&mut rest)?),
        })
    }
}

impl<'a> Batch<'a> {
    /// Where the bytes begin that the checksum covers.
    pub(super) const CRC_START: usize = 21;

    /// The batch that `bytes` are, at `position` of its blob; `None` if the header is not whole.
    pub(super) fn new(bytes: &'a [u8], position: usize) -> Option<Self> {
        Some(Self {
            bytes,
            position,
            header: BatchHeader::read(bytes)?,
        })
    }

    /// Returns the header of the batch.
    #[must_use]
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// All of its bytes, to be written again as they are.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the position of the batch, in bytes from the start of the `records` field.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The bytes of its records, compressed if they are.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.bytes
            .get(BatchHeader::SIZE..)
            .expect("a batch has a whole header")
    }

    /// Whether the checksum is that of the bytes.
    ///
    /// # Errors
    ///
    /// [`CrcMismatch`](RecordsErrorKind::CrcMismatch) if it is not.
    pub fn check_crc(&self) -> Result<(), RecordsError> {
        let covered = self.bytes.get(Self::CRC_START..);
        let computed = crc32c(covered.expect("a batch has a whole header"));
        if computed == self.header.crc {
            return Ok(());
        }
        let stored = self.header.crc;
        let kind = RecordsErrorKind::CrcMismatch { stored, computed };
        Err(RecordsError::new(kind, self.position + 17))
    }

    /// Returns the records, decompressed into the memory of `decoder` if need be.
    ///
    /// # Errors
    ///
    /// [`RecordsError`] if the checksum is wrong, the count negative or the compression unknown or
    /// not compiled in. What is wrong further on comes out of the iterator, after the records that
    /// could be read before it.
    #[inline]
    pub fn records<'r>(&self, decoder: &'r mut RecordDecoder) -> Result<Records<'r>, RecordsError>
    where
        'a: 'r,
    {
        let source = self.source(decoder)?;
        Ok(Records::of_batch(&self.header, source))
    }

    /// Returns the records, decompressed into memory of their own if need be: for those that are kept while
    /// other batches are read with the same `decoder`.
    ///
    /// # Errors
    ///
    /// As [`records`](Self::records).
    pub fn decompress(&self, decoder: &mut RecordDecoder) -> Result<Body<'a>, RecordsError> {
        let (origin, fault) = self.source(decoder)?.into_parts();
        Ok(Body::of_batch(*self, origin, fault, decoder))
    }

    /// Where the decompressed records are.
    fn source<'r>(&self, decoder: &'r mut RecordDecoder) -> Result<Source<'r>, RecordsError>
    where
        'a: 'r,
    {
        if decoder.checks_crc() {
            self.check_crc()?;
        }
        let count = self.header.record_count;
        if count < 0 {
            let kind = RecordsErrorKind::NegativeCount { count };
            return Err(RecordsError::new(kind, self.position + 57));
        }
        let offset = self.position + BatchHeader::SIZE;
        if count == 0 {
            return Ok(Source::plain(&[], offset));
        }
        let compression = self.compression()?;
        if compression == Compression::None {
            return Ok(Source::plain(self.body(), offset));
        }
        decoder.decompress(compression, 2, self.body(), offset)
    }

    fn compression(&self) -> Result<Compression, RecordsError> {
        self.header.attributes.compression().ok_or_else(|| {
            let id = self.header.attributes.compression_id();
            RecordsError::new(
                RecordsErrorKind::UnknownCompression { id },
                self.position + 21,
            )
        })
    }
}

/// The number of the record at `delta`, which begins again at 0 after the largest; -1 if there is
/// no idempotent producer.
#[inline]
pub(super) const fn sequence(base: i32, delta: i32) -> i32 {
    if base < 0 {
        -1
    } else if base > i32::MAX.wrapping_sub(delta) {
        delta
            .wrapping_sub(i32::MAX.wrapping_sub(base))
            .wrapping_sub(1)
    } else {
        base.wrapping_add(delta)
    }
}

/// The timestamp of all records, if the broker set it.
#[inline]
pub(super) fn log_append_time(header: &BatchHeader) -> Option<i64> {
    match header.attributes.timestamp_type() {
        TimestampType::LogAppendTime => Some(header.max_timestamp),
        TimestampType::CreateTime => None,
    }
}

#[inline]
fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*chunk)
}
