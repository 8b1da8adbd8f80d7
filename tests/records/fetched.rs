//! A consumer sees the records of a Fetch response that its isolation level allows, and always makes progress.

use kafka_codec::records::{
    AbortedTransaction, BatchBuilder, BatchOptions, ControlRecord, EndTransaction, FetchedRecords,
    NewRecord, RecordDecoder, RecordsErrorKind,
};

use crate::random::Random;
use crate::support::checksums::repair;
use crate::support::history::{Fetched, History};

/// Reads all of `fetched`: offsets and values, and the offset of the next fetch.
fn read(
    fetched: &Fetched,
    offset: i64,
    committed: bool,
    decoder: &mut RecordDecoder,
) -> (Vec<(i64, Vec<u8>)>, i64) {
    let mut reader = if committed {
        let aborted = fetched.aborted.iter().copied();
        FetchedRecords::read_committed(&fetched.records, offset, aborted)
    } else {
        FetchedRecords::read_uncommitted(&fetched.records, offset)
    };
    let mut seen = Vec::new();
    while let Some(records) = reader.next_batch(decoder).unwrap() {
        for record in records {
            let record = record.unwrap();
            seen.push((record.offset, record.value.unwrap().to_vec()));
        }
    }
    (seen, reader.next_offset())
}

#[test]
fn each_fetch_shows_what_the_history_says_and_ends_after_its_last_whole_batch() {
    let mut decoder = RecordDecoder::default();
    let (mut fetches, mut left_out) = (0, 0);
    for round in 0..300 {
        let random = &mut Random::of(&format!("fetched-{round}"));
        let history = History::random(random);
        for committed in [false, true] {
            let mut offset = history.offset(random);
            while offset < history.end() {
                let max_bytes = random.pick(&[300, 600, 5000]);
                let max_bytes = random.below(max_bytes);
                let fetched = history.fetch(offset, max_bytes, random);
                let (seen, next) = read(&fetched, offset, committed, &mut decoder);
                let expected = history.seen(offset, fetched.next_offset, committed);
                assert_eq!(seen, expected, "round {round}, from {offset}");
                assert_eq!(next, fetched.next_offset, "round {round}, from {offset}");
                assert!(next > offset, "round {round}: stuck at {offset}");
                fetches += 1;
                left_out += usize::from(seen.len() < history.seen(offset, next, false).len());
                offset = next;
            }
        }
    }
    assert!(fetches > 2000, "{fetches} fetches");
    assert!(left_out > 300, "aborted data in {left_out} fetches");
}

#[test]
fn the_next_offset_follows_each_record_and_reaches_the_end_of_the_batch_after_the_last() {
    let blob = batch(10, 19, BatchOptions::default(), &[12, 15]);
    let mut decoder = RecordDecoder::default();
    let mut fetched = FetchedRecords::read_uncommitted(&blob, 11);
    let mut records = fetched.next_batch(&mut decoder).unwrap().unwrap();
    assert_eq!(records.next().unwrap().unwrap().offset, 12);
    assert_eq!(fetched.next_offset(), 13);

    let mut fetched = FetchedRecords::read_uncommitted(&blob, 11);
    let records = fetched.next_batch(&mut decoder).unwrap().unwrap();
    assert_eq!(records.count(), 2);
    assert_eq!(fetched.next_offset(), 20);
    assert!(fetched.next_batch(&mut decoder).unwrap().is_none());
}

#[test]
fn a_batch_below_the_fetch_offset_does_not_take_the_consumer_back() {
    let blob = batch(10, 19, BatchOptions::default(), &[12, 15]);
    let mut decoder = RecordDecoder::default();
    let mut fetched = FetchedRecords::read_uncommitted(&blob, 30);
    let records = fetched.next_batch(&mut decoder).unwrap().unwrap();
    assert_eq!(records.count(), 0);
    assert_eq!(fetched.next_offset(), 30);
}

#[test]
fn a_partial_batch_is_reported_and_leaves_the_offset_where_it_is() {
    let blob = batch(10, 12, BatchOptions::default(), &[10, 11, 12]);
    let mut decoder = RecordDecoder::default();
    let mut fetched = FetchedRecords::read_uncommitted(&blob[..blob.len() - 1], 10);
    assert!(fetched.partial().is_none());
    assert!(fetched.next_batch(&mut decoder).unwrap().is_none());
    assert_eq!(fetched.next_offset(), 10);
    let partial = fetched.partial().unwrap();
    assert_eq!(partial.whole_size(), Some(blob.len()));
}

