//! The commands of `docs/captures.md` that read the capture of this repository succeed and print something, and its table has
//! all causes.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::Command;

use kafka_capture::analysis::Cause;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn guide() -> Option<String> {
    let guide = std::fs::read_to_string(root().join("docs/captures.md")).ok();
    if guide.is_none() {
        eprintln!("skipped: the guide is not in this package");
    }
    guide
}

#[test]
fn the_commands_of_the_guide_to_captures_run() {
    let root = root();
    let Some(guide) = guide() else { return };
    let commands = guide
        .lines()
        .filter(|line| line.starts_with("kafka-capture ") && line.contains("tests/captures/"));
    let mut count = 0;
    for line in commands {
        let command = line.split(['#', '|']).next().unwrap_or_default();
        let output = Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
            .args(command.split_whitespace().skip(1))
            .current_dir(&root)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {errors}");
        assert!(!output.stdout.is_empty(), "{command} prints nothing");
        count += 1;
    }
    assert!(count >= 9, "{count} commands");
}

#[test]
fn the_table_of_causes_has_all_of_them_with_their_advice() {
    let Some(guide) = guide() else { return };
    let (_, section) = guide
        .split_once("\n## Causes of ended connections\n")
        .unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").collect())
        .collect();
    assert_eq!(rows.len(), Cause::ALL.len());
    for (row, cause) in rows.iter().zip(Cause::ALL) {
        let advice = match cause.advice() {
            "" => "nothing",
            advice => advice,
        };
        let name = format!("{cause}`");
        assert_eq!((row[0], row.last()), (&*name, Some(&advice)), "{row:?}");
        let is_explained = row.len() == 4 && row.iter().all(|cell| !cell.is_empty());
        assert!(is_explained, "{cause}: {row:?}");
    }
}
