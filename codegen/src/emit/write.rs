//! How a struct is written.

use proc_macro2::TokenStream;
use quote::quote;

use super::when::When;
use super::{Scope, defaults, ident, number, types};
use crate::ir::{Element, Field, Fixed, Type};
use crate::versions::Versions;

/// The body of the function that writes the struct to `w` in version `v`.
pub(super) fn body(scope: Scope<'_>) -> TokenStream {
    let fields = scope.entry.fields.iter();
    let fields: TokenStream = fields.map(|field| mandatory(scope, field)).collect();
    let (binding, e) = scope.encoding(&fields);
    if scope.tagged().next().is_none() {
        return quote! {
            #binding
            #fields
            w.tagged_fields(#e, &self.unknown_tagged_fields)
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
        let value = value(scope, field, versions, &place);
        quote!(tags.field(#tag, #present, |w| #value)?;)
    });
    quote! {
        #binding
        #fields
        let mut tags = w.tag_section(#e, &self.unknown_tagged_fields)?;
        #(#tagged)*
        tags.finish()
    }
}

/// The statement that writes a field that stands among the others, and that refuses a value where
/// the version has no such field.
fn mandatory(scope: Scope<'_>, field: &Field) -> TokenStream {
    let possible = scope.entry.versions;
    let written = field.mandatory().intersect(possible);
    let place = Place {
        e: scope.encoding_of(field),
        tagged: false,
    };
    let write = || {
        let value = value(scope, field, written, &place);
        if is_infallible(field) {
            value
        } else {
            quote!(#value?)
        }
    };
    let refuse = || {
        let name = display(field);
        let set = defaults::differs(scope, field);
        quote!(absent(#set, #name)?)
    };
    let is_written = When::new(written, possible);
    let is_there = When::new(field.versions, possible);
    if field.ignorable || is_there == When::Always {
        return match (is_written, is_written.condition()) {
            (When::Never, _) => quote!(),
            (_, None) => statement(write()),
            (_, Some(condition)) => {
                let write = write();
                quote!(if #condition { #write })
            }
        };
    }
    match (is_written, is_there.negated()) {
        // Tagged wherever it is there: written below.
        (When::Never, Some(condition)) => {
            let refuse = refuse();
            quote!(if #condition { #refuse })
        }
        (When::Never, None) => statement(refuse()),
        _ if is_written == is_there => {
            let choice = is_written.choose(write, refuse);
            quote!(#choice)
        }
        (_, absent) => {
            let (written, refuse) = (write(), refuse());
            let condition = is_written.condition();
            quote!(if #condition { #written } else if #absent { #refuse })
        }
    }
}

fn statement(expression: TokenStream) -> TokenStream {
    quote!(#expression;)
}

/// Where a value stands: how lengths are written there, and whether it is that of a tagged field.
struct Place {
    e: TokenStream,
    tagged: bool,
}

/// The expression that writes a field: a `Result`, or nothing where it cannot fail among the other
/// fields.
fn value(scope: Scope<'_>, field: &Field, possible: Versions, at: &Place) -> TokenStream {
    let name = ident(&field.ident);
    let own = quote!(self.#name);
    if !field.is_nullable() {
        return plain(scope, field, at, &own);
    }
    When::new(field.nullable, possible).choose(
        || nullable(scope, field, at, &own),
        || {
            let name = display(field);
            let borrow = borrow(field);
            let value = quote!(required(self.#borrow, #name)?);
            required(scope, field, at, &value)
        },
    )
}

/// `self`'s field as an option of a reference.
fn borrow(field: &Field) -> TokenStream {
    let name = ident(&field.ident);
    match &field.ty {
        Type::String => quote!(#name.as_deref()),
        Type::Array(element) if !matches!(element, Element::Packed(_)) => quote!(#name.as_deref()),
        _ => quote!(#name.as_ref()),
    }
}

fn plain(scope: Scope<'_>, field: &Field, at: &Place, own: &TokenStream) -> TokenStream {
    match &field.ty {
        Type::Fixed(ty) => fixed(*ty, at, own),
        Type::Struct(_) => quote!(#own.write(w, v)),
        _ => required(scope, field, at, &quote!(&#own)),
    }
}

/// Writes `value`, a reference.
fn required(scope: Scope<'_>, field: &Field, at: &Place, value: &TokenStream) -> TokenStream {
    let (e, name) = (&at.e, display(field));
    match &field.ty {
        Type::Fixed(ty) => fixed(*ty, at, value),
        Type::String => quote!(w.string(#e, #value, #name)),
        Type::Blob => quote!(w.blob(#e, #value, #name)),
        Type::Struct(_) => quote!(#value.write(w, v)),
        Type::Array(Element::Packed(_)) => quote!(w.packed(#e, #value, #name)),
        Type::Array(element) => {
            let write = self::element(scope, element, e, &name);
            quote!(w.array(#e, #value, #name, #write))
        }
    }
}

fn nullable(scope: Scope<'_>, field: &Field, at: &Place, own: &TokenStream) -> TokenStream {
    let (e, name) = (&at.e, display(field));
    let borrow = borrow(field);
    match &field.ty {
        // Never nullable: the resolver checked.
        Type::Fixed(ty) => fixed(*ty, at, own),
        Type::String => quote!(w.nullable_string(#e, self.#borrow, #name)),
        Type::Blob => quote!(w.nullable_blob(#e, self.#borrow, #name)),
        Type::Struct(_) if at.tagged => {
            quote!(w.nullable_tagged_struct(self.#borrow, |w, value| value.write(w, v)))
        }
        Type::Struct(_) => quote!(w.nullable_struct(self.#borrow, |w, value| value.write(w, v))),
        Type::Array(Element::Packed(_)) => quote!(w.nullable_packed(#e, self.#borrow, #name)),
        Type::Array(element) => {
            let write = self::element(scope, element, e, &name);
            quote!(w.nullable_array(#e, self.#borrow, #name, #write))
        }
    }
}

/// A number, bool or uuid; as the value of a tagged field a `Result`, as closures there return one.
fn fixed(ty: Fixed, at: &Place, own: &TokenStream) -> TokenStream {
    let method = ident(types::method(ty));
    let write = match ty {
        Fixed::ErrorCode => quote!(w.#method(#own.0)),
        _ => quote!(w.#method(#own)),
    };
    if at.tagged {
        quote!({ #write; Ok(()) })
    } else {
        write
    }
}

/// The function that writes an element.
fn element(_: Scope<'_>, element: &Element, e: &TokenStream, name: &TokenStream) -> TokenStream {
    match element {
        Element::Packed(_) | Element::Bool => quote!(|w, value| {
            w.bool(*value);
            Ok(())
        }),
        Element::String => quote!(|w, value| w.string(#e, value, #name)),
        Element::Blob => quote!(|w, value| w.blob(#e, value, #name)),
        Element::Struct(_) => quote!(|w, value| value.write(w, v)),
    }
}

fn is_infallible(field: &Field) -> bool {
    matches!(field.ty, Type::Fixed(_))
}

/// The name of the field for errors.
fn display(field: &Field) -> TokenStream {
    let name = field.ident.trim_start_matches("r#");
    quote!(#name)
}