#[test]
fn a_marker_ends_the_transaction_of_its_producer_alone() {
    let transactional = |producer_id| BatchOptions {
        producer_id,
        producer_epoch: 0,
        base_sequence: 0,
        transactional: true,
        ..BatchOptions::default()
    };
    let log = [
        batch(0, 0, transactional(1), &[0]),
        batch(1, 1, transactional(2), &[1]),
        marker(
            2,
            transactional(1),
            ControlRecord::Abort(EndTransaction::default()),
        ),
        batch(3, 3, transactional(1), &[3]),
        batch(4, 4, transactional(2), &[4]),
        // Not part of the transaction of the same producer.
        batch(
            5,
            5,
            BatchOptions {
                transactional: false,
                ..transactional(2)
            },
            &[5],
        ),
        marker(
            6,
            transactional(2),
            ControlRecord::Abort(EndTransaction::default()),
        ),
        marker(
            7,
            transactional(1),
            ControlRecord::Commit(EndTransaction::default()),
        ),
    ]
    .concat();
    let aborted = [(2, 1), (1, 0)].map(|(producer_id, first_offset)| AbortedTransaction {
        producer_id,
        first_offset,
    });
    let fetched = Fetched {
        records: log,
        aborted: aborted.to_vec(),
        next_offset: 8,
    };
    let mut decoder = RecordDecoder::default();
    let offsets = |committed, decoder: &mut _| {
        let (seen, next) = read(&fetched, 0, committed, decoder);
        assert_eq!(next, 8);
        seen.into_iter()
            .map(|(offset, _)| offset)
            .collect::<Vec<_>>()
    };
    assert_eq!(offsets(true, &mut decoder), [3, 5]);
    assert_eq!(offsets(false, &mut decoder), [0, 1, 3, 4, 5]);
}

#[test]
fn nothing_is_read_beyond_an_error_and_the_offset_stays_at_the_batch_at_fault() {
    let mut decoder = RecordDecoder::default();
    let first = batch(0, 1, BatchOptions::default(), &[0, 1]);
    let control = BatchOptions {
        producer_id: 1,
        transactional: true,
        ..BatchOptions::default()
    };
    let commit = ControlRecord::Commit(EndTransaction::default());
    // A checksum counts for batches that are left out as well.
    for mut faulty in [
        batch(2, 3, BatchOptions::default(), &[2, 3]),
        marker(2, control, commit),
    ] {
        let last = faulty.len() - 1;
        faulty[last] ^= 1;
        let log = [
            &first[..],
            &faulty,
            &batch(4, 4, BatchOptions::default(), &[4]),
        ]
        .concat();
        let mut fetched = FetchedRecords::read_uncommitted(&log, 0);
        assert_eq!(
            fetched.next_batch(&mut decoder).unwrap().unwrap().count(),
            2
        );
        let error = fetched.next_batch(&mut decoder).unwrap_err();
        assert!(matches!(error.kind(), RecordsErrorKind::CrcMismatch { .. }));
        assert!(fetched.next_batch(&mut decoder).unwrap().is_none());
        assert_eq!(fetched.next_offset(), 2);
    }
    // A fault within the records: those before it are read.
    let mut faulty = batch(2, 3, BatchOptions::default(), &[2, 3]);
    faulty[60] = 3;
    repair(&mut faulty);
    let log = [
        &first[..],
        &faulty,
        &batch(4, 4, BatchOptions::default(), &[4]),
    ]
    .concat();
    let mut fetched = FetchedRecords::read_uncommitted(&log, 0);
    assert_eq!(
        fetched.next_batch(&mut decoder).unwrap().unwrap().count(),
        2
    );
    let records = fetched.next_batch(&mut decoder).unwrap().unwrap();
    let results: Vec<_> = records.map(|record| record.is_ok()).collect();
    assert_eq!(results, [true, true, false]);
    assert!(fetched.next_batch(&mut decoder).unwrap().is_none());
    assert_eq!(fetched.next_offset(), 4);
}

/// A batch from `first` to `last` with records at `offsets`.
fn batch(first: i64, last: i64, options: BatchOptions, offsets: &[i64]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(BatchOptions {
        base_offset: first,
        last_offset: Some(last),
        ..options
    });
    for offset in offsets {
        let record = NewRecord {
            value: Some(b"v"),
            ..Default::default()
        };
        builder.append_at(*offset, &record).unwrap();
    }
    builder.finish().unwrap().to_vec()
}

fn marker(offset: i64, options: BatchOptions, end: ControlRecord<'_>) -> Vec<u8> {
    let mut builder = BatchBuilder::new(BatchOptions {
        base_offset: offset,
        control: true,
        base_sequence: -1,
        ..options
    });
    builder.append_control(1000, &end).unwrap();
    builder.finish().unwrap().to_vec()
}
