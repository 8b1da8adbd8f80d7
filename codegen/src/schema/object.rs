//! Typed access to one JSON object, with the coercions Kafka's own reader makes, and a list of what was wrong.
//! Which keys an object has is known to `read`.

use std::fmt::Display;

use crate::fault::{Fault, Faults, Mistake, nearest};
use crate::json::{self, Place, Value};
use crate::versions::Versions;

/// What was found wrong so far, with places; lines are looked up at the end.
#[derive(Default)]
pub(super) struct Findings(Vec<(Place, Option<String>, Mistake)>);

impl Findings {
    pub(super) fn push(&mut self, place: Place, field: Option<&str>, mistake: Mistake) {
        self.0.push((place, field.map(str::to_owned), mistake));
    }

    pub(super) fn into_faults(self, file: &str, text: &str, message: Option<&str>) -> Faults {
        let mut faults: Vec<_> = self
            .0
            .into_iter()
            .map(|(place, field, mistake)| Fault {
                file: file.to_owned(),
                line: json::line_of(text, &place),
                message: message.map(str::to_owned),
                field,
                wrong: mistake.wrong,
                right: mistake.right,
            })
            .collect();
        faults.sort_by_key(|fault| fault.line);
        Faults(faults)
    }
}

/// One JSON object. Every read returns `None` where the key is absent or null, or where it found a fault.
pub(super) struct Object<'v> {
    keys: &'v json::Object,
    pub(super) place: Place,
    /// The path of the field this object is, if it is one.
    pub(super) field: Option<String>,
}

impl<'v> Object<'v> {
    /// `None`, and a fault, when the value is no object.
    pub(super) fn new(
        value: &'v Value,
        place: Place,
        what: &str,
        found: &mut Findings,
    ) -> Option<Self> {
        if let Value::Object(keys) = value {
            let field = None;
            return Some(Self { keys, place, field });
        }
        let wrong = format!("{what} must be an object, this is {}", describe(value));
        let right = "write `{`, the keys and their values, and `}`";
        found.push(place, None, Mistake::new(wrong, right));
        None
    }

    /// Every key that is not one of `known` is a fault.
    pub(super) fn only(&self, known: &[&str], found: &mut Findings) {
        for key in self
            .keys
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
        {
            let right = match nearest(key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are {}", list(known)),
            };
            let place = self.place.key(key.clone());
            self.wrong_at(place, format!("unknown key `{key}`"), right, found);
        }
    }

    pub(super) fn value(&self, key: &str) -> Option<&'v Value> {
        self.keys.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn wrong(
        &self,
        key: &'static str,
        wrong: impl Display,
        right: impl Display,
        found: &mut Findings,
    ) {
        self.wrong_at(self.place.key(key), wrong, right, found);
    }

    fn wrong_at(
        &self,
        place: Place,
        wrong: impl Display,
        right: impl Display,
        found: &mut Findings,
    ) {
        let mistake = Mistake::new(wrong.to_string(), right.to_string());
        found.push(place, self.field.as_deref(), mistake);
    }

    pub(super) fn missing(&self, what: &str, key: &str, right: impl Display, found: &mut Findings) {
        self.wrong_at(
            self.place.clone(),
            format!("{what} has no `{key}`"),
            right,
            found,
        );
    }

    /// Text; numbers and booleans are taken as they are written.
    pub(super) fn text(&self, key: &'static str, found: &mut Findings) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            value => self.mistyped(key, "text", value, found),
        }
    }

    /// A boolean, or text that spells one. Absent means false.
    pub(super) fn flag(&self, key: &'static str, found: &mut Findings) -> bool {
        let flag = self.value(key).and_then(|value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if matches!(text.trim(), "true" | "True" | "TRUE") => Some(true),
            Value::String(text) if matches!(text.trim(), "false" | "False" | "FALSE") => {
                Some(false)
            }
            Value::Number(number) => number.as_i64().map(|number| number != 0),
            value => self.mistyped(key, "`true` or `false`", value, found),
        });
        flag.unwrap_or(false)
    }

    /// A number, or text that spells one.
    pub(super) fn number<N: TryFrom<i64>>(
        &self,
        key: &'static str,
        range: &str,
        found: &mut Findings,
    ) -> Option<N> {
        let value = self.value(key)?;
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            return self.mistyped(key, &format!("a number {range}"), value, found);
        }
        number
    }

    /// A version range; `None` also when the text is empty.
    pub(super) fn versions(&self, key: &'static str, found: &mut Findings) -> Option<Versions> {
        match Versions::parse(&self.text(key, found)?) {
            Ok(versions) => versions,
            Err(mistake) => {
                self.wrong(key, mistake.wrong, mistake.right, found);
                None
            }
        }
    }

    /// A version range that is open or empty, as those that can only begin are.
    pub(super) fn open_versions(
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
    pub(super) fn list(
        &self,
        key: &'static str,
    ) -> impl Iterator<Item = (Place, &'v Value)> + use<'v> {
        let values = match self.value(key) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let place = self.place.key(key);
        values
            .iter()
            .enumerate()
            .map(move |(index, value)| (place.index(index), value))
    }

    /// Exactly one of the names.
    pub(super) fn one_of<T: Copy>(
        &self,
        what: &str,
        place: Place,
        value: &Value,
        names: &[(&'static str, T)],
        found: &mut Findings,
    ) -> Option<T> {
        let text = value.as_str();
        let known = names.iter().find(|(name, _)| text == Some(*name));
        if known.is_none() {
            let all: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            let right = match text.and_then(|text| nearest(text, &all)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("use one of {}", list(&all)),
            };
            let wrong = format!("{} is no {what}", describe(value));
            self.wrong_at(place, wrong, right, found);
        }
        known.map(|(_, value)| *value)
    }

    fn mistyped<T>(
        &self,
        key: &'static str,
        wanted: &str,
        value: &Value,
        found: &mut Findings,
    ) -> Option<T> {
        let wrong = format!("`{key}` must be {wanted}, this is {}", describe(value));
        self.wrong(key, wrong, format!("write {wanted}"), found);
        None
    }
}

/// A value as it may be quoted in a sentence.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("`{value}`"),
        Value::String(value) => format!("`{value}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
