//! Rules between definitions: which request, response, record key and value belong together.

use std::collections::BTreeMap;

use super::headers;
use crate::corpus::{Corpus, Releases};
use crate::fault::Faults;
use crate::ir::{Api, ApiHistory};
use crate::schema::{Definition, Kind};

pub(super) fn resolve(corpus: &Corpus, faults: &mut Faults) -> Vec<Api> {
    let mut found = Numbered::default();
    for (module, definition) in &corpus.definitions {
        suffix(definition, faults);
        found.add(module, definition, faults);
        headers::check(corpus, definition, faults);
    }
    found.check_pairs(!corpus.faults.0.is_empty(), faults);
    found.apis(corpus).collect()
}

/// The name of a request or response ends with what it is.
fn suffix(definition: &Definition, faults: &mut Faults) {
    let suffix = definition.kind.suffix();
    if !definition.name.ends_with(suffix) {
        let wrong = format!("`{}` does not end with `{suffix}`", definition.name);
        let right = format!("name it `{}{suffix}`, as its type says", definition.name);
        fault(definition, "name", wrong, right, faults);
    }
}

/// Definitions by module, number and kind. The numbers of APIs count over all modules, so theirs is empty.
#[derive(Default)]
struct Numbered<'d>(BTreeMap<(&'d str, i16, Kind), &'d Definition>);

impl<'d> Numbered<'d> {
    fn add(&mut self, module: &'d str, definition: &'d Definition, faults: &mut Faults) {
        let kind = definition.kind;
        let module = match kind {
            Kind::Request | Kind::Response => "",
            Kind::Metadata | Kind::CoordinatorKey | Kind::CoordinatorValue => module,
            Kind::Header | Kind::Data => return,
        };
        // Those of these kinds that have none were refused when they were read.
        let Some(key) = definition.api_key else {
            return;
        };
        let first = *self.0.entry((module, key, kind)).or_insert(definition);
        if !std::ptr::eq(first, definition) {
            let wrong = format!("{} has the number {key} already", first.name);
            let right = format!(
                "give each message of type `{}` a number of its own",
                kind.name()
            );
            fault(definition, "apiKey", wrong, right, faults);
        }
    }

    /// A request and a response for each API key, a key and a value for each record type.
    ///
    /// Where files have faults, the partner that is not there may be in one of them.
    fn check_pairs(&self, have_faults: bool, faults: &mut Faults) {
        for ((module, key, kind), definition) in &self.0 {
            let partner = match kind {
                Kind::Request => Kind::Response,
                Kind::Response => Kind::Request,
                Kind::CoordinatorKey => Kind::CoordinatorValue,
                Kind::CoordinatorValue => Kind::CoordinatorKey,
                _ => continue,
            };
            let Some(other) = self.0.get(&(module, *key, partner)) else {
                if have_faults {
                    continue;
                }
                let wrong = format!("there is no {} with the number {key}", partner.name());
                fault(definition, "apiKey", wrong, "add its definition", faults);
                continue;
            };
            if *kind != Kind::Response {
                continue;
            }
            // Kafka's generator names the API after the request and does not look at the response.
            if definition.stem() != other.stem() {
                let wrong = format!("this is the response to {}", other.name);
                let right = format!("name it `{}{}`", other.stem(), kind.suffix());
                fault(definition, "name", wrong, right, faults);
            }
            if definition.is_retired() == other.is_retired() {
                let (versions, of_request) = (definition.valid_versions, other.valid_versions);
                if versions != of_request {
                    let wrong = format!(
                        "this response has versions `{versions}`, and {} has `{of_request}`",
                        other.name
                    );
                    let right =
                        "give both the same versions: a request is answered in its own version";
                    fault(definition, "validVersions", wrong, right, faults);
                }
            } else {
                let (retired, right) = match definition.is_retired() {
                    true => ("this response is retired, but not", "retire both, or none"),
                    false => ("this response is not retired, unlike", "write `none`"),
                };
                let wrong = format!("{retired} {}", other.name);
                fault(definition, "validVersions", wrong, right, faults);
            }
        }
    }

    /// The APIs, by key; those that are retired have no messages.
    fn apis(&self, corpus: &Corpus) -> impl Iterator<Item = Api> {
        let requests = self
            .0
            .iter()
            .filter(|((_, _, kind), request)| *kind == Kind::Request && !request.is_retired());
        requests.filter_map(|((module, key, _), request)| {
            let response = self.0.get(&(module, *key, Kind::Response))?;
            Some(api(*key, request, response, corpus))
        })
    }
}

/// Returns `true` if the highest version of the message may still change. A request states it for its response too.
pub(super) fn latest_unstable(definition: &Definition, corpus: &Corpus) -> bool {
    let of_response = |request: &Definition| {
        definition.kind == Kind::Response
            && request.kind == Kind::Request
            && request.api_key == definition.api_key
    };
    let mut definitions = corpus.definitions.iter().map(|(_, other)| other);
    definition.latest_version_unstable
        || definitions.any(|other| of_response(other) && other.latest_version_unstable)
}

/// The request decides which versions there are.
fn api(key: i16, request: &Definition, response: &Definition, corpus: &Corpus) -> Api {
    let name = request.stem();
    let versions = request.valid_versions;
    let (request_flexible, response_flexible) =
        (request.flexible_versions, response.flexible_versions);
    Api {
        key,
        name: name.to_owned(),
        constant: super::names::snake_case(name).to_ascii_uppercase(),
        versions,
        request_flexible,
        response_flexible,
        headers: headers::ranges(corpus, request),
        latest_unstable: request.latest_version_unstable,
        listeners: request.listeners.clone(),
        aliases: corpus.aliases.of(key).to_vec(),
        history: history(&request.name, &corpus.releases),
        facts: None,
        throttles_since: None,
    }
}

fn history(request: &str, releases: &Releases) -> ApiHistory {
    let changes = releases.stable_versions(request).into_iter();
    ApiHistory {
        since: releases.message_since(request).map(str::to_owned),
        removed_in: releases.message_removed_in(request).map(str::to_owned),
        releases: changes
            .map(|(release, versions)| (release.to_owned(), versions))
            .collect(),
    }
}

fn fault(
    definition: &Definition,
    key: &'static str,
    wrong: impl Into<String>,
    right: impl Into<String>,
    faults: &mut Faults,
) {
    let at = definition.spans.of(key);
    faults.0.push(definition.fault(at, None, wrong, right));
}
