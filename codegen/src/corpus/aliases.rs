//! `aliases.json`: what other clients and former releases of Kafka call APIs. It is made by
//! `protocol-json/refresh-names`; here it is read.

use std::collections::BTreeMap;

use super::facts;
use crate::fault::Faults;
use crate::json::{Document, Findings, Object};

/// The names of APIs other than those Kafka has for them today, by API key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases(BTreeMap<i16, Vec<String>>);

impl Aliases {
    /// The names of an API, each once.
    pub fn of(&self, api_key: i16) -> &[String] {
        self.0.get(&api_key).map_or(&[], Vec::as_slice)
    }

    /// Reads `aliases.json`.
    ///
    /// # Errors
    ///
    /// All faults of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        facts::parse(file, text, read)
    }
}

fn read(document: &Document, found: &mut Findings) -> Option<Aliases> {
    let mut root = Object::new(document.root(), "the file", found)?;
    root.only(&["sources", "aliases"], found);
    let apis = root.object("the file", "aliases", found)?;
    let mut aliases = BTreeMap::new();
    for api in apis.entries() {
        let Some(key) = apis.numbered(api, "an API key", found) else {
            continue;
        };
        let what = format!("API {key}");
        aliases.extend(Object::new(api.value, &what, found).map(|api| (key, names(api, found))));
    }
    Some(Aliases(aliases))
}

fn names(mut api: Object<'_>, found: &mut Findings) -> Vec<String> {
    api.only(&SOURCES, found);
    let mut names: Vec<String> = Vec::new();
    for source in SOURCES {
        for name in api.texts(source, found) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Who calls APIs by other names.
const SOURCES: [&str; 3] = ["kmsg", "librdkafka", "former"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_sources_are_read_and_each_once() {
        let text = r#"{ "aliases": {
            "2": { "kmsg": ["ListOffsets"], "librdkafka": ["ListOffsets"], "former": ["Offsets"] }
        } }"#;
        let aliases = Aliases::parse("f", text).unwrap();
        assert_eq!(aliases.of(2), ["ListOffsets", "Offsets"]);
        assert!(aliases.of(3).is_empty());
    }

    #[test]
    fn what_the_script_did_not_write_is_refused() {
        for text in [
            "{}",
            r#"{ "aliases": { "2": [] } }"#,
            r#"{ "aliases": { "2": { "sarama": [] } } }"#,
            r#"{ "aliases": { "x": { "kmsg": [], "librdkafka": [], "former": [] } } }"#,
        ] {
            assert!(Aliases::parse("f", text).is_err(), "{text}");
        }
    }
}
