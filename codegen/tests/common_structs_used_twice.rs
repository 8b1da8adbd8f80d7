//! Common structs that use each other many times.

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::ir::Protocol;
use kafka_codec_codegen::print::print;
use kafka_codec_codegen::schema::Definition;
use kafka_codec_codegen::{emit, resolve};

/// The common structs `S0` to `S70`, each but the last with these fields of the next.
fn structs(fields: impl Fn(&str) -> Vec<String>) -> String {
    let structs = (0..70).map(|n| {
        let fields = fields(&format!("S{}", n + 1)).join(", ");
        format!(r#"{{ "name": "S{n}", "versions": "0+", "fields": [{fields}] }}, "#)
    });
    let last = r#"{ "name": "S70", "versions": "0+", "fields": [] }"#;
    structs.collect::<String>() + last
}

/// Two fields, so a walk that enters each use takes 2 to the power of 70 steps.
fn two_fields(next: &str) -> Vec<String> {
    let field = |name| format!(r#"{{ "name": "{name}", "type": "{next}", "versions": "0+" }}"#);
    vec![field("A"), field("B")]
}

/// A field that may be null in version 1 alone, so code that has a branch for each doubles as often.
fn nullable_field(next: &str) -> Vec<String> {
    let field = format!(
        r#"{{ "name": "A", "type": "[]{next}", "versions": "0+", "nullableVersions": "1+" }}"#
    );
    vec![field]
}

/// A request and a response with these common structs, `S0` in front of the throttle time.
fn protocol(structs: &str) -> Protocol {
    let definitions = ["request", "response"].map(|kind| {
        let name = format!("Deep{}", kind.replacen('r', "R", 1));
        let text = format!(
            r#"{{ "name": "{name}", "type": "{kind}", "apiKey": 500, "validVersions": "0-1",
                  "flexibleVersions": "0+", "commonStructs": [{structs}],
                  "fields": [
                    {{ "name": "A", "type": "S0", "versions": "0+" }},
                    {{ "name": "ThrottleTimeMs", "type": "int32", "versions": "0+" }} ] }}"#
        );
        let definition = Definition::parse(&format!("{name}.json"), &text).expect("no faults");
        ("clients".to_owned(), definition)
    });
    let corpus = Corpus {
        definitions: definitions.into(),
        ..Corpus::default()
    };
    resolve::resolve(&corpus)
        .map_err(|faults| faults.to_string())
        .expect("no faults")
}

#[test]
fn structs_that_are_used_twice_by_each_other_are_looked_at_once() {
    let protocol = protocol(&structs(two_fields));
    assert_eq!(protocol.messages[0].structs.len(), 72);
    assert!(!emit::messages(&protocol).is_empty());
}

#[test]
fn structs_that_are_used_twice_in_front_of_a_field_are_skipped_by_functions() {
    for structs in [structs(two_fields), structs(nullable_field)] {
        let code = print(emit::throttle_time(&protocol(&structs)));
        let functions = code.matches("fn skip_").count();
        assert!((69..=71).contains(&functions), "{functions}: {code}");
        assert!(code.lines().count() < 1000, "{code}");
    }
}
