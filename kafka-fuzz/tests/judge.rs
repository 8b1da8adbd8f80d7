//! `kafka-fuzz judge`: adapters that misbehave end in time, and findings say no more than what is known.

#![cfg(test)]
#![cfg(unix)]

mod support;

use std::fs;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use support::Scratch;

/// Reads a case, and takes its number.
const READ: &str = r#"read -r line && id=${line#*:} && id=${id%%,*}"#;

/// Refuses the case.
const REFUSE: &str = r#"echo "{\"id\":$id,\"accepted\":false}""#;

/// What became of the command.
struct Ended {
    status: ExitStatus,
    out: String,
    errors: String,
}

/// Runs `judge` with these arguments. Panics if it does not end in a minute.
fn judge(arguments: &[&str]) -> Ended {
    let scratch = Scratch::new(&format!("judge-{:?}", thread::current().id()));
    fs::create_dir_all(scratch.path()).unwrap();
    let [out, errors] = ["out", "errors"].map(|name| scratch.path().join(name));
    // Files, as a process that is left behind would keep pipes open.
    let mut child = Command::new(env!("CARGO_BIN_EXE_kafka-fuzz"))
        .arg("judge")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&errors).unwrap())
        .spawn()
        .unwrap();
    let status = end_of(&mut child);
    let read = |path| String::from_utf8(fs::read(path).unwrap()).unwrap();
    let (out, errors) = (read(&out), read(&errors));
    let status = status.unwrap_or_else(|| panic!("not ended in a minute: {out}{errors}"));
    Ended {
        status,
        out,
        errors,
    }
}

fn end_of(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    None
}

/// Judges a script for the shell by cases of an API with small messages.
fn judge_script(options: &[&str], count: u32, script: &str) -> Ended {
    let count = count.to_string();
    let run = ["run", "--api", "ApiVersions", "--count", &count];
    judge(&[&run, options, &["--", "sh", "-c", script]].concat())
}

