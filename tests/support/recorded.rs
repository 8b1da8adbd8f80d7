//! The frames of `tests/frames`, and what `expected.tsv`, which was made without this crate, says of each.
#![allow(dead_code, reason = "each test uses its own part")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use kafka_codec::{ApiKey, Version};

/// A frame of a request or a response.
pub(crate) struct Recorded {
    pub(crate) file: String,
    /// Its number in the file, from 1.
    pub(crate) number: usize,
    /// The connection in the file, from 1.
    pub(crate) connection: usize,
    /// When it was complete, in milliseconds from the start of the recording.
    pub(crate) at: u64,
    pub(crate) is_request: bool,
    pub(crate) key: ApiKey,
    pub(crate) api: String,
    pub(crate) version: Version,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: String,
    /// The number of the request's response, or of the response's request.
    pub(crate) paired: Option<usize>,
    /// The frame without its size.
    pub(crate) bytes: Vec<u8>,
}

/// All of them.
pub(crate) fn recorded() -> Vec<Recorded> {
    let text = fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    let mut files = HashMap::new();
    let recorded: Vec<_> = rows
        .map(|row| {
            let columns: Vec<_> = row.split('\t').collect();
            let file = columns[0].to_owned();
            let number: usize = columns[1].parse().unwrap();
            let frames = files.entry(file.clone()).or_insert_with(|| frames(&file));
            let (at, bytes) = frames[number - 1].clone();
            Recorded {
                connection: columns[2].parse().unwrap(),
                at,
                bytes,
                file,
                number,
                is_request: columns[3] == ">",
                key: ApiKey::from_number(columns[4].parse().unwrap()),
                api: columns[5].to_owned(),
                version: Version(columns[6].parse().unwrap()),
                correlation_id: columns[7].parse().unwrap(),
                client_id: columns[8].to_owned(),
                paired: columns[9].parse().ok(),
            }
        })
        .collect();
    let in_files: usize = files.values().map(Vec::len).sum();
    assert_eq!(recorded.len(), in_files, "every frame has a row");
    recorded
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/frames"))
}

/// The frames of a file without their sizes, each with its time.
fn frames(file: &str) -> Vec<(u64, Vec<u8>)> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.rsplit(' ');
            let hex = columns.next().unwrap().as_bytes();
            let at = columns.next().unwrap().parse().unwrap();
            let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
            (at, hex.chunks(2).map(byte).skip(4).collect())
        })
        .collect()
}
