//! What the import reads, and what it leaves in the folder it writes.

use std::fs;
use std::io::Write;

use kafka_codec_codegen::import::{Files, Import, Source};

use crate::releases::{GROUP, Releases};

#[test]
fn only_facts_are_stored_and_a_field_is_a_line() {
    let releases = Releases::new("facts").request(
        "4.0.0",
        "ARequest",
        "0-2",
        &format!(r#""fields": [ {GROUP} ]"#),
    );
    releases.imported(&["4.0.0"]);
    let text = fs::read_to_string(releases.out().join("clients/ARequest.json")).unwrap();
    let expected = r#"{
  "name": "ARequest",
  "type": "request",
  "apiKey": 1,
  "validVersions": "0-2",
  "flexibleVersions": "2+",
  "fields": [
    { "name": "Group", "type": "string", "versions": "0+" }
  ]
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn importing_twice_changes_nothing_and_what_is_gone_is_removed() {
    let group = format!(r#""fields": [ {GROUP} ]"#);
    let releases = Releases::new("idempotent")
        .request("3.9.2", "ARequest", "0-1", &group)
        .request("4.0.0", "ARequest", "1-2", &group);
    let first = releases.import(&["3.9.2", "4.0.0"], &[]).unwrap();
    assert_eq!(
        first.files,
        Files {
            written: 2,
            unchanged: 0,
            removed: 0
        }
    );
    let stale = releases.out().join("clients/GoneRequest.json");
    fs::write(&stale, GONE).unwrap();
    let beside = releases.out().join("README.md");
    fs::write(&beside, "ours").unwrap();
    // The order in which releases are named does not matter.
    let second = releases.import(&["4.0.0", "3.9.2"], &[]).unwrap();
    assert_eq!(
        second.files,
        Files {
            written: 0,
            unchanged: 2,
            removed: 1
        }
    );
    assert!(!stale.exists() && beside.exists());
    let removed: Vec<_> = second.removed.into_iter().collect();
    assert_eq!(removed, [stale.display().to_string()]);
}

#[test]
fn files_that_no_import_wrote_and_modules_that_are_not_imported_stay() {
    let releases = Releases::new("left_alone").request("4.0.0", "ARequest", "0", r#""fields": []"#);
    let files = [
        ("clients/package.json", "{}"),
        ("raft/GoneRequest.json", GONE),
    ];
    for (file, text) in files {
        let path = releases.out().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let summary = releases.import(&["4.0.0"], &[]).unwrap();
    assert_eq!(summary.files.removed, 0);
    assert!(
        files
            .iter()
            .all(|(file, _)| releases.out().join(file).exists())
    );
}

const GONE: &str = r#"{ "name": "GoneRequest", "type": "request", "apiKey": 2, "validVersions": "0", "flexibleVersions": "none" }"#;

#[test]
fn a_struct_without_fields_is_stored_with_its_empty_list() {
    let releases = Releases::new("empty_struct").request(
        "4.0.0",
        "ARequest",
        "0",
        r#""fields": [ { "name": "Topics", "type": "[]Topic", "versions": "0+", "fields": [] } ]"#,
    );
    releases.imported(&["4.0.0"]);
    let text = fs::read_to_string(releases.out().join("clients/ARequest.json")).unwrap();
    assert!(
        text.contains(r#""versions": "0+", "fields": [] }"#),
        "{text}"
    );
}

#[test]
fn what_was_imported_can_be_imported_again() {
    let releases = Releases::new("again").request(
        "4.0.0",
        "ARequest",
        "0-2",
        &format!(r#""fields": [ {GROUP} ]"#),
    );
    releases.imported(&["4.0.0"]);
    let again = Import {
        layouts: vec![
            format!("4.0.0={}", releases.out().display())
                .parse()
                .unwrap(),
        ],
        history: Vec::new(),
        to: releases.out(),
    };
    assert_eq!(again.run().unwrap().files.written, 0);
}

#[test]
fn the_summary_counts_what_was_not_read_by_reason_and_names_some() {
    let releases = Releases::new("skipped").request("4.0.0", "ARequest", "0", r#""fields": []"#);
    let folder = releases.0.join("4.0.0");
    for file in [
        "kafka-streams-4.0.0.jar",
        "kafka-clients-4.0.0-sources.jar",
        "core/src/main/resources/common/message/AnInfo.json",
        "core/src/test/resources/common/message/SimpleMessage.json",
        ".git/config.json",
        "notes/a.json",
        "notes/b.json",
        "notes/c.json",
        "notes/d.json",
        "notes/e.json",
        "notes/f.json",
        "notes/readme.txt",
    ] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}").unwrap();
    }
    let jar = fs::File::create(folder.join("kafka-raft-4.0.0.jar")).unwrap();
    let mut jar = zip::ZipWriter::new(jar);
    for (file, text) in [
        (
            "common/message/AnInfo.json",
            r#"{ "name": "AnInfo", "type": "data", "validVersions": "0", "flexibleVersions": "none", "fields": [] }"#,
        ),
        ("META-INF/build.json", "{}"),
        ("META-INF/LICENSE", ""),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        jar.start_file(file, options).unwrap();
        jar.write_all(text.as_bytes()).unwrap();
    }
    jar.finish().unwrap();
    let summary = releases.import(&["4.0.0"], &["4.0.0"]).unwrap();
    let folder = folder.display().to_string();
    insta::assert_snapshot!("skipped", summary.to_string().replace(&folder, "4.0.0"));
}

#[test]
fn what_cannot_be_imported_is_told_with_the_way_out() {
    let releases = Releases::new("inputs").request("3.9.2", "ARequest", "0", r#""fields": []"#);
    let folder = releases.0.join("3.9.2");
    let named = releases.0.join("mine");
    fs::create_dir_all(named.join("empty")).unwrap();
    fs::rename(folder.join("clients"), named.join("clients")).unwrap();
    let jar = named.join("some.jar");
    fs::write(&jar, "").unwrap();
    let table = [
        (named.clone(), "write RELEASE=PATH, such as 4.4.0="),
        (named.join("empty"), "there are no message definitions in"),
        (named.join("nowhere"), "does not exist"),
        (jar, "jars must be named kafka-MODULE-RELEASE.jar"),
        (
            named.join("clients/ARequest.json"),
            "is neither a jar nor a folder",
        ),
    ];
    for (path, told) in table {
        let import = Import {
            layouts: vec![Source {
                release: None,
                path,
            }],
            history: Vec::new(),
            to: releases.out(),
        };
        let error = import.run().expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    }
    let twice = Import {
        layouts: vec![format!("4.0.0={}", named.display()).parse().unwrap(); 2],
        history: Vec::new(),
        to: releases.out(),
    };
    assert!(
        twice
            .run()
            .expect_err("twice")
            .to_string()
            .contains("release 4.0.0 has ARequest twice")
    );
}
