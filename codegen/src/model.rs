//! `kafka-codegen model`: the resolved model as JSON, for people who generate other languages.
//! The format is documented in `docs/model.md`; it repeats what the resolved model says and decides nothing.

use serde::Serialize;

use crate::corpus::{Corpus, Scalar};
use crate::fault::Faults;
use crate::ir::{self, Default, Element, Fixed, Type};
use crate::resolve;
use crate::versions::Versions;

/// The number of the format. It changes when a key changes its meaning or goes; new keys do not change it.
const FORMAT: u32 = 1;

/// Returns the resolved model of all messages as JSON, with a newline at the end.
///
/// # Errors
///
/// All faults of all files.
pub fn model(corpus: &Corpus) -> Result<String, Faults> {
    let protocol = resolve::resolve(corpus)?;
    let model = Model {
        format: FORMAT,
        releases: &protocol.releases,
        apis: protocol.apis.iter().map(Api::new).collect(),
        messages: protocol.messages.iter().map(Message::new).collect(),
        renamed: protocol.renamed.iter().map(Renamed::new).collect(),
        errors: corpus.errors.codes.iter().map(ErrorCode::new).collect(),
        enumerations: corpus
            .enumerations
            .all
            .iter()
            .map(Enumeration::new)
            .collect(),
    };
    let text = serde_json::to_string_pretty(&model).expect("the model has only text keys");
    Ok(text + "\n")
}

#[derive(Serialize)]
struct Model<'p> {
    format: u32,
    releases: &'p [String],
    apis: Vec<Api<'p>>,
    messages: Vec<Message<'p>>,
    renamed: Vec<Renamed<'p>>,
    errors: Vec<ErrorCode<'p>>,
    enumerations: Vec<Enumeration<'p>>,
}

/// An inclusive range of versions.
#[derive(Serialize)]
struct Range {
    min: i16,
    max: i16,
}

impl Range {
    /// `None` of no version.
    fn new(versions: Versions) -> Option<Self> {
        let (min, max) = (versions.lowest()?, versions.highest()?);
        Some(Self { min, max })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Api<'p> {
    key: i16,
    name: &'p str,
    constant: &'p str,
    versions: Option<Range>,
    latest_version_unstable: bool,
    request_headers: Vec<Header>,
    response_headers: Vec<Header>,
    listeners: Vec<&'static str>,
    aliases: &'p [String],
    since: Option<&'p str>,
    removed_in: Option<&'p str>,
    stable_versions: Vec<Stable<'p>>,
}

/// The version of the header from a version of the message on.
#[derive(Serialize)]
struct Header {
    from: i16,
    version: i16,
}

/// The stable versions of an API from a release on.
#[derive(Serialize)]
struct Stable<'p> {
    release: &'p str,
    versions: Option<Range>,
}

