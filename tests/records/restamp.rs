//! A batch is restamped in place to the bytes that Kafka's classes make of it.

use kafka_codec::records::{
    BatchBuilder, BatchOptions, Entries, Entry, NewRecord, RecordsErrorKind, Restamp, TimestampType,
};

use crate::random::Random;
use crate::support::build::built;
use crate::support::read_all;
use crate::support::vectors::restamped_by_java;

#[test]
fn a_batch_is_restamped_to_the_bytes_that_java_makes() {
    let mut count = 0;
    for line in restamped_by_java() {
        let mut bytes = line.batch.clone();
        assert_eq!(line.restamp.apply(&mut bytes).unwrap(), bytes.len());
        assert_eq!(bytes, line.expected, "{:?}", line.restamp);
        count += 1;
    }
    println!("{count} batches restamped as Java does");
    assert!(count >= 50, "only {count} batches");
}

#[test]
fn a_restamped_batch_is_the_one_built_with_these_options() {
    let mut random = Random::of("restamp");
    for compression in crate::support::compressions() {
        for _ in 0..50 {
            let before = BatchOptions {
                compression,
                ..BatchOptions::default()
            };
            let after = BatchOptions {
                base_offset: i64::from(random.byte()) << 30,
                partition_leader_epoch: i32::from(random.byte()),
                producer_id: i64::from(random.byte()),
                producer_epoch: i16::from(random.byte()),
                base_sequence: i32::from(random.byte()),
                transactional: random.below(2) == 0,
                log_append_time: [None, Some(1_700_000_000_000)][random.below(2)],
                ..before
            };
            let restamp = Restamp {
                base_offset: Some(after.base_offset),
                partition_leader_epoch: Some(after.partition_leader_epoch),
                producer_id: Some(after.producer_id),
                producer_epoch: Some(after.producer_epoch),
                base_sequence: Some(after.base_sequence),
                transactional: Some(after.transactional),
                ..after
                    .log_append_time
                    .map_or_else(Restamp::default, Restamp::log_append_time)
            };
            let mut bytes = batch(before);
            restamp.apply(&mut bytes).unwrap();
            assert_eq!(bytes, batch(after));
        }
    }
}

#[test]
fn what_is_not_changed_stays_with_its_checksum() {
    for set in built(3).iter().filter(|set| set.name.starts_with("v2")) {
        let mut bytes = set.bytes.clone();
        Restamp::default().apply(&mut bytes).unwrap();
        assert_eq!(bytes, set.bytes, "{}", set.name);
        // The checksum does not cover these, so one that is wrong stays wrong.
        bytes[17] ^= 1;
        let restamp = Restamp {
            base_offset: Some(77),
            partition_leader_epoch: Some(5),
            ..Restamp::default()
        };
        restamp.apply(&mut bytes).unwrap();
        assert_eq!(bytes[17], set.bytes[17] ^ 1);
    }
}

#[test]
fn batches_that_follow_each_other_are_restamped_one_by_one() {
    let mut bytes = [
        batch(BatchOptions::default()),
        batch(BatchOptions::default()),
    ]
    .concat();
    let (mut position, mut offset) = (0, 100);
    while position < bytes.len() {
        let restamp = Restamp {
            base_offset: Some(offset),
            ..Restamp::default()
        };
        position += restamp.apply(&mut bytes[position..]).unwrap();
        offset += 3;
    }
    let offsets: Vec<_> = read_all(&bytes)
        .iter()
        .map(|record| record.offset)
        .collect();
    assert_eq!(offsets, [100, 101, 102, 103, 104, 105]);
}

#[test]
fn bytes_that_are_not_a_whole_batch_are_refused_and_left_as_they_are() {
    let restamp = Restamp {
        base_offset: Some(1),
        ..Restamp::log_append_time(7)
    };
    let refused = |bytes: &[u8]| {
        let mut copy = bytes.to_vec();
        let error = restamp.apply(&mut copy).unwrap_err();
        assert_eq!(copy, bytes);
        error
    };
    let whole = batch(BatchOptions::default());
    for length in 0..whole.len() {
        let error = refused(&whole[..length]);
        let needed = if length < 12 { 12 } else { whole.len() };
        let remaining = length;
        let kind = RecordsErrorKind::UnexpectedEnd { needed, remaining };
        assert_eq!((error.kind(), error.offset()), (&kind, 0));
    }
    for magic in 0..=1 {
        let message = crate::support::raw::RawMessage::of(magic).bytes();
        let magic = i8::try_from(magic).unwrap();
        let error = refused(&message);
        assert_eq!(error.kind(), &RecordsErrorKind::NotABatch { magic });
        assert_eq!(error.offset(), 16);
    }
    let mut small = whole;
    small[11] = 48;
    let kind = RecordsErrorKind::SizeTooSmall { size: 48, min: 49 };
    assert_eq!(refused(&small).kind(), &kind);
}

#[test]
fn create_time_and_log_append_time_are_set_in_both_directions() {
    let original = batch(BatchOptions::default());
    let mut bytes = original.clone();
    Restamp::log_append_time(5000).apply(&mut bytes).unwrap();
    assert!(
        read_all(&bytes)
            .iter()
            .all(|record| record.timestamp == 5000)
    );
    let back = Restamp {
        timestamp_type: Some(TimestampType::CreateTime),
        max_timestamp: Some(1002),
        ..Restamp::default()
    };
    back.apply(&mut bytes).unwrap();
    assert_eq!(bytes, original);
    let Some(Ok(Entry::Batch(batch))) = Entries::new(&bytes).next() else {
        panic!("a batch");
    };
    batch.check_crc().unwrap();
}

/// Three records.
fn batch(options: BatchOptions) -> Vec<u8> {
    let mut builder = BatchBuilder::new(options);
    for timestamp in 1000..1003 {
        let record = NewRecord {
            timestamp,
            value: Some(b"a value of some length"),
            ..NewRecord::default()
        };
        builder.append(&record).unwrap();
    }
    builder.finish().unwrap().to_vec()
}

#[test]
fn a_base_offset_from_which_the_last_offset_is_out_of_range_changes_nothing() {
    let mut builder = BatchBuilder::new(BatchOptions {
        last_offset: Some(5),
        ..BatchOptions::default()
    });
    let batch = builder.finish().unwrap().to_vec();
    let restamp = |base_offset| Restamp {
        base_offset: Some(base_offset),
        partition_leader_epoch: Some(3),
        ..Restamp::default()
    };
    let mut changed = batch.clone();
    restamp(i64::MAX - 5).apply(&mut changed).unwrap();
    let Entry::Batch(read) = crate::support::entry(&changed) else {
        panic!("a batch");
    };
    assert_eq!(read.header().last_offset(), i64::MAX);
    let mut refused = batch.clone();
    let error = restamp(i64::MAX - 4).apply(&mut refused).unwrap_err();
    assert_eq!(
        error.to_string(),
        "(byte 23): base offset 9223372036854775803 plus last offset delta 5 is out of range"
    );
    assert_eq!(refused, batch);
}
