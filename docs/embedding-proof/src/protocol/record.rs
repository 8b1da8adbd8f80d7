//! Record batches as the client holds them, written and read by kafka-codec.

use bytes::Bytes;
use kafka_codec::records::{
    BatchBuilder, BatchOptions, BuildError, Compression, Entries, Entry, Header, NewRecord,
    RecordDecoder, RecordsError,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordBatch {
    pub base_offset: i64,
    pub partition_leader_epoch: i32,
    pub last_offset_delta: i32,
    pub first_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub records: ControlBatchOrRecords,
    pub compression: RecordBatchCompression,
    pub is_transactional: bool,
    pub timestamp_type: RecordBatchTimestampType,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub timestamp_delta: i64,
    pub offset_delta: i32,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<RecordHeader>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordHeader {
    pub key: String,
    pub value: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlBatchOrRecords {
    ControlBatch(()),
    Records(Vec<Record>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordBatchTimestampType {
    CreateTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordBatchCompression {
    NoCompression,
    #[cfg(feature = "compression-gzip")]
    Gzip,
    #[cfg(feature = "compression-lz4")]
    Lz4,
    #[cfg(feature = "compression-snappy")]
    Snappy,
    #[cfg(feature = "compression-zstd")]
    Zstd,
}

impl From<RecordBatchCompression> for Compression {
    fn from(compression: RecordBatchCompression) -> Self {
        match compression {
            RecordBatchCompression::NoCompression => Self::None,
            #[cfg(feature = "compression-gzip")]
            RecordBatchCompression::Gzip => Self::Gzip,
            #[cfg(feature = "compression-lz4")]
            RecordBatchCompression::Lz4 => Self::Lz4,
            #[cfg(feature = "compression-snappy")]
            RecordBatchCompression::Snappy => Self::Snappy,
            #[cfg(feature = "compression-zstd")]
            RecordBatchCompression::Zstd => Self::Zstd,
        }
    }
}

/// A batch of the producer, which has records and no producer id.
pub fn write(batch: &RecordBatch) -> Result<Bytes, BuildError> {
    let mut builder = BatchBuilder::new(BatchOptions {
        compression: batch.compression.into(),
        ..Default::default()
    });
    if let ControlBatchOrRecords::Records(records) = &batch.records {
        for record in records {
            let new = NewRecord {
                timestamp: batch.first_timestamp + record.timestamp_delta,
                key: record.key.as_deref(),
                value: record.value.as_deref(),
                headers: &[],
            };
            let headers = record.headers.iter();
            builder.append_with_headers(
                &new,
                headers.map(|header| Header::new(header.key.as_str(), Some(&header.value[..]))),
            )?;
        }
    }
    builder.finish()
}

/// All whole batches of a Fetch response. Message sets of old brokers come as batches too.
pub fn read(bytes: &[u8]) -> Result<Vec<RecordBatch>, RecordsError> {
    let mut decoder = RecordDecoder::default();
    let mut batches = Vec::new();
    for entry in Entries::new(bytes) {
        let entry = entry?;
        if matches!(entry, Entry::Partial(_)) {
            break;
        }
        if matches!(&entry, Entry::Batch(batch) if batch.header().attributes.is_control()) {
            continue;
        }
        let (mut base, mut records) = (None, Vec::new());
        for record in entry.records(&mut decoder)? {
            let record = record?;
            let (offset, timestamp) = *base.get_or_insert((record.offset, record.timestamp));
            records.push(Record {
                timestamp_delta: record.timestamp.wrapping_sub(timestamp),
                offset_delta: (record.offset - offset) as i32,
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: read_headers(&record),
            });
        }
        let Some((base_offset, first_timestamp)) = base else {
            continue;
        };
        batches.push(RecordBatch {
            base_offset,
            first_timestamp,
            partition_leader_epoch: -1,
            last_offset_delta: records.last().map_or(0, |last| last.offset_delta),
            max_timestamp: first_timestamp,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            records: ControlBatchOrRecords::Records(records),
            compression: RecordBatchCompression::NoCompression,
            is_transactional: false,
            timestamp_type: RecordBatchTimestampType::CreateTime,
        });
    }
    Ok(batches)
}

fn read_headers(record: &kafka_codec::records::Record<'_>) -> Vec<RecordHeader> {
    let headers = record.headers;
    let headers = headers.map(|header| RecordHeader {
        key: String::from_utf8_lossy(header.key).into_owned(),
        value: header.value.unwrap_or_default().to_vec(),
    });
    headers.collect()
}
