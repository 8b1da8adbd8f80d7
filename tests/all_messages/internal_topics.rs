//! Records of internal topics are framed as Kafka's own serdes frame them, and what is not known here is kept.
//! The lines of `internal-topics.tsv` are those serdes' answers: see `tests/oracle/README.md`.

use std::collections::{BTreeMap, BTreeSet};

use kafka_codec::internal_topics::{
    GroupCoordinatorRecord, MetadataRecord, RemoteLogMetadataRecord, ShareCoordinatorRecord,
    TransactionCoordinatorRecord,
};
use kafka_codec::wire::IntoOwned as _;
use kafka_codec::{DecodeError, Version};

use crate::mutation::mutate;
use crate::random::Random;
use crate::vectors::{unhex, vectors};

/// A line of the file.
pub(crate) struct RecordVector {
    pub(crate) topic: String,
    pub(crate) record: String,
    pub(crate) version: Version,
    pub(crate) case: String,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) is_accepted: bool,
}

pub(crate) fn rows() -> impl Iterator<Item = RecordVector> {
    let text = include_str!("../vectors/internal-topics.tsv");
    text.lines().skip(1).map(|line| {
        let columns: Vec<_> = line.split('\t').collect();
        let bytes = |text: &str| (text != "null").then(|| unhex(text));
        RecordVector {
            topic: columns[0].to_owned(),
            record: columns[1].to_owned(),
            version: Version(columns[2].parse().unwrap()),
            case: columns[3].to_owned(),
            key: bytes(columns[4]),
            value: bytes(columns[5]),
            is_accepted: columns[6] == "accept",
        }
    })
}

/// What Kafka writes itself; other lines have a fault.
pub(crate) const CASES: [&str; 3] = ["default", "full", "tombstone"];

/// The lines with what Kafka writes itself.
pub(crate) fn written_by_kafka() -> impl Iterator<Item = RecordVector> {
    rows().filter(|row| CASES.contains(&row.case.as_str()))
}

/// What reading a record gives, whatever its topic.
pub(crate) struct Read {
    /// `None` if it is unknown.
    pub(crate) name: Option<&'static str>,
    pub(crate) record_type: i16,
    /// `None` if there is none, or it is among the bytes that were kept.
    pub(crate) version: Option<Version>,
    /// What writing it gives.
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
}

pub(crate) fn read(
    topic: &str,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
) -> Result<Read, DecodeError> {
    macro_rules! framed {
        ($record:ident) => {{
            let record = $record::decode(value.unwrap())?.into_owned();
            Read {
                name: record.message.name(),
                record_type: record.message.record_type(),
                version: Some(record.version),
                key: None,
                value: Some(record.message.encode_to_vec(record.version).unwrap()),
            }
        }};
    }
    macro_rules! coordinator {
        ($record:ident) => {{
            let record = $record::decode(key.unwrap(), value)?.into_owned();
            assert_eq!(record.is_tombstone(), value.is_none());
            let written = record.encode_value_to_vec().unwrap();
            let version = record.name().and(written.as_ref());
            Read {
                name: record.name(),
                record_type: record.record_type(),
                version: version.map(|value| Version(i16::from_be_bytes([value[0], value[1]]))),
                key: Some(record.encode_key_to_vec().unwrap()),
                value: written,
            }
        }};
    }
    Ok(match topic {
        "__cluster_metadata" => framed!(MetadataRecord),
        "__remote_log_metadata" => framed!(RemoteLogMetadataRecord),
        "__consumer_offsets" => coordinator!(GroupCoordinatorRecord),
        "__transaction_state" => coordinator!(TransactionCoordinatorRecord),
        "__share_group_state" => coordinator!(ShareCoordinatorRecord),
        other => panic!("no topic `{other}`"),
    })
}

#[test]
fn every_record_is_read_as_what_kafka_wrote_and_written_back_byte_for_byte() {
    let mut count = 0;
    for row in written_by_kafka() {
        let place = format!(
            "{} v{} {} of {}",
            row.record, row.version, row.case, row.topic
        );
        let read = read(&row.topic, row.key.as_deref(), row.value.as_deref()).expect(&place);
        assert_eq!(read.name, Some(row.record.as_str()), "{place}");
        let version = row.value.as_ref().map(|_| row.version);
        assert_eq!(read.version, version, "{place}");
        assert_eq!((read.key, read.value), (row.key, row.value), "{place}");
        count += 1;
    }
    assert!(count > 150, "{count}");
}

