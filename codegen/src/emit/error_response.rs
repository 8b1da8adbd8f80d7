//! The response that tells an error, made from its request: the function of each request, as `error-responses.json` states
//! it. Names that the messages at hand do not have are passed over: they have fewer versions than the definitions.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::branch::{self, Branch};
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
    let mut messages = protocol.messages.iter();
    let response = messages
        .find(|message| message.kind == Kind::Response && message.api_key == request.api_key)?;
    let elements = Elements::of(request)?;
    let own = response.structs.first()?;
    let target = Target {
        scope: Scope {
            home: scope.home,
            message: response,
            entry: own,
        },
        depth: 0,
        possible: request.versions,
    };
    let body = match &request.error_response {
        Some(stated) => {
            let none_if = none_if(stated, &elements, request);
            let Made { before, value } = made(&stated.filling, target, &elements);
            quote!(#none_if #before Some(#value))
        }
        // A response that has an error code of its own says the error there, without that being stated.
        None => {
            let code = own.fields.iter().find(|field| is_code(field))?;
            let otherwise = When::new(code.versions, request.versions).negated();
            let none = otherwise.map(|condition| quote!(if #condition { return None; }));
            let Made { before, value } = made(&Filling::default(), target, &elements);
            quote!(#none #before Some(#value))
        }
    };
    let module = ident(&response.ident);
    let structs = super::mentions(&body, STRUCTS).then(|| {
        let structs = ident(STRUCTS);
        quote!(use super::#module as #structs;)
    });
    let (v, e) = (parameter("v", &body), parameter("e", &body));
    Some(quote! {
        #[inline]
        fn answer<'r>(&'r self, #v: i16, #e: ErrorAnswer<'r>) -> Option<Self::Response<'r>> {
            #structs
            #body
        }
    })
}

/// What the generated function calls the module with the structs inside of the response.
const STRUCTS: &str = "structs";

/// A struct of the response that is made.
#[derive(Copy, Clone)]
struct Target<'m> {
    scope: Scope<'m>,
    /// How many structs are around it.
    depth: usize,
    /// The versions that are still possible at its place.
    possible: Versions,
}

/// A struct that is made: what happens before its value is there, and the value as an expression.
struct Made {
    before: TokenStream,
    value: TokenStream,
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

/// Makes a struct of the response.
fn made(filling: &Filling, target: Target<'_>, elements: &Elements<'_>) -> Made {
    let name = made_at(target.depth);
    let around = target.possible;
    let (mut fields, mut branches) = (Vec::new(), Vec::new());
    for field in &target.scope.entry.fields {
        let mut stated = filling.0.iter();
        let stated = stated.find(|filled| filled.field.text == field.name);
        let versions = stated.map_or(Versions::ALL, |filled| filled.versions);
        let possible = target
            .possible
            .intersect(field.versions)
            .intersect(versions);
        if possible.is_empty() {
            continue;
        }
        let target = Target { possible, ..target };
        let ident = ident(&field.ident);
        let place = quote!(#name.#ident);
        if let Some(FillValue::Each(each)) = stated.map(|filled| &filled.value) {
            if field.is_nullable() {
                fields.push(quote!(#ident: Some(Vec::new()),));
            }
            let of = |each| pushes(each, field, &place, target, elements);
            for (versions, pushes) in each.iter().filter_map(of) {
                let when = When::new(versions, around);
                branches.push(Branch::block(when.condition(), pushes));
            }
            continue;
        }
        let value = match stated {
            Some(filled) => value(filled, field, target, elements),
            None => usual(field, target.depth),
        };
        let default = defaults::value(target.scope, field).to_string();
        let Some(value) = value.filter(|value| value.to_string() != default) else {
            continue;
        };
        let when = When::new(possible, around);
        // What is ignorable may be set in any version.
        let is_ignorable = field.ignorable && versions == Versions::ALL && is_simple(&field.ty);
        match when.condition().filter(|_| !is_ignorable) {
            None => fields.push(quote!(#ident: #value,)),
            condition => branches.push(Branch::new(condition, quote!(#place = #value))),
        }
    }
    let entry = ident(&target.scope.entry.ident);
    let path = match target.depth {
        0 => quote!(super::#entry),
        _ => {
            let structs = ident(STRUCTS);
            quote!(#structs::#entry)
        }
    };
    let value = match &fields[..] {
        [] => quote!(#path::default()),
        fields => quote!(#path { #(#fields)* ..Default::default() }),
    };
    if branches.is_empty() {
        return Made {
            before: TokenStream::new(),
            value,
        };
    }
    let statements = branch::statements(branches.into_iter());
    Made {
        before: quote!(let mut #name = #value; #statements),
        value: quote!(#name),
    }
}

/// The name of a struct of the response with this many others around it.
fn made_at(depth: usize) -> Ident {
    match depth {
        0 => ident("response"),
        _ => ident(&format!("made{depth}")),
    }
}

/// The loop that pushes a struct for each element onto the list at `place`, and the versions that have these elements.
fn pushes(
    each: &Each,
    field: &Field,
    place: &TokenStream,
    target: Target<'_>,
    elements: &Elements<'_>,
) -> Option<(Versions, TokenStream)> {
    let Type::Array(Element::Struct(struct_at)) = field.ty else {
        return None;
    };
    let versions = target.possible.intersect(each.versions);
    let (arrays, inside) = elements.along(&each.path.text, versions).ok()?;
    let versions = arrays
        .iter()
        .fold(versions, |all, array| all.intersect(array.field.versions));
    let made = made(
        &each.filling,
        Target {
            scope: target.scope.inside(struct_at)?,
            depth: target.depth + 1,
            possible: versions,
        },
        &inside,
    );
    let Made { before, value } = made;
    let list = match field.is_nullable() {
        true => quote!(#place.get_or_insert_with(Vec::new)),
        false => quote!(#place),
    };
    let name = made_at(target.depth + 1);
    let mut body = match before.is_empty() {
        true => quote!(let #name = #value; #list.push(#name);),
        false => quote!(#before #list.push(#value);),
    };
    let mut depth = inside.depth();
    for array in arrays.iter().rev() {
        let (owner, name) = (level(array.level), ident(&array.field.ident));
        let is_packed = matches!(array.field.ty, Type::Array(Element::Packed(_)));
        let source = match (array.field.is_nullable(), is_packed) {
            (false, false) => quote!(&#owner.#name),
            (false, true) => quote!(#owner.#name.iter()),
            (true, false) => quote!(#owner.#name.iter().flatten()),
            (true, true) => quote!(#owner.#name.iter().flat_map(Packed::iter)),
        };
        let element = parameter(&level(depth).to_string(), &body);
        body = quote!(for #element in #source { #body });
        depth -= 1;
    }
    if let ([array], false) = (&arrays[..], field.is_nullable()) {
        let (owner, name) = (level(array.level), ident(&array.field.ident));
        if !array.field.is_nullable() {
            body = quote!(#place.reserve_exact(#owner.#name.len()); #body);
        }
    }
    (!versions.is_empty()).then_some((versions, body))
}

fn is_simple(ty: &Type) -> bool {
    matches!(ty, Type::Fixed(_) | Type::String)
}

/// The value of a field that holds the error or the throttle time under its usual name.
fn usual(field: &Field, depth: usize) -> Option<TokenStream> {
    if is_code(field) {
        return Some(quote!(e.code));
    }
    if field.name == quirks::ERROR_MESSAGE && field.ty == Type::String {
        return Some(message(field));
    }
    let is_throttle = field.name == quirks::THROTTLE_TIME && depth == 0;
    (is_throttle && field.ty == Type::Fixed(Fixed::I32)).then(|| quote!(e.throttle_time_ms))
}

fn is_code(field: &Field) -> bool {
    field.name == quirks::ERROR_CODE && field.is_error_code()
}

fn message(field: &Field) -> TokenStream {
    match field.is_nullable() {
        true => quote!(e.message.map(Cow::Borrowed)),
        false => quote!(Cow::Borrowed(e.message.unwrap_or_default())),
    }
}

fn value(
    filled: &Filled,
    field: &Field,
    target: Target<'_>,
    elements: &Elements<'_>,
) -> Option<TokenStream> {
    Some(match &filled.value {
        FillValue::Field(name) => copied(
            elements.field(name, target.possible)?,
            field,
            target.possible,
        ),
        FillValue::Element => {
            let element = level(elements.depth());
            match elements.innermost() {
                Level::Text => of_text(field, quote!(#element)),
                _ => quote!(#element),
            }
        }
        FillValue::Null => {
            let when = When::new(field.nullable, target.possible);
            when.choose(|| quote!(None), || defaults::value(target.scope, field))
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
        FillValue::Code => quote!(e.code),
        FillValue::Message => message(field),
        FillValue::Each(_) => return None,
    })
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
