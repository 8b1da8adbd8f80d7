//! The records of a fetched partition that a consumer sees, and the offset at which it goes on.

use std::iter::FusedIterator;

use super::aborted::AbortedProducers;
use super::{
    AbortedTransaction, Batch, ControlRecord, Entries, Entry, Partial, Record, RecordDecoder,
};
use super::{Records, RecordsError};

/// The records of one partition of a Fetch response as a consumer sees them, batch by batch.
///
/// Control batches, records below the fetch offset and, for [`read_committed`](Self::read_committed), the data of
/// aborted transactions are left out. [`next_offset`](Self::next_offset) is the offset of the next fetch: it passes over
/// everything that was left out, over offsets that compaction removed and over empty batches, so a consumer that fetches
/// there makes progress. Nothing is allocated for records or batches; aborted transactions are kept in a sorted list.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "messages")] {
/// use kafka_codec::messages::fetch_response::PartitionData;
/// use kafka_codec::records::{FetchedRecords, RecordDecoder, RecordsError};
///
/// /// Reads a partition of a response, fetched from `offset`: returns the offset of the next fetch.
/// fn read(
///     partition: &PartitionData<'_>,
///     offset: i64,
///     decoder: &mut RecordDecoder,
/// ) -> Result<i64, RecordsError> {
///     let bytes = partition.records.as_deref().unwrap_or_default();
///     let aborted = partition.aborted_transactions.iter().flatten();
///     let mut fetched = FetchedRecords::read_committed(bytes, offset, aborted);
///     while let Some(records) = fetched.next_batch(decoder)? {
///         for record in records {
///             let record = record?;
///             println!("{}: {:?} = {:?}", record.offset, record.key, record.value);
///         }
///     }
///     Ok(fetched.next_offset())
/// }
/// # let mut builder = kafka_codec::records::BatchBuilder::new(Default::default());
/// # builder.append(&Default::default()).unwrap();
/// # let records = Some(builder.finish().unwrap().into());
/// # let partition = PartitionData { records, ..Default::default() };
/// # assert_eq!(read(&partition, 0, &mut RecordDecoder::default()).unwrap(), 1);
/// # }
/// ```
#[derive(Debug)]
pub struct FetchedRecords<'a> {
    entries: Entries<'a>,
    progress: Progress,
    /// `None` if aborted data is read as well.
    aborted: Option<AbortedProducers>,
    partial: Option<Partial<'a>>,
}

/// The records of one batch that a consumer sees: see [`FetchedRecords`].
///
/// Iteration stops at the first error; records already returned are valid.
#[derive(Debug)]
pub struct FetchedBatch<'r> {
    records: Records<'r>,
    /// The offset after the batch.
    end: i64,
    progress: &'r mut Progress,
}

/// How far the records were read.
#[derive(Debug)]
struct Progress {
    next_offset: i64,
    /// `true` if an error was reported, after which nothing is read.
    failed: bool,
}

impl<'a> FetchedRecords<'a> {
    /// Reads `records`, fetched from `fetch_offset` with the isolation level `READ_UNCOMMITTED`.
    #[must_use]
    pub const fn read_uncommitted(records: &'a [u8], fetch_offset: i64) -> Self {
        Self {
            entries: Entries::new(records),
            progress: Progress {
                next_offset: fetch_offset,
                failed: false,
            },
            aborted: None,
            partial: None,
        }
    }

    /// Reads `records`, fetched from `fetch_offset` with the isolation level `READ_COMMITTED`. The response lists the
    /// `aborted` transactions of the partition, in any order.
    #[must_use]
    pub fn read_committed<T: Into<AbortedTransaction>>(
        records: &'a [u8],
        fetch_offset: i64,
        aborted: impl IntoIterator<Item = T>,
    ) -> Self {
        let aborted = aborted.into_iter().map(Into::into).collect();
        Self {
            aborted: Some(AbortedProducers::new(aborted)),
            ..Self::read_uncommitted(records, fetch_offset)
        }
    }

