//! What the fuzz target `records` does, shared by `fuzz/` and the tests of records.
#![allow(dead_code, reason = "each uses its own part")]

use kafka_codec::records::{
    BatchBuilder, BatchOptions, Compression, ControlRecord, Entries, Entry,
};
use kafka_codec::records::{RecordDecoder, RecordsError};
use kafka_codec::wire::Limits;

/// The most that a batch may become when it is decompressed.
pub(crate) const CAP: usize = 1 << 20;

/// The first byte says whether checksums are looked at; the rest is a `records` field. Nothing panics,
/// every byte is in an entry, and what is read without a fault is read again from what is written of it.
pub(crate) fn records(input: &[u8]) {
    let Some((flags, bytes)) = input.split_first() else {
        return;
    };
    let limits = Limits::default().with_max_decompressed_bytes(CAP);
    let mut decoder = RecordDecoder::new(limits);
    if flags & 1 == 0 {
        decoder = decoder.without_crc_check();
    }
    walk(bytes, &mut decoder);
}

/// What was found in a `records` field.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Walked {
    pub(crate) records: usize,
    pub(crate) faults: usize,
}

/// Looks at all there is in `bytes`.
pub(crate) fn walk(bytes: &[u8], decoder: &mut RecordDecoder) -> Walked {
    let mut walked = Walked::default();
    let mut entries = Entries::new(bytes);
    let mut position = 0;
    for entry in entries.by_ref() {
        match entry {
            Ok(entry) => {
                assert_eq!(entry.position(), position);
                position += entry.as_bytes().len();
                walk_entry(&entry, bytes.len(), decoder, &mut walked);
            }
            Err(error) => {
                check(&error, bytes.len());
                walked.faults += 1;
            }
        }
    }
    // After a fault between entries the rest is there.
    assert_eq!(position + entries.rest().len(), bytes.len());
    walked
}

fn walk_entry(entry: &Entry<'_>, input: usize, decoder: &mut RecordDecoder, walked: &mut Walked) {
    let before = *walked;
    let mut builder = None;
    if let Entry::Batch(batch) = entry {
        let header = batch.header();
        let _ = (
            header.last_offset(),
            header.last_sequence(),
            header.base_timestamp(),
        );
        let options = BatchOptions {
            compression: Compression::None,
            ..BatchOptions::of(header)
        };
        builder = Some(BatchBuilder::new(options));
    }
    match entry.records(decoder) {
        Ok(records) => {
            for record in records {
                match record {
                    Ok(record) => {
                        walked.records += 1;
                        assert_eq!(record.headers.count(), record.headers.len());
                        let _ = ControlRecord::decode(&record);
                        // Offsets that go back cannot be written.
                        if builder
                            .as_mut()
                            .is_some_and(|builder| builder.append_read(&record).is_err())
                        {
                            builder = None;
                        }
                    }
                    Err(error) => {
                        check(&error, input);
                        walked.faults += 1;
                    }
                }
            }
        }
        Err(error) => {
            check(&error, input);
            walked.faults += 1;
        }
    }
    let (Entry::Batch(batch), Some(mut builder)) = (entry, builder) else {
        return;
    };
    let header = batch.header();
    if walked.faults > before.faults || header.record_count == 0 {
        return;
    }
    let Ok(again) = builder.finish() else {
        return;
    };
    let Some(Ok(Entry::Batch(again))) = Entries::new(&again).next() else {
        panic!("what is written is a batch");
    };
    let mut second = RecordDecoder::default();
    let mut ours = again.records(&mut second).expect("what is written is read");
    for record in entry.records(decoder).expect("it was read before") {
        let record = record.expect("it was read before");
        let again = ours
            .next()
            .expect("as many")
            .expect("what is written is read");
        // Overlong numbers are written as they should be.
        assert_eq!(
            (record.offset, record.timestamp, record.sequence),
            (again.offset, again.timestamp, again.sequence)
        );
        assert_eq!((record.key, record.value), (again.key, again.value));
        assert!(record.headers.eq(again.headers));
    }
    assert!(ours.next().is_none());
}

/// An error has something to say, and a place in the input.
fn check(error: &RecordsError, input: usize) {
    assert!(error.offset() <= input, "{error}, of {input} bytes");
    assert!(!error.to_string().is_empty());
}
