//! From what the definition files say to what the generated code is made from: an ordered list of
//! passes. Every fault that one file alone does not show in a single key is found here.

mod apis;
mod common_structs;
mod defaults;
mod descriptions;
mod enumerations;
mod error_responses;
mod facts;
mod fields;
mod headers;
mod history;
mod names;
mod sizes;
mod structs;
mod successors;
mod tags;
mod type_rules;
mod used;

pub(crate) use fields::fixed;
#[cfg(feature = "cli")]
pub(crate) use headers::header_version;
pub(crate) use names::snake_case;
pub(crate) use used::drop_unused;

use crate::corpus::Corpus;
use crate::fault::{Fault, Faults};
use crate::ir::{Message, Protocol};
use crate::schema::{Definition, FieldDef};
use crate::source::Span;
use structs::Registry;

/// Resolves all definitions.
///
/// # Errors
///
/// All faults of all files.
pub fn resolve(corpus: &Corpus) -> Result<Protocol, Faults> {
    let mut faults = corpus.faults.clone();
    let mut are_whole = !corpus.lacks_definitions;
    let mut messages = Vec::new();
    for (module, definition) in corpus.definitions.iter().filter(|(_, d)| !d.is_retired()) {
        let (message, more) = attempt(module, definition, corpus);
        are_whole &= message.is_some();
        messages.extend(message);
        faults.extend(more);
    }
    let before = faults.0.len();
    names::check_messages(corpus, &mut faults);
    let apis = apis::resolve(corpus, &mut faults);
    // Where definitions have faults, what others say of them is not looked at.
    let are_whole = are_whole && faults.0.len() == before;
    if are_whole {
        faults.extend(descriptions::unused(corpus, &messages));
        enumerations::check(corpus, &mut faults);
        successors::messages(corpus, &mut faults);
    }
    let mut protocol = Protocol {
        messages,
        apis,
        releases: corpus.releases.names().map(str::to_owned).collect(),
        renamed: corpus.releases.renamed.clone().into_iter().collect(),
    };
    if are_whole {
        facts::resolve(corpus, &mut protocol, &mut faults);
        error_responses::resolve(corpus, &mut protocol, &mut faults);
    }
    faults.sort();
    faults.or(protocol)
}

/// Resolves one definition of a corpus.
///
/// # Errors
///
/// All its faults.
pub fn message(module: &str, definition: &Definition, corpus: &Corpus) -> Result<Message, Faults> {
    match attempt(module, definition, corpus) {
        (Some(message), faults) => faults.or(message),
        (None, faults) => Err(faults),
    }
}

/// The message, unless its definition has faults; and all faults, also of what other files say of it.
fn attempt(module: &str, definition: &Definition, corpus: &Corpus) -> (Option<Message>, Faults) {
    let mut check = Check::new(definition);
    let registry = structs::register(&mut check);
    common_structs::check(&mut check, &registry);
    names::check(&mut check, &registry, &corpus.enumerations);
    type_rules::check(&mut check);
    tags::check(&mut check);
    defaults::check(&mut check);
    // What follows relies on the checks before.
    let is_right = check.faults.0.is_empty();
    successors::check(&mut check, &registry, &corpus.successors);
    descriptions::check(&mut check, &registry, corpus);
    check.faults.sort();
    let message = is_right.then(|| resolved(module, definition, &registry, corpus));
    (message, check.faults)
}

fn resolved(
    module: &str,
    definition: &Definition,
    registry: &Registry<'_>,
    corpus: &Corpus,
) -> Message {
    let mut structs = fields::resolve(definition, registry, corpus);
    drop_unused(&mut structs);
    sizes::resolve(definition, &mut structs);
    let latest_unstable = apis::latest_unstable(definition, corpus);
    Message {
        module: module.to_owned(),
        name: definition.name.clone(),
        ident: names::snake_ident(&definition.name),
        kind: definition.kind,
        api_key: definition.api_key,
        versions: definition.valid_versions,
        flexible: definition.flexible_versions,
        headers: headers::ranges(corpus, definition),
        latest_unstable,
        server_wait: Vec::new(),
        error_response: None,
        units: None,
        description: corpus
            .descriptions
            .message(&definition.name)
            .map(|description| description.text.clone()),
        since: history::since(definition, &corpus.releases),
        history: history::sentences(definition, latest_unstable, &corpus.releases),
        structs,
    }
}

/// A definition that is being checked, and what was found wrong with it.
struct Check<'d> {
    definition: &'d Definition,
    faults: Faults,
}

impl<'d> Check<'d> {
    fn new(definition: &'d Definition) -> Self {
        Self {
            definition,
            faults: Faults::default(),
        }
    }

    fn fault(
        &mut self,
        at: Span,
        path: Option<&str>,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) {
        let fault = self
            .definition
            .fault(at, path.map(str::to_owned), wrong, right);
        self.push(fault);
    }

    fn field_fault(
        &mut self,
        at: &Site<'_>,
        key: &'static str,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) {
        self.fault(at.field.spans.of(key), Some(&at.path), wrong, right);
    }

    fn push(&mut self, fault: Fault) {
        self.faults.0.push(fault);
    }

    /// Every field, with the fields around it; those of common structs once.
    fn sites(&self) -> Vec<Site<'d>> {
        let mut sites = Vec::new();
        collect("", &self.definition.fields, &mut sites);
        for common in &self.definition.common_structs {
            collect(&common.name, &common.fields, &mut sites);
        }
        sites
    }
}

/// A field and where it stands.
struct Site<'d> {
    field: &'d FieldDef,
    /// With the names of the fields around it: `Topics.Partitions.Leader`.
    path: String,
}

fn collect<'d>(parent: &str, fields: &'d [FieldDef], sites: &mut Vec<Site<'d>>) {
    for field in fields {
        let path = join(parent, &field.name);
        collect(&path, &field.fields, sites);
        sites.push(Site { field, path });
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}
