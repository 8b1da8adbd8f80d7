//! What the analyses say of real captures, against what a reference reader found in them.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use support::captures::{Captured, captures};
use support::command;

/// What a command writes about a capture, with the secrets beside it.
fn run(subcommand: &str, format: &str, captured: &Captured) -> String {
    let mut arguments = vec!["--format".to_owned(), format.to_owned()];
    let keylog = captured.beside("keylog");
    if keylog.exists() {
        arguments.extend(["--keylog".to_owned(), keylog.display().to_string()]);
    }
    let files = captured.files.iter();
    arguments.extend(files.map(|file| file.display().to_string()));
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (code, output, errors) = command::texts(subcommand, &arguments, b"");
    assert_eq!(code, Some(0), "{}: {errors}", captured.name());
    output
}

fn document(subcommand: &str, captured: &Captured) -> Value {
    serde_json::from_str(&run(subcommand, "json", captured)).unwrap()
}

fn lines(subcommand: &str, captured: &Captured) -> Vec<Value> {
    let output = run(subcommand, "ndjson", captured);
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The captures that have a truth file of this kind.
fn with_truth(kind: &str) -> Vec<(Captured, Value)> {
    let read = |path: &Path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    captures()
        .into_iter()
        .filter_map(|captured| {
            let path = captured.beside(&format!("{kind}.json"));
            let truth = path.exists().then(|| read(&path));
            truth.map(|truth| (captured, truth))
        })
        .collect()
}

/// The name of a member in our documents: `latency_us` is `latencyUs`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap().to_owned();
    for part in parts {
        let (first, rest) = part.split_at(1);
        camel += &first.to_uppercase();
        camel += rest;
    }
    camel
}

fn is_near(truth: &Value, ours: &Value) -> bool {
    match (truth.as_f64(), ours.as_f64()) {
        (Some(truth), Some(ours)) => (truth - ours).abs() <= truth * 0.002,
        _ => truth == ours,
    }
}

#[test]
fn summaries_equal_the_reference() {
    for (captured, truth) in with_truth("summary") {
        let ours = document("summary", &captured);
        for (list, of_truth, key) in [
            ("byApi", "by_api", "api"),
            ("byClient", "by_client", "clientId"),
            ("byTopic", "by_topic", "topic"),
        ] {
            let entries: BTreeMap<_, _> = ours[list]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| (entry[key].as_str().unwrap_or_default(), entry))
                .collect();
            let truth = truth[of_truth].as_object().unwrap();
            let names: Vec<_> = entries.keys().copied().collect();
            let mut expected: Vec<_> = truth.keys().map(String::as_str).collect();
            expected.sort_unstable();
            assert_eq!(names, expected, "{} {list}", captured.name());
            for (name, truth) in truth {
                for (member, truth) in truth.as_object().unwrap() {
                    let ours = &entries[name.as_str()][camel(member)];
                    let place = format!("{} {list} {name} {member}", captured.name());
                    if member.ends_with("_us") {
                        for (member, truth) in truth.as_object().unwrap() {
                            let ours = &ours[member];
                            assert!(is_near(truth, ours), "{place} {member}: {truth} {ours}");
                        }
                    } else {
                        assert_eq!(ours, truth, "{place}");
                    }
                }
            }
        }
        let connections = truth["connections"].as_array().unwrap().len();
        assert_eq!(ours["connections"], connections, "{}", captured.name());
    }
}

#[test]
fn batches_and_their_attempts_equal_the_reference() {
    for (captured, truth) in with_truth("retries") {
        let ours = lines("produce", &captured);
        let truth = truth["batches"].as_array().unwrap();
        assert_eq!(ours.len(), truth.len(), "{}", captured.name());
        for (ours, truth) in ours.iter().zip(truth) {
            for name in [
                "topic",
                "partition",
                "producer_id",
                "producer_epoch",
                "base_sequence",
                "records",
                "client_id",
                "final",
            ] {
                assert_eq!(ours[camel(name)], truth[name], "{truth}");
            }
            let attempts = |batch: &Value, id: &str| -> Vec<_> {
                let attempts = batch["attempts"].as_array().unwrap().iter();
                attempts
                    .map(|each| (each[id].clone(), each["outcome"].clone()))
                    .collect()
            };
            let expected = attempts(truth, "correlation_id");
            assert_eq!(attempts(ours, "correlationId"), expected, "{truth}");
        }
    }
}

