//! The facts in `apis.json`, compared with the definitions: every API has some, and what they name exists.

use crate::corpus::{ApiFacts, Apis, Corpus, Errors, Name, Routing};
use crate::fault::{Faults, Mistake, nearest};
use crate::ir::{Api, Elements, Fixed, Level, Message, Protocol, Type};
use crate::quirks;
use crate::schema::Kind;
use crate::source::Span;
use crate::versions::Versions;

/// Adds the facts to the APIs and requests of `protocol`.
pub(super) fn resolve(corpus: &Corpus, protocol: &mut Protocol, faults: &mut Faults) {
    errors(&corpus.errors, &protocol.apis, faults);
    let Some(apis) = &corpus.apis else {
        return;
    };
    let mut check = Check { apis, faults };
    check.names(&protocol.apis);
    check.secrets(&protocol.messages);
    for api in &mut protocol.apis {
        let Some(facts) = apis.facts.get(&api.name) else {
            let wrong = format!("`{}` has no facts", api.name);
            check.fault(apis.at, wrong, "add its class and routing");
            continue;
        };
        let mut messages = protocol
            .messages
            .iter_mut()
            .filter(|m| m.api_key == Some(api.key));
        for message in &mut messages {
            let is_divided = !facts.units.is_empty() || facts.routing == Routing::EveryBroker;
            if matches!(message.kind, Kind::Request | Kind::Response) && is_divided {
                message.units = Some((facts.routing, facts.units.clone()));
            }
            match message.kind {
                Kind::Request => {
                    message.server_wait = check.server_wait(facts, message);
                    check.units(facts, message);
                }
                Kind::Response => api.throttles_since = check.throttles_since(facts, message),
                _ => {}
            }
        }
        api.facts = Some(facts.clone());
    }
}

/// Every API that a rule of an error names exists.
fn errors(errors: &Errors, apis: &[Api], faults: &mut Faults) {
    let known: Vec<_> = apis.iter().map(|api| &*api.name).collect();
    let rules = errors.codes.iter().flat_map(|error| &error.applied);
    for (api, _) in rules.filter(|(api, _)| !known.contains(&&*api.text)) {
        let fault = errors.fault(api.at, unknown(&api.text, &known));
        // A rule is for several errors.
        let fault = fault.filter(|fault| !faults.0.contains(fault));
        faults.0.extend(fault);
    }
}

/// What is wrong with the name of an API that does not exist.
pub(super) fn unknown(name: &str, known: &[&str]) -> Mistake {
    let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
    let right = near.unwrap_or_else(|| "name an API that has a request".to_owned());
    Mistake::new(format!("there is no API `{name}`"), right)
}

struct Check<'c> {
    apis: &'c Apis,
    faults: &'c mut Faults,
}

