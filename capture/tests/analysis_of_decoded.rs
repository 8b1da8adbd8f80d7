//! The analyses against the lines of `decode`, and against themselves over parts of a capture.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use support::command;
use support::packets::{Conversation, Sent, capture, heartbeat, heartbeat_response};

fn shipped() -> String {
    let parts = [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "tests",
        "captures",
        "clients.pcap",
    ];
    let path: PathBuf = parts.iter().collect();
    path.display().to_string()
}

fn run(subcommand: &str, arguments: &[&str]) -> String {
    let (code, output, errors) = command::texts(subcommand, arguments, b"");
    assert_eq!(code, Some(0), "{errors}");
    output
}

fn json(subcommand: &str, arguments: &[&str]) -> Value {
    let arguments = [&["--format", "json"], arguments].concat();
    serde_json::from_str(&run(subcommand, &arguments)).unwrap()
}

fn lines(subcommand: &str, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["--format", "ndjson"], arguments].concat();
    let output = run(subcommand, &arguments);
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How many error codes are in a body.
fn errors(body: &Value) -> u64 {
    match body {
        Value::Array(values) => values.iter().map(errors).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match (name.as_str(), value.as_i64()) {
                ("errorCode", Some(code)) => u64::from(code != 0),
                _ => errors(value),
            })
            .sum(),
        _ => 0,
    }
}

#[derive(Debug, Default, PartialEq)]
struct Totals {
    requests: u64,
    responses: u64,
    request_bytes: u64,
    response_bytes: u64,
    errors: u64,
    latencies: Vec<u64>,
}

#[test]
fn a_summary_counts_the_lines_of_decode() {
    let file = shipped();
    let mut expected: BTreeMap<String, Totals> = BTreeMap::new();
    for line in lines("decode", &[&file]) {
        let totals = || line["api"].as_str().unwrap_or_default().to_owned();
        match line["kind"].as_str() {
            Some("request") => {
                let totals = expected.entry(totals()).or_default();
                totals.requests += 1;
                totals.request_bytes += line["bytes"].as_u64().unwrap();
            }
            Some("response") => {
                let totals = expected.entry(totals()).or_default();
                totals.responses += 1;
                totals.response_bytes += line["bytes"].as_u64().unwrap();
                totals.errors += errors(&line["body"]);
                totals.latencies.push(line["latencyUs"].as_u64().unwrap());
            }
            _ => {}
        }
    }
    assert!(expected.len() > 5);
    let summary = json("summary", &[&file]);
    let by_api = summary["byApi"].as_array().unwrap();
    assert_eq!(by_api.len(), expected.len());
    for entry in by_api {
        let totals = expected.get_mut(entry["api"].as_str().unwrap()).unwrap();
        assert_eq!(entry["requests"], totals.requests);
        assert_eq!(entry["responses"], totals.responses);
        assert_eq!(entry["requestBytes"], totals.request_bytes);
        assert_eq!(entry["responseBytes"], totals.response_bytes);
        let counts = entry["errors"].as_object().unwrap().values();
        let counts: u64 = counts.map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(counts, totals.errors);
        totals.latencies.sort_unstable();
        let latency = &entry["latencyUs"];
        assert_eq!(latency["count"], totals.latencies.len());
        assert_eq!(latency["min"].as_u64(), totals.latencies.first().copied());
        assert_eq!(latency["max"].as_u64(), totals.latencies.last().copied());
        let count = totals.latencies.len();
        let median = totals.latencies.get(count.div_ceil(2).max(1) - 1);
        if count < 256 {
            assert_eq!(latency["p50"].as_u64(), median.copied());
        }
    }
}

#[test]
fn the_parts_of_a_summary_add_up() {
    let summary = json("summary", &[&shipped()]);
    for list in [
        "byApi",
        "byClient",
        "byClientAndApi",
        "byBroker",
        "byConnection",
    ] {
        for member in ["requests", "responses", "unanswered", "noResponseExpected"] {
            let entries = summary[list].as_array().unwrap().iter();
            let sum: u64 = entries.map(|each| each[member].as_u64().unwrap()).sum();
            assert_eq!(summary[member], sum, "{list} {member}");
        }
    }
    assert_eq!(
        summary["connections"],
        summary["byConnection"].as_array().unwrap().len()
    );
}

