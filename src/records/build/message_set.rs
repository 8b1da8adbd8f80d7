//! Builds message sets, the formats of magic 0 and 1, plain or in one compressed message.

use bytes::{BufMut, Bytes, BytesMut};

use super::{BuildError, NewRecord};
use crate::records::codec::{Codec, Codecs};
use crate::records::crc::crc32;
use crate::records::{Attributes, Compression, TimestampType};

/// Options of a message set to be written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MessageSetOptions {
    /// The format, 0 or 1.
    pub magic: i8,
    /// The offset of the first message.
    pub base_offset: i64,
    /// How the messages are compressed, all of them in one; not zstd.
    pub compression: Compression,
    /// The time of the broker, which overrules those of the messages; `None` for create time. Only
    /// in magic 1.
    pub log_append_time: Option<i64>,
}

impl Default for MessageSetOptions {
    fn default() -> Self {
        Self {
            magic: 1,
            base_offset: 0,
            compression: Compression::None,
            log_append_time: None,
        }
    }
}

/// Builds message sets, one after the other, in memory that is used again. For brokers and clients
/// before Kafka 0.11; everyone else uses a [`BatchBuilder`](super::BatchBuilder).
///
/// # Examples
///
/// ```
/// use kafka_codec::records::{MessageSetBuilder, MessageSetOptions, NewRecord};
///
/// let mut builder = MessageSetBuilder::new(MessageSetOptions { magic: 0, ..Default::default() })?;
/// builder.append(&NewRecord { value: Some(b"v"), ..Default::default() })?;
/// assert_eq!(builder.finish()?.len(), 12 + 14 + 1);
/// # Ok::<(), kafka_codec::records::BuildError>(())
/// ```
#[derive(Debug)]
pub struct MessageSetBuilder {
    options: MessageSetOptions,
    buffer: BytesMut,
    /// `None` after a message with the maximum offset.
    next_offset: Option<i64>,
    max_timestamp: i64,
    codecs: Codecs,
    compressed: Vec<u8>,
}

impl MessageSetBuilder {
    /// A builder of a message set with these options.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if there is no such format, or it cannot be compressed so.
    pub fn new(options: MessageSetOptions) -> Result<Self, BuildError> {
        check(&options)?;
        Ok(Self {
            options,
            buffer: BytesMut::new(),
            next_offset: Some(options.base_offset),
            max_timestamp: -1,
            codecs: Codecs::default(),
            compressed: Vec::new(),
        })
    }

    /// Uses `codec` for `compression`, in place of what is compiled in: another library, or another
    /// level.
    pub fn set_codec(&mut self, compression: Compression, codec: Box<dyn Codec>) {
        self.codecs.set(compression, codec);
    }

