//! `aliases.json`: what other clients and former releases of Kafka call APIs. It is made by
//! `protocol-json/refresh-names`; here it is read.

use std::collections::BTreeMap;

use crate::fault::{Fault, Faults};
use crate::json::{self, Value};

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
    /// The file is not what the script writes.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        let fault = || Fault {
            file: file.to_owned(),
            line: 1,
            message: None,
            field: None,
            wrong: "these are not aliases as `refresh-names` writes them".to_owned(),
            right: "run `protocol-json/refresh-names` again".to_owned(),
        };
        Ok(read(&json::parse(file, text)?).ok_or_else(fault)?)
    }
}

fn read(json: &Value) -> Option<Aliases> {
    let entries = json.get("aliases")?.as_object()?.iter();
    let aliases = entries.map(|(key, sources)| Some((key.parse().ok()?, names(sources)?)));
    Some(Aliases(aliases.collect::<Option<_>>()?))
}

fn names(sources: &Value) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for source in ["kmsg", "librdkafka", "former"] {
        for name in sources.get(source)?.as_array()? {
            let name = name.as_str()?;
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    Some(names)
}

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
            r#"{ "aliases": { "2": {} } }"#,
            r#"{ "aliases": { "x": { "kmsg": [], "librdkafka": [], "former": [] } } }"#,
        ] {
            assert!(Aliases::parse("f", text).is_err(), "{text}");
        }
    }
}
