//! The items of one struct: itself, its defaults, and how it is read and written.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    INDENT, Scope, defaults, docs, ident, number, own, parameter, read, role, types, write,
};

/// The struct of a message; `schema` says where its table is, `page` what its documentation has beside the definition.
pub(super) fn of_message(
    scope: Scope<'_>,
    schema: Option<&TokenStream>,
    page: Option<&TokenStream>,
) -> TokenStream {
    let name = ident(&scope.entry.ident);
    let docs = docs::message(scope.message, page.is_some());
    let declaration = declaration(scope, &docs, page);
    let default = default(scope);
    let own = own::item(scope);
    let message = message_impl(scope, schema);
    let read = read_fn(scope);
    let tags = read::tags_fn(scope).map(|function| quote!(impl<'a> #name<'a> { #function }));
    let role = role::item(scope);
    quote! {
        #declaration
        #default
        #message
        impl<'a> Decode<'a> for #name<'a> {
            #read
        }
        #tags
        #own
        #role
    }
}

/// A struct inside of a message.
pub(super) fn nested(scope: Scope<'_>) -> TokenStream {
    let name = ident(&scope.entry.ident);
    let docs = docs::nested(scope.message, scope.entry);
    let declaration = declaration(scope, &docs, None);
    let default = default(scope);
    let own = own::item(scope);
    let min_size = min_size(scope);
    let read = read_fn(scope);
    let tags = read::tags_fn(scope).map(|function| quote!(impl<'a> #name<'a> { #function }));
    let write = write_fn(scope);
    quote! {
        #declaration
        #default
        impl<'a> Struct<'a> for #name<'a> {
            #min_size
            #read
            #write
        }
        #tags
        #own
    }
}

fn declaration(scope: Scope<'_>, docs: &[String], page: Option<&TokenStream>) -> TokenStream {
    let name = ident(&scope.entry.ident);
    let derived = defaults::are_all_rusts_own(scope.entry).then(|| quote!(Default,));
    let docs = docs::attributes(scope.home.indent(), docs);
    let fields = scope.entry.fields.iter().map(|field| {
        let docs = docs::attributes(scope.home.indent() + INDENT, &docs::field(scope, field));
        let (name, ty) = (ident(&field.ident), types::of_field(scope, field));
        quote!(#docs pub #name: #ty,)
    });
    quote! {
        #docs
        #page
        #[derive(Clone, Debug, #derived PartialEq)]
        pub struct #name<'a> {
            #(#fields)*
            #[doc = " Unknown tagged fields, preserved on re-encoding."]
            pub unknown_tagged_fields: TaggedFields<'a>,
        }
    }
}

/// The implementation of `Default`, where it cannot be derived.
fn default(scope: Scope<'_>) -> TokenStream {
    if defaults::are_all_rusts_own(scope.entry) {
        return TokenStream::new();
    }
    let name = ident(&scope.entry.ident);
    let fields = scope.entry.fields.iter().map(|field| {
        let (name, value) = (ident(&field.ident), defaults::value(scope, field));
        quote!(#name: #value,)
    });
    quote! {
        impl Default for #name<'_> {
            #[inline]
            fn default() -> Self {
                Self {
                    #(#fields)*
                    unknown_tagged_fields: TaggedFields::new(),
                }
            }
        }
    }
}

fn message_impl(scope: Scope<'_>, schema: Option<&TokenStream>) -> TokenStream {
    let name = ident(&scope.entry.ident);
    let kafka_name = &scope.message.name;
    let versions = scope.message.versions;
    let (min, max) = (
        versions.lowest().unwrap_or(0),
        versions.highest().unwrap_or(0),
    );
    let (min, max) = (number(min), number(max));
    let flexible = match scope.message.flexible.lowest() {
        Some(first) => {
            let first = number(first);
            quote!(Some(Version(#first)))
        }
        None => quote!(None),
    };
    let body = write::body(scope);
    let v = parameter("v", &body);
    quote! {
        impl Message for #name<'_> {
            const NAME: &'static str = #kafka_name;
            const VERSIONS: VersionRange = VersionRange::generated(#min, #max);
            const FLEXIBLE_FROM: Option<Version> = #flexible;
            #schema
            type With<'b> = #name<'b>;

            #[inline]
            fn write(&self, w: &mut WriteCursor, #v: i16) {
                #body
            }
        }
    }
}

fn write_fn(scope: Scope<'_>) -> TokenStream {
    let body = write::body(scope);
    let v = parameter("v", &body);
    quote! {
        #[inline]
        fn write(&self, w: &mut WriteCursor, #v: i16) {
            #body
        }
    }
}

fn read_fn(scope: Scope<'_>) -> TokenStream {
    let body = read::body(scope);
    let v = parameter("v", &body);
    quote! {
        #[inline]
        fn read(r: &mut ReadCursor<'a>, #v: i16) -> Self {
            #body
        }
    }
}

/// The function that returns the minimum size of an element, for structs that are elements.
fn min_size(scope: Scope<'_>) -> TokenStream {
    if !scope.entry.is_element {
        return TokenStream::new();
    }
    let mut runs = scope.entry.min_sizes.iter().rev();
    let last = runs.next().map_or(0, |(_, size)| *size);
    let last = proc_macro2::Literal::usize_unsuffixed(last);
    let arms = runs.rev().map(|(versions, size)| {
        let size = proc_macro2::Literal::usize_unsuffixed(*size);
        let (lowest, highest) = (
            versions.lowest().unwrap_or(0),
            versions.highest().unwrap_or(0),
        );
        let (low, high) = (number(lowest), number(highest));
        if lowest == highest {
            quote!(#low => #size,)
        } else {
            quote!(#low..=#high => #size,)
        }
    });
    let arms: TokenStream = arms.collect();
    let body = if arms.is_empty() {
        quote!(#last)
    } else {
        quote!(match v { #arms _ => #last, })
    };
    let v = parameter("v", &body);
    quote! {
        #[inline]
        fn min_size(#v: i16) -> usize {
            #body
        }
    }
}
