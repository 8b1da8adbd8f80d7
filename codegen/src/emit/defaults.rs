//! Default values, and whether a field holds another one.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{Scope, ident, number};
use crate::ir::{Default, Field, Fixed, Newtype, Struct, Type};

/// Returns `true` if every field's default is that of its Rust type.
pub(super) fn are_all_rusts_own(entry: &Struct) -> bool {
    entry.fields.iter().all(|field| match field.default {
        Default::Null => true,
        Default::Zero => !field.is_nullable(),
        _ => false,
    })
}

/// The default of a field, as an expression.
pub(super) fn value(scope: Scope<'_>, field: &Field) -> TokenStream {
    if let (Type::Fixed(_), Some(newtype)) = (&field.ty, field.wrapper()) {
        return named(newtype, field);
    }
    let value = match &field.default {
        Default::Null => return quote!(None),
        Default::Zero => zero(scope, &field.ty),
        Default::True => quote!(true),
        Default::Integer(value) => integer(&field.ty, *value),
        Default::Float(value) => float(*value),
        Default::Uuid(value) => {
            let value = Literal::u128_unsuffixed(*value);
            quote!(Uuid::from_u128(#value))
        }
        Default::Text(text) => quote!(Cow::Borrowed(#text)),
    };
    if field.is_nullable() {
        quote!(Some(#value))
    } else {
        value
    }
}

/// A number as the field holds it.
pub(super) fn wrapped(field: &Field, value: TokenStream) -> TokenStream {
    match field.wrapper() {
        Some(newtype) => {
            let ty = ident(&newtype.name);
            quote!(#ty(#value))
        }
        None => value,
    }
}

/// A number of a type that names its values, by its name if it has one.
fn named(newtype: &Newtype, field: &Field) -> TokenStream {
    match (&newtype.default, &field.default) {
        (Some(name), _) => {
            let (ty, name) = (ident(&newtype.name), ident(name));
            quote!(#ty::#name)
        }
        (None, Default::Integer(value)) => {
            let value = integer(&field.ty, *value);
            wrapped(field, value)
        }
        (None, _) => wrapped(field, quote!(0)),
    }
}

/// An integer, by its name if it is a bound of the type.
pub(super) fn integer(ty: &Type, value: i64) -> TokenStream {
    let (name, min, max) = match ty {
        Type::Fixed(Fixed::I16) => ("i16", i16::MIN.into(), i16::MAX.into()),
        Type::Fixed(Fixed::I32) => ("i32", i32::MIN.into(), i32::MAX.into()),
        _ => ("i64", i64::MIN, i64::MAX),
    };
    let ty = ident(name);
    match value {
        _ if value == min => quote!(#ty::MIN),
        _ if value == max => quote!(#ty::MAX),
        _ => {
            let value = number(value);
            quote!(#value)
        }
    }
}

fn zero(scope: Scope<'_>, ty: &Type) -> TokenStream {
    match ty {
        Type::Fixed(Fixed::Bool) => quote!(false),
        Type::Fixed(Fixed::F64) => quote!(0.0),
        Type::Fixed(Fixed::Uuid) => quote!(Uuid::ZERO),
        Type::Fixed(_) => quote!(0),
        Type::String => quote!(Cow::Borrowed("")),
        Type::Blob => quote!(Blob::default()),
        Type::Struct(place) => {
            let name = scope.struct_at(*place);
            quote!(#name::default())
        }
        Type::Array(crate::ir::Element::Packed(_)) => quote!(Packed::default()),
        Type::Array(_) => quote!(Vec::new()),
    }
}

/// A float as an expression: there is no literal for those that are not finite or negative.
pub(super) fn float(value: f64) -> TokenStream {
    if value.is_nan() {
        quote!(f64::NAN)
    } else if value.is_infinite() {
        if value > 0.0 {
            quote!(f64::INFINITY)
        } else {
            quote!(f64::NEG_INFINITY)
        }
    } else {
        let size = Literal::f64_unsuffixed(value.abs());
        if value.is_sign_negative() {
            quote!(-#size)
        } else {
            quote!(#size)
        }
    }
}

/// Whether the field is not at its default, as an expression over `self`.
pub(super) fn differs(scope: Scope<'_>, field: &Field) -> TokenStream {
    let name = ident(&field.ident);
    let own = quote!(self.#name);
    if field.default == Default::Null {
        return quote!(#own.is_some());
    }
    match (&field.ty, &field.default) {
        (Type::Fixed(Fixed::Bool), Default::True) => quote!(!#own),
        (Type::Fixed(Fixed::Bool), _) => own,
        (Type::Fixed(Fixed::Uuid), Default::Zero) => quote!(!#own.is_zero()),
        // Nothing equals it.
        (_, Default::Float(value)) if value.is_nan() => quote!(true),
        (Type::String, default) => {
            let text = if let Default::Text(text) = default {
                text
            } else {
                ""
            };
            if field.is_nullable() {
                quote!(#own.as_deref() != Some(#text))
            } else if text.is_empty() {
                quote!(!#own.is_empty())
            } else {
                quote!(#own != #text)
            }
        }
        (Type::Blob | Type::Array(_), _) if field.is_nullable() => {
            quote!(#own.as_ref().is_none_or(|value| !value.is_empty()))
        }
        (Type::Blob | Type::Array(_), _) => quote!(!#own.is_empty()),
        _ => {
            let value = value(scope, field);
            quote!(#own != #value)
        }
    }
}
