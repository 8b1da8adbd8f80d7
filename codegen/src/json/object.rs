//! Typed access to one JSON object, with the coercions of Kafka's own reader, and a list of the faults found.
//! Which keys an object has is known to its readers.

use std::borrow::Cow;
use std::collections::{HashMap, hash_map};
use std::fmt::{self, Display};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::value::Value;
use crate::fault::{Fault, Faults, Mistake, nearest};
use crate::source::{Source, Span};
use crate::versions::Versions;

/// The faults found so far, with their places.
#[derive(Default)]
pub(crate) struct Findings {
    faults: Vec<(Span, Option<String>, Mistake)>,
    /// `true` if a key may be there again with the same value.
    repeats: bool,
}

impl Findings {
    /// Of a file that others released: it may repeat a key with the same value, as two of Kafka's definitions do.
    pub(crate) fn of_released() -> Self {
        Self {
            faults: Vec::new(),
            repeats: true,
        }
    }

    pub(crate) fn push(&mut self, span: Span, field: Option<&str>, mistake: Mistake) {
        self.faults.push((span, field.map(str::to_owned), mistake));
    }

    pub(crate) fn into_faults(mut self, source: &Source, message: Option<&str>) -> Faults {
        self.faults.sort_by_key(|(span, ..)| *span);
        let faults = self.faults.into_iter().map(|(span, field, mistake)| Fault {
            message: message.map(str::to_owned),
            field,
            ..Fault::new(source, span, mistake)
        });
        faults.collect()
    }
}

/// The places of an object and of the values of its keys.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    object: Span,
    values: Vec<(String, Span)>,
}

impl Spans {
    /// The place of the object: of the value of `name` if there is one, else of its first brace.
    #[must_use]
    pub fn object(&self) -> Span {
        self.object
    }

    /// Returns `true` if the object has the key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.iter().any(|(known, _)| known == key)
    }

    /// The place of the value of `key`; of the object if it has no such key.
    #[must_use]
    pub fn of(&self, key: &str) -> Span {
        let value = self.values.iter().find(|(known, _)| known == key);
        value.map_or(self.object, |(_, span)| *span)
    }
}

/// A key of an object and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Cow<'t, str>,
    /// The key as the value that it is written as.
    pub(crate) key_value: Value<'t>,
    pub(crate) value: Value<'t>,
}

/// One JSON object. Every read returns `None` where the key is absent or null, or where it found a fault.
pub(crate) struct Object<'t> {
    whole: Span,
    entries: Vec<Entry<'t>>,
    /// The path of the field that the object defines, if it is one.
    pub(crate) field: Option<String>,
    /// The keys that unknown ones were probably meant to be: they are not missing too.
    misspelled: Vec<String>,
}

impl<'t> Object<'t> {
    /// The object that `value` is; a fault if it is not an object, and for each key that is there twice.
    pub(crate) fn new(value: Value<'t>, what: &str, found: &mut Findings) -> Option<Self> {
        if !value.is_object() {
            let wrong = format!("{what} must be an object, this is {}", value.describe());
            let right = "write `{`, the keys and their values, and `}`";
            found.push(value.span(), None, Mistake::new(wrong, right));
            return None;
        }
        let Entries(raw) =
            serde_json::from_str(value.raw()).expect("the document's syntax was checked");
        let mut entries: Vec<Entry<'t>> = Vec::with_capacity(raw.len());
        let mut seen = HashMap::with_capacity(raw.len());
        for (key, inner) in raw {
            let key = value.inside(key);
            let entry = Entry {
                key_value: key,
                key: key.text().unwrap_or_else(|| Cow::Borrowed(key.raw())),
                value: value.inside(inner),
            };
            match seen.entry(entry.key.clone()) {
                hash_map::Entry::Vacant(place) => {
                    place.insert(entry.value.raw());
                    entries.push(entry);
                }
                hash_map::Entry::Occupied(same)
                    if found.repeats && *same.get() == entry.value.raw() => {}
                hash_map::Entry::Occupied(_) => {
                    let wrong = format!("the key `{}` is there twice", entry.key);
                    let right = "remove one of the two";
                    found.push(entry.key_value.span(), None, Mistake::new(wrong, right));
                }
            }
        }
        Some(Self {
            whole: value.span(),
            entries,
            field: None,
            misspelled: Vec::new(),
        })
    }

