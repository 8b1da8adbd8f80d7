//! What is stored of a message that several releases have.

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::schema::Kind;

use crate::releases::{GROUP, Releases, definition, fields};

#[test]
fn versions_that_only_the_older_release_has_read_as_it_had_them() {
    let releases = Releases::new("union")
        .request(
            "3.9.2",
            "ARequest",
            "0-3",
            &format!(
                r#""fields": [ {{ "name": "Old", "type": "int8", "versions": "0", "ignorable": true }}, {GROUP},
                   {{ "name": "Member", "type": "string", "versions": "1+", "nullableVersions": "2+", "ignorable": true }},
                   {{ "name": "Topics", "type": "[]Topic", "versions": "0+", "fields": [
                     {{ "name": "Name", "type": "string", "versions": "0+" }},
                     {{ "name": "Gone", "type": "int8", "versions": "0-1" }} ] }} ]"#
            ),
        )
        .request(
            "4.0.0",
            "ARequest",
            "2-4",
            &format!(
                r#""fields": [ {GROUP}, {{ "name": "Member", "type": "string", "versions": "0+", "nullableVersions": "2+" }},
                   {{ "name": "Topics", "type": "[]Topic", "versions": "2+", "fields": [
                     {{ "name": "Name", "type": "string", "versions": "2-3" }},
                     {{ "name": "Id", "type": "uuid", "versions": "4+" }} ] }} ]"#
            ),
        );
    let corpus = releases.imported(&["3.9.2", "4.0.0"]);
    let merged = definition(&corpus, "ARequest");
    assert_eq!(merged.valid_versions.to_string(), "0-4");
    assert_eq!(
        fields(merged),
        ["Old 0", "Group 0+", "Member 1+", "Topics 0+"]
    );
    let topics = &merged.fields[3];
    let inner: Vec<_> = topics
        .fields
        .iter()
        .map(|f| format!("{} {}", f.name, f.effective_versions()))
        .collect();
    assert_eq!(inner, ["Name 0-3", "Gone 0-1", "Id 4+"]);
    assert!(
        merged.fields[2].ignorable,
        "a version of the older release lacks it"
    );
}

#[test]
fn a_key_that_a_release_repeats_with_the_same_value_counts_once() {
    let fields = |again| {
        format!(
            r#""fields": [ {{ "name": "Topic", "type": "string", "versions": "0+", "versions": "{again}" }} ]"#
        )
    };
    let releases = Releases::new("repeated").request("3.9.2", "ARequest", "0-1", &fields("0+"));
    let corpus = releases.imported(&["3.9.2"]);
    assert_eq!(definition(&corpus, "ARequest").fields.len(), 1);
    let releases =
        Releases::new("repeated-else").request("3.9.2", "ARequest", "0-1", &fields("1+"));
    let error = releases.stopped(&["3.9.2"]);
    assert!(
        error.contains("the key `versions` is there twice"),
        "{error}"
    );
}

