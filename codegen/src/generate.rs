//! What `build.rs` calls: a folder of definitions in, a folder of Rust out.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use proc_macro2::TokenStream;

use crate::corpus::{Corpus, CorpusError};
use crate::fault::Faults;
use crate::print::print;
use crate::{emit, resolve};

/// Generates `messages.rs`, `api_keys.rs` and `any_messages.rs` in the folder `out` from the definitions in the
/// folder `definitions`.
///
/// # Errors
///
/// A file cannot be read or written, or definitions have faults: then all of them.
pub fn generate(definitions: &Path, out: &Path) -> Result<(), GenerateError> {
    let corpus = Corpus::read(definitions)?;
    let protocol = resolve::resolve(&corpus)?;
    write(out, "messages.rs", emit::messages(&protocol))?;
    write(out, "api_keys.rs", emit::api_keys(&protocol))?;
    write(out, "any_messages.rs", emit::any_messages(&protocol))
}

fn write(out: &Path, name: &str, tokens: TokenStream) -> Result<(), GenerateError> {
    let path = out.join(name);
    fs::write(&path, print(tokens) + "\n").map_err(|source| GenerateError::Write { path, source })
}

/// Why no code was generated.
#[derive(Debug)]
#[non_exhaustive]
pub enum GenerateError {
    /// The definitions cannot be read, or have faults.
    Corpus(CorpusError),
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
            Self::Write { path, .. } => write!(f, "cannot write {}", path.display()),
        }
    }
}

impl std::error::Error for GenerateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Corpus(error) => error.source(),
            Self::Write { source, .. } => Some(source),
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
        Self::Corpus(faults.into())
    }
}
