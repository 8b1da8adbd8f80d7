//! `descriptions.json`: what is refused of it, and how what it says is found.

use std::fmt::Write as _;

use kafka_codec_codegen::corpus::{Corpus, Descriptions, Releases};
use kafka_codec_codegen::resolve::resolve;
use kafka_codec_codegen::schema::Definition;

const DEFINITION: &str = r#"{
  "name": "Greeting", "type": "data", "validVersions": "0-1", "flexibleVersions": "none",
  "fields": [
    { "name": "Name", "type": "string", "versions": "0+" },
    { "name": "Tones", "type": "[]Tone", "versions": "0+", "fields": [
      { "name": "Name", "type": "string", "versions": "0+" },
      { "name": "Pitch", "type": "int32", "versions": "0+", "about": "In Hertz." }
    ]},
    { "name": "Gone", "type": "string", "versions": "7+" }
  ]
}"#;

const RELEASES: &str = r#"{
  "releases": ["4.4.0"], "layouts": [], "modules": { "clients": "4.4.0" }, "renamed": {},
  "messages": { "Greeting": { "module": "clients", "versions": { "4.4.0": "0-1" } } }
}"#;

fn corpus(descriptions: &str, releases: Releases) -> Corpus {
    let definition = Definition::parse("Greeting.json", DEFINITION).expect("no faults");
    Corpus {
        definitions: vec![("clients".to_owned(), definition)],
        descriptions: Descriptions::parse("descriptions.json", descriptions).expect("no faults"),
        releases,
        ..Corpus::default()
    }
}

fn kafkas(descriptions: &str) -> Corpus {
    corpus(
        descriptions,
        Releases::parse("releases.json", RELEASES).expect("no faults"),
    )
}

#[test]
fn faults_of_form_are_reported_all_at_once() {
    let mut faults = String::new();
    for text in [
        "[]",
        "{\n  \"structs\": {},\n}",
        "{ \"structs\": { \"A\": 4 } }",
        r#"{
  "field": {},
  "structs": "A.",
  "fields": { "B": "", "C": {}, "D": ["One.", "Two."], "D": "Three." },
  "messages": {
    "E": { "about": "Four.", "abot": "Five.", "fields": "Six." },
    "E": "Seven."
  }
}"#,
    ] {
        let found = Descriptions::parse("descriptions.json", text).expect_err(text);
        writeln!(faults, "{found}\n").unwrap();
    }
    insta::assert_snapshot!("form", faults);
}

#[test]
fn entries_that_describe_nothing_are_refused() {
    let corpus = kafkas(
        r#"{
  "fields": { "Name": "A name.", "Greeting.Name": "Nearer than `Name`, but not nearest.", "Gone": "Not in a valid version." },
  "structs": { "Tone": "A tone.", "Tune": "Unknown." },
  "messages": {
    "Greeting": {
      "about": "A greeting.",
      "fields": { "Name": "Who is greeted.", "Tone.Name": "Of a tone.", "Tones": "Tones.", "Tones.Pitch": "Not of a struct." }
    },
    "Farewell": "Unknown."
  }
}"#,
    );
    let faults = resolve(&corpus).expect_err("entries describe nothing");
    insta::assert_snapshot!("unused", faults.to_string());
}

#[test]
fn the_nearest_description_of_a_field_counts() {
    let text = r#"{
  "fields": { "Name": "any", "Tone.Name": "of a struct" },
  "messages": { "Greeting": { "fields": { "Name": "of the message" } } }
}"#;
    let descriptions = Descriptions::parse("descriptions.json", text).unwrap();
    let field = |message, structure, field| {
        let description = descriptions.field(message, structure, field);
        description.map(|description| &*description.text)
    };
    assert_eq!(
        field("Greeting", "Greeting", "Name"),
        Some("of the message")
    );
    assert_eq!(field("Greeting", "Tone", "Name"), Some("of a struct"));
    assert_eq!(field("Greeting", "Melody", "Name"), Some("any"));
    assert_eq!(field("Farewell", "Farewell", "Name"), Some("any"));
    assert_eq!(field("Greeting", "Greeting", "Pitch"), None);
}

#[test]
fn a_definition_may_describe_its_fields_itself() {
    let text = r#"{
  "fields": { "Name": "A name.", "Pitch": "The pitch." },
  "structs": { "Tone": ["A tone.", "And more."] },
  "messages": { "Greeting": { "about": "A greeting.", "fields": { "Tones": "Tones." } } }
}"#;
    let protocol = resolve(&corpus(text, Releases::default())).unwrap();
    let tone = &protocol.messages[0].structs[1];
    assert_eq!(tone.description.as_deref(), Some("A tone. And more."));
    let described = |at: usize| tone.fields[at].description.as_deref();
    assert_eq!(described(0), Some("A name."));
    assert_eq!(described(1), Some("In Hertz."));
}
