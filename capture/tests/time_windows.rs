//! `--from` and `--to`: analyses say what is known within that part of the time, and nothing of what comes later.
#![cfg(test)]

mod support;

use std::collections::BTreeSet;

use kafka_codec::enumerations::Acks;
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_codec::messages::{ProduceRequest, ProduceResponse};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::Blob;
use serde_json::Value;
use support::command::texts;
use support::packets::{ACK, Conversation, FIN, SYN, Sent, capture, heartbeat, heartbeat_response};
use support::typed::{request, response};

const SECOND: u32 = 1_000_000;

/// A connection that begins after so many seconds, with two heartbeats and their responses.
fn talk(port: u16, seconds: u32) -> Conversation {
    let mut talk = Conversation::new(port);
    for id in 0..2 {
        talk.send(true, &heartbeat(id, "c", 4), 1000);
        talk.send(false, &heartbeat_response(id, 0), 1000);
    }
    for each in &mut talk.sent {
        each.time += seconds * SECOND;
    }
    talk.wait(seconds * SECOND);
    talk
}

/// A request in the first second that is answered 55 s later, a second before the client closes.
fn slow() -> Conversation {
    let mut talk = talk(40_000, 0);
    talk.send(true, &heartbeat(7, "c", 4), 1000);
    talk.wait(55 * SECOND);
    talk.send(false, &heartbeat_response(7, 0), 1000);
    talk.wait(SECOND);
    talk.close();
    talk
}

/// A connection that is over after 2 s, one that the broker ends after 20 s of silence, and one that begins after 30 s.
fn others() -> [Conversation; 3] {
    let [mut early, mut idle, mut late] =
        [(40_001, 0), (40_002, 0), (40_003, 30)].map(|(port, seconds)| talk(port, seconds));
    early.wait(2 * SECOND);
    early.close();
    idle.wait(20 * SECOND);
    idle.push(false, FIN | ACK, &[]);
    late.close();
    [early, idle, late]
}

fn merged(talks: &[Conversation]) -> Vec<u8> {
    let mut sent: Vec<Sent> = talks.iter().flat_map(|talk| talk.sent.clone()).collect();
    sent.sort_by_key(|each| each.time);
    capture(&sent)
}

