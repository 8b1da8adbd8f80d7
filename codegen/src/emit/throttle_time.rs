//! The function that reads the throttle time out of any response, without its struct: fields before it are
//! skipped. How a whole message is read is in `read`.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::when::When;
use super::{Home, Scope, encoding, ident, mentions, parameter, types};
use crate::ir::{Element, Field, Fixed, Message, Protocol, Struct, Type};
use crate::quirks;
use crate::schema::Kind;
use crate::versions::Versions;

/// The function, with one arm for all responses that have the time after the same fields and in the same versions.
pub fn throttle_time(protocol: &Protocol) -> TokenStream {
    let mut arms = BTreeMap::<(When, String), (TokenStream, Vec<Ident>)>::new();
    for message in &protocol.messages {
        if let Some((when, skipped)) = before_throttle_time(message) {
            let arm = (when, skipped.to_string());
            let (_, keys) = arms.entry(arm).or_insert((skipped, Vec::new()));
            keys.push(ident(message.stem()));
        }
    }
    let arms: TokenStream = arms
        .into_iter()
        .map(|((when, _), (skipped, keys))| {
            let guard = when.condition().map(|condition| quote!(if #condition));
            quote!(#(ApiKey::#keys)|* #guard => { #skipped })
        })
        .collect();
    let v = parameter("v", &arms);
    quote! {
        #[doc = " Reads the throttle time, in milliseconds, from the front of the response to a request of `key`;"]
        #[doc = " `None` if version `v` has none. A version that the response does not have is not noticed."]
        fn throttle_time_ms(r: &mut Reader<'_>, key: ApiKey, #v: Version) -> Option<i32> {
            match key {
                #arms
                _ => return None,
            }
            Some(r.i32())
        }
    }
}

/// In which versions a response has the throttle time, and how to skip what stands before it; `None` for all
/// other messages.
fn before_throttle_time(message: &Message) -> Option<(When, TokenStream)> {
    let entry = message.structs.first()?;
    let is_it =
        |field: &Field| field.name == quirks::THROTTLE_TIME && field.ty == Type::Fixed(Fixed::I32);
    let place = entry.fields.iter().position(is_it)?;
    let field = entry.fields.get(place)?;
    let versions = field.mandatory().intersect(message.versions);
    if message.kind != Kind::Response || versions.is_empty() {
        return None;
    }
    let scope = Scope {
        home: Home::Library,
        message,
        entry,
    };
    let skipped = fields(scope, entry.fields.get(..place)?, versions);
    let binding = mentions(&skipped, "e").then(|| {
        let encoding = encoding(message.flexible, versions);
        quote!(let e = #encoding;)
    });
    Some((
        When::new(versions, message.versions),
        quote!(#binding #skipped),
    ))
}

/// Skips a struct in one of the versions that are `possible` here.
fn structure(scope: Scope<'_>, possible: Versions) -> TokenStream {
    let fields = fields(scope, &scope.entry.fields, possible);
    let flexible = scope.message.flexible.intersect(possible);
    // In the plain encoding nothing is read.
    let tags = (!flexible.is_empty()).then(|| quote!(r.skip_tagged_fields(e);));
    quote!(#fields #tags)
}

/// Skips fields, those with the same condition under one `if`.
fn fields(scope: Scope<'_>, fields: &[Field], possible: Versions) -> TokenStream {
    let versions = |field: &Field| field.mandatory().intersect(possible);
    let runs = fields.chunk_by(|one, next| versions(one) == versions(next));
    runs.filter_map(|run| {
        let versions = versions(run.first()?);
        let skipped = || {
            // Neighbours whose size is known are skipped at once.
            let together =
                |one: &Field, next: &Field| width(one).is_some() && width(next).is_some();
            let skipped = run.chunk_by(together).map(|fields| {
                let bytes = fields.iter().map(width).sum::<Option<usize>>();
                match bytes.map(size) {
                    Some(bytes) => quote!(r.bytes(#bytes);),
                    None => {
                        let each = fields.iter().map(|field| skip(scope, field, versions));
                        each.collect()
                    }
                }
            });
            skipped.collect()
        };
        Some(When::new(versions, possible).only(skipped))
    })
    .collect()
}

/// The bytes of a field that takes as many in every version.
fn width(field: &Field) -> Option<usize> {
    match &field.ty {
        Type::Fixed(ty) => Some(ty.size()),
        _ => None,
    }
}

/// Skips a field that is there, in one of these versions.
fn skip(scope: Scope<'_>, field: &Field, versions: Versions) -> TokenStream {
    let e = scope.encoding_of(field);
    let inside = |place| scope.inside(place).map(|scope| structure(scope, versions));
    let (plain, nullable) = match &field.ty {
        Type::Fixed(ty) => {
            let bytes = size(ty.size());
            return quote!(r.bytes(#bytes););
        }
        Type::String => (quote!(r.string(#e);), quote!(r.nullable_string(#e);)),
        Type::Blob => (quote!(r.blob(#e);), quote!(r.nullable_blob(#e);)),
        Type::Struct(place) => {
            let fields = inside(*place);
            (quote!(#fields), quote!(if r.i8() >= 0 { #fields }))
        }
        Type::Array(element) => {
            let (size, element) = match element {
                Element::Packed(ty) => {
                    let method = ident(types::method(*ty));
                    (size(ty.size()), quote!(r.#method();))
                }
                Element::Bool => (size(1), quote!(r.bool();)),
                Element::String => (quote!(#e.string_size()), quote!(r.string(#e);)),
                Element::Blob => (quote!(#e.blob_size()), quote!(r.blob(#e);)),
                Element::Struct(place) => {
                    let entry = scope.inside(*place).map(|scope| scope.entry);
                    let least = entry.map_or(0, |entry| least_size(entry, versions));
                    let element = inside(*place);
                    (size(least), quote!(#element))
                }
            };
            (
                quote!(r.array(#e, #size, |r| { #element });),
                quote!(r.nullable_array(#e, #size, |r| { #element });),
            )
        }
    };
    When::new(field.nullable, versions).choose(|| nullable, || plain)
}

fn size(bytes: usize) -> TokenStream {
    let bytes = Literal::usize_unsuffixed(bytes);
    quote!(#bytes)
}

/// The least size of a struct in any of these versions.
fn least_size(entry: &Struct, versions: Versions) -> usize {
    let sizes = entry.min_sizes.iter();
    let possible = sizes.filter(|(of, _)| !of.intersect(versions).is_empty());
    possible.map(|(_, size)| *size).min().unwrap_or(0)
}
