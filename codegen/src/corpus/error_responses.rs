//! `error-responses.json`: where the response to a request carries an error, and what it repeats of the request. The file
//! is written by hand and checked against Kafka's code by tests; this module reads it. `resolve` compares it with the
//! definitions.

use std::collections::BTreeMap;

use super::facts::{self, Name};
use crate::fault::{Fault, Faults, Mistake};
use crate::json::{Document, Entry, Findings, Object, Value};
use crate::source::{Source, Span};
use crate::versions::Versions;

/// The error responses of all APIs.
#[derive(Clone, Debug)]
pub struct ErrorResponses {
    source: Source,
    /// The place of the list of APIs.
    pub(crate) at: Span,
    /// The error responses, by the name of the API.
    pub apis: BTreeMap<String, ErrorResponse>,
}

/// How the error response of an API is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The place of the name of the API.
    pub(crate) at: Span,
    /// A request whose fields have these values is not answered.
    pub none_if: Vec<(Name, i64)>,
    /// What the response itself holds.
    pub filling: Filling,
}

/// The fields of a struct of the response that are set. Error codes, messages and the throttle time are set wherever the
/// struct has them under their usual names, without an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filling(pub Vec<Filled>);

/// A field of the response that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The name of the field.
    pub field: Name,
    /// The versions in which it is set.
    pub versions: Versions,
    /// The place of the value.
    pub(crate) at: Span,
    /// The value that it is set to.
    pub value: FillValue,
}

/// The value that a field of the response is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FillValue {
    /// The value of a field of the request: of the innermost element around it that has the field.
    Field(String),
    /// The element itself, of an array of texts or numbers.
    Element,
    /// Null, or the default where null is not allowed.
    Null,
    /// This number.
    Integer(i64),
    /// This text, or empty bytes.
    Text(String),
    /// The error code.
    Code,
    /// The message.
    Message,
    /// A struct for each element of these arrays of the request, one array after the other.
    Each(Vec<Each>),
}

/// The elements of the request that structs of the response are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Each {
    /// The path of the array: the fields on the way to it, which are arrays too.
    pub path: Name,
    /// The versions in which this is so.
    pub versions: Versions,
    /// The content of each struct.
    pub filling: Filling,
}

impl ErrorResponses {
    /// Reads `error-responses.json`.
    ///
    /// # Errors
    ///
    /// All faults of the file: it is not JSON, or has an unknown, missing or duplicate key or a value of the wrong form.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        facts::parse(file, text, read)
    }

    /// A fault at a place of the file.
    pub(crate) fn fault(&self, at: Span, mistake: Mistake) -> Fault {
        Fault::new(&self.source, at, mistake)
    }
}

fn read(document: &Document, found: &mut Findings) -> Option<ErrorResponses> {
    let mut root = Object::new(document.root(), "the file", found)?;
    root.only(&["source", "apis"], found);
    root.required_text("the file", "source", found);
    let apis = root.object("the file", "apis", found)?;
    let mut responses = BTreeMap::new();
    for entry in apis.entries() {
        let at = entry.key_value.span();
        let object = Object::new(entry.value, "an error response", found);
        let response = object.map(|object| ErrorResponse {
            at,
            none_if: none_if(&object, found),
            filling: filling(&object, &["noneIf"], found),
        });
        responses.extend(response.map(|response| (entry.key.clone().into_owned(), response)));
    }
    let at = root.spans().of("apis");
    Some(ErrorResponses {
        source: document.source().clone(),
        at: Span::new(at.start, at.start + 1),
        apis: responses,
    })
}

fn none_if(object: &Object<'_>, found: &mut Findings) -> Vec<(Name, i64)> {
    let Some(value) = object.value("noneIf") else {
        return Vec::new();
    };
    let Some(fields) = Object::new(value, "`noneIf`", found) else {
        return Vec::new();
    };
    let read = |entry: &Entry<'_>| {
        let number = entry.value.integer();
        if number.is_none() {
            wrong_value(entry.value, "a number", found);
        }
        Some((name(entry), number?))
    };
    fields.entries().iter().filter_map(read).collect()
}

/// The fields of an object but for its instructions, which are `but`.
fn filling(object: &Object<'_>, but: &[&str], found: &mut Findings) -> Filling {
    let fields = object.entries().iter();
    let fields = fields.filter(|entry| !but.contains(&&*entry.key));
    Filling(fields.filter_map(|entry| filled(entry, found)).collect())
}

fn filled(entry: &Entry<'_>, found: &mut Findings) -> Option<Filled> {
    let (versions, value) = fill_value(entry.value, found)?;
    Some(Filled {
        field: name(entry),
        versions,
        at: entry.value.span(),
        value,
    })
}

