//! What the command answers to mistaken command lines and files: the mistake, and the way out.
#![cfg(test)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::command::texts;
use support::packets::capture;
use support::talk::one_by_one;

/// A directory for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("kafka-capture-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn shipped() -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let file = tests.join("captures/clients.pcap");
    file.display().to_string()
}

#[test]
fn a_file_in_place_of_a_subcommand_is_answered_with_the_subcommand() {
    let folder = Folder::new("subcommand");
    let capture = folder.file("decod", b"");
    let segment = folder.file("0.log", b"");
    for (name, tip) in [
        (&*capture, format!("`kafka-capture decode {capture}`?")),
        (&*segment, format!("`kafka-capture segment {segment}`?")),
    ] {
        let (code, _, errors) = texts(name, &[], b"");
        assert_eq!(code, Some(2));
        assert!(errors.contains(&format!("did you mean {tip}")), "{errors}");
    }
    let (code, _, errors) = texts("decod", &[], b"");
    assert_eq!(code, Some(2));
    assert!(
        errors.contains("a similar subcommand exists: 'decode'"),
        "{errors}"
    );
}

#[test]
fn a_file_in_place_of_a_subcommand_hides_subcommands_of_similar_names() {
    let folder = Folder::new("similar");
    folder.file("decod", b"");
    let output = Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .current_dir(&folder.0)
        .arg("decod")
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("kafka-capture decode decod"), "{errors}");
    assert!(!errors.contains("similar"), "{errors}");
}

#[test]
fn files_that_cannot_be_what_is_asked_for_are_answered_with_the_way_out() {
    let folder = Folder::new("files");
    let directory = folder.0.display().to_string();
    let empty = folder.file("empty.pcap", b"");
    let binary = folder.file("topics.txt", b"\xff\xfe");
    let capture = shipped();
    let page = "/nonexistent/page.html";
    let cases: [(&str, &[&str], i32, String); 9] = [
        (
            "decode",
            &[&empty],
            3,
            format!("{empty}: not a capture: it is empty"),
        ),
        (
            "decode",
            &[&directory],
            1,
            format!("is a directory; give its files: {directory}/*.pcap"),
        ),
        (
            "decode",
            &["--from", "-5s", &directory],
            1,
            format!("is a directory; give its files: {directory}/*.pcap"),
        ),
        (
            "segment",
            &[&directory],
            1,
            format!("is a directory; give its files: {directory}/*.log"),
        ),
        (
            "segment",
            &[&capture],
            3,
            "it is a capture, which kafka-capture decode shows".to_owned(),
        ),
        (
            "decode",
            &["--topics", &binary, &capture],
            1,
            format!("--topics {binary}: the file is not UTF-8"),
        ),
        (
            "report",
            &["-o", page, &capture],
            1,
            format!("writing the output: {page}: No such file"),
        ),
        (
            "annotate",
            &["-o", page, &capture],
            1,
            format!("writing the output: {page}: No such file"),
        ),
        (
            "summary",
            &["--prometheus", page, &capture],
            1,
            format!("writing the output: {page}: No such file"),
        ),
    ];
    for (subcommand, arguments, code, says) in cases {
        let (exit, output, errors) = texts(subcommand, arguments, b"");
        assert_eq!(exit, Some(code), "{subcommand} {arguments:?}: {errors}");
        assert!(errors.contains(&says), "{says}: {errors}");
        assert!(!output.contains("garbage"), "{output}");
    }
}

#[test]
fn an_output_that_is_a_directory_is_refused_before_captures_are_decoded() {
    let folder = Folder::new("outputs");
    let directory = folder.0.display().to_string();
    let capture = shipped();
    for (subcommand, option) in [
        ("annotate", "--output"),
        ("report", "--output"),
        ("summary", "--state"),
    ] {
        let (code, output, errors) = texts(subcommand, &[option, &directory, &capture], b"");
        assert_eq!(code, Some(1), "{errors}");
        let says = format!("kafka-capture: writing the output: {directory}: Is a directory");
        assert!(errors.starts_with(&says), "{errors}");
        assert_eq!((errors.lines().count(), &*output), (1, ""), "{errors}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_state_that_cannot_be_written_whole_is_named() {
    let (code, _, errors) = texts("summary", &["--state", "/dev/full", &shipped()], b"");
    assert_eq!(code, Some(1));
    assert!(
        errors.contains("writing the output: /dev/full: No space left"),
        "{errors}"
    );
}

#[test]
fn a_directory_among_captures_does_not_change_their_order() {
    let folder = Folder::new("order");
    let directory = folder.0.display().to_string();
    let sent = one_by_one(40_000, 6, 1000).sent;
    let (first, second) = sent.split_at(sent.len() / 2);
    let second = folder.file("1.pcap", &capture(second));
    let first = folder.file("2.pcap", &capture(first));
    let (_, in_order, _) = texts("decode", &[&first, &second], b"");
    assert_eq!(in_order.lines().count(), 12, "{in_order}");
    for more in [&[][..], &["--from", "-1h"]] {
        let arguments = [more, &[&second, &directory, &first]].concat();
        let (code, output, errors) = texts("decode", &arguments, b"");
        assert_eq!(code, Some(1), "{errors}");
        assert!(
            errors.contains("is a directory; give its files"),
            "{errors}"
        );
        assert_eq!(output, in_order);
    }
}

#[test]
fn usage_tells_of_interfaces_where_one_can_be_captured_on() {
    for (subcommand, is_live) in [("decode", true), ("annotate", false)] {
        let (_, help, _) = texts(subcommand, &["--help"], b"");
        assert_eq!(help.contains("--interface <NAME>"), is_live, "{help}");
        assert_eq!(help.contains("- is the standard input"), is_live, "{help}");
    }
    let (code, _, errors) = texts("decode", &[], b"");
    assert_eq!(code, Some(2));
    assert!(errors.contains("--interface <NAME>"), "{errors}");
}
