//! The table of error codes, which a macro of the library turns into constants.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{INDENT, docs, ident, number};
use crate::corpus::ErrorCode;

/// One row an error: constant, number, and what the library wants to know of it.
pub fn error_codes(errors: &[ErrorCode]) -> TokenStream {
    let rows = errors.iter().map(|error| {
        let name = format_ident!("{}", error.name);
        let code = number(error.code);
        let alias = format!("error code {}", error.code);
        let former = &error.former;
        let (retriable, refreshes_metadata) = (error.retriable, error.refreshes_metadata);
        let remedy = match error.remedy {
            Some(remedy) => {
                let remedy = ident(remedy.variant());
                quote!(Some(Remedy::#remedy))
            }
            None => quote!(None),
        };
        let applied = error.applied.iter().map(|(api, applied)| {
            let (api, applied) = (ident(&api.text), ident(applied.variant()));
            quote!((ApiKey::#api, Applied::#applied))
        });
        let docs = docs::attributes(INDENT, std::slice::from_ref(&error.meaning));
        quote! {
            #docs
            #name = #code, #alias {
                former: &[#(#former),*],
                is_retriable: #retriable,
                refreshes_metadata: #refreshes_metadata,
                remedy: #remedy,
                applied: &[#(#applied),*],
            }
        }
    });
    quote!(error_codes! { #(#rows)* })
}
