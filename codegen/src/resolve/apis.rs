//! Rules between definitions: which request, response, record key and value belong together.

use std::collections::BTreeMap;

use crate::corpus::Corpus;
use crate::fault::Faults;
use crate::ir::Api;
use crate::json::Place;
use crate::quirks;
use crate::schema::{Definition, Kind};
use crate::versions::Versions;

pub(super) fn resolve(corpus: &Corpus, faults: &mut Faults) -> Vec<Api> {
    let mut found = Found::default();
    for (module, definition) in &corpus.definitions {
        if let Err(fault) = found.add(module, definition) {
            faults.0.push(*fault);
        }
        header_versions(definition, faults);
    }
    found.pairs(faults);
    let mut apis = Vec::new();
    for ((_, key, _), request) in found.of_kind(Kind::Request) {
        let Some(response) = found.get("", *key, Kind::Response) else {
            continue;
        };
        apis.push(Api {
            key: *key,
            name: stem(request).to_owned(),
            versions: request.valid_versions,
            request_flexible: request.flexible_versions,
            response_flexible: response.flexible_versions,
        });
    }
    apis
}

/// The name of a request or response without the suffix.
fn stem(definition: &Definition) -> &str {
    let name = &definition.name;
    name.strip_suffix("Request")
        .or_else(|| name.strip_suffix("Response"))
        .unwrap_or(name)
}

/// Definitions by module, key and kind. API keys count over all modules, so theirs is empty.
#[derive(Default)]
struct Found<'d>(BTreeMap<(&'d str, i16, Kind), &'d Definition>);

impl<'d> Found<'d> {
    fn add(
        &mut self,
        module: &'d str,
        definition: &'d Definition,
    ) -> Result<(), Box<crate::fault::Fault>> {
        let fault = |key: &'static str, wrong: String, right: &str| {
            Err(Box::new(definition.fault(
                &Place::root().key(key),
                None,
                wrong,
                right,
            )))
        };
        let kind = definition.kind;
        let name = &definition.name;
        let (module, suffix) = match kind {
            Kind::Request => ("", "Request"),
            Kind::Response => ("", "Response"),
            Kind::Metadata | Kind::CoordinatorKey | Kind::CoordinatorValue => (module, ""),
            Kind::Header | Kind::Data => return Ok(()),
        };
        if !name.ends_with(suffix) {
            let right = "end it with `Request` or `Response`, as its type says";
            return fault(
                "name",
                format!("`{name}` does not end with `{suffix}`"),
                right,
            );
        }
        let Some(key) = definition.api_key else {
            let wrong = format!("a {} without an `apiKey`", kind.name());
            return fault("type", wrong, "add its number");
        };
        if kind == Kind::CoordinatorKey
            && (definition.valid_versions != Versions::only(0)
                || !definition.flexible_versions.is_empty())
        {
            let wrong = "the key of a coordinator's record has other versions than 0".to_owned();
            let right = "write `\"validVersions\": \"0\"` and `\"flexibleVersions\": \"none\"`";
            return fault("validVersions", wrong, right);
        }
        if kind != Kind::Request && !definition.listeners.is_empty() {
            let wrong = format!("a {} has listeners", kind.name());
            return fault(
                "listeners",
                wrong,
                "leave them out: the request says who listens",
            );
        }
        if let Some(other) = self.0.insert((module, key, kind), definition) {
            let wrong = format!("{} has the number {key} already", other.name);
            return fault(
                "apiKey",
                wrong,
                "give each message of a kind a number of its own",
            );
        }
        Ok(())
    }

    fn get(&self, module: &str, key: i16, kind: Kind) -> Option<&'d Definition> {
        self.0.get(&(module, key, kind)).copied()
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&(&'d str, i16, Kind), &'d Definition)> {
        self.0
            .iter()
            .filter(move |((_, _, k), _)| *k == kind)
            .map(|(place, d)| (place, *d))
    }

    /// A request and a response for each API key, a key and a value for each record type.
    fn pairs(&self, faults: &mut Faults) {
        for ((module, key, kind), definition) in &self.0 {
            let other = match kind {
                Kind::Request => Kind::Response,
                Kind::Response => Kind::Request,
                Kind::CoordinatorKey => Kind::CoordinatorValue,
                Kind::CoordinatorValue => Kind::CoordinatorKey,
                _ => continue,
            };
            if self.get(module, *key, other).is_none() {
                let place = Place::root().key("apiKey");
                let wrong = format!("there is no {} with the number {key}", other.name());
                faults
                    .0
                    .push(definition.fault(&place, None, wrong, "add its definition"));
            }
        }
    }
}

/// Where a definition states its header versions, they are what this generator would derive.
fn header_versions(definition: &Definition, faults: &mut Faults) {
    let Some(key) = definition.api_key else {
        return;
    };
    for (versions, stated) in &definition.header_versions {
        for version in versions.intersect(definition.valid_versions).iter() {
            let flexible = i16::from(definition.flexible_versions.contains(version));
            let derived = match definition.kind {
                Kind::Request => {
                    quirks::request_header_version(key, version).unwrap_or(1 + flexible)
                }
                _ => quirks::response_header_version(key).unwrap_or(flexible),
            };
            if derived != *stated {
                faults.0.push(definition.fault(
                    &Place::root().key("headerVersions"),
                    None,
                    format!("version {version} has header version {stated}, expected {derived}"),
                    format!("write {derived}, or teach the generator about the new header"),
                ));
                break;
            }
        }
    }
}