    /// Returns the records of the next batch or message that has visible ones, decompressed into the memory of `decoder`
    /// if need be; `None` at the end. All of them may turn out to be below the fetch offset.
    ///
    /// Records of the previous batch that were not read are passed over.
    ///
    /// # Errors
    ///
    /// As [`Entries`] and [`Entry::records`]; batches that are left out fail on a wrong checksum too. After an error, also
    /// one of [`FetchedBatch`], this returns `None`, and [`next_offset`](Self::next_offset) stays at the batch at fault.
    pub fn next_batch<'r>(
        &'r mut self,
        decoder: &'r mut RecordDecoder,
    ) -> Result<Option<FetchedBatch<'r>>, RecordsError> {
        let found = self.next_visible(decoder).and_then(|found| {
            let Some((entry, end)) = found else {
                return Ok(None);
            };
            Ok(Some((entry.records(decoder)?, end)))
        });
        match found {
            Ok(found) => Ok(found.map(|(records, end)| FetchedBatch {
                records,
                end,
                progress: &mut self.progress,
            })),
            Err(error) => {
                self.progress.failed = true;
                Err(error)
            }
        }
    }

    /// Returns the offset of the next fetch: the one after the last record that was returned, or after the last batch
    /// that was read to its end or left out. It never decreases.
    ///
    /// It is the fetch offset itself if the response has no whole batch: see [`partial`](Self::partial).
    #[must_use]
    pub const fn next_offset(&self) -> i64 {
        self.progress.next_offset
    }

    /// Returns the incomplete batch at the end, once it was reached: brokers cut the records off at the maximum size
    /// that the request allows.
    ///
    /// If it is all there is, brokers that answer Fetch up to version 2 need a request with a larger `partition_max_bytes`:
    /// [`Partial::whole_size`]. Newer versions always have a whole first batch.
    #[must_use]
    pub const fn partial(&self) -> Option<Partial<'a>> {
        self.partial
    }

    /// Returns the next entry with visible records, and the offset after it.
    fn next_visible(
        &mut self,
        decoder: &mut RecordDecoder,
    ) -> Result<Option<(Entry<'a>, i64)>, RecordsError> {
        while !self.progress.failed {
            let Some(entry) = self.entries.next().transpose()? else {
                break;
            };
            let end = match &entry {
                Entry::Partial(partial) => {
                    self.partial = Some(*partial);
                    break;
                }
                Entry::Batch(batch) => {
                    let end = batch.header().next_offset();
                    if self.leaves_out(batch, decoder)? {
                        self.progress.advance_to(end);
                        continue;
                    }
                    end
                }
                Entry::Message(message) => message.next_offset(),
            };
            return Ok(Some((entry, end)));
        }
        Ok(None)
    }

    /// Returns `true` if no record of `batch` is visible. The header is believed after the checksum was checked; of
    /// other batches that is done when their records are read.
    fn leaves_out(
        &mut self,
        batch: &Batch<'_>,
        decoder: &mut RecordDecoder,
    ) -> Result<bool, RecordsError> {
        let header = batch.header();
        let is_control = header.attributes.is_control();
        let is_aborted = match &mut self.aborted {
            None => false,
            Some(aborted) => {
                aborted.begin_up_to(header.last_offset());
                header.attributes.is_transactional() && aborted.contains(header.producer_id)
            }
        };
        if !(is_control || is_aborted || header.record_count == 0) {
            return Ok(false);
        }
        if decoder.checks_crc() {
            batch.check_crc()?;
        }
        if let Some(aborted) = self.aborted.as_mut().filter(|_| is_control && is_aborted) {
            if is_abort_marker(batch, decoder)? {
                aborted.end(header.producer_id);
            }
        }
        Ok(true)
    }
}

/// Returns `true` if the first record of a control batch ends a transaction that was aborted.
fn is_abort_marker(batch: &Batch<'_>, decoder: &mut RecordDecoder) -> Result<bool, RecordsError> {
    match batch.records(decoder)?.next() {
        None => Ok(false),
        Some(record) => Ok(ControlRecord::type_of(&record?)? == ControlRecord::ABORT),
    }
}

impl Progress {
    fn advance_to(&mut self, offset: i64) {
        self.next_offset = self.next_offset.max(offset);
    }
}

impl<'r> Iterator for FetchedBatch<'r> {
    type Item = Result<Record<'r>, RecordsError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.records.next() {
                Some(Ok(record)) if record.offset < self.progress.next_offset => {}
                Some(Ok(record)) => {
                    self.progress.next_offset = record.offset.saturating_add(1);
                    return Some(Ok(record));
                }
                Some(Err(error)) => {
                    self.progress.failed = true;
                    return Some(Err(error));
                }
                None => {
                    if !self.progress.failed {
                        self.progress.advance_to(self.end);
                    }
                    return None;
                }
            }
        }
    }
}

impl FusedIterator for FetchedBatch<'_> {}
