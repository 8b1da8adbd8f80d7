//! `summary --prometheus`: the text format holds, and the values are those of the summary.
#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;
use support::captures::captures;
use support::command;
use support::packets::{Conversation, capture, heartbeat, heartbeat_response};

type Labels = BTreeMap<String, String>;

/// What a file of metrics has: the samples of each family, by name and labels.
#[derive(Default)]
struct Metrics(BTreeMap<(String, Labels), f64>);

impl Metrics {
    /// Reads the text format, as strictly as Prometheus does.
    fn parse(text: &str) -> Self {
        let mut metrics = Self::default();
        let mut families = BTreeSet::new();
        let mut family = (String::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect(line);
                assert!(families.insert(name.to_owned()), "{name} is there twice");
                assert!(!help.is_empty());
                family = (name.to_owned(), String::new());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect(line);
                assert_eq!(name, family.0);
                kind.clone_into(&mut family.1);
            } else {
                let (name, labels, value) = sample(line);
                let base = match family.1.as_str() {
                    "histogram" => ["_bucket", "_sum", "_count"]
                        .iter()
                        .find_map(|suffix| name.strip_suffix(suffix))
                        .expect(line),
                    "counter" | "gauge" => &name,
                    kind => panic!("{kind} before {line}"),
                };
                assert_eq!(base, family.0, "{line}");
                let before = metrics.0.insert((name.clone(), labels), value);
                assert_eq!(before, None, "{line} is there twice");
            }
        }
        metrics.check_histograms();
        metrics
    }

    /// Buckets grow with their bounds, and the last has all.
    fn check_histograms(&self) {
        let mut buckets: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
        for ((name, labels), value) in &self.0 {
            if let Some(base) = name.strip_suffix("_bucket") {
                let mut labels = labels.clone();
                let bound = labels.remove("le").unwrap();
                let bound = bound.replace("+Inf", "inf").parse().unwrap();
                let series = buckets.entry((base, labels)).or_default();
                series.push((bound, *value));
            }
        }
        for ((base, labels), mut series) in buckets {
            series.sort_by(|one, other| one.partial_cmp(other).unwrap());
            assert!(series.is_sorted_by_key(|(_, count)| *count), "{base}");
            let (bound, count) = *series.last().unwrap();
            assert!(bound.is_infinite(), "{base}");
            let count_of = self.0[&(format!("{base}_count"), labels.clone())];
            assert!((count - count_of).abs() < 0.5, "{base} {labels:?}");
            assert!(self.0.contains_key(&(format!("{base}_sum"), labels)));
        }
    }

    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<u64> {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let key = (name.to_owned(), labels.iter().map(owned).collect());
        let value = self.0.get(&key)?;
        Some(format!("{value}").parse().unwrap())
    }

    /// The sum of all samples with this name.
    fn sum(&self, name: &str) -> u64 {
        let samples = self.0.iter().filter(|((of, _), _)| of == name);
        let sum: f64 = samples.map(|(_, value)| value).sum();
        format!("{sum}").parse().unwrap()
    }
}

