//! Capturing directly, with a child that is not the real one: scripts in the place of `dumpcap` and `tcpdump`.
#![cfg(test)]
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::packets::capture;
use support::talk::one_by_one;

/// A directory with these scripts, which are the only programs that are found.
fn tools(name: &str, scripts: &[(&str, &str)]) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    for (tool, script) in scripts {
        let path = directory.join(tool);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    std::fs::write(
        directory.join("capture"),
        capture(&one_by_one(40_000, 5, 1000).sent),
    )
    .unwrap();
    directory
}

fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kafka-capture"));
    command
        .args(["decode", "--interface", "eth7", "--port", "19092"])
        .env("PATH", directory)
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

#[test]
fn what_the_child_writes_is_decoded_and_it_is_told_the_interface_and_the_ports() {
    let script = "echo \"$@\" > arguments; exec /bin/cat capture";
    let directory = tools("live-whole", &[("tcpdump", script)]);
    let output = command(&directory).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().lines().count(),
        10
    );
    assert!(errors.contains("5 requests, 5 responses"), "{errors}");
    let arguments = std::fs::read_to_string(directory.join("arguments")).unwrap();
    assert!(arguments.contains("-i eth7"), "{arguments}");
    assert!(arguments.contains("tcp and (port 19092)"), "{arguments}");
}

#[test]
fn dumpcap_is_preferred_and_tcpdump_is_asked_if_it_is_refused() {
    let refused = "printf '%s\\n' 'Capturing on eth7' 'dumpcap: You do not have permission to capture' \
        '(socket: Operation not permitted)' 'Please run dpkg' >&2; exit 1";
    let directory = tools(
        "live-second",
        &[("dumpcap", refused), ("tcpdump", "exec /bin/cat capture")],
    );
    let output = command(&directory).output().unwrap();
    assert_eq!(output.status.code(), Some(0));

    let directory = tools("live-refused", &[("dumpcap", refused)]);
    let output = command(&directory).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let reason =
        "eth7: dumpcap: You do not have permission to capture (socket: Operation not permitted) (";
    assert!(errors.contains(reason), "{errors}");
    assert!(!errors.contains("dpkg"), "{errors}");
    assert!(errors.contains("CAP_NET_RAW"), "{errors}");
}

#[test]
fn it_is_said_if_neither_program_is_there() {
    let directory = tools("live-none", &[]);
    let output = command(&directory).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("neither dumpcap nor tcpdump"), "{errors}");
}

#[test]
fn lines_come_while_the_child_goes_on_and_an_interrupt_ends_it_with_the_counts() {
    // The child writes all but the end, and goes on until it is interrupted.
    let script = "/bin/cat capture; trap 'exit 0' INT; while :; do /bin/sleep 0.05; done";
    let directory = tools("live-interrupted", &[("tcpdump", script)]);
    let mut child = command(&directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..10 {
        assert!(lines.next().unwrap().unwrap().contains("Heartbeat"));
    }
    let interrupted = Command::new("/bin/kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupted.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(errors.contains("5 requests, 5 responses"), "{errors}");
}
