//! Templates that write a struct.

use proc_macro2::TokenStream;
use quote::quote;

use super::branch::{self, Branch};
use super::omit::{self, Loss};
use super::when::When;
use super::{Scope, defaults, ident, number, types};
use crate::ir::{Element, Field, Type};
use crate::versions::Versions;

/// The body of the function that writes the struct to `w` in version `v`.
pub(super) fn body(scope: Scope<'_>) -> TokenStream {
    let fields = scope.entry.fields.iter();
    let fields = branch::statements(fields.filter_map(|field| mandatory(scope, field)));
    let (binding, e) = scope.encoding(&fields);
    if scope.tagged().next().is_none() {
        return quote! {
            #binding
            #fields
            w.tagged_fields(#e, &self.unknown_tagged_fields);
        };
    }
    let tagged = scope.tagged().map(|(field, tag, versions)| {
        let tag = number(tag);
        let present =
            When::new(versions, scope.entry.versions).and(defaults::differs(scope, field));
        let place = Place {
            e: quote!(Encoding::Compact),
            tagged: true,
        };
        let value = value(field, versions, &place);
        quote! {
            if w.tag(&mut tags, #tag, #present) {
                #value;
                w.end_tag(&mut tags);
            }
        }
    });
    quote! {
        #binding
        #fields
        let mut tags = w.tag_section(#e, &self.unknown_tagged_fields);
        #(#tagged)*
        w.finish_tags(tags);
    }
}

/// The statement that writes a field that stands among the others. Where the version has no such field, it refuses a
/// value, or reports that it is omitted if that loses something.
fn mandatory(scope: Scope<'_>, field: &Field) -> Option<Branch> {
    let possible = scope.entry.versions;
    let written = field.mandatory().intersect(possible);
    let is_written = When::new(written, possible);
    let is_there = When::new(field.versions, possible);
    let absent = if field.ignorable || is_there == When::Always {
        Loss::of(scope, field).map(|loss| {
            let report = loss.report(scope, field, &display(field));
            (When::new(loss.versions, possible).condition(), report)
        })
    } else {
        let name = display(field);
        let (set, versions) = (omit::is_lost(scope, field), omit::versions(field));
        let refuse = quote!(w.absent(#set, #name, #versions));
        Some((is_there.negated(), refuse))
    };
    if is_written == When::Never {
        let (condition, report) = absent?;
        return Some(Branch::new(condition, report));
    }
    let place = Place {
        e: scope.encoding_of(field),
        tagged: false,
    };
    let write = value(field, written, &place);
    let branch = Branch::new(is_written.condition(), write);
    Some(match absent {
        Some((condition, report)) => branch.otherwise(is_written, condition, report),
        None => branch,
    })
}

/// Where a value stands: how lengths are written there, and whether it is that of a tagged field.
struct Place {
    e: TokenStream,
    tagged: bool,
}

/// The expression that writes a field.
fn value(field: &Field, possible: Versions, at: &Place) -> TokenStream {
    let name = ident(&field.ident);
    if !field.is_nullable() {
        return plain(field, at, &quote!(self.#name), &quote!(&self.#name));
    }
    let write = plain(field, at, &quote!(value), &quote!(value));
    let label = display(field);
    When::new(field.nullable, possible).choose(
        || nullable(field, at),
        || {
            quote! {
                match &self.#name {
                    Some(value) => #write,
                    None => w.unexpected_null(#label),
                }
            }
        },
    )
}

/// Writes the value that `own` is and that `reference` refers to.
fn plain(field: &Field, at: &Place, own: &TokenStream, reference: &TokenStream) -> TokenStream {
    let (e, name) = (&at.e, display(field));
    match &field.ty {
        Type::Fixed(ty) => {
            let method = ident(types::method(*ty));
            match field.wrapper() {
                Some(_) => quote!(w.#method(#own.0)),
                None => quote!(w.#method(#own)),
            }
        }
        Type::String => quote!(w.string(#e, #reference, #name)),
        Type::Blob => quote!(w.blob(#e, #reference, #name)),
        Type::Struct(_) => quote!(w.structure(#reference, #name, v)),
        Type::Array(Element::Packed(_)) => quote!(w.packed(#e, #reference, #name)),
        Type::Array(Element::Struct(_)) => quote!(w.structs(#e, #reference, #name, v)),
        Type::Array(Element::String) => quote!(w.strings(#e, #reference, #name)),
        Type::Array(element) => {
            let write = self::element(element, e);
            quote!(w.array(#e, #reference, #name, #write))
        }
    }
}

fn nullable(field: &Field, at: &Place) -> TokenStream {
    let (e, label, name) = (&at.e, display(field), ident(&field.ident));
    match &field.ty {
        // Never nullable: the resolver checked.
        Type::Fixed(_) => plain(field, at, &quote!(self.#name), &quote!(&self.#name)),
        Type::String => quote!(w.nullable_string(#e, self.#name.as_deref(), #label)),
        Type::Blob => quote!(w.nullable_blob(#e, self.#name.as_ref(), #label)),
        Type::Struct(_) if at.tagged => {
            quote!(w.nullable_tagged_struct(self.#name.as_ref(), #label, v))
        }
        Type::Struct(_) => quote!(w.nullable_struct(self.#name.as_ref(), #label, v)),
        Type::Array(Element::Packed(_)) => {
            quote!(w.nullable_packed(#e, self.#name.as_ref(), #label))
        }
        Type::Array(Element::Struct(_)) => {
            quote!(w.nullable_structs(#e, self.#name.as_deref(), #label, v))
        }
        Type::Array(Element::String) => {
            quote!(w.nullable_strings(#e, self.#name.as_deref(), #label))
        }
        Type::Array(element) => {
            let write = self::element(element, e);
            quote!(w.nullable_array(#e, self.#name.as_deref(), #label, #write))
        }
    }
}

/// The function that writes an element, which has no name beside its array's.
fn element(element: &Element, e: &TokenStream) -> TokenStream {
    match element {
        // The others are written by functions of their own.
        Element::Packed(_) | Element::Struct(_) | Element::String | Element::Bool => {
            quote!(|w, value| w.bool(*value))
        }
        Element::Blob => quote!(|w, value| w.blob(#e, value, "")),
    }
}

/// The name of the field for errors.
fn display(field: &Field) -> TokenStream {
    let name = field.ident.trim_start_matches("r#");
    quote!(#name)
}
