//! What Kafka's own converters make of JSON is made of it here, but for what `docs/java-json.md` says.

use std::collections::BTreeSet;

use kafka_codec::Version;
use kafka_codec::schema::{Schema, json};
use kafka_codec::wire::Writer;

use crate::vectors::hex;

/// A line of `tests/vectors/json-reading.tsv`.
struct Case {
    name: &'static str,
    message: &'static str,
    version: Version,
    json: &'static str,
    verdict: &'static str,
    bytes: &'static str,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        let text = include_str!("../vectors/json-reading.tsv");
        text.lines().skip(1).map(|line| {
            let parts: [&str; 6] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let [name, message, version, json, verdict, bytes] = parts;
            Self {
                name,
                message,
                version: Version(version.parse().unwrap()),
                json,
                verdict,
                bytes,
            }
        })
    }

    fn encode(&self) -> Result<String, json::JsonError> {
        let schema = Schema::named(self.message).unwrap();
        let mut writer = Writer::new();
        let options = json::ReadOptions::java();
        json::encode(schema, self.version, self.json, options, &mut writer)?;
        Ok(hex(&writer.into_vec()))
    }
}

/// The cases in the tables of `docs/java-json.md`: what only Java reads, and what is only read here.
fn documented() -> [BTreeSet<String>; 2] {
    let text = include_str!("../../docs/java-json.md");
    let tables = text.split("| case | ").skip(1).map(|table| {
        let rows = table.lines().take_while(|line| !line.is_empty());
        rows.filter_map(|row| Some(row.strip_prefix("| `")?.split('`').next()?.to_owned()))
            .collect()
    });
    tables.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn json_is_read_as_java_reads_it_or_as_the_documentation_says() {
    let (mut agreed, mut java_only, mut here_only) = (0, BTreeSet::new(), BTreeSet::new());
    for case in Case::all() {
        match (case.verdict == "accept", case.encode()) {
            (true, Ok(bytes)) => {
                assert_eq!(bytes, case.bytes, "{}: {}", case.name, case.json);
                agreed += 1;
            }
            (false, Err(_)) => agreed += 1,
            (true, Err(_)) => drop(java_only.insert(case.name.to_owned())),
            (false, Ok(_)) => drop(here_only.insert(case.name.to_owned())),
        }
    }
    println!("{agreed} agreed; read only by Java {java_only:?}, only here {here_only:?}");
    assert_eq!([java_only, here_only], documented());
    assert!(agreed > 700, "{agreed}");
}
