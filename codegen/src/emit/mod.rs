//! From the resolved model to Rust. Nothing fails here, and no message is known by its name.

mod api_keys;
mod defaults;
mod docs;
mod messages;
mod own;
mod read;
mod structs;
mod types;
mod when;
mod write;

pub use api_keys::{any_messages, api_keys};
pub use messages::{message, messages};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::ir::{Field, Message, Struct};
use crate::versions::Versions;
use when::When;

/// A struct and the message around it: what every template needs to know.
#[derive(Copy, Clone)]
struct Scope<'m> {
    message: &'m Message,
    entry: &'m Struct,
}

impl<'m> Scope<'m> {
    /// The Rust name of the struct at this place of the message.
    fn struct_at(self, place: usize) -> Ident {
        let name = self
            .message
            .structs
            .get(place)
            .map_or("", |entry| &entry.ident);
        ident(name)
    }

    /// The fields that carry a tag in some version, by tag.
    fn tagged(self) -> impl Iterator<Item = (&'m Field, u32, Versions)> {
        let fields = self.entry.fields.iter();
        let mut tagged: Vec<_> = fields
            .filter_map(|field| field.tag.map(|(tag, versions)| (field, tag, versions)))
            .collect();
        tagged.sort_by_key(|(_, tag, _)| *tag);
        tagged.into_iter()
    }

    /// How lengths of the struct's fields are written, as an expression of the version.
    fn encoding(self) -> TokenStream {
        encoding(self.message.flexible, self.entry.versions)
    }

    /// How the length of a field is written that stands among the others.
    fn encoding_of(self, field: &Field) -> TokenStream {
        if field.flexible == self.message.flexible {
            quote!(e)
        } else {
            encoding(field.flexible, field.versions)
        }
    }
}

fn encoding(flexible: Versions, possible: Versions) -> TokenStream {
    match (When::new(flexible, possible), flexible.lowest()) {
        (When::Always, _) => quote!(Encoding::Compact),
        (When::Never, _) | (_, None) => quote!(Encoding::Plain),
        (_, Some(first)) => {
            let first = number(first);
            quote!(Encoding::flexible_from(#first, v))
        }
    }
}

/// An identifier, raw if it begins with `r#`.
fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// A literal without a suffix.
fn number(value: impl Into<i64>) -> proc_macro2::Literal {
    proc_macro2::Literal::i64_unsuffixed(value.into())
}

/// `_` in place of the parameter `name`, where `body` does not use it.
fn parameter(name: &str, body: &TokenStream) -> TokenStream {
    if mentions(body, name) {
        let name = ident(name);
        quote!(#name)
    } else {
        quote!(_)
    }
}

fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Group(group) => mentions(&group.stream(), name),
        proc_macro2::TokenTree::Ident(ident) => ident == name,
        _ => false,
    })
}
