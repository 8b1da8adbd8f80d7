//! `enumerations.json`: the names of values that messages hold as numbers or text, and the fields that hold them. It is
//! written by hand. `resolve` looks up the fields.

use super::facts::{self, Name, is_constant};
use crate::fault::{Fault, Mistake, nearest};
use crate::json::{Document, Entry, Findings, Object};
use crate::source::{Source, Span};
use crate::types::{FieldType, is_struct_name};
use crate::{fault::Faults, schema::FieldDef};

/// The enumerations, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Enumerations {
    /// The file they were read from.
    source: Option<Source>,
    /// The enumerations.
    pub all: Vec<Enumeration>,
    /// Fields of type int8 that are plain numbers.
    pub(crate) numbers: Vec<Name>,
}

/// Values that have names.
#[derive(Clone, Debug)]
pub struct Enumeration {
    /// The name of its type.
    pub name: String,
    /// The place of the name in the file.
    pub(crate) at: Span,
    /// The type of its fields: int8, int16, int32, int64 or string.
    pub ty: FieldType,
    /// What the values are.
    pub about: String,
    /// The class of Kafka that defines them.
    pub source: String,
    /// The values, by code or by text.
    pub values: Vec<NamedValue>,
    /// The fields that hold the values, by name (`Operation`) or by path from the message (`ProduceRequest.Acks`).
    pub(crate) fields: Vec<Name>,
}

/// A value of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedValue {
    /// The number, or the text.
    pub value: Scalar,
    /// Kafka's name: of a number a constant such as `READ_COMMITTED`, of a text a variant such as `Stable`.
    pub name: String,
    /// The meaning.
    pub meaning: String,
}

/// The values that a message holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// A number.
    Code(i64),
    /// A text.
    Text(String),
}

impl Enumeration {
    /// Returns `true` if its fields are text.
    pub fn is_text(&self) -> bool {
        self.ty == FieldType::String
    }

    /// The name of a number.
    pub fn name_of(&self, code: i64) -> Option<&str> {
        let mut values = self.values.iter();
        let value = values.find(|value| value.value == Scalar::Code(code))?;
        Some(&value.name)
    }

    /// What is wrong with it where the library has `same`, or has none but `known`.
    fn differs_from(&self, same: Option<&Self>, known: &[&str]) -> Option<Mistake> {
        let name = &self.name;
        let Some(same) = same else {
            let right = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "leave it out, and its fields hold plain values; there are {}",
                    known.join(", ")
                ),
            };
            return Some(Mistake::new(
                format!("kafka-codec has no enumeration `{name}`"),
                right,
            ));
        };
        if self.ty != same.ty {
            let wrong = format!(
                "`{name}` of kafka-codec is of type `{}`, not `{}`",
                same.ty, self.ty
            );
            return Some(Mistake::new(
                wrong,
                "write its type, and name fields of that type",
            ));
        }
        let has = |value: &NamedValue| {
            let mut values = same.values.iter();
            values.any(|other| (&other.value, &other.name) == (&value.value, &value.name))
        };
        let value = self.values.iter().find(|value| !has(value))?;
        let values: Vec<_> = same.values.iter().map(|value| &*value.name).collect();
        let wrong = format!("`{name}` of kafka-codec has no value `{}`", value.name);
        let right = format!("leave the value out: the values are {}", values.join(", "));
        Some(Mistake::new(wrong, right))
    }

    /// Returns `true` if fields of this type can hold it: the type itself and arrays of it.
    pub(crate) fn fits(&self, ty: &FieldType) -> bool {
        *ty.element().unwrap_or(ty) == self.ty
    }
}

impl Enumerations {
    /// The enumeration of a field, of which `path` is the way from the message: the entry of the path counts before
    /// that of the name.
    pub fn of(&self, message: &str, path: &str, field: &FieldDef) -> Option<&Enumeration> {
        let full = format!("{message}.{path}");
        let by = |name: &str| {
            let mut fitting = self.all.iter().filter(|each| each.fits(&field.ty));
            fitting.find(|each| each.fields.iter().any(|field| field.text == name))
        };
        by(&full).or_else(|| by(&field.name))
    }

    /// A fault at a place of the file; `None` if there was none.
    pub(crate) fn fault(&self, at: Span, mistake: Mistake) -> Option<Fault> {
        Some(Fault::new(self.source.as_ref()?, at, mistake))
    }

    /// The faults of enumerations that `library` does not have as they are here: their types are those of the library, and
    /// definitions can only use them.
    pub(crate) fn unknown_to(&self, library: &Self) -> Faults {
        let known: Vec<_> = library.all.iter().map(|each| &*each.name).collect();
        let faults = self.all.iter().filter_map(|own| {
            let same = library.all.iter().find(|each| each.name == own.name);
            self.fault(own.at, own.differs_from(same, &known)?)
        });
        faults.collect()
    }