#[test]
fn every_batch_of_a_produce_request_is_an_attempt() {
    let file = shipped();
    let requests = lines("decode", &["--api", "Produce", &file]);
    let requests = requests.iter().filter(|line| line["kind"] == "request");
    let batches: usize = requests
        .flat_map(|line| line["body"]["topicData"].as_array().unwrap())
        .flat_map(|topic| topic["partitionData"].as_array().unwrap())
        .map(|partition| partition["records"].as_array().map_or(0, Vec::len))
        .sum();
    let produce = json("produce", &[&file]);
    let attempts = produce["batches"].as_array().unwrap().iter();
    let attempts: usize = attempts
        .map(|each| each["attempts"].as_array().unwrap().len())
        .sum();
    assert!(batches > 0);
    assert_eq!(attempts, batches);
    assert_eq!(produce["summary"]["attempts"], batches);
}

/// A client that sends heartbeats, each answered with the error.
fn talk(port: u16, count: i32, client_id: &str, error: i16) -> Conversation {
    let mut conversation = Conversation::new(port);
    for id in 0..count {
        conversation.send(true, &heartbeat(id, client_id, 7), 1000);
        conversation.send(false, &heartbeat_response(id, error), 1000);
    }
    conversation
}

struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, sent: &[Sent]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, capture(sent)).unwrap();
        path.display().to_string()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn merged_states_equal_one_run_where_no_connection_spans_captures() {
    let files = Files::new("merged-states");
    let talks: Vec<_> = [
        (1, 3, "a", 0),
        (2, 400, "b", 27),
        (3, 300, "a", 0),
        (4, 1, "", 25),
    ]
    .map(|(i, count, client_id, error)| {
        let mut conversation = talk(40_000 + i, count, client_id, error);
        conversation.close();
        conversation.sent
    })
    .into();
    let mut states = Vec::new();
    for (i, sent) in talks.iter().enumerate() {
        let (file, state) = (
            files.write(&format!("{i}.pcap"), sent),
            format!("{i}.state"),
        );
        let state = files.path(&state);
        run("summary", &["--state", &state, &file]);
        states.push(state);
    }
    let whole = files.write("whole.pcap", &talks.concat());
    let whole = json("summary", &[&whole]);
    let states: Vec<_> = states.iter().map(String::as_str).collect();
    let mut merged = json("summary", &[&["--merge"], &states[..]].concat());
    assert_eq!(merged["requests"], 704);
    // Connections of several captures can have the same times, as they have here.
    merged["byConnection"] = whole["byConnection"].clone();
    assert_eq!(merged, whole);
}

#[test]
fn requests_that_are_open_at_a_seam_are_counted_and_named() {
    let files = Files::new("seam");
    let mut conversation = talk(40_001, 3, "a", 0);
    conversation.send(true, &heartbeat(99, "a", 7), 1000);
    let seam = conversation.sent.len();
    conversation.send(false, &heartbeat_response(99, 0), 1000);
    for id in 100..110 {
        conversation.send(true, &heartbeat(id, "a", 7), 1000);
        conversation.send(false, &heartbeat_response(id, 0), 1000);
    }
    let (first, second) = conversation.sent.split_at(seam);
    let mut states = Vec::new();
    for (name, sent) in [("first", first), ("second", second)] {
        let (file, state) = (
            files.write(name, sent),
            files.path(&format!("{name}.state")),
        );
        run("summary", &["--state", &state, &file]);
        states.push(state);
    }
    let merged = json("summary", &["--merge", &states[0], &states[1]]);
    assert_eq!(merged["openAtSeam"]["count"], 1);
    assert_eq!(merged["openAtSeam"]["requests"][0]["correlationId"], 99);
    assert_eq!(merged["openAtSeam"]["requests"][0]["api"], "Heartbeat");
    // All the same it is one connection.
    assert_eq!(merged["connections"], 1);
    assert_eq!(merged["byConnection"][0]["requests"], 14);
    assert_eq!(merged["byConnection"][0]["responses"], 13);
}

#[test]
fn a_state_of_another_form_is_refused() {
    let files = Files::new("bad-state");
    let path = files.path("bad.state");
    for (text, expected) in [
        ("{\"format\":99}", "form 99 (expected 2)"),
        ("[]", "not a state file"),
    ] {
        std::fs::write(&path, text).unwrap();
        let (code, output, errors) = command::texts("summary", &["--merge", &path], b"");
        assert_eq!(code, Some(1));
        assert!(output.is_empty());
        assert!(errors.contains(expected), "{errors}");
    }
}
