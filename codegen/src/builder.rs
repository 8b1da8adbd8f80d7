//! The interface for a user's `build.rs`: APIs and versions in, a file of Rust out.

use std::env;
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};

use crate::corpus::Corpus;
use crate::error::GenerateError;
use crate::generate::write;
use crate::select::{Selection, Target};
use crate::{emit, resolve};

/// Generates only the messages that a program needs, in only the versions that it needs.
///
/// The program uses `kafka-codec` without its own messages, which leaves everything that is no
/// message, and generates those it wants:
///
/// ```toml
/// [dependencies]
/// kafka-codec = { version = "0.1", default-features = false }
///
/// [build-dependencies]
/// kafka-codec-codegen = "0.1"
/// ```
///
/// ```no_run
/// // build.rs
/// use kafka_codec_codegen::{Builder, GenerateError};
///
/// fn main() -> Result<(), GenerateError> {
///     Builder::new()
///         .api("Metadata", 9..)
///         .api("Fetch", 4..=17)
///         .message("ConsumerProtocolSubscription", ..)
///         .write("kafka.rs")
/// }
/// ```
///
/// ```ignore
/// // src/main.rs
/// mod kafka {
///     include!(concat!(env!("OUT_DIR"), "/kafka.rs"));
/// }
/// ```
///
/// Names are Kafka's. A range without an end reaches as far as there are versions: those of the
/// definitions at hand, so it grows with them. Structs hold just what the versions have: a field that
/// is in none of them is not there, and one that none of them lets be null is not an `Option`.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    definitions: Option<PathBuf>,
    selection: Selection,
}

impl Builder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the definitions in `folder` instead of those that come with `kafka-codec`.
    ///
    /// It has one folder a Kafka module with one file a message, or just the files, or both. They are written
    /// as in Kafka's own source, so those of a fork are read as they are, whatever the numbers of its
    /// APIs.
    pub fn definitions(mut self, folder: impl AsRef<Path>) -> Self {
        self.definitions = Some(folder.as_ref().to_owned());
        self
    }

    /// Adds the request and the response of an API, such as `Fetch`.
    pub fn api(self, name: &str, versions: impl RangeBounds<i16>) -> Self {
        self.add(Target::Api, name, versions)
    }

    /// Adds the request of an API. Its response, unless it is added too, is one that keeps its bytes.
    pub fn request(self, api: &str, versions: impl RangeBounds<i16>) -> Self {
        self.add(Target::Request, api, versions)
    }

    /// Adds the response of an API.
    pub fn response(self, api: &str, versions: impl RangeBounds<i16>) -> Self {
        self.add(Target::Response, api, versions)
    }

    /// Adds a message by its whole name, such as `ConsumerProtocolSubscription`.
    pub fn message(self, name: &str, versions: impl RangeBounds<i16>) -> Self {
        self.add(Target::Message, name, versions)
    }

    fn add(mut self, target: Target, name: &str, versions: impl RangeBounds<i16>) -> Self {
        self.selection.add(target, name, versions);
        self
    }

    /// Writes the module to `file`, in `OUT_DIR` unless the path is absolute, and tells cargo to come
    /// back when the definitions change.
    ///
    /// # Errors
    ///
    /// Something selected is not there, the definitions cannot be read or have faults, or the file
    /// cannot be written. Of mistakes and faults, all.
    pub fn write(self, file: impl AsRef<Path>) -> Result<(), GenerateError> {
        let library = Library::of_dependency();
        if let Some(version) = library.version.filter(|v| v != env!("CARGO_PKG_VERSION")) {
            return Err(GenerateError::OtherVersion { library: version });
        }
        let path = in_out_dir(file.as_ref())?;
        let definitions = self
            .definitions
            .or(library.definitions)
            .ok_or(GenerateError::NoDefinitions)?;
        println!("cargo::rerun-if-changed={}", definitions.display());
        let protocol = resolve::resolve(&Corpus::read(&definitions)?)?;
        let selected = self.selection.apply(protocol)?;
        write(&path, emit::selected(&selected, library.has_schemas))
    }
}

fn in_out_dir(file: &Path) -> Result<PathBuf, GenerateError> {
    if file.is_absolute() {
        return Ok(file.to_owned());
    }
    let folder = env::var_os("OUT_DIR").ok_or_else(|| GenerateError::NoOutDir {
        path: file.to_owned(),
    })?;
    Ok(Path::new(&folder).join(file))
}

/// What the build script of `kafka-codec` tells those of the packages that depend on it; see "The
/// `links` manifest key" in the Cargo book.
struct Library {
    version: Option<String>,
    definitions: Option<PathBuf>,
    /// `true` if it has the feature `schema`.
    has_schemas: bool,
}

impl Library {
    fn of_dependency() -> Self {
        let told = |what| {
            env::var_os(
                concat!(
                    "DEP_KAFKA_CODEC_",
                    env!("CARGO_PKG_VERSION_MAJOR"),
                    "_",
                    env!("CARGO_PKG_VERSION_MINOR"),
                )
                .to_owned()
                    + what,
            )
        };
        Self {
            version: told("_VERSION").and_then(|version| version.into_string().ok()),
            definitions: told("_DEFINITIONS").map(PathBuf::from),
            has_schemas: told("_SCHEMA").is_some(),
        }
    }
}
