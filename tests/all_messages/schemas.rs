//! Every message has a table, which is found by all that people know of a message.

use kafka_codec::schema::{FieldType, Kind, Schema, StructSchema, error_codes};
use kafka_codec::wire::Limits;
use kafka_codec::{ApiKey, ErrorCode, Version};

use crate::registry::registry;

#[test]
fn every_message_has_a_table_that_says_what_its_type_says() {
    let registry = registry();
    assert_eq!(Schema::all().len(), registry.len());
    for schema in Schema::all() {
        let entry = registry[schema.name()];
        let same = entry.schema.expect("generated");
        assert!(std::ptr::eq(*schema, same), "{schema:?}");
        assert_eq!(schema.versions(), entry.versions);
        assert_eq!(schema.flexible_from(), entry.flexible_from);
        assert_eq!(schema.root().name(), entry.name);
    }
}

#[test]
fn a_table_is_found_by_api_and_by_name() {
    for key in ApiKey::ALL {
        let (Some(request), Some(response)) = (Schema::of_request(*key), Schema::of_response(*key))
        else {
            panic!("{key} has messages");
        };
        let name = key.name().unwrap();
        assert_eq!(request.name(), format!("{name}Request"));
        assert_eq!(response.name(), format!("{name}Response"));
        assert_eq!(
            (request.kind(), response.kind()),
            (Kind::Request, Kind::Response)
        );
        assert_eq!(request.api_key(), Some(key.number()));
    }
    assert!(Schema::of_request(ApiKey::from_number(12345)).is_none());
    for schema in Schema::all() {
        assert_eq!(Schema::named(schema.name()).unwrap().name(), schema.name());
    }
    assert_eq!(
        Schema::named("AlterIsrRequest").unwrap().name(),
        "AlterPartitionRequest"
    );
    let error = Schema::named("FetchRequests").unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown message `FetchRequests`: did you mean `FetchRequest`?"
    );
}

#[test]
fn the_fields_of_a_table_agree_with_each_other() {
    for schema in Schema::all() {
        check(schema, schema.root());
    }
}

fn check(schema: &Schema, entry: &StructSchema) {
    for field in entry.fields() {
        let place = || format!("{}: {field:?} of {entry:?}", schema.name());
        let versions = field
            .versions()
            .unwrap_or_else(|| panic!("{}: never there", place()));
        assert_eq!(
            Some(versions),
            schema.versions().intersect(versions),
            "{}",
            place()
        );
        for version in schema.versions().iter() {
            let is_in = field.is_in(version);
            assert_eq!(is_in, versions.contains(version), "{}", place());
            let places = [field.is_mandatory_in(version), field.is_tagged_in(version)];
            let count = places.iter().filter(|is_there| **is_there).count();
            assert_eq!(count, usize::from(is_in), "{}", place());
            assert!(is_in || !field.is_nullable_in(version), "{}", place());
            assert!(!field.is_tagged_in(version) || schema.encoding(version).is_compact());
        }
        if let Some(tag) = field.tag() {
            let found = entry.tagged(tag).map(|field| field.name());
            assert_eq!(found, Some(field.name()), "{}", place());
        }
        assert!(!field.is_error_code() || matches!(field.field_type(), FieldType::Int16));
        if let FieldType::Struct(inner) = field.field_type() {
            check(schema, inner);
        }
    }
}

#[test]
fn each_error_code_is_counted_however_many_a_message_has() {
    // A group without a name for each of many codes.
    let groups: Vec<u8> = (1..=i16::MAX)
        .flat_map(|code| [&[0, 0][..], &code.to_be_bytes()].concat())
        .collect();
    let count = i32::from(i16::MAX).to_be_bytes();
    let bytes = [&[0; 4][..], &count, &groups].concat();
    let schema = Schema::of_response(ApiKey::DeleteGroups).unwrap();
    let found = error_codes(schema, Version(0), &bytes, Limits::default()).unwrap();
    let expected: Vec<_> = (1..=i16::MAX).map(|code| (ErrorCode(code), 1)).collect();
    assert_eq!(found, expected);
}
