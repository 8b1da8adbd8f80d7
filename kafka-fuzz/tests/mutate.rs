//! `kafka-fuzz mutate`: its lines, and its failures.

#![cfg(test)]

mod support;

use std::fs;
use std::process::{Command, Output};

use kafka_codec::{ApiKey, Version};
use kafka_fuzz::mutate::{self, Shape};
use kafka_fuzz::{Direction, Generator, Target};
use serde_json::Value;

use support::Scratch;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kafka-fuzz"));
    command.arg("mutate").args(arguments);
    command
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn lines_of_malformed_mutants_have_the_offset() {
    let target = Target::new(ApiKey::Metadata, Version(9), Direction::Request).unwrap();
    let shape = Shape::body(target);
    let input = Generator::new(target).generate(1).into_bytes();
    let scratch = Scratch::new("mutate-offset");
    fs::create_dir_all(scratch.path()).unwrap();
    let path = scratch.path().join("body.bin");
    fs::write(&path, &input).unwrap();
    let path = path.to_str().unwrap();
    let shape_text = "request none Metadata 9";
    let output = command(&[shape_text, path, "--count=100", "--format=ndjson"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let mut count = 0;
    for (line, seed) in String::from_utf8(output.stdout).unwrap().lines().zip(0..) {
        let line: Value = serde_json::from_str(line).unwrap();
        let mutant = mutate::mutate(&input, &shape, seed, 1 << 20);
        let offset = mutant.offset().map_or(Value::Null, Value::from);
        assert_eq!(line["offset"], offset, "{mutant}");
        count += usize::from(mutant.offset().is_some());
    }
    assert!(count > 5, "{count}");
}

#[test]
#[cfg(unix)]
fn standard_input_that_cannot_be_read_is_named() {
    let folder = fs::File::open(env!("CARGO_MANIFEST_DIR")).unwrap();
    let output = command(&["request size-header"])
        .stdin(folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = errors(&output);
    assert!(
        errors.starts_with("kafka-fuzz: standard input: "),
        "{errors}"
    );
}

#[test]
fn a_shape_with_a_word_too_many_is_refused() {
    let output = command(&["response none Fetch 12 13"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = errors(&output);
    assert!(
        errors.contains(
            "unexpected \"13\" after the version (expected direction, prefix, API and version)"
        ),
        "{errors}"
    );
}