#[test]
fn causes_of_death_equal_the_reference() {
    for (captured, truth) in with_truth("deaths") {
        let mut ours = BTreeMap::new();
        for line in lines("connections", &captured) {
            let (client, _) = line["conn"].as_str().unwrap().split_once(" -> ").unwrap();
            let port: u64 = client.rsplit_once(':').unwrap().1.parse().unwrap();
            ours.insert(port, line);
        }
        let truth = truth["connections"].as_array().unwrap();
        assert_eq!(ours.len(), truth.len(), "{}", captured.name());
        for truth in truth {
            let ours = &ours[&truth["client_port"].as_u64().unwrap()];
            let is_as_good = |cause: &Value| {
                let others = truth["also_accept"].as_array();
                others.is_some_and(|others| others.contains(cause))
            };
            let cause = &ours["cause"];
            assert!(
                *cause == truth["code"] || is_as_good(cause),
                "{truth}\n{ours}"
            );
            assert_eq!(
                ours["endedBy"],
                truth["seen"]["end"].get(0).cloned().unwrap_or_default(),
                "{truth}"
            );
        }
    }
}

#[test]
fn rebalances_and_lag_equal_the_reference() {
    for (captured, truth) in with_truth("groups") {
        let ours = document("groups", &captured);
        let start = truth["t0_ns"].as_i64().unwrap();
        for group in truth["groups"].as_array().unwrap() {
            let mut groups = ours["groups"].as_array().unwrap().iter();
            let found = groups.find(|each| each["group"] == group["group"]).unwrap();
            assert_eq!(found["protocol"], group["protocol"]);
            let rebalances = found["rebalances"].as_array().unwrap();
            let (list, names): (_, &[_]) = if group["epochs"].is_null() {
                let names = &[
                    ("generation", "generation"),
                    ("start", "start_t"),
                    ("joined", "joined_t"),
                    ("end", "end_t"),
                    ("reasons", "reasons"),
                ];
                ("rebalances", names)
            } else {
                let names = &[
                    ("generation", "epoch"),
                    ("start", "first_t"),
                    ("end", "last_t"),
                ];
                ("epochs", names)
            };
            let expected = group[list].as_array().unwrap();
            assert_eq!(rebalances.len(), expected.len(), "{}", group["group"]);
            for (ours, truth) in rebalances.iter().zip(expected) {
                for (ours_name, name) in names {
                    let (ours, truth) = (&ours[*ours_name], &truth[*name]);
                    match (ours.as_str(), truth.as_f64()) {
                        (Some(ours), Some(truth)) => {
                            let ours = (nanoseconds(ours) - start) as f64 / 1e9;
                            assert!((ours - truth).abs() < 0.05, "{name} {ours} {truth}");
                        }
                        _ => assert_eq!(ours, truth, "{name}"),
                    }
                }
            }
            let name = group["group"].as_str().unwrap();
            for partition in found["partitions"].as_array().unwrap() {
                let (topic, number) = (&partition["topic"], &partition["partition"]);
                let key = format!("{}-{number}", topic.as_str().unwrap());
                let seconds = truth["lag_each_second"][name][&key].as_array().unwrap();
                let last = seconds.last().unwrap();
                let members = ["committed", "highWatermark", "lag"];
                for (i, member) in members.iter().enumerate() {
                    assert_eq!(partition[*member], last[i + 1], "{name} {key} {member}");
                }
            }
        }
    }
}

/// Nanoseconds since 1970 of an RFC 3339 time of the year 2026.
fn nanoseconds(time: &str) -> i64 {
    const DAYS_TO_2026: i64 = 20_454;
    let number = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    assert_eq!(number(0..4), 2026, "{time}");
    let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30];
    let month = usize::try_from(number(5..7)).unwrap();
    let days = DAYS_TO_2026 + months[..month - 1].iter().sum::<i64>() + number(8..10) - 1;
    let seconds = ((days * 24 + number(11..13)) * 60 + number(14..16)) * 60 + number(17..19);
    seconds * 1_000_000_000 + number(20..29)
}

#[test]
fn clients_that_end_tls_close_their_connections_themselves() {
    for captured in captures().iter().filter(|captured| captured.is_tls()) {
        for line in lines("connections", captured) {
            assert_ne!(line["cause"], "broker-reset", "{line}");
        }
    }
}
