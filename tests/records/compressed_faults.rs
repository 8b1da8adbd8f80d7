//! What can be wrong with compression, and what was read before it stays.

use kafka_codec::records::codec::CodecErrorKind;
use kafka_codec::records::{Compression, RecordDecoder, RecordsErrorKind};

use crate::support::checksums::repair;
use crate::support::raw::{RawBatch, RawMessage, record};
use crate::support::{assert_fault, compressions, read};

#[test]
fn unknown_compressions_are_errors() {
    for id in 5..=7 {
        let batch = RawBatch {
            attributes: id,
            ..RawBatch::of(1)
        };
        let kind = RecordsErrorKind::UnknownCompression {
            id: u8::try_from(id).unwrap(),
        };
        assert_fault(&batch.bytes(), 0, &kind, 21, None);
    }
    let message = RawMessage {
        attributes: 5,
        ..RawMessage::of(1)
    };
    assert_fault(
        &message.bytes(),
        0,
        &RecordsErrorKind::UnknownCompression { id: 5 },
        17,
        None,
    );
    let message = RawMessage {
        attributes: 4,
        ..RawMessage::of(1)
    };
    assert_fault(
        &message.bytes(),
        0,
        &RecordsErrorKind::ZstdInMessageSet,
        17,
        None,
    );
}

#[test]
fn a_compression_that_is_not_compiled_in_is_named_with_its_feature() {
    for compression in Compression::ALL {
        if compressions().contains(&compression) {
            continue;
        }
        let batch = RawBatch {
            attributes: u16::from(compression.id()),
            ..RawBatch::of(1)
        };
        let (records, error) = read(&batch.bytes());
        assert!(records.is_empty());
        let text = error.unwrap().to_string();
        assert!(
            text.contains(&format!(
                "enable the feature `{compression}` of kafka-codec"
            )),
            "{text}"
        );
    }
}

#[test]
fn truncated_compressed_data_gives_what_was_in_front_of_the_end() {
    for compression in compressions() {
        if compression == Compression::None {
            continue;
        }
        // More than a block of each codec, which does not compress.
        let records: Vec<_> = (0..40)
            .map(|n| record(n, &crate::support::raw::noise(10_000, n)))
            .collect();
        let whole = RawBatch {
            count: 40,
            body: records.concat(),
            ..RawBatch::of(0)
        }
        .compressed(compression);
        let mut seen = 0;
        for part in 1..10 {
            let mut bytes = whole[..whole.len() * part / 10].to_vec();
            let size = i32::try_from(bytes.len() - 12).unwrap();
            bytes[8..12].copy_from_slice(&size.to_be_bytes());
            repair(&mut bytes);
            let (read, error) = read(&bytes);
            let error = error.unwrap();
            let RecordsErrorKind::Decompression(codec) = error.kind() else {
                panic!("{compression}: {error}");
            };
            assert_eq!(
                codec.kind(),
                &CodecErrorKind::UnexpectedEnd,
                "{compression}"
            );
            assert!(
                read.len() >= seen && read.len() < 40,
                "{compression}: {} records",
                read.len()
            );
            seen = read.len();
        }
        assert!(
            seen > 25,
            "{compression}: {seen} records in front of the end"
        );
    }
}

#[test]
fn an_empty_body_is_what_kafka_makes_of_it() {
    for compression in compressions() {
        let batch = RawBatch {
            attributes: u16::from(compression.id()),
            count: 1,
            body: vec![],
        };
        let error = read(&batch.bytes()).1.unwrap();
        // zstd makes nothing of nothing; the others have at least a header.
        match (compression, error.kind()) {
            (Compression::None | Compression::Zstd, RecordsErrorKind::MissingRecords { .. }) => {}
            (_, RecordsErrorKind::Decompression(codec)) => {
                assert_eq!(codec.kind(), &CodecErrorKind::UnexpectedEnd)
            }
            _ => panic!("{compression}: {error}"),
        }
    }
}

#[test]
fn bytes_behind_compressed_ones_are_what_kafka_makes_of_them() {
    for compression in compressions() {
        let mut bytes = RawBatch::of(3).compressed(compression);
        let junk = bytes.len() - 61;
        bytes.extend(b"junk!");
        let size = i32::try_from(bytes.len() - 12).unwrap();
        bytes[8..12].copy_from_slice(&size.to_be_bytes());
        repair(&mut bytes);
        let (records, error) = read(&bytes);
        assert_eq!(records.len(), 3, "{compression}");
        match compression {
            Compression::Gzip | Compression::Lz4 => assert_eq!(error, None),
            Compression::None => assert_eq!(
                error.unwrap().kind(),
                &RecordsErrorKind::TrailingBytes { count: 5 }
            ),
            _ => {
                let error = error.unwrap();
                let RecordsErrorKind::Decompression(codec) = error.kind() else {
                    panic!("{compression}: {error}");
                };
                assert!(codec.offset() <= junk, "{compression}: {error}");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_compressed_messages_is_told() {
    use RecordsErrorKind as Kind;
    let compression = Compression::Gzip;
    if !compressions().contains(&compression) {
        return;
    }
    let inner = |offset, magic| {
        RawMessage {
            offset,
            ..RawMessage::of(magic)
        }
        .bytes()
    };
    let wrap = |offset, magic, set: Vec<u8>| {
        RawMessage {
            offset,
            ..RawMessage::of(magic)
        }
        .wrapping(&set, compression)
    };

    let nested = wrap(
        5,
        1,
        RawMessage {
            attributes: 1,
            ..RawMessage::of(1)
        }
        .bytes(),
    );
    assert_fault(&nested, 0, &Kind::NestedCompression, 34, Some(17));
    assert_fault(&wrap(5, 1, vec![]), 0, &Kind::EmptyWrapper, 0, None);
    assert_fault(&wrap(5, 0, vec![]), 0, &Kind::EmptyWrapper, 0, None);
    let null = RawMessage {
        attributes: 1,
        value: None,
        ..RawMessage::of(1)
    }
    .bytes();
    assert_fault(&null, 0, &Kind::EmptyWrapper, 0, None);
    let below = wrap(5, 1, [inner(0, 1), inner(7, 1)].concat());
    assert_fault(
        &below,
        0,
        &Kind::WrapperOffset {
            wrapper: 5,
            last: 7,
        },
        0,
        None,
    );

    // Offsets of some versions of librdkafka; and another format inside.
    let offsets = |bytes: &[u8]| {
        read(bytes)
            .0
            .iter()
            .map(|record| record.offset)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        offsets(&wrap(0, 1, [inner(0, 1), inner(1, 1)].concat())),
        [0, 1]
    );
    assert_eq!(
        offsets(&wrap(11, 1, [inner(0, 1), inner(1, 0)].concat())),
        [10, 11]
    );
    assert_eq!(
        offsets(&wrap(1, 0, [inner(70, 0), inner(71, 1)].concat())),
        [70, 71]
    );

    // The last message in it is cut off: the end, and the bytes are there.
    let cut = inner(1, 1);
    let partial = wrap(10, 1, [&inner(0, 1)[..], &cut[..cut.len() - 1]].concat());
    let mut decoder = RecordDecoder::default();
    let mut records = crate::support::entry(&partial)
        .records(&mut decoder)
        .unwrap();
    assert_eq!(records.next().unwrap().unwrap().offset, 10);
    assert!(records.next().is_none());
    assert_eq!(records.partial(), &cut[..cut.len() - 1]);
}
