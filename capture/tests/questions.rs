//! The guide "Ten questions of an SRE": its commands print what it says they print.
//!
//! With `UPDATE_QUESTIONS=1` the outputs in the guide, and the capture that it is about, are written anew.
#![cfg(test)]
#![cfg(unix)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn is_update() -> bool {
    std::env::var_os("UPDATE_QUESTIONS").is_some()
}

/// What a command of the guide prints, run at the root of the repository.
fn output(command: &str) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(root())
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_capture_of_the_guide_is_the_one_that_is_made() {
    let file = root().join("docs/questions/incident.pcap");
    let made = support::incident::incident();
    // The other test reads it meanwhile.
    if is_update() && std::fs::read(&file).ok().as_ref() != Some(&made) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &made).unwrap();
    }
    assert!(
        std::fs::read(&file).unwrap() == made,
        "UPDATE_QUESTIONS=1 writes it"
    );
}

#[test]
fn commands_of_the_guide_print_what_it_says() {
    let file = root().join("docs/questions.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (mut new, mut rest, mut count) = (String::new(), text.as_str(), 0);
    while let Some((before, behind)) = rest.split_once("```sh\n") {
        let (command, behind) = behind
            .split_once("```\n\n```text\n")
            .expect("a command has an output");
        let (said, behind) = behind.split_once("```\n").expect("an output has an end");
        let printed = output(command);
        if !is_update() {
            assert_eq!(printed, said, "{command}");
        }
        new += &format!("{before}```sh\n{command}```\n\n```text\n{printed}```\n");
        rest = behind;
        count += 1;
    }
    new += rest;
    assert_eq!(count, 10, "there are ten questions");
    if is_update() {
        std::fs::write(&file, new).unwrap();
    }
}

/// A line of the picture is as wide as its terminal, which cuts what the command prints.
#[test]
fn the_picture_of_the_readme_shows_what_its_commands_print() {
    let script = std::fs::read_to_string(root().join("docs/pictures/decode")).unwrap();
    let commands = script
        .lines()
        .filter_map(|line| line.strip_prefix("type_ \"kafka-capture"));
    let picture = std::fs::read_to_string(root().join("docs/pictures/decode.svg")).unwrap();
    let mut shown = String::new();
    for (at, part) in picture.split('<').enumerate() {
        shown.push_str(if at == 0 {
            part
        } else {
            part.split_once('>').unwrap().1
        });
    }
    let shown = shown
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace('\n', "");
    let mut lines = 0;
    for command in commands {
        let command = format!("kafka-capture{}", command.trim_end_matches('"'));
        let command = command.replace("broker.pcap", "docs/questions/incident.pcap");
        for line in output(&command).lines() {
            let start: String = line.chars().take(110).collect();
            assert!(
                shown.contains(start.trim_end()),
                "draw it anew with docs/pictures/decode: {line}"
            );
            lines += 1;
        }
    }
    assert!(lines > 8, "{script}");
}
