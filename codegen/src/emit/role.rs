//! Which API a request or response belongs to, and which response a request has.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Home, Scope, ident, number};
use crate::ir::{Api, Message, Protocol};
use crate::schema::Kind;

/// The implementation of `Request` or `Response`; nothing for other messages.
pub(super) fn item(scope: Scope<'_>) -> TokenStream {
    let name = ident(&scope.entry.ident);
    let (kind, stem) = (scope.message.kind, scope.message.stem());
    let key = match scope.home {
        Home::Library => {
            let variant = ident(stem);
            quote!(ApiKey::#variant)
        }
        Home::Elsewhere(_) => {
            // The library may not know the API.
            let key = number(scope.message.api_key.unwrap_or(-1));
            quote!(ApiKey::from_number(#key))
        }
    };
    match kind {
        Kind::Request => {
            let response = response(scope.home, scope.message);
            quote! {
                impl Request for #name<'_> {
                    type Response<'r> = #response;

                    const KEY: ApiKey = #key;
                }
            }
        }
        Kind::Response => quote! {
            impl Response for #name<'_> {
                const KEY: ApiKey = #key;
            }
        },
        _ => TokenStream::new(),
    }
}

/// The type of the response to `request`: that of any bytes if its own was not selected.
fn response(home: Home<'_>, request: &Message) -> TokenStream {
    let name = format!("{}Response", request.stem());
    if let Home::Elsewhere(protocol) = home {
        if !protocol.messages.iter().any(|message| message.name == name) {
            let key = number(request.api_key.unwrap_or(-1));
            let api = api(protocol, request);
            let flexible = api.and_then(|api| api.response_flexible.lowest());
            let flexible = number(flexible.unwrap_or(i16::MAX));
            return quote!(UnselectedResponse<'r, #key, #flexible>);
        }
    }
    let name = ident(&name);
    quote!(super::#name<'r>)
}

fn api<'p>(protocol: &'p Protocol, request: &Message) -> Option<&'p Api> {
    protocol
        .apis
        .iter()
        .find(|api| Some(api.key) == request.api_key)
}
