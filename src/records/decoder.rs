//! The codecs, memory and limits for reading records.

use std::borrow::Cow;

use super::codec::{Bounds, Codec, Codecs};
use super::{Batch, Compression, LegacyMessage, Records, RecordsError, RecordsErrorKind};
use crate::wire::Limits;

/// Reads the records of batches and messages: holds the limits, the codecs, and the memory that
/// records are decompressed into.
///
/// Making one costs nothing; using it for many batches saves allocations. It keeps as much memory
/// as the largest batch took.
#[derive(Debug)]
pub struct RecordDecoder {
    limits: Limits,
    check_crc: bool,
    codecs: Codecs,
    buffer: Vec<u8>,
}

impl RecordDecoder {
    /// A decoder that decompresses no more than `limits` allow.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            check_crc: true,
            codecs: Codecs::default(),
            buffer: Vec::new(),
        }
    }

    /// The same, but checksums are not looked at: for records that were checked before, or to see
    /// what there is in a damaged batch.
    #[must_use]
    pub fn without_crc_check(mut self) -> Self {
        self.check_crc = false;
        self
    }

    /// Uses `codec` for `compression`, in place of what is compiled in.
    pub fn set_codec(&mut self, compression: Compression, codec: Box<dyn Codec>) {
        self.codecs.set(compression, codec);
    }

    /// Returns `true` if checksums are checked.
    #[must_use]
    pub const fn checks_crc(&self) -> bool {
        self.check_crc
    }

    /// Gives the memory back that records were decompressed into.
    pub fn shrink(&mut self) {
        self.buffer = Vec::new();
    }

    /// Takes the bytes that were decompressed last, with the memory that they are in if they fill at least half of it. Otherwise
    /// they are copied: a large batch may have been read before a small one, and its memory stays with the decoder.
    fn take(&mut self) -> Vec<u8> {
        match self.buffer.len() < self.buffer.capacity() / 2 {
            true => self.buffer.clone(),
            false => std::mem::take(&mut self.buffer),
        }
    }

    /// Decompresses `input`, which stands at `offset` of the blob.
    pub(super) fn decompress(
        &mut self,
        compression: Compression,
        magic: i8,
        input: &[u8],
        offset: usize,
    ) -> Result<Source<'_>, RecordsError> {
        let Some(codec) = self.codecs.get(compression) else {
            let missing = RecordsErrorKind::CompressionNotCompiledIn { compression };
            return Err(RecordsError::new(missing, offset));
        };
        self.buffer.clear();
        let bounds = Bounds::new(self.limits, input.len(), magic);
        let fault = codec.decompress(input, &mut self.buffer, &bounds);
        let fault = fault.err().map(|error| {
            let at = offset + error.offset();
            RecordsError::new(RecordsErrorKind::Decompression(error), at)
        });
        Ok(Source {
            bytes: &self.buffer,
            origin: Origin::Decompressed(offset),
            fault,
        })
    }
}

impl Default for RecordDecoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

/// The bytes that records are read from.
pub(super) struct Source<'r> {
    pub(super) bytes: &'r [u8],
    pub(super) origin: Origin,
    /// Why there are no more bytes.
    pub(super) fault: Option<RecordsError>,
}

impl<'r> Source<'r> {
    #[inline]
    pub(super) const fn plain(bytes: &'r [u8], offset: usize) -> Self {
        Self {
            bytes,
            origin: Origin::Plain(offset),
            fault: None,
        }
    }

    /// All but the bytes.
    pub(super) fn into_parts(self) -> (Origin, Option<RecordsError>) {
        (self.origin, self.fault)
    }
}

/// Where bytes of records stand in the blob.
#[derive(Copy, Clone, Debug)]
pub(super) enum Origin {
    /// As they are, from this offset on.
    Plain(usize),
    /// Compressed, from this offset on.
    Decompressed(usize),
}

impl Origin {
    /// `error`, whose offset is one in the bytes of records, at its place in the blob.
    #[cold]
    pub(super) fn locate(self, error: RecordsError) -> RecordsError {
        match self {
            Self::Plain(start) => error.moved(|offset| start + offset),
            Self::Decompressed(start) => error.in_decompressed(start),
        }
    }
}

/// The records of a batch or message, decompressed into memory of their own, at most twice as much as they take. Records
/// that are not compressed are borrowed.
#[derive(Debug)]
pub struct Body<'a> {
    of: Of<'a>,
    bytes: Cow<'a, [u8]>,
    origin: Origin,
    fault: Option<RecordsError>,
    check_crc: bool,
}

#[derive(Debug)]
enum Of<'a> {
    Batch(Batch<'a>),
    Message(LegacyMessage<'a>),
}

impl<'a> Body<'a> {
    pub(super) fn of_batch(
        batch: Batch<'a>,
        origin: Origin,
        fault: Option<RecordsError>,
        decoder: &mut RecordDecoder,
    ) -> Self {
        let bytes = match origin {
            Origin::Plain(_) => Cow::Borrowed(batch.body()),
            Origin::Decompressed(_) => Cow::Owned(decoder.take()),
        };
        Self {
            of: Of::Batch(batch),
            bytes,
            origin,
            fault,
            check_crc: decoder.check_crc,
        }
    }

    pub(super) fn of_message(
        message: LegacyMessage<'a>,
        origin: Origin,
        fault: Option<RecordsError>,
        decoder: &mut RecordDecoder,
    ) -> Self {
        let bytes = match origin {
            Origin::Plain(_) => Cow::Borrowed(message.as_bytes()),
            Origin::Decompressed(_) => Cow::Owned(decoder.take()),
        };
        Self {
            of: Of::Message(message),
            bytes,
            origin,
            fault,
            check_crc: decoder.check_crc,
        }
    }

    /// The records, from the first on.
    ///
    /// # Errors
    ///
    /// As [`LegacyMessage::records`], if it is of a compressed message.
    pub fn records(&self) -> Result<Records<'_>, RecordsError> {
        let source = Source {
            bytes: &self.bytes,
            origin: self.origin,
            fault: self.fault.clone(),
        };
        match &self.of {
            Of::Batch(batch) => Ok(Records::of_batch(batch.header(), source)),
            Of::Message(message) => Records::of_message(message, source, self.check_crc),
        }
    }

    /// The decompressed bytes: records of a batch, or a message set.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}
