//! Builds a record batch, the format of magic 2.

use bytes::{Bytes, BytesMut};

use super::record::{IteratedHeaders, Wire, WireHeaders};
use super::{BatchOptions, BuildError, NewRecord};
use crate::records::codec::{Codec, Codecs};
use crate::records::{BatchHeader, Compression, ControlRecord, Header, Record};

/// Builds record batches, one after the other, in memory that is used again.
///
/// A batch is finished as shared bytes, which go into a `ProduceRequest` without being copied. Once
/// they were sent and dropped, the next batch is built in the same memory.
///
/// # Examples
///
/// A producer that stops at a size:
///
/// ```
/// use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
/// use kafka_codec::wire::Blob;
///
/// let mut builder = BatchBuilder::new(BatchOptions::default());
/// for number in 0..1000 {
///     let value = format!("value {number}");
///     let record = NewRecord {
///         timestamp: 1_700_000_000_000,
///         value: Some(value.as_bytes()),
///         ..Default::default()
///     };
///     if builder.size_with(&record) > 16 * 1024 {
///         break;
///     }
///     builder.append(&record)?;
/// }
/// let size = builder.size();
/// let records = Blob::from(builder.finish()?);
/// assert_eq!(records.len(), size);
/// # Ok::<(), kafka_codec::records::BuildError>(())
/// ```
#[derive(Debug)]
pub struct BatchBuilder {
    pub(super) options: BatchOptions,
    /// Empty, or room for the header and the records.
    pub(super) buffer: BytesMut,
    /// The size of the last batch: the next one is likely as large.
    expected: usize,
    pub(super) count: i32,
    /// `None` after a record with the maximum offset.
    pub(super) next_offset: Option<i64>,
    pub(super) base_timestamp: Option<i64>,
    pub(super) max_timestamp: i64,
    pub(super) codecs: Codecs,
    pub(super) compressed: Vec<u8>,
}

impl BatchBuilder {
    /// A builder of a batch with these options.
    #[must_use]
    pub fn new(options: BatchOptions) -> Self {
        Self {
            options,
            buffer: BytesMut::new(),
            expected: BatchHeader::SIZE,
            count: 0,
            next_offset: Some(options.base_offset),
            base_timestamp: options.delete_horizon.or(options.base_timestamp),
            max_timestamp: -1,
            codecs: Codecs::default(),
            compressed: Vec::new(),
        }
    }

    /// Uses `codec` for `compression`, in place of what is compiled in: another library, or another
    /// level.
    pub fn set_codec(&mut self, compression: Compression, codec: Box<dyn Codec>) {
        self.codecs.set(compression, codec);
    }

    /// Drops the records that were appended, and begins a batch with these options.
    pub fn reset(&mut self, options: BatchOptions) {
        self.buffer.clear();
        self.options = options;
        self.count = 0;
        self.next_offset = Some(options.base_offset);
        self.base_timestamp = options.delete_horizon.or(options.base_timestamp);
        self.max_timestamp = -1;
    }

    /// What the batch is, besides its records.
    #[must_use]
    pub const fn options(&self) -> &BatchOptions {
        &self.options
    }

