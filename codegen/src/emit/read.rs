//! Templates that read a struct.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::when::When;
use super::{Scope, defaults, ident, number, parameter, types};
use crate::ir::{Default, Element, Field, Fixed, Type};
use crate::versions::Versions;

/// The body of the function that reads the struct out of `r` in version `v`.
///
/// Where some fields are tagged, they come out of a function of their own, as the rest of a struct
/// whose other fields are at their defaults: so nothing has the address of what is being built, and
/// the compiler keeps it in registers.
pub(super) fn body(scope: Scope<'_>) -> TokenStream {
    let has_tagged = scope.tagged().next().is_some();
    let is_apart = has_tagged && !has_mixed(scope);
    if is_read_often(scope) {
        if is_apart {
            return tags_last(scope);
        }
        if let Some(body) = borrowed_last(scope).filter(|_| !has_tagged) {
            return body;
        }
    }
    let fields: TokenStream = scope
        .entry
        .fields
        .iter()
        .filter(|field| !(is_apart && field.tag.is_some()))
        .map(|field| {
            let name = ident(&field.ident);
            let value = mandatory(scope, field);
            quote!(#name: #value,)
        })
        .collect();
    let (binding, e) = scope.encoding(&fields);
    if !has_tagged {
        return quote! {
            #binding
            Self {
                #fields
                unknown_tagged_fields: r.tagged_fields(#e),
            }
        };
    }
    if !is_apart {
        return quote! {
            #binding
            let this = Self {
                #fields
                unknown_tagged_fields: TaggedFields::new(),
            };
            if r.skip_empty_tags(#e) { this } else { this.read_tags(r, v) }
        };
    }
    quote! {
        #binding
        Self {
            #fields
            ..r.tags_or_default(#e, |r| Self::read_tags(r, v))
        }
    }
}

/// Returns `true` if a struct is within a message, where there may be many of it, and its fields can be bound to their names.
fn is_read_often(scope: Scope<'_>) -> bool {
    let shadows = |field: &Field| ["e", "r", "v"].contains(&&*field.ident);
    !scope.is_message() && !scope.entry.fields.iter().any(shadows)
}

/// The body for a struct that is read often and of which fields are tagged.
///
/// The struct is put together in two places, with tagged fields and without. Were it one, what is rarely there would be copied from
/// memory, and the copy would wait for what was just written.
fn tags_last(scope: Scope<'_>) -> TokenStream {
    let fields = scope.entry.fields.iter();
    let untagged = || fields.clone().filter(|field| field.tag.is_none());
    let bound: TokenStream = untagged().map(|field| bound(scope, field)).collect();
    let made: TokenStream = untagged().map(made).collect();
    let defaults = fields.clone().filter(|field| field.tag.is_some());
    let defaults = defaults.map(|field| {
        let (name, value) = (ident(&field.ident), defaults::value(scope, field));
        quote!(#name: #value,)
    });
    let (binding, e) = scope.encoding(&bound);
    quote! {
        #binding
        #bound
        if r.skip_empty_tags(#e) {
            Self {
                #made
                #(#defaults)*
                unknown_tagged_fields: TaggedFields::new(),
            }
        } else {
            Self {
                #made
                ..Self::read_tags(r, v)
            }
        }
    }
}

/// The body for a struct that is read often, and that has bytes of the input in types that might own them.
///
/// Such fields are made when all else is read. While there is a value that might have to be dropped, because something else
/// unwinds, it is kept in memory and copied from there, and the copy waits for what was just written.
fn borrowed_last(scope: Scope<'_>) -> Option<TokenStream> {
    let fields = &scope.entry.fields;
    let last = fields.iter().rposition(is_borrowed)?;
    let (before, after) = fields.split_at(last + 1);
    let bound: TokenStream = before.iter().map(|field| bound(scope, field)).collect();
    let made: TokenStream = before.iter().map(made).collect();
    let rest = after.iter().map(|field| {
        let (name, value) = (ident(&field.ident), mandatory(scope, field));
        quote!(#name: #value,)
    });
    let rest: TokenStream = rest.collect();
    let (binding, e) = scope.encoding(&quote!(#bound #rest));
    Some(quote! {
        #binding
        #bound
        Self {
            #rest
            unknown_tagged_fields: r.tagged_fields(#e),
            #made
        }
    })
}

/// Binds a field that is not tagged to its name: the bytes of one that borrows the input, the value of another.
fn bound(scope: Scope<'_>, field: &Field) -> TokenStream {
    let name = ident(&field.ident);
    let value = if is_borrowed(field) {
        let when = When::new(field.mandatory(), scope.entry.versions);
        when.choose(
            || borrowed(field, possible(scope, field), &scope.encoding_of(field)),
            || borrowed_default(field),
        )
    } else {
        mandatory(scope, field)
    };
    quote!(let #name = #value;)
}

/// A field of a struct, made of what it is [`bound`] to.
fn made(field: &Field) -> TokenStream {
    let name = ident(&field.ident);
    let make = match &field.ty {
        Type::String => quote!(Cow::Borrowed),
        Type::Blob => quote!(Blob::Borrowed),
        _ => quote!(Packed::whole),
    };
    match (is_borrowed(field), field.is_nullable()) {
        (false, _) => quote!(#name,),
        (true, false) => quote!(#name: #make(#name),),
        (true, true) => quote!(#name: #name.map(#make),),
    }
}

/// The value of a field where it is not tagged, or its default, as an expression.
fn mandatory(scope: Scope<'_>, field: &Field) -> TokenStream {
    let place = Place {
        e: scope.encoding_of(field),
        tagged: false,
    };
    When::new(field.mandatory(), scope.entry.versions).choose(
        || value(scope, field, possible(scope, field), &place),
        || defaults::value(scope, field),
    )
}

/// The versions in which a field is not tagged.
fn possible(scope: Scope<'_>, field: &Field) -> Versions {
    field.mandatory().intersect(scope.entry.versions)
}

/// Returns `true` if a field is bytes of the input in a type that might own them.
fn is_borrowed(field: &Field) -> bool {
    matches!(
        field.ty,
        Type::String | Type::Blob | Type::Array(Element::Packed(_))
    )
}

/// The bytes of a field that is there, as an expression.
fn borrowed(field: &Field, possible: Versions, e: &TokenStream) -> TokenStream {
    let size = match &field.ty {
        Type::Array(Element::Packed(ty)) => Literal::usize_unsuffixed(ty.size()),
        _ => Literal::usize_unsuffixed(1),
    };
    let plain = match &field.ty {
        Type::String => quote!(r.str(#e)),
        Type::Blob => quote!(r.slice(#e)),
        _ => quote!(r.numbers(#e, #size)),
    };
    if !field.is_nullable() {
        return plain;
    }
    When::new(field.nullable, possible).choose(
        || match &field.ty {
            Type::String => quote!(r.nullable_str(#e)),
            Type::Blob => quote!(r.nullable_slice(#e)),
            _ => quote!(r.nullable_numbers(#e, #size)),
        },
        || quote!(Some(#plain)),
    )
}

/// The bytes that are the default of a field, as an expression.
fn borrowed_default(field: &Field) -> TokenStream {
    let value = match (&field.default, &field.ty) {
        (Default::Null, _) => return quote!(None),
        (Default::Text(text), _) => quote!(#text),
        (_, Type::String) => quote!(""),
        _ => quote!(&[]),
    };
    match field.is_nullable() {
        true => quote!(Some(#value)),
        false => value,
    }
}

/// Returns `true` if a field is tagged in some versions and stands among the others in some. No message of
/// Kafka has one.
fn has_mixed(scope: Scope<'_>) -> bool {
    let mut tagged = scope.tagged();
    tagged.any(|(field, _, _)| {
        let mandatory = field.mandatory().intersect(scope.entry.versions);
        !mandatory.is_empty()
    })
}

/// The function that reads tagged fields, for structs whose definition has some. It is apart, as
/// they are rarely there.
pub(super) fn tags_fn(scope: Scope<'_>) -> Option<TokenStream> {
    scope.tagged().next()?;
    let tags = tags(scope);
    let v = parameter("v", &tags);
    let read = quote! {
        let mut tags = r.tag_section();
        while let Some(tag) = r.next_tag(&mut tags) {
            #tags
            r.known_tag(&mut tags, tag);
        }
        this.unknown_tagged_fields = r.finish_tags(tags);
    };
    if has_mixed(scope) {
        return Some(quote! {
            #[cold]
            #[inline]
            fn read_tags(mut self, r: &mut ReadCursor<'a>, #v: i16) -> Self {
                let this = &mut self;
                #read
                self
            }
        });
    }
    Some(quote! {
        #[cold]
        #[inline]
        fn read_tags(r: &mut ReadCursor<'a>, #v: i16) -> Self {
            let mut this = Self::default();
            #read
            this
        }
    })
}

/// Reads the value of `tag` into `this`, and goes on with the next tag if it is unknown.
fn tags(scope: Scope<'_>) -> TokenStream {
    let flexible = scope.message.flexible.intersect(scope.entry.versions);
    let known = scope.tagged().map(|(field, tag, versions)| {
        let (name, tag) = (ident(&field.ident), number(tag));
        let value = value(
            scope,
            field,
            versions,
            &Place {
                e: quote!(Encoding::Compact),
                tagged: true,
            },
        );
        let guard = When::new(versions, flexible).condition();
        let guard = guard.map(|condition| quote!(if #condition));
        quote!(#tag #guard => this.#name = #value,)
    });
    let elsewhere: Vec<u32> = scope
        .tagged()
        .filter(|(_, _, versions)| When::new(*versions, flexible) != When::Always)
        .map(|(_, tag, _)| tag)
        .collect();
    let elsewhere = (!elsewhere.is_empty()).then(|| {
        let tags = alternatives(&elsewhere);
        quote!(#tags => r.tag_not_in_version(tag),)
    });
    quote! {
        match tag.number {
            #(#known)*
            #elsewhere
            _ => {
                r.unknown_tag(&mut tags, tag);
                continue;
            }
        }
    }
}

/// A pattern for ascending numbers, as a range where they make one.
fn alternatives(numbers: &[u32]) -> TokenStream {
    match numbers {
        [first, _, .., last] if numbers.iter().copied().eq(*first..=*last) => {
            let (first, last) = (number(*first), number(*last));
            quote!(#first..=#last)
        }
        _ => {
            let numbers = numbers.iter().map(|tag| number(*tag));
            quote!(#(#numbers)|*)
        }
    }
}

/// Where a value stands: how lengths are written there, and whether it is that of a tagged field.
struct Place {
    e: TokenStream,
    tagged: bool,
}

/// The value of a field that is there, as an expression.
fn value(scope: Scope<'_>, field: &Field, possible: Versions, at: &Place) -> TokenStream {
    if !field.is_nullable() {
        return plain(scope, field, at);
    }
    When::new(field.nullable, possible).choose(
        || nullable(field, at),
        || {
            let value = plain(scope, field, at);
            quote!(Some(#value))
        },
    )
}

fn plain(scope: Scope<'_>, field: &Field, at: &Place) -> TokenStream {
    let e = &at.e;
    match &field.ty {
        Type::Fixed(ty) => fixed(field, *ty),
        Type::String => quote!(r.string(#e)),
        Type::Blob => quote!(r.blob(#e)),
        Type::Struct(place) => {
            let name = scope.struct_at(*place);
            quote!(#name::read(r, v))
        }
        Type::Array(Element::Packed(_)) => quote!(r.packed(#e)),
        Type::Array(Element::Struct(_)) => quote!(r.structs(#e, v)),
        Type::Array(Element::String) => quote!(r.strings(#e)),
        Type::Array(element) => {
            let (size, read) = self::element(element, e);
            quote!(r.array(#e, #size, #read))
        }
    }
}

fn nullable(field: &Field, at: &Place) -> TokenStream {
    let e = &at.e;
    match &field.ty {
        // Never nullable: the resolver checked.
        Type::Fixed(ty) => fixed(field, *ty),
        Type::String => quote!(r.nullable_string(#e)),
        Type::Blob => quote!(r.nullable_blob(#e)),
        Type::Struct(_) if at.tagged => quote!(r.nullable_tagged_struct(v)),
        Type::Struct(_) => quote!(r.nullable_struct(v)),
        Type::Array(Element::Packed(_)) => quote!(r.nullable_packed(#e)),
        Type::Array(Element::Struct(_)) => quote!(r.nullable_structs(#e, v)),
        Type::Array(Element::String) => quote!(r.nullable_strings(#e)),
        Type::Array(element) => {
            let (size, read) = self::element(element, e);
            quote!(r.nullable_array(#e, #size, #read))
        }
    }
}

fn fixed(field: &Field, ty: Fixed) -> TokenStream {
    let method = ident(types::method(ty));
    match types::wrapper(field) {
        Some(wrapper) => quote!(#wrapper(r.#method())),
        None => quote!(r.#method()),
    }
}

/// The minimum size of an element, and the function that reads one.
fn element(element: &Element, e: &TokenStream) -> (TokenStream, TokenStream) {
    match element {
        // The others are read by functions of their own.
        Element::Packed(_) | Element::Struct(_) | Element::String | Element::Bool => {
            (quote!(1), quote!(|r| r.bool()))
        }
        Element::Blob => (quote!(#e.blob_size()), quote!(|r| r.blob(#e))),
    }
}
