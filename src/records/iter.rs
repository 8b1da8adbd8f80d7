//! The records of an entry, one after the other, with offsets, timestamps and sequence numbers
//! worked out. Records of a message set are in [`message_set`](super::message_set).

use std::iter::FusedIterator;

use super::batch::{log_append_time, sequence};
use super::decoder::{Origin, Source};
use super::message_set::MessageSet;
use super::record::Parsed;
use super::{BatchHeader, LegacyMessage, Record, RecordsError, RecordsErrorKind};

/// An iterator over the records of a batch or message. Nothing is allocated.
///
/// After an error it ends. Records that came before it are valid.
#[derive(Debug)]
pub struct Records<'r>(Kind<'r>);

#[derive(Debug)]
enum Kind<'r> {
    Batch(BatchRecords<'r>),
    Messages(MessageSet<'r>),
}

impl<'r> Records<'r> {
    #[inline]
    pub(super) fn of_batch(header: &BatchHeader, source: Source<'r>) -> Self {
        Self(Kind::Batch(BatchRecords::new(header, source)))
    }

    pub(super) fn of_message(
        message: &LegacyMessage<'r>,
        source: Source<'r>,
        check_crc: bool,
    ) -> Result<Self, RecordsError> {
        Ok(Self(Kind::Messages(MessageSet::new(
            message, source, check_crc,
        )?)))
    }

    pub(super) fn none() -> Self {
        Self(Kind::Messages(MessageSet::none()))
    }

    /// What there is of a last message that is cut off, in a compressed message set that was read to
    /// its end: Kafka passes over it in silence.
    #[must_use]
    pub fn partial(&self) -> &'r [u8] {
        match &self.0 {
            Kind::Batch(_) => &[],
            Kind::Messages(messages) => messages.partial(),
        }
    }
}

impl<'r> Iterator for Records<'r> {
    type Item = Result<Record<'r>, RecordsError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Kind::Batch(batch) => batch.next(),
            Kind::Messages(messages) => messages.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            // Batches say how many, but that is not to be believed.
            Kind::Batch(batch) => (
                0,
                Some(
                    batch
                        .left
                        .min(batch.rest.len() / MIN_RECORD)
                        .saturating_add(1),
                ),
            ),
            Kind::Messages(_) => (0, None),
        }
    }
}

impl FusedIterator for Records<'_> {}

/// The minimum number of bytes of a record, its length included.
const MIN_RECORD: usize = 7;

#[derive(Debug)]
struct BatchRecords<'r> {
    rest: &'r [u8],
    /// How many records there should be yet.
    left: usize,
    base_offset: i64,
    base_timestamp: i64,
    log_append_time: Option<i64>,
    base_sequence: i32,
    /// How many records there should be in all.
    count: usize,
    /// The length of all of them.
    length: usize,
    origin: Origin,
    /// Why there are no more bytes.
    fault: Option<RecordsError>,
}

impl<'r> BatchRecords<'r> {
    #[inline]
    fn new(header: &BatchHeader, source: Source<'r>) -> Self {
        let count = usize::try_from(header.record_count).expect("negative counts are refused");
        // The body of an empty batch is not looked at.
        let (rest, fault) = match count {
            0 => (&[][..], None),
            _ => (source.bytes, source.fault),
        };
        Self {
            rest,
            left: count,
            base_offset: header.base_offset,
            base_timestamp: header.base_timestamp_or_delete_horizon,
            log_append_time: log_append_time(header),
            base_sequence: header.base_sequence,
            count,
            length: rest.len(),
            origin: source.origin,
            fault,
        }
    }

    #[inline]
    fn next(&mut self) -> Option<Result<Record<'r>, RecordsError>> {
        let Some(left) = self.left.checked_sub(1) else {
            return self.end().map(Err);
        };
        Some(match Parsed::read(self.rest) {
            Ok((record, rest)) => {
                self.rest = rest;
                self.left = left;
                Ok(self.record(record))
            }
            Err(error) => Err(self.fail(error)),
        })
    }

    #[inline]
    fn record(&self, parsed: Parsed<'r>) -> Record<'r> {
        Record {
            offset: self
                .base_offset
                .wrapping_add(i64::from(parsed.offset_delta)),
            timestamp: match self.log_append_time {
                Some(time) => time,
                None => self.base_timestamp.wrapping_add(parsed.timestamp_delta),
            },
            sequence: sequence(self.base_sequence, parsed.offset_delta),
            attributes: parsed.attributes,
            offset_delta: parsed.offset_delta,
            timestamp_delta: parsed.timestamp_delta,
            key: parsed.key,
            value: parsed.value,
            headers: parsed.headers,
        }
    }

    /// The fault after the last record, once.
    fn end(&mut self) -> Option<RecordsError> {
        let rest = std::mem::take(&mut self.rest);
        let fault = self.fault.take();
        if rest.is_empty() {
            return fault;
        }
        let kind = RecordsErrorKind::TrailingBytes { count: rest.len() };
        let error = RecordsError::new(kind, self.length - rest.len());
        Some(self.origin.locate(error))
    }

    /// `error`, whose offset is how many bytes are left, or what is behind it. Nothing is left then.
    #[cold]
    fn fail(&mut self, error: RecordsError) -> RecordsError {
        let found = self.count - self.left;
        let rest = std::mem::take(&mut self.rest);
        let fault = self.fault.take();
        self.left = 0;
        let is_end = matches!(error.kind(), RecordsErrorKind::UnexpectedEnd { .. });
        match fault {
            Some(fault) if is_end => return fault,
            _ => {}
        }
        let error = if rest.is_empty() {
            let count = i32::try_from(self.count).expect("the count is an int32");
            RecordsError::new(
                RecordsErrorKind::MissingRecords { count, found },
                self.length,
            )
        } else {
            error.moved(|left| self.length - left).in_record(found)
        };
        self.origin.locate(error)
    }
}
