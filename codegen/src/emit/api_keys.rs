//! The table of APIs, which a macro of the library turns into the enum of API keys.

use proc_macro2::TokenStream;
use quote::quote;

use super::{ident, number};
use crate::ir::{Api, Protocol};
use crate::quirks;
use crate::versions::Versions;

/// One row an API: variant, key, versions, and from which version on which header goes before
/// requests and responses.
pub fn api_keys(protocol: &Protocol) -> TokenStream {
    let rows = protocol.apis.iter().map(|api| {
        let name = ident(&api.name);
        let key = number(api.key);
        let doc = format!(" {}, key {}, versions {}.", api.name, api.key, api.versions);
        let (min, max) = (api.versions.lowest().unwrap_or(0), api.versions.highest().unwrap_or(0));
        let (min, max) = (number(min), number(max));
        let request = headers(api, |version| {
            quirks::request_header_version(api.key, version)
                .unwrap_or_else(|| 1 + flexible(api.request_flexible, version))
        });
        let response = headers(api, |version| {
            quirks::response_header_version(api.key)
                .unwrap_or_else(|| flexible(api.response_flexible, version))
        });
        quote!(#[doc = #doc] #name = #key, versions #min to #max, request #request, response #response;)
    });
    quote!(api_keys! { #(#rows)* })
}

/// One row an API: variant, request and response, which a macro of the library turns into the
/// enums over all requests and all responses.
pub fn any_messages(protocol: &Protocol) -> TokenStream {
    let rows = protocol.apis.iter().map(|api| {
        let name = ident(&api.name);
        let request = ident(&format!("{}Request", api.name));
        let response = ident(&format!("{}Response", api.name));
        quote!(#name: #request, #response;)
    });
    quote!(any_messages! { #(#rows)* })
}

fn flexible(versions: Versions, version: i16) -> i16 {
    i16::from(versions.contains(version))
}

/// The header versions as pairs: from which version on, and which. Versions above the known have
/// the last.
fn headers(api: &Api, header: impl Fn(i16) -> i16) -> TokenStream {
    let mut pairs: Vec<(i16, i16)> = Vec::new();
    for version in api.versions.iter() {
        let header = header(version);
        if pairs.last().is_none_or(|(_, last)| *last != header) {
            pairs.push((version, header));
        }
    }
    let pairs = pairs.into_iter().map(|(from, header)| {
        let (from, header) = (number(from), number(header));
        quote!((#from, #header))
    });
    quote!([#(#pairs),*])
}