#[test]
fn the_types_known_here_are_those_that_kafka_knows() {
    let mut of_kafka = BTreeMap::<_, BTreeSet<_>>::new();
    for row in written_by_kafka() {
        let read = read(&row.topic, row.key.as_deref(), row.value.as_deref()).unwrap();
        of_kafka
            .entry(row.topic)
            .or_default()
            .insert(read.record_type);
    }
    assert_eq!(of_kafka.len(), 5);
    for (topic, known) in of_kafka {
        for record_type in 0..1000_i16 {
            let key = record_type.to_be_bytes();
            let value = framed(record_type, Version(0), &[]);
            let is_framed = topic.ends_with("_metadata");
            let is_unknown = match is_framed {
                true => read(&topic, None, Some(&value)),
                false => read(&topic, Some(&key), None),
            }
            .is_ok_and(|read| read.name.is_none());
            assert_eq!(
                !is_unknown,
                known.contains(&record_type),
                "{record_type} in {topic}"
            );
        }
    }
}

/// What should stand around the body of a record, written without the crate's writer.
fn framed(record_type: i16, version: Version, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    for number in [record_type, version.0] {
        match u8::try_from(number) {
            Ok(byte) if byte < 0x80 => bytes.push(byte),
            _ => bytes.extend([
                number.to_le_bytes()[0] | 0x80,
                u8::try_from(number >> 7).unwrap(),
            ]),
        }
    }
    bytes.extend(body);
    bytes
}

#[test]
fn every_record_in_every_version_that_java_wrote_round_trips_in_its_frame() {
    // The messages come from both releases, and are many more than those the serdes were asked for.
    let mut frames = BTreeMap::new();
    for row in written_by_kafka() {
        let read = read(&row.topic, row.key.as_deref(), row.value.as_deref()).unwrap();
        frames.insert(row.record, (row.topic, row.key, read.record_type));
    }
    let (mut count, mut pairs) = (0, BTreeSet::new());
    for vector in vectors().filter(|vector| vector.text("kind") == Some("message")) {
        let stem = vector.name.strip_suffix("Value").unwrap_or(&vector.name);
        let Some((topic, key, record_type)) = frames.get(stem) else {
            continue;
        };
        let value = match key {
            Some(_) => [&vector.version.0.to_be_bytes(), &vector.bytes[..]].concat(),
            None => framed(*record_type, vector.version, &vector.bytes),
        };
        let read = read(topic, key.as_deref(), Some(&value)).unwrap();
        assert_eq!(read.version, Some(vector.version), "{}", vector.place());
        assert!(read.value == Some(value), "{}", vector.place());
        pairs.insert((vector.name.clone(), vector.version));
        count += 1;
    }
    assert!(
        count > 500 && pairs.len() > 75,
        "{count} of {}",
        pairs.len()
    );
}

#[test]
fn a_damaged_record_is_refused_or_written_so_that_it_reads_the_same() {
    let rows: Vec<_> = written_by_kafka().collect();
    let mut accepted = 0;
    for row in &rows {
        let mut random = Random::of(&format!("{} {} {}", row.record, row.version, row.case));
        for _ in 0..100 {
            let other = &rows[random.below(rows.len())];
            let mut damage = |bytes: &Option<Vec<u8>>, other: &Option<Vec<u8>>| {
                let other = other.as_deref().unwrap_or_default();
                let bytes = bytes.as_ref();
                bytes.map(|bytes| mutate(bytes, other, &mut random))
            };
            let key = damage(&row.key, &other.key);
            let value = damage(&row.value, &other.value);
            let Ok(first) = read(&row.topic, key.as_deref(), value.as_deref()) else {
                continue;
            };
            let again = read(&row.topic, first.key.as_deref(), first.value.as_deref());
            let again = again.unwrap_or_else(|error| panic!("{}: {error}", row.record));
            assert_eq!((again.key, again.value), (first.key, first.value));
            accepted += 1;
        }
    }
    assert!(accepted > rows.len(), "{accepted}");
}
