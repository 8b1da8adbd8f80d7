//! The values of `descriptions.json`: texts and objects, with the keys in the order of the file, equal ones too.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A text, or an object of such values.
pub(super) enum Value<'t> {
    Text(String),
    Object(Object<'t>),
}

/// Keys and values. The keys are slices of the text of the file, which tells where they stand.
pub(super) type Object<'t> = Vec<(&'t str, Value<'t>)>;

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, or an object")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    /// The sentences of a long text are a list, so that each has a line.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut text = String::new();
        while let Some(sentence) = list.next_element::<String>()? {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&sentence);
        }
        Ok(Value::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = map.next_entry()? {
            object.push(entry);
        }
        Ok(Value::Object(object))
    }
}
