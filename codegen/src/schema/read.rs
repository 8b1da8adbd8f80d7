//! Text to mirror: every rule about the form of one key, and all faults of a file at once.
//! Rules between keys of different fields and structs are in `resolve`.

use super::headers::header_versions;
use super::{Definition, EntityType, FieldDef, Kind, Listener, StructDef};
use crate::fault::Faults;
use crate::json::{Document, Findings, Object, Value};
use crate::types::{FieldType, is_field_name, is_struct_name};
use crate::versions::Versions;

impl Definition {
    /// Reads a definition; `file` is how faults name it.
    ///
    /// # Errors
    ///
    /// All faults of the file, when there are any.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        Self::read(file, text, Findings::default())
    }

    /// Reads a definition of a release of Kafka, in which keys may be repeated with the same value: two of 3.9 have such.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_released(file: &str, text: &str) -> Result<Self, Faults> {
        Self::read(file, text, Findings::of_released())
    }

    fn read(file: &str, text: &str, mut found: Findings) -> Result<Self, Faults> {
        let document = Document::parse(file, text)?;
        let mut name = None;
        let definition = definition(&document, &mut name, &mut found);
        let faults = found.into_faults(document.source(), name.as_deref());
        match definition {
            Some(definition) => faults.or(definition),
            None => Err(faults),
        }
    }
}

const DEFINITION_KEYS: [&str; 11] = [
    "name",
    "type",
    "apiKey",
    "validVersions",
    "flexibleVersions",
    "deprecatedVersions",
    "listeners",
    "latestVersionUnstable",
    "headerVersions",
    "commonStructs",
    "fields",
];

/// The definition; `shown` becomes the name that faults call the message by.
fn definition(
    document: &Document,
    shown: &mut Option<String>,
    found: &mut Findings,
) -> Option<Definition> {
    let mut object = Object::new(document.root(), "a definition", found)?;
    *shown = object.value("name").and_then(Value::text).map(Into::into);
    object.only(&DEFINITION_KEYS, found);
    let name = struct_name(&object, "a message", found);
    let kind = kind(&object, found);
    let api_key = object.number("apiKey", "from -32768 to 32767", found);
    let valid_versions = valid_versions(&object, found);
    let flexible_versions = object.open_versions("flexibleVersions", found);
    let deprecated_versions = object.versions("deprecatedVersions", found);
    let listeners = listeners(&object, found);
    let latest_version_unstable = object.flag("latestVersionUnstable", found);
    let header_versions = header_versions(&object, found);
    let common_structs = object
        .list("commonStructs")
        .filter_map(|value| common_struct(value, found))
        .collect();
    let fields = fields(&object, found);
    let mut definition = Definition {
        source: document.source().clone(),
        spans: object.spans(),
        name: name?,
        kind: kind?,
        api_key,
        valid_versions: valid_versions?,
        flexible_versions: flexible_versions.unwrap_or(Versions::NONE),
        deprecated_versions: deprecated_versions.unwrap_or(Versions::NONE),
        listeners,
        latest_version_unstable,
        header_versions,
        common_structs,
        fields,
    };
    check_kind(&object, &definition, found);
    if definition.is_retired() {
        retire(&object, &mut definition, found);
    } else if object.value("flexibleVersions").is_none() {
        let right = "add `\"flexibleVersions\": \"none\"`, or the range from the first flexible version, such as `\"2+\"`";
        object.missing("the message", "flexibleVersions", right, found);
    }
    Some(definition)
}

fn kind(object: &Object<'_>, found: &mut Findings) -> Option<Kind> {
    let Some(value) = object.value("type") else {
        let right = "add `\"type\"`: `request`, `response`, `header`, `metadata`, `data`, `coordinator-key` or `coordinator-value`";
        object.missing("the message", "type", right, found);
        return None;
    };
    object.one_of("type of message", value, Kind::ALL, found)
}

