//! The enumerations, which macros of the library turn into types.

use proc_macro2::TokenStream;
use quote::quote;

use super::{INDENT, docs, ident, number, types};
use crate::corpus::{Enumeration, Scalar};
use crate::resolve;

/// One macro call an enumeration: its name and type, and its values with their names.
pub fn enumerations(enumerations: &[Enumeration]) -> TokenStream {
    enumerations.iter().map(enumeration).collect()
}

fn enumeration(enumeration: &Enumeration) -> TokenStream {
    let name = ident(&enumeration.name);
    let source = &enumeration.source;
    let source = match source.contains(' ') {
        true => format!("Source: {source}."),
        false => format!("Values of Kafka\u{2019}s `{source}`."),
    };
    let about = [enumeration.about.clone(), source];
    let about = docs::attributes(INDENT, &about);
    let values = enumeration.values.iter().map(|value| {
        let name = ident(&value.name);
        let docs = docs::attributes(2 * INDENT, std::slice::from_ref(&value.meaning));
        match &value.value {
            Scalar::Code(code) => {
                let code = number(*code);
                quote!(#docs #name = #code,)
            }
            Scalar::Text(text) => quote!(#docs #name = #text,),
        }
    });
    match resolve::fixed(&enumeration.ty) {
        Some(fixed) => {
            let ty = ident(types::method(fixed));
            quote!(numbers! { #about #name(#ty) { #(#values)* } })
        }
        None => quote!(texts! { #about #name { #(#values)* } }),
    }
}
