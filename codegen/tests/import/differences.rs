//! Where releases disagree: what stops the import, and what does not.

use crate::releases::{Releases, definition, fields};

#[test]
fn an_unexpected_difference_stops_the_import_and_is_named() {
    let field = |keys: &str| {
        format!(
            r#""fields": [ {{ "name": "Topics", "type": "[]Topic", "versions": "0+", "fields": [
               {{ "name": "A", "type": "int8", "versions": "0+" }}, {{ "name": "B", {keys} }} ] }} ]"#
        )
    };
    let base = r#""type": "int32", "versions": "0+""#;
    let table = [
        (
            "type",
            r#""type": "int64", "versions": "0+""#,
            "v0, field Topics.B: the type is int32 in 3.9.2 and int64 in 4.0.0",
        ),
        (
            "presence",
            r#""type": "int32", "versions": "1+""#,
            "v0, field Topics.B: presence is there in 3.9.2 and not there in 4.0.0",
        ),
        (
            "default",
            r#""type": "int32", "versions": "0+", "default": 1"#,
            "v0, field Topics.B: the default is 0 in 3.9.2 and 1 in 4.0.0",
        ),
        (
            "tag",
            r#""type": "int32", "versions": "0+", "taggedVersions": "2+", "tag": 0"#,
            // english: allow
            "v2, field Topics.B: the tag is none in 3.9.2 and 0 in 4.0.0",
        ),
        (
            "nullable",
            r#""type": "string", "versions": "0+", "nullableVersions": "1+""#,
            "v1, field Topics.B: nullability is false in 3.9.2 and true in 4.0.0",
        ),
    ];
    for (name, keys, told) in table {
        let releases = Releases::new(&format!("difference-{name}"))
            .request("3.9.2", "ARequest", "0-2", &field(base))
            .request("4.0.0", "ARequest", "0-2", &field(keys));
        let error = releases.stopped(&["3.9.2", "4.0.0"]);
        assert!(
            error.contains(&format!("error: ARequest {told}")),
            "{name}: {error}"
        );
        assert!(
            error.contains("nothing was written") && error.contains("accepted.rs"),
            "{error}"
        );
    }
}

#[test]
fn another_order_or_flexibility_is_a_difference_too() {
    let a = r#"{ "name": "A", "type": "int8", "versions": "0+" }"#;
    let b = r#"{ "name": "B", "type": "int8", "versions": "0+" }"#;
    let releases = Releases::new("order")
        .request(
            "3.9.2",
            "ARequest",
            "0",
            &format!(r#""fields": [ {a}, {b} ]"#),
        )
        .request(
            "4.0.0",
            "ARequest",
            "0",
            &format!(r#""fields": [ {b}, {a} ]"#),
        );
    let error = releases.stopped(&["3.9.2", "4.0.0"]);
    assert!(
        error.contains("ARequest v0: the order of the fields is A, B in 3.9.2 and B, A in 4.0.0"),
        "{error}"
    );

    let keys = |flexible: &str| {
        format!(r#""type": "data", "validVersions": "0-1", "flexibleVersions": "{flexible}""#)
    };
    let releases = Releases::new("flexible")
        .with("3.9.2", "raft", "AThing", &keys("1+"))
        .with("4.0.0", "raft", "AThing", &keys("0+"));
    let error = releases.stopped(&["3.9.2", "4.0.0"]);
    assert!(
        error.contains("AThing v0: flexibility is false in 3.9.2 and true in 4.0.0"),
        "{error}"
    );
}

#[test]
fn stored_records_may_grow_by_tagged_fields_and_requests_may_not() {
    let tagged = r#""fields": [ { "name": "New", "type": "int8", "versions": "2+", "taggedVersions": "2+", "tag": 0 } ]"#;
    let data = r#""type": "data", "validVersions": "0-2", "flexibleVersions": "2+""#;
    let releases = Releases::new("grown-record")
        .with("3.9.2", "raft", "AThing", data)
        .with("4.0.0", "raft", "AThing", &format!("{data}, {tagged}"));
    let corpus = releases.imported(&["3.9.2", "4.0.0"]);
    assert_eq!(fields(definition(&corpus, "AThing")), ["New 2+"]);

    let releases = Releases::new("grown-request")
        .request("3.9.2", "ARequest", "0-2", r#""fields": []"#)
        .request("4.0.0", "ARequest", "0-2", tagged);
    let error = releases.stopped(&["3.9.2", "4.0.0"]);
    assert!(
        error.contains("ARequest v2, field New: presence is not there in 3.9.2"),
        "{error}"
    );
}

#[test]
fn an_api_with_another_number_stops_the_import() {
    let keys = |key: i16| {
        format!(
            r#""type": "request", "apiKey": {key}, "validVersions": "0", "flexibleVersions": "none", "fields": []"#
        )
    };
    let releases = Releases::new("api-key")
        .with("3.9.2", "clients", "ARequest", &keys(1))
        .with("4.0.0", "clients", "ARequest", &keys(2));
    let error = releases.stopped(&["3.9.2", "4.0.0"]);
    let told = "ARequest v0: the API key is 1 in 3.9.2 and 2 in 4.0.0";
    assert!(error.contains(told), "{error}");
}

#[test]
fn a_module_that_only_an_older_release_has_stops_the_import() {
    let vote = r#""type": "data", "validVersions": "0", "flexibleVersions": "none", "fields": []"#;
    let releases = Releases::new("module")
        .request("3.9.2", "ARequest", "0", r#""fields": []"#)
        .with("3.9.2", "raft", "Vote", vote)
        .request("4.0.0", "ARequest", "0", r#""fields": []"#);
    let error = releases.stopped(&["3.9.2", "4.0.0"]);
    let told = "release 3.9.2 has definitions of the module raft, and 4.0.0 has none";
    assert!(error.contains(told), "{error}");
}

/// Two fields of each struct have the next, so the last has 2 to the power of 30 paths.
#[test]
fn a_message_with_too_many_paths_stops_the_import() {
    let structs = (0..30).map(|n| {
        let fields = ["A", "B"].map(|name| {
            let next = n + 1;
            format!(r#"{{ "name": "{name}", "type": "S{next}", "versions": "0+" }}"#)
        });
        let fields = fields.join(", ");
        format!(r#"{{ "name": "S{n}", "versions": "0+", "fields": [{fields}] }}"#)
    });
    let structs: Vec<_> = structs.collect();
    let keys = format!(
        r#""commonStructs": [{}, {{ "name": "S30", "versions": "0+", "fields": [] }}],
           "fields": [ {{ "name": "A", "type": "S0", "versions": "0+" }} ]"#,
        structs.join(", ")
    );
    let releases = Releases::new("paths").request("4.0.0", "ARequest", "0", &keys);
    assert_eq!(
        releases.stopped(&["4.0.0"]),
        "error: ARequest: the message has more than 10000 fields, those of a struct counted wherever it is used"
    );
}

#[test]
fn a_definition_that_the_build_refuses_is_not_written() {
    let releases = Releases::new("refused").request(
        "4.0.0",
        "ARequest",
        "0",
        r#""fields": [ { "name": "A", "type": "int8", "versions": "0+", "default": "300" } ]"#,
    );
    let error = releases.stopped(&["4.0.0"]);
    assert!(
        error.contains("`300` is not an integer from -128 to 127"),
        "{error}"
    );
}
