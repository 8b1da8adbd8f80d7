//! `descriptions.json`: what messages, structs and fields mean. It is written by hand; here it is read and asked.
//! That everything has a description, and every description something that it describes, is checked by `resolve`.

use std::collections::BTreeMap;

use super::facts;
use crate::fault::{Fault, Faults, Mistake};
use crate::json::{Document, Entry, Findings, Object, Value};
use crate::source::{Source, Span};

/// The meaning of messages, structs and fields.
#[derive(Clone, Debug, Default)]
pub struct Descriptions {
    /// The file they were read from.
    source: Option<Source>,
    /// Those of structs and fields by name, whatever the message.
    general: Names,
    messages: BTreeMap<String, OfMessage>,
}

/// Descriptions of structs and fields.
#[derive(Clone, Debug, Default)]
struct Names {
    structs: BTreeMap<String, Description>,
    /// By `Field` or `Struct.Field`.
    fields: BTreeMap<String, Description>,
}

/// The descriptions of a message, and of what means something else in it than in others.
#[derive(Clone, Debug, Default)]
struct OfMessage {
    about: Option<Description>,
    names: Names,
}

/// A meaning, in a sentence or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The sentences.
    pub text: String,
    /// Its key in the file.
    at: Span,
}

impl Descriptions {
    /// Returns `true` if nothing is described, as in a folder without the file.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// The description of a message.
    pub fn message(&self, message: &str) -> Option<&Description> {
        self.messages.get(message)?.about.as_ref()
    }

    /// The description of a struct inside of a message: that of the message, or else the general one.
    pub fn structure(&self, message: &str, name: &str) -> Option<&Description> {
        let own = self.messages.get(message).map(|own| &own.names);
        let mut names = own.into_iter().chain([&self.general]);
        names.find_map(|names| names.structs.get(name))
    }

    /// The description of a field: that of the message, or else the general one of `Struct.Field`, or else that of
    /// `Field`. The message's own struct has the name of the message.
    pub fn field(&self, message: &str, structure: &str, field: &str) -> Option<&Description> {
        let path = format!("{structure}.{field}");
        let inside = if structure == message { field } else { &path };
        let own = self.messages.get(message);
        own.and_then(|own| own.names.fields.get(inside))
            .or_else(|| self.general.fields.get(&path))
            .or_else(|| self.general.fields.get(field))
    }

    /// A fault for each description that is not among `used`.
    pub(crate) fn unused<'d>(&'d self, used: impl Iterator<Item = &'d Description>) -> Faults {
        let mut used: Vec<Span> = used.map(|description| description.at).collect();
        used.sort_unstable();
        let unused = self.all().map(|description| description.at);
        let unused = unused.filter(|at| used.binary_search(at).is_err());
        let source = self.source.iter();
        source
            .flat_map(|source| unused.clone().map(|at| describes_nothing(source, at)))
            .collect()
    }

    fn all(&self) -> impl Iterator<Item = &Description> + Clone {
        let own = self.messages.values();
        let own = own.flat_map(|own| own.about.iter().chain(own.names.all()));
        self.general.all().chain(own)
    }

    /// Reads `descriptions.json`.
    ///
    /// # Errors
    ///
    /// All faults of the file: it is not JSON, a key is unknown or there twice, or a description is not text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        facts::parse(file, text, read)
    }
}

fn describes_nothing(source: &Source, at: Span) -> Fault {
    let key = source.text().get(at.start..at.end).unwrap_or_default();
    let wrong = format!("`{key}` describes nothing");
    let right = "remove it: nothing has this name, or nearer entries describe all that have";
    Fault::new(source, at, Mistake::new(wrong, right))
}

fn read(document: &Document, found: &mut Findings) -> Option<Descriptions> {
    let mut root = Object::new(document.root(), "the file", found)?;
    root.only(&["fields", "structs", "messages"], found);
    let messages = root.value("messages");
    let messages = messages.and_then(|messages| Object::new(messages, "`messages`", found));
    let messages = messages.iter().flat_map(Object::entries);
    Some(Descriptions {
        source: Some(document.source().clone()),
        general: names(&root, found),
        messages: messages
            .map(|entry| (entry.key.clone().into_owned(), of_message(entry, found)))
            .collect(),
    })
}

/// A message is described with a text, or with an object where something in it has a description of its own.
fn of_message(entry: &Entry<'_>, found: &mut Findings) -> OfMessage {
    if !entry.value.is_object() {
        return OfMessage {
            about: description(entry, found),
            ..OfMessage::default()
        };
    }
    let Some(mut message) = Object::new(entry.value, "a message", found) else {
        return OfMessage::default();
    };
    message.only(&["about", "structs", "fields"], found);
    let mut entries = message.entries().iter();
    let about = entries.find(|entry| entry.key == "about");
    OfMessage {
        about: about.and_then(|about| description(about, found)),
        names: names(&message, found),
    }
}

fn names(object: &Object<'_>, found: &mut Findings) -> Names {
    Names {
        structs: texts(object.value("structs"), "`structs`", found),
        fields: texts(object.value("fields"), "`fields`", found),
    }
}

fn texts(
    value: Option<Value<'_>>,
    what: &str,
    found: &mut Findings,
) -> BTreeMap<String, Description> {
    let object = value.and_then(|value| Object::new(value, what, found));
    let entries = object.iter().flat_map(Object::entries);
    entries
        .filter_map(|entry| Some((entry.key.clone().into_owned(), description(entry, found)?)))
        .collect()
}

/// The text of an entry; of a list, its sentences behind one another.
fn description(entry: &Entry<'_>, found: &mut Findings) -> Option<Description> {
    let sentences = entry.value.elements().into_iter().map(Value::text);
    let text = sentences
        .collect::<Option<Vec<_>>>()
        .map(|text| text.join(" "));
    match text {
        Some(text) if !text.trim().is_empty() => {
            return Some(Description {
                text,
                at: entry.key_value.span(),
            });
        }
        Some(_) => {
            let right = "write what it means, or remove it";
            let mistake = Mistake::new("this description is empty", right);
            found.push(entry.value.span(), None, mistake);
        }
        None => {
            let wrong = format!(
                "a description must be text, this is {}",
                entry.value.describe()
            );
            let mistake = Mistake::new(wrong, "write text, or a list of sentences");
            found.push(entry.value.span(), None, mistake);
        }
    }
    None
}

impl Names {
    fn all(&self) -> impl Iterator<Item = &Description> + Clone {
        self.structs.values().chain(self.fields.values())
    }
}