    /// Returns the number of records appended.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.count).expect("a count is not negative")
    }

    /// Returns `true` if none was.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the size of the batch in bytes. If it is compressed, which happens when it is finished, it is
    /// about the maximum that it can have.
    #[must_use]
    #[inline]
    pub fn size(&self) -> usize {
        self.buffer.len().max(BatchHeader::SIZE)
    }

    /// Returns the size of the batch in bytes with `record` at the next offset. If that offset is too far
    /// from the base offset, [`append`](Self::append) refuses the record whatever its size.
    #[must_use]
    pub fn size_with(&self, record: &NewRecord<'_>) -> usize {
        // Only measured, never written: `append` reports an offset that is too far.
        let offset_delta = self.next_offset().and_then(|offset| self.delta(offset));
        let offset_delta = offset_delta.unwrap_or(i32::MAX);
        let wire = Wire::new(record, self.timestamp_delta(record.timestamp), offset_delta);
        self.size().saturating_add(wire.size())
    }

    /// Appends `record` with the next offset, which is returned.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the batch cannot hold it.
    #[inline]
    pub fn append(&mut self, record: &NewRecord<'_>) -> Result<i64, BuildError> {
        let offset = self.next_offset()?;
        self.append_at(offset, record)?;
        Ok(offset)
    }

    /// Appends `record` with the next offset, which is returned, and with `headers` after its own: for headers that are
    /// not in a slice. The iterator is run several times, and must give the same headers each time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use kafka_codec::records::{BatchBuilder, BatchOptions, Header, NewRecord};
    ///
    /// let headers = BTreeMap::from([("source", "web"), ("trace", "7f")]);
    /// let headers = headers.iter().map(|(key, value)| Header::new(key, Some(value.as_bytes())));
    /// let record = NewRecord { value: Some(b"paid"), ..Default::default() };
    ///
    /// let mut builder = BatchBuilder::new(BatchOptions::default());
    /// builder.append_with_headers(&record, headers)?;
    /// # let batch = builder.finish()?;
    /// # let entry = kafka_codec::records::Entries::new(&batch).next().unwrap().unwrap();
    /// # let mut decoder = kafka_codec::records::RecordDecoder::default();
    /// # let record = entry.records(&mut decoder).unwrap().next().unwrap().unwrap();
    /// # assert!(record.headers.eq([Header::new("source", Some(b"web")), Header::new("trace", Some(b"7f"))]));
    /// # Ok::<(), kafka_codec::records::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the batch cannot hold it.
    pub fn append_with_headers<'h, I>(
        &mut self,
        record: &NewRecord<'h>,
        headers: I,
    ) -> Result<i64, BuildError>
    where
        I: IntoIterator<Item = Header<'h>, IntoIter: Clone>,
    {
        let offset = self.next_offset()?;
        if self.options.control {
            return Err(BuildError::ControlMismatch);
        }
        let headers = record.headers.iter().copied().chain(headers);
        self.append_any(offset, record, IteratedHeaders(headers))?;
        Ok(offset)
    }

    /// Appends `record` with this offset, which leaves a gap if it is not the next.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the batch cannot hold it, as its offset is below the next.
    #[inline]
    pub fn append_at(&mut self, offset: i64, record: &NewRecord<'_>) -> Result<(), BuildError> {
        if self.options.control {
            return Err(BuildError::ControlMismatch);
        }
        self.append_any(offset, record, record.headers)
    }

    /// Appends a control record with the next offset, which is returned.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the batch is not one of control records, or cannot hold it.
    pub fn append_control(
        &mut self,
        timestamp: i64,
        record: &ControlRecord<'_>,
    ) -> Result<i64, BuildError> {
        if !self.options.control {
            return Err(BuildError::ControlMismatch);
        }
        let (key, value) = record.encode().map_err(BuildError::ControlRecord)?;
        let record = NewRecord {
            timestamp,
            key: Some(&key),
            value: value.as_deref(),
            headers: &[],
        };
        let offset = self.next_offset()?;
        self.append_any(offset, &record, record.headers)?;
        Ok(offset)
    }

    /// Appends a record that was read, control record or not, with its offset. Its timestamp delta
    /// stays what it is where the broker's time hides its timestamp.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the batch cannot hold it, as its offset is below the next.
    pub fn append_read(&mut self, record: &Record<'_>) -> Result<(), BuildError> {
        let offset_delta = self.offset_delta(record.offset)?;
        let first = record.timestamp.wrapping_sub(record.timestamp_delta);
        let base = self.base_timestamp.unwrap_or(first);
        let timestamp = match self.options.log_append_time {
            Some(_) => base.wrapping_add(record.timestamp_delta),
            None => record.timestamp,
        };
        let wire = Wire::read(record, timestamp.wrapping_sub(base), offset_delta);
        self.push(&wire, record.offset, timestamp, base)
    }

    /// The batch, with its header and checksum. What comes next is a batch with the same options.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if there is no record and no last offset was set, the batch is too large, or it
    /// could not be compressed. The records stay, so that [`reset`](Self::reset) is what drops them.
    pub fn finish(&mut self) -> Result<Bytes, BuildError> {
        self.seal()?;
        self.expected = self.buffer.len();
        let batch = self.buffer.split().freeze();
        self.reset(self.options);
        Ok(batch)
    }

    /// Appends the batch to `out`, as [`finish`](Self::finish) would return it.
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish); `out` is left as it was.
    pub fn finish_into(&mut self, out: &mut Vec<u8>) -> Result<(), BuildError> {
        self.seal()?;
        out.extend_from_slice(&self.buffer);
        self.reset(self.options);
        Ok(())
    }

    #[inline]
    fn append_any(
        &mut self,
        offset: i64,
        record: &NewRecord<'_>,
        headers: impl WireHeaders,
    ) -> Result<(), BuildError> {
        let timestamp = record.timestamp;
        if timestamp < -1 {
            return Err(BuildError::NegativeTimestamp { timestamp });
        }
        let offset_delta = self.offset_delta(offset)?;
        let base = self.base_timestamp.unwrap_or(timestamp);
        let wire = Wire::with_headers(record, headers, timestamp.wrapping_sub(base), offset_delta);
        self.push(&wire, offset, timestamp, base)
    }

    #[inline]
    fn push(
        &mut self,
        wire: &Wire<'_, impl WireHeaders>,
        offset: i64,
        timestamp: i64,
        base: i64,
    ) -> Result<(), BuildError> {
        let size = self.size().saturating_add(wire.size());
        let count = self.count.checked_add(1);
        let Some(count) = count.filter(|_| size <= MAX_SIZE) else {
            return Err(BuildError::TooLarge { size });
        };
        self.make_room(wire.size());
        wire.write(&mut self.buffer);
        self.count = count;
        self.next_offset = offset.checked_add(1);
        self.base_timestamp = Some(base);
        self.max_timestamp = self.max_timestamp.max(timestamp);
        Ok(())
    }

    /// Begins the buffer with room for the header.
    #[inline]
    pub(super) fn make_room(&mut self, record: usize) {
        if self.buffer.is_empty() {
            self.buffer
                .reserve(self.expected.max(BatchHeader::SIZE + record));
            self.buffer.resize(BatchHeader::SIZE, 0);
        }
    }

    fn timestamp_delta(&self, timestamp: i64) -> i64 {
        timestamp.wrapping_sub(self.base_timestamp.unwrap_or(timestamp))
    }

    #[inline]
    fn next_offset(&self) -> Result<i64, BuildError> {
        self.next_offset.ok_or(BuildError::NoOffsetLeft)
    }

    #[inline]
    fn offset_delta(&self, offset: i64) -> Result<i32, BuildError> {
        let min = self.next_offset()?;
        if offset < min {
            return Err(BuildError::OffsetOrder { offset, min });
        }
        self.delta(offset)
    }

    /// The distance of an offset from the base offset, which is not above it.
    #[inline]
    pub(super) fn delta(&self, offset: i64) -> Result<i32, BuildError> {
        let base = self.options.base_offset;
        let delta = offset.checked_sub(base);
        delta
            .and_then(|delta| i32::try_from(delta).ok())
            .ok_or(BuildError::OffsetTooFar { offset, base })
    }
}

/// The maximum size of a batch in bytes: what its length says, and what stands in front of that.
pub(super) const MAX_SIZE: usize = 0x7fff_ffff;
