//! Which API a request or response belongs to, and which response a request has.

use proc_macro2::TokenStream;
use quote::quote;

use super::api_keys::headers;
use super::when::When;
use super::{Home, Scope, error_response, ident, number, routing, version};
use crate::ir::{Api, Field, Message, Protocol};
use crate::schema::Kind;
use crate::versions::Versions;

/// The implementation of `Request` or `Response`; nothing for other messages.
pub(super) fn item(scope: Scope<'_>) -> TokenStream {
    let name = ident(&scope.entry.ident);
    let (kind, stem) = (scope.message.kind, scope.message.stem());
    let key = match scope.home {
        Home::Library(_) => {
            let variant = ident(stem);
            quote!(ApiKey::#variant)
        }
        Home::Elsewhere(_) => {
            // The library may not know the API.
            let key = number(scope.message.api_key.unwrap_or(-1));
            quote!(ApiKey::from_number(#key))
        }
    };
    let headers = headers(&scope.message.headers);
    match kind {
        Kind::Request => {
            let response = response(scope.home, scope.message);
            let server_wait = server_wait(scope);
            let routing = routing::of_request(scope);
            let protocol = scope.home.protocol();
            let error_response = protocol.and_then(|all| error_response::method(scope, all));
            quote! {
                impl Request for #name<'_> {
                    type Response<'r> = #response;

                    const KEY: ApiKey = #key;
                    const HEADERS: HeaderRanges = #headers;

                    #server_wait
                    #error_response
                    #routing
                }
            }
        }
        Kind::Response => {
            let routing = routing::of_response(scope);
            quote! {
                impl Response for #name<'_> {
                    const KEY: ApiKey = #key;
                    const HEADERS: HeaderRanges = #headers;

                    #routing
                }
            }
        }
        _ => TokenStream::new(),
    }
}

/// The method that says how long the broker may hold the request, where the request does.
fn server_wait(scope: Scope<'_>) -> Option<TokenStream> {
    let all = scope.message.versions;
    let runs = scope.message.server_wait.iter();
    let runs: Vec<_> = runs
        .filter(|(versions, _)| !versions.intersect(all).is_empty())
        .filter_map(|(versions, name)| {
            let field = scope
                .entry
                .fields
                .iter()
                .find(|field| field.name == *name)?;
            Some((*versions, field))
        })
        .collect();
    if runs.is_empty() {
        return None;
    }
    let wait = wait(&runs, all);
    let (version, v) = version(&wait);
    Some(quote! {
        fn server_wait(&self, #version: Version) -> Duration {
            #v
            milliseconds(#wait)
        }
    })
}

/// The field of the run of versions that `v` is in, as an expression; 0 if it is in none.
fn wait(runs: &[(Versions, &Field)], possible: Versions) -> TokenStream {
    let [(versions, field), rest @ ..] = runs else {
        return quote!(0);
    };
    let name = ident(&field.ident);
    let left = match (versions.highest(), possible.highest()) {
        (Some(last), Some(highest)) if versions.lowest() <= possible.lowest() => {
            Versions::new(last.saturating_add(1), highest)
        }
        _ => possible,
    };
    When::new(*versions, possible).choose(|| quote!(self.#name), || wait(rest, left))
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
