//! The captures that tests read, and the list of frames beside each, which another program made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

/// What `read` makes of each line of the list of frames beside a capture: its values by the names of the columns.
pub(crate) fn listed<T>(capture: &Path, read: impl Fn(&BTreeMap<&str, &str>) -> T) -> Vec<T> {
    let text = std::fs::read_to_string(capture.with_extension("frames.tsv")).unwrap();
    let mut lines = text.lines();
    let names: Vec<_> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| read(&names.iter().copied().zip(line.split('\t')).collect()))
        .collect()
}
