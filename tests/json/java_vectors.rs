//! JSON is what Kafka's own converters write, character for character, and its bytes are Kafka's.

use std::collections::BTreeSet;

use kafka_codec::schema::{Schema, json};
use kafka_codec::wire::Writer;
use serde_json::Value;

use crate::vectors::{self, Vector, hex};

/// Fields that 4.4.0 calls otherwise than 3.9.2: message, former key, key.
const RENAMED: [(&str, &str, &str); 2] = [
    (
        "ListConfigResourcesResponse",
        "clientMetricsResources",
        "configResources",
    ),
    ("ListConfigResourcesResponse", "name", "resourceName"),
];

/// A vector with Java's JSON under the names that are ours, and its schema.
struct Case {
    vector: Vector,
    schema: &'static Schema,
    java: String,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        vectors::vectors().filter_map(|vector| {
            let mut java = vector.json.clone()?;
            for (message, former, now) in RENAMED {
                if vector.name == message && vector.text("release") == Some("3.9.2") {
                    java = java.replace(&format!("\"{former}\":"), &format!("\"{now}\":"));
                }
            }
            let schema = Schema::named(&vector.name).unwrap();
            Some(Self {
                vector,
                schema,
                java,
            })
        })
    }

    /// Kafka's own bytes.
    fn canonical(&self) -> Vec<u8> {
        let canonical = self.vector.canonical();
        canonical.unwrap_or_else(|| self.vector.bytes.clone())
    }

    fn text(&self, bytes: &[u8], options: &json::Options<'_>) -> String {
        json::to_string(self.schema, self.vector.version, bytes, options)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.vector.place()))
    }

    fn encode(&self, text: &str, options: json::ReadOptions) -> Vec<u8> {
        let mut writer = Writer::new();
        json::encode(self.schema, self.vector.version, text, options, &mut writer)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.vector.place()));
        writer.into_vec()
    }
}

#[test]
fn every_message_is_the_text_that_java_writes() {
    let (mut count, mut bytes) = (0, 0);
    for case in Case::all() {
        let ours = case.text(&case.vector.bytes, &json::Options::java());
        assert_eq!(ours, case.java, "{}", case.vector.place());
        count += 1;
        bytes += ours.len();
    }
    println!("{count} texts of {bytes} bytes");
    assert!(count > 12_000, "{count}");
}

#[test]
fn the_text_that_java_writes_is_every_message() {
    let (mut exact, mut lossy) = (0, BTreeSet::new());
    for case in Case::all() {
        let canonical = case.canonical();
        let ours = case.encode(&case.java, json::ReadOptions::java());
        let whole = case.text(&canonical, &json::Options::lossless());
        if whole == case.java {
            assert_eq!(hex(&ours), hex(&canonical), "{}", case.vector.place());
            exact += 1;
            continue;
        }
        // What Java's text does not say is lost, and nothing else.
        let mut expected: Value = serde_json::from_str(&whole).unwrap();
        let found = case.text(&ours, &json::Options::lossless());
        let found: Value = serde_json::from_str(&found).unwrap();
        lose(&case, &mut expected, &found, &mut lossy);
        assert_eq!(found, expected, "{}", case.vector.place());
    }
    println!("{exact} exact; lost: {lossy:?}");
    assert!(exact > 7_000, "{exact}");
    let records = [
        "FetchResponse",
        "FetchSnapshotResponse",
        "ProduceRequest",
        "ShareFetchResponse",
    ];
    let expected = records.into_iter().chain([UNKNOWN, NAN_BITS]);
    assert_eq!(lossy, expected.map(str::to_owned).collect());
}

const UNKNOWN: &str = "_unknownTaggedFields";
const NAN_BITS: &str = "bits of a NaN";

/// Takes out of `whole` what Java's text does not have: what records hold, unknown tagged fields,
/// and which NaN one is.
/// `found` is what was made of it: a tagged struct at its default that was there only for the unknown
/// tagged fields in it is not there any more.
fn lose(case: &Case, whole: &mut Value, found: &Value, lost: &mut BTreeSet<String>) {
    match whole {
        Value::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                lose(case, element, &found[index], lost);
            }
        }
        Value::Object(members) => {
            members.retain(|key, value| !found[key].is_null() || value.get(UNKNOWN).is_none());
            if members.remove(UNKNOWN).is_some() {
                lost.insert(UNKNOWN.to_owned());
            }
            for (key, value) in members {
                let is_records = ["records", "unalignedRecords"].contains(&key.as_str());
                if is_records && value.as_str().is_some_and(|text| !text.is_empty()) {
                    *value = "".into();
                    lost.insert(case.vector.name.clone());
                }
                if let Some(("NaN", _)) = value.as_str().and_then(|text| text.split_once(':')) {
                    *value = "NaN".into();
                    lost.insert(NAN_BITS.to_owned());
                }
                lose(case, value, &found[key.as_str()], lost);
            }
        }
        _ => {}
    }
}

#[test]
fn text_that_leaves_nothing_out_is_the_same_bytes_again() {
    for case in Case::all() {
        let canonical = case.canonical();
        let text = case.text(&case.vector.bytes, &json::Options::lossless());
        let again = case.encode(&text, json::ReadOptions::lossless());
        assert_eq!(
            hex(&again),
            hex(&canonical),
            "{text}\n{}",
            case.vector.place()
        );
        // Blanks and line ends change nothing, and neither does the order of keys.
        let pretty = case.text(&case.vector.bytes, &json::Options::lossless().pretty());
        let again = case.encode(&pretty, json::ReadOptions::lossless());
        assert_eq!(hex(&again), hex(&canonical), "{pretty}");
        let sorted = serde_json::from_str::<Value>(&pretty).unwrap().to_string();
        let again = case.encode(&sorted, json::ReadOptions::lossless());
        assert_eq!(hex(&again), hex(&canonical), "{sorted}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_what_java_reads_but_for_how_often_it_is_replaced() {
    let mut count = 0;
    for vector in vectors::vectors().filter(|vector| vector.text("fault") == Some("utf8")) {
        // Java puts what it read into the bytes that it writes.
        let Some(canonical) = vector.canonical() else {
            continue;
        };
        let schema = Schema::named(&vector.name).unwrap();
        let options = json::Options::lossless().any_text();
        let text = |bytes: &[u8]| {
            let mut text = json::to_string(schema, vector.version, bytes, &options).unwrap();
            // Java has another opinion of how many characters are missing.
            while text.contains("\u{fffd}\u{fffd}") {
                text = text.replace("\u{fffd}\u{fffd}", "\u{fffd}");
            }
            text
        };
        assert_eq!(text(&vector.bytes), text(&canonical), "{}", vector.place());
        count += 1;
    }
    println!("{count} messages with text that is not UTF-8");
    assert!(count > 100, "{count}");
}
