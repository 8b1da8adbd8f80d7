//! Records of internal topics that are not what they should be, or not known here: refused, or kept as bytes and
//! written back as they were. What Kafka does with them is in `internal-topics.tsv`.

use kafka_codec::internal_topics::{
    GroupCoordinatorRecord, MetadataRecord, UnknownCoordinatorRecord, UnknownRecord,
};
use kafka_codec::messages::RegisterBrokerRecord;
use kafka_codec::wire::{Packed, Uuid, Writer};
use kafka_codec::{DecodeErrorKind, EncodeErrorKind, Version, VersionRange};

use crate::internal_topics::{CASES, RecordVector, read, rows, written_by_kafka};

/// The lines with a fault in what is around the message.
fn faults() -> impl Iterator<Item = RecordVector> {
    rows().filter(|row| !CASES.contains(&row.case.as_str()))
}

#[test]
fn what_kafka_refuses_around_a_message_is_refused_or_kept_as_bytes() {
    // Kafka stops at what it does not know; it is kept here, so that it can be passed on.
    let kept = [
        "type-unknown",
        "type-negative",
        "version-unknown",
        "version-negative",
    ];
    // Kafka passes over what stands behind a message of a coordinator, which would be lost when it is written.
    let refused = ["key-trailing", "value-trailing"];
    let mut count = 0;
    for row in faults() {
        let read = read(&row.topic, row.key.as_deref(), row.value.as_deref());
        let case = row.case.as_str();
        let Ok(read) = read else {
            assert!(
                !row.is_accepted || refused.contains(&case),
                "{case} is refused"
            );
            count += 1;
            continue;
        };
        assert_eq!(read.name.is_none(), kept.contains(&case), "{case}");
        assert!(row.is_accepted || read.name.is_none(), "{case} is accepted");
        if case != "overlong-varints" {
            assert_eq!((read.key, read.value), (row.key, row.value), "{case}");
        }
        count += 1;
    }
    assert_eq!(count, 27);
}

#[test]
fn faults_of_a_frame_say_what_is_wrong() {
    let too_large = DecodeErrorKind::NumberTooLarge { number: 0x8000 };
    let version = |version| DecodeErrorKind::UnsupportedVersion {
        version: Version(version),
        supported: VersionRange::only(1),
    };
    let end = DecodeErrorKind::UnexpectedEnd {
        needed: 1,
        remaining: 0,
    };
    for (case, kind, offset) in [
        ("frame-version-0", version(0), 0),
        ("frame-version-2", version(2), 0),
        ("type-above-32767", too_large.clone(), 1),
        ("version-above-32767", too_large, 2),
        ("frame-version-only", end.clone(), 1),
        ("no-version", end, 2),
        ("endless-varint", DecodeErrorKind::VarintTooLong, 1),
        ("trailing", DecodeErrorKind::TrailingBytes { count: 1 }, 1),
    ] {
        let row = faults().find(|row| row.case == case).expect(case);
        let error = MetadataRecord::decode(&row.value.unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (&kind, offset), "{case}");
    }
}

#[test]
fn a_record_that_is_cut_off_anywhere_is_refused() {
    for row in written_by_kafka() {
        let cuts = |bytes: &Option<Vec<u8>>| 0..bytes.as_ref().map_or(0, Vec::len);
        let place = || format!("{} v{} of {}", row.record, row.version, row.topic);
        for cut in cuts(&row.value) {
            let value = row.value.as_ref().map(|value| &value[..cut]);
            let read = read(&row.topic, row.key.as_deref(), value);
            assert!(read.is_err(), "{} value cut at {cut}", place());
        }
        for cut in cuts(&row.key) {
            let key = row.key.as_ref().map(|key| &key[..cut]);
            let read = read(&row.topic, key, row.value.as_deref());
            assert!(read.is_err(), "{} key cut at {cut}", place());
        }
    }
}

#[test]
fn a_record_of_an_unknown_type_or_version_is_passed_through_byte_for_byte() {
    let body = b"whatever a newer broker writes";
    for (record_type, version) in [(999, 0), (0, 77), (i16::MAX, i16::MAX)] {
        let value = framed_by(record_type, version, body);
        let record = MetadataRecord::decode(&value).unwrap();
        let unknown = UnknownRecord {
            record_type,
            body: body.into(),
        };
        assert_eq!(record.message, MetadataRecord::Unknown(unknown));
        assert_eq!(record.version, Version(version));
        assert_eq!(
            record.message.encode_to_vec(Version(version)).unwrap(),
            value
        );
    }
    for (record_type, version) in [(999_i16, 0_i16), (2, 77), (-1, -1)] {
        let key = [&record_type.to_be_bytes(), &body[..]].concat();
        let value = [&version.to_be_bytes(), &body[..]].concat();
        for value in [None, Some(&value[..])] {
            if value.is_none() && record_type == 2 {
                continue; // A tombstone of a known type has no version that could be unknown.
            }
            let record = GroupCoordinatorRecord::decode(&key, value).unwrap();
            let unknown = UnknownCoordinatorRecord {
                record_type,
                key: (&body[..]).into(),
                value: value.map(Into::into),
            };
            assert_eq!(record, GroupCoordinatorRecord::Unknown(unknown));
            assert_eq!(record.encode_key_to_vec().unwrap(), key);
            assert_eq!(record.encode_value_to_vec().unwrap().as_deref(), value);
        }
    }
}

/// As [`framed`], for numbers of up to three bytes.
fn framed_by(record_type: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.unsigned_varint(1);
    writer.unsigned_varint(u32::try_from(record_type).unwrap());
    writer.unsigned_varint(u32::try_from(version).unwrap());
    writer.bytes(&body.into()).unwrap();
    writer.into_vec()
}

#[test]
fn a_record_that_cannot_be_written_leaves_the_writer_as_it_was() {
    let record = MetadataRecord::from(RegisterBrokerRecord {
        log_dirs: Packed::from([Uuid::from_bytes([7; 16])]),
        ..Default::default()
    });
    let mut writer = Writer::new();
    writer.i16(7);
    let error = record.encode(&mut writer, Version(2)).unwrap_err();
    assert_eq!(
        (error.field(), error.kind()),
        (
            Some("log_dirs"),
            &EncodeErrorKind::NotInVersion {
                versions: VersionRange::new(3, 4).unwrap()
            }
        )
    );
    assert_eq!(writer.as_slice(), Some(&[0, 7][..]));

    let unknown = MetadataRecord::Unknown(UnknownRecord::default());
    let error = unknown.encode(&mut writer, Version(-1)).unwrap_err();
    let supported = VersionRange::new(0, i16::MAX).unwrap();
    assert_eq!(
        error.kind(),
        &EncodeErrorKind::UnsupportedVersion { supported }
    );
    assert_eq!(writer.as_slice(), Some(&[0, 7][..]));
}

#[test]
fn a_fault_in_a_message_names_it() {
    let error = MetadataRecord::decode(&[1, 0, 3, 0]).unwrap_err();
    assert_eq!(
        (error.message(), error.version(), error.offset()),
        (Some("RegisterBrokerRecord"), Some(Version(3)), 0)
    );
    let error = GroupCoordinatorRecord::decode(&[0], None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "key of GroupCoordinatorRecord v0: (byte 0): unexpected end of input: needed 2 bytes, 1 remains"
    );
    let row = faults().find(|row| row.case == "none").unwrap();
    let error = GroupCoordinatorRecord::decode(&row.key.unwrap(), Some(&[0])).unwrap_err();
    assert_eq!(error.message(), Some("GroupMetadataValue"), "{error}");
}
