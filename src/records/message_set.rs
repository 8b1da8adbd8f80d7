//! The messages of magic 0 and 1 as records: one that stands alone, or those in a compressed one.

use super::decoder::{Origin, Source};
use super::entries::{Found, min_size};
use super::{Compression, Headers, LegacyMessage, Record, RecordsError, RecordsErrorKind};

/// An iterator over the messages of a set.
#[derive(Debug)]
pub(super) struct MessageSet<'r> {
    rest: &'r [u8],
    partial: &'r [u8],
    /// What offsets are relative to: 0 if they are not.
    base_offset: i64,
    log_append_time: Option<i64>,
    check_crc: bool,
    /// How many messages were read.
    found: usize,
    /// The length of all of them.
    length: usize,
    origin: Origin,
    /// Why there are no more bytes.
    fault: Option<RecordsError>,
}

impl<'r> MessageSet<'r> {
    pub(super) fn none() -> Self {
        Self::plain(&[], Origin::Plain(0))
    }

    /// The messages of `source`: `message` itself, or those in it.
    pub(super) fn new(
        message: &LegacyMessage<'r>,
        source: Source<'r>,
        check_crc: bool,
    ) -> Result<Self, RecordsError> {
        if matches!(source.origin, Origin::Plain(_)) {
            return Ok(Self::plain(source.bytes, source.origin));
        }
        let mut set = Self {
            check_crc,
            fault: source.fault,
            ..Self::plain(source.bytes, source.origin)
        };
        if message.magic() == 0 {
            if set.fault.is_none() && set.is_empty() {
                return Err(RecordsError::new(
                    RecordsErrorKind::EmptyWrapper,
                    message.position(),
                ));
            }
            return Ok(set);
        }
        set.log_append_time = message.log_append_time();
        set.base_offset = set.relative_to(message)?;
        Ok(set)
    }

    /// Messages that were checked.
    fn plain(bytes: &'r [u8], origin: Origin) -> Self {
        Self {
            rest: bytes,
            partial: &[],
            base_offset: 0,
            log_append_time: None,
            check_crc: false,
            found: 0,
            length: bytes.len(),
            origin,
            fault: None,
        }
    }

    pub(super) fn partial(&self) -> &'r [u8] {
        self.partial
    }

    pub(super) fn next(&mut self) -> Option<Result<Record<'r>, RecordsError>> {
        if self.rest.is_empty() {
            return self.fault.take().map(Err);
        }
        let start = self.length - self.rest.len();
        Some(match Found::at_start_of(self.rest) {
            Ok(Found::Whole { bytes, magic, rest }) => {
                self.rest = rest;
                self.read(bytes, magic, start)
                    .map_err(|error| self.fail(error))
            }
            Ok(Found::Part) => {
                self.partial = std::mem::take(&mut self.rest);
                self.length = 0;
                return self.fault.take().map(Err);
            }
            Err(error) => Err(self.fail(error.moved(|offset| start + offset))),
        })
    }

    /// The message that `bytes` are, at `start` of the set.
    fn read(
        &mut self,
        bytes: &'r [u8],
        magic: i8,
        start: usize,
    ) -> Result<Record<'r>, RecordsError> {
        let message = Self::message(bytes, magic, start)?;
        if self.check_crc {
            message.check_crc()?;
        }
        match message.compression() {
            Ok(Compression::None) => {}
            Ok(_) => {
                return Err(RecordsError::new(
                    RecordsErrorKind::NestedCompression,
                    start + 17,
                ));
            }
            Err(kind) => return Err(RecordsError::new(kind, start + 17)),
        }
        let (key, value) = message.key_and_value()?;
        self.found += 1;
        Ok(Record {
            offset: self.base_offset.wrapping_add(message.offset()),
            timestamp: match self.log_append_time {
                Some(time) if magic == 1 => time,
                _ => message.timestamp(),
            },
            sequence: -1,
            attributes: message.attribute_bits(),
            offset_delta: 0,
            timestamp_delta: 0,
            key,
            value,
            headers: Headers::NONE,
        })
    }

    fn message(
        bytes: &'r [u8],
        magic: i8,
        start: usize,
    ) -> Result<LegacyMessage<'r>, RecordsError> {
        if magic > 1 {
            return Err(RecordsError::new(
                RecordsErrorKind::UnknownMagic { magic },
                start + 16,
            ));
        }
        LegacyMessage::new(bytes, start).ok_or_else(|| {
            let size =
                i32::try_from(bytes.len() - super::entries::PREFIX).expect("the size is an int32");
            let min = min_size(magic);
            RecordsError::new(RecordsErrorKind::SizeTooSmall { size, min }, start + 8)
        })
    }

    /// What is added to the offsets of a set in a `wrapper` of magic 1, which has that of the last.
    fn relative_to(&mut self, wrapper: &LegacyMessage<'_>) -> Result<i64, RecordsError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let Some(last) = self.last_offset()? else {
            return Err(RecordsError::new(
                RecordsErrorKind::EmptyWrapper,
                wrapper.position(),
            ));
        };
        match wrapper.offset() {
            // Some versions of librdkafka leave it at 0 when they produce.
            0 => Ok(0),
            offset if offset < last => {
                let kind = RecordsErrorKind::WrapperOffset {
                    wrapper: offset,
                    last,
                };
                Err(RecordsError::new(kind, wrapper.position()))
            }
            offset => Ok(offset.wrapping_sub(last)),
        }
    }

    fn last_offset(&self) -> Result<Option<i64>, RecordsError> {
        let mut last = None;
        let mut left = self.rest;
        loop {
            let start = self.length - left.len();
            match Found::at_start_of(left) {
                Ok(Found::Whole { bytes, rest, .. }) => {
                    last = bytes
                        .first_chunk()
                        .map(|offset| i64::from_be_bytes(*offset));
                    left = rest;
                }
                Ok(Found::Part) => return Ok(last),
                Err(error) => {
                    return Err(self.origin.locate(error.moved(|offset| start + offset)));
                }
            }
        }
    }

    /// Returns `true` if there is not one whole message.
    fn is_empty(&self) -> bool {
        matches!(Found::at_start_of(self.rest), Ok(Found::Part))
    }

    /// `error` at its place in the blob. Nothing is left then.
    #[cold]
    fn fail(&mut self, error: RecordsError) -> RecordsError {
        self.rest = &[];
        self.length = 0;
        self.fault = None;
        self.origin.locate(error.in_record(self.found))
    }
}
