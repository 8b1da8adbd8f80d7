//! Every kind of bad input is an error of its own, with its offset, and what was read before it stays.

use kafka_codec::records::{
    Compression, Entries, Entry, RecordDecoder, RecordsError, RecordsErrorKind,
};

use crate::support::checksums::repair;
use crate::support::raw::{RawBatch, RawMessage, record, varint};
use crate::support::{assert_fault, compressions, read, read_with};

#[test]
fn a_wrong_checksum_is_an_error_unless_told_not_to_check() {
    for (mut bytes, at) in [
        (RawBatch::of(1).bytes(), 17),
        (RawMessage::of(1).bytes(), 12),
        (RawMessage::of(0).bytes(), 12),
    ] {
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let (records, error) = read(&bytes);
        let error = error.unwrap();
        assert!(records.is_empty());
        assert!(
            matches!(error.kind(), RecordsErrorKind::CrcMismatch { .. }),
            "{error}"
        );
        assert_eq!(error.offset(), at);
        let (_, error) = read_with(&bytes, &mut RecordDecoder::default().without_crc_check());
        assert!(!matches!(
            error.as_ref().map(RecordsError::kind),
            Some(RecordsErrorKind::CrcMismatch { .. })
        ));
    }
}

#[test]
fn entries_around_a_batch_with_a_fault_are_read() {
    let mut damaged = RawBatch::of(1).bytes();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let blob = [RawBatch::of(2).bytes(), damaged, RawBatch::of(3).bytes()].concat();
    let mut decoder = RecordDecoder::default();
    let read: Vec<_> = Entries::new(&blob)
        .map(|entry| entry.unwrap().records(&mut decoder).map(Iterator::count))
        .collect();
    assert_eq!((&read[0], &read[2]), (&Ok(2), &Ok(3)));
    assert_eq!(
        read[1].as_ref().unwrap_err().offset(),
        RawBatch::of(2).bytes().len() + 17
    );
}

#[test]
fn a_format_that_kafka_does_not_have_is_an_error_even_if_the_entry_is_cut_off() {
    for magic in [3, 127, 0x80, 0xff] {
        let mut bytes = RawBatch::of(1).bytes();
        bytes[16] = magic;
        for bytes in [&bytes[..], &bytes[..17]] {
            let error = Entries::new(bytes).next().unwrap().unwrap_err();
            let magic = i8::from_ne_bytes([magic]);
            assert_eq!(error.kind(), &RecordsErrorKind::UnknownMagic { magic });
            assert_eq!(error.offset(), 16);
        }
    }
}

#[test]
fn a_size_below_the_least_of_its_format_is_an_error_and_ends_the_entries() {
    for (magic, size, min) in [
        (0, 13, 14),
        (0, -1, 14),
        (1, 21, 22),
        (2, 48, 49),
        (2, i32::MIN, 14),
    ] {
        let mut bytes = vec![0; 100];
        bytes[8..12].copy_from_slice(&i32::to_be_bytes(size));
        bytes[16] = magic;
        let good = RawBatch::of(1).bytes();
        let blob = [good.clone(), bytes].concat();
        let mut entries = Entries::new(&blob);
        assert!(matches!(entries.next(), Some(Ok(Entry::Batch(_)))));
        let error = entries.next().unwrap().unwrap_err();
        assert_eq!(error.kind(), &RecordsErrorKind::SizeTooSmall { size, min });
        assert_eq!(error.offset(), good.len() + 8);
        assert!(entries.next().is_none());
        assert_eq!(entries.rest().len(), 100);
    }
}

#[test]
fn every_prefix_of_an_entry_is_partial_and_not_an_error() {
    for whole in [
        RawBatch::of(3).bytes(),
        RawMessage::of(0).bytes(),
        RawMessage::of(1).bytes(),
    ] {
        let before = RawBatch::of(2).bytes();
        for end in 1..whole.len() {
            let blob = [&before[..], &whole[..end]].concat();
            let entries: Vec<_> = Entries::new(&blob).map(Result::unwrap).collect();
            let [Entry::Batch(_), Entry::Partial(partial)] = entries[..] else {
                panic!("{entries:?}");
            };
            assert_eq!(
                (partial.as_bytes(), partial.position()),
                (&whole[..end], before.len())
            );
            assert_eq!(partial.whole_size(), (end >= 12).then_some(whole.len()));
        }
    }
}

#[test]
fn counts_that_are_negative_or_wrong_are_errors_after_the_records() {
    let count = |count| {
        RawBatch {
            count,
            ..RawBatch::of(3)
        }
        .bytes()
    };
    assert_fault(
        &count(-1),
        0,
        &RecordsErrorKind::NegativeCount { count: -1 },
        57,
        None,
    );
    let missing = |count| RecordsErrorKind::MissingRecords { count, found: 3 };
    let end = count(3).len();
    assert_fault(&count(4), 3, &missing(4), end, None);
    assert_fault(&count(i32::MAX), 3, &missing(i32::MAX), end, None);
    let one = record(2, b"v").len();
    assert_fault(
        &count(2),
        2,
        &RecordsErrorKind::TrailingBytes { count: one },
        end - one,
        None,
    );
    assert_eq!(
        read(&count(0)),
        (vec![], None),
        "the body of an empty batch is not looked at"
    );
}

