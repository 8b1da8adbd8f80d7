//! What builders say of sizes, and what they refuse.

use kafka_codec::records::codec::{Bounds, Codec, CodecError};
use kafka_codec::records::{BatchBuilder, BatchOptions, BuildError, Compression, ControlRecord};
use kafka_codec::records::{EndTransaction, Entries, Entry, Header, MessageSetBuilder};
use kafka_codec::records::{MessageSetOptions, NewRecord, RecordDecoder};
use kafka_codec::wire::{Blob, Encoding, Writer};

use crate::support::{compressions, entry, read_all, read_with};

const VALUE: NewRecord<'_> = NewRecord {
    timestamp: 5,
    key: None,
    value: Some(b"v"),
    headers: &[],
};

#[test]
fn the_size_is_known_before_and_after_each_record() {
    let headers = [Header::new("key", Some(b"value")), Header::new("key", None)];
    let mut batch = BatchBuilder::new(BatchOptions::default());
    let mut set = MessageSetBuilder::new(MessageSetOptions::default()).unwrap();
    assert_eq!((batch.size(), set.size()), (61, 0));
    for number in 0..300_i64 {
        let value = vec![7; usize::try_from(number).unwrap()];
        let record = NewRecord {
            timestamp: 5 + number * number,
            key: Some(b"k"),
            value: Some(&value),
            headers: &headers,
        };
        let plain = NewRecord {
            headers: &[],
            ..record
        };
        let (wanted, wanted_set) = (batch.size_with(&record), set.size_with(&plain));
        assert_eq!(batch.append(&record), Ok(number));
        assert_eq!(set.append(&plain), Ok(number));
        assert_eq!((batch.size(), set.size()), (wanted, wanted_set));
    }
    assert_eq!(batch.len(), 300);
    let size = batch.size();
    assert_eq!(batch.finish().unwrap().len(), size);
    let size = set.size();
    assert_eq!(set.finish().unwrap().len(), size);
}

#[test]
fn a_finished_batch_goes_into_a_frame_uncopied() {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    for _ in 0..200 {
        builder.append(&VALUE).unwrap();
    }
    let batch = builder.finish().unwrap();
    let mut writer = Writer::new();
    writer
        .blob(Encoding::Classic, &Blob::from(batch.clone()), "records")
        .unwrap();
    let mut parts = [std::io::IoSlice::new(&[]); 4];
    let segments = writer.finish();
    let count = bytes::Buf::chunks_vectored(&segments, &mut parts);
    assert!(
        parts[..count]
            .iter()
            .any(|part| part.as_ptr() == batch.as_ptr())
    );
}

#[test]
fn a_record_beyond_the_last_offset_delta_is_measured_but_refused() {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    let last = i64::from(i32::MAX);
    let size = builder.size();
    builder.append_at(last, &VALUE).unwrap();
    let record = builder.size() - size;
    assert_eq!(builder.size_with(&VALUE), builder.size() + record);
    assert_eq!(
        builder.append(&VALUE),
        Err(BuildError::OffsetTooFar {
            offset: last + 1,
            base: 0
        })
    );
}

#[test]
fn what_a_batch_cannot_hold_is_refused_and_the_rest_stays() {
    let mut builder = BatchBuilder::new(BatchOptions {
        base_offset: 10,
        ..BatchOptions::default()
    });
    assert_eq!(builder.finish(), Err(BuildError::Empty));
    builder.append_at(12, &VALUE).unwrap();
    let order = BuildError::OffsetOrder {
        offset: 12,
        min: 13,
    };
    assert_eq!(builder.append_at(12, &VALUE), Err(order));
    let far = i64::from(i32::MAX) + 11;
    assert_eq!(
        builder.append_at(far, &VALUE),
        Err(BuildError::OffsetTooFar {
            offset: far,
            base: 10
        })
    );
    let negative = NewRecord {
        timestamp: -2,
        ..VALUE
    };
    assert_eq!(
        builder.append(&negative),
        Err(BuildError::NegativeTimestamp { timestamp: -2 })
    );
    let marker = ControlRecord::Abort(EndTransaction::default());
    assert_eq!(
        builder.append_control(0, &marker),
        Err(BuildError::ControlMismatch)
    );
    builder.append(&VALUE).unwrap();
    let offsets: Vec<_> = read_all(&builder.finish().unwrap())
        .iter()
        .map(|record| record.offset)
        .collect();
    assert_eq!(offsets, [12, 13]);

    builder.reset(BatchOptions {
        control: true,
        ..BatchOptions::default()
    });
    assert_eq!(builder.append(&VALUE), Err(BuildError::ControlMismatch));
    let set = |magic, compression| {
        MessageSetBuilder::new(MessageSetOptions {
            magic,
            compression,
            ..MessageSetOptions::default()
        })
        .map(drop)
    };
    assert_eq!(
        set(2, Compression::None),
        Err(BuildError::UnknownMagic { magic: 2 })
    );
    assert_eq!(set(1, Compression::Zstd), Err(BuildError::ZstdInMessageSet));
    let mut set = MessageSetBuilder::new(MessageSetOptions::default()).unwrap();
    let headers = [Header::new("h", None)];
    assert_eq!(
        set.append(&NewRecord {
            headers: &headers,
            ..VALUE
        }),
        Err(BuildError::HeadersInMessageSet)
    );
}