fn valid_versions(object: &Object<'_>, found: &mut Findings) -> Option<Versions> {
    let text = object.value("validVersions");
    if text.is_none_or(|text| text.text().is_some_and(|text| text.trim().is_empty())) {
        let right = "add `\"validVersions\"`, such as `\"0-3\"`, or `\"none\"` for a retired API";
        object.missing("the message", "validVersions", right, found);
        return None;
    }
    let versions = object.versions("validVersions", found)?;
    if versions.is_open() {
        let wrong = format!("`validVersions` must end, `{versions}` does not");
        let lowest = versions.lowest().unwrap_or(0);
        let right = format!(
            "write the highest version too, such as `{lowest}-{}`",
            lowest.saturating_add(1)
        );
        object.wrong("validVersions", wrong, right, found);
        return None;
    }
    Some(versions)
}

fn listeners(object: &Object<'_>, found: &mut Findings) -> Vec<Listener> {
    object
        .list("listeners")
        .filter_map(|value| object.one_of("listener", value, Listener::ALL, found))
        .collect()
}

/// The rules that the `type` of the definition sets for its other keys.
fn check_kind(object: &Object<'_>, definition: &Definition, found: &mut Findings) {
    let kind = definition.kind;
    let named = kind.name();
    if !matches!(kind, Kind::Header | Kind::Data) && object.value("apiKey").is_none() {
        let right = format!("add `\"apiKey\"`: a message of type `{named}` needs a number");
        object.missing("the message", "apiKey", right, found);
    }
    if kind != Kind::Request {
        if !definition.listeners.is_empty() {
            let wrong = format!("a message of type `{named}` has no listeners");
            object.wrong(
                "listeners",
                wrong,
                "remove it: only requests have listeners",
                found,
            );
        }
        if definition.latest_version_unstable {
            let wrong = format!("a message of type `{named}` cannot say `latestVersionUnstable`");
            let right = "remove it: the request says it for its response too";
            object.wrong("latestVersionUnstable", wrong, right, found);
        }
    }
    if !matches!(kind, Kind::Request | Kind::Response) && !definition.header_versions.is_empty() {
        let wrong = format!("a message of type `{named}` has no header");
        let right = "remove it: only requests and responses have headers";
        object.wrong("headerVersions", wrong, right, found);
    }
    if kind == Kind::CoordinatorKey {
        if definition.valid_versions != Versions::only(0) {
            let wrong = format!(
                "a coordinator-key is valid in version 0, not in `{}`",
                definition.valid_versions
            );
            object.wrong(
                "validVersions",
                wrong,
                "write `0`: the number of the record type is its `apiKey`",
                found,
            );
        }
        if !definition.flexible_versions.is_empty() {
            object.wrong(
                "flexibleVersions",
                "a coordinator-key is never flexible",
                "write `none`",
                found,
            );
        }
    }
}

/// A retired API keeps its number and nothing else, whatever more the file says: so does Kafka's generator.
fn retire(object: &Object<'_>, definition: &mut Definition, found: &mut Findings) {
    if !matches!(
        definition.kind,
        Kind::Request | Kind::Response | Kind::CoordinatorKey
    ) {
        let wrong = format!(
            "a message of type `{}` cannot be retired with `none`",
            definition.kind.name()
        );
        object.wrong(
            "validVersions",
            wrong,
            "write the versions that are valid, such as `0-3`",
            found,
        );
    }
    if !definition.header_versions.is_empty() {
        let right = "remove it: an API without versions has no header";
        object.wrong(
            "headerVersions",
            "a retired API has header versions",
            right,
            found,
        );
    }
    definition.flexible_versions = Versions::NONE;
    definition.deprecated_versions = Versions::NONE;
    definition.listeners.clear();
    definition.latest_version_unstable = false;
    definition.common_structs.clear();
    definition.fields.clear();
}

fn common_struct(value: Value<'_>, found: &mut Findings) -> Option<StructDef> {
    let mut object = Object::new(value, "a common struct", found)?;
    object.only(&["name", "versions", "deprecatedVersions", "fields"], found);
    let name = struct_name(&object, "a common struct", found);
    let deprecated_versions = object.versions("deprecatedVersions", found);
    let fields = fields(&object, found);
    let written = object.value("versions").is_some();
    let versions = object.versions("versions", found);
    if !written {
        let right = "add `\"versions\"`, such as `\"0+\"`";
        object.missing("the common struct", "versions", right, found);
    }
    Some(StructDef {
        spans: object.spans(),
        name: name?,
        versions: versions?,
        deprecated_versions: deprecated_versions.unwrap_or(Versions::NONE),
        fields,
    })
}

