//! The tables of messages: what their structs look like, for what reads and writes them without their types.
//! The arguments of the constructors are documented in the library's `schema::table`.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{defaults, ident, number};
use crate::ir::{Default, Element, Field, Message, Protocol, Struct, Type};
use crate::resolve::snake_case;
use crate::schema::{EntityType, Kind};
use crate::versions::Versions;

/// The lists by which the tables of all messages are found, for the library itself.
pub fn schemas(protocol: &Protocol) -> TokenStream {
    let all = list(protocol.messages.iter());
    let [requests, responses] = [Kind::Request, Kind::Response].map(|kind| {
        let of_kind = protocol.messages.iter().filter(|m| m.kind == kind);
        let mut of_kind: Vec<_> = of_kind.collect();
        of_kind.sort_by_key(|message| message.api_key);
        list(of_kind.into_iter())
    });
    let renamed = protocol
        .renamed
        .iter()
        .map(|(old, new)| quote!((#old, #new)));
    quote! {
        use crate::messages::*;
        use crate::schema::Schema;
        #[doc = " All, by module and name of the message."]
        pub(super) static ALL: &[&Schema] = #all;
        #[doc = " By API key."]
        pub(super) static REQUESTS: &[&Schema] = #requests;
        #[doc = " By API key."]
        pub(super) static RESPONSES: &[&Schema] = #responses;
        #[doc = " Former names of messages, and the names they have now."]
        pub(super) static RENAMED: &[(&str, &str)] = &[#(#renamed,)*];
    }
}

fn list<'m>(messages: impl Iterator<Item = &'m Message>) -> TokenStream {
    let modules = messages.map(|message| ident(&message.ident));
    quote!(&[#(&#modules::schema::SCHEMA,)*])
}

/// The module of a message's tables, inside of the module of its structs.
pub(super) fn module(message: &Message, library: &TokenStream) -> TokenStream {
    let tables = tables(message);
    quote! {
        #[doc = " What the structs look like, for what reads and writes them without their types."]
        #[rustfmt::skip]
        pub(crate) mod schema {
            use #library::generated::schema::*;
            #tables
        }
    }
}

/// The tables of one message, its own first. The structs are in the module around it.
pub fn tables(message: &Message) -> TokenStream {
    let (name, kind) = (&message.name, ident(variant(message.kind)));
    let key = match message.api_key {
        Some(key) => {
            let key = number(key);
            quote!(Some(#key))
        }
        None => quote!(None),
    };
    let (first, last) = bounds(message.versions);
    let flexible = first_of(message.flexible);
    let own = label(message, 0);
    let structs = (0..message.structs.len()).map(|place| table(message, place));
    quote! {
        pub(crate) static SCHEMA: Schema =
            Schema::new(#name, Kind::#kind, #key, #first, #last, #flexible, &#own);
        #(#structs)*
    }
}

fn table(message: &Message, place: usize) -> TokenStream {
    let Some(entry) = message.structs.get(place) else {
        return TokenStream::new();
    };
    let (label, name) = (label(message, place), &entry.name);
    let fields = entry.fields.iter().map(|field| row(message, field));
    let element = entry.is_element.then(|| element(entry));
    quote! {
        static #label: StructSchema = structure(#name, &[#(#fields,)*])#element;
    }
}

/// What bounds the count of an array of the struct: up to which version which minimum size, and how much memory the
/// typed struct takes.
fn element(entry: &Struct) -> TokenStream {
    let ty = ident(&entry.ident);
    let sizes = entry.min_sizes.iter().map(|(versions, size)| {
        let last = number(versions.highest().unwrap_or(i16::MAX));
        let size = Literal::usize_unsuffixed(*size);
        quote!((#last, #size))
    });
    quote!(.element(&[#(#sizes),*], size_of::<super::#ty<'_>>()))
}

fn row(message: &Message, field: &Field) -> TokenStream {
    let name = lower_first(&field.name);
    let own = field.ident.trim_start_matches("r#");
    let (first, last) = bounds(field.versions);
    let mut row = match &field.ty {
        Type::Struct(place) | Type::Array(Element::Struct(place)) => {
            let label = label(message, *place);
            quote!(Field::structure(#name, #own, &#label, #first, #last))
        }
        _ => {
            let ty = ident(primitive(field));
            quote!(Field::#ty(#name, #own, #first, #last))
        }
    };
    if let Type::Array(_) = field.ty {
        row.extend(quote!(.array()));
    }
    if let Some(newtype) = &field.newtype {
        let ty = ident(&newtype.name);
        row.extend(quote!(.named(#ty::ENUMERATION)));
    }
    if field.is_nullable() {
        let (first, last) = bounds(field.nullable);
        row.extend(quote!(.nullable(#first, #last)));
    }
    if let Some((tag, versions)) = field.tag {
        let (tag, first) = (number(tag), first_of(versions));
        row.extend(quote!(.tagged(#tag, #first)));
    }
    if field.flexible != message.flexible {
        let first = first_of(field.flexible);
        row.extend(quote!(.flexible(#first)));
    }
    if let Some(default) = default(field) {
        row.extend(quote!(.default(#default)));
    }
    if field.ignorable {
        row.extend(quote!(.ignorable()));
    }
    if field.is_map_key {
        row.extend(quote!(.map_key()));
    }
    if let Some(entity) = field.entity.and_then(entity) {
        let entity = ident(entity);
        row.extend(quote!(.entity(Entity::#entity)));
    }
    row
}

/// The default, unless it is what the type begins with.
fn default(field: &Field) -> Option<TokenStream> {
    Some(match &field.default {
        Default::Zero => return None,
        Default::Null => quote!(Default::Null),
        Default::True => quote!(Default::True),
        Default::Integer(value) => {
            let value = defaults::integer(&field.ty, *value);
            // A bound of another type needs a cast.
            let named = value.to_string();
            let cast = (named.contains("::") && !named.starts_with("i64")).then(|| quote!(as i64));
            quote!(Default::Integer(#value #cast))
        }
        Default::Float(value) => {
            let value = defaults::float(*value);
            quote!(Default::Float(#value))
        }
        Default::Uuid(value) => {
            let value = Literal::u128_unsuffixed(*value);
            quote!(Default::Uuid(Uuid::from_u128(#value)))
        }
        Default::Text(text) => quote!(Default::Text(#text)),
    })
}

/// The type of the field's value, or of its elements, if that is not a struct.
fn primitive(field: &Field) -> &'static str {
    match &field.ty {
        Type::Fixed(fixed) | Type::Array(Element::Packed(fixed)) => fixed.name(),
        Type::Array(Element::Bool) => "bool",
        Type::String | Type::Array(Element::String) => "string",
        _ if field.is_records => "records",
        _ => "bytes",
    }
}

fn variant(kind: Kind) -> &'static str {
    match kind {
        Kind::Request => "Request",
        Kind::Response => "Response",
        Kind::Header => "Header",
        Kind::Metadata => "Metadata",
        Kind::Data => "Data",
        Kind::CoordinatorKey => "CoordinatorKey",
        Kind::CoordinatorValue => "CoordinatorValue",
    }
}

fn entity(name: &str) -> Option<&'static str> {
    let (_, entity) = EntityType::ALL.iter().find(|(known, _)| *known == name)?;
    Some(match entity {
        EntityType::TransactionalId => "TransactionalId",
        EntityType::ProducerId => "ProducerId",
        EntityType::GroupId => "GroupId",
        EntityType::TopicName => "TopicName",
        EntityType::BrokerId => "BrokerId",
    })
}

/// The name of the struct's static; its place tells apart those whose names differ in case only.
fn label(message: &Message, place: usize) -> Ident {
    let labels = message.structs.iter().take(place + 1);
    let labels = labels.map(|entry| snake_case(&entry.ident).to_ascii_uppercase());
    let mut labels: Vec<_> = labels.collect();
    let label = labels.pop().unwrap_or_default();
    if label == "SCHEMA" || labels.contains(&label) {
        format_ident!("{label}_{place}")
    } else {
        ident(&label)
    }
}

/// Kafka's name of a field in JSON.
pub(super) fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// The lowest and the highest version, of which there is one.
fn bounds(versions: Versions) -> (Literal, Literal) {
    let (lowest, highest) = (versions.lowest(), versions.highest());
    (number(lowest.unwrap_or(0)), number(highest.unwrap_or(-1)))
}

/// The lowest version, or one that there is none of.
fn first_of(versions: Versions) -> TokenStream {
    match versions.lowest() {
        Some(first) => {
            let first = number(first);
            quote!(#first)
        }
        None => quote!(NEVER),
    }
}
