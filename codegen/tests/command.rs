//! The `kafka-codegen` command, as a person or a script meets it. Needs the `cli` feature.
#![cfg(feature = "cli")]

use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_kafka-codegen"))
        .args(arguments)
        .current_dir(folder.parent().expect("the workspace"))
        .output()
        .expect("it was built")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("it prints text")
}

#[track_caller]
fn assert_fails(arguments: &[&str], code: i32, told: &str) {
    let output = run(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(told), "{error}");
    assert!(error.starts_with("error: "), "{error}");
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn show_prints_the_rust_of_a_message_and_nothing_else() {
    let output = run(&["show", "HeartbeatRequest"]);
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
    let code = text(&output.stdout);
    assert!(
        code.contains("/// Request of the Heartbeat API, key 12. Versions 0-4, flexible from 4.")
    );
    assert!(code.contains("\npub struct HeartbeatRequest<'a> {\n"));
    code.parse::<proc_macro2::TokenStream>().unwrap();
}

#[test]
fn table_can_be_cut_into_columns() {
    let output = run(&["table", "--definitions", "protocol-json"]);
    assert!(output.status.success());
    let table = text(&output.stdout);
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!(lines.iter().all(|line| line.len() == 8));
    assert_eq!(lines[0][..4], ["key", "name", "module", "versions"]);
    assert!(
        lines
            .iter()
            .any(|line| line[..3] == ["1", "FetchRequest", "clients"])
    );
}

#[test]
fn a_mistaken_command_exits_with_2_and_tells_the_way_out() {
    let mistakes: [(&[&str], &str); 7] = [
        (&["show", "FetchReqest"], "did you mean `FetchRequest`?"),
        (
            &["show", "fetch"],
            "did you mean `FetchRequest` or `FetchResponse` or",
        ),
        (
            &["show", "Qqqqqq"],
            "`kafka-codegen table` lists all of them",
        ),
        (
            &["show", "X", "--definitions", "nowhere"],
            "there is no folder nowhere",
        ),
        (
            &["table", "--definitions", "codegen/src"],
            "there are no message definitions in",
        ),
        (&["table", "--definition", "nowhere"], "--definitions"),
        (
            &["import", "--to", "nowhere", "no.jar"],
            "no.jar does not exist",
        ),
    ];
    for (arguments, told) in mistakes {
        assert_fails(arguments, 2, told);
    }
}

#[test]
fn faulty_definitions_exit_with_1_and_are_all_told() {
    let broken = ["--definitions", "codegen/tests/broken"];
    assert_fails(&["table", broken[0], broken[1]], 1, "the definitions have ");
    assert_fails(
        &["show", "Tags", broken[0], broken[1]],
        1,
        "the definitions have 10 faults",
    );
}

#[test]
fn every_subcommand_has_examples_in_its_help() {
    for command in ["import", "show", "table"] {
        let output = run(&[command, "--help"]);
        assert!(output.status.success());
        assert!(text(&output.stdout).contains(&format!("Examples:\n  kafka-codegen {command}")));
    }
}
