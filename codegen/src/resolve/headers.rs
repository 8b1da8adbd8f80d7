//! Which header stands in front of each version of a request and its response. What a definition states in
//! `headerVersions` (KIP-1313) holds; what it does not state follows from its flexible versions, as in definitions up to Kafka 4.4.

use crate::corpus::Corpus;
use crate::fault::Faults;
use crate::ir::HeaderRange;
use crate::quirks::{self, Header};
use crate::schema::{Definition, Kind};
use crate::versions::Versions;

/// Checks `headerVersions`: each header version exists, a flexible version has a header with tagged fields, and
/// ApiVersions responses have header version 0.
pub(super) fn check(corpus: &Corpus, definition: &Definition, faults: &mut Faults) {
    let Some(header) = schema(definition.kind, corpus) else {
        return;
    };
    let mut stated = definition.header_versions.iter();
    if let Some((wrong, right)) =
        stated.find_map(|(versions, stated)| mistake(&header, definition, *versions, *stated))
    {
        let at = definition.spans.of("headerVersions");
        faults.0.push(definition.fault(at, None, wrong, right));
    }
}

/// What is wrong with the header version of a range of versions, and what would be right.
fn mistake(
    header: &Header,
    definition: &Definition,
    versions: Versions,
    stated: i16,
) -> Option<(String, String)> {
    let name = header.name;
    if !header.versions.contains(stated) {
        let wrong = format!("there is no version {stated} of {name}");
        let right = format!("write one of its versions, `{}`", header.versions);
        return Some((wrong, right));
    }
    if let Some(always) = exempt(definition) {
        let wrong = format!("versions {versions} have header version {stated}, expected {always}");
        let right = format!(
            "write `{{\"0+\": \"{always}\"}}`: a client reads it before it knows the broker's versions"
        );
        return (stated != always).then_some((wrong, right));
    }
    let valid = versions.intersect(definition.valid_versions);
    let flexible = valid.intersect(definition.flexible_versions).lowest()?;
    let wrong = format!("version {flexible} is flexible, but version {stated} of {name} is not");
    let tagged = header.versions.intersect(header.flexible);
    let right = format!("write one of its flexible versions, `{tagged}`");
    (!header.flexible.contains(stated)).then_some((wrong, right))
}

/// The header versions of the API of a request or response, each from which version on. Empty for other messages.
pub(super) fn ranges(corpus: &Corpus, definition: &Definition) -> Vec<HeaderRange> {
    let (Kind::Request | Kind::Response, Some(key)) = (definition.kind, definition.api_key) else {
        return Vec::new();
    };
    let of = |kind| {
        let mut definitions = corpus.definitions.iter().map(|(_, definition)| definition);
        let found = definitions.find(|other| other.kind == kind && other.api_key == Some(key));
        // Only one of the two may be at hand; both are flexible in the same versions.
        starts(kind, key, found.unwrap_or(definition))
    };
    let (requests, responses) = (of(Kind::Request), of(Kind::Response));
    let mut froms: Vec<_> = requests
        .iter()
        .chain(&responses)
        .map(|(from, _)| *from)
        .collect();
    froms.sort_unstable();
    let mut ranges: Vec<_> = froms
        .into_iter()
        .map(|from| HeaderRange {
            from,
            request: at(&requests, from),
            response: at(&responses, from),
        })
        .collect();
    ranges.dedup_by_key(|range| (range.request, range.response));
    ranges
}

/// The header of the last start that is reached; of the first one for versions below it.
fn at(starts: &[(i16, i16)], version: i16) -> i16 {
    let reached = starts.iter().rev().find(|(from, _)| *from <= version);
    reached
        .or_else(|| starts.first())
        .map_or(0, |(_, header)| *header)
}

/// From which version on which header stands in front of the requests or responses of a definition.
fn starts(kind: Kind, key: i16, definition: &Definition) -> Vec<(i16, i16)> {
    let stated = definition.header_versions.iter();
    let mut starts: Vec<_> = if definition.kind == kind && !definition.header_versions.is_empty() {
        stated
            .filter_map(|(versions, header)| Some((versions.lowest()?, *header)))
            .collect()
    } else {
        let flexible = definition.flexible_versions;
        let versions = definition.valid_versions.iter();
        versions
            .map(|version| (version, derived(kind, key, flexible, version)))
            .collect()
    };
    starts.dedup_by_key(|(_, header)| *header);
    starts
}

/// The version of the header in front of a version of a request or response; `None` for other messages.
#[cfg(feature = "cli")]
pub(crate) fn header_version(definition: &Definition, version: i16) -> Option<i16> {
    let (Kind::Request | Kind::Response, Some(key)) = (definition.kind, definition.api_key) else {
        return None;
    };
    Some(at(&starts(definition.kind, key, definition), version))
}

/// The header version that follows from whether a version is flexible.
fn derived(kind: Kind, key: i16, flexible: Versions, version: i16) -> i16 {
    let flexible = i16::from(flexible.contains(version));
    match kind {
        Kind::Request => quirks::request_header_version(key, version).unwrap_or(1 + flexible),
        _ => quirks::response_header_version(key).unwrap_or(flexible),
    }
}

/// The header version that all versions of a response must have, whatever they look like.
fn exempt(definition: &Definition) -> Option<i16> {
    match definition.kind {
        Kind::Response => quirks::response_header_version(definition.api_key?),
        _ => None,
    }
}

/// The header of requests or responses: that of the definitions, or Kafka's where they have none. `None` if it may be
/// among definitions that have faults.
fn schema(kind: Kind, corpus: &Corpus) -> Option<Header> {
    let known = match kind {
        Kind::Request => quirks::REQUEST_HEADER,
        _ => quirks::RESPONSE_HEADER,
    };
    let mut definitions = corpus.definitions.iter().map(|(_, definition)| definition);
    let defined = definitions.find(|other| other.kind == Kind::Header && other.name == known.name);
    match defined {
        Some(defined) => Some(Header {
            versions: defined.valid_versions,
            flexible: defined.flexible_versions,
            ..known
        }),
        None => (!corpus.lacks_definitions).then_some(known),
    }
}
