//! The table of APIs, which a macro of the library turns into the enum of API keys.

use proc_macro2::TokenStream;
use quote::quote;

use super::{INDENT, docs, ident, number};
use crate::ir::{Api, HeaderRange, Protocol};
use crate::schema::{Kind, Listener};
use crate::versions::Versions;

/// One row an API: variant, key, and what the library wants to know of it.
pub fn api_keys(protocol: &Protocol) -> TokenStream {
    let releases = &protocol.releases;
    let rows = protocol.apis.iter().map(|api| row(protocol, api));
    quote!(api_keys! { releases: [#(#releases),*]; #(#rows)* })
}

/// Releases and ranges are pairs of a first release and what holds from there on.
fn row(protocol: &Protocol, api: &Api) -> TokenStream {
    let name = ident(&api.name);
    let key = number(api.key);
    let docs = docs::attributes(INDENT, &doc(protocol, api));
    let constant = &api.constant;
    let aliases = api
        .aliases
        .iter()
        .filter(|alias| **alias != api.name && *alias != constant);
    let (lowest, highest) = bounds(api.versions);
    let unstable = api.latest_unstable;
    let flexible_since = option(api.request_flexible.lowest().map(number));
    let headers = headers(&api.headers);
    let listeners = api
        .listeners
        .iter()
        .map(|listener| listener_variant(*listener));
    let facts = api.facts.as_ref();
    let class = option(facts.map(|facts| {
        let class = ident(facts.class.variant());
        quote!(ApiClass::#class)
    }));
    let is_read_only = facts.is_some_and(|facts| facts.read_only);
    let is_repeatable = facts.is_some_and(|facts| facts.repeatable);
    let routing = option(facts.map(|facts| {
        let routing = ident(facts.routing.variant());
        quote!(Routing::#routing)
    }));
    let throttles_since = option(api.throttles_since.map(number));
    let since = option(api.history.since.as_ref());
    let removed_in = option(api.history.removed_in.as_ref());
    let releases = api.history.releases.iter().map(|(release, versions)| {
        let (lowest, highest) = bounds(*versions);
        quote!((#release, #lowest, #highest))
    });
    quote! {
        #docs
        #name = #key {
            constant: #constant,
            aliases: &[#(#aliases),*],
            versions: VersionRange::generated(#lowest, #highest),
            latest_unstable: #unstable,
            flexible_since: #flexible_since,
            headers: #headers,
            listeners: Listeners::of(&[#(#listeners),*]),
            class: #class,
            is_read_only: #is_read_only,
            is_repeatable: #is_repeatable,
            routing: #routing,
            throttles_since: #throttles_since,
            since: #since,
            removed_in: #removed_in,
            releases: &[#(#releases),*],
        }
    }
}

/// What the request does, and the facts of the API.
fn doc(protocol: &Protocol, api: &Api) -> Vec<String> {
    let mut messages = protocol.messages.iter();
    let request =
        messages.find(|message| message.kind == Kind::Request && message.api_key == Some(api.key));
    let description = request.and_then(|request| request.description.clone());
    let mut doc = format!("{}, key {}, versions {}", api.name, api.key, api.versions);
    for (words, release) in [
        ("since Kafka", &api.history.since),
        ("removed in Kafka", &api.history.removed_in),
    ] {
        if let Some(release) = release {
            doc += &format!(", {words} {release}");
        }
    }
    description.into_iter().chain([doc + "."]).collect()
}

/// The lowest and the highest version; no version is 0 to -1, as Kafka's own tables have it.
fn bounds(versions: Versions) -> (TokenStream, TokenStream) {
    let lowest = number(versions.lowest().unwrap_or(0));
    let highest = number(versions.highest().unwrap_or(-1));
    (quote!(#lowest), quote!(#highest))
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}

fn listener_variant(listener: Listener) -> TokenStream {
    match listener {
        Listener::ZkBroker => quote!(Listener::ZkBroker),
        Listener::Broker => quote!(Listener::Broker),
        Listener::Controller => quote!(Listener::Controller),
    }
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

/// The header versions of requests and responses, from a version on.
pub(super) fn headers(ranges: &[HeaderRange]) -> TokenStream {
    let ranges = ranges.iter().map(|range| {
        let [from, request, response] = [range.from, range.request, range.response].map(number);
        quote!((#from, #request, #response))
    });
    quote!(HeaderRanges::new(&[#(#ranges),*]))
}
