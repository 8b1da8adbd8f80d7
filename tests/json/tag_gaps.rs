//! Messages whose tags have gaps: those narrowed to versions that lack some of the tagged fields.

use kafka_codec::Version;
use kafka_codec::generated::schema::{Field, Kind, Schema, StructSchema, structure};
use kafka_codec::schema::json::{self, Options, ReadOptions};
use kafka_codec::wire::Writer;

/// As `Builder` narrows a message: the tags 1 to 4, 6 and 7 are those of other versions.
static NARROWED: Schema = Schema::new("Narrowed", Kind::Metadata, None, 0, 1, 0, &ROOT);
static ROOT: StructSchema = structure(
    "Narrowed",
    &[
        Field::int32("partitionId", "partition_id", 0, 1),
        Field::uuid("directories", "directories", 1, 1)
            .array()
            .tagged(8, 1),
        Field::int32("isr", "isr", 0, 1).array().tagged(0, 0),
        Field::int8("leaderRecoveryState", "leader_recovery_state", 0, 1).tagged(5, 0),
    ],
);

const TEXT: &str = r#"{"partitionId":7,"directories":["AAAAAAAAAAAAAAAAAAAABQ"],"isr":[1,2],"leaderRecoveryState":1}"#;

fn encoded(text: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    let options = ReadOptions::lossless();
    json::encode(&NARROWED, Version(1), text, options, &mut writer).unwrap();
    writer.into_vec()
}

#[test]
fn json_of_a_message_whose_tags_have_gaps_is_encoded_whole() {
    let mut expected = b"\0\0\0\x07\x03".to_vec();
    expected.extend(b"\0\x09\x03\0\0\0\x01\0\0\0\x02");
    expected.extend(b"\x05\x01\x01");
    expected.extend(b"\x08\x11\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05");
    assert_eq!(encoded(TEXT), expected);
}

#[test]
fn a_message_whose_tags_have_gaps_is_shown_whole() {
    let bytes = encoded(TEXT);
    let options = Options::java();
    let shown = json::to_string(&NARROWED, Version(1), &bytes, &options).unwrap();
    assert_eq!(shown, TEXT);
}

#[test]
fn a_tag_within_a_gap_is_unknown() {
    let text = r#"{"partitionId":7,"_unknownTaggedFields":[{"tag":6,"data":"AQI="}]}"#;
    let bytes = encoded(text);
    assert_eq!(bytes, b"\0\0\0\x07\x01\x06\x02\x01\x02");
    let options = Options::lossless();
    let shown = json::to_string(&NARROWED, Version(1), &bytes, &options).unwrap();
    assert_eq!(shown, text);
}

#[cfg(feature = "random")]
#[test]
fn random_messages_whose_tags_have_gaps_have_all_tagged_fields() {
    use kafka_codec::schema::random::{self, Seeded};

    let mut entropy = Seeded::new(7);
    let options = random::Options::default();
    let mut with_last_tag = 0;
    for _ in 0..100 {
        let bytes = random::message(&NARROWED, Version(1), &options, &mut entropy).unwrap();
        let lossless = Options::lossless();
        let text = json::to_string(&NARROWED, Version(1), &bytes, &lossless).unwrap();
        with_last_tag += usize::from(text.contains("\"directories\""));
        assert_eq!(encoded(&text), bytes, "{text}");
    }
    assert!(with_last_tag > 10, "{with_last_tag} of 100");
}
