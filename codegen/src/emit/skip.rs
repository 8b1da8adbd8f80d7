//! Code that skips fields of any message without its struct, to get at one behind them; and the functions over all
//! messages of a kind that read such a field. How a whole message is read is in `read`.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::when::When;
use super::{Home, Scope, encoding, ident, mentions, parameter, types};
use crate::ir::{Element, Field, Fixed, Message, Struct, Type};
use crate::versions::Versions;

/// The arms of a match over APIs, each with the condition on the version and the code that skips what is in front of a
/// field.
#[derive(Default)]
pub(super) struct Arms(BTreeMap<(When, String), (TokenStream, Vec<Ident>)>);

impl Arms {
    /// Adds `field` of the message itself, in some of its versions. Messages with the same code share an arm. Nothing
    /// is added if the field is not an int32, or tagged, or in none of the versions.
    pub(super) fn add(&mut self, message: &Message, field: &str, versions: Versions) {
        let Some(entry) = message.structs.first() else {
            return;
        };
        let is_it = |one: &Field| one.name == field && one.ty == Type::Fixed(Fixed::I32);
        let Some((before, field)) = entry
            .fields
            .iter()
            .position(is_it)
            .and_then(|place| Some((entry.fields.get(..place)?, entry.fields.get(place)?)))
        else {
            return;
        };
        let versions = field
            .mandatory()
            .intersect(message.versions)
            .intersect(versions);
        if versions.is_empty() {
            return;
        }
        let scope = Scope {
            home: Home::Library(None),
            message,
            entry,
        };
        let mut skip = Skip::new(message);
        let skipped = skip.fields(scope, before, versions);
        let functions = skip.functions.into_values();
        let binding = mentions(&skipped, "e").then(|| {
            let encoding = encoding(message.flexible, versions);
            quote!(let e = #encoding;)
        });
        let skipped = quote!(#(#functions)* #binding #skipped);
        let arm = (When::new(versions, message.versions), skipped.to_string());
        let (_, keys) = self.0.entry(arm).or_insert((skipped, Vec::new()));
        keys.push(ident(message.stem()));
    }

    /// The arms, which skip what is in front of the field in the reader `r`, for version `v`.
    pub(super) fn finish(self) -> TokenStream {
        let arms = self.0.into_iter().map(|((when, _), (skipped, keys))| {
            let guard = when.condition().map(|condition| quote!(if #condition));
            quote!(#(ApiKey::#keys)|* #guard => { #skipped })
        });
        arms.collect()
    }
}

/// The code that skips fields of a message. A struct is skipped where it is used. A struct that is used several times has
/// a function instead: inlined, structs that use each other twice would double the code at each level.
struct Skip {
    /// The places of the structs that are used several times.
    shared: BTreeSet<usize>,
    /// The functions that skip them, by place. Only those that are called are here.
    functions: BTreeMap<usize, TokenStream>,
}

impl Skip {
    fn new(message: &Message) -> Self {
        let mut seen = BTreeSet::new();
        let fields = message.structs.iter().flat_map(|entry| &entry.fields);
        let used = fields.flat_map(|field| {
            let place = match field.ty {
                Type::Struct(place) | Type::Array(Element::Struct(place)) => Some(place),
                _ => None,
            };
            // Where it may be null in some versions only, the struct is skipped in two branches.
            let is_once = !field.is_nullable() || field.nullable.contains_all(field.versions);
            iter::repeat_n(place, if is_once { 1 } else { 2 })
        });
        Self {
            shared: used
                .flatten()
                .filter(|place| !seen.insert(*place))
                .collect(),
            functions: BTreeMap::new(),
        }
    }

    /// Skips the struct at this place, in one of the versions that are `possible` here.
    fn inside(&mut self, scope: Scope<'_>, place: usize, possible: Versions) -> TokenStream {
        let Some(scope) = scope.inside(place) else {
            return TokenStream::new();
        };
        if self.shared.contains(&place) {
            let name = format_ident!("skip_{place}");
            self.function(scope, place, &name);
            quote!(#name(r, v, e);)
        } else {
            self.structure(scope, possible)
        }
    }

    /// Adds the function that skips the struct at this place in any of its versions, unless it is there.
    fn function(&mut self, scope: Scope<'_>, place: usize, name: &Ident) {
        if self.functions.contains_key(&place) {
            return;
        }
        let body = self.structure(scope, scope.entry.versions);
        let [r, v, e] = ["r", "v", "e"].map(|name| parameter(name, &body));
        let function = quote! {
            fn #name(#r: &mut ReadCursor<'_>, #v: i16, #e: Encoding) { #body }
        };
        self.functions.insert(place, function);
    }

    /// Skips a struct in one of the versions that are `possible` here.
    fn structure(&mut self, scope: Scope<'_>, possible: Versions) -> TokenStream {
        let fields = self.fields(scope, &scope.entry.fields, possible);
        let flexible = scope.message.flexible.intersect(possible);
        // In the plain encoding nothing is read.
        let tags = (!flexible.is_empty()).then(|| quote!(r.skip_tagged_fields(e);));
        quote!(#fields #tags)
    }

    /// Skips fields, those with the same condition under one `if`.
    fn fields(&mut self, scope: Scope<'_>, fields: &[Field], possible: Versions) -> TokenStream {
        let versions = |field: &Field| field.mandatory().intersect(possible);
        let runs = fields.chunk_by(|one, next| versions(one) == versions(next));
        runs.filter_map(|run| {
            let versions = versions(run.first()?);
            let skipped = || {
                // Neighbors whose size is known are skipped at once.
                let together =
                    |one: &Field, next: &Field| width(one).is_some() && width(next).is_some();
                let skipped = run.chunk_by(together).map(|fields| {
                    let bytes = fields.iter().map(width).sum::<Option<usize>>();
                    match bytes.map(size) {
                        Some(bytes) => quote!(r.bytes(#bytes);),
                        None => {
                            let each = fields.iter();
                            each.map(|field| self.field(scope, field, versions))
                                .collect()
                        }
                    }
                });
                skipped.collect()
            };
            Some(When::new(versions, possible).only(skipped))
        })
        .collect()
    }

    /// Skips a field that is there, in one of these versions.
    fn field(&mut self, scope: Scope<'_>, field: &Field, versions: Versions) -> TokenStream {
        let e = scope.encoding_of(field);
        let (plain, nullable) = match &field.ty {
            Type::Fixed(ty) => {
                let bytes = size(ty.size());
                return quote!(r.bytes(#bytes););
            }
            Type::String => (quote!(r.string(#e);), quote!(r.nullable_string(#e);)),
            Type::Blob => (quote!(r.blob(#e);), quote!(r.nullable_blob(#e);)),
            Type::Struct(place) => {
                let fields = self.inside(scope, *place, versions);
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
                        let always = versions.intersect(field.nullable).is_empty();
                        let same = entry.and_then(|entry| same_size(entry, versions));
                        if let Some(bytes) = same.filter(|_| always).map(size) {
                            return quote!(r.skip_structs::<#bytes>(#e););
                        }
                        let min = entry.map_or(0, |entry| min_size(entry, versions));
                        let element = self.inside(scope, *place, versions);
                        (size(min), quote!(#element))
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
}

/// The bytes of a field that takes as many in every version.
fn width(field: &Field) -> Option<usize> {
    match &field.ty {
        Type::Fixed(ty) => Some(ty.size()),
        _ => None,
    }
}

fn size(bytes: usize) -> TokenStream {
    let bytes = Literal::usize_unsuffixed(bytes);
    quote!(#bytes)
}

/// The bytes of a struct without its tagged fields, if it takes as many in each of these versions.
fn same_size(entry: &Struct, versions: Versions) -> Option<usize> {
    let present = |field: &&Field| !field.mandatory().intersect(versions).is_empty();
    let sizes = entry.fields.iter().filter(present).map(|field| {
        let is_always_there = field.mandatory().intersect(versions) == versions;
        width(field).filter(|_| is_always_there)
    });
    sizes.sum::<Option<usize>>().filter(|size| *size > 0)
}

/// The minimum size of a struct in any of these versions.
fn min_size(entry: &Struct, versions: Versions) -> usize {
    let sizes = entry.min_sizes.iter();
    let possible = sizes.filter(|(of, _)| !of.intersect(versions).is_empty());
    possible.map(|(_, size)| *size).min().unwrap_or(0)
}
