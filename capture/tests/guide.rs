//! The commands of `docs/captures.md` that read the capture of this repository succeed and print something.
#![cfg(test)]

use std::path::Path;
use std::process::Command;

#[test]
fn the_commands_of_the_guide_to_captures_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Ok(guide) = std::fs::read_to_string(root.join("docs/captures.md")) else {
        eprintln!("skipped: the guide is not in this package");
        return;
    };
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
