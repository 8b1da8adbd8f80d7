//! The tree of messages: one module a message, the messages themselves re-exported flat.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Home, Scope, ident, page, schemas, short_names, structs};
use crate::ir::{Message, Protocol};

/// The code of one message, which is a file of its own.
pub struct Module {
    /// The name of the module, without `r#`.
    pub name: String,
    /// The items. The documentation of the message includes a file `<name>.md` beside them.
    pub code: TokenStream,
    /// That file: an example, and what changed in each version.
    pub page: String,
}

/// The modules of all messages, for the library itself, with their tables if `schemas`.
pub fn modules(protocol: &Protocol, schemas: bool) -> impl Iterator<Item = Module> {
    let library = quote!(crate);
    let messages = protocol.messages.iter();
    messages.map(move |message| Module {
        name: message.ident.trim_start_matches("r#").to_owned(),
        code: module(
            message,
            Home::Library(Some(protocol)),
            &library,
            schemas,
            true,
        ),
        page: page::text(message),
    })
}

/// The declarations of the modules of all messages, for the library itself, and re-exports the messages flat.
pub fn messages(protocol: &Protocol) -> TokenStream {
    let exports = exports(protocol);
    let exports = quote!(#[doc(inline)] #exports);
    let mut messages: Vec<_> = protocol.messages.iter().collect();
    messages.sort_by_key(|message| &message.ident);
    let modules = messages.iter().map(|message| declare(message, &quote!(;)));
    let names = protocol.messages.iter().map(|message| ident(&message.name));
    quote! {
        #exports
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

/// The table of all APIs in Markdown, for the page of the module with the messages.
pub fn apis(protocol: &Protocol) -> String {
    page::apis(protocol)
}

/// All messages in one file, for a crate that uses the library at the path `library`, and their tables if that has any.
pub fn selected(protocol: &Protocol, schemas: bool, library: &TokenStream) -> TokenStream {
    let home = Home::Elsewhere(protocol);
    let modules = protocol.messages.iter().map(|message| {
        let code = module(message, home, library, schemas, false);
        declare(message, &quote!({ #code }))
    });
    let exports = exports(protocol);
    quote!(#exports #(#modules)*)
}

/// The messages flat, without the structs inside of them.
fn exports(protocol: &Protocol) -> TokenStream {
    let messages = protocol.messages.iter();
    let mut paths: Vec<_> = messages
        .map(|message| (&message.ident, &message.name))
        .collect();
    paths.sort();
    let paths = paths.into_iter().map(|(module, name)| {
        let (module, name) = (ident(module), ident(name));
        quote!(#module::#name)
    });
    quote! {
        #[rustfmt::skip]
        pub use self::{#(#paths),*};
    }
}

fn declare(message: &Message, body: &TokenStream) -> TokenStream {
    let module = ident(&message.ident);
    let doc = format!(" [`{}`] and the structs it is made of.", message.name);
    quote! {
        #[doc = #doc]
        pub mod #module #body
    }
}

/// The structs of a message, and its table.
fn module(
    message: &Message,
    home: Home<'_>,
    library: &TokenStream,
    schemas: bool,
    has_page: bool,
) -> TokenStream {
    let items = items(message, home, schemas, has_page);
    let schema = schemas.then(|| schemas::module(message, library));
    quote! {
        use #library::generated::*;
        #items
        #schema
    }
}

/// The items of one message, as the library has them: its own struct, then the structs inside of it. What a request has
/// from its response is there if `protocol` has that.
pub fn message(message: &Message, protocol: Option<&Protocol>) -> TokenStream {
    items(message, Home::Library(protocol), false, false)
}

fn items(message: &Message, home: Home<'_>, schemas: bool, has_page: bool) -> TokenStream {
    let mut entries = message.structs.iter().map(|entry| Scope {
        home,
        message,
        entry,
    });
    let schema = schemas.then(|| {
        quote!(
            const SCHEMA: Option<&'static Schema> = Some(&schema::SCHEMA);
        )
    });
    let page = has_page.then(|| page::attributes(message));
    let own = entries
        .next()
        .map(|own| structs::of_message(own, schema.as_ref(), page.as_ref()));
    let nested = entries.map(structs::nested);
    let short_names = short_names::items(message);
    quote!(#own #(#nested)* #short_names)
}
