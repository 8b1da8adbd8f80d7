//! The tree of all messages: one module a message, the messages themselves re-exported flat.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Scope, ident, structs};
use crate::ir::{Message, Protocol};

/// All messages.
pub fn messages(protocol: &Protocol) -> TokenStream {
    let modules = protocol.messages.iter().map(|message| {
        let (module, name) = (ident(&message.ident), ident(&message.name));
        let doc = format!(" [`{}`] and the structs it is made of.", message.name);
        let items = self::message(message);
        quote! {
            pub use self::#module::#name;
            #[doc = #doc]
            pub mod #module {
                use crate::generated::*;
                #items
            }
        }
    });
    let names = protocol.messages.iter().map(|message| ident(&message.name));
    quote! {
        #(#modules)*
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

/// The items of one message: its own struct, then the structs inside of it.
pub fn message(message: &Message) -> TokenStream {
    let mut entries = message.structs.iter().map(|entry| Scope { message, entry });
    let own = entries.next().map(structs::of_message);
    let nested = entries.map(structs::nested);
    quote!(#own #(#nested)*)
}
