//! `successors.json`: the fields that later versions of a message no longer have, and which fields say the same
//! there. It is written by hand; that it has every such field, and no other, is checked by `resolve`.

use std::collections::BTreeMap;

use super::facts::{self, Name};
use crate::fault::{Fault, Faults, Mistake};
use crate::json::{Document, Findings, Object};
use crate::source::{Source, Span};

/// The successors of fields that ended, by message and path.
#[derive(Clone, Debug, Default)]
pub struct Successors {
    /// The file they were read from.
    source: Option<Source>,
    messages: BTreeMap<String, BTreeMap<String, Succession>>,
    /// The names of the messages, with their places.
    pub(crate) names: Vec<Name>,
}

/// The successor of a field that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// The kind of successor.
    pub kind: SuccessionKind,
    /// The key of the entry in the file.
    at: Span,
}

/// The successor of a field in versions after it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuccessionKind {
    /// The field identifies something, and these fields of the same struct identify it too.
    Identity(Vec<String>),
    /// The field names one thing, and this array of the same struct lists any number of such names.
    Listed(Vec<String>),
    /// These fields of the same struct say it in another form.
    Replaced(Vec<String>),
    /// Nothing says it; the reason.
    Dropped(String),
}

impl Succession {
    /// The names of the successors.
    pub fn successors(&self) -> &[String] {
        match &self.kind {
            SuccessionKind::Identity(fields)
            | SuccessionKind::Listed(fields)
            | SuccessionKind::Replaced(fields) => fields,
            SuccessionKind::Dropped(_) => &[],
        }
    }
}

impl Successors {
    /// Returns `true` if nothing is known of any field, as in a folder without the file.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Returns the successor of a field. The path names the fields around it, or the common struct that it belongs
    /// to: `Topics.Name`.
    pub fn of(&self, message: &str, path: &str) -> Option<&Succession> {
        self.messages.get(message)?.get(path)
    }

    /// The entries of a message, by path.
    pub fn of_message(&self, message: &str) -> impl Iterator<Item = (&str, &Succession)> {
        let fields = self.messages.get(message).into_iter().flatten();
        fields.map(|(path, succession)| (&**path, succession))
    }

    /// A fault in an entry.
    pub(crate) fn fault(&self, entry: &Succession, mistake: Mistake) -> Option<Fault> {
        self.fault_at(entry.at, mistake)
    }

    /// A fault at a place of the file; `None` if there was none.
    pub(crate) fn fault_at(&self, at: Span, mistake: Mistake) -> Option<Fault> {
        Some(Fault::new(self.source.as_ref()?, at, mistake))
    }

    /// Reads `successors.json`.
    ///
    /// # Errors
    ///
    /// All faults of the file: it is not JSON, or an entry does not say what became of its field, or why.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        facts::parse(file, text, read)
    }
}

fn read(document: &Document, found: &mut Findings) -> Option<Successors> {
    let mut root = Object::new(document.root(), "the file", found)?;
    root.only(&["messages"], found);
    let messages = root.object("the file", "messages", found)?;
    let mut read = BTreeMap::new();
    let mut names = Vec::new();
    for message in messages.entries() {
        let Some(fields) = Object::new(message.value, "a message", found) else {
            continue;
        };
        let mut successions = BTreeMap::new();
        for field in fields.entries() {
            let entry = Object::new(field.value, "the entry of a field", found);
            successions.extend(entry.and_then(|entry| {
                let kind = kind(entry, found)?;
                let at = field.key_value.span();
                Some((field.key.clone().into_owned(), Succession { kind, at }))
            }));
        }
        let text = message.key.clone().into_owned();
        let at = message.key_value.span();
        read.insert(text.clone(), successions);
        names.push(Name { text, at });
    }
    Some(Successors {
        source: Some(document.source().clone()),
        messages: read,
        names,
    })
}

fn kind(mut entry: Object<'_>, found: &mut Findings) -> Option<SuccessionKind> {
    let kinds = ["identity", "listed", "replaced", "dropped"];
    entry.only(
        &["identity", "listed", "replaced", "dropped", "source"],
        found,
    );
    entry.required_text("the entry of a field", "source", found)?;
    let mut stated = kinds.into_iter().filter(|kind| entry.value(kind).is_some());
    let (Some(kind), None) = (stated.next(), stated.next()) else {
        let wrong = "the entry does not say which one of four things became of the field";
        let right = "write `identity`, `listed` or `replaced` with the names of fields, or `dropped` with the reason";
        entry.wrong("source", wrong, right, found);
        return None;
    };
    if kind == "dropped" {
        let reason = entry.required_text("the entry of a field", kind, found)?;
        return Some(SuccessionKind::Dropped(reason));
    }
    let fields = entry.texts(kind, found);
    if fields.is_empty() {
        let right = "name the fields that say the same, or write `dropped` and the reason";
        entry.wrong(kind, format!("`{kind}` names no field"), right, found);
        return None;
    }
    Some(match kind {
        "identity" => SuccessionKind::Identity(fields),
        "listed" => SuccessionKind::Listed(fields),
        _ => SuccessionKind::Replaced(fields),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_by_message_and_path() {
        let text = r#"{ "messages": { "ARequest": {
            "Topics.Name": { "identity": ["TopicId"], "source": "KIP-1" },
            "Old": { "replaced": ["New", "Newer"], "source": "KIP-2" },
            "Gone": { "dropped": "nobody asks", "source": "KIP-3" }
        } } }"#;
        let successors = Successors::parse("f", text).unwrap();
        let of = |path| {
            successors
                .of("ARequest", path)
                .map(|entry| entry.kind.clone())
        };
        let name = SuccessionKind::Identity(vec!["TopicId".into()]);
        assert_eq!(of("Topics.Name"), Some(name));
        let old = successors.of("ARequest", "Old").unwrap();
        assert_eq!(old.successors(), ["New", "Newer"]);
        assert_eq!(
            of("Gone"),
            Some(SuccessionKind::Dropped("nobody asks".into()))
        );
        assert_eq!(of("Name"), None);
        assert_eq!(successors.of("BRequest", "Old"), None);
    }

    #[test]
    fn entries_without_one_decision_or_a_source_are_refused_with_their_lines() {
        let text = r#"{ "messages": { "ARequest": {
            "A": { "identity": ["B"] },
            "B": { "source": "KIP-1" },
            "C": { "identity": [], "source": "KIP-1" },
            "D": { "dropped": "", "source": "KIP-1" },
            "E": { "identity": ["B"], "replaced": ["C"], "source": "KIP-1" },
            "F": { "identity": ["B"], "source": "KIP-1" }
        } } }"#;
        let faults = Successors::parse("f", text).unwrap_err();
        let lines: Vec<_> = faults.0.iter().map(|fault| fault.at.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6]);
    }
}
