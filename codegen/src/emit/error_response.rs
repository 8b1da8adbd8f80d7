//! The response that tells an error, made from its request: the function of each request, as `error-responses.json` states
//! it. Names that the messages at hand do not have are passed over: they have fewer versions than the definitions.

use proc_macro2::TokenStream;
use quote::quote;

use super::when::When;
use super::{Scope, defaults, ident, number, parameter};
use crate::corpus::{Each, ErrorResponse, FillValue, Filled, Filling};
use crate::ir::{Element, Elements, Field, Fixed, Found, Level, Message, Protocol, Type};
use crate::quirks;
use crate::schema::Kind;
use crate::versions::Versions;

/// The method that makes the error response; nothing if there is no place for an error.
pub(super) fn method(scope: Scope<'_>, protocol: &Protocol) -> Option<TokenStream> {
    let request = scope.message;
    let response = protocol
        .messages
        .iter()
        .find(|message| message.kind == Kind::Response && message.api_key == request.api_key)?;
    let elements = Elements::of(request)?;
    let target = Scope {
        home: scope.home,
        message: response,
        entry: response.structs.first()?,
    };
    let (body, none_if) = match &request.error_response {
        Some(stated) => {
            let made = filling(&stated.filling, target, &elements, request.versions);
            (quote!(Some(#made)), none_if(stated, &elements, request))
        }
        None => (of_own_code(target, &elements, request)?, TokenStream::new()),
    };
    let body = quote!(#none_if #body);
    let [v, code, message, throttle] =
        ["v", "code", "message", "throttle"].map(|name| parameter(name, &body));
    let name = ident(&response.name);
    Some(quote! {
        #[inline]
        fn error_response<'r>(
            &'r self,
            #v: Version,
            #code: ErrorCode,
            #message: Option<&'r str>,
            #throttle: Duration,
        ) -> Option<super::#name<'r>> {
            #body
        }
    })
}

/// What is known without being stated: a response that has an error code of its own says the error there.
fn of_own_code(
    target: Scope<'_>,
    elements: &Elements<'_>,
    request: &Message,
) -> Option<TokenStream> {
    let mut fields = target.entry.fields.iter();
    let code = fields.find(|field| is_code(field))?;
    let when = When::new(code.versions, request.versions);
    let made = || {
        let possible = request.versions.intersect(code.versions);
        let made = filling(&Filling::default(), target, elements, possible);
        quote!(Some(#made))
    };
    Some(when.choose(made, || quote!(None)))
}

/// Returns early where a request with these values is not answered.
fn none_if(stated: &ErrorResponse, elements: &Elements<'_>, request: &Message) -> TokenStream {
    let conditions = stated.none_if.iter().filter_map(|(name, value)| {
        let found = elements.field(&name.text, request.versions)?;
        let (field, value) = (ident(&found.field.ident), number(*value));
        let when = When::new(found.field.versions, request.versions);
        let value = defaults::wrapped(found.field, quote!(#value));
        Some(when.and(quote!(self.#field == #value)))
    });
    let conditions: Vec<_> = conditions.collect();
    if conditions.is_empty() {
        return TokenStream::new();
    }
    quote!(if #(#conditions)&&* { return None; })
}

/// A struct of the response in versions that are `possible`.
fn filling(
    filling: &Filling,
    target: Scope<'_>,
    elements: &Elements<'_>,
    possible: Versions,
) -> TokenStream {
    let fields = target.entry.fields.iter().filter_map(|field| {
        let mut stated = filling.0.iter();
        let stated = stated.find(|filled| filled.field.text == field.name);
        let versions = stated.map_or(Versions::ALL, |filled| filled.versions);
        let when = When::new(field.versions.intersect(versions), possible);
        if when == When::Never {
            return None;
        }
        let inside = possible.intersect(field.versions).intersect(versions);
        let value = match stated {
            Some(filled) => value(filled, field, target, elements, inside)?,
            None => usual(field, elements.depth())?,
        };
        let name = ident(&field.ident);
        let value = when.choose(|| value, || defaults::value(target, field));
        Some(quote!(#name: #value,))
    });
    let fields: Vec<_> = fields.collect();
    let name = ident(&target.entry.ident);
    let own = target.message.structs.first();
    let path = match own.is_some_and(|own| std::ptr::eq(own, target.entry)) {
        true => quote!(super::#name),
        false => {
            let module = ident(&target.message.ident);
            quote!(super::#module::#name)
        }
    };
    quote!(#path { #(#fields)* ..Default::default() })
}

/// The value of a field that holds the error or the throttle time under its usual name.
fn usual(field: &Field, depth: usize) -> Option<TokenStream> {
    if is_code(field) {
        return Some(quote!(code));
    }
    if field.name == quirks::ERROR_MESSAGE && field.ty == Type::String {
        return Some(message(field));
    }
    let is_throttle = field.name == quirks::THROTTLE_TIME && depth == 0;
    (is_throttle && field.ty == Type::Fixed(Fixed::I32)).then(|| quote!(to_milliseconds(throttle)))
}

fn is_code(field: &Field) -> bool {
    field.name == quirks::ERROR_CODE && field.is_error_code()
}

fn message(field: &Field) -> TokenStream {
    match field.is_nullable() {
        true => quote!(message.map(Cow::Borrowed)),
        false => quote!(Cow::Borrowed(message.unwrap_or_default())),
    }
}

fn value(
    filled: &Filled,
    field: &Field,
    target: Scope<'_>,
    elements: &Elements<'_>,
    possible: Versions,
) -> Option<TokenStream> {
    Some(match &filled.value {
        FillValue::Field(name) => copied(elements.field(name, possible)?, field, possible),
        FillValue::Element => {
            let element = level(elements.depth());
            match elements.innermost() {
                Level::Text => of_text(field, quote!(#element)),
                _ => quote!(#element),
            }
        }
        FillValue::Null => {
            let when = When::new(field.nullable, possible);
            when.choose(|| quote!(None), || defaults::value(target, field))
        }
        FillValue::Integer(value) => {
            let value = number(*value);
            defaults::wrapped(field, quote!(#value))
        }
        FillValue::Text(text) => match field.ty {
            Type::Blob if field.is_nullable() => quote!(Some(Blob::default())),
            Type::Blob => quote!(Blob::default()),
            _ if field.is_nullable() => quote!(Some(Cow::Borrowed(#text))),
            _ => quote!(Cow::Borrowed(#text)),
        },
        FillValue::Code => quote!(code),
        FillValue::Message => message(field),
        FillValue::Each(each) => all(each, field, target, elements, possible)?,
    })
}

/// The structs that are made from all of the arrays.
fn all(
    each: &[Each],
    field: &Field,
    target: Scope<'_>,
    elements: &Elements<'_>,
    possible: Versions,
) -> Option<TokenStream> {
    let Type::Array(Element::Struct(place)) = field.ty else {
        return None;
    };
    let target = target.inside(place)?;
    let sources = each.iter().filter_map(|each| {
        let versions = possible.intersect(each.versions);
        let (arrays, inside) = elements.along(&each.path.text, versions).ok()?;
        let versions = arrays
            .iter()
            .fold(versions, |all, array| all.intersect(array.field.versions));
        let made = filling(&each.filling, target, &inside, versions);
        let iterator = iterator(&arrays, elements.depth(), &made);
        Some((When::new(versions, possible), iterator))
    });
    let list = |iterator: TokenStream| match field.is_nullable() {
        true => quote!(Some(#iterator.collect())),
        false => quote!(#iterator.collect()),
    };
    let sources: Vec<_> = sources.filter(|(when, _)| *when != When::Never).collect();
    match &sources[..] {
        [] => None,
        [(When::Always, iterator)] => Some(list(iterator.clone())),
        [(when, iterator)] => {
            Some(when.choose(|| list(iterator.clone()), || defaults::value(target, field)))
        }
        many => {
            let extend = many
                .iter()
                .map(|(when, iterator)| when.only(|| quote!(all.extend(#iterator);)));
            let all = match field.is_nullable() {
                true => quote!(Some(all)),
                false => quote!(all),
            };
            Some(quote!({
                let mut all = Vec::new();
                #(#extend)*
                #all
            }))
        }
    }
}

/// `made` for each element of the last of the arrays, which are inside of each other.
fn iterator(arrays: &[Found<'_>], depth: usize, made: &TokenStream) -> TokenStream {
    let Some((array, inner)) = arrays.split_first() else {
        return made.clone();
    };
    let (owner, field) = (level(array.level), ident(&array.field.ident));
    let (is_nullable, is_packed) = (
        array.field.is_nullable(),
        matches!(array.field.ty, Type::Array(Element::Packed(_))),
    );
    let elements = match (is_nullable, is_packed) {
        (false, _) => quote!(#owner.#field.iter()),
        (true, false) => quote!(#owner.#field.as_deref().unwrap_or_default().iter()),
        (true, true) => quote!(#owner.#field.iter().flat_map(Packed::iter)),
    };
    let element = level(depth + 1);
    let inside = iterator(inner, depth + 1, made);
    let element = parameter(&element.to_string(), &inside);
    match inner {
        [] => quote!(#elements.map(move |#element| #inside)),
        _ => quote!(#elements.flat_map(move |#element| #inside)),
    }
}

/// The value of a field of the request, as the field of the response takes it: empty instead of null, unless the field
/// can always be null.
fn copied(found: Found<'_>, field: &Field, possible: Versions) -> TokenStream {
    let (owner, name) = (level(found.level), ident(&found.field.ident));
    let value = quote!(#owner.#name);
    if found.field.ty != Type::String {
        return value;
    }
    match (found.field.is_nullable(), field.is_nullable()) {
        (false, _) => of_text(field, value),
        (true, false) => quote!(Cow::Borrowed(#value.as_deref().unwrap_or_default())),
        (true, true) if field.nullable.contains_all(possible) => {
            quote!(#value.as_deref().map(Cow::Borrowed))
        }
        (true, true) => quote!(Some(Cow::Borrowed(#value.as_deref().unwrap_or_default()))),
    }
}

/// A text of the request, as the field of the response takes it.
fn of_text(field: &Field, text: TokenStream) -> TokenStream {
    match field.is_nullable() {
        true => quote!(Some(Cow::Borrowed(#text.as_ref()))),
        false => quote!(Cow::Borrowed(#text.as_ref())),
    }
}

/// The name of the message's own struct, or of an element.
fn level(level: usize) -> TokenStream {
    if level == 0 {
        return quote!(self);
    }
    let name = ident(&format!("element{level}"));
    quote!(#name)
}