/// The last offset that there is.
const LAST: i64 = i64::MAX;

fn offsets(bytes: &[u8]) -> Vec<i64> {
    let records = read_all(bytes);
    records.iter().map(|record| record.offset).collect()
}

#[test]
fn a_batch_ends_at_the_last_offset_that_there_is() {
    for compression in compressions() {
        let options = BatchOptions {
            base_offset: LAST - 1,
            compression,
            ..BatchOptions::default()
        };
        let mut builder = BatchBuilder::new(options);
        assert_eq!(builder.append(&VALUE), Ok(LAST - 1));
        assert_eq!(builder.append(&VALUE), Ok(LAST));
        let size = builder.size();
        assert!(builder.size_with(&VALUE) > size);
        assert_eq!(builder.append(&VALUE), Err(BuildError::NoOffsetLeft));
        let appended = builder.append_with_headers(&VALUE, []);
        assert_eq!(appended, Err(BuildError::NoOffsetLeft));
        for offset in [i64::MIN, 0, LAST - 1, LAST] {
            let appended = builder.append_at(offset, &VALUE);
            assert_eq!(appended, Err(BuildError::NoOffsetLeft), "{offset}");
        }
        assert_eq!((builder.len(), builder.size()), (2, size));
        let bytes = builder.finish().unwrap();
        assert_eq!(offsets(&bytes), [LAST - 1, LAST]);

        // What was read cannot be appended behind it either.
        builder.append(&VALUE).unwrap();
        builder.append(&VALUE).unwrap();
        let mut decoder = RecordDecoder::default();
        for record in entry(&bytes).records(&mut decoder).unwrap() {
            let appended = builder.append_read(&record.unwrap());
            assert_eq!(appended, Err(BuildError::NoOffsetLeft));
        }
        assert_eq!(builder.finish().unwrap(), bytes);
    }
    let text = BuildError::NoOffsetLeft.to_string();
    assert_eq!(text, "no offset is left after 9223372036854775807");

    let mut markers = BatchBuilder::new(BatchOptions {
        base_offset: LAST,
        control: true,
        ..BatchOptions::default()
    });
    let marker = ControlRecord::Abort(EndTransaction::default());
    assert_eq!(markers.append_control(0, &marker), Ok(LAST));
    let appended = markers.append_control(0, &marker);
    assert_eq!(appended, Err(BuildError::NoOffsetLeft));
}

#[test]
fn a_last_offset_that_is_out_of_range_is_refused() {
    let finish = |base_offset, last_offset, records: usize| {
        let mut builder = BatchBuilder::new(BatchOptions {
            base_offset,
            last_offset: Some(last_offset),
            ..BatchOptions::default()
        });
        for _ in 0..records {
            builder.append(&VALUE).unwrap();
        }
        builder.finish().map(|bytes| match entry(&bytes) {
            Entry::Batch(batch) => batch.header().last_offset(),
            _ => panic!("a batch"),
        })
    };
    let order = |offset, min| Err(BuildError::OffsetOrder { offset, min });
    let far = |offset, base| Err(BuildError::OffsetTooFar { offset, base });
    for records in 0..=1 {
        assert_eq!(finish(LAST, LAST, records), Ok(LAST));
        assert_eq!(finish(LAST, i64::MIN, records), order(i64::MIN, LAST));
        assert_eq!(finish(7, 6, records), order(6, 7));
        assert_eq!(finish(-1, LAST, records), far(LAST, -1));
        assert_eq!(finish(i64::MIN, LAST, records), far(LAST, i64::MIN));
    }
}