fn fill_value(value: Value<'_>, found: &mut Findings) -> Option<(Versions, FillValue)> {
    let simple = match value.text() {
        Some(text) if text == "." => Some(FillValue::Element),
        Some(text) => Some(FillValue::Field(text.into_owned())),
        None if value.is_null() => Some(FillValue::Null),
        None => value.integer().map(FillValue::Integer),
    };
    if let Some(simple) = simple {
        return Some((Versions::ALL, simple));
    }
    if value.is_array() {
        let each = value.elements().into_iter();
        let each = each.filter_map(|value| each_of(value, found)).collect();
        return Some((Versions::ALL, FillValue::Each(each)));
    }
    if !value.is_object() {
        let wanted = "the name of a field, `.`, a number, null, an object or a list of objects";
        wrong_value(value, wanted, found);
        return None;
    }
    let mut object = Object::new(value, "a value", found)?;
    if object.value("from").is_some() {
        let each = vec![each_of(value, found)?];
        return Some((Versions::ALL, FillValue::Each(each)));
    }
    object.only(&["from", "text", "error", "versions"], found);
    let versions = versions(&object, found);
    if object.value("text").is_some() {
        let text = object.text("text", found)?;
        return Some((versions, FillValue::Text(text)));
    }
    let Some(error) = object.value("error") else {
        let right = "name an array of the request by `from`, or write `text` or `error`";
        object.missing("a value", "from", right, found);
        return None;
    };
    let parts = [("code", false), ("message", true)];
    Some((
        versions,
        match object.one_of("part of an error", error, &parts, found)? {
            false => FillValue::Code,
            true => FillValue::Message,
        },
    ))
}

fn each_of(value: Value<'_>, found: &mut Findings) -> Option<Each> {
    let object = Object::new(value, "a source of elements", found)?;
    let text = object.required_text("a source of elements", "from", found)?;
    let at = object.spans().of("from");
    Some(Each {
        path: Name { text, at },
        versions: versions(&object, found),
        filling: filling(&object, &["from", "versions"], found),
    })
}

fn versions(object: &Object<'_>, found: &mut Findings) -> Versions {
    object.versions("versions", found).unwrap_or(Versions::ALL)
}

fn name(entry: &Entry<'_>) -> Name {
    Name {
        text: entry.key.clone().into_owned(),
        at: entry.key_value.span(),
    }
}

fn wrong_value(value: Value<'_>, wanted: &str, found: &mut Findings) {
    let wrong = format!("the value must be {wanted}, this is {}", value.describe());
    let mistake = Mistake::new(wrong, format!("write {wanted}"));
    found.push(value.span(), None, mistake);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(apis: &str) -> Result<ErrorResponses, Faults> {
        let text = format!("{{\n\"source\": \"a\", \"apis\": {{\n{apis}\n}}\n}}\n");
        ErrorResponses::parse("error-responses.json", &text)
    }

    #[test]
    fn every_form_of_a_value_is_read() {
        let text = r#""Say": { "noneIf": { "Quiet": 1 }, "A": "B", "C": null, "D": -1, "E": { "text": "", "versions": "2+" },
            "F": { "error": "code" }, "G": [{ "from": "H.I", "J": "." }, { "from": "K", "versions": "0-1" }] }"#;
        let responses = parse(text).unwrap();
        let say = &responses.apis["Say"];
        assert_eq!((&*say.none_if[0].0.text, say.none_if[0].1), ("Quiet", 1));
        let values: Vec<_> = say.filling.0.iter().map(|filled| &filled.value).collect();
        let [a, c, d, e, f, FillValue::Each(each)] = values[..] else {
            panic!("{values:?}");
        };
        assert_eq!(a, &FillValue::Field("B".to_owned()));
        assert_eq!((c, d), (&FillValue::Null, &FillValue::Integer(-1)));
        assert_eq!((e, f), (&FillValue::Text(String::new()), &FillValue::Code));
        assert_eq!(say.filling.0[3].versions, Versions::from(2));
        assert_eq!(each[0].path.text, "H.I");
        assert_eq!(each[0].filling.0[0].value, FillValue::Element);
        assert_eq!(each[1].versions, Versions::new(0, 1));
    }

    #[test]
    fn values_of_the_wrong_form_are_faults_at_their_places() {
        let faults = [
            (
                r#""A": { "B": true }"#,
                "the value must be the name of a field",
            ),
            (r#""A": { "B": {} }"#, "a value has no `from`"),
            (r#""A": { "B": { "form": "C" } }"#, "unknown key `form`"),
            (
                r#""A": { "B": [{ "C": 1 }] }"#,
                "a source of elements has no `from`",
            ),
            (
                r#""A": { "B": { "error": "cod" } }"#,
                "`cod` is not a valid part of an error",
            ),
            (
                r#""A": { "noneIf": { "B": "C" } }"#,
                "the value must be a number",
            ),
        ];
        for (text, wrong) in faults {
            let Faults(faults) = parse(text).unwrap_err();
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert_eq!(faults[0].at.line, 3, "{}", faults[0]);
            assert!(faults[0].wrong.starts_with(wrong), "{}", faults[0]);
        }
    }
}
