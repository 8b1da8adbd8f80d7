//! Log segments: those that a broker kept, those that Kafka's Java wrote, and damaged ones.
#![cfg(test)]

mod support;

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Output;

use kafka_capture::RecordOptions;
use kafka_capture::input::Input;
use kafka_capture::segment::{SegmentFormat, Segments};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use serde_json::{Value, json};
use support::command;

fn of_the_broker(folder: &str, file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/segments").join(folder).join(file)
}

const FIRST: &str = "00000000000000000000.log";

/// What `kafka-capture segment` makes of its standard input.
fn segment(input: &[u8], arguments: &[&str]) -> Output {
    command::output("segment", arguments, input)
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The batches of a segment of the broker, with what is in them.
fn batches(folder: &str, file: &str) -> Vec<Value> {
    let path = of_the_broker(folder, file);
    let arguments = ["--format", "ndjson", "--payload", "--internal"];
    let output = segment(b"", &[&arguments[..], &[path.to_str().unwrap()]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let batches = lines(&output.stdout);
    assert!(batches.iter().all(|batch| batch["isValid"] == true));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("\"error\""));
    batches
}

fn records(batches: &[Value]) -> Vec<&Value> {
    let records = batches.iter().map(|batch| &batch["records"]);
    records
        .flat_map(|records| records.as_array().unwrap())
        .collect()
}

#[test]
fn all_records_that_a_producer_sent_are_in_the_segment_as_it_sent_them() {
    let batches = batches("seg-0", FIRST);
    let compressions: Vec<_> = batches.iter().map(|batch| &batch["compression"]).collect();
    let (plain, zipped) = ("none", ["gzip", "snappy", "lz4", "zstd"]);
    assert_eq!(compressions[0], plain);
    assert_eq!(compressions[1..5], zipped.map(Value::from).each_ref()[..]);
    let records = records(&batches);
    assert_eq!(records.len(), 60);
    for (number, record) in records.iter().take(50).enumerate() {
        let value = (number % 10 != 3).then(|| format!("value {number}"));
        assert_eq!(record["offset"], number);
        assert_eq!(record["key"], format!("k{}", number % 10));
        assert_eq!(record["value"], json!(value));
        assert_eq!(
            record["headers"],
            json!([{"key": "h", "value": {"base64": "AAE="}}])
        );
    }
    let controls: Vec<_> = records
        .iter()
        .filter_map(|record| record.get("control"))
        .collect();
    assert_eq!(controls, ["COMMIT", "ABORT"]);
}

/// How many records there are of each type.
fn types(folder: &str, file: &str, at: &[&str]) -> Vec<(String, usize)> {
    let batches = batches(folder, file);
    let mut counts = std::collections::BTreeMap::new();
    for record in records(&batches) {
        let found = at.iter().fold(record, |value, name| &value[*name]);
        let name = found.as_str().or_else(|| record["control"].as_str());
        *counts.entry(name.unwrap().to_owned()).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[test]
fn every_record_of_the_internal_topics_of_a_broker_is_decoded_by_its_type() {
    let known = |counts: &[(&str, usize)]| -> Vec<(String, usize)> {
        let owned = |(name, count): &(&str, usize)| ((*name).to_owned(), *count);
        counts.iter().map(owned).collect()
    };
    assert_eq!(
        types("__consumer_offsets-0", FIRST, &["type"]),
        known(&[
            ("ConsumerGroupCurrentMemberAssignment", 2),
            ("ConsumerGroupMemberMetadata", 2),
            ("ConsumerGroupMetadata", 2),
            ("ConsumerGroupTargetAssignmentMember", 2),
            ("ConsumerGroupTargetAssignmentMetadata", 2),
            ("GroupMetadata", 3),
            ("OffsetCommit", 4),
            ("ShareGroupCurrentMemberAssignment", 3),
            ("ShareGroupMemberMetadata", 2),
            ("ShareGroupMetadata", 3),
            ("ShareGroupStatePartitionMetadata", 2),
            ("ShareGroupTargetAssignmentMember", 3),
            ("ShareGroupTargetAssignmentMetadata", 3),
        ])
    );
    assert_eq!(
        types("__transaction_state-0", FIRST, &["type"]),
        known(&[("TransactionLog", 8)])
    );
    assert_eq!(
        types("__share_group_state-0", FIRST, &["type"]),
        known(&[("ShareSnapshot", 1), ("ShareUpdate", 1)])
    );
    assert_eq!(
        types(
            "__cluster_metadata-0",
            "00000000000000000000-0000000000.checkpoint",
            &["value", "type"]
        ),
        known(&[
            ("FEATURE_LEVEL_RECORD", 6),
            ("SNAPSHOT_FOOTER", 1),
            ("SNAPSHOT_HEADER", 1),
            ("USER_SCRAM_CREDENTIAL_RECORD", 1),
        ])
    );
    let log = types("__cluster_metadata-0", FIRST, &["value", "type"]);
    let has = |name: &str| log.iter().any(|(known, _)| known == name);
    for name in ["TOPIC_RECORD", "REGISTER_BROKER_RECORD", "LEADER_CHANGE"] {
        assert!(has(name), "{name}: {log:?}");
    }
}

#[test]
fn what_members_of_a_group_say_is_decoded_and_secrets_are_hidden() {
    let groups = batches("__consumer_offsets-0", FIRST);
    let is_of_members = |record: &&&Value| {
        let members = &record["value"]["data"]["members"];
        record["type"] == "GroupMetadata" && members.as_array().is_some_and(|all| !all.is_empty())
    };
    let records = records(&groups);
    let group = records.iter().find(is_of_members).unwrap();
    let member = &group["value"]["data"]["members"][0];
    assert_eq!(member["subscription"]["topics"], json!(["seg"]));
    assert_eq!(
        member["assignment"]["assignedPartitions"],
        json!([{"topic": "seg", "partitions": [0]}])
    );

    let metadata = batches("__cluster_metadata-0", FIRST);
    let records = self::records(&metadata);
    let is_credential =
        |record: &&&Value| record["value"]["type"] == "USER_SCRAM_CREDENTIAL_RECORD";
    let credential = &records.iter().find(is_credential).unwrap()["value"]["data"];
    assert_eq!(credential["name"], "bob");
    for secret in ["salt", "storedKey", "serverKey"] {
        assert_eq!(credential[secret], "[hidden]");
    }
}

#[test]
fn payloads_are_shown_only_if_they_are_asked_for() {
    let path = of_the_broker("seg-0", FIRST);
    for format in ["text", "ndjson"] {
        let output = segment(b"", &["--format", format, path.to_str().unwrap()]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("value 1"), "{text}");
        let batches = text.lines().filter(|line| line.contains("aseOffset"));
        assert_eq!(batches.count(), 9);
        let shown = segment(
            b"",
            &["--format", format, "--payload", path.to_str().unwrap()],
        );
        assert!(String::from_utf8(shown.stdout).unwrap().contains("value 1"));
    }
}

#[test]
fn a_line_of_text_has_the_labels_of_kafkas_own_tool() {
    let path = of_the_broker("seg-0", FIRST);
    let output = segment(b"", &[path.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text.lines().nth(1).unwrap(),
        "baseOffset: 10 lastOffset: 19 count: 10 baseSequence: 0 lastSequence: 9 producerId: 1 \
         producerEpoch: 0 partitionLeaderEpoch: 0 isTransactional: false isControl: false \
         deleteHorizonMs: - position: 264 CreateTime: 1795335646433 size: 174 magic: 2 \
         compresscodec: gzip crc: 2740614934 isvalid: true"
    );
    assert_eq!(output.stderr, b"9 batches\n");
}

#[test]
fn damage_is_shown_with_what_was_read_before_it() {
    let whole = std::fs::read(of_the_broker("seg-0", FIRST)).unwrap();
    let run = |bytes: &[u8]| {
        let output = segment(bytes, &["--format", "ndjson", "--payload", "-"]);
        (output.status.code(), lines(&output.stdout))
    };

    let (code, found) = run(&whole[..1400]);
    let garbage = found.last().unwrap();
    assert_eq!((code, found.len()), (Some(4), 9));
    assert_eq!(
        (&garbage["position"], &garbage["garbageBytes"]),
        (&json!(1385), &json!(15))
    );

    let (code, found) = run(&[&whole, &[b'x'; 25][..]].concat());
    assert_eq!((code, found.len()), (Some(4), 10));
    assert_eq!(found.last().unwrap()["garbageBytes"], 25);

    // The length of the second record.
    let mut bytes = whole.clone();
    bytes[100] ^= 1;
    let (code, found) = run(&bytes);
    assert_eq!((code, found.len()), (Some(4), 9));
    let batch = &found[0];
    assert_eq!(batch["isValid"], false);
    assert_eq!(batch["records"].as_array().unwrap().len(), 1);
    assert!(batch["error"].as_str().unwrap().contains("checksum"));
    assert!(batch["error"].as_str().unwrap().contains("record 1"));

    assert_eq!(run(b"").0, Some(0));
    // A file that was made larger than what is in it.
    let (code, found) = run(&[0; 100]);
    assert_eq!(code, Some(0));
    assert_eq!(found[0]["preallocatedBytes"], 100);
    assert_eq!(run(b"not a segment").0, Some(3));
    let missing = segment(b"", &["no such file"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(segment(b"", &["--topic", "a", "-"]).status.code(), Some(2));
}

/// Hexadecimal digits, as the vectors have bytes.
fn bytes(hex: &Value) -> Option<Vec<u8>> {
    let hex = hex.as_str()?;
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    Some((0..hex.len()).step_by(2).map(digit).collect())
}

/// Bytes as they are shown, decoded again.
fn shown(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(object) => {
            use base64::Engine as _;
            let text = object["base64"].as_str().unwrap();
            let engine = base64::engine::general_purpose::STANDARD;
            Some(engine.decode(text).unwrap())
        }
        other => panic!("neither text nor base64: {other}"),
    }
}

#[test]
fn segments_that_java_wrote_have_the_records_that_java_reads_in_them() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/records");
    let mut count = 0;
    for file in std::fs::read_dir(vectors).unwrap() {
        let path = file.unwrap().path();
        // The files of releases begin with their number; those beside them are not about segments.
        let name = path.file_name().unwrap().to_str().unwrap();
        if !(name.ends_with(".gz") && name.starts_with(|first: char| first.is_ascii_digit())) {
            continue;
        }
        let release = path.display();
        let packed = std::fs::read(&path).unwrap();
        let mut text = String::new();
        let mut unpacked = flate2::read::MultiGzDecoder::new(&*packed);
        unpacked.read_to_string(&mut text).unwrap();
        for vector in text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
        {
            let name = format!("{release} {}", vector["case"]);
            let input = Cursor::new(bytes(&vector["hex"]).unwrap());
            let mut out = Vec::new();
            let options = RecordOptions {
                payload: true,
                internal: false,
                ..RecordOptions::default()
            };
            let mut segments = Segments::new(&mut out, SegmentFormat::Ndjson, options);
            let input = Input::new(name.clone(), Box::new(input)).unwrap();
            let counts = segments.show(input, None).unwrap();
            segments.flush();
            drop(segments);
            assert!(!counts.is_damaged(), "{name}: {counts}");

            let batches = lines(&out);
            let entries = vector["entries"].as_array().unwrap();
            assert_eq!(batches.len(), entries.len(), "{name}");
            for (batch, entry) in batches.iter().zip(entries) {
                let found = batch["records"].as_array().unwrap();
                let wanted = entry["records"].as_array().unwrap();
                assert_eq!(found.len(), wanted.len(), "{name}");
                assert_eq!(batch["magic"], entry["magic"], "{name}");
                for (record, java) in found.iter().zip(wanted) {
                    assert_eq!(record["offset"], java[0], "{name}");
                    assert_eq!(record["timestamp"], java[1], "{name}");
                    if batch["isControl"] == true {
                        assert!(!record["control"].is_null(), "{name}");
                        continue;
                    }
                    assert_eq!(shown(&record["key"]), bytes(&java[3]), "{name}");
                    assert_eq!(shown(&record["value"]), bytes(&java[4]), "{name}");
                    let headers = record["headers"].as_array().unwrap();
                    let wanted = java[5].as_array().unwrap();
                    assert_eq!(headers.len(), wanted.len(), "{name}");
                    for (header, java) in headers.iter().zip(wanted) {
                        assert_eq!(shown(&header["key"]), bytes(&java[0]), "{name}");
                        assert_eq!(shown(&header["value"]), bytes(&java[1]), "{name}");
                    }
                    count += 1;
                }
            }
        }
    }
    assert!(count > 100, "only {count} records");
}

#[test]
fn offsets_beyond_the_largest_are_a_fault_and_do_not_wrap_around() {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    for _ in 0..2 {
        builder.append(&NewRecord::default()).unwrap();
    }
    let mut batch = builder.finish().unwrap().to_vec();
    // The checksum does not count the base offset.
    batch[..8].copy_from_slice(&i64::MAX.to_be_bytes());
    let fault = "the last offset is beyond the largest (base offset 9223372036854775807, last offset delta 1)";
    let output = segment(&batch, &["--payload", "-"]);
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("lastOffset: 9223372036854775807"), "{text}");
    assert!(text.contains(&format!("error: {fault}")), "{text}");
    assert!(!text.contains(": -9"), "{text}");
    let output = segment(&batch, &["--payload", "--format", "ndjson", "-"]);
    let batch = &lines(&output.stdout)[0];
    assert_eq!(batch["lastOffset"], i64::MAX);
    assert_eq!(batch["error"], fault);
    let offsets = batch["records"].as_array().unwrap().iter();
    assert!(
        offsets.map(|record| &record["offset"]).eq([i64::MAX; 2]),
        "{batch}"
    );
}
