//! The captures that tests read, and the list of frames beside each, which another program made.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A capture and the list of its frames.
pub(crate) struct Captured {
    /// The path without an extension.
    path: PathBuf,
    /// The files, in the order of their names; more than one of a capture that was rotated.
    pub(crate) files: Vec<PathBuf>,
    list: PathBuf,
}

impl Captured {
    /// The name of the capture, without an extension.
    pub(crate) fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    /// The file of this name and another extension.
    pub(crate) fn beside(&self, extension: &str) -> PathBuf {
        let name = format!("{}.{extension}", self.name());
        self.path.with_file_name(name)
    }

    /// Returns `true` if the connections are in TLS; the secrets are beside the capture or in it.
    pub(crate) fn is_tls(&self) -> bool {
        self.name().starts_with("tls")
    }

    /// What `read` makes of each line of the list of frames: its values by the names of the columns.
    pub(crate) fn listed<T>(&self, read: impl Fn(&BTreeMap<&str, &str>) -> T) -> Vec<T> {
        let text = String::from_utf8(unpacked(&self.list)).unwrap();
        let mut lines = text.lines();
        let names: Vec<_> = lines.next().unwrap().split('\t').collect();
        lines
            .map(|line| read(&names.iter().copied().zip(line.split('\t')).collect()))
            .collect()
    }
}

/// The shipped capture, and those of the directory that `KAFKA_CAPTURES` names.
pub(crate) fn captures() -> Vec<Captured> {
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
        let found = captures_in(&directory);
        assert!(!found.is_empty(), "no captures in {}", directory.display());
        captures.extend(found);
    }
    captures
}

fn captures_in(directory: &Path) -> Vec<Captured> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut captures = Vec::new();
    for list in &names {
        let Some((capture, "" | ".gz")) = list.split_once(".frames.tsv") else {
            continue;
        };
        let is_part = |name: &&String| {
            name.strip_prefix(capture).is_some_and(|rest| {
                let is_file = [".pcap", ".pcapng"]
                    .iter()
                    .any(|end| rest.trim_end_matches(".gz").ends_with(end));
                is_file && rest.starts_with(['.', '_'])
            })
        };
        captures.push(Captured {
            path: directory.join(capture),
            files: names
                .iter()
                .filter(is_part)
                .map(|name| directory.join(name))
                .collect(),
            list: directory.join(list),
        });
    }
    captures
}

/// The bytes of a file, which may be packed.
pub(crate) fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..])
        .read_to_end(&mut unpacked)
        .unwrap();
    unpacked
}
