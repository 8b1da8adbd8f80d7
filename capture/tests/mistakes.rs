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

#[test]
fn an_output_replaces_neither_an_input_nor_a_capture() {
    let folder = Folder::new("replaced");
    let sent = one_by_one(40_000, 6, 1000).sent;
    let input = folder.file("1.pcap", &capture(&sent));
    let other = folder.file("2.pcap", &capture(&sent));
    let topics = folder.file("topics.json", b"{}");
    for (subcommand, option) in [
        ("annotate", "--output"),
        ("report", "--output"),
        ("summary", "--state"),
        ("summary", "--prometheus"),
    ] {
        for (output, says) in [
            (&input, "the output is an input, too; name another file"),
            (&other, "the output is a capture, which would be lost"),
            (&topics, "the output is an input, too; name another file"),
        ] {
            let before = fs::read(output).unwrap();
            if subcommand == "annotate" && output == &other {
                // An annotated capture may replace an earlier one.
                continue;
            }
            let arguments = ["--topics", &topics, option, output, &input];
            let (code, text, errors) = texts(subcommand, &arguments, b"");
            assert_eq!(code, Some(1), "{subcommand} {option} {output}: {errors}");
            let says = format!("kafka-capture: {option} {output}: {says}");
            assert!(errors.starts_with(&says), "{errors}");
            assert_eq!((errors.lines().count(), &*text), (1, ""), "{errors}");
            assert_eq!(fs::read(output).unwrap(), before);
        }
    }
}

#[test]
fn options_that_have_no_effect_on_states_are_refused_beside_merge() {
    let folder = Folder::new("merge");
    let state = folder.0.join("1.state").display().to_string();
    let (code, _, errors) = texts("summary", &["--state", &state, &shipped()], b"");
    assert_eq!(code, Some(0), "{errors}");
    let options = [
        "--api=Fetch",
        "--client-id=a",
        "--topic=a",
        "--group=a",
        "--user=a",
        "--software=a",
        "--from=1s",
        "--to=1s",
        "--conn=9092",
        "--port=9092",
        "--max-decompressed=1",
        "--topics=a",
        #[cfg(feature = "tls")]
        "--keylog=a",
    ];
    for option in options {
        let (code, _, errors) = texts("summary", &["--merge", option, &state], b"");
        assert_eq!(code, Some(2), "{option}: {errors}");
        let (name, _) = option.split_once('=').unwrap();
        assert!(errors.contains(name), "{option}: {errors}");
    }
    let (code, _, errors) = texts("summary", &["--merge", "--interface", "lo"], b"");
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("--interface"), "{errors}");
    // A state may be merged into a file that it is read from.
    let merge = ["--merge", "--state", &state, &state, &state];
    let (code, _, errors) = texts("summary", &merge, b"");
    assert_eq!(code, Some(0), "{errors}");
}

#[test]
fn states_without_kafka_end_like_captures_without_it() {
    let folder = Folder::new("no-kafka");
    let state = folder.0.join("1.state").display().to_string();
    let (code, _, errors) = texts("summary", &["--state", &state, "-"], &capture(&[]));
    assert_eq!(code, Some(6), "{errors}");
    let (code, _, errors) = texts("summary", &["--merge", &state], b"");
    assert_eq!(code, Some(6), "{errors}");
    assert!(errors.contains("nothing of Kafka in it: "), "{errors}");
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