    /// Drops the messages that were appended, and begins a set with these options.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn reset(&mut self, options: MessageSetOptions) -> Result<(), BuildError> {
        check(&options)?;
        self.options = options;
        self.clear();
        Ok(())
    }

    /// Returns the size of the set in bytes, before compression.
    #[must_use]
    pub fn size(&self) -> usize {
        self.buffer.len() + self.wrapper_size()
    }

    /// Returns the size in bytes with `record`.
    #[must_use]
    pub fn size_with(&self, record: &NewRecord<'_>) -> usize {
        let fields = self.overhead().saturating_add(size(record));
        self.size().saturating_add(12).saturating_add(fields)
    }

    /// Appends `record` with the next offset, which is returned.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the set cannot hold it.
    pub fn append(&mut self, record: &NewRecord<'_>) -> Result<i64, BuildError> {
        let offset = self.next_offset.ok_or(BuildError::NoOffsetLeft)?;
        self.append_at(offset, record)?;
        Ok(offset)
    }

    /// Appends `record` with this offset, which leaves a gap if it is not the next.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the set cannot hold it, as its offset is below the next.
    pub fn append_at(&mut self, offset: i64, record: &NewRecord<'_>) -> Result<(), BuildError> {
        if !record.headers.is_empty() {
            return Err(BuildError::HeadersInMessageSet);
        }
        let timestamp = record.timestamp;
        if timestamp < -1 {
            return Err(BuildError::NegativeTimestamp { timestamp });
        }
        let min = self.next_offset.ok_or(BuildError::NoOffsetLeft)?;
        if offset < min {
            return Err(BuildError::OffsetOrder { offset, min });
        }
        let size = self.size_with(record);
        if i32::try_from(size).is_err() {
            return Err(BuildError::TooLarge { size });
        }
        let inner = match (self.options.magic, self.options.compression) {
            // In a compressed message they are relative to the first.
            (1, compression) if compression != Compression::None => {
                let base = self.options.base_offset;
                let delta = offset.checked_sub(base);
                delta.ok_or(BuildError::OffsetTooFar { offset, base })?
            }
            _ => offset,
        };
        let message = Message {
            offset: inner,
            timestamp: self.options.log_append_time.unwrap_or(timestamp),
            compression: Compression::None,
            key: record.key,
            value: record.value,
        };
        message.write(&self.options, &mut self.buffer);
        self.next_offset = offset.checked_add(1);
        self.max_timestamp = self.max_timestamp.max(timestamp);
        Ok(())
    }

    /// The message set. What comes next is a set with the same options.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if there is no message, or they could not be compressed. The messages stay.
    pub fn finish(&mut self) -> Result<Bytes, BuildError> {
        if self.buffer.is_empty() {
            return Err(BuildError::EmptyMessageSet);
        }
        if self.options.compression != Compression::None {
            self.wrap()?;
        }
        let set = self.buffer.split().freeze();
        self.clear();
        Ok(set)
    }

    /// Puts one compressed message in the place of the messages.
    fn wrap(&mut self) -> Result<(), BuildError> {
        let compression = self.options.compression;
        let missing = BuildError::CompressionNotCompiledIn { compression };
        let codec = self.codecs.get(compression).ok_or(missing)?;
        self.compressed.clear();
        codec
            .compress(&self.buffer, &mut self.compressed, self.options.magic)
            .map_err(BuildError::Compression)?;
        let size = self.compressed.len().saturating_add(self.wrapper_size());
        if i32::try_from(size).is_err() {
            return Err(BuildError::TooLarge { size });
        }
        let wrapper = Message {
            offset: self
                .next_offset
                .map_or(i64::MAX, |next| next.saturating_sub(1)),
            timestamp: self.options.log_append_time.unwrap_or(self.max_timestamp),
            compression,
            key: None,
            value: Some(&self.compressed),
        };
        self.buffer.clear();
        wrapper.write(&self.options, &mut self.buffer);
        Ok(())
    }

    fn clear(&mut self) {
        self.buffer.clear();
        self.next_offset = Some(self.options.base_offset);
        self.max_timestamp = -1;
    }

    /// What the message around compressed ones takes.
    fn wrapper_size(&self) -> usize {
        match self.options.compression {
            Compression::None => 0,
            _ => 12 + self.overhead(),
        }
    }

    /// What a message takes besides offset, size, key and value.
    fn overhead(&self) -> usize {
        if self.options.magic == 0 { 14 } else { 22 }
    }
}

fn check(options: &MessageSetOptions) -> Result<(), BuildError> {
    let magic = options.magic;
    if !(0..=1).contains(&magic) {
        return Err(BuildError::UnknownMagic { magic });
    }
    if options.compression == Compression::Zstd {
        return Err(BuildError::ZstdInMessageSet);
    }
    Ok(())
}

/// How many bytes its key and value have.
fn size(record: &NewRecord<'_>) -> usize {
    let value = record.value.unwrap_or_default().len();
    record.key.unwrap_or_default().len().saturating_add(value)
}

/// A message as it stands in a set.
struct Message<'a> {
    offset: i64,
    timestamp: i64,
    compression: Compression,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

impl Message<'_> {
    /// Appends it; its size was checked.
    fn write(&self, options: &MessageSetOptions, out: &mut BytesMut) {
        let start = out.len();
        out.put_i64(self.offset);
        out.put_u64(0);
        out.put_i8(options.magic);
        let timestamp_type = match options.log_append_time {
            Some(_) if options.magic == 1 => TimestampType::LogAppendTime,
            _ => TimestampType::CreateTime,
        };
        let attributes = Attributes::default()
            .with_compression(self.compression)
            .with_timestamp_type(timestamp_type);
        let [_, attributes] = attributes.0.to_be_bytes();
        out.put_u8(attributes);
        if options.magic == 1 {
            out.put_i64(self.timestamp);
        }
        for part in [self.key, self.value] {
            let length = part.map_or(-1, |part| {
                i32::try_from(part.len()).expect("sizes were checked")
            });
            out.put_i32(length);
            out.extend_from_slice(part.unwrap_or_default());
        }
        let size = i32::try_from(out.len() - start - 12).expect("sizes were checked");
        let crc = crc32(out.get(start + 16..).expect("the message was written"));
        let fields = out.get_mut(start + 8..start + 16);
        let (size_field, crc_field) = fields.expect("the message was written").split_at_mut(4);
        size_field.copy_from_slice(&size.to_be_bytes());
        crc_field.copy_from_slice(&crc.to_be_bytes());
    }
}
