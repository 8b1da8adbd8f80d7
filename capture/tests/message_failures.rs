//! How `kafka-capture message` fails, and that what its help shows works.
#![cfg(test)]

mod support;

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use support::command;

const REQUEST: &str = "000c0000000000070002 6d65 00016100000001000162\n";

/// What the command says to `input`: its exit code, output and errors.
fn run(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    command::texts("message", arguments, input)
}

#[test]
fn every_way_to_fail_has_an_exit_code_and_one_sentence() {
    let heartbeat = ["--api", "Heartbeat", "--version", "0", "--request"];
    let with = |more: &[&'static str]| [&heartbeat, more].concat();
    for (arguments, input, code, said) in [
        (
            with(&["no-such-file"]),
            "",
            1,
            "kafka-capture: no-such-file: No such file",
        ),
        (
            vec![],
            "00",
            2,
            "kafka-capture: --api or --name, --version, --request or --response are missing",
        ),
        (
            vec!["--header"],
            "00",
            2,
            "kafka-capture: --request or --response is missing;",
        ),
        (
            vec!["--response", "--header"],
            "00",
            2,
            "kafka-capture: --api, --version are missing",
        ),
        (
            vec!["--api", "Heartbeat", "--request"],
            "00",
            2,
            "kafka-capture: --version is missing",
        ),
        (
            vec!["--api", "Heartbeat", "--version", "0"],
            "00",
            2,
            "kafka-capture: --request or --response is missing",
        ),
        (
            vec!["--api", "Heartbeat", "--version", "9", "--request"],
            "00",
            2,
            "kafka-capture: HeartbeatRequest has no version 9, only 0-4",
        ),
        (
            vec!["--api", "Hartbeat", "--version", "0", "--request"],
            "00",
            2,
            "error: invalid value 'Hartbeat' for '--api <NAME>': unknown API `Hartbeat`: did you mean `Heartbeat`?",
        ),
        (
            vec!["--name", "Nothing", "--version", "0"],
            "00",
            2,
            "kafka-capture: unknown message `Nothing`",
        ),
        (
            with(&["--response"]),
            "00",
            2,
            "error: the argument '--request' cannot be used with '--response'",
        ),
        (
            with(&[]),
            "00",
            7,
            "kafka-capture: HeartbeatRequest v0: group_id (byte 0): unexpected end of input",
        ),
        (
            vec!["--request", "--header"],
            "00",
            7,
            "kafka-capture: RequestHeader",
        ),
        (
            vec!["--request", "--header", "--api", "Fetch"],
            REQUEST,
            7,
            "kafka-capture: the header is of Heartbeat v0",
        ),
        (
            with(&["--encode"]),
            "{}",
            8,
            "kafka-capture: HeartbeatRequest v0: line 1, column 1: `groupId` is missing",
        ),
        (
            with(&["--encode", "--header"]),
            "{}",
            8,
            "kafka-capture: `header` is missing",
        ),
        (
            with(&["--encode", "--strict"]),
            "{\"x\":1}",
            8,
            "kafka-capture: HeartbeatRequest v0: line 1, column 2: `x` is not a field of any version",
        ),
        (
            with(&[]),
            "0g",
            9,
            "kafka-capture: expected hexadecimal digits, found `g` at character 2",
        ),
        (
            with(&["--from", "base64"]),
            "*",
            9,
            "kafka-capture: expected base64, found `*` at character 1",
        ),
    ] {
        let (found, out, errors) = run(&arguments, input.as_bytes());
        assert_eq!(found, Some(code), "{arguments:?}: {errors}");
        assert!(errors.starts_with(said), "{arguments:?}: {errors}");
        assert_eq!(out, "", "{arguments:?}");
    }
}

#[test]
fn the_examples_of_the_help_work() {
    let (code, help, _) = run(&["--help"], b"");
    assert_eq!(code, Some(0));
    let folder = std::env::temp_dir().join(format!("kafka-capture-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name);
    let request = b"\0\x0c\0\0\0\0\0\x07\0\x02me\0\x01a\0\0\0\x01\0\x01b";
    fs::write(path("request.bin"), request).unwrap();
    fs::write(path("response.hex"), "0000000100020000000301\n00").unwrap();
    fs::write(path("value.txt"), "AAAAAAA=\n").unwrap();
    let (_, examples) = help.split_once("Examples:\n").unwrap();
    let (examples, _) = examples.split_once("\n\n").unwrap();
    let examples = examples.replace("|\n", "| ").replace("\\\n", "");
    let mut count = 0;
    for example in examples.lines() {
        let binary = env!("CARGO_BIN_EXE_kafka-capture");
        let mut shell = Command::new("sh")
            .arg("-c")
            .arg(example.replace("kafka-capture", binary))
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = String::new();
        shell
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        assert!(shell.wait().unwrap().success(), "{example}");
        assert!(!out.contains("error"), "{example}: {out}");
        count += 1;
    }
    assert_eq!(count, 6);
    fs::remove_dir_all(&folder).unwrap();
}
