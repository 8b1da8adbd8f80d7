//! Why no code was generated.

use std::path::PathBuf;
use std::{error, fmt, io};

use crate::corpus::CorpusError;
use crate::fault::{Faults, Mistake};

/// Why no code was generated.
///
/// `Debug` prints what `Display` does and what caused it, because that is what a `main` that returns
/// an error prints with.
#[non_exhaustive]
pub enum GenerateError {
    /// The definitions cannot be read.
    Corpus(CorpusError),
    /// The definitions have faults.
    Faults(Faults),
    /// A selected message does not exist.
    Selection(Vec<Mistake>),
    /// The folder of Kafka's definitions is unknown.
    NoDefinitions,
    /// The code and the library it is for are of different versions.
    OtherVersion {
        /// That of `kafka-codec`.
        library: String,
    },
    /// The path of the library is not a path in Rust.
    NoPath {
        /// The path that was given.
        path: String,
    },
    /// The folder for this file is unknown.
    NoOutDir {
        /// The file.
        path: PathBuf,
    },
    /// A generated file cannot be written.
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corpus(error) => error.fmt(f),
            Self::Faults(faults) => faults.fmt(f),
            Self::Selection(mistakes) => {
                let mut gap = "";
                for Mistake { wrong, right, .. } in mistakes {
                    write!(f, "{gap}error: {wrong}\n   = help: {right}")?;
                    gap = "\n\n";
                }
                Ok(())
            }
            Self::NoDefinitions => f.write_str(
                "error: Kafka's definitions were not found\n   \
                 = help: they come with `kafka-codec`: name it in `[dependencies]` in the same version as \
                 `kafka-codec-codegen` in `[build-dependencies]`, or say where yours are with \
                 `.definitions(folder)`",
            ),
            Self::OtherVersion { library } => write!(
                f,
                "error: kafka-codec-codegen {} cannot generate for kafka-codec {library}\n   \
                 = help: use the same version of both",
                env!("CARGO_PKG_VERSION")
            ),
            Self::NoPath { path } => write!(
                f,
                "error: `{path}` is not a path in Rust\n   \
                 = help: write `::` and the name that `Cargo.toml` gives to `kafka-codec`, as in \
                 `.kafka_codec_path(\"::kc\")`"
            ),
            Self::NoOutDir { path } => write!(
                f,
                "error: no folder to write {} to\n   \
                 = help: call it from a `build.rs`, for which cargo sets `OUT_DIR`, or give an absolute path",
                path.display()
            ),
            Self::Write { path, .. } => write!(f, "cannot write {}", path.display()),
        }
    }
}

impl fmt::Debug for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing was generated\n\n{self}")?;
        match error::Error::source(self) {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl error::Error for GenerateError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Corpus(error) => error.source(),
            Self::Write { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<CorpusError> for GenerateError {
    fn from(error: CorpusError) -> Self {
        Self::Corpus(error)
    }
}

impl From<Faults> for GenerateError {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl From<Vec<Mistake>> for GenerateError {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Selection(mistakes)
    }
}
