//! Finishing a batch: records compressed, header and checksum filled in.

use bytes::BufMut;

use super::{BatchBuilder, BuildError};
use crate::records::crc::crc32c;
use crate::records::{Batch, BatchHeader, Compression};

impl BatchBuilder {
    /// Makes the buffer the finished batch.
    pub(super) fn seal(&mut self) -> Result<(), BuildError> {
        let last_offset_delta = self.last_offset_delta()?;
        self.make_room(0);
        self.compress()?;
        let header = self.header(last_offset_delta)?;
        let front = self.buffer.get_mut(..BatchHeader::SIZE);
        front.expect(HAS_ROOM).copy_from_slice(&header);
        let crc = crc32c(self.buffer.get(Batch::CRC_START..).expect(HAS_ROOM));
        let field = self.buffer.get_mut(17..Batch::CRC_START);
        field.expect(HAS_ROOM).copy_from_slice(&crc.to_be_bytes());
        Ok(())
    }

    fn last_offset_delta(&self) -> Result<i32, BuildError> {
        let appended = match self.next_offset {
            _ if self.is_empty() => None,
            Some(next) => Some(next.saturating_sub(1)),
            None => Some(i64::MAX),
        };
        let offset = self.options.last_offset.or(appended);
        let offset = offset.ok_or(BuildError::Empty)?;
        let min = appended.unwrap_or(self.options.base_offset);
        if offset < min {
            return Err(BuildError::OffsetOrder { offset, min });
        }
        self.delta(offset)
    }

    /// Puts the compressed records in the place of the records.
    fn compress(&mut self) -> Result<(), BuildError> {
        let compression = self.options.compression;
        // The body of an empty batch stays empty, as Kafka's cleaner writes it.
        if compression == Compression::None || self.is_empty() {
            return Ok(());
        }
        let missing = BuildError::CompressionNotCompiledIn { compression };
        let codec = self.codecs.get(compression).ok_or(missing)?;
        self.compressed.clear();
        let records = self.buffer.get(BatchHeader::SIZE..).expect(HAS_ROOM);
        codec
            .compress(records, &mut self.compressed, 2)
            .map_err(BuildError::Compression)?;
        let size = BatchHeader::SIZE.saturating_add(self.compressed.len());
        if size > super::batch::MAX_SIZE {
            return Err(BuildError::TooLarge { size });
        }
        self.buffer.truncate(BatchHeader::SIZE);
        self.buffer.extend_from_slice(&self.compressed);
        Ok(())
    }

    /// The header, all but the checksum.
    fn header(&self, last_offset_delta: i32) -> Result<[u8; BatchHeader::SIZE], BuildError> {
        let options = &self.options;
        let size = self.buffer.len();
        let length = i32::try_from(size - 12).map_err(|_| BuildError::TooLarge { size })?;
        let mut attributes = options.attributes();
        if self.is_empty() {
            attributes = attributes.with_compression(Compression::None);
        }
        let max_timestamp = options.log_append_time.or(options.max_timestamp);
        let mut header = [0; BatchHeader::SIZE];
        let mut out = &mut header[..];
        out.put_i64(options.base_offset);
        out.put_i32(length);
        out.put_i32(options.partition_leader_epoch);
        out.put_i8(2);
        out.put_u32(0);
        out.put_u16(attributes.0);
        out.put_i32(last_offset_delta);
        out.put_i64(self.base_timestamp.unwrap_or(-1));
        out.put_i64(max_timestamp.unwrap_or(self.max_timestamp));
        out.put_i64(options.producer_id);
        out.put_i16(options.producer_epoch);
        out.put_i32(options.base_sequence);
        out.put_i32(self.count);
        Ok(header)
    }
}

/// Why the buffer is at least as long as a header.
const HAS_ROOM: &str = "make_room was called";