impl Check<'_> {
    fn names(&mut self, apis: &[Api]) {
        let known: Vec<_> = apis.iter().map(|api| &*api.name).collect();
        let facts = self.apis.facts.iter();
        for (name, facts) in facts.filter(|(name, _)| !known.contains(&&***name)) {
            let fault = self.apis.fault(facts.at, unknown(name, &known));
            self.faults.0.push(fault);
        }
    }

    /// The first version to which a throttling broker answers before the throttle time is over.
    fn throttles_since(&mut self, facts: &ApiFacts, response: &Message) -> Option<i16> {
        let fields = response.structs.first().map(|own| &own.fields);
        let field = fields
            .into_iter()
            .flatten()
            .find(|field| field.name == quirks::THROTTLE_TIME);
        let in_versions = field.map_or(Versions::NONE, |field| field.versions);
        let Some((since, at)) = facts.throttles_since else {
            return in_versions.intersect(response.versions).lowest();
        };
        if !in_versions.contains(since) {
            let name = &response.name;
            let wrong = format!(
                "version {since} of {name} has no `{}`",
                quirks::THROTTLE_TIME
            );
            let right = "name a version whose response has the throttle time";
            self.fault(at, wrong, right);
        }
        Some(since)
    }

    /// In which versions which field bounds how long the broker may hold the request.
    fn server_wait(&mut self, facts: &ApiFacts, request: &Message) -> Vec<(Versions, String)> {
        let fields = request
            .structs
            .first()
            .map(|own| &*own.fields)
            .unwrap_or_default();
        let mut found = Vec::new();
        for name in &facts.server_wait {
            match fields.iter().find(|field| field.name == name.text) {
                Some(field) if field.ty == Type::Fixed(Fixed::I32) && field.tag.is_none() => {
                    found.push(field);
                }
                _ => {
                    let wrong = format!(
                        "{} has no field `{}` of type int32",
                        request.name, name.text
                    );
                    let right = "name a field of the request itself that has no tag";
                    self.fault(name.at, wrong, right);
                }
            }
        }
        let mut ranges: Vec<(Versions, String)> = Vec::new();
        for version in request.versions.iter() {
            let Some(field) = found.iter().find(|field| field.versions.contains(version)) else {
                continue;
            };
            match ranges.last_mut() {
                Some((versions, name)) if *name == field.name => {
                    let lowest = versions.lowest().unwrap_or(version);
                    *versions = Versions::new(lowest, version);
                }
                _ => ranges.push((Versions::only(version), field.name.clone())),
            }
        }
        ranges
    }

    /// The units of a request are elements of its arrays, or itself, and what identifies them is there.
    fn units(&mut self, facts: &ApiFacts, request: &Message) {
        let Some(own) = Elements::of(request) else {
            return;
        };
        for units in &facts.units {
            let inside = match &units.of {
                None => Ok((Vec::new(), own.clone())),
                Some(of) => match own.along(&of.text, request.versions) {
                    Ok((arrays, inside)) if arrays.len() <= 3 => Ok((arrays, inside)),
                    _ => Err(of),
                },
            };
            let Ok((arrays, inside)) = inside.map_err(|of| {
                let wrong = format!("{} has no array `{}`", request.name, of.text);
                self.fault(of.at, wrong, "name an array, or one inside of its elements");
            }) else {
                continue;
            };
            // Null stands for all of them, which cannot be divided.
            let null = arrays.iter().find(|array| array.field.is_nullable());
            if let (Some(array), Some(of)) = (null, &units.of) {
                let wrong = format!("the array `{}` may be null", array.field.name);
                let right = "name an array that no version lets be null, or leave `units` out";
                self.fault(of.at, wrong, right);
            }
            let fields = [
                (&units.id, Type::String),
                (&units.topic, Type::String),
                (&units.topic_id, Type::Fixed(Fixed::Uuid)),
                (&units.partition, Type::Fixed(Fixed::I32)),
                (&units.broker, Type::Fixed(Fixed::I32)),
                (&units.resource, Type::Fixed(Fixed::I8)),
                (&units.resource_name, Type::String),
            ];
            for (name, ty) in fields {
                let Some(name) = name else { continue };
                let is_right = match (&*name.text, inside.innermost()) {
                    (".", Level::Text) => ty == Type::String,
                    (".", Level::Fixed(fixed)) => ty == Type::Fixed(fixed),
                    (text, _) => inside
                        .field(text, request.versions)
                        .is_some_and(|found| found.field.ty == ty),
                };
                if !is_right {
                    let wrong = format!("the unit has no such field `{}`", name.text);
                    let right =
                        "name a field of the elements, or of the request, of the right type";
                    self.fault(name.at, wrong, right);
                }
            }
        }
    }

    fn secrets(&mut self, messages: &[Message]) {
        let structs = || messages.iter().flat_map(|message| &message.structs);
        let has_field = |name: &Name| {
            let mut fields = structs().flat_map(|entry| &entry.fields);
            fields.any(|field| field.name == name.text && field.ty == Type::Blob)
        };
        let has_struct = |name: &Name| structs().any(|entry| entry.name == name.text);
        let secrets = &self.apis.secrets;
        let fields = secrets.bytes.iter().filter(|name| !has_field(name));
        let configs = secrets.configs.iter().chain(&secrets.topic_configs);
        let configs = configs.filter(|name| !has_struct(name));
        let missing = fields
            .map(|name| ("field of type bytes", name))
            .chain(configs.map(|name| ("struct", name)));
        for (what, name) in missing {
            let wrong = format!("there is no {what} `{}`", name.text);
            self.fault(name.at, wrong, "name it as a definition does");
        }
    }

    fn fault(&mut self, at: Span, wrong: String, right: impl Into<String>) {
        let mistake = Mistake::new(wrong, right);
        self.faults.0.push(self.apis.fault(at, mistake));
    }
}
