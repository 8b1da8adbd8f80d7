//! Templates that detach a struct from the input.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Scope, ident};

/// The implementation of `IntoOwned`, by a macro of the library: field by field.
pub(super) fn item(scope: Scope<'_>) -> TokenStream {
    let name = ident(&scope.entry.ident);
    let fields = scope.entry.fields.iter().map(|field| ident(&field.ident));
    quote!(into_owned! { #name, #(#fields),* })
}