    /// Reads `enumerations.json`.
    ///
    /// # Errors
    ///
    /// All faults of the file: it is not JSON, a key is unknown or missing, a name is not a Rust name, or a value
    /// does not fit its type.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        facts::parse(file, text, read)
    }
}

fn read(document: &Document, found: &mut Findings) -> Option<Enumerations> {
    let mut root = Object::new(document.root(), "the file", found)?;
    root.only(&["enumerations", "numbers"], found);
    let entries = root.object("the file", "enumerations", found)?;
    let mut all = Vec::new();
    for entry in entries.entries() {
        if !is_struct_name(&entry.key) {
            let wrong = format!("`{}` cannot name an enumeration", entry.key);
            let right = "begin with an upper-case letter, then use letters and digits";
            found.push(entry.key_value.span(), None, Mistake::new(wrong, right));
        }
        let object = Object::new(entry.value, "an enumeration", found);
        all.extend(object.and_then(|object| enumeration(entry, object, found)));
    }
    all.sort_by(|a: &Enumeration, b| a.name.cmp(&b.name));
    Some(Enumerations {
        source: Some(document.source().clone()),
        all,
        numbers: root.names("numbers", found),
    })
}

const TYPES: &[(&str, FieldType)] = &[
    ("int8", FieldType::Int8),
    ("int16", FieldType::Int16),
    ("int32", FieldType::Int32),
    ("int64", FieldType::Int64),
    ("string", FieldType::String),
];

fn enumeration(
    entry: &Entry<'_>,
    mut object: Object<'_>,
    found: &mut Findings,
) -> Option<Enumeration> {
    let (name, at) = (&*entry.key, entry.key_value.span());
    object.only(&["type", "about", "source", "values", "fields"], found);
    let what = format!("enumeration `{name}`");
    let types: Vec<_> = (0..)
        .zip(TYPES)
        .map(|(place, (name, _))| (*name, place))
        .collect();
    let place = object.required::<usize>(&what, "type", &types, found);
    let ty = place
        .and_then(|place| TYPES.get(place))
        .map(|(_, ty)| ty.clone());
    let about = object.required_text(&what, "about", found);
    let source = object.required_text(&what, "source", found);
    let fields = object.names("fields", found);
    if fields.is_empty() {
        let right = "name the fields that hold its values";
        object.missing(&what, "fields", right, found);
    }
    let entries = object.object(&what, "values", found)?;
    let ty = ty?;
    let mut values = Vec::new();
    for entry in entries.entries() {
        let key = match ty {
            FieldType::Int8 => entries
                .numbered::<i8>(entry, "an int8", found)
                .map(i64::from),
            FieldType::Int16 => entries
                .numbered::<i16>(entry, "an int16", found)
                .map(i64::from),
            FieldType::Int32 => entries
                .numbered::<i32>(entry, "an int32", found)
                .map(i64::from),
            _ if ty == FieldType::String => None,
            _ => entries.numbered::<i64>(entry, "an int64", found),
        };
        let key = match ty {
            FieldType::String => Some(Scalar::Text(entry.key.clone().into_owned())),
            _ => key.map(Scalar::Code),
        };
        let object = Object::new(entry.value, "a value", found);
        let value = key.zip(object);
        values.extend(value.and_then(|(key, object)| self::value(key, object, &values, found)));
    }
    values.sort_by(|a, b| a.value.cmp(&b.value));
    Some(Enumeration {
        name: name.to_owned(),
        at,
        ty,
        about: about?,
        source: source?,
        values,
        fields,
    })
}

/// Constants of the generated types beside their values.
const NO_VALUES: [&str; 3] = ["ENUMERATION", "KNOWN", "NAMES"];

fn value(
    value: Scalar,
    mut object: Object<'_>,
    others: &[NamedValue],
    found: &mut Findings,
) -> Option<NamedValue> {
    object.only(&["name", "meaning"], found);
    let name = object.required_text("the value", "name", found);
    let meaning = object.required_text("the value", "meaning", found);
    let name = name?;
    let (is_fit, right) = match value {
        Scalar::Code(_) => (
            is_constant(&name) && !NO_VALUES.contains(&&*name),
            "use upper-case letters, digits and underscores",
        ),
        Scalar::Text(_) => (
            is_struct_name(&name) && name != "Self" && !NO_VALUES.contains(&&*name),
            "begin with an upper-case letter, then use letters and digits",
        ),
    };
    if !is_fit {
        object.wrong(
            "name",
            format!("`{name}` cannot name a value"),
            right,
            found,
        );
    }
    if others.iter().any(|other| other.name == name) {
        let wrong = format!("another value has the name `{name}`");
        object.wrong("name", wrong, "give each value a name of its own", found);
    }
    Some(NamedValue {
        value,
        name,
        meaning: meaning?,
    })
}
