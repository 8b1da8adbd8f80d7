//! What Kafka's Java reads in record sets: lines of `tests/oracle/records`, and what we read in the
//! same form.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use kafka_codec::records::{Entries, Entry, Record, RecordDecoder, Restamp, TimestampType};
use serde_json::{Value, json};

use super::hex;

/// A record set and what Java reads in it.
pub(crate) struct Vector {
    /// Which it is, for messages of failed tests.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: Vec<Value>,
    /// The class of what Java threw.
    pub(crate) error: Option<String>,
}

/// The record sets that Java wrote: the full set of both releases where `KAFKA_CODEC_RECORDS` says, else
/// those that are committed. Of the small ones both releases write the same bytes.
pub(crate) fn written_by_java() -> Vec<Vector> {
    let (folder, releases) = sources();
    let mut vectors = Vec::new();
    for release in releases {
        let path = folder.join(format!("{release}.jsonl.gz"));
        vectors.extend(lines(release, GzDecoder::new(open(&path))));
    }
    vectors
}

/// The lines that Java wrote into `path` about record sets of ours.
pub(crate) fn read_by_java(path: &Path) -> Vec<Vector> {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    lines(&name, open(path)).collect()
}

/// Where Java's files are, and of which releases.
fn sources() -> (PathBuf, &'static [&'static str]) {
    match std::env::var_os("KAFKA_CODEC_RECORDS") {
        Some(folder) => (PathBuf::from(folder), &["4.4.0", "3.9.2"]),
        None => (PathBuf::from("tests/vectors/records"), &["4.4.0"]),
    }
}

