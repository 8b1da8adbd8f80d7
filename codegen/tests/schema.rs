//! What the mirror of a definition accepts, since Kafka's own reader does.

use kafka_codec_codegen::schema::{Definition, EntityType, Kind, Listener};
use kafka_codec_codegen::types::FieldType;
use kafka_codec_codegen::versions::Versions;

fn read(text: &str) -> Definition {
    let read = Definition::parse("test.json", text);
    read.map_err(|faults| faults.to_string())
        .expect("no faults")
}

/// A request with these fields and keys.
fn with(keys: &str) -> Definition {
    read(&format!(
        r#"{{ "name": "ARequest", "type": "request", "apiKey": 1, "validVersions": "0-3", "flexibleVersions": "2+", {keys} }}"#
    ))
}

#[test]
fn scalars_are_taken_for_each_other_as_kafka_does() {
    let definition = read(
        r#"{ "name": "ARequest", "type": "request", "apiKey": "1", "validVersions": 3, "flexibleVersions": "",
             "latestVersionUnstable": "true", "fields": [
             { "name": "A", "type": "int8", "versions": 3, "tag": "0", "ignorable": "true", "default": -1 },
             { "name": "B", "type": "bool", "versions": "0+", "default": false, "mapKey": "false" } ] }"#,
    );
    assert_eq!(definition.api_key, Some(1));
    assert_eq!(definition.valid_versions, Versions::only(3));
    assert_eq!(definition.flexible_versions, Versions::NONE);
    assert!(definition.latest_version_unstable);
    let [a, b] = &definition.fields[..] else {
        panic!("two fields")
    };
    assert_eq!(
        (a.tag, a.ignorable, a.default.as_deref()),
        (Some(0), true, Some("-1"))
    );
    assert_eq!((b.map_key, b.default.as_deref()), (false, Some("false")));
}

#[test]
fn a_single_value_stands_for_a_list_of_one() {
    let definition = with(
        r#""listeners": "broker", "fields": { "name": "A", "type": "Inner", "versions": "0+",
           "fields": { "name": "B", "type": "int8", "versions": "1+" } }"#,
    );
    assert_eq!(definition.listeners, [Listener::Broker]);
    assert_eq!(definition.fields[0].fields[0].name, "B");
}

#[test]
fn a_default_of_null_or_nothing_is_no_default() {
    let definition = with(
        r#""fields": [ { "name": "A", "type": "string", "versions": "0+", "default": null },
                       { "name": "B", "type": "string", "versions": "0+", "default": "" },
                       { "name": "C", "type": "string", "versions": "0+", "default": "null" } ]"#,
    );
    let defaults: Vec<_> = definition
        .fields
        .iter()
        .map(|f| f.default.as_deref())
        .collect();
    assert_eq!(defaults, [None, None, Some("null")]);
}

#[test]
fn a_tagged_field_may_leave_its_versions_to_the_tagged_ones() {
    let definition = with(
        r#""fields": [ { "name": "A", "type": " []int32 ", "taggedVersions": "2+", "tag": 0, "entityType": "brokerId" },
                       { "name": "B", "type": "int8", "versions": "0+", "taggedVersions": "none", "entityType": "unknown" } ]"#,
    );
    let [a, b] = &definition.fields[..] else {
        panic!("two fields")
    };
    assert_eq!(
        (a.versions, a.effective_versions()),
        (None, Versions::from(2))
    );
    assert_eq!(a.ty, FieldType::Array(Box::new(FieldType::Int32)));
    assert_eq!(
        (a.entity_type, b.entity_type),
        (Some(EntityType::BrokerId), None)
    );
    assert_eq!(b.tagged_versions, None);
}

#[test]
fn a_retired_api_keeps_its_number_and_nothing_else() {
    let retired = read(
        r#"{ "apiKey": 4, "type": "request", "name": "LeaderAndIsrRequest", "validVersions": "none", "listeners": ["broker"] }"#,
    );
    assert!(retired.is_retired() && retired.listeners.is_empty());
    assert_eq!((retired.api_key, retired.kind), (Some(4), Kind::Request));
}

#[test]
fn header_versions_are_kept_in_the_order_of_the_versions() {
    let definition = with(r#""headerVersions": { "10+": "3", "0-1": "1", "2-9": 2 }"#);
    let expected = [
        (Versions::new(0, 1), 1),
        (Versions::new(2, 9), 2),
        (Versions::from(10), 3),
    ];
    assert_eq!(definition.header_versions, expected);
}

#[test]
fn comments_may_stand_anywhere_and_are_no_part_of_strings() {
    let definition = read(
        "// licence\n{ \"name\": /* here */ \"AThing\", \"type\": \"data\", // and here\n \"validVersions\": \"0\",
          \"flexibleVersions\": \"none\", \"fields\": [{ \"name\": \"A\", \"type\": \"string\", \"versions\": \"0\",
          \"default\": \"http://x /* y */\" }] } // end",
    );
    assert_eq!(
        definition.fields[0].default.as_deref(),
        Some("http://x /* y */")
    );
}
