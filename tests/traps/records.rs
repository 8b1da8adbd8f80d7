//! Records.

use kafka_codec::records::{
    BatchBuilder, BatchOptions, Compression, ControlRecord, EndTransaction, Entries, Entry,
    FetchedRecords, MessageSetBuilder, MessageSetOptions, NewRecord, RecordDecoder, Restamp,
};

const VALUE: NewRecord<'_> = NewRecord {
    timestamp: 1000,
    key: None,
    value: Some(b"v"),
    headers: &[],
};

/// A batch with records of these offsets.
fn batch(offsets: &[i64], options: BatchOptions) -> Vec<u8> {
    let mut builder = BatchBuilder::new(BatchOptions {
        base_offset: offsets[0],
        ..options
    });
    for offset in offsets {
        builder.append_at(*offset, &VALUE).unwrap();
    }
    builder.finish().unwrap().to_vec()
}

/// The offsets that a consumer sees from `offset` on, and the next to fetch.
fn fetched(bytes: &[u8], offset: i64) -> (Vec<i64>, i64) {
    let mut decoder = RecordDecoder::default();
    let mut fetched = FetchedRecords::read_uncommitted(bytes, offset);
    let mut offsets = Vec::new();
    while let Some(batch) = fetched.next_batch(&mut decoder).unwrap() {
        offsets.extend(batch.map(|record| record.unwrap().offset));
    }
    (offsets, fetched.next_offset())
}

fn only(bytes: &[u8]) -> Entry<'_> {
    Entries::new(bytes).next().unwrap().unwrap()
}

#[test]
fn records_before_the_offset_that_was_asked_for_are_skipped() {
    let bytes = batch(&[10, 11, 12], BatchOptions::default());
    assert_eq!(fetched(&bytes, 11), (vec![11, 12], 13));
}

#[test]
fn a_batch_that_is_cut_off_is_not_an_error() {
    let one = batch(&[10, 11], BatchOptions::default());
    let two = batch(&[12, 13], BatchOptions::default());
    let bytes = [&one[..], &two[..two.len() / 2]].concat();
    assert_eq!(fetched(&bytes, 10), (vec![10, 11], 12));
    let last = Entries::new(&bytes).last().unwrap().unwrap();
    assert!(matches!(last, Entry::Partial(_)), "{last:?}");
}

#[test]
fn the_next_offset_is_after_the_batch_where_its_end_was_compacted() {
    let options = BatchOptions {
        last_offset: Some(19),
        ..BatchOptions::default()
    };
    let bytes = batch(&[10, 12], options);
    // After the last record is 13: a fetch from there has the same batch in it.
    assert_eq!(fetched(&bytes, 10), (vec![10, 12], 20));
    assert_eq!(only(&bytes).next_offset(), Some(20));
    assert_eq!(fetched(&bytes, 13), (vec![], 20));
}

#[test]
fn control_batches_have_records_that_a_consumer_does_not_see() {
    let options = BatchOptions {
        base_offset: 11,
        producer_id: 7,
        producer_epoch: 0,
        transactional: true,
        control: true,
        ..BatchOptions::default()
    };
    let mut builder = BatchBuilder::new(options);
    let marker = ControlRecord::Commit(EndTransaction::default());
    builder.append_control(1000, &marker).unwrap();
    let control = builder.finish().unwrap();

    let mut decoder = RecordDecoder::default();
    let entry = only(&control);
    assert!(entry.is_control());
    assert_eq!(entry.records(&mut decoder).unwrap().count(), 1);
    let data = batch(&[10], BatchOptions::default());
    let bytes = [&data[..], &control].concat();
    assert_eq!(fetched(&bytes, 10), (vec![10], 12));
}

#[test]
fn the_checksum_of_a_batch_begins_at_its_attributes() {
    let bytes = batch(&[0, 1], BatchOptions::default());
    let is_right = |at: usize| {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let Entry::Batch(batch) = only(&changed) else {
            panic!("a batch");
        };
        batch.check_crc().is_ok()
    };
    // Base offset and leader epoch, which a broker sets.
    for at in (0..8).chain(12..16) {
        assert!(is_right(at), "byte {at}");
    }
    // The checksum, attributes, and all after them.
    for at in 17..bytes.len() {
        assert!(!is_right(at), "byte {at}");
    }
}

#[test]
fn the_log_may_have_the_time_of_all_records() {
    let mut bytes = batch(&[0, 1, 2], BatchOptions::default());
    let times = |bytes: &[u8]| -> Vec<i64> {
        let mut decoder = RecordDecoder::default();
        let records = only(bytes).records(&mut decoder).unwrap();
        records.map(|record| record.unwrap().timestamp).collect()
    };
    assert_eq!(times(&bytes), [1000; 3]);
    Restamp::log_append_time(5000).apply(&mut bytes).unwrap();
    assert_eq!(times(&bytes), [5000; 3]);
}

/// A message set in one compressed message, and the key and value of that message.
fn wrapped(magic: i8, compression: Compression) -> Vec<u8> {
    let options = MessageSetOptions {
        magic,
        base_offset: 10,
        compression,
        ..MessageSetOptions::default()
    };
    let mut builder = MessageSetBuilder::new(options).unwrap();
    for _ in 0..3 {
        builder.append(&VALUE).unwrap();
    }
    builder.finish().unwrap().to_vec()
}

#[cfg(feature = "gzip")]
#[test]
fn a_compressed_message_has_the_last_offset_and_relative_or_absolute_ones_inside() {
    let mut decoder = RecordDecoder::default();
    for (magic, inside) in [(0, [10, 11, 12]), (1, [0, 1, 2])] {
        let bytes = wrapped(magic, Compression::Gzip);
        assert_eq!(bytes[..8], 12_i64.to_be_bytes());
        let Entry::Message(message) = only(&bytes) else {
            panic!("a message");
        };
        let body = message.decompress(&mut decoder).unwrap();
        let stored = Entries::new(body.as_bytes()).map(|entry| {
            let bytes = entry.unwrap().as_bytes();
            i64::from_be_bytes(bytes[..8].try_into().unwrap())
        });
        assert_eq!(stored.collect::<Vec<_>>(), inside, "magic {magic}");
        assert_eq!(fetched(&bytes, 11), (vec![11, 12], 13), "magic {magic}");
    }
}

#[cfg(feature = "lz4")]
#[test]
fn lz4_of_magic_0_has_the_wrong_checksum_in_its_header_and_only_there() {
    let header = |magic| {
        let bytes = wrapped(magic, Compression::Lz4);
        let begin = b"\x04\x22\x4d\x18";
        let at = bytes.windows(4).position(|four| four == begin).unwrap();
        assert_eq!(fetched(&bytes, 10), (vec![10, 11, 12], 13));
        <[u8; 7]>::try_from(&bytes[at..at + 7]).unwrap()
    };
    let (wrong, right) = (header(0), header(1));
    assert_eq!(wrong[..6], right[..6]);
    assert_ne!(wrong[6], right[6]);
}
