//! What the generated items say of themselves.

use crate::ir::{Default, Field, Message, Struct};
use crate::schema::Kind;
use crate::versions::Versions;

/// The documentation of a message's own struct, paragraph by paragraph.
pub(super) fn message(message: &Message) -> Vec<String> {
    let mut facts = vec![format!("Versions {}", message.versions)];
    if let Some(first) = message.flexible.lowest() {
        facts.push(format!("flexible from {first}"));
    }
    let mut sentences = vec![facts.join(", ") + "."];
    sentences.extend(message.history.iter().cloned());
    vec![what_it_is(message), sentences.join(" "), GROWS.to_owned()]
}

const GROWS: &str =
    "Later releases may add fields: build it with `..Default::default()` and match it with `..`.";

fn what_it_is(message: &Message) -> String {
    let key = message
        .api_key
        .map_or(String::new(), |key| format!(" {key}"));
    let name = &message.name;
    let module = &message.module;
    match message.kind {
        Kind::Request => {
            format!(
                "Request of the {} API, key{key}.",
                name.trim_end_matches("Request")
            )
        }
        Kind::Response => {
            format!(
                "Response of the {} API, key{key}.",
                name.trim_end_matches("Response")
            )
        }
        Kind::Header => format!("The {name} in front of a message."),
        Kind::Metadata => format!("Record type{key} of Kafka's {module} module."),
        Kind::CoordinatorKey => format!("Key of record type{key} of Kafka's {module} module."),
        Kind::CoordinatorValue => format!("Value of record type{key} of Kafka's {module} module."),
        Kind::Data => format!("{name} of Kafka's {module} module."),
    }
}

/// The documentation of a struct inside of a message.
pub(super) fn nested(message: &Message, entry: &Struct) -> String {
    let versions = among(entry.versions, message.versions);
    format!("Part of [`{}`]. Versions {versions}.", message.name)
}

/// The documentation of a field: the facts of its definition.
pub(super) fn field(message: &Message, field: &Field) -> String {
    let all = message.versions;
    let mut facts = vec![format!("Versions {}", among(field.versions, all))];
    if field.nullable == field.versions {
        facts.push("nullable".to_owned());
    } else if field.is_nullable() {
        facts.push(format!("nullable {}", among(field.nullable, all)));
    }
    if let Some((tag, tagged)) = field.tag {
        if tagged == field.versions {
            facts.push(format!("tag {tag}"));
        } else {
            facts.push(format!("tag {tag} in {}", among(tagged, all)));
        }
    }
    match &field.default {
        Default::True => facts.push("default true".to_owned()),
        Default::Integer(value) => facts.push(format!("default {value}")),
        Default::Float(value) => facts.push(format!("default {value}")),
        Default::Text(text) => facts.push(format!("default `{text}`")),
        Default::Uuid(value) => facts.push(format!("default {value:#x}")),
        Default::Null => facts.push("default null".to_owned()),
        Default::Zero => {}
    }
    if field.ignorable && field.versions != all {
        facts.push("dropped where absent".to_owned());
    }
    let mut text = facts.join(", ") + ".";
    if let Some(since) = &field.since {
        text.push_str(&format!(" Since Kafka {since}."));
    }
    text
}

/// Versions among `all`, open-ended if they reach the last.
fn among(versions: Versions, all: Versions) -> Versions {
    match versions.lowest() {
        Some(lowest) if versions.highest() == all.highest() => Versions::from(lowest),
        _ => versions,
    }
}
