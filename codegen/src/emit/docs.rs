//! What the generated items say of themselves.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Scope, defaults, omit};
use crate::ir::{Default, Field, Message, Struct, Type};
use crate::schema::Kind;
use crate::versions::Versions;

/// How long a line of generated text gets.
const WIDTH: usize = 100;

/// The attributes that say these paragraphs of an item that is `indent` columns from the left.
pub(super) fn attributes(indent: usize, paragraphs: &[String]) -> TokenStream {
    let width = WIDTH - indent - "/// ".len();
    let mut lines = Vec::new();
    for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(
            wrap(paragraph, width)
                .into_iter()
                .map(|line| format!(" {line}")),
        );
    }
    quote!(#(#[doc = #lines])*)
}

/// A text in lines of at most `width` columns, unless a word alone is longer.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let mut word = word.to_owned();
        while let Some(next) = words.next_if(|next| begins_an_item(next)) {
            word = format!("{word} {next}");
        }
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Returns `true` if Markdown takes the word for the bullet or the number of an item where it begins a line.
fn begins_an_item(word: &str) -> bool {
    let is_bullet = ["-", "+", "*"].contains(&word);
    let number = word.strip_suffix(['.', ')']);
    is_bullet || number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// A text in which Markdown finds no links and no HTML, but code. Definitions that are not Kafka's are described by
/// whoever wrote them.
fn plain(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(index, part)| match index % 2 {
        0 => part
            .replace('<', "&lt;")
            .replace('[', "&#91;")
            .replace("://", "&#58;//"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

/// The documentation of a message's own struct, paragraph by paragraph. A page has a table of versions, with the release
/// of each.
pub(super) fn message(message: &Message, has_page: bool) -> Vec<String> {
    let versions = message.versions;
    let mut facts = if versions.lowest() == versions.highest() {
        format!("Version {versions}")
    } else {
        format!("Versions {versions}")
    };
    if let Some(first) = message.flexible.lowest() {
        facts.push_str(&format!(", flexible from {first}"));
    }
    let mut sentences = vec![what_it_is(message), facts + "."];
    let history = message.history.iter();
    let is_shown =
        |sentence: &&String| !(has_page && sentence.to_lowercase().contains("since kafka"));
    sentences.extend(history.filter(is_shown).cloned());
    let description = message.description.clone();
    description
        .into_iter()
        .chain([sentences.join(" ")])
        .collect()
}

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
pub(super) fn nested(message: &Message, entry: &Struct) -> Vec<String> {
    let versions = versions_among(entry.versions, message.versions);
    let facts = format!("Part of [`{}`]. {versions}.", message.name);
    entry
        .description
        .clone()
        .into_iter()
        .chain([facts])
        .collect()
}

/// The documentation of a field: what it means, and the facts of its definition, unless they are only that every
/// version has it.
pub(super) fn field(scope: Scope<'_>, field: &Field) -> Vec<String> {
    let facts = facts(scope, field);
    match &field.description {
        Some(description) if facts == EVERYWHERE => vec![plain(description)],
        Some(description) => vec![plain(description), facts],
        None => vec![identifies(field) + &facts],
    }
}

/// The facts of a field's definition in one line.
fn facts(scope: Scope<'_>, field: &Field) -> String {
    let all = scope.message.versions;
    let mut facts = vec![versions_among(field.versions, all)];
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
        Default::Integer(_) if default_name(field).is_some() => {
            let name = default_name(field).unwrap_or_default();
            facts.push(format!("default `{name}`"));
        }
        Default::Integer(value) => {
            let value = defaults::integer(&field.ty, *value)
                .to_string()
                .replace(' ', "");
            let mark = if value.contains("::") { "`" } else { "" };
            facts.push(format!("default {mark}{value}{mark}"));
        }
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
        facts.push("ignorable".to_owned());
    }
    let mut text = facts.join(", ") + ".";
    if let Some(since) = &field.since {
        text.push_str(&format!(" Since Kafka {since}."));
    }
    text + &ended(scope, field) + &classified(field)
}

/// The enumeration of a field that stays text.
fn classified(field: &Field) -> String {
    let newtype = field.newtype.as_ref().filter(|_| field.wrapper().is_none());
    newtype.map_or_else(String::new, |newtype| {
        format!(" Classified by [`{}`].", newtype.name)
    })
}

/// The name of a default that is a number with a name.
fn default_name(field: &Field) -> Option<&str> {
    field.wrapper()?.default.as_deref()
}

/// The last version of a field that later versions do not have, and what says the same there.
fn ended(scope: Scope<'_>, field: &Field) -> String {
    let (Some(ended), Some(last)) = (&field.ended, field.versions.highest()) else {
        return String::new();
    };
    if omit::later(scope, field).is_empty() {
        return String::new();
    }
    let fields = scope.entry.fields.iter();
    let successors: Vec<_> = fields
        .filter(|other| omit::succeeds(other, ended))
        .map(|other| format!("`{}`", other.ident.trim_start_matches("r#")))
        .collect();
    match &ended.reason {
        Some(reason) => format!(" Ended with version {last}: {reason}."),
        None => format!(
            " Ended with version {last}; succeeded by {}.",
            successors.join(" or ")
        ),
    }
}

/// The facts of a field of which there is nothing to say.
const EVERYWHERE: &str = "All versions.";

/// What the value identifies, unless the name of the field states it already.
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

/// Versions among `all` as a sentence without its end.
fn versions_among(versions: Versions, all: Versions) -> String {
    if versions == all {
        return "All versions".to_owned();
    }
    format!("Versions {}", among(versions, all))
}

/// Versions among `all`, open-ended if they reach the last.
fn among(versions: Versions, all: Versions) -> Versions {
    match versions.lowest() {
        Some(lowest) if versions.highest() == all.highest() => Versions::from(lowest),
        _ => versions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_and_none_begins_like_an_item_of_a_list() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("longer than that", 4), ["longer", "than", "that"]);
        assert_eq!(wrap("one two 3.", 7), ["one", "two 3."]);
        assert_eq!(wrap("one two - three", 7), ["one", "two -", "three"]);
        assert_eq!(wrap("one two -1 three", 7), ["one two", "-1", "three"]);
    }
}