#[test]
fn a_message_set_ends_at_the_last_offset_that_there_is() {
    for magic in 0..=1 {
        for compression in compressions() {
            let options = MessageSetOptions {
                magic,
                base_offset: LAST - 1,
                compression,
                ..MessageSetOptions::default()
            };
            let Ok(mut builder) = MessageSetBuilder::new(options) else {
                assert_eq!(compression, Compression::Zstd);
                continue;
            };
            assert_eq!(builder.append(&VALUE), Ok(LAST - 1));
            assert_eq!(builder.append(&VALUE), Ok(LAST));
            let size = builder.size();
            assert_eq!(builder.append(&VALUE), Err(BuildError::NoOffsetLeft));
            for offset in [i64::MIN, 0, LAST - 1, LAST] {
                let appended = builder.append_at(offset, &VALUE);
                assert_eq!(appended, Err(BuildError::NoOffsetLeft), "{offset}");
            }
            assert_eq!(builder.size(), size);
            let bytes = builder.finish().unwrap();
            assert_eq!(offsets(&bytes), [LAST - 1, LAST], "{magic} {compression}");
            assert_eq!(builder.finish(), Err(BuildError::EmptyMessageSet));

            builder
                .reset(MessageSetOptions {
                    base_offset: -1,
                    ..options
                })
                .unwrap();
            let appended = builder.append_at(LAST, &VALUE);
            let far = BuildError::OffsetTooFar {
                offset: LAST,
                base: -1,
            };
            // Only these have relative offsets.
            match magic == 1 && compression != Compression::None {
                true => assert_eq!(appended, Err(far)),
                false => assert_eq!(appended, Ok(())),
            }
        }
    }
    let text = BuildError::EmptyMessageSet.to_string();
    assert_eq!(text, "message set without messages: append one");
}

#[test]
fn a_batch_without_records_is_written_when_its_last_offset_is_set() {
    let options = BatchOptions {
        base_offset: 7,
        last_offset: Some(9),
        compression: Compression::Gzip,
        ..BatchOptions::default()
    };
    let bytes = BatchBuilder::new(options).finish().unwrap();
    let Entry::Batch(batch) = entry(&bytes) else {
        panic!("a batch");
    };
    assert_eq!(
        (
            bytes.len(),
            batch.header().last_offset(),
            batch.header().record_count
        ),
        (61, 9, 0)
    );
    assert_eq!(read_all(&bytes), []);
}

#[test]
fn a_compression_that_is_not_compiled_in_is_refused_with_its_feature_and_the_records_stay() {
    for compression in Compression::ALL {
        let mut builder = BatchBuilder::new(BatchOptions {
            compression,
            ..BatchOptions::default()
        });
        builder.append(&VALUE).unwrap();
        let finished = builder.finish();
        if compressions().contains(&compression) {
            assert_eq!(read_all(&finished.unwrap()).len(), 1);
        } else {
            let text = finished.unwrap_err().to_string();
            assert!(
                text.contains(&format!("enable the feature `{compression}`")),
                "{text}"
            );
            assert_eq!(builder.len(), 1);
        }
    }
}

#[test]
fn a_codec_of_ones_own_takes_the_place_of_what_is_compiled_in() {
    /// Turns every bit.
    struct Inverted;
    impl Codec for Inverted {
        fn decompress(
            &mut self,
            input: &[u8],
            output: &mut Vec<u8>,
            _: &Bounds,
        ) -> Result<(), CodecError> {
            output.extend(input.iter().map(|byte| !byte));
            Ok(())
        }

        fn compress(
            &mut self,
            input: &[u8],
            output: &mut Vec<u8>,
            _: i8,
        ) -> Result<(), CodecError> {
            output.extend(input.iter().map(|byte| !byte));
            Ok(())
        }
    }
    let compression = Compression::Zstd;
    let mut builder = BatchBuilder::new(BatchOptions {
        compression,
        ..BatchOptions::default()
    });
    builder.set_codec(compression, Box::new(Inverted));
    builder.append(&VALUE).unwrap();
    let mut bytes = Vec::new();
    builder.finish_into(&mut bytes).unwrap();
    let mut decoder = RecordDecoder::default();
    decoder.set_codec(compression, Box::new(Inverted));
    let (records, error) = read_with(&bytes, &mut decoder);
    assert_eq!((records.len(), error), (1, None));
}

#[test]
fn records_that_are_kept_outlive_the_next_batch() {
    let mut decoder = RecordDecoder::default();
    for compression in compressions() {
        let mut builder = BatchBuilder::new(BatchOptions {
            compression,
            ..BatchOptions::default()
        });
        builder.append(&VALUE).unwrap();
        let first = builder.finish().unwrap();
        let Entry::Batch(batch) = entry(&first) else {
            panic!("a batch");
        };
        let kept = batch.decompress(&mut decoder).unwrap();
        let others =
            Entries::new(&first).map(|entry| entry.unwrap().records(&mut decoder).unwrap().count());
        assert_eq!(others.sum::<usize>(), 1);
        let record = kept.records().unwrap().next().unwrap().unwrap();
        assert_eq!(record.value, Some(&b"v"[..]), "{compression}");
    }
}

#[test]
fn what_reads_and_writes_can_go_to_another_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<BatchBuilder>();
    is_send_and_sync::<MessageSetBuilder>();
    is_send_and_sync::<RecordDecoder>();
    is_send_and_sync::<Entries<'_>>();
    is_send_and_sync::<kafka_codec::records::Records<'_>>();
    is_send_and_sync::<kafka_codec::records::Body<'_>>();
    is_send_and_sync::<kafka_codec::records::RecordsError>();
}