#[test]
fn a_script_that_gives_no_verdict_is_killed_with_what_it_has_started() {
    let scratch = Scratch::new("judge-alive");
    fs::create_dir_all(scratch.path()).unwrap();
    let path = scratch.path().join("alive");
    // It keeps all pipes of the script open.
    let script = format!(
        "(sleep 5; echo alive >{}; sleep 1000) & wait",
        path.display()
    );
    let ended = judge_script(&["--timeout", "1"], 1, &script);
    assert!(ended.status.success(), "{}", ended.errors);
    assert!(
        ended.out.contains("process ended: valid: 1 cases\n"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("no verdict in 1 seconds\n"),
        "{}",
        ended.out
    );
    thread::sleep(Duration::from_secs(5));
    assert!(!path.exists());
}

#[test]
fn a_process_that_has_left_the_group_of_its_script_is_not_waited_for() {
    let has_setsid = Command::new("setsid").arg("true").output();
    if !has_setsid.is_ok_and(|output| output.status.success()) {
        println!("not run: setsid is not installed");
        return;
    }
    let ended = judge_script(&["--timeout", "1"], 1, "setsid sleep 70 & wait");
    assert!(ended.status.success(), "{}", ended.errors);
    assert!(
        ended.out.contains("no verdict in 1 seconds\n"),
        "{}",
        ended.out
    );
}

#[test]
fn a_line_that_is_not_a_verdict_ends_the_run_and_is_named() {
    // Neither reads its input, nor ends.
    for line in ["ready", r#"{"level":"info"}"#, ""] {
        let script = format!("echo '{line}'; sleep 1000; true");
        let ended = judge_script(&["--timeout", "600"], 10_000, &script);
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(
            ended.errors,
            format!(
                "kafka-fuzz: sh -c {script}: line 1 of the adapter's output is not a verdict: `{line}`\n"
            )
        );
    }
    let ended = judge_script(
        &[],
        10,
        r#"echo '{"id":7,"accepted":true}'; cat >/dev/null"#,
    );
    assert_eq!(ended.status.code(), Some(1));
    let expected = "line 1 of the adapter's output is verdict 7 (expected 0)\n";
    assert!(ended.errors.ends_with(expected), "{}", ended.errors);
}

#[test]
fn an_adapter_that_has_answered_all_cases_and_does_not_end_is_killed() {
    let script = format!("while {READ}; do {REFUSE}; done; sleep 1000; true");
    let ended = judge_script(&["--timeout", "15"], 20, &script);
    assert!(ended.status.success(), "{}", ended.errors);
    assert!(ended.out.contains("\n20 cases, "), "{}", ended.out);
    assert!(!ended.out.contains("process ended"), "{}", ended.out);
}

#[test]
fn a_line_that_is_not_utf8_is_a_verdict_too() {
    let refuse = r#"printf '{"id":%s,"accepted":false,"error":"caf\351"}\n' "$id""#;
    let script = format!("while {READ}; do {refuse}; done");
    let ended = judge_script(&[], 8, &script);
    assert!(ended.status.success(), "{}", ended.errors);
    assert!(ended.out.contains("    caf\u{fffd}\n"), "{}", ended.out);
    assert!(!ended.out.contains("process ended"), "{}", ended.out);

    let scratch = Scratch::new("judge-latin");
    fs::create_dir_all(scratch.path()).unwrap();
    let [cases, verdicts] = ["cases", "verdicts"].map(|name| scratch.path().join(name));
    let [cases, verdicts] = [&cases, &verdicts].map(|path| path.to_str().unwrap());
    fs::write(
        cases,
        judge(&["cases", "--api", "ApiVersions", "-n", "1"]).out,
    )
    .unwrap();
    fs::write(
        verdicts,
        b"{\"id\":0,\"accepted\":false,\"error\":\"caf\xe9\"}\n",
    )
    .unwrap();
    let ended = judge(&["compare", cases, verdicts]);
    assert!(ended.status.success(), "{}", ended.errors);
    assert!(ended.out.contains("    caf\u{fffd}\n"), "{}", ended.out);
}

#[test]
fn a_process_that_dies_while_it_writes_a_verdict_has_died() {
    let script = format!(r#"{READ}; printf '{{"id":0,"acc'; echo oops >&2; exit 3"#);
    let ended = judge_script(&[], 3, &script);
    assert!(ended.status.success(), "{}", ended.errors);
    assert!(ended.out.contains("\n3 cases, "), "{}", ended.out);
    assert!(
        ended.out.contains("    exit status: 3: oops\n"),
        "{}",
        ended.out
    );
}

#[test]
fn crashes_in_a_row_are_findings_once_a_case_was_answered() {
    let script = format!(r#"{READ}; [ "$id" = 0 ] || exit 3; {REFUSE}; {READ}; exit 3"#);
    let ended = judge_script(&[], 40, &script);
    assert!(ended.status.success(), "{}", ended.errors);
    assert!(ended.out.contains("\n40 cases, "), "{}", ended.out);
}

#[test]
fn findings_before_a_failure_are_printed() {
    let ended = judge_script(&[], 40, "exit 3");
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.out.contains("\n19 cases, "), "{}", ended.out);
    assert_eq!(
        ended.errors,
        "kafka-fuzz: sh -c exit 3: the command does not answer: exit status: 3\n"
    );

    let refuse = format!("{READ}; {REFUSE}");
    let script = format!("{refuse}; {refuse}; echo oops; cat >/dev/null");
    let ended = judge_script(&[], 40, &script);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.out.contains("\n2 cases, "), "{}", ended.out);
    assert!(
        ended
            .errors
            .ends_with("line 3 of the adapter's output is not a verdict: `oops`\n"),
        "{}",
        ended.errors
    );

    let ended = judge(&["run", "--", "/no/such/adapter"]);
    assert_eq!((ended.status.code(), ended.out.as_str()), (Some(1), ""));
}

#[test]
fn kafkas_java_code_is_mentioned_only_if_it_was_asked() {
    let script = format!("while {READ}; do {REFUSE}; done");
    let ended = judge_script(&[], 20, &script);
    assert!(!ended.out.contains("Java"), "{}", ended.out);

    let scratch = Scratch::new("judge-java");
    fs::create_dir_all(scratch.path()).unwrap();
    let path = scratch.path().join("java");
    let path = path.to_str().unwrap();
    let answer = |answer: &str| {
        fs::write(path, format!("while {READ}; do {answer}; done")).unwrap();
        judge_script(&["--java", &format!("sh {path}")], 20, &script).out
    };
    // A refusal need not say why.
    let out = answer(REFUSE);
    let (_, answers) = out.split_once("Kafka's Java code").unwrap();
    assert!(
        answers.contains("case 0, valid: refuses\n") && !answers.contains("lacks"),
        "{out}"
    );
    let out = answer(r#"echo "{\"id\":$id,\"unsupported\":true}""#);
    assert!(
        out.contains("case 0, valid: lacks the message or the version\n"),
        "{out}"
    );
    let out = answer("echo oops >&2; exit 3");
    assert!(
        out.contains("case 0, valid: process ended: exit status: 3: oops\n"),
        "{out}"
    );
}

#[test]
fn cases_are_of_all_apis_in_a_list_and_unknown_ones_are_refused() {
    let ended = judge(&["cases", "--api", "ApiVersions,Metadata", "-n", "100"]);
    assert!(ended.status.success(), "{}", ended.errors);
    let mut messages: Vec<_> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].to_string())
        .collect();
    messages.sort();
    messages.dedup();
    let expected = [
        r#""ApiVersionsRequest""#,
        r#""ApiVersionsResponse""#,
        r#""MetadataRequest""#,
        r#""MetadataResponse""#,
    ];
    assert_eq!(messages, expected);

    let ended = judge(&["cases", "--api", "ApiVersions", "--api", "777"]);
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(ended.errors, "kafka-fuzz: API 777 is unknown\n");
}
