//! The documents of the analyses are of the form that the JSON schema describes.
#![cfg(test)]

mod support;

use std::path::PathBuf;

use serde_json::Value;
use support::captures::captures;
use support::command;

fn schema() -> Value {
    let parts = [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "docs",
        "kafka-capture.schema.json",
    ];
    let path: PathBuf = parts.iter().collect();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Checks a value by the keywords that the schema uses.
fn check(root: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = root.pointer(name.strip_prefix('#').unwrap()).unwrap();
        return check(root, schema, value, place);
    }
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{place}: {value}");
    }
    let types: Vec<_> = match &schema["type"] {
        Value::Array(types) => types.iter().map(|each| each.as_str().unwrap()).collect(),
        Value::String(name) => vec![name.as_str()],
        _ => Vec::new(),
    };
    let is_type = |name: &str| match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("a type that is not checked: {other}"),
    };
    let mut names = types.iter();
    assert!(
        types.is_empty() || names.any(|name| is_type(name)),
        "{place}: {value}"
    );
    if let (Some(minimum), Some(value)) = (schema["minimum"].as_i64(), value.as_i64()) {
        assert!(value >= minimum, "{place}: {value}");
    }
    for (i, element) in value.as_array().into_iter().flatten().enumerate() {
        check(root, &schema["items"], element, &format!("{place}[{i}]"));
    }
    let Some(members) = value.as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        assert!(members.contains_key(name), "{place} has no {name}");
    }
    for (name, value) in members {
        let place = format!("{place}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => panic!("{place} is not in the schema"),
            (Value::Null, other) => check(root, other, value, &place),
            (property, _) => check(root, property, value, &place),
        }
    }
}

fn run(subcommand: &str, format: &str, file: &str) -> String {
    let arguments = ["--format", format, file];
    let (_, output, errors) = command::texts(subcommand, &arguments, b"");
    assert!(!output.is_empty(), "{file}: {errors}");
    output
}

#[test]
fn documents_are_as_the_schema_describes_them() {
    let schema = schema();
    for captured in captures() {
        for file in &captured.files {
            let file = file.display().to_string();
            for subcommand in ["summary", "produce", "connections", "groups"] {
                let document: Value =
                    serde_json::from_str(&run(subcommand, "json", &file)).unwrap();
                let place = format!("{} {subcommand}", captured.name());
                check(&schema, &schema["$defs"][subcommand], &document, &place);
            }
        }
    }
}

#[test]
fn lines_are_elements_of_documents() {
    let schema = schema();
    let captured = &captures()[0];
    let file = captured.files[0].display().to_string();
    for (subcommand, name) in [("produce", "batch"), ("connections", "connection")] {
        let lines = run(subcommand, "ndjson", &file);
        assert!(lines.lines().count() > 3);
        for line in lines.lines() {
            let line = serde_json::from_str(line).unwrap();
            check(&schema, &schema["$defs"][name], &line, subcommand);
        }
    }
    let lines = run("summary", "ndjson", &file);
    let kinds: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone())
        .collect();
    for kind in [
        "total",
        "api",
        "client",
        "clientAndApi",
        "broker",
        "connection",
        "error",
    ] {
        assert!(kinds.iter().any(|each| each == kind), "{kind}");
    }
}

#[test]
fn text_has_the_tables_and_no_control_characters() {
    let captured = &captures()[0];
    let file = captured.files[0].display().to_string();
    for (subcommand, title) in [
        ("summary", "By API"),
        ("produce", "Partitions"),
        ("connections", "Causes"),
        ("groups", "Rebalances"),
    ] {
        let text = run(subcommand, "text", &file);
        assert!(text.contains(title), "{subcommand}: {text}");
        assert!(text.chars().all(|each| each == '\n' || !each.is_control()));
    }
}
