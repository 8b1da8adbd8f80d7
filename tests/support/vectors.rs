//! The vectors that Kafka's Java code made: see `tests/oracle/README.md` for what the lines say.
#![allow(dead_code, reason = "each test uses its own part")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::{env, iter};

use flate2::read::GzDecoder;
use kafka_codec::Version;
use serde_json::Value;

/// A message by the name and version of the release that the vector comes from, and by ours.
pub(crate) struct Vector {
    pub(crate) line: Value,
    /// What Java's converter says, as it wrote it.
    pub(crate) json: Option<String>,
    /// The name in this crate.
    pub(crate) name: String,
    /// The version in this crate.
    pub(crate) version: Version,
    pub(crate) bytes: Vec<u8>,
}

impl Vector {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.line.get(key)?.as_str()
    }

    /// Which line it is, for messages of failed tests.
    pub(crate) fn place(&self) -> String {
        let kind = self
            .text("case")
            .or_else(|| self.text("fault"))
            .unwrap_or_default();
        let release = self.text("release").unwrap_or_default();
        format!(
            "{} v{} {kind} of {release}: {}",
            self.name,
            self.version,
            self.text("hex").unwrap_or_default()
        )
    }

    pub(crate) fn canonical(&self) -> Option<Vec<u8>> {
        self.text("canonical").map(unhex)
    }
}

/// All lines: the full set where `KAFKA_CODEC_VECTORS` says, else the committed selection.
pub(crate) fn lines() -> impl Iterator<Item = Value> {
    texts().map(|text| serde_json::from_str(&text).unwrap())
}

fn texts() -> impl Iterator<Item = String> {
    let folder = env::var_os("KAFKA_CODEC_VECTORS")
        .map_or_else(|| root().join("tests/vectors"), PathBuf::from);
    texts_in(&folder)
}

/// All lines of the files in a folder.
pub(crate) fn lines_in(folder: &Path) -> impl Iterator<Item = Value> + use<> {
    texts_in(folder).map(|text| serde_json::from_str(&text).unwrap())
}

fn texts_in(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|e| e == "gz"))
        .flat_map(|file| {
            let reader = BufReader::new(GzDecoder::new(File::open(&file).unwrap()));
            reader.lines().map(Result::unwrap)
        })
}

/// A record of 3.9.2, of which 4.4.0 changed the layout without a new version: share groups were
/// early access then. The newer layout is ours, and has vectors of its own.
const EARLY_ACCESS: &str = "ShareGroupPartitionMetadataValue";

/// The lines that are about a message.
pub(crate) fn vectors() -> impl Iterator<Item = Vector> {
    let names = Names::read();
    let is_message = |kind: &str| ["message", "lenient", "malformed"].contains(&kind);
    let is_ours = move |line: &Value| {
        line["kind"].as_str().is_some_and(is_message) && line["name"] != EARLY_ACCESS
    };
    let parsed = texts().map(|text| (serde_json::from_str::<Value>(&text).unwrap(), text));
    let ours = parsed.filter(move |(line, _)| is_ours(line));
    ours.map(move |(line, text)| {
        let (name, version) = names.ours(
            line["name"].as_str().unwrap(),
            i16::try_from(line["version"].as_i64().unwrap()).unwrap(),
        );
        let bytes = unhex(line["hex"].as_str().unwrap());
        // The last member, and no other member has such text in it.
        let json = text.split_once(",\"json\":").map(|(_, json)| json);
        Vector {
            json: json.and_then(|json| Some(json.strip_suffix('}')?.to_owned())),
            line,
            name,
            version,
            bytes,
        }
    })
}

/// What messages are called here that other releases called otherwise.
struct Names {
    renamed: HashMap<String, String>,
}

impl Names {
    fn read() -> Self {
        let text = fs::read_to_string(root().join("protocol-json/releases.json")).unwrap();
        let releases: Value = serde_json::from_str(&text).unwrap();
        let renamed = releases["renamed"].as_object().unwrap();
        Self {
            renamed: renamed
                .iter()
                .map(|(old, new)| (old.clone(), new.as_str().unwrap().to_owned()))
                .collect(),
        }
    }

    fn ours(&self, name: &str, version: i16) -> (String, Version) {
        let name = self.renamed.get(name).map_or(name, String::as_str);
        // Until 3.9 the version of a record's key was the type of the record, and OffsetCommitKey
        // had two of them.
        match (name, version) {
            ("OffsetCommitKey", 0) => ("LegacyOffsetCommitKey".to_owned(), Version(0)),
            _ if version > 0 && is_record_key(name) => (name.to_owned(), Version(0)),
            _ => (name.to_owned(), Version(version)),
        }
    }
}

fn is_record_key(name: &str) -> bool {
    let definition = root().join(format!("protocol-json/group-coordinator/{name}.json"));
    name.ends_with("Key") && definition.exists()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Bytes of a text of two hexadecimal digits a byte.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let mut digits = text
        .chars()
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap());
    iter::from_fn(|| Some(digits.next()? << 4 | digits.next()?)).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