#[test]
fn a_renamed_message_is_stored_under_its_newest_name() {
    let group = format!(r#""fields": [ {GROUP} ]"#);
    let releases = Releases::new("renamed")
        .request("3.9.2", "ListOldRequest", "0-1", &group)
        .request("4.0.0", "ListNewRequest", "1-2", &group);
    let corpus = releases.imported(&["3.9.2", "4.0.0"]);
    assert_eq!(corpus.definitions.len(), 1);
    assert_eq!(
        definition(&corpus, "ListNewRequest")
            .valid_versions
            .to_string(),
        "0-2"
    );
    let old: Vec<_> = corpus.releases.old_names("ListNewRequest").collect();
    assert_eq!(old, ["ListOldRequest"]);
    assert_eq!(
        corpus.releases.version_removed_in("ListNewRequest", 0),
        Some("4.0")
    );
}

#[test]
fn a_retired_api_keeps_the_layout_it_had() {
    let releases = Releases::new("retired")
        .request(
            "3.9.2",
            "ARequest",
            "0-2",
            &format!(r#""listeners": ["zkBroker"], "fields": [ {GROUP} ]"#),
        )
        .with(
            "4.0.0",
            "clients",
            "ARequest",
            r#""type": "request", "apiKey": 1, "validVersions": "none""#,
        );
    let corpus = releases.imported(&["3.9.2", "4.0.0"]);
    let retired = definition(&corpus, "ARequest");
    assert_eq!(retired.valid_versions.to_string(), "0-2");
    assert_eq!(
        (retired.listeners.len(), fields(retired)),
        (1, vec!["Group 0+".to_owned()])
    );
    assert_eq!(
        corpus.releases.version_removed_in("ARequest", 2),
        Some("4.0")
    );
}

#[test]
fn record_types_that_were_versions_of_a_key_become_version_0() {
    let old = |versions: &str| {
        format!(
            r#""type": "data", "validVersions": "{versions}", "flexibleVersions": "none",
               "fields": [ {{ "name": "group", "type": "string", "versions": "{versions}" }} ]"#
        )
    };
    let new = |key: i16, ty: &str| {
        format!(
            r#""type": "coordinator-key", "apiKey": {key}, "validVersions": "0", "flexibleVersions": "none",
               "fields": [ {{ "name": "group", "type": "{ty}", "versions": "0" }} ]"#
        )
    };
    let module = "group-coordinator";
    let releases = Releases::new("record-keys")
        .with("3.9.2", module, "OffsetCommitKey", &old("0-1"))
        .with("3.9.2", module, "GroupMetadataKey", &old("2"))
        .with("4.1.0", module, "LegacyOffsetCommitKey", &new(0, "string"))
        .with("4.1.0", module, "OffsetCommitKey", &new(1, "string"))
        .with("4.1.0", module, "GroupMetadataKey", &new(2, "string"));
    let corpus = releases.imported(&["3.9.2", "4.1.0"]);
    let keys: Vec<_> = corpus
        .definitions
        .iter()
        .map(|(_, d)| (d.api_key, d.kind, d.valid_versions.to_string()))
        .collect();
    let key = |number| (Some(number), Kind::CoordinatorKey, "0".to_owned());
    assert_eq!(keys, [key(2), key(0), key(1)]);

    let releases = Releases::new("record-keys-differ")
        .with("3.9.2", module, "GroupMetadataKey", &old("2"))
        .with("4.1.0", module, "GroupMetadataKey", &new(2, "int32"));
    let error = releases.stopped(&["3.9.2", "4.1.0"]);
    assert!(
        error.contains(
            "GroupMetadataKey v0, field group: the type is string in 3.9.2 and int32 in 4.1.0"
        ),
        "{error}"
    );
}

#[test]
fn more_releases_only_teach_the_history() {
    let group = format!(r#""fields": [ {GROUP} ]"#);
    let more =
        format!(r#""fields": [ {GROUP}, {{ "name": "New", "type": "int8", "versions": "2+" }} ]"#);
    let releases = Releases::new("history")
        .request(
            "3.0.2",
            "ARequest",
            "0-1",
            r#""fields": [ { "name": "Else", "type": "int8", "versions": "0+" } ]"#,
        )
        .request("3.9.2", "ARequest", "0-1", &group)
        .request("4.0.0", "ARequest", "1-2", &more)
        .request("4.1.0", "ARequest", "1-3", &more);
    releases
        .import(&["3.9.2", "4.1.0"], &["3.0.2", "4.0.0"])
        .unwrap();
    let corpus = Corpus::read(&releases.out()).unwrap();
    assert_eq!(
        fields(definition(&corpus, "ARequest")),
        ["Group 0+", "New 2+"]
    );
    let history = &corpus.releases;
    let since: Vec<_> = (0..4)
        .map(|version| history.version_since("ARequest", version))
        .collect();
    assert_eq!(since, [None, None, Some("4.0"), Some("4.1")]);
    assert_eq!(history.version_removed_in("ARequest", 0), Some("4.0"));
    assert_eq!(history.field_since("ARequest", "New"), Some("4.0"));
    assert_eq!(
        history.field_since("ARequest", "Group"),
        None,
        "its version 0 is as old as the message"
    );
}

#[test]
fn a_version_that_was_unstable_is_taken_from_the_newer_release_or_dropped() {
    let unstable = |ty: &str| {
        format!(
            r#""latestVersionUnstable": true, "fields": [ {{ "name": "A", "type": "{ty}", "versions": "1+" }} ]"#
        )
    };
    let releases = Releases::new("unstable")
        .request("3.9.2", "ARequest", "0-1", &unstable("int8"))
        .request(
            "4.0.0",
            "ARequest",
            "0-1",
            r#""fields": [ { "name": "A", "type": "int64", "versions": "1+" } ]"#,
        );
    let corpus = releases.imported(&["3.9.2", "4.0.0"]);
    assert_eq!(
        definition(&corpus, "ARequest").fields[0].ty.to_string(),
        "int64"
    );
    assert_eq!(corpus.releases.version_since("ARequest", 1), Some("4.0"));

    let response = r#""type": "response", "apiKey": 1, "flexibleVersions": "0+", "validVersions""#;
    let releases = Releases::new("dropped")
        .request("3.9.2", "ARequest", "0", &unstable("int8"))
        .with(
            "3.9.2",
            "clients",
            "AResponse",
            &format!(r#"{response}: "0""#),
        )
        .request("4.0.0", "ARequest", "1", r#""fields": []"#)
        .with(
            "4.0.0",
            "clients",
            "AResponse",
            &format!(r#"{response}: "1""#),
        );
    let summary = releases.import(&["3.9.2", "4.0.0"], &[]).unwrap();
    let dropped: Vec<_> = summary.dropped.iter().map(String::as_str).collect();
    assert_eq!(
        dropped,
        [
            "ARequest v0, unstable in 3.9.2",
            "AResponse v0, unstable in 3.9.2"
        ]
    );
    let corpus = Corpus::read(&releases.out()).unwrap();
    assert_eq!(
        definition(&corpus, "AResponse").valid_versions.to_string(),
        "1"
    );
}

#[test]
fn the_flag_of_an_unstable_version_is_dropped_with_the_version() {
    let fields = r#""latestVersionUnstable": true, "fields": []"#;
    let releases = Releases::new("dropped-flag")
        .request("3.9.2", "ARequest", "0-1", fields)
        .with(
            "4.0.0",
            "clients",
            "ARequest",
            r#""type": "request", "apiKey": 1, "validVersions": "none""#,
        );
    let corpus = releases.imported(&["3.9.2", "4.0.0"]);
    let merged = definition(&corpus, "ARequest");
    assert_eq!(merged.valid_versions.to_string(), "0");
    assert!(!merged.latest_version_unstable);
}
