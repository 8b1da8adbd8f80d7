//! The tree of messages: one module a message, the messages themselves re-exported flat.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Home, Scope, ident, structs};
use crate::ir::{Message, Protocol};

/// All messages, for the library itself.
pub fn messages(protocol: &Protocol) -> TokenStream {
    let tree = tree(protocol, Home::Library, &quote!(crate));
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

/// All messages, for a crate that uses the library.
pub fn selected(protocol: &Protocol) -> TokenStream {
    tree(protocol, Home::Elsewhere(protocol), &quote!(::kafka_codec))
}

fn tree(protocol: &Protocol, home: Home<'_>, library: &TokenStream) -> TokenStream {
    let modules = protocol.messages.iter().map(|message| {
        let (module, name) = (ident(&message.ident), ident(&message.name));
        let doc = format!(" [`{}`] and the structs it is made of.", message.name);
        let items = items(message, home);
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
    items(message, Home::Library)
}

fn items(message: &Message, home: Home<'_>) -> TokenStream {
    let mut entries = message.structs.iter().map(|entry| Scope {
        home,
        message,
        entry,
    });
    let own = entries.next().map(structs::of_message);
    let nested = entries.map(structs::nested);
    quote!(#own #(#nested)*)
}