fn rows(subcommand: &str, arguments: &[&str], capture: &[u8]) -> Vec<Value> {
    let arguments = [&["--format", "ndjson"], arguments, &["-"]].concat();
    let (code, output, errors) = texts(subcommand, &arguments, capture);
    assert_eq!(code, Some(0), "{errors}");
    let lines = output.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn json(subcommand: &str, arguments: &[&str], capture: &[u8]) -> Value {
    let arguments = [&["--format", "json"], arguments, &["-"]].concat();
    let (code, output, errors) = texts(subcommand, &arguments, capture);
    assert_eq!(code, Some(0), "{errors}");
    serde_json::from_str(&output).unwrap()
}

#[test]
fn a_connection_that_ends_after_the_window_is_open_at_its_end() {
    let capture = merged(&[slow()]);
    let within = rows("connections", &["--to", "5s"], &capture);
    assert_eq!(within.len(), 1, "{within:?}");
    assert_eq!(within[0]["cause"], "still-open", "{within:?}");
    assert_eq!(within[0]["closed"], Value::Null, "{within:?}");
    let open = within[0]["unanswered"].as_array().unwrap();
    assert_eq!(open.len(), 1, "{within:?}");
    let whole = rows("connections", &[], &capture);
    assert_eq!(whole[0]["unanswered"], Value::Array(Vec::new()));
}

#[cfg(feature = "report")]
#[test]
fn the_time_after_the_window_does_not_make_a_request_slow() {
    let capture = merged(&[slow()]);
    let page = |arguments: &[&str]| {
        let arguments = [&["--output", "/dev/stdout", "-"], arguments].concat();
        let (code, page, errors) = texts("report", &arguments, &capture);
        assert_eq!(code, Some(0), "{errors}");
        page
    };
    let nothing = "Nothing stands out by the rules below.";
    assert!(!page(&[]).contains(nothing));
    assert!(page(&["--to", "5s"]).contains(nothing));
}

#[test]
fn a_batch_that_is_acknowledged_after_the_window_is_in_flight_at_its_end() {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    builder.append(&NewRecord::default()).unwrap();
    let records = Blob::from(builder.finish().unwrap());
    let asked = ProduceRequest {
        acks: Acks(1),
        topic_data: vec![TopicProduceData {
            name: "t".into(),
            partition_data: vec![PartitionProduceData {
                records: Some(records),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = ProduceResponse {
        responses: vec![TopicProduceResponse {
            name: "t".into(),
            partition_responses: vec![PartitionProduceResponse::default()],
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut talk = talk(40_000, 0);
    talk.send(true, &request(&asked, 9, 2, "c"), 1400);
    talk.wait(10 * SECOND);
    talk.send(false, &response(&answer, 9, 2), 1400);
    talk.close();
    let capture = merged(&[talk]);
    for (to, end) in [
        ("5s", "unknown: unanswered: capture ended"),
        ("1h", "acked"),
    ] {
        let batches = rows("produce", &["--to", to], &capture);
        assert_eq!(batches.len(), 1, "{batches:?}");
        assert_eq!(batches[0]["final"], end, "{batches:?}");
    }
}

#[test]
fn connections_outside_of_the_window_are_not_listed() {
    let [early, idle, late] = others();
    let capture = merged(&[slow(), early, idle, late]);
    let whole = rows("connections", &[], &capture);
    assert_eq!(whole.len(), 4, "{whole:?}");
    let window = ["--from", "10s", "--to", "25s"];
    let within = rows("connections", &window, &capture);
    let names: BTreeSet<_> = within.iter().map(|row| row["conn"].as_str()).collect();
    let [slow, idle] = [40_000, 40_002].map(|port| format!("10.0.0.1:{port} -> 10.0.0.2:19092"));
    assert_eq!(names, BTreeSet::from([Some(&*slow), Some(&*idle)]));
    // What it carried before is known of a connection that ends within.
    let row = |rows: &[Value]| rows.iter().find(|row| row["conn"] == *idle).cloned();
    assert_eq!(row(&within), row(&whole));
    assert_eq!(row(&within).unwrap()["cause"], "idle-broker");
    let summary = json("summary", &window, &capture);
    assert_eq!(summary["connections"], 2, "{summary}");
    assert_eq!(summary["requests"], 0, "{summary}");
}

#[test]
fn a_response_within_the_window_is_admitted_with_its_request_before_it() {
    let capture = merged(&[slow()]);
    let arguments = ["--group", "gggg", "--from", "50s", "-"];
    let (code, lines, errors) = texts("decode", &arguments, &capture);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.contains("Heartbeat v0 response #7"), "{lines}");
}

#[test]
fn a_handshake_of_tls_that_is_answered_after_the_window_is_not_taken_for_one_at_a_plaintext_port() {
    let mut tls = Conversation::new(40_000);
    tls.send(true, b"\x16\x03\x01\0\x05hello", 1000);
    tls.wait(10 * SECOND);
    tls.send(false, b"\x16\x03\x03\0\x05hello", 1000);
    tls.close();
    let capture = merged(&[talk(40_001, 0), tls]);
    let found = rows("connections", &["--to", "5s"], &capture);
    assert_eq!(found.len(), 2, "{found:?}");
    for row in &found {
        assert_eq!(row["cause"], "still-open", "{found:?}");
    }
}

#[cfg(feature = "report")]
#[test]
fn connections_that_were_accepted_and_carry_nothing_within_the_window_are_not_reported() {
    let late = |port| {
        let mut talk = Conversation::new(port);
        talk.push(true, SYN, &[]);
        talk.push(false, SYN | ACK, &[]);
        talk.push(true, ACK, &[]);
        talk.wait(10 * SECOND);
        talk.send(true, &heartbeat(0, "c", 4), 1000);
        talk.send(false, &heartbeat_response(0, 0), 1000);
        talk.close();
        talk
    };
    let capture = merged(&[talk(40_000, 0), late(40_001), late(40_002)]);
    let page = concat!(env!("CARGO_TARGET_TMPDIR"), "/accepted.html");
    let (code, _, errors) = texts("report", &["--to", "5s", "-o", page, "-"], &capture);
    assert_eq!(code, Some(0), "{errors}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(!page.contains("were not answered"), "a SYN was answered");
}
