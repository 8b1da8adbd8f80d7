//! What Kafka's Java writes is read as the same records, and written again to the same bytes.

use kafka_codec::records::{
    BatchBuilder, BatchOptions, Compression, ControlRecord, Entries, Entry,
};
use kafka_codec::records::{
    MessageSetBuilder, MessageSetOptions, NewRecord, RecordDecoder, TimestampType,
};

use crate::support::compressions;
use crate::support::vectors::{Vector, describe, written_by_java};

#[test]
fn the_records_that_java_wrote_are_read_as_java_reads_them() {
    let mut decoder = RecordDecoder::default();
    let vectors = vectors();
    assert!(vectors.len() >= 50, "only {} vectors", vectors.len());
    for vector in vectors {
        assert_eq!(vector.error, None, "{}", vector.name);
        let (entries, failed) = describe(&vector.bytes, &mut decoder);
        assert!(!failed, "{}", vector.name);
        assert_eq!(entries.len(), vector.entries.len(), "{}", vector.name);
        for (ours, java) in entries.iter().zip(&vector.entries) {
            assert_eq!(ours, java, "{}", vector.name);
        }
    }
}

#[test]
fn a_batch_that_java_wrote_is_written_again_to_the_same_bytes() {
    let mut decoder = RecordDecoder::default();
    let mut batches = 0;
    for vector in vectors() {
        for entry in Entries::new(&vector.bytes) {
            let Entry::Batch(batch) = entry.unwrap() else {
                continue;
            };
            let header = batch.header();
            let mut builder = BatchBuilder::new(BatchOptions::of(header));
            for record in batch.records(&mut decoder).unwrap() {
                builder.append_read(&record.unwrap()).unwrap();
            }
            let bytes = builder.finish().unwrap();
            if header.attributes.compression() == Some(Compression::None)
                || header.record_count == 0
            {
                assert_eq!(bytes, batch.as_bytes(), "{}", vector.name);
                batches += 1;
            } else {
                let (again, _) = describe(&bytes, &mut decoder);
                let (read, _) = describe(batch.as_bytes(), &mut decoder);
                assert_eq!(again, read, "{}", vector.name);
            }
        }
    }
    assert!(batches >= 20, "only {batches} batches");
}

#[test]
fn a_message_that_java_wrote_is_written_again_to_the_same_bytes() {
    let mut decoder = RecordDecoder::default();
    let mut messages = 0;
    for vector in vectors() {
        for entry in Entries::new(&vector.bytes) {
            let Entry::Message(message) = entry.unwrap() else {
                continue;
            };
            let compression = message.attributes().compression().unwrap();
            let records: Vec<_> = message
                .decompress(&mut decoder)
                .unwrap()
                .records()
                .unwrap()
                .map(|record| crate::support::Owned::from(&record.unwrap()))
                .collect();
            let append = message.attributes().timestamp_type() == TimestampType::LogAppendTime;
            let mut builder = MessageSetBuilder::new(MessageSetOptions {
                magic: message.magic(),
                base_offset: records[0].offset,
                compression,
                log_append_time: append.then_some(message.timestamp()),
            })
            .unwrap();
            for record in &records {
                let new = NewRecord {
                    timestamp: record.timestamp,
                    key: record.key.as_deref(),
                    value: record.value.as_deref(),
                    headers: &[],
                };
                builder.append_at(record.offset, &new).unwrap();
            }
            let bytes = builder.finish().unwrap();
            if compression == Compression::None {
                assert_eq!(bytes, message.as_bytes(), "{}", vector.name);
                messages += 1;
            } else {
                let (again, _) = describe(&bytes, &mut decoder);
                let (read, _) = describe(message.as_bytes(), &mut decoder);
                assert_eq!(again, read, "{}", vector.name);
            }
        }
    }
    assert!(messages >= 20, "only {messages} messages");
}

#[test]
fn the_control_records_that_java_wrote_are_typed_and_written_again() {
    let mut decoder = RecordDecoder::default();
    let mut types = std::collections::BTreeSet::new();
    for vector in vectors()
        .iter()
        .filter(|vector| vector.name.starts_with("control-"))
    {
        for entry in Entries::new(&vector.bytes) {
            let Ok(Entry::Batch(batch)) = entry else {
                panic!("{} is a batch", vector.name);
            };
            let mut builder = BatchBuilder::new(BatchOptions::of(batch.header()));
            for record in batch.records(&mut decoder).unwrap() {
                let record = record.unwrap();
                let control = ControlRecord::decode(&record).unwrap();
                assert_eq!(
                    matches!(control, ControlRecord::Unknown { .. }),
                    control.number() > 1 && !cfg!(feature = "messages"),
                    "{}",
                    vector.name,
                );
                types.insert(control.number());
                builder.append_control(record.timestamp, &control).unwrap();
            }
            assert_eq!(
                builder.finish().unwrap(),
                batch.as_bytes(),
                "{}",
                vector.name
            );
        }
    }
    assert_eq!(types, (0..=6).collect());
}

/// Those of compressions that this build has.
fn vectors() -> Vec<Vector> {
    let mut vectors = written_by_java();
    let compressions = compressions();
    vectors.retain(|vector| {
        vector.entries.iter().all(|entry| {
            compressions
                .iter()
                .any(|compression| entry["compression"] == compression.id())
        })
    });
    vectors
}
