//! Records in captures of real clients: as many as there are, by another way of counting.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::packets::{Conversation, capture, frame};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures/clients.pcap")
}

/// The messages of a capture, as NDJSON has them.
fn messages(capture: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .args(["decode", "--format", "ndjson"])
        .args(arguments)
        .arg(capture)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Calls `see` with every batch and message in the `records` fields of `value`.
fn each_entry<'v>(value: &'v Value, see: &mut impl FnMut(&'v Value)) {
    match value {
        Value::Object(members) if members.contains_key("magic") => see(value),
        Value::Object(members) => members.values().for_each(|value| each_entry(value, see)),
        Value::Array(elements) => elements.iter().for_each(|value| each_entry(value, see)),
        _ => {}
    }
}

/// CRC-32C, a bit at a time.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0x82f6_3b78 & 0_u32.wrapping_sub(crc & 1))
        })
    })
}

/// How many batches begin anywhere in `bytes`, and how many records they say are in them: what has a
/// checksum that is right is a batch.
fn found_by_checksum(bytes: &[u8]) -> (usize, u64) {
    let mut found = (0, 0);
    for at in 0..bytes.len().saturating_sub(61) {
        let number = |from: usize| {
            let field = bytes[at + from..].first_chunk().unwrap();
            u32::from_be_bytes(*field)
        };
        let length = number(8) as usize;
        if bytes[at + 16] != 2 || length < 49 {
            continue;
        }
        let Some(covered) = bytes.get(at + 21..at + 12 + length) else {
            continue;
        };
        if crc32c(covered) == number(17) {
            found.0 += 1;
            found.1 += u64::from(number(57));
        }
    }
    found
}

#[test]
fn there_are_as_many_records_as_checksums_in_the_raw_capture_say() {
    let (mut batches, mut records) = (0, 0);
    for message in &messages(&shipped(), &["--payload"]) {
        each_entry(&message["body"], &mut |batch| {
            let count = batch["records"].as_array().unwrap().len() as u64;
            assert_eq!(batch["count"], count);
            assert_eq!(batch["isValid"], true);
            assert_eq!(batch.get("error"), None);
            batches += 1;
            records += count;
        });
    }
    assert!(records > 0);
    let capture = std::fs::read(shipped()).unwrap();
    assert_eq!((batches, records), found_by_checksum(&capture));
}

#[test]
fn payloads_are_shown_only_if_they_are_asked_for() {
    let text = |arguments: &[&str]| format!("{:?}", messages(&shipped(), arguments));
    assert!(!text(&[]).contains("order 7"));
    assert!(!text(&["--internal"]).contains("order 7"));
    assert!(text(&["--payload"]).contains("order 7"));
}

#[test]
fn clients_sent_as_many_records_as_they_say() {
    let Some(directory) = std::env::var_os("KAFKA_CAPTURES").map(PathBuf::from) else {
        println!("not run: KAFKA_CAPTURES does not name a directory with captures and their truth");
        return;
    };
    for name in ["compression", "old-clients"] {
        let truth = std::fs::read_to_string(directory.join(format!("{name}.truth.json"))).unwrap();
        let truth: Value = serde_json::from_str(&truth).unwrap();
        let (mut sent, mut received) = (0, 0);
        for client in truth["clients_say"].as_array().unwrap() {
            for topic in client["topics"].as_object().into_iter().flatten() {
                sent += topic.1["records_acked"].as_u64().unwrap();
            }
            for topic in client["records_received"].as_object().into_iter().flatten() {
                received += topic.1.as_u64().unwrap();
            }
        }
        let mut found = BTreeMap::new();
        let capture = directory.join(format!("{name}.pcap"));
        let messages = messages(&capture, &["--payload"]);
        for message in &messages {
            each_entry(&message["body"], &mut |entry| {
                assert_eq!(
                    (&entry["isValid"], entry.get("error")),
                    (&true.into(), None)
                );
                let count = entry["records"].as_array().unwrap().len() as u64;
                *found.entry(message["kind"].as_str().unwrap()).or_default() += count;
            });
        }
        assert_eq!(
            found,
            BTreeMap::from([("request", sent), ("response", received)]),
            "{name}"
        );
    }
}

/// A Produce request in version 3, of one partition of `topic` with these records.
fn produce(topic: &str, records: &[u8]) -> Vec<u8> {
    let mut bytes = vec![
        0, 0, 0, 3, 0, 0, 0, 7, 0, 1, b'c', 0xff, 0xff, 0, 1, 0, 0, 3, 232,
    ];
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
    bytes.extend(topic.as_bytes());
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(0_u32.to_be_bytes());
    bytes.extend(u32::try_from(records.len()).unwrap().to_be_bytes());
    bytes.extend(records);
    frame(&bytes)
}

#[test]
fn records_of_internal_topics_are_decoded_where_the_message_names_the_topic() {
    let segments = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/segments");
    let segment = segments.join("__transaction_state-0/00000000000000000000.log");
    let records = std::fs::read(segment).unwrap();
    let mut conversation = Conversation::new(40_000);
    for topic in ["__transaction_state", "other"] {
        conversation.send(true, &produce(topic, &records), 1000);
        // No topic, and no throttling.
        let response = [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
        conversation.send(false, &frame(&response), 1000);
    }
    conversation.close();
    let path = std::env::temp_dir().join(format!("kafka-capture-{}.pcap", std::process::id()));
    std::fs::write(&path, capture(&conversation.sent)).unwrap();
    let messages = messages(&path, &["--internal", "--port", "19092"]);
    std::fs::remove_file(&path).unwrap();

    let of_request = |index: usize| {
        let requests: Vec<_> = messages.iter().filter(|m| m["kind"] == "request").collect();
        let mut found = Vec::new();
        each_entry(&requests[index]["body"], &mut |batch| {
            found.push(batch.clone())
        });
        assert_eq!(found.len(), 8);
        found
    };
    for batch in of_request(0) {
        let record = &batch["records"][0];
        assert_eq!(record["type"], "TransactionLog");
        assert_eq!(record["key"]["data"]["transactionalId"], "tx");
        assert!(record["value"]["data"]["producerId"].is_number());
    }
    for batch in of_request(1) {
        assert_eq!(batch.get("records"), None);
    }
}
