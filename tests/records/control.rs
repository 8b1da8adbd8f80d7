//! Control records: versions, and what is not one.

use kafka_codec::records::{BatchBuilder, BatchOptions, ControlRecord, EndTransaction};
use kafka_codec::records::{NewRecord, RecordsErrorKind};

use crate::support::entry;

/// What the one record of a control batch with this key and value is.
fn decode(key: &[u8], value: Option<&[u8]>) -> Result<String, RecordsErrorKind> {
    // Only the reader looks at what is in them.
    let mut builder = BatchBuilder::new(BatchOptions::default());
    let record = NewRecord {
        key: Some(key),
        value,
        ..NewRecord::default()
    };
    builder.append(&record).unwrap();
    let bytes = builder.finish().unwrap();
    let mut decoder = kafka_codec::records::RecordDecoder::default();
    let record = entry(&bytes)
        .records(&mut decoder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let decoded = ControlRecord::decode(&record);
    decoded
        .map(|record| format!("{record:?}"))
        .map_err(|error| error.kind().clone())
}

#[test]
fn newer_versions_are_read_as_the_newest_known() {
    let commit = format!(
        "{:?}",
        ControlRecord::Commit(EndTransaction {
            coordinator_epoch: 9
        })
    );
    assert_eq!(
        decode(&[0, 0, 0, 1], Some(&[0, 0, 0, 0, 0, 9])),
        Ok(commit.clone())
    );
    assert_eq!(
        decode(&[0, 7, 0, 1, 8], Some(&[0, 3, 0, 0, 0, 9, 1, 1])),
        Ok(commit)
    );
}

#[test]
fn what_is_no_control_record_is_an_error() {
    use RecordsErrorKind as Kind;
    let value = Some(&[0, 0, 0, 0, 0, 9][..]);
    assert_eq!(
        decode(&[0, 0, 0], value),
        Err(Kind::IncompleteControlRecord)
    );
    assert_eq!(
        decode(&[0, 0, 0, 1], None),
        Err(Kind::IncompleteControlRecord)
    );
    assert_eq!(
        decode(&[0, 0, 0, 1], Some(&[0, 0, 0, 0, 9])),
        Err(Kind::IncompleteControlRecord)
    );
    let negative = |version| Kind::NegativeControlVersion { version };
    assert_eq!(decode(&[0xff, 0xff, 0, 1], value), Err(negative(-1)));
    assert_eq!(
        decode(&[0, 0, 0, 1], Some(&[0x80, 0, 0, 0, 0, 9])),
        Err(negative(i16::MIN))
    );
}

#[test]
fn unknown_types_are_no_error() {
    let unknown = format!(
        "{:?}",
        ControlRecord::Unknown {
            number: 99,
            value: Some(b"?")
        }
    );
    assert_eq!(decode(&[0, 0, 0, 99], Some(b"?")), Ok(unknown));
}

#[cfg(feature = "messages")]
#[test]
fn the_version_in_a_message_is_the_one_it_is_read_in() {
    use kafka_codec::messages::LeaderChangeMessage;
    use kafka_codec::messages::leader_change_message::Voter;
    use kafka_codec::wire::Uuid;
    for version in 0..=1 {
        let voter_directory_id = Uuid::from_bytes([u8::try_from(version).unwrap(); 16]);
        let message = ControlRecord::LeaderChange(LeaderChangeMessage {
            version,
            leader_id: 3,
            voters: vec![Voter {
                voter_id: 3,
                voter_directory_id,
                ..Voter::default()
            }],
            ..LeaderChangeMessage::default()
        });
        let (key, value) = message.encode().unwrap();
        assert_eq!(decode(&key, value.as_deref()), Ok(format!("{message:?}")));
    }
    // Not all of a message.
    let error = decode(&[0, 0, 0, 2], Some(&[0, 0, 0, 0])).unwrap_err();
    assert!(
        matches!(error, RecordsErrorKind::ControlRecord(_)),
        "{error}"
    );
}