impl<'p> Api<'p> {
    fn new(api: &'p ir::Api) -> Self {
        let headers = |version_of: fn(&ir::HeaderRange) -> i16| {
            let headers = api.headers.iter();
            let mut headers: Vec<_> = headers
                .map(|range| Header {
                    from: range.from,
                    version: version_of(range),
                })
                .collect();
            headers.dedup_by_key(|header| header.version);
            headers
        };
        let releases = api.history.releases.iter();
        Self {
            key: api.key,
            name: &api.name,
            constant: &api.constant,
            versions: Range::new(api.versions),
            latest_version_unstable: api.latest_unstable,
            request_headers: headers(|range| range.request),
            response_headers: headers(|range| range.response),
            listeners: api.listeners.iter().map(|each| each.name()).collect(),
            aliases: &api.aliases,
            since: api.history.since.as_deref(),
            removed_in: api.history.removed_in.as_deref(),
            stable_versions: releases
                .map(|(release, versions)| Stable {
                    release,
                    versions: Range::new(*versions),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'p> {
    name: &'p str,
    module: &'p str,
    kind: &'static str,
    api_key: Option<i16>,
    versions: Option<Range>,
    flexible_from: Option<i16>,
    latest_version_unstable: bool,
    description: Option<&'p str>,
    structs: Vec<Struct<'p>>,
}

impl<'p> Message<'p> {
    fn new(message: &'p ir::Message) -> Self {
        Self {
            name: &message.name,
            module: &message.module,
            kind: message.kind.name(),
            api_key: message.api_key,
            versions: Range::new(message.versions),
            flexible_from: message.flexible.lowest(),
            latest_version_unstable: message.latest_unstable,
            description: message.description.as_deref(),
            structs: message
                .structs
                .iter()
                .map(|each| Struct::new(message, each))
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Struct<'p> {
    name: &'p str,
    versions: Option<Range>,
    description: Option<&'p str>,
    min_sizes: Vec<MinSize>,
    fields: Vec<Field<'p>>,
}

/// The minimum number of bytes that the struct takes in some of its versions.
#[derive(Serialize)]
struct MinSize {
    versions: Option<Range>,
    bytes: usize,
}

impl<'p> Struct<'p> {
    fn new(message: &'p ir::Message, entry: &'p ir::Struct) -> Self {
        let sizes = entry.min_sizes.iter();
        Self {
            name: &entry.name,
            versions: Range::new(entry.versions),
            description: entry.description.as_deref(),
            min_sizes: sizes
                .map(|(versions, bytes)| MinSize {
                    versions: Range::new(*versions),
                    bytes: *bytes,
                })
                .collect(),
            fields: entry
                .fields
                .iter()
                .map(|field| Field::new(message, field))
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Field<'p> {
    name: &'p str,
    r#type: String,
    versions: Option<Range>,
    nullable: Option<Range>,
    tag: Option<Tag>,
    flexible_from: Option<i16>,
    default: serde_json::Value,
    ignorable: bool,
    map_key: bool,
    entity_type: Option<&'static str>,
    enumeration: Option<&'p str>,
    ended: Option<Ended<'p>>,
    since: Option<&'p str>,
    description: Option<&'p str>,
}

#[derive(Serialize)]
struct Tag {
    number: u32,
    versions: Option<Range>,
}

/// What says the same in versions after the field ended.
#[derive(Serialize)]
struct Ended<'p> {
    successors: &'p [String],
    identifies: bool,
    reason: Option<&'p str>,
}

impl<'p> Field<'p> {
    fn new(message: &'p ir::Message, field: &'p ir::Field) -> Self {
        Self {
            name: &field.name,
            r#type: type_name(message, field),
            versions: Range::new(field.versions),
            nullable: Range::new(field.nullable),
            tag: field.tag.map(|(number, versions)| Tag {
                number,
                versions: Range::new(versions),
            }),
            flexible_from: field.flexible.lowest(),
            default: default(field),
            ignorable: field.ignorable,
            map_key: field.is_map_key,
            entity_type: field.entity,
            enumeration: field.newtype.as_ref().map(|newtype| &*newtype.name),
            ended: field.ended.as_ref().map(|ended| Ended {
                successors: &ended.successors,
                identifies: ended.identifies,
                reason: ended.reason.as_deref(),
            }),
            since: field.since.as_deref(),
            description: field.description.as_deref(),
        }
    }
}

/// The type as definitions write it.
fn type_name(message: &ir::Message, field: &ir::Field) -> String {
    let structure = |place: usize| {
        let entry = message.structs.get(place);
        entry.map_or("", |entry| &entry.name)
    };
    let array = |element: &str| format!("[]{element}");
    match &field.ty {
        Type::Fixed(fixed) => fixed.name().to_owned(),
        Type::String => "string".to_owned(),
        Type::Blob if field.is_records => "records".to_owned(),
        Type::Blob => "bytes".to_owned(),
        Type::Struct(place) => structure(*place).to_owned(),
        Type::Array(Element::Packed(fixed)) => array(fixed.name()),
        Type::Array(Element::Bool) => array("bool"),
        Type::Array(Element::String) => array("string"),
        Type::Array(Element::Blob) => array("bytes"),
        Type::Array(Element::Struct(place)) => array(structure(*place)),
    }
}

/// The default as JSON: numbers that JSON lacks and uuids are text, an empty array or struct is itself.
fn default(field: &ir::Field) -> serde_json::Value {
    use serde_json::{Value, json};
    match &field.default {
        Default::Null => Value::Null,
        Default::True => Value::Bool(true),
        Default::Integer(value) => json!(value),
        Default::Float(value) if value.is_finite() => json!(value),
        Default::Float(value) => json!(value.to_string()),
        Default::Uuid(value) => json!(format!("{value:032x}")),
        Default::Text(text) => json!(text),
        Default::Zero => match &field.ty {
            Type::Fixed(Fixed::Bool) => Value::Bool(false),
            Type::Fixed(Fixed::Uuid) => json!("0".repeat(32)),
            Type::Fixed(_) => json!(0),
            Type::String | Type::Blob => json!(""),
            Type::Struct(_) => json!({}),
            Type::Array(_) => json!([]),
        },
    }
}

/// A message that has another name now.
#[derive(Serialize)]
struct Renamed<'p> {
    from: &'p str,
    to: &'p str,
}

impl<'p> Renamed<'p> {
    fn new((from, to): &'p (String, String)) -> Self {
        Self { from, to }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorCode<'p> {
    code: i16,
    name: &'p str,
    former_names: &'p [String],
    retriable: bool,
    refreshes_metadata: bool,
    meaning: &'p str,
}

impl<'p> ErrorCode<'p> {
    fn new(error: &'p crate::corpus::ErrorCode) -> Self {
        Self {
            code: error.code,
            name: &error.name,
            former_names: &error.former,
            retriable: error.retriable,
            refreshes_metadata: error.refreshes_metadata,
            meaning: &error.meaning,
        }
    }
}

#[derive(Serialize)]
struct Enumeration<'p> {
    name: &'p str,
    r#type: String,
    description: &'p str,
    values: Vec<NamedValue<'p>>,
}

/// A value of an enumeration: a number, or a text.
#[derive(Serialize)]
struct NamedValue<'p> {
    value: serde_json::Value,
    name: &'p str,
    meaning: &'p str,
}

impl<'p> Enumeration<'p> {
    fn new(enumeration: &'p crate::corpus::Enumeration) -> Self {
        let values = enumeration.values.iter();
        Self {
            name: &enumeration.name,
            r#type: enumeration.ty.to_string(),
            description: &enumeration.about,
            values: values
                .map(|value| NamedValue {
                    value: match &value.value {
                        Scalar::Code(code) => (*code).into(),
                        Scalar::Text(text) => text.as_str().into(),
                    },
                    name: &value.name,
                    meaning: &value.meaning,
                })
                .collect(),
        }
    }
}
