//! What `Builder` generates, and what it says of mistakes. That it compiles and runs is shown by
//! `examples/selected`.

use std::fs;
use std::path::{Path, PathBuf};

use kafka_codec_codegen::{Builder, GenerateError};

const DEFINITIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol-json");

fn builder() -> Builder {
    Builder::new().definitions(DEFINITIONS)
}

/// A file in the folder for temporary files of this test.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn generated(builder: Builder, name: &str) -> String {
    let path = file(name);
    builder.write(&path).expect("no mistakes");
    fs::read_to_string(path).expect("written")
}

fn structs(code: &str) -> Vec<&str> {
    let lines = code
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub struct "));
    lines.filter_map(|line| line.split('<').next()).collect()
}

#[test]
fn only_what_is_selected_is_generated() {
    let selected = builder().api("Heartbeat", ..).message("RequestHeader", ..);
    let code = generated(selected, "only.rs");
    let mut structs = structs(&code);
    structs.sort_unstable();
    assert_eq!(
        structs,
        ["HeartbeatRequest", "HeartbeatResponse", "RequestHeader"]
    );
}

#[test]
fn one_direction_is_generated_alone() {
    let code = generated(builder().request("Heartbeat", ..), "request.rs");
    assert_eq!(structs(&code), ["HeartbeatRequest"]);
    let code = generated(builder().response("Heartbeat", ..), "response.rs");
    assert_eq!(structs(&code), ["HeartbeatResponse"]);
}

#[test]
fn structs_of_other_versions_are_not_generated() {
    let old = generated(builder().response("FindCoordinator", ..4), "old.rs");
    assert_eq!(structs(&old), ["FindCoordinatorResponse"]);
    assert!(old.contains("pub node_id: i32"));
    let new = generated(builder().response("FindCoordinator", 4..), "new.rs");
    assert_eq!(structs(&new), ["FindCoordinatorResponse", "Coordinator"]);
    assert!(new.contains("VersionRange::generated(4, 6)"), "{new}");
}

#[test]
fn conditions_are_narrowed_to_the_selected_versions() {
    let code = generated(builder().api("Heartbeat", 4..=4), "narrowed.rs");
    assert!(!code.contains("v.0"), "{code}");
    assert!(!code.contains("Encoding::flexible_from"), "{code}");
}

#[test]
fn the_library_may_have_another_path() {
    let code = generated(builder().api("Heartbeat", ..), "usual_path.rs");
    assert!(code.contains("use ::kafka_codec::generated::*;"), "{code}");
    for path in ["::kc", "kc", "crate::protocol::kafka_codec"] {
        let renamed = builder().kafka_codec_path(path).api("Heartbeat", ..);
        let code = generated(renamed, "other_path.rs");
        assert!(
            code.contains(&format!("use {path}::generated::*;")),
            "{code}"
        );
        assert!(!code.contains("use ::kafka_codec"), "{code}");
    }
    for path in ["", "::", "kafka-codec", "kc::", "kc:x", "a; mod b", "1"] {
        let broken = builder().kafka_codec_path(path).api("Heartbeat", ..);
        let error = broken.write(file("no_path.rs")).unwrap_err().to_string();
        let told = format!("error: `{path}` is not a path in Rust\n   = help: ");
        assert!(error.starts_with(&told), "{error}");
        assert!(!file("no_path.rs").exists());
    }
}

#[test]
fn mistakes_are_named_with_the_way_out() {
    let table = [
        (
            builder(),
            "nothing is selected",
            "name an API, as in `.api(\"Metadata\", ..)`",
        ),
        (
            builder().api("Fetsch", ..),
            "there is no API `Fetsch`",
            "did you mean `Fetch`?",
        ),
        (
            builder().api("FetchRequest", ..),
            "there is no API `FetchRequest`",
            "the API is `Fetch`",
        ),
        (
            builder().api("RequestHeader", ..),
            "there is no API `RequestHeader`",
            "`RequestHeader` is a message without an API: write `.message(\"RequestHeader\", ..)`",
        ),
        (
            builder().message("Fetch", ..),
            "there is no message `Fetch`",
            "`Fetch` is an API: write `.api(\"Fetch\", ..)`",
        ),
        (
            builder().message("ConsumerProtocolSubscriptions", ..),
            "there is no message `ConsumerProtocolSubscriptions`",
            "did you mean `ConsumerProtocolSubscription`?",
        ),
        (
            builder().api("Heartbeat", 2..=9),
            "Heartbeat has no version 9: it has 0-4",
            "write `2..=4`, or `..` for all of them",
        ),
        (
            builder().api("Heartbeat", -1..),
            "Heartbeat has no version -1: it has 0-4",
            "write `..` for all of them",
        ),
        (
            builder().request("Heartbeat", 5..),
            "Heartbeat has no version 5: it has 0-4",
            "write `4..=4`, or `..` for all of them",
        ),
        #[allow(clippy::reversed_empty_ranges, reason = "it is the mistake")]
        (
            builder().api("Heartbeat", 3..=1),
            "the versions 3..=1 of Heartbeat run backwards",
            "write `1..=3`, or `..` for all of them",
        ),
        (
            builder().api("Heartbeat", 3..3),
            "the versions 3..=2 of Heartbeat run backwards",
            "write `2..=3`, or `..` for all of them",
        ),
        (
            builder().api("Heartbeat", ..2).request("Heartbeat", 3..),
            "HeartbeatRequest is selected twice",
            "select it once, with one range of versions",
        ),
    ];
    for (builder, wrong, right) in table {
        let error = builder.write(file("mistake.rs")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("error: {wrong}\n   = help: {right}")
        );
        assert!(!file("mistake.rs").exists());
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let error = builder()
        .api("Fetsch", ..)
        .api("Metadata", 99..)
        .write(file("all.rs"));
    let GenerateError::Selection(mistakes) = error.unwrap_err() else {
        panic!("mistakes in the selection");
    };
    assert_eq!(mistakes.len(), 2);
}

#[test]
fn an_error_that_ends_a_build_script_reads_as_a_sentence() {
    let error = builder()
        .api("Fetsch", ..)
        .write(file("debug.rs"))
        .unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        "nothing was generated\n\nerror: there is no API `Fetsch`\n   = help: did you mean `Fetch`?"
    );
}

#[test]
fn a_file_without_a_folder_outside_of_a_build_script_is_refused() {
    let error = builder().api("Fetch", ..).write("fetch.rs").unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("error: no folder to write fetch.rs to\n   = help: "),
        "{text}"
    );
}

#[test]
fn definitions_that_come_with_nothing_are_missed() {
    let error = Builder::new()
        .api("Fetch", ..)
        .write(file("none.rs"))
        .unwrap_err();
    assert!(matches!(error, GenerateError::NoDefinitions), "{error}");
}

#[test]
fn faults_of_own_definitions_are_told_with_their_place() {
    let folder = file("faulty");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("A.json"), "{ \"name\": 1 }").expect("a file");
    let builder = Builder::new().definitions(&folder).api("A", ..);
    let text = builder.write(file("faulty.rs")).unwrap_err().to_string();
    assert!(text.contains("--> faulty/A.json:1"), "{text}");
}
