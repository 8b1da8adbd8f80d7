//! The resolved model as JSON: its form, and that all of it is there.
#![cfg(feature = "cli")]

use std::path::Path;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::model::model;
use serde_json::Value;

fn whole() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-json");
    let corpus = Corpus::read(&folder).expect("the definitions can be read");
    serde_json::from_str(&model(&corpus).expect("no faults")).expect("the model is JSON")
}

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    let mut entries = list.as_array().expect("a list").iter();
    entries.find(|entry| entry["name"] == name).expect(name)
}

#[test]
fn an_api_its_request_and_an_error_have_the_documented_form() {
    let model = whole();
    let shown = serde_json::json!({
        "api": named(&model["apis"], "OffsetDelete"),
        "request": named(&model["messages"], "OffsetDeleteRequest"),
        "header": named(&model["messages"], "RequestHeader"),
        "error": named(&model["errors"], "UNKNOWN_TOPIC_OR_PARTITION"),
    });
    insta::assert_snapshot!(serde_json::to_string_pretty(&shown).expect("it is JSON"));
}

#[test]
fn every_message_has_versions_and_every_api_a_request_and_a_response() {
    let model = whole();
    let messages = model["messages"].as_array().expect("a list");
    assert!(messages.len() > 250);
    for message in messages {
        assert!(message["versions"]["min"].is_i64(), "{}", message["name"]);
        assert!(!message["structs"].as_array().expect("a list").is_empty());
    }
    for api in model["apis"].as_array().expect("a list") {
        for kind in ["request", "response"] {
            let mut messages = messages.iter();
            let found =
                messages.any(|message| message["kind"] == kind && message["apiKey"] == api["key"]);
            assert!(found, "{kind} of {}", api["name"]);
        }
    }
}

#[test]
fn every_key_of_the_model_is_documented() {
    let document = include_str!("../../docs/model.md");
    fn check(value: &Value, document: &str) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    let is_documented = document.contains(&format!("`{key}`"));
                    assert!(is_documented || ["min", "max"].contains(&&**key), "{key}");
                    check(value, document);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    check(&whole(), document);
}