    /// The keys and values, in the order of the file.
    pub(crate) fn entries(&self) -> &[Entry<'t>] {
        &self.entries
    }

    /// The places of the object and of its values.
    pub(crate) fn spans(&self) -> Spans {
        let values = self.entries.iter();
        Spans {
            object: self.span(),
            values: values
                .map(|entry| (entry.key.clone().into_owned(), entry.value.span()))
                .collect(),
        }
    }

    /// Where faults of the whole object are shown: at its name, else at its first brace.
    fn span(&self) -> Span {
        match self.value("name") {
            Some(name) => name.span(),
            None => Span::new(self.whole.start, self.whole.start + 1),
        }
    }

    /// Every key that is not one of `known` is a fault.
    pub(crate) fn only(&mut self, known: &[&str], found: &mut Findings) {
        for entry in &self.entries {
            if known.contains(&&*entry.key) {
                continue;
            }
            let right = match nearest(&entry.key, known) {
                Some(near) => {
                    self.misspelled.push(near.to_owned());
                    format!("did you mean `{near}`?")
                }
                None => format!("the keys here are {}", list(known)),
            };
            let wrong = format!("unknown key `{}`", entry.key);
            self.wrong_at(entry.key_value.span(), wrong, right, found);
        }
    }

    pub(crate) fn value(&self, key: &str) -> Option<Value<'t>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(entry.value).filter(|value| !value.is_null())
    }

    pub(crate) fn wrong(
        &self,
        key: &'static str,
        wrong: impl Display,
        right: impl Display,
        found: &mut Findings,
    ) {
        let span = self.value(key).map_or_else(|| self.span(), Value::span);
        self.wrong_at(span, wrong, right, found);
    }

    fn wrong_at(&self, at: Span, wrong: impl Display, right: impl Display, found: &mut Findings) {
        let mistake = Mistake::new(wrong.to_string(), right.to_string());
        found.push(at, self.field.as_deref(), mistake);
    }

    pub(crate) fn mistaken(&self, value: Value<'_>, mistake: Mistake, found: &mut Findings) {
        let span = value.span_within(mistake.within.clone());
        found.push(span, self.field.as_deref(), mistake);
    }

    pub(crate) fn missing(&self, what: &str, key: &str, right: impl Display, found: &mut Findings) {
        if !self.misspelled.iter().any(|meant| meant == key) {
            self.wrong_at(self.span(), format!("{what} has no `{key}`"), right, found);
        }
    }

    /// The object of a key that must be there.
    pub(crate) fn object(
        &self,
        what: &str,
        key: &'static str,
        found: &mut Findings,
    ) -> Option<Self> {
        match self.value(key) {
            Some(value) => Self::new(value, &format!("`{key}`"), found),
            None => {
                self.missing(what, key, format!("add `\"{key}\"`"), found);
                None
            }
        }
    }

    /// The number that the key of an entry spells.
    pub(crate) fn numbered<N: TryFrom<i64>>(
        &self,
        entry: &Entry<'_>,
        what: &str,
        found: &mut Findings,
    ) -> Option<N> {
        let spelled: Option<i64> = entry.key.parse().ok();
        let number = spelled.and_then(|number| Some((number, N::try_from(number).ok()?)));
        // One spelling of each number, so that different keys are different numbers.
        let (wrong, right) = match number {
            Some((spelled, number)) if spelled.to_string() == entry.key => return Some(number),
            Some((spelled, _)) => (
                format!("`{}` is not how {what} is spelled", entry.key),
                format!("write `{spelled}`"),
            ),
            None => (
                format!("`{}` is not {what}", entry.key),
                "write its number".to_owned(),
            ),
        };
        self.mistaken(entry.key_value, Mistake::new(wrong, right), found);
        None
    }

    /// The text of a key that must be there and not be empty.
    pub(crate) fn required_text(
        &self,
        what: &str,
        key: &'static str,
        found: &mut Findings,
    ) -> Option<String> {
        match self.value(key) {
            None => self.missing(what, key, format!("add `\"{key}\"`"), found),
            Some(_) => match self.text(key, found)? {
                text if text.is_empty() => {
                    self.wrong(key, format!("`{key}` is empty"), "write it", found);
                }
                text => return Some(text),
            },
        }
        None
    }

    /// Text; numbers and booleans are taken as they are written.
    pub(crate) fn text(&self, key: &'static str, found: &mut Findings) -> Option<String> {
        let value = self.value(key)?;
        if let Some(text) = value.text() {
            return Some(text.into_owned());
        }
        match value.is_number() || value.bool().is_some() {
            true => Some(value.raw().to_owned()),
            false => self.mistyped(key, "text", value, found),
        }
    }

    /// A boolean, or text that spells one. Absent means false.
    pub(crate) fn flag(&self, key: &'static str, found: &mut Findings) -> bool {
        let Some(value) = self.value(key) else {
            return false;
        };
        let text = value.text();
        let flag = match text.as_deref().map(str::trim) {
            Some("true" | "True" | "TRUE") => Some(true),
            Some("false" | "False" | "FALSE") => Some(false),
            Some(_) => None,
            None => {
                let number = || value.integer().map(|number| number != 0);
                value.bool().or_else(number)
            }
        };
        if flag.is_none() {
            self.mistyped::<bool>(key, "`true` or `false`", value, found);
        }
        flag.unwrap_or(false)
    }

    /// A number, or text that spells one.
    pub(crate) fn number<N: TryFrom<i64>>(
        &self,
        key: &'static str,
        range: &str,
        found: &mut Findings,
    ) -> Option<N> {
        let value = self.value(key)?;
        let spelled = || value.text()?.trim().parse().ok();
        let number: Option<i64> = value.integer().or_else(spelled);
        let number = number.and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            return self.mistyped(key, &format!("a number {range}"), value, found);
        }
        number
    }

    /// A version range; `None` also when the text is empty.
    pub(crate) fn versions(&self, key: &'static str, found: &mut Findings) -> Option<Versions> {
        match Versions::parse(&self.text(key, found)?) {
            Ok(versions) => versions,
            Err(mistake) => {
                self.mistaken(self.value(key)?, mistake, found);
                None
            }
        }
    }

    /// A version range that is open or empty, as those that can only begin are.
    pub(crate) fn open_versions(
        &self,
        key: &'static str,
        found: &mut Findings,
    ) -> Option<Versions> {
        let versions = self.versions(key, found)?;
        let Some(lowest) = versions.lowest().filter(|_| !versions.is_open()) else {
            return Some(versions);
        };
        let wrong = format!("`{key}` must not end, `{versions}` does");
        self.wrong(key, wrong, format!("write `{lowest}+`, or `none`"), found);
        None
    }

    /// A list, or a single value that stands for a list of one.
    pub(crate) fn list(&self, key: &str) -> impl Iterator<Item = Value<'t>> + use<'t> {
        let values = self.value(key).map(Value::elements);
        values.unwrap_or_default().into_iter()
    }

    /// A list of texts; every element that is not a text is a fault.
    pub(crate) fn texts(&self, key: &'static str, found: &mut Findings) -> Vec<String> {
        let texts = self.list(key).filter_map(|value| {
            let text = value.text().map(Cow::into_owned);
            if text.is_none() {
                let wrong = format!("`{key}` must hold text, this is {}", value.describe());
                self.wrong_at(value.span(), wrong, "write text in quotes", found);
            }
            text
        });
        texts.collect()
    }

    /// Exactly one of the names.
    pub(crate) fn one_of<T: Copy>(
        &self,
        what: &str,
        value: Value<'_>,
        names: &[(&'static str, T)],
        found: &mut Findings,
    ) -> Option<T> {
        let text = value.text();
        let known = names
            .iter()
            .find(|(name, _)| text.as_deref() == Some(*name));
        if known.is_none() {
            let all: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            let right = match text.and_then(|text| nearest(&text, &all)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("use one of {}", list(&all)),
            };
            let wrong = format!("{} is not a valid {what}", value.describe());
            self.wrong_at(value.span(), wrong, right, found);
        }
        known.map(|(_, value)| *value)
    }

    pub(crate) fn mistyped<T>(
        &self,
        key: &'static str,
        wanted: &str,
        value: Value<'_>,
        found: &mut Findings,
    ) -> Option<T> {
        let wrong = format!("`{key}` must be {wanted}, this is {}", value.describe());
        self.wrong(key, wrong, format!("write {wanted}"), found);
        None
    }
}

/// Names in backticks, separated by commas.
fn list(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The keys and values of an object, as slices of its text, equal keys included.
struct Entries<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Object)
    }
}
