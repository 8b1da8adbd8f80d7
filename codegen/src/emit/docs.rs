//! What the generated items say of themselves.

use super::Scope;
use crate::ir::{Default, Field, Message, Struct, Type};
use crate::schema::Kind;
use crate::versions::Versions;

/// The documentation of a message's own struct, paragraph by paragraph.
pub(super) fn message(message: &Message) -> Vec<String> {
    let versions = message.versions;
    let mut facts = if versions.lowest() == versions.highest() {
        format!("Version {versions}")
    } else {
        format!("Versions {versions}")
    };
    if let Some(first) = message.flexible.lowest() {
        facts.push_str(&format!(", flexible from {first}"));
    }
    let mut sentences = vec![facts + "."];
    sentences.extend(message.history.iter().cloned());
    vec![what_it_is(message), sentences.join(" "), GROWS.to_owned()]
}

const GROWS: &str =
    "Later releases may add fields: build it with `..Default::default()` and match it with `..`.";

fn what_it_is(message: &Message) -> String {
    let (stem, module) = (message.stem(), &message.module);
    let number = |words: &str| match message.api_key {
        Some(key) => format!("{words} {key}"),
        None => String::new(),
    };
    let record = || format!("{} {}.", number(" of type"), home(module));
    match message.kind {
        Kind::Request => format!("Request of the {stem} API{}.", number(", key")),
        Kind::Response => format!("Response of the {stem} API{}.", number(", key")),
        Kind::Header => {
            let of = stem.strip_suffix("Header").unwrap_or(stem);
            format!("The header in front of every {}.", of.to_lowercase())
        }
        Kind::Metadata => format!("Metadata record{}", record()),
        Kind::CoordinatorKey => format!("Key of a record{}", record()),
        Kind::CoordinatorValue => format!("Value of a record{}", record()),
        Kind::Data => format!(
            "Data of Kafka's {module} module, held in a record, a file or the bytes of another message."
        ),
    }
}

/// Where the records of a Kafka module are.
fn home(module: &str) -> String {
    let topic = match module {
        "group-coordinator" => "__consumer_offsets",
        "metadata" => "__cluster_metadata",
        "share-coordinator" => "__share_group_state",
        "storage" => "__remote_log_metadata",
        "transaction-coordinator" => "__transaction_state",
        _ => return format!("of Kafka's {module} module"),
    };
    format!("in `{topic}`")
}

/// The documentation of a struct inside of a message.
pub(super) fn nested(message: &Message, entry: &Struct) -> String {
    let versions = among(entry.versions, message.versions);
    format!("Part of [`{}`]. Versions {versions}.", message.name)
}

/// The documentation of a field: what it identifies, and the facts of its definition.
pub(super) fn field(scope: Scope<'_>, field: &Field) -> String {
    let all = scope.message.versions;
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
        Default::Text(text) if text.contains(char::is_control) => {
            facts.push(format!("default {text:?}"));
        }
        Default::Text(text) => facts.push(format!("default `{text}`")),
        Default::Uuid(value) => facts.push(format!("default {value:#034x}")),
        Default::Null => facts.push("default null".to_owned()),
        Default::Zero => {}
    }
    if field.ignorable && field.versions != scope.entry.versions {
        facts.push("dropped where absent".to_owned());
    }
    let mut text = identifies(field) + &facts.join(", ") + ".";
    if let Some(since) = &field.since {
        text.push_str(&format!(" Since Kafka {since}."));
    }
    text
}

/// What the value identifies, unless the name of the field says so already.
fn identifies(field: &Field) -> String {
    let (one, many, said) = match field.entity {
        Some("transactionalId") => (
            "A transactional id",
            "Transactional ids",
            "transactional_id",
        ),
        Some("producerId") => ("A producer id", "Producer ids", "producer_id"),
        Some("groupId") => ("A group id", "Group ids", "group_id"),
        Some("topicName") => ("A topic name", "Topic names", "topic_name"),
        Some("brokerId") => ("A broker id", "Broker ids", "broker_id"),
        _ => return String::new(),
    };
    match &field.ty {
        _ if field.ident.contains(said) => String::new(),
        Type::Array(_) => format!("{many}. "),
        _ => format!("{one}. "),
    }
}

/// Versions among `all`, open-ended if they reach the last.
fn among(versions: Versions, all: Versions) -> Versions {
    match versions.lowest() {
        Some(lowest) if versions.highest() == all.highest() => Versions::from(lowest),
        _ => versions,
    }
}
