//! The tree of messages: one module a message, the messages themselves re-exported flat.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Home, Scope, ident, schemas, structs};
use crate::ir::{Message, Protocol};

/// All messages, for the library itself.
pub fn messages(protocol: &Protocol, schemas: bool) -> TokenStream {
    let schemas = schemas.then(|| quote!(crate::schema::tables));
    let tree = tree(protocol, Home::Library, &quote!(crate), schemas.as_ref());
    let names = protocol.messages.iter().map(|message| ident(&message.name));
    quote! {
        #tree
        #[doc = " Calls a macro with the names of all messages, separated by commas."]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! for_all_messages {
            ($callback:ident) => {
                $callback! { #(#names,)* }
            };
        }
    }
}

/// All messages, for a crate that uses the library, and their tables if that has any.
pub fn selected(protocol: &Protocol, schemas: bool) -> TokenStream {
    let library = quote!(::kafka_codec);
    let home = Home::Elsewhere(protocol);
    if !schemas {
        return tree(protocol, home, &library, None);
    }
    let tree = tree(protocol, home, &library, Some(&quote!(super::schemas)));
    let schemas = schemas::modules(protocol, &quote!(super::super), &library);
    quote! {
        #tree
        mod schemas { #schemas }
    }
}

fn tree(
    protocol: &Protocol,
    home: Home<'_>,
    library: &TokenStream,
    schemas: Option<&TokenStream>,
) -> TokenStream {
    let modules = protocol.messages.iter().map(|message| {
        let (module, name) = (ident(&message.ident), ident(&message.name));
        let doc = format!(" [`{}`] and the structs it is made of.", message.name);
        let items = items(message, home, schemas);
        quote! {
            pub use self::#module::#name;
            #[doc = #doc]
            pub mod #module {
                use #library::generated::*;
                #items
            }
        }
    });
    quote!(#(#modules)*)
}

/// The items of one message, as the library has them: its own struct, then the structs inside of it.
pub fn message(message: &Message) -> TokenStream {
    items(message, Home::Library, None)
}

fn items(message: &Message, home: Home<'_>, schemas: Option<&TokenStream>) -> TokenStream {
    let mut entries = message.structs.iter().map(|entry| Scope {
        home,
        message,
        entry,
    });
    let schema = schemas.map(|schemas| {
        let module = ident(&message.ident);
        quote!(const SCHEMA: Option<&'static Schema> = Some(&#schemas::#module::SCHEMA);)
    });
    let own = entries
        .next()
        .map(|own| structs::of_message(own, schema.as_ref()));
    let nested = entries.map(structs::nested);
    quote!(#own #(#nested)*)
}
