//! Common structs that use each other many times.

use std::fmt::Write;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::schema::Definition;
use kafka_codec_codegen::{emit, resolve};

/// Two fields of each struct have the next, so a walk that enters each use takes 2 to the power of 70 steps.
#[test]
fn structs_that_are_used_twice_by_each_other_are_looked_at_once() {
    let mut structs = r#"{ "name": "S70", "versions": "0+", "fields": [] }"#.to_owned();
    for n in 0..70 {
        let next = n + 1;
        let field =
            |name| format!(r#"{{ "name": "{name}", "type": "S{next}", "versions": "0+" }}"#);
        let fields = format!("{}, {}", field("A"), field("B"));
        write!(
            structs,
            r#", {{ "name": "S{n}", "versions": "0+", "fields": [{fields}] }}"#
        )
        .unwrap();
    }
    let text = format!(
        r#"{{ "name": "Deep", "type": "data", "validVersions": "0", "flexibleVersions": "0+",
              "commonStructs": [{structs}],
              "fields": [ {{ "name": "A", "type": "S0", "versions": "0+" }} ] }}"#
    );
    let definition = Definition::parse("Deep.json", &text).expect("no faults");
    let corpus = Corpus {
        definitions: vec![("clients".to_owned(), definition)],
        ..Corpus::default()
    };
    let protocol = resolve::resolve(&corpus)
        .map_err(|faults| faults.to_string())
        .expect("no faults");
    assert_eq!(protocol.messages[0].structs.len(), 72);
    assert!(!emit::messages(&protocol).is_empty());
}
