//! The Rust types of fields.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{Scope, ident};
use crate::ir::{Element, Field, Fixed, Type};

/// The type of a field as it stands in the struct.
pub(super) fn of_field(scope: Scope<'_>, field: &Field) -> TokenStream {
    let ty = match &field.ty {
        Type::Fixed(ty) => fixed(field, *ty),
        Type::String => quote!(Cow<'a, str>),
        Type::Blob => quote!(Blob<'a>),
        Type::Struct(place) => {
            let name = scope.struct_at(*place);
            quote!(#name<'a>)
        }
        Type::Array(element) => of_array(scope, field, element),
    };
    if field.is_nullable() {
        quote!(Option<#ty>)
    } else {
        ty
    }
}

fn of_array(scope: Scope<'_>, field: &Field, element: &Element) -> TokenStream {
    match element {
        Element::Packed(ty) => {
            let ty = fixed(field, *ty);
            quote!(Packed<'a, #ty>)
        }
        Element::Bool => quote!(Vec<bool>),
        Element::String => quote!(Vec<Cow<'a, str>>),
        Element::Blob => quote!(Vec<Blob<'a>>),
        Element::Struct(place) => {
            let name = scope.struct_at(*place);
            quote!(Vec<#name<'a>>)
        }
    }
}

/// The type of the field's numbers: the one that names them, if one does.
fn fixed(field: &Field, ty: Fixed) -> TokenStream {
    if let Some(wrapper) = wrapper(field) {
        return quote!(#wrapper);
    }
    match ty {
        Fixed::Bool => quote!(bool),
        Fixed::I8 => quote!(i8),
        Fixed::I16 => quote!(i16),
        Fixed::U16 => quote!(u16),
        Fixed::I32 => quote!(i32),
        Fixed::U32 => quote!(u32),
        Fixed::I64 => quote!(i64),
        Fixed::F64 => quote!(f64),
        Fixed::Uuid => quote!(Uuid),
    }
}

/// The type that the field's numbers are wrapped in.
pub(super) fn wrapper(field: &Field) -> Option<Ident> {
    field.wrapper().map(|newtype| ident(&newtype.name))
}

/// The name of the method that reads or writes a value.
pub(super) fn method(ty: Fixed) -> &'static str {
    match ty {
        Fixed::Bool => "bool",
        Fixed::I8 => "i8",
        Fixed::I16 => "i16",
        Fixed::U16 => "u16",
        Fixed::I32 => "i32",
        Fixed::U32 => "u32",
        Fixed::I64 => "i64",
        Fixed::F64 => "f64",
        Fixed::Uuid => "uuid",
    }
}
