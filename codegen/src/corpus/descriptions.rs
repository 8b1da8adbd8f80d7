//! `descriptions.json`: what messages, structs and fields mean. It is written by hand; here it is read and asked.
//! That everything has a description, and every description something that it describes, is checked by `resolve`.

mod read;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fault::{Fault, Faults};

/// What messages, structs and fields mean.
#[derive(Clone, Debug, Default)]
pub struct Descriptions {
    file: String,
    text: Arc<str>,
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

/// What something means, in a sentence or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The sentences.
    pub text: String,
    /// Where its key begins in the file.
    at: usize,
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
        let mut used: Vec<usize> = used.map(|description| description.at).collect();
        used.sort_unstable();
        let unused = self.all().map(|description| description.at);
        let unused = unused.filter(|at| used.binary_search(at).is_err());
        unused.map(|at| self.describes_nothing(at)).collect()
    }

    fn describes_nothing(&self, at: usize) -> Fault {
        let key = self.text.get(at..).and_then(|text| text.split('"').next());
        self.fault(
            at,
            format!("`{}` describes nothing", key.unwrap_or_default()),
            "remove it: nothing has this name, or nearer entries describe all that have",
        )
    }

    fn all(&self) -> impl Iterator<Item = &Description> {
        let own = self.messages.values();
        let own = own.flat_map(|own| own.about.iter().chain(own.names.all()));
        self.general.all().chain(own)
    }

    fn fault(&self, at: usize, wrong: impl Into<String>, right: impl Into<String>) -> Fault {
        let before = self.text.bytes().take(at);
        Fault {
            file: self.file.clone(),
            line: 1 + before.filter(|byte| *byte == b'\n').count(),
            message: None,
            field: None,
            wrong: wrong.into(),
            right: right.into(),
        }
    }
}

impl Names {
    fn all(&self) -> impl Iterator<Item = &Description> {
        self.structs.values().chain(self.fields.values())
    }
}
