//! What allocates: nothing in reading, and nothing in building into memory that was used before.

use allocation_counter::measure;
use kafka_codec::records::{BatchBuilder, BatchOptions, Compression, Entries, Entry, Header};
use kafka_codec::records::{FetchedRecords, NewRecord, RecordDecoder};

use crate::random::Random;
use crate::support::build::built;
use crate::support::history::History;
use crate::support::{compressions, entry};

#[test]
fn reading_records_allocates_nothing() {
    for set in built(5) {
        let mut decoder = RecordDecoder::default();
        let mut count = 0;
        // Once before, so that a codec and its memory are there.
        for round in 0..2 {
            let used = measure(|| {
                count = 0;
                for entry in Entries::new(&set.bytes) {
                    for record in entry.unwrap().records(&mut decoder).unwrap() {
                        count += 1 + record.unwrap().headers.count();
                    }
                }
            });
            assert!(
                round == 0 || used.count_total == 0,
                "{}: {used:?}",
                set.name
            );
        }
        assert!(count >= set.records.len());
    }
}

#[test]
fn reading_what_is_not_compressed_allocates_nothing_the_first_time_either() {
    let sets = built(5);
    for set in sets.iter().filter(|set| set.name.contains("-none-")) {
        let used = measure(|| {
            let mut decoder = RecordDecoder::default();
            for entry in Entries::new(&set.bytes) {
                let records = entry.unwrap().records(&mut decoder).unwrap();
                assert!(records.count() > 0);
            }
        });
        assert_eq!(used.count_total, 0, "{}", set.name);
    }
}

#[test]
fn reading_what_a_consumer_sees_allocates_for_aborted_transactions_alone() {
    let random = &mut Random::of("allocations");
    let (mut records, mut transactions) = (0, 0);
    for _ in 0..20 {
        let history = History::random(random);
        let offset = history.offset(random);
        let fetched = history.fetch(offset, usize::MAX, random);
        let mut decoder = RecordDecoder::default();
        let mut read = |mut reader: FetchedRecords<'_>| {
            while let Some(batch) = reader.next_batch(&mut decoder).unwrap() {
                records += batch.map(Result::unwrap).count();
            }
        };
        // Once before, so that a codec and its memory are there.
        read(FetchedRecords::read_uncommitted(&fetched.records, offset));
        let used = measure(|| read(FetchedRecords::read_uncommitted(&fetched.records, offset)));
        assert_eq!(used.count_total, 0, "{used:?}");

        let aborted = fetched.aborted.iter().copied();
        let used = measure(|| {
            read(FetchedRecords::read_committed(
                &fetched.records,
                offset,
                aborted,
            ));
        });
        // A list, and a set that grows by doubling.
        let count = u64::try_from(fetched.aborted.len()).unwrap();
        let most = count.checked_ilog2().map_or(0, |log| u64::from(log) + 2);
        assert!(used.count_total <= most, "{count} transactions: {used:?}");
        transactions += count;
    }
    assert!(
        records > 1000 && transactions > 40,
        "{records}, {transactions}"
    );
}

#[test]
fn building_into_memory_that_was_used_allocates_nothing() {
    let value = [7; 100];
    let headers = [Header::new("source", Some(b"web"))];
    let record = NewRecord {
        timestamp: 1_700_000_000_000,
        key: Some(b"key"),
        value: Some(&value),
        headers: &headers,
    };
    for compression in compressions() {
        // flate2 and libzstd take no memory anew; snap and lz4_flex take a table for each block.
        if matches!(compression, Compression::Lz4 | Compression::Snappy) {
            continue;
        }
        let mut builder = BatchBuilder::new(BatchOptions {
            compression,
            ..BatchOptions::default()
        });
        for round in 0..4 {
            let used = measure(|| {
                for _ in 0..1000 {
                    builder.append(&record).unwrap();
                }
                // The batch is sent, and dropped.
                drop(builder.finish().unwrap());
            });
            assert!(
                round < 2 || used.count_total == 0,
                "{compression}: {used:?}"
            );
        }
    }
}

#[test]
fn records_that_are_kept_take_no_memory_of_a_larger_batch_before_them() {
    let build = |compression, size: usize| {
        let value: Vec<u8> = (0..size).map(|at| at.to_le_bytes()[0]).collect();
        let mut builder = BatchBuilder::new(BatchOptions {
            compression,
            ..BatchOptions::default()
        });
        let value = Some(&value[..]);
        let record = NewRecord {
            value,
            ..NewRecord::default()
        };
        builder.append(&record).unwrap();
        builder.finish().unwrap()
    };
    for compression in compressions() {
        let (large, small) = (build(compression, 4 << 20), build(compression, 1000));
        let Entry::Batch(batch) = entry(&small) else {
            panic!("a batch");
        };
        let mut kept = Vec::with_capacity(1);
        let used = measure(|| {
            let mut decoder = RecordDecoder::default();
            let records = entry(&large).records(&mut decoder).unwrap();
            assert_eq!(records.count(), 1);
            kept.push(batch.decompress(&mut decoder).unwrap());
        });
        let size = i64::try_from(kept[0].as_bytes().len()).unwrap();
        assert!(size > 1000);
        assert!(used.bytes_current <= 2 * size, "{compression}: {used:?}");
    }
}
