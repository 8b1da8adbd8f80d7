//! What another program found in the captures: the list of frames beside each, and its summary where there is one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A line of a `frames.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) connection: u64,
    pub(crate) ports: (u16, u16),
    pub(crate) to_broker: bool,
    pub(crate) offset: usize,
    pub(crate) bytes: usize,
    pub(crate) first_time: i64,
    pub(crate) last_time: i64,
    pub(crate) is_whole: bool,
    pub(crate) is_token: bool,
    pub(crate) api: String,
    pub(crate) version: Option<i16>,
    pub(crate) id: Option<i32>,
    pub(crate) client_id: String,
    pub(crate) wants_no_response: bool,
}

/// The shipped capture, and those of the directory that `KAFKA_CAPTURES` names.
pub(crate) fn captures() -> Vec<PathBuf> {
    let shipped = [env!("CARGO_MANIFEST_DIR"), "..", "tests", "captures"];
    let mut directories: Vec<PathBuf> = vec![shipped.iter().collect()];
    match std::env::var_os("KAFKA_CAPTURES") {
        Some(more) => directories.push(more.into()),
        None => {
            println!("only the shipped capture: KAFKA_CAPTURES does not name a directory with more")
        }
    }
    let mut captures = Vec::new();
    for directory in directories {
        let before = captures.len();
        let entries = std::fs::read_dir(&directory).unwrap();
        captures.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("pcap" | "pcapng"))
        }));
        assert!(
            captures.len() > before,
            "no captures in {}",
            directory.display()
        );
    }
    captures.sort();
    captures
}

/// The frames of a capture, those of one direction of a connection in order.
pub(crate) fn frames(capture: &Path) -> Vec<Frame> {
    let text = std::fs::read_to_string(capture.with_extension("frames.tsv")).unwrap();
    let mut lines = text.lines();
    let names: Vec<_> = lines.next().unwrap().split('\t').collect();
    let frame = |line: &str| {
        let values: BTreeMap<_, _> = names.iter().copied().zip(line.split('\t')).collect();
        Frame {
            connection: values["connection"].parse().unwrap(),
            ports: (
                values["client_port"].parse().unwrap(),
                values["broker_port"].parse().unwrap(),
            ),
            to_broker: values["direction"] == "up",
            offset: values["stream_offset"].parse().unwrap(),
            bytes: values["bytes"].parse().unwrap(),
            first_time: values["first_time_ns"].parse().unwrap(),
            last_time: values["last_time_ns"].parse().unwrap(),
            is_whole: values["whole"] == "1",
            is_token: values["kind"] == "sasl-token",
            api: values["api"].to_owned(),
            version: values["version"].parse().ok(),
            id: values["correlation_id"].parse().ok(),
            client_id: values["client_id"].to_owned(),
            wants_no_response: values["acks"] == "0",
        }
    };
    let mut frames: Vec<Frame> = lines.map(frame).collect();
    frames.sort_by_key(|frame| (frame.connection, !frame.to_broker, frame.offset));
    frames
}

/// The part of the summary that is read off the wire; the shipped capture has none.
pub(crate) fn summary(capture: &Path) -> Option<Value> {
    let text = std::fs::read(capture.with_extension("truth.json")).ok()?;
    let mut summary: Value = serde_json::from_slice(&text).unwrap();
    Some(summary["wire"].take())
}
