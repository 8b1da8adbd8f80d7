//! From the resolved model to Rust. Nothing fails here, and no message is known by its name.

mod api_keys;
mod branch;
mod defaults;
mod docs;
mod enumerations;
mod error_codes;
mod error_response;
mod messages;
mod omit;
mod own;
mod page;
mod peek;
mod read;
mod record_types;
mod role;
mod routing;
mod schemas;
mod secrets;
mod short_names;
mod skip;
mod structs;
mod types;
mod when;
mod write;

pub use api_keys::{any_messages, api_keys};
pub use enumerations::enumerations;
pub use error_codes::error_codes;
pub use messages::{Module, apis, message, messages, modules, selected};
pub use peek::{server_wait, throttle_time};
pub use record_types::record_types;
pub use schemas::{schemas, tables};
pub use secrets::secrets;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::ir::{Field, Message, Protocol, Struct};
use crate::versions::Versions;
use when::When;

/// Where the generated code will stand.
#[derive(Copy, Clone)]
enum Home<'p> {
    /// In the library itself, which knows every API by name; with all of its messages, where these are known.
    Library(Option<&'p Protocol>),
    /// In someone's own crate, which has these messages and no others.
    Elsewhere(&'p Protocol),
}

/// How far what is in braces is from the left of what is around them.
const INDENT: usize = 4;

impl<'p> Home<'p> {
    /// The messages that stand beside the one that is generated.
    fn protocol(self) -> Option<&'p Protocol> {
        match self {
            Self::Library(protocol) => protocol,
            Self::Elsewhere(protocol) => Some(protocol),
        }
    }

    /// How far the struct of a message is from the left: it has a file of its own, or a module among others.
    fn indent(self) -> usize {
        match self {
            Self::Library(_) => 0,
            Self::Elsewhere(_) => INDENT,
        }
    }
}

/// A struct and the message around it: what every template needs to know.
#[derive(Copy, Clone)]
struct Scope<'m> {
    home: Home<'m>,
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

    /// The struct at this place of the message.
    fn inside(self, place: usize) -> Option<Self> {
        let entry = self.message.structs.get(place)?;
        Some(Self { entry, ..self })
    }

    /// Returns `true` if the struct is the message itself, not one inside of it.
    fn is_message(self) -> bool {
        let first = self.message.structs.first();
        first.is_some_and(|first| std::ptr::eq(first, self.entry))
    }

    /// The fields that have a tag, by tag.
    fn tagged(self) -> impl Iterator<Item = (&'m Field, u32, Versions)> {
        let fields = self.entry.fields.iter();
        let mut tagged: Vec<_> = fields
            .filter_map(|field| field.tag.map(|(tag, versions)| (field, tag, versions)))
            .collect();
        tagged.sort_by_key(|(_, tag, _)| *tag);
        tagged.into_iter()
    }

    /// How lengths of the struct's fields are written: a binding of `e`, and the expression to go on with, which is
    /// `e` itself where `fields` use it.
    fn encoding(self, fields: &TokenStream) -> (TokenStream, TokenStream) {
        let encoding = encoding(self.message.flexible, self.entry.versions);
        if mentions(fields, "e") {
            (quote!(let e = #encoding;), quote!(e))
        } else {
            (TokenStream::new(), encoding)
        }
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
    match When::new(flexible, possible) {
        When::AtLeast(first) => {
            let first = number(first);
            quote!(Encoding::flexible_from(#first, v))
        }
        when => when.choose(|| quote!(Encoding::Compact), || quote!(Encoding::Classic)),
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

/// The parameter of a method that takes a `Version`, and the binding of its number to `v`, where `body` uses it.
fn version(body: &TokenStream) -> (TokenStream, Option<TokenStream>) {
    if mentions(body, "v") {
        (quote!(version), Some(quote!(let v = version.0;)))
    } else {
        (quote!(_), None)
    }
}

fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Group(group) => mentions(&group.stream(), name),
        proc_macro2::TokenTree::Ident(ident) => ident == name,
        _ => false,
    })
}