fn struct_name(object: &Object<'_>, what: &str, found: &mut Findings) -> Option<String> {
    let Some(value) = object.value("name") else {
        object.missing(what, "name", "add `\"name\"`", found);
        return None;
    };
    let name = object.text("name", found)?;
    if !is_struct_name(&name) {
        let wrong = format!("{} cannot name {what}", value.describe());
        let right = "use an upper-case letter, then letters and digits";
        object.wrong("name", wrong, right, found);
        return None;
    }
    Some(name)
}

fn fields(object: &Object<'_>, found: &mut Findings) -> Vec<FieldDef> {
    object
        .list("fields")
        .filter_map(|value| field(value, object.field.as_deref(), found))
        .collect()
}

const FIELD_KEYS: [&str; 14] = [
    "name",
    "type",
    "versions",
    "taggedVersions",
    "tag",
    "nullableVersions",
    "default",
    "ignorable",
    "mapKey",
    "entityType",
    "flexibleVersions",
    "zeroCopy",
    "fields",
    "about",
];

fn field(value: Value<'_>, parent: Option<&str>, found: &mut Findings) -> Option<FieldDef> {
    let mut object = Object::new(value, "a field", found)?;
    let name = object.value("name").and_then(Value::text);
    object.field = match (parent, name.as_deref()) {
        (Some(parent), Some(name)) => Some(format!("{parent}.{name}")),
        (parent, name) => name.or(parent).map(str::to_owned),
    };
    object.only(&FIELD_KEYS, found);
    let name = field_name(&object, found);
    let ty = field_type(&object, found);
    let versions = object.versions("versions", found);
    let tagged = object.open_versions("taggedVersions", found);
    let written = |key| {
        object
            .value(key)
            .is_some_and(|value| value.text().as_deref() != Some(""))
    };
    if !written("versions") && (!written("taggedVersions") || tagged == Some(Versions::NONE)) {
        let right = "add `\"versions\"`, such as `\"0+\"`; only a tagged field may leave it to `taggedVersions`";
        object.missing("the field", "versions", right, found);
    }
    let entity_type = object.value("entityType").and_then(|value| {
        let unknown = value.text().as_deref() == Some("unknown");
        (!unknown).then(|| object.one_of("entity type", value, EntityType::ALL, found))?
    });
    Some(FieldDef {
        name: name.unwrap_or_default(),
        ty: ty.unwrap_or(FieldType::Bool),
        versions,
        tagged_versions: tagged.filter(|tagged| !tagged.is_empty()),
        tag: object.number("tag", "from 0 to 4294967295", found),
        nullable_versions: object
            .versions("nullableVersions", found)
            .unwrap_or(Versions::NONE),
        default: object
            .text("default", found)
            .filter(|text| !text.is_empty()),
        ignorable: object.flag("ignorable", found),
        map_key: object.flag("mapKey", found),
        entity_type,
        flexible_versions: object.versions("flexibleVersions", found),
        about: object.text("about", found).filter(|text| !text.is_empty()),
        zero_copy: object.flag("zeroCopy", found),
        fields: fields(&object, found),
        spans: object.spans(),
    })
}

fn field_name(object: &Object<'_>, found: &mut Findings) -> Option<String> {
    let Some(value) = object.value("name") else {
        object.missing("the field", "name", "add `\"name\"`", found);
        return None;
    };
    let name = object.text("name", found)?;
    if !is_field_name(&name) {
        let wrong = format!("{} cannot name a field", value.describe());
        let right = "use a letter, then letters and digits; underscores are not allowed";
        object.wrong("name", wrong, right, found);
        return None;
    }
    Some(name)
}

fn field_type(object: &Object<'_>, found: &mut Findings) -> Option<FieldType> {
    if object.value("type").is_none() {
        let right = "add `\"type\"`, such as `\"int32\"`, `\"string\"` or `\"[]Topic\"`";
        object.missing("the field", "type", right, found);
    }
    match FieldType::parse(&object.text("type", found)?) {
        Ok(ty) => Some(ty),
        Err(mistake) => {
            object.mistaken(object.value("type")?, mistake, found);
            None
        }
    }
}
