//! What the page of a message shows beside its definition: an example, and what changed in each version. It is a file of
//! Markdown beside the code, so that the code stays short.

use std::fmt::Write;

use super::ident;
use crate::ir::{Api, Field, Fixed, Message, Protocol, Struct, Type};
use crate::schema::Kind;
use proc_macro2::TokenStream;
use quote::quote;

/// The attributes that put the page under the documentation of a message.
pub(super) fn attributes(message: &Message) -> TokenStream {
    let file = format!("{}.md", message.ident.trim_start_matches("r#"));
    // Who looks for the name of an API in snake case finds the request.
    let alias = (message.kind == Kind::Request).then(|| {
        let alias = message.ident.trim_end_matches("_request");
        quote!(#[doc(alias = #alias)])
    });
    quote!(#[doc = include_str!(#file)] #alias)
}

/// The page of a message.
pub(super) fn text(message: &Message) -> String {
    let mut text = String::from("\n");
    match message.kind {
        Kind::Request => text += &request_example(message),
        Kind::Response => text += &response_example(message),
        _ => {}
    }
    text + &versions(message)
}

fn request_example(message: &Message) -> String {
    let name = &message.name;
    let version = message.versions.highest().unwrap_or(0);
    let own = message.structs.first();
    let fields = own.iter().flat_map(|own| &own.fields);
    let values: String = fields
        .filter(|field| field.mandatory().contains(version))
        .filter_map(|field| Some((field, sample(field)?)))
        .take(2)
        .map(|(field, value)| format!("{}: {value}, ", ident(&field.ident)))
        .collect();
    let request = match values.is_empty() {
        true => format!("{name}::default()"),
        false => format!("{name} {{ {values}..Default::default() }}"),
    };
    format!(
        "# Examples

```
use kafka_codec::messages::{name};
use kafka_codec::{{Version, frame}};

let request = {request};
let frame = frame::encode_request(Vec::new(), &request, Version({version}), 1, Some(\"my-client\"))?;
# let _ = frame;
# Ok::<(), Box<dyn std::error::Error>>(())
```

"
    )
}

fn response_example(message: &Message) -> String {
    let name = &message.name;
    let version = message.versions.highest().unwrap_or(0);
    let own = message.structs.first();
    let fields = || {
        own.iter()
            .flat_map(|own| &own.fields)
            .filter(|field| field.versions.contains(version))
    };
    let shown = fields()
        .find(|field| field.is_error_code())
        .or_else(|| fields().find(|field| field.name != "ThrottleTimeMs"))
        .or_else(|| fields().next());
    let field = shown.map_or_else(String::new, |field| format!(".{}", ident(&field.ident)));
    format!(
        "# Examples

```
use kafka_codec::messages::{name};
use kafka_codec::{{Decode, Version}};

# let body = kafka_codec::Message::encode_to_vec(&{name}::default(), Version({version}))?;
let response = {name}::decode(&body, Version({version}))?;
println!(\"{{:?}}\", response{field});
# Ok::<(), Box<dyn std::error::Error>>(())
```

"
    )
}

/// A value that an example may give a field, if one is easily made up.
fn sample(field: &Field) -> Option<String> {
    let value = match (&field.ty, field.entity) {
        (Type::String, Some("topicName")) => "\"orders\".into()",
        (Type::String, Some("groupId")) => "\"billing\".into()",
        (Type::String, Some("transactionalId")) => "\"payments\".into()",
        (Type::Fixed(Fixed::I32), _) if field.name.ends_with("Ms") => "30_000",
        _ => return None,
    };
    Some(match field.is_nullable() {
        true => format!("Some({value})"),
        false => value.to_owned(),
    })
}

/// A table with a row for each version.
fn versions(message: &Message) -> String {
    let mut text =
        String::from("# Versions\n\n| version | since Kafka | changes |\n|---:|---|---|\n");
    for version in message.versions.iter() {
        let since = message.since.iter().find(|(of, _)| *of == version);
        let since = since.map_or("", |(_, release)| release);
        let changes = match message.versions.contains(version - 1) {
            true => changes(message, version),
            false => "first version".to_owned(),
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "| {version} | {since} | {changes} |");
    }
    text
}

/// What a version has otherwise than the one before.
fn changes(message: &Message, version: i16) -> String {
    let mut changes = Vec::new();
    if message.flexible.lowest() == Some(version) {
        changes.push("compact lengths and tagged fields".to_owned());
    }
    let is_first = |versions: crate::versions::Versions| versions.lowest() == Some(version);
    let mut list = |what: &str, is_listed: &dyn Fn(&Field) -> bool| {
        let fields: Vec<_> = fields(message)
            .filter(|(entry, field)| {
                let versions = entry.versions;
                versions.contains(version - 1) && versions.contains(version) && is_listed(field)
            })
            .map(|(entry, field)| path(message, entry, field))
            .collect();
        if !fields.is_empty() {
            changes.push(format!("{what} {}", fields.join(", ")));
        }
    };
    list("adds", &|field| is_first(field.versions));
    list("removes", &|field| {
        field.versions.highest() == Some(version - 1)
    });
    list("allows null in", &|field| {
        is_first(field.nullable) && field.versions.contains(version - 1)
    });
    list("makes a tagged field of", &|field| {
        let tagged = field.tag.is_some_and(|(_, tagged)| is_first(tagged));
        tagged && field.versions.contains(version - 1)
    });
    match changes.is_empty() {
        true => format!("the same fields as version {}", version - 1),
        false => changes.join("; "),
    }
}

fn fields(message: &Message) -> impl Iterator<Item = (&Struct, &Field)> {
    let structs = message.structs.iter();
    structs.flat_map(|entry| entry.fields.iter().map(move |field| (entry, field)))
}

/// The Rust name of a field, with that of its struct unless it is a field of the message itself.
fn path(message: &Message, entry: &Struct, field: &Field) -> String {
    let name = field.ident.trim_start_matches("r#");
    if message
        .structs
        .first()
        .is_some_and(|own| own.ident == entry.ident)
    {
        format!("`{name}`")
    } else {
        format!("`{}.{name}`", entry.ident)
    }
}

/// The table of all APIs, with links to their messages.
pub(super) fn apis(protocol: &Protocol) -> String {
    let mut text = String::from("| key | API | versions | purpose |\n|---:|---|---|---|\n");
    for api in &protocol.apis {
        if let Some(row) = row(protocol, api) {
            text += &row;
        }
    }
    text
}

/// The row of an API, if its messages are here.
fn row(protocol: &Protocol, api: &Api) -> Option<String> {
    let message = |kind| {
        let mut messages = protocol.messages.iter();
        messages.find(|message| message.kind == kind && message.api_key == Some(api.key))
    };
    let (request, response) = (message(Kind::Request)?, message(Kind::Response)?);
    let purpose = request.description.as_deref().unwrap_or_default();
    Some(format!(
        "| {} | {}: [request]({}), [response]({}) | {} | {} |\n",
        api.key,
        api.name,
        request.name,
        response.name,
        request.versions,
        first_sentence(purpose)
    ))
}

fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    text.get(..end).unwrap_or(text)
}
