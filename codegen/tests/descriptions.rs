//! `descriptions.json`: what is refused of it, and how what it says is found.

use std::fmt::Write as _;
use std::path::Path;

use kafka_codec_codegen::corpus::{Corpus, Descriptions, Releases};
use kafka_codec_codegen::ir::Default;
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

/// The file itself.
const FILE: &str = include_str!("../../protocol-json/descriptions.json");

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
fn what_has_no_description_is_refused() {
    let corpus = kafkas(r#"{ "fields": { "Pitch": "The pitch.", "Greeting.Name": "A name." } }"#);
    let faults = resolve(&corpus).expect_err("hardly anything is described");
    insta::assert_snapshot!("missing", faults.to_string());
}

#[test]
fn messages_that_kafka_does_not_have_may_be_without_descriptions() {
    let text = r#"{ "fields": { "Pitch": "The pitch." } }"#;
    let protocol = resolve(&corpus(text, Releases::default())).expect("no faults");
    assert_eq!(protocol.messages[0].description, None);
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

/// Documentation without its facts is not a meaning, and neither is a struct's without more than the message it is
/// part of.
#[test]
fn every_message_struct_and_field_of_kafka_has_a_meaning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-json");
    let corpus = Corpus::read(&folder).expect("it can be read");
    let protocol = resolve(&corpus).expect("no faults");
    let mut without: Vec<String> = Vec::new();
    let mut fields = 0;
    for message in &protocol.messages {
        if message.description.is_none() {
            without.push(message.name.clone());
        }
        for (place, entry) in message.structs.iter().enumerate() {
            if place > 0 && entry.description.is_none() {
                without.push(format!("{} of {}", entry.name, message.name));
            }
            for field in &entry.fields {
                fields += 1;
                if field.description.is_none() {
                    without.push(format!("{} of {}", field.name, message.name));
                }
            }
        }
    }
    assert_eq!(without, [""; 0]);
    assert!(fields > 2_000, "{fields} fields");
}

#[test]
fn the_file_is_sorted_and_its_lines_fit_into_160_columns() {
    let mut above: Vec<(usize, &str)> = Vec::new();
    for (number, line) in FILE.lines().enumerate() {
        assert!(line.len() <= 160, "line {} is too long", number + 1);
        let indent = line.len() - line.trim_start().len();
        above.retain(|(other, _)| *other <= indent);
        let key = line.trim_start().strip_prefix('"');
        let Some((key, _)) = key.and_then(|rest| rest.split_once("\": ")) else {
            continue;
        };
        // The sections have an order of their own.
        if let Some((_, last)) = above.iter_mut().find(|(other, _)| *other == indent) {
            let are_sorted = *last < key || indent == 2;
            assert!(
                are_sorted,
                "`{key}` comes after `{last}` in line {}",
                number + 1
            );
            *last = key;
        } else {
            above.push((indent, key));
        }
    }
}

#[test]
fn descriptions_are_sentences() {
    let text = |line: &str| -> Option<String> {
        let line = line.trim().trim_end_matches(',');
        let value = line
            .split_once("\": \"")
            .map_or(line.strip_prefix('"')?, |(_, value)| value);
        Some(value.strip_suffix('"')?.to_owned())
    };
    let lines: Vec<&str> = FILE.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let Some(text) = text(line) else { continue };
        let is_list = !line.contains("\": \"");
        let goes_on = is_list && line.ends_with(',');
        assert!(
            goes_on || text.ends_with('.'),
            "line {}: {text}",
            number + 1
        );
        let begins = text.starts_with(|c: char| c.is_uppercase() || c == '`');
        let is_first = !is_list
            || lines
                .get(number.wrapping_sub(1))
                .is_some_and(|l| l.ends_with('['));
        assert!(begins || !is_first, "line {}: {text}", number + 1);
        assert!(
            !text.contains("  ") && !text.contains(['[', ']', '<', '\\']),
            "line {}: {text}",
            number + 1
        );
    }
}

#[test]
fn descriptions_name_units_and_what_null_and_minus_one_mean() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-json");
    let protocol = resolve(&Corpus::read(&folder).expect("it can be read")).expect("no faults");
    let mut without: Vec<String> = Vec::new();
    for message in &protocol.messages {
        for field in message.structs.iter().flat_map(|entry| &entry.fields) {
            let text = field.description.as_deref().unwrap_or_default();
            let is_time = field.ident.ends_with("_ms") || field.ident.ends_with("timestamp");
            // The type of the field says what the value means.
            let newtype = field.newtype.as_ref();
            let is_named = newtype.is_some_and(|newtype| newtype.default.is_some());
            let asked = [
                (is_time, "millisecond"),
                (field.default == Default::Integer(-1) && !is_named, "-1"),
                (field.is_nullable(), "null"),
            ];
            for (_, word) in asked.into_iter().filter(|(is_asked, _)| *is_asked) {
                if !text.to_lowercase().contains(word) {
                    without.push(format!("{} of {}: {word}", field.name, message.name));
                }
            }
        }
    }
    assert_eq!(without, [""; 0]);
}
