//! Captures of more connections than are listed: what is counted counts all of them.
#![cfg(test)]

mod support;

use std::path::PathBuf;
use std::sync::LazyLock;

use kafka_capture::Decoder;
use kafka_capture::input::{Input, Packets};
use serde_json::Value;
use support::command;
use support::packets::{ACK, Conversation, RST, heartbeat, heartbeat_response, pcap};

/// How many connections are refused before the others, and how many are closed in good order.
const REFUSED: u32 = 300;
const CLOSED: u32 = 20_200;

/// A capture of all of them, one after the other.
static CAPTURE: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut packets = Vec::new();
    let mut push = |turn: u32, talk: Conversation| {
        for mut each in talk.sent {
            each.client_port = 1024 + u16::try_from(turn % 60_000).unwrap();
            packets.push((turn * 10_000 + each.time, each.ipv4()));
        }
    };
    for turn in 0..CLOSED + REFUSED {
        let mut talk = Conversation::new(1024);
        if (1..=REFUSED).contains(&turn) {
            talk.sent.truncate(1);
            talk.push(false, RST | ACK, &[]);
        } else {
            talk.send(true, &heartbeat(1, "client", 4), 1400);
            talk.send(false, &heartbeat_response(1, 0), 1400);
            talk.close();
        }
        push(turn, talk);
    }
    packets.sort_by_key(|(time, _)| *time);
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("many-connections.pcap");
    std::fs::write(&file, pcap(101, &packets, usize::MAX)).unwrap();
    file
});

fn run(subcommand: &str, arguments: &[&str]) -> String {
    let file = CAPTURE.to_str().unwrap();
    let (_, output, errors) = command::texts(subcommand, &[arguments, &[file]].concat(), &[]);
    assert!(!output.is_empty(), "{errors}");
    output
}

#[test]
fn causes_and_lines_count_the_connections_that_are_not_listed() {
    let all = u64::from(CLOSED + REFUSED);
    let document: Value = serde_json::from_str(&run("connections", &["--format", "json"])).unwrap();
    let sum = |list: &str| {
        let rows = document[list].as_array().unwrap().iter();
        rows.map(|row| row["connections"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(sum("causes"), all);
    assert_eq!(sum("churn"), all);
    let brokers = document["causes"].as_array().unwrap().iter();
    let brokers = brokers.flat_map(|cause| cause["brokers"].as_object().unwrap().values());
    assert_eq!(
        brokers.map(|count| count.as_u64().unwrap()).sum::<u64>(),
        all
    );

    let lines = run("connections", &["--format", "ndjson"]);
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (last, listed) = lines.split_last().unwrap();
    assert!(listed.iter().all(|line| line["conn"].is_string()));
    let others = last["others"].as_object().unwrap().values();
    let others: u64 = others.map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(listed.len() as u64 + others, all);
}

#[test]
fn the_metric_of_opened_connections_counts_those_that_are_not_listed() {
    let metrics = CAPTURE.with_extension("prom");
    run("summary", &["--prometheus", metrics.to_str().unwrap()]);
    let metrics = std::fs::read_to_string(metrics).unwrap();
    let opened = format!("kafka_connections_opened_total {}", CLOSED + REFUSED);
    assert!(metrics.lines().any(|line| line == opened), "{metrics}");
}

#[cfg(feature = "report")]
#[test]
fn findings_count_the_connections_that_are_not_listed() {
    let input = Input::open(&CAPTURE, |bytes, _| bytes).unwrap();
    let packets = Packets::new(input).unwrap();
    let mut report = kafka_capture::report::Report::new();
    let mut decoder = Decoder::new(Vec::new());
    support::feed_report(packets, &mut decoder, &mut report);
    let (counts, topics) = decoder.finish_with_topics(&mut report);
    let found = report.finish(&topics, &counts, Vec::new()).findings();
    let title = format!("{REFUSED} connections to broker 10.0.0.2:19092 were refused");
    assert_eq!(found, [("connections-refused", title)]);
}