fn sample(line: &str) -> (String, Labels, f64) {
    let mut labels = Labels::new();
    let end = line.find(['{', ' ']).expect(line);
    let (name, mut rest) = line.split_at(end);
    assert!(name.starts_with("kafka_"), "{line}");
    assert!(
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
        "{line}"
    );
    if let Some(mut pairs) = rest.strip_prefix('{') {
        loop {
            let (name, behind) = pairs.split_once("=\"").expect(line);
            let mut value = String::new();
            let mut characters = behind.char_indices();
            let end = loop {
                match characters.next().expect(line) {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match characters.next().expect(line).1 {
                        'n' => '\n',
                        escaped @ ('\\' | '"') => escaped,
                        other => panic!("the escape {other} in {line}"),
                    }),
                    (_, character) => {
                        assert!(!character.is_control(), "{line}");
                        value.push(character);
                    }
                }
            };
            assert_eq!(labels.insert(name.to_owned(), value), None, "{line}");
            let behind = &behind[end + 1..];
            match behind.strip_prefix(',') {
                Some(more) => pairs = more,
                None => {
                    rest = behind.strip_prefix('}').expect(line);
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').expect(line);
    (name.to_owned(), labels, value.parse().expect(line))
}

/// A summary as JSON, and its metrics.
fn summary(name: &str, arguments: &[&str], input: &[u8]) -> (Value, Metrics) {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.prom"));
    let to = ["--format", "json", "--prometheus", file.to_str().unwrap()];
    let (code, out, errors) = command::texts("summary", &[&to, arguments].concat(), input);
    assert_eq!(code, Some(0), "{errors}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!file.with_extension("prom.tmp").exists());
    (serde_json::from_str(&out).unwrap(), Metrics::parse(&text))
}

#[test]
fn metrics_of_captures_are_valid_and_have_the_values_of_the_summary() {
    for captured in captures() {
        let mut arguments: Vec<_> = captured
            .files
            .iter()
            .map(|file| file.to_str().unwrap())
            .collect();
        let key_log = captured.beside("keylog");
        if key_log.exists() {
            arguments.extend(["--keylog", key_log.to_str().unwrap()]);
        }
        let (summary, metrics) = summary(captured.name(), &arguments, &[]);
        let name = captured.name();
        for row in summary["byApi"].as_array().unwrap() {
            let api = ("api", row["api"].as_str().unwrap());
            for (outcome, delivery, member) in [
                ("responded", "responded", "responses"),
                ("written", "sent_no_response", "noResponseExpected"),
                ("unanswered", "sent_no_response", "unanswered"),
            ] {
                let labels = [api, ("outcome", outcome), ("delivery", delivery)];
                let value = metrics.value("kafka_requests_total", &labels);
                assert_eq!(
                    value,
                    row[member].as_u64().filter(|count| *count > 0),
                    "{name}: {row}"
                );
            }
            for (metric, member) in [
                ("kafka_sent_bytes_total", "requestBytes"),
                ("kafka_received_bytes_total", "responseBytes"),
            ] {
                assert_eq!(
                    metrics.value(metric, &[api]),
                    row[member].as_u64(),
                    "{name}: {row}"
                );
            }
            let labels = [api, ("stage", "total")];
            let count = metrics.value("kafka_request_duration_seconds_count", &labels);
            assert_eq!(count, row["latencyUs"]["count"].as_u64(), "{name}: {row}");
            for (error, count) in row["errors"].as_object().unwrap() {
                let value = metrics.value("kafka_response_errors_total", &[api, ("error", error)]);
                assert_eq!(value, count.as_u64(), "{name}: {row}");
            }
        }
        let requests = summary["requests"].as_u64().unwrap();
        assert_eq!(
            metrics.sum("kafka_client_requests_total"),
            requests,
            "{name}"
        );
        assert_eq!(
            metrics.sum("kafka_broker_requests_total"),
            requests,
            "{name}"
        );
        for row in summary["byTopic"].as_array().unwrap() {
            let label = match row["topic"].as_str() {
                Some(topic) => ("topic", topic),
                None => ("topic_id", row["topicId"].as_str().unwrap()),
            };
            let value = metrics.value("kafka_topic_produced_records_total", &[label]);
            assert_eq!(value, row["produceRecords"].as_u64(), "{name}: {row}");
        }
    }
}

#[test]
fn names_that_peers_chose_cannot_break_the_format() {
    let names = [
        "a\"} 1\n# TYPE x counter",
        "\\",
        "\u{1b}[2J",
        "\\u{1b}[2J",
        "",
        "{}",
        "ü\u{85}",
    ];
    let mut sent = Vec::new();
    for (port, client_id) in (40_000..).zip(names) {
        let mut conversation = Conversation::new(port);
        conversation.send(true, &heartbeat(3, client_id, 4), 1000);
        conversation.send(false, &heartbeat_response(3, 27), 1000);
        conversation.close();
        sent.extend(conversation.sent);
    }
    let (_, metrics) = summary("names", &["-"], &capture(&sent));
    let name = "kafka_client_requests_total";
    assert_eq!(metrics.sum(name), 7);
    let of =
        |client_id: &str| metrics.value(name, &[("client_id", client_id), ("api", "Heartbeat")]);
    let broken = names[0].replace('\n', "\\u{a}");
    assert_eq!(of(&broken), Some(1));
    assert_eq!(of("\\"), Some(1));
    assert_eq!(of("\\u{1b}[2J"), Some(1));
    assert_eq!(of("\\\\u{1b}[2J"), Some(1));
}

#[test]
fn a_busy_capture_has_histograms_of_buckets() {
    let mut conversation = Conversation::new(40_000);
    for id in 0..600 {
        conversation.send(true, &heartbeat(id, "busy", 4), 1000);
        conversation.send(false, &heartbeat_response(id, 0), 1000);
    }
    conversation.close();
    let (_, metrics) = summary("busy", &["-"], &capture(&conversation.sent));
    let count = |bound| {
        let name = "kafka_request_duration_seconds_bucket";
        metrics.value(
            name,
            &[("api", "Heartbeat"), ("stage", "total"), ("le", bound)],
        )
    };
    // Each response is 0.1 ms behind its request.
    assert_eq!(count("0.0005"), Some(600));
    assert_eq!(count("+Inf"), Some(600));
}

#[test]
fn a_file_that_cannot_be_written_is_reported() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(3, "a", 4), 1000);
    let to = ["--prometheus", "/nowhere/kafka.prom", "-"];
    let (code, _, errors) = command::texts("summary", &to, &capture(&conversation.sent));
    assert_eq!(code, Some(1));
    assert!(errors.contains("writing the output"), "{errors}");
}

#[test]
fn responses_without_a_latency_are_in_no_mean() {
    for (known, expected) in [(3, Some(2100)), (0, None)] {
        let mut conversation = Conversation::new(40_000);
        for id in 0..=known {
            conversation.send(true, &heartbeat(id, "a", 4), 1000);
            conversation.wait(2000);
            conversation.send(false, &heartbeat_response(id, 0), 1000);
        }
        // The clock is set back before the last response, which has no latency.
        let last = conversation.sent.last_mut().unwrap();
        last.time -= 2150;
        let capture = capture(&conversation.sent);
        let name = format!("clock-{known}");
        let (summary, metrics) = summary(&name, &["-"], &capture);
        let row = &summary["latencyParts"][0];
        assert_eq!(row["responses"], known + 1, "{row}");
        assert_eq!(row["serviceUs"].as_u64(), expected, "{row}");
        for stage in ["write", "head_of_line", "ttfb", "transfer", "total"] {
            let labels = [("api", "Heartbeat"), ("stage", stage)];
            let count = metrics.value("kafka_request_duration_seconds_count", &labels);
            assert_eq!(count, u64::try_from(known).ok(), "{stage}");
        }
    }
}
