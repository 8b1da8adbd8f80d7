//! `enumerations.json`: what is refused of it, and what is found with it.

use std::path::Path;

use kafka_codec_codegen::corpus::{Corpus, Enumerations, Releases};
use kafka_codec_codegen::resolve::resolve;
use kafka_codec_codegen::schema::Definition;

const DEFINITION: &str = r#"{
  "name": "Lamp", "type": "data", "validVersions": "0-1", "flexibleVersions": "none",
  "fields": [
    { "name": "Color", "type": "int8", "versions": "0+", "default": "2" },
    { "name": "Bulbs", "type": "[]Bulb", "versions": "0+", "fields": [
      { "name": "Color", "type": "int8", "versions": "0+" },
      { "name": "Others", "type": "[]int8", "versions": "1+" },
      { "name": "Watts", "type": "int8", "versions": "0+" },
      { "name": "Shape", "type": "string", "versions": "0+" }
    ] },
    { "name": "Height", "type": "int32", "versions": "0+" }
  ]
}"#;

const RELEASES: &str = r#"{
  "releases": ["4.4.0"], "layouts": [], "modules": { "clients": "4.4.0" }, "renamed": {},
  "messages": { "Lamp": { "module": "clients", "versions": { "4.4.0": "0-1" } } }
}"#;

fn corpus(enumerations: &str) -> Corpus {
    let definition = Definition::parse("Lamp.json", DEFINITION).expect("no faults");
    let enumerations = Enumerations::parse("enumerations.json", enumerations);
    Corpus {
        definitions: vec![("clients".to_owned(), definition)],
        enumerations: enumerations
            .map_err(|faults| faults.to_string())
            .expect("no faults"),
        releases: Releases::parse("releases.json", RELEASES).expect("no faults"),
        ..Corpus::default()
    }
}

#[test]
fn faults_of_form_are_reported_all_at_once() {
    let text = r#"{
  "enumerations": {
    "color": { "type": "int8", "about": "Colors.", "source": "a class", "values": {}, "fields": ["Color"] },
    "Tone": { "type": "int9", "about": "", "values": {} },
    "Light": { "type": "int8", "about": "Lights.", "source": "a class", "fields": ["Light"], "values": {
      "128": { "name": "TOO_LARGE", "meaning": "Too large." },
      "one": { "name": "ONE", "meaning": "No number." },
      "1": { "name": "one", "meaning": "No constant." },
      "2": { "name": "TWO" },
      "3": { "name": "THREE", "meaning": "Three." },
      "4": { "name": "THREE", "meaning": "Three again." },
      "5": { "name": "KNOWN", "meaning": "The list's name.", "code": 5 }
    } },
    "Shape": { "type": "string", "about": "Shapes.", "source": "a class", "fields": ["Shape"], "values": {
      "round": { "name": "round", "meaning": "No variant." },
      "square-ish": { "name": "SquareIsh", "meaning": "Nearly square." }
    } }
  },
  "number": []
}"#;
    let faults = Enumerations::parse("enumerations.json", text).expect_err("most is wrong");
    insta::assert_snapshot!("form", faults.to_string());
}

#[test]
fn entries_that_fit_no_field_and_an_int8_without_entry_are_faults() {
    let corpus = corpus(
        r#"{
  "enumerations": {
    "Color": { "type": "int8", "about": "Colors.", "source": "a class", "values": {}, "fields": [
      "Lamp.Color", "Lamp.Bulb.Color", "Colour", "Height", "Lamp.Height"
    ] },
    "Tint": { "type": "int8", "about": "Tints.", "source": "a class", "values": {}, "fields": ["Lamp.Color"] },
    "Parts": { "type": "string", "about": "Parts.", "source": "a class", "values": {}, "fields": ["Shape"] }
  },
  "numbers": ["Wats", "Height", "Watts", "Watts"]
}"#,
    );
    let faults = resolve(&corpus).expect_err("entries are wrong and missing");
    insta::assert_snapshot!("fields", faults.to_string());
}

#[test]
fn the_entry_of_a_path_counts_before_that_of_a_name_and_other_types_are_not_meant() {
    let corpus = corpus(
        r#"{
  "enumerations": {
    "Color": { "type": "int8", "about": "Colors.", "source": "a class", "fields": ["Color", "Others"], "values": {
      "2": { "name": "RED", "meaning": "Red." }
    } },
    "Tint": { "type": "int8", "about": "Tints.", "source": "a class", "fields": ["Lamp.Bulbs.Color"], "values": {} },
    "Shape": { "type": "string", "about": "Shapes.", "source": "a class", "fields": ["Shape"], "values": {} }
  },
  "numbers": ["Lamp.Bulbs.Watts"]
}"#,
    );
    let protocol = resolve(&corpus)
        .map_err(|faults| faults.to_string())
        .expect("no faults");
    let fields = protocol.messages[0]
        .structs
        .iter()
        .flat_map(|entry| &entry.fields);
    let named: Vec<_> = fields
        .filter_map(|field| {
            let newtype = field.newtype.as_ref()?;
            let wrapped = field.wrapper().is_some();
            Some((
                &*field.name,
                &*newtype.name,
                newtype.default.as_deref(),
                wrapped,
            ))
        })
        .collect();
    let expected = [
        ("Color", "Color", Some("RED"), true),
        ("Color", "Tint", None, true),
        ("Others", "Color", None, true),
        ("Shape", "Shape", None, false),
    ];
    assert_eq!(named, expected);
}

/// Folders of other definitions have no such file: their numbers stay numbers.
#[test]
fn without_the_file_numbers_are_numbers() {
    let mut corpus = corpus(r#"{ "enumerations": {} }"#);
    corpus.enumerations = Enumerations::default();
    let protocol = resolve(&corpus)
        .map_err(|faults| faults.to_string())
        .expect("no faults");
    let mut fields = protocol.messages[0]
        .structs
        .iter()
        .flat_map(|entry| &entry.fields);
    assert!(fields.all(|field| field.newtype.is_none()));
}

/// The file is read by people: enumerations and the values of each are in order.
#[test]
fn kafkas_file_is_sorted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-json/enumerations.json");
    let text = std::fs::read_to_string(path).expect("it is there");
    let names = text
        .lines()
        .filter(|line| line.starts_with("    \"") && line.ends_with('{'));
    let names: Vec<_> = names.collect();
    assert!(names.len() > 30 && names.is_sorted(), "{names:?}");
}
