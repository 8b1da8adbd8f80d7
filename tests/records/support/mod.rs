//! What several of the tests need.

pub(crate) mod build;
pub(crate) mod checksums;
pub(crate) mod history;
pub(crate) mod raw;
pub(crate) mod readings;
pub(crate) mod vectors;

use kafka_codec::records::{
    Compression, Entries, Entry, Record, RecordDecoder, RecordsError, RecordsErrorKind,
};

/// A record with its bytes copied, to be compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Owned {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
    pub(crate) sequence: i32,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl From<&Record<'_>> for Owned {
    fn from(record: &Record<'_>) -> Self {
        Self {
            offset: record.offset,
            timestamp: record.timestamp,
            sequence: record.sequence,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: record
                .headers
                .map(|header| (header.key.to_vec(), header.value.map(<[u8]>::to_vec)))
                .collect(),
        }
    }
}

/// All records of `blob`, and the first fault after them.
pub(crate) fn read(blob: &[u8]) -> (Vec<Owned>, Option<RecordsError>) {
    read_with(blob, &mut RecordDecoder::default())
}

/// As [`read`].
pub(crate) fn read_with(
    blob: &[u8],
    decoder: &mut RecordDecoder,
) -> (Vec<Owned>, Option<RecordsError>) {
    let mut read = Vec::new();
    for entry in Entries::new(blob) {
        let records = match entry.and_then(|entry| entry.records(decoder)) {
            Ok(records) => records,
            Err(error) => return (read, Some(error)),
        };
        for record in records {
            match record {
                Ok(record) => read.push(Owned::from(&record)),
                Err(error) => return (read, Some(error)),
            }
        }
    }
    (read, None)
}

/// All records of `blob`, in which there is no fault.
pub(crate) fn read_all(blob: &[u8]) -> Vec<Owned> {
    let (records, error) = read(blob);
    assert_eq!(error, None);
    records
}

/// The one entry of `blob`.
pub(crate) fn entry(blob: &[u8]) -> Entry<'_> {
    let mut entries = Entries::new(blob);
    let entry = entries.next().unwrap().unwrap();
    assert!(entries.next().is_none());
    entry
}

/// The compressions of this build, none first.
pub(crate) fn compressions() -> Vec<Compression> {
    Compression::ALL
        .into_iter()
        .filter(|compression| {
            let features = [
                (Compression::None, true),
                (Compression::Gzip, cfg!(feature = "gzip")),
                (Compression::Snappy, cfg!(feature = "snappy")),
                (Compression::Lz4, cfg!(feature = "lz4")),
                (Compression::Zstd, cfg!(feature = "zstd")),
            ];
            features.contains(&(*compression, true))
        })
        .collect()
}

/// The bytes that `text` is, in hexadecimal.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|digit| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Reading `bytes` gives so many records and then this fault.
pub(crate) fn assert_fault(
    bytes: &[u8],
    records: usize,
    kind: &RecordsErrorKind,
    offset: usize,
    decompressed: Option<usize>,
) {
    let (read, error) = read(bytes);
    let error = error.unwrap_or_else(|| panic!("no fault, but {kind:?} expected"));
    assert_eq!(error.kind(), kind);
    assert_eq!(
        (error.offset(), error.decompressed_offset()),
        (offset, decompressed),
        "{error}"
    );
    assert_eq!(read.len(), records, "{error}");
}
