//! What a consumer reads of fetch responses, in the form of `tests/oracle/read-committed`.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use kafka_codec::records::{AbortedTransaction, FetchedRecords, Record, RecordDecoder};
use serde_json::{Value, json};

use super::hex;

/// A partition as it came in a Fetch response.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    pub(crate) records: Vec<u8>,
    pub(crate) aborted: Vec<AbortedTransaction>,
}

/// Fetches from an offset on, and what Kafka's consumer made of them.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) committed: bool,
    pub(crate) start: i64,
    pub(crate) position: i64,
    pub(crate) seen: Vec<String>,
    pub(crate) fetches: Vec<Fetch>,
}

impl Fetch {
    /// Appends what a consumer sees to `seen`, and returns where it goes on.
    pub(crate) fn read(
        &self,
        offset: i64,
        committed: bool,
        decoder: &mut RecordDecoder,
        seen: &mut Vec<String>,
    ) -> i64 {
        let mut fetched = if committed {
            FetchedRecords::read_committed(&self.records, offset, self.aborted.iter().copied())
        } else {
            FetchedRecords::read_uncommitted(&self.records, offset)
        };
        while let Some(records) = fetched.next_batch(decoder).unwrap() {
            seen.extend(records.map(|record| text(&record.unwrap())));
        }
        fetched.next_offset()
    }
}

/// A record as `Histories.java` writes it.
fn text(record: &Record<'_>) -> String {
    let mut text = format!(
        "{}:{}:{}:{}",
        record.offset,
        record.timestamp,
        digits(record.key),
        digits(record.value)
    );
    for header in record.headers {
        text += &format!(":{}={}", digits(Some(header.key)), digits(header.value));
    }
    text
}

fn digits(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(
        || "-".to_owned(),
        |bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    )
}

impl Recorded {
    pub(crate) fn load(path: &Path) -> Vec<Self> {
        let file = GzDecoder::new(File::open(path).unwrap());
        BufReader::new(file)
            .lines()
            .map(|line| Self::parse(&serde_json::from_str(&line.unwrap()).unwrap()))
            .collect()
    }

    pub(crate) fn save(all: &[Self], path: &Path) {
        let mut out = GzEncoder::new(File::create(path).unwrap(), Compression::best());
        for recorded in all {
            writeln!(out, "{}", recorded.line()).unwrap();
        }
        out.finish().unwrap();
    }

    fn parse(line: &Value) -> Self {
        let list = |value: &Value| value.as_array().unwrap().clone();
        let fetch = |fetch: &Value| Fetch {
            records: hex(fetch["records"].as_str().unwrap()),
            aborted: list(&fetch["aborted"])
                .iter()
                .map(|pair| AbortedTransaction {
                    producer_id: pair[0].as_i64().unwrap(),
                    first_offset: pair[1].as_i64().unwrap(),
                })
                .collect(),
        };
        Self {
            committed: line["committed"].as_bool().unwrap(),
            start: line["start"].as_i64().unwrap(),
            position: line["position"].as_i64().unwrap(),
            seen: list(&line["seen"])
                .iter()
                .map(|record| record.as_str().unwrap().to_owned())
                .collect(),
            fetches: list(&line["fetches"]).iter().map(fetch).collect(),
        }
    }

    fn line(&self) -> Value {
        let fetches = self.fetches.iter().map(|fetch| {
            let aborted = fetch.aborted.iter();
            let aborted = aborted.map(|one| json!([one.producer_id, one.first_offset]));
            json!({
                "records": digits(Some(&fetch.records)),
                "aborted": aborted.collect::<Vec<_>>(),
            })
        });
        json!({
            "committed": self.committed,
            "start": self.start,
            "position": self.position,
            "seen": self.seen,
            "fetches": fetches.collect::<Vec<_>>(),
        })
    }
}