fn open(path: &Path) -> File {
    File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines(source: &str, from: impl Read) -> impl Iterator<Item = Vector> {
    let source = source.to_owned();
    BufReader::new(from).lines().map(move |line| {
        let mut line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        for entry in line["entries"].as_array_mut().unwrap() {
            if entry["baseSequence"].as_i64().is_some_and(|base| base < -1) {
                entry.as_object_mut().unwrap().remove("lastSequence");
            }
        }
        Vector {
            name: format!("{} of {source}", line["case"].as_str().unwrap()),
            bytes: hex(line["hex"].as_str().unwrap()),
            entries: line["entries"].as_array().unwrap().clone(),
            error: line["error"].as_str().map(str::to_owned),
        }
    })
}

/// Writes lines for Java to read: a name and bytes each.
pub(crate) fn write_for_java(path: &Path, sets: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let mut text = String::new();
    for (name, bytes) in sets {
        text.push_str(&name);
        text.push('\t');
        for byte in bytes {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
    }
    fs::write(path, text).unwrap();
}

/// The entries of `bytes` as Java's lines have them, and whether there is a fault between them. The
/// `error` of an entry is what was wrong.
pub(crate) fn describe(bytes: &[u8], decoder: &mut RecordDecoder) -> (Vec<Value>, bool) {
    let mut described = Vec::new();
    for entry in Entries::new(bytes) {
        match entry {
            Ok(Entry::Partial(_)) => {}
            Ok(entry) => described.push(describe_entry(&entry, decoder)),
            Err(_) => return (described, true),
        }
    }
    (described, false)
}

fn describe_entry(entry: &Entry<'_>, decoder: &mut RecordDecoder) -> Value {
    let mut out = json!({});
    let mut records = Vec::new();
    let mut error = None;
    match entry.records(decoder) {
        Err(fault) => error = Some(fault),
        Ok(read) => {
            for record in read {
                match record {
                    Ok(record) => records.push(describe_record(&record)),
                    Err(fault) => error = Some(fault),
                }
            }
        }
    }
    match entry {
        Entry::Batch(batch) => {
            let header = batch.header();
            out["magic"] = json!(2);
            if batch.check_crc().is_ok() {
                out["compression"] = json!(header.attributes.compression_id());
                out["timestampType"] = json!(timestamp_type(header.attributes.timestamp_type()));
                out["maxTimestamp"] = json!(header.max_timestamp);
                out["lastOffset"] = json!(header.last_offset());
                out["baseOffset"] = json!(header.base_offset);
                out["count"] = json!(header.record_count);
                out["leaderEpoch"] = json!(header.partition_leader_epoch);
                out["producerId"] = json!(header.producer_id);
                out["producerEpoch"] = json!(header.producer_epoch);
                out["baseSequence"] = json!(header.base_sequence);
                // Numbers below -1 count as absent here, and as numbers in Java.
                if header.base_sequence >= -1 {
                    out["lastSequence"] = json!(header.last_sequence().unwrap_or(-1));
                }
                out["transactional"] = json!(header.attributes.is_transactional());
                out["control"] = json!(header.attributes.is_control());
                out["deleteHorizon"] = json!(header.delete_horizon());
            }
        }
        Entry::Message(message) => {
            out["magic"] = json!(message.magic());
            if message.check_crc().is_ok() {
                let attributes = message.attributes();
                out["compression"] = json!(attributes.compression_id());
                // Messages of magic 0 have none, which Java calls -1.
                out["timestampType"] = match message.magic() {
                    0 => json!(-1),
                    _ => json!(timestamp_type(attributes.timestamp_type())),
                };
                out["maxTimestamp"] = json!(message.timestamp());
                out["lastOffset"] = json!(message.offset());
            }
        }
        _ => {}
    }
    out["records"] = json!(records);
    out["error"] = json!(error.map(|error| format!("{:?}", error.kind())));
    out
}

/// Offset, timestamp, sequence, key, value, headers.
fn describe_record(record: &Record<'_>) -> Value {
    let headers: Vec<Value> = record
        .headers
        .map(|header| json!([text(Some(header.key_text().as_bytes())), text(header.value)]))
        .collect();
    json!([
        record.offset,
        record.timestamp,
        record.sequence,
        text(record.key),
        text(record.value),
        headers,
    ])
}

/// `entry` with nothing but whether there was an error, as both sides call them by other names.
pub(crate) fn with_plain_error(entry: &Value) -> Value {
    let mut entry = entry.clone();
    entry["error"] = Value::Bool(!entry["error"].is_null());
    entry
}

fn timestamp_type(timestamp_type: TimestampType) -> i32 {
    match timestamp_type {
        TimestampType::CreateTime => 0,
        TimestampType::LogAppendTime => 1,
    }
}

fn text(bytes: Option<&[u8]>) -> Option<String> {
    bytes.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A batch, changes, and the bytes that Java makes of it.
pub(crate) struct Restamped {
    pub(crate) batch: Vec<u8>,
    pub(crate) restamp: Restamp,
    pub(crate) expected: Vec<u8>,
}

/// The batches that Java restamped: all where `KAFKA_CODEC_RECORDS` says, else those that are committed.
pub(crate) fn restamped_by_java() -> Vec<Restamped> {
    let (folder, releases) = sources();
    let mut all = Vec::new();
    for release in releases {
        let path = folder.join(format!("restamped-{release}.jsonl.gz"));
        for line in BufReader::new(GzDecoder::new(open(&path))).lines() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            all.push(Restamped {
                batch: hex(line["batch"].as_str().unwrap()),
                restamp: restamp(&line["restamp"]),
                expected: hex(line["expected"].as_str().unwrap()),
            });
        }
    }
    all
}

fn restamp(line: &Value) -> Restamp {
    let int32 = |name| {
        line[name]
            .as_i64()
            .map(|value: i64| i32::try_from(value).unwrap())
    };
    Restamp {
        base_offset: line["baseOffset"].as_i64(),
        partition_leader_epoch: int32("leaderEpoch"),
        timestamp_type: line["timestampType"].as_i64().map(|id| match id {
            0 => TimestampType::CreateTime,
            1 => TimestampType::LogAppendTime,
            _ => panic!("timestamp type {id}"),
        }),
        max_timestamp: line["maxTimestamp"].as_i64(),
        transactional: line["transactional"].as_bool(),
        control: line["control"].as_bool(),
        producer_id: line["producerId"].as_i64(),
        producer_epoch: line["producerEpoch"]
            .as_i64()
            .map(|epoch| i16::try_from(epoch).unwrap()),
        base_sequence: int32("baseSequence"),
    }
}