#[test]
fn what_is_wrong_in_a_record_is_told_with_its_place() {
    use RecordsErrorKind as Kind;
    let first = record(0, b"first");
    let at = 61 + first.len();
    // What follows the first record, where in it the fault is, and what it is.
    let cases: Vec<(Vec<u8>, usize, Kind)> = vec![
        (varint(-1), 0, Kind::NegativeLength { length: -1 }),
        (
            varint(7),
            1,
            Kind::UnexpectedEnd {
                needed: 7,
                remaining: 0,
            },
        ),
        (
            varint(i32::MAX),
            5,
            Kind::UnexpectedEnd {
                needed: 0x7fff_ffff,
                remaining: 0,
            },
        ),
        (vec![0xff; 6], 0, Kind::VarintTooLong),
        (
            vec![0xff; 3],
            0,
            Kind::UnexpectedEnd {
                needed: 4,
                remaining: 3,
            },
        ),
        // A length of 0: not even attributes.
        (
            vec![0],
            1,
            Kind::UnexpectedEnd {
                needed: 1,
                remaining: 0,
            },
        ),
        // The length is one too many, and there is a byte for it.
        (
            vec![14, 0, 0, 0, 1, 1, 0, 9],
            7,
            Kind::RecordLength {
                declared: 7,
                actual: 6,
            },
        ),
        // The timestamp does not end within the record.
        (
            vec![4, 0, 0x80, 0x80],
            2,
            Kind::UnexpectedEnd {
                needed: 2,
                remaining: 1,
            },
        ),
        (
            vec![
                24, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0,
            ],
            2,
            Kind::VarintTooLong,
        ),
        // A value of 5 bytes where 1 is left.
        (
            vec![12, 0, 0, 0, 1, 10, 0],
            6,
            Kind::UnexpectedEnd {
                needed: 5,
                remaining: 1,
            },
        ),
        // Headers: -1, more than bytes, a null key, a key that is too long.
        (
            vec![12, 0, 0, 0, 1, 1, 1],
            6,
            Kind::HeaderCount { count: -1 },
        ),
        (
            vec![14, 0, 0, 0, 1, 1, 4, 0],
            6,
            Kind::HeaderCount { count: 2 },
        ),
        (
            vec![16, 0, 0, 0, 1, 1, 2, 1, 1],
            7,
            Kind::NegativeLength { length: -1 },
        ),
        (
            vec![16, 0, 0, 0, 1, 1, 2, 8, 1],
            8,
            Kind::UnexpectedEnd {
                needed: 4,
                remaining: 1,
            },
        ),
    ];
    for (bad, place, kind) in cases {
        let body = [first.clone(), bad.clone()].concat();
        for compression in compressions() {
            let batch = RawBatch {
                count: 2,
                body: body.clone(),
                ..RawBatch::of(0)
            }
            .compressed(compression);
            let (records, error) = read(&batch);
            let error = error.unwrap_or_else(|| panic!("{bad:?}"));
            assert_eq!(error.kind(), &kind, "{bad:?} {compression}");
            assert_eq!(records.len(), 1, "the first record stays");
            assert_eq!(error.record(), Some(1));
            if compression == Compression::None {
                assert_eq!(
                    (error.offset(), error.decompressed_offset()),
                    (at + place, None),
                    "{bad:?}"
                );
            } else {
                assert_eq!(
                    (error.offset(), error.decompressed_offset()),
                    (61, Some(first.len() + place)),
                    "{bad:?}"
                );
            }
        }
    }
}

#[test]
fn bytes_behind_the_value_of_a_message_are_an_error() {
    let mut bytes = RawMessage::of(1).bytes();
    bytes.extend(b"??");
    let size = i32::try_from(bytes.len() - 12).unwrap();
    bytes[8..12].copy_from_slice(&size.to_be_bytes());
    repair(&mut bytes);
    let end = bytes.len() - 2;
    assert_fault(
        &bytes,
        0,
        &RecordsErrorKind::TrailingMessageBytes { count: 2 },
        end,
        None,
    );
    let (_, error) = read(&bytes);
    let text = error.unwrap().to_string();
    assert!(
        text.ends_with("2 bytes left after the value of the message"),
        "{text}"
    );
}

#[test]
fn a_batch_of_no_records_is_not_decompressed_whatever_its_compression() {
    for compression in 1..8 {
        let batch = RawBatch {
            attributes: compression,
            body: b"neither compressed nor records".to_vec(),
            ..RawBatch::of(0)
        };
        let (records, error) = read(&batch.bytes());
        assert_eq!((records.len(), error), (0, None), "{compression}");
    }
}

#[test]
fn messages_have_none_of_the_attributes_that_came_with_batches() {
    for (magic, known) in [(0, 0), (1, 0x08)] {
        let message = RawMessage {
            attributes: 0xf8,
            ..RawMessage::of(magic)
        };
        let bytes = message.bytes();
        let entry = Entries::new(&bytes).next().unwrap().unwrap();
        let Entry::Message(message) = entry else {
            panic!("{entry:?}")
        };
        assert_eq!(message.attributes().0, known);
    }
}
