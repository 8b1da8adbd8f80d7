//! Which header versions requests and responses have: those that the definitions state, and those derived from the
//! flexible versions where they state none. What is refused is in `resolve_faults` and `schema_faults`.

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::resolve::resolve;
use kafka_codec_codegen::schema::Definition;

/// A corpus of definitions, each a name, a type and other keys.
fn corpus(definitions: &[(&str, &str, &str)]) -> Corpus {
    let definitions = definitions.iter().map(|(name, kind, keys)| {
        let text = format!(r#"{{ "name": "{name}", "type": "{kind}", {keys} }}"#);
        let definition = Definition::parse("headers.json", &text);
        let definition = definition
            .map_err(|faults| faults.to_string())
            .expect("no faults");
        ("clients".to_owned(), definition)
    });
    Corpus {
        definitions: definitions.collect(),
        ..Corpus::default()
    }
}

/// The header versions of the only API: from which version on, of requests, of responses.
fn headers(corpus: &Corpus) -> Vec<(i16, i16, i16)> {
    let protocol = resolve(corpus)
        .map_err(|faults| faults.to_string())
        .expect("no faults");
    assert_eq!(protocol.apis.len(), 1, "one API is defined");
    let api = protocol.apis.first().expect("there is one");
    for message in protocol
        .messages
        .iter()
        .filter(|message| message.api_key.is_some())
    {
        assert_eq!(message.headers, api.headers, "{}", message.name);
    }
    let ranges = api.headers.iter();
    ranges
        .map(|range| (range.from, range.request, range.response))
        .collect()
}

#[test]
fn header_versions_follow_from_flexible_versions_where_none_are_stated() {
    let keys = r#""apiKey": 9, "validVersions": "1-4", "flexibleVersions": "3+""#;
    let plain = corpus(&[
        ("ARequest", "request", keys),
        ("AResponse", "response", keys),
    ]);
    assert_eq!(headers(&plain), [(1, 1, 0), (3, 2, 1)]);
}

#[test]
fn stated_header_versions_hold_whatever_the_flexible_versions_are() {
    let header = r#""validVersions": "1-3", "flexibleVersions": "2+""#;
    let request = r#""apiKey": 47, "validVersions": "0-1", "flexibleVersions": "none",
        "headerVersions": { "0": "1", "1+": "3" }"#;
    let response = r#""apiKey": 47, "validVersions": "0-1", "flexibleVersions": "none",
        "headerVersions": { "0+": "0" }"#;
    let next = corpus(&[
        ("RequestHeader", "header", header),
        ("OffsetDeleteRequest", "request", request),
        ("OffsetDeleteResponse", "response", response),
    ]);
    assert_eq!(headers(&next), [(0, 1, 0), (1, 3, 0)]);
}

#[test]
fn one_of_two_definitions_may_state_its_header_versions() {
    let keys = r#""apiKey": 9, "validVersions": "0-3", "flexibleVersions": "2+""#;
    let response = format!(r#"{keys}, "headerVersions": {{ "0-1": "0", "2+": "1" }}"#);
    let mixed = corpus(&[
        ("ARequest", "request", keys),
        ("AResponse", "response", &response),
    ]);
    assert_eq!(headers(&mixed), [(0, 1, 0), (2, 2, 1)]);
}

#[test]
fn definitions_without_headers_of_their_own_have_those_of_the_library() {
    let keys = r#""apiKey": 10001, "validVersions": "0", "flexibleVersions": "0+""#;
    let request = format!(r#"{keys}, "headerVersions": {{ "0+": "3" }}"#);
    let fork = corpus(&[
        ("ARequest", "request", &request),
        ("AResponse", "response", keys),
    ]);
    let faults = resolve(&fork).unwrap_err().to_string();
    for expected in [
        "error: there is no version 3 of RequestHeader\n",
        "= help: write one of its versions, `0-2`",
    ] {
        assert!(faults.contains(expected), "{faults}");
    }
}

/// The header may be among the definitions that have faults, as it does when one letter of it is wrong.
#[test]
fn header_versions_are_not_compared_with_a_header_that_could_not_be_read() {
    let keys = r#""apiKey": 900, "validVersions": "0", "flexibleVersions": "none", "headerVersions": { "0+": "3" }"#;
    let mut corpus = corpus(&[("ARequest", "request", keys)]);
    corpus.lacks_definitions = true;
    corpus.faults = Definition::parse("RequestHeader.json", "{").expect_err("not JSON");
    let faults = resolve(&corpus).expect_err("the header has a fault");
    assert_eq!(faults.0.len(), 1, "{faults}");
}
