//! Running `kafka-capture`.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

/// The command, started with pipes on all sides.
pub(crate) fn start(subcommand: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .arg(subcommand)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the command says to `input`.
pub(crate) fn output(subcommand: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = start(subcommand, arguments);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end without having read all.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// As [`output`]: the exit code, the output and the errors.
pub(crate) fn texts(
    subcommand: &str,
    arguments: &[&str],
    input: &[u8],
) -> (Option<i32>, String, String) {
    let output = output(subcommand, arguments, input);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}
