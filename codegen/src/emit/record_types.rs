//! The tables of record types, which macros of the library turn into the enums over all records of a topic.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{ident, number};
use crate::ir::{Message, Protocol};
use crate::schema::Kind;

/// A table for each module of Kafka's that numbers its records: a row has the variant, the number, and the record
/// or else its key and its value.
pub fn record_types(protocol: &Protocol) -> TokenStream {
    let types = || {
        let is_type =
            |message: &&Message| matches!(message.kind, Kind::Metadata | Kind::CoordinatorKey);
        protocol.messages.iter().filter(is_type)
    };
    let mut modules: Vec<_> = types().map(|message| &message.module).collect();
    modules.dedup();
    let tables = modules.into_iter().map(|module| {
        let name = format_ident!("{}_records", module.replace('-', "_"));
        let mut of_module: Vec<_> = types()
            .filter(|message| message.module == *module)
            .collect();
        of_module.sort_by_key(|message| message.api_key);
        let rows = of_module
            .into_iter()
            .filter_map(|message| row(protocol, message));
        quote!(#name! { #(#rows)* })
    });
    quote!(#(#tables)*)
}

/// `None` if there is no number or no value, which was found to be a fault before.
fn row(protocol: &Protocol, message: &Message) -> Option<TokenStream> {
    let record_type = number(message.api_key?);
    let own = ident(&message.name);
    if message.kind == Kind::Metadata {
        let variant = variant(message, "Record");
        return Some(quote!(#variant = #record_type: #own;));
    }
    let value = protocol.messages.iter().find(|other| {
        let place = |message: &Message| (message.api_key, message.module.clone());
        other.kind == Kind::CoordinatorValue && place(other) == place(message)
    })?;
    let (variant, value) = (variant(message, "Key"), ident(&value.name));
    Some(quote!(#variant = #record_type: #own, #value;))
}

fn variant(message: &Message, suffix: &str) -> Ident {
    ident(message.name.strip_suffix(suffix).unwrap_or(&message.name))
}
