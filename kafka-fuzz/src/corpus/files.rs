//! The files of a corpus: their names, which seeds share one, and the manifest that lists all seeds.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use kafka_codec::schema::random::Expectation;
use serde::Serialize;
use thiserror::Error;

use super::{Format, Prefix, Seed};

/// Why a corpus could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// A file or the directory cannot be written.
    #[error("{path}: {error}")]
    Write {
        /// The file or directory.
        path: String,
        /// The cause.
        error: io::Error,
    },
    /// The manifest cannot be written.
    #[error("writing the manifest: {0}")]
    Manifest(io::Error),
    /// A capture cannot be read.
    #[cfg(feature = "capture")]
    #[error(transparent)]
    Capture(#[from] kafka_capture::input::InputError),
}

/// How much was written.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The number of seeds.
    pub seeds: usize,
    /// The number of files, which is smaller as equal seeds share one.
    pub files: usize,
    /// The number of bytes in all files.
    pub bytes: u64,
    /// The number of captured messages that were left out as they may hold secrets, equal ones counted once.
    pub secret: usize,
}

/// A line of the manifest: a seed, and the file that has its bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Entry {
    /// The name of the file.
    pub file: String,
    /// Kafka's name of the message.
    pub message: &'static str,
    /// The number of the API.
    pub api_key: i16,
    /// The version.
    pub version: i16,
    /// `request` or `response`.
    pub direction: String,
    /// What is inside, as in the name of the file.
    pub case: String,
    /// The prefix in front of the body.
    pub prefix: &'static str,
    /// The mutation of a malformed message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutation: Option<String>,
    /// What a reader must make of it: `refuse`, `accept`, or `kafka-accepts` if it may do either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expectation: Option<&'static str>,
    /// The path of the mutated field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The offset of the first mutated byte in the body, or in the frame if its size or header is malformed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// The case that was mutated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}

pub(super) struct Files<'m> {
    directory: PathBuf,
    prefix: Prefix,
    format: Format,
    manifest: Option<&'m mut dyn Write>,
    /// The names of the files by the bytes of their seeds.
    names: HashMap<Vec<u8>, String>,
    written: Written,
}

impl<'m> Files<'m> {
    pub(super) fn create(
        directory: &Path,
        prefix: Prefix,
        format: Format,
        manifest: Option<&'m mut dyn Write>,
    ) -> Result<Self, CorpusError> {
        fs::create_dir_all(directory).map_err(at(directory))?;
        Ok(Self {
            directory: directory.to_owned(),
            prefix,
            format,
            manifest,
            names: HashMap::new(),
            written: Written::default(),
        })
    }

    /// Writes the seeds of all versions of a message.
    pub(super) fn write(&mut self, seeds: Vec<Seed>) -> Result<(), CorpusError> {
        let mut groups: Vec<(Vec<u8>, Vec<Seed>)> = Vec::new();
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        for seed in seeds {
            let bytes = self.prefix.apply(&seed);
            match places.entry(bytes) {
                MapEntry::Occupied(place) => {
                    if let Some((_, group)) = groups.get_mut(*place.get()) {
                        group.push(seed);
                    }
                }
                MapEntry::Vacant(place) => {
                    groups.push((place.key().clone(), vec![seed]));
                    place.insert(groups.len() - 1);
                }
            }
        }
        for (bytes, seeds) in groups {
            self.group(bytes, &seeds)?;
        }
        Ok(())
    }

    /// Writes seeds with the same bytes.
    fn group(&mut self, bytes: Vec<u8>, seeds: &[Seed]) -> Result<(), CorpusError> {
        self.written.seeds += seeds.len();
        let name = match self.names.get(&bytes) {
            Some(name) => name.clone(),
            None if bytes.is_empty() && self.format == Format::Afl => return Ok(()),
            None => {
                let name = self.format.file_name(&name_of(seeds), self.written.files);
                let path = self.directory.join(&name);
                let content = self.format.content(&bytes);
                fs::write(&path, &content).map_err(at(&path))?;
                self.written.files += 1;
                self.written.bytes += u64::try_from(content.len()).unwrap_or(u64::MAX);
                self.names.insert(bytes, name.clone());
                name
            }
        };
        for seed in seeds {
            self.line(&name, seed)?;
        }
        Ok(())
    }

    fn line(&mut self, file: &str, seed: &Seed) -> Result<(), CorpusError> {
        let prefix = self.prefix;
        let Some(manifest) = &mut self.manifest else {
            return Ok(());
        };
        let (target, label) = (seed.target(), seed.label());
        let entry = Entry {
            file: file.to_owned(),
            message: target.schema().name(),
            api_key: target.api_key().number(),
            version: target.version().0,
            direction: target.direction().to_string(),
            case: seed.case().to_string(),
            prefix: prefix.name(),
            mutation: label.map(|label| format!("{:?}", label.mutation())),
            expectation: label.map(|label| expectation_name(label.expectation())),
            path: label.map(|label| label.path().to_owned()),
            offset: label.map(|label| label.offset()),
            original: seed.original().map(ToString::to_string),
        };
        serde_json::to_writer(&mut *manifest, &entry)
            .map_err(io::Error::from)
            .and_then(|()| manifest.write_all(b"\n"))
            .map_err(CorpusError::Manifest)
    }

    pub(super) fn written(self) -> Written {
        self.written
    }
}

/// Returns the name of an expectation in NDJSON.
#[must_use]
pub(crate) const fn expectation_name(expectation: Expectation) -> &'static str {
    match expectation {
        Expectation::Refuse => "refuse",
        Expectation::Accept => "accept",
        _ => "kafka-accepts",
    }
}

/// The name of seeds with the same bytes: the message, its versions, and the case of the first.
fn name_of(seeds: &[Seed]) -> String {
    let Some(first) = seeds.first() else {
        return String::new();
    };
    let mut versions: Vec<_> = seeds.iter().map(|seed| seed.target().version().0).collect();
    versions.sort_unstable();
    versions.dedup();
    let runs = versions.chunk_by(|one, next| one + 1 == *next);
    let runs = runs.filter_map(|run| match (run.first()?, run.last()?) {
        (first, last) if first == last => Some(format!("v{first}")),
        (first, last) => Some(format!("v{first}-v{last}")),
    });
    let versions: Vec<_> = runs.collect();
    let (message, versions) = (first.target().schema().name(), versions.join("+"));
    format!("{message}-{versions}-{}", first.case())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CorpusError {
    let path = path.display().to_string();
    move |error| CorpusError::Write { path, error }
}
