//! From the text of `descriptions.json` to descriptions, with the faults of its form.

use std::collections::{BTreeMap, BTreeSet};

use super::value::{Object, Value};
use super::{Description, Descriptions, OfMessage};
use crate::fault::{Fault, Faults, nearest};

impl Descriptions {
    /// Reads `descriptions.json`.
    ///
    /// # Errors
    ///
    /// All faults of the file: it is not JSON, a key is unknown or there twice, or a description is not text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        let value = serde_json::from_str(text).map_err(|error| not_json(file, &error))?;
        let mut reader = Reader {
            descriptions: Self {
                file: file.to_owned(),
                text: text.into(),
                ..Self::default()
            },
            faults: Faults::default(),
            start: text.as_ptr() as usize,
        };
        reader.file(value);
        reader.faults.sort();
        reader.faults.or(reader.descriptions)
    }
}

fn not_json(file: &str, error: &serde_json::Error) -> Fault {
    let wrong = error.to_string();
    // Where it is has a place of its own.
    let wrong = wrong.split(" at line ").next().unwrap_or_default();
    Fault {
        file: file.to_owned(),
        line: error.line().max(1),
        message: None,
        field: None,
        wrong: format!("not JSON: {wrong}"),
        right: format!("look at column {}", error.column()),
    }
}

struct Reader {
    descriptions: Descriptions,
    faults: Faults,
    /// Where the text is in memory. Keys are slices of it.
    start: usize,
}

impl Reader {
    fn file(&mut self, value: Value<'_>) {
        let Value::Object(sections) = value else {
            return self.fault("", "this is not an object", "begin with `{`");
        };
        for (key, value) in self.distinct(sections) {
            let Value::Object(entries) = value else {
                self.fault(key, "an object is expected here", "write `{ .. }`");
                continue;
            };
            match key {
                "structs" => self.descriptions.general.structs = self.texts(entries),
                "fields" => self.descriptions.general.fields = self.texts(entries),
                "messages" => {
                    for (name, value) in self.distinct(entries) {
                        let own = self.message(name, value);
                        self.descriptions.messages.insert(name.to_owned(), own);
                    }
                }
                _ => self.unknown(key, &["fields", "structs", "messages"]),
            }
        }
    }

    /// A message is described with a text, or with an object where something in it has a description of its own.
    fn message(&mut self, name: &str, value: Value<'_>) -> OfMessage {
        let mut own = OfMessage::default();
        let members = match value {
            Value::Object(members) => members,
            text => {
                own.about = self.text(name, text);
                return own;
            }
        };
        for (key, value) in self.distinct(members) {
            match (key, value) {
                ("about", value) => own.about = self.text(key, value),
                ("structs", Value::Object(entries)) => own.names.structs = self.texts(entries),
                ("fields", Value::Object(entries)) => own.names.fields = self.texts(entries),
                ("structs" | "fields", Value::Text(_)) => {
                    self.fault(key, "an object is expected here", "write `{ .. }`");
                }
                _ => self.unknown(key, &["about", "structs", "fields"]),
            }
        }
        own
    }

    fn texts(&mut self, entries: Object<'_>) -> BTreeMap<String, Description> {
        let entries = self.distinct(entries).into_iter();
        let texts =
            entries.filter_map(|(key, value)| Some((key.to_owned(), self.text(key, value)?)));
        texts.collect()
    }

    fn text(&mut self, key: &str, value: Value<'_>) -> Option<Description> {
        match value {
            Value::Text(text) if !text.trim().is_empty() => Some(Description {
                text,
                at: self.place(key),
            }),
            Value::Text(_) => {
                self.fault(
                    key,
                    "this description is empty",
                    "write what it means, or remove it",
                );
                None
            }
            Value::Object(_) => {
                self.fault(
                    key,
                    "a description is expected here, not an object",
                    "write a text",
                );
                None
            }
        }
    }

    /// The entries whose keys are there once, and of others the first.
    fn distinct<'t>(&mut self, mut entries: Object<'t>) -> Object<'t> {
        let mut known = BTreeSet::new();
        entries.retain(|(key, _)| {
            let is_new = known.insert(*key);
            if !is_new {
                self.fault(key, format!("`{key}` is there twice"), "keep one of them");
            }
            is_new
        });
        entries
    }

    fn unknown(&mut self, key: &str, known: &[&str]) {
        let right = match nearest(key, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("expected {}", known.join(", ")),
        };
        self.fault(key, format!("unknown key `{key}`"), right);
    }

    fn fault(&mut self, key: &str, wrong: impl Into<String>, right: impl Into<String>) {
        let fault = self.descriptions.fault(self.place(key), wrong, right);
        self.faults.0.push(fault);
    }

    /// Where a key begins, which is a slice of the text; the beginning for any other text.
    fn place(&self, key: &str) -> usize {
        let place = (key.as_ptr() as usize).checked_sub(self.start);
        place
            .filter(|at| *at < self.descriptions.text.len())
            .unwrap_or(0)
    }
}
