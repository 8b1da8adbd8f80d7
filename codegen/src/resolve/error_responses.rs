//! The error responses in `error-responses.json`, compared with the definitions: every API has one, and the fields that
//! it names exist and have the types that it needs.

use super::facts::unknown;
use crate::corpus::{Corpus, Each, ErrorResponse, ErrorResponses, FillValue, Filled, Filling};
use crate::fault::{Faults, Mistake, nearest};
use crate::ir::{Element, Elements, Field, Fixed, Level, Message, Protocol, Struct, Type};
use crate::schema::Kind;
use crate::source::Span;
use crate::versions::Versions;

/// Adds the error responses to the requests of `protocol`.
pub(super) fn resolve(corpus: &Corpus, protocol: &mut Protocol, faults: &mut Faults) {
    let Some(responses) = &corpus.error_responses else {
        return;
    };
    let mut check = Check { responses, faults };
    let known: Vec<_> = protocol.apis.iter().map(|api| &*api.name).collect();
    for (name, response) in &responses.apis {
        if !known.contains(&&**name) {
            check.push(response.at, unknown(name, &known));
        }
    }
    for api in &protocol.apis {
        let Some(entry) = responses.apis.get(&api.name) else {
            let wrong = format!("`{}` has no error response", api.name);
            let right = "add what its response holds beside the error: nothing is `{}`";
            check.push(responses.at, Mistake::new(wrong, right));
            continue;
        };
        let of = |kind| {
            let mut messages = protocol.messages.iter();
            messages.find(|message| message.kind == kind && message.api_key == Some(api.key))
        };
        if let (Some(request), Some(response)) = (of(Kind::Request), of(Kind::Response)) {
            check.api(entry, request, response);
        }
    }
    for message in &mut protocol.messages {
        if message.kind == Kind::Request {
            message.error_response = responses.apis.get(message.stem()).cloned();
        }
    }
}

struct Check<'c> {
    responses: &'c ErrorResponses,
    faults: &'c mut Faults,
}

/// A struct of the response that is filled.
#[derive(Copy, Clone)]
struct Target<'m> {
    response: &'m Message,
    entry: &'m Struct,
    versions: Versions,
}

