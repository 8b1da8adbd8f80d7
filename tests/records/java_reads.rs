//! What we write is read by Kafka's Java as the same records, and what we refuse it refuses: needs
//! Java between two tests, as `tests/oracle/records/run` does.

use std::path::PathBuf;

use kafka_codec::records::RecordDecoder;
use serde_json::{Value, json};

use crate::mutation::mutate;
use crate::random::Random;
use crate::support::build::{Built, built};
use crate::support::checksums::repair;
use crate::support::vectors::{Vector, describe, read_by_java, with_plain_error, write_for_java};

#[test]
#[ignore = "writes files for Java to read"]
fn record_sets_are_written_for_java() {
    let sets = ours().into_iter().map(|set| (set.name, set.bytes));
    write_for_java(&folder().join("ours.tsv"), sets);
    write_for_java(&folder().join("mutated.tsv"), mutated());
}

#[test]
#[ignore = "needs what Java wrote"]
fn java_reads_what_we_write() {
    for release in ["3.9.2", "4.4.0"] {
        let java = read_by_java(&folder().join(format!("ours-{release}.jsonl")));
        let ours = ours();
        assert_eq!(java.len(), ours.len());
        for (java, ours) in java.iter().zip(&ours) {
            assert_eq!(java.bytes, ours.bytes, "{}", ours.name);
            assert_eq!(java.error, None, "{}", java.name);
            let mut read = Vec::new();
            for entry in &java.entries {
                assert_eq!(entry["error"], Value::Null, "{}", java.name);
                read.extend(entry["records"].as_array().unwrap().clone());
            }
            assert_eq!(read, expected(ours), "{}", java.name);
        }
    }
}

#[test]
#[ignore = "needs what Java wrote"]
fn java_refuses_what_we_refuse_and_reads_the_same_in_the_rest() {
    let mut decoder = RecordDecoder::default();
    for release in ["3.9.2", "4.4.0"] {
        let (mut same, mut refused, mut different) = (0, 0, Vec::new());
        for java in read_by_java(&folder().join(format!("mutated-{release}.jsonl"))) {
            let (ours, failed) = describe(&java.bytes, &mut decoder);
            match compare(&java, &ours, failed) {
                Ok(true) => refused += 1,
                Ok(false) => same += 1,
                Err(how) => different.push(format!("{}: {how}", java.name)),
            }
        }
        println!(
            "{release}: {same} read, {refused} refused by both, {} not the same",
            different.len()
        );
        assert!(same > 100 && refused > 100);
        assert!(different.is_empty(), "{}", different.join("\n"));
    }
}

/// Whether both refuse it; otherwise both read the same in it.
fn compare(java: &Vector, ours: &[Value], failed: bool) -> Result<bool, String> {
    let is_error = |entry: &Value| !entry["error"].is_null();
    let java_failed = java.error.is_some() || java.entries.iter().any(is_error);
    let we_failed = failed || ours.iter().any(is_error);
    if java_failed != we_failed {
        return if is_known(java, ours) {
            Ok(true)
        } else {
            Err(format!(
                "Java {:?} {:?}, we {ours:?}",
                java.error, java.entries
            ))
        };
    }
    let java: Vec<Value> = java.entries.iter().map(with_plain_error).collect();
    let ours: Vec<Value> = ours.iter().map(with_plain_error).collect();
    if java_failed || java == ours {
        Ok(java_failed)
    } else {
        Err(format!("Java {java:?}\nwe {ours:?}"))
    }
}

/// Where we differ on purpose.
fn is_known(java: &Vector, ours: &[Value]) -> bool {
    // A size that Kafka adds 12 to, and comes below 0.
    let overflow = java.error.as_deref() == Some("IllegalArgumentException");
    overflow
        || java.entries.iter().zip(ours).any(|(java, ours)| {
            // A match at distance 0, which lz4 does not have, and which is nothing to Java.
            let lz4 = ours["error"]
                .as_str()
                .is_some_and(|error| error.contains("lz4 block"));
            // Bytes after the value of a message, which would be lost.
            let trailing = ours["error"]
                .as_str()
                .is_some_and(|error| error.starts_with("TrailingMessageBytes"));
            // A huge size at the end of a compressed set: 3.9 takes the memory, 4.4 refuses it, and
            // to us the message is cut off, as it is to both when the size is smaller.
            let refused = ["OutOfMemoryError", "InvalidRecordException"]
                .map(Value::from)
                .contains(&java["error"]);
            let memory = java["magic"] != 2 && refused && ours["error"].is_null();
            // The body of a batch without records, which one of Kafka's iterators looks at.
            let empty = java["count"] == 0 && java["error"] == "KafkaException";
            trailing && java["error"].is_null() && java["magic"] != 2 || empty || memory || lz4
        })
}

fn ours() -> Vec<Built> {
    built(20)
}

/// Sets with one to four changes, and with checksums that are right all the same.
fn mutated() -> Vec<(String, Vec<u8>)> {
    let rounds = std::env::var("KAFKA_CODEC_ROUNDS").map_or(60, |rounds| rounds.parse().unwrap());
    let sets = built(3);
    let mut all = Vec::new();
    for (index, set) in sets.iter().enumerate() {
        let other = &sets[(index + 1) % sets.len()].bytes;
        for round in 0..rounds {
            let name = format!("{}-mutated-{round}", set.name);
            let mut random = Random::of(&name);
            let mut bytes = mutate(&set.bytes, other, &mut random);
            repair(&mut bytes);
            all.push((name, bytes));
        }
    }
    all
}

fn expected(set: &Built) -> Vec<Value> {
    let hex = |bytes: &Vec<u8>| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    set.records
        .iter()
        .map(|record| {
            let headers: Vec<Value> = record
                .headers
                .iter()
                .map(|(key, value)| json!([hex(key), value.as_ref().map(hex)]))
                .collect();
            json!([
                record.offset,
                record.timestamp,
                record.sequence,
                record.key.as_ref().map(hex),
                record.value.as_ref().map(hex),
                headers,
            ])
        })
        .collect()
}

fn folder() -> PathBuf {
    std::env::var_os("KAFKA_CODEC_RECORDS")
        .map_or_else(|| PathBuf::from("target/oracle/records"), PathBuf::from)
}