impl Check<'_> {
    fn api(&mut self, entry: &ErrorResponse, request: &Message, response: &Message) {
        let (Some(elements), Some(own)) = (Elements::of(request), response.structs.first()) else {
            return;
        };
        for (name, value) in &entry.none_if {
            match elements.field(&name.text, request.versions) {
                Some(found) if holds(&found.field.ty, *value) => {}
                Some(found) if is_integer(&found.field.ty) => {
                    let ty = shown(&found.field.ty);
                    let wrong = format!("`{}` is never {value}: it is {ty}", name.text);
                    self.fault(name.at, wrong, format!("write a number that fits {ty}"));
                }
                Some(_) => {
                    let wrong = format!("`{}` is not a number", name.text);
                    self.fault(name.at, wrong, "name a field of an integer type".to_owned());
                }
                None => self.no_field(name.at, &request.name, &name.text, &elements.names()),
            }
        }
        let target = Target {
            response,
            entry: own,
            versions: request.versions.intersect(response.versions),
        };
        self.filling(&entry.filling, target, &elements);
    }

    fn filling(&mut self, filling: &Filling, target: Target<'_>, elements: &Elements<'_>) {
        for filled in &filling.0 {
            let name = &filled.field;
            let mut fields = target.entry.fields.iter();
            let Some(field) = fields.find(|field| field.name == name.text) else {
                let known: Vec<_> = target.entry.fields.iter().map(|f| &*f.name).collect();
                let place = match target.entry.name == target.response.name {
                    true => target.response.name.clone(),
                    false => format!("{} of {}", target.entry.name, target.response.name),
                };
                self.no_field(name.at, &place, &name.text, &known);
                continue;
            };
            let versions = field.versions.intersect(filled.versions);
            let versions = versions.intersect(target.versions);
            if versions.is_empty() {
                let wrong = format!("`{}` is in none of these versions", name.text);
                let right = format!("its versions here are {}", field.versions);
                self.fault(filled.at, wrong, right);
                continue;
            }
            let target = Target { versions, ..target };
            self.value(filled, field, target, elements);
        }
    }

    fn value(
        &mut self,
        filled: &Filled,
        field: &Field,
        target: Target<'_>,
        elements: &Elements<'_>,
    ) {
        let name = &field.name;
        let fits = match &filled.value {
            FillValue::Each(each) => {
                for each in each {
                    self.each(each, field, target, elements);
                }
                return;
            }
            FillValue::Field(source) => {
                let Some(found) = elements.field(source, target.versions) else {
                    let place = "the request at this place";
                    self.no_field(filled.at, place, source, &elements.names());
                    return;
                };
                is_copied(&found.field.ty)
                    && found.field.ty == field.ty
                    && type_name(found.field) == type_name(field)
            }
            FillValue::Element => match elements.innermost() {
                Level::Text => field.ty == Type::String,
                Level::Fixed(fixed) => field.ty == Type::Fixed(fixed) && type_name(field).is_none(),
                Level::Struct(_) | Level::Other => false,
            },
            FillValue::Null => field.is_nullable(),
            FillValue::Integer(value) => holds(&field.ty, *value),
            FillValue::Text(text) => match field.ty {
                Type::String => true,
                Type::Blob => text.is_empty(),
                _ => false,
            },
            FillValue::Code => field.is_error_code(),
            FillValue::Message => field.ty == Type::String,
        };
        if !fits {
            let wrong = format!(
                "the value does not fit `{name}`, which is {}",
                shown(&field.ty)
            );
            let right = match &filled.value {
                FillValue::Null => format!("`{name}` is never null: write its value"),
                FillValue::Integer(_) if is_integer(&field.ty) => {
                    "write a number in its range".to_owned()
                }
                _ => "name a source of the same type".to_owned(),
            };
            self.fault(filled.at, wrong, right);
        }
    }

    fn each(&mut self, each: &Each, field: &Field, target: Target<'_>, elements: &Elements<'_>) {
        let Type::Array(Element::Struct(place)) = field.ty else {
            let name = &field.name;
            let wrong = format!("`{name}` is {}, not an array of structs", shown(&field.ty));
            self.fault(each.path.at, wrong, "write a single value".to_owned());
            return;
        };
        let Some(entry) = target.response.structs.get(place) else {
            return;
        };
        let versions = target.versions.intersect(each.versions);
        match elements.along(&each.path.text, versions) {
            Ok((_, inside)) => {
                let target = Target {
                    entry,
                    versions,
                    ..target
                };
                self.filling(&each.filling, target, &inside);
            }
            Err(name) => {
                let wrong = format!("the request has no array `{name}` at this place");
                let names = elements.names();
                let near = nearest(name, &names).map(|near| format!("did you mean `{near}`?"));
                let right = near.unwrap_or_else(|| "name an array of the request".to_owned());
                self.fault(each.path.at, wrong, right);
            }
        }
    }

    fn no_field(&mut self, at: Span, place: &str, name: &str, known: &[&str]) {
        let wrong = format!("{place} has no field `{name}`");
        let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
        let right = near.unwrap_or_else(|| "name a field of the definition".to_owned());
        self.fault(at, wrong, right);
    }

    fn fault(&mut self, at: Span, wrong: String, right: String) {
        self.push(at, Mistake::new(wrong, right));
    }

    fn push(&mut self, at: Span, mistake: Mistake) {
        self.faults.0.push(self.responses.fault(at, mistake));
    }
}

/// Returns `true` if values of this type are repeated from the request.
fn is_copied(ty: &Type) -> bool {
    matches!(ty, Type::Fixed(_) | Type::String)
}

/// The type that names the values of a field.
fn type_name(field: &Field) -> Option<&str> {
    field.wrapper().map(|newtype| &*newtype.name)
}

/// Returns `true` if the type is one of integers, of which 0 is always one.
fn is_integer(ty: &Type) -> bool {
    holds(ty, 0)
}

/// Returns `true` if the type is one of integers and has this one.
fn holds(ty: &Type, value: i64) -> bool {
    let Type::Fixed(fixed) = ty else {
        return false;
    };
    match fixed {
        Fixed::Bool | Fixed::F64 | Fixed::Uuid => false,
        Fixed::I8 => i8::try_from(value).is_ok(),
        Fixed::I16 => i16::try_from(value).is_ok(),
        Fixed::U16 => u16::try_from(value).is_ok(),
        Fixed::I32 => i32::try_from(value).is_ok(),
        Fixed::U32 => u32::try_from(value).is_ok(),
        Fixed::I64 => true,
    }
}

/// A type as a fault names it.
fn shown(ty: &Type) -> &'static str {
    match ty {
        Type::Fixed(fixed) => fixed.name(),
        Type::String => "string",
        Type::Blob => "bytes",
        Type::Struct(_) => "a struct",
        Type::Array(_) => "an array",
    }
}
