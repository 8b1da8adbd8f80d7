//! Why an import stopped. Everything here is for the person who ran it: it names the place and the way out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::fault::Faults;

/// Why an import stopped.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportError {
    /// A file or folder cannot be read or written.
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The input cannot be imported; the text names the reason and what to give instead.
    Input(String),
    /// Definitions have faults.
    Faults(Faults),
    /// Two releases disagree about a layout, and nobody has accepted it.
    Disagree(Vec<Difference>),
    /// The union of two releases cannot be said in one definition.
    Inexpressible {
        /// The message.
        message: String,
        /// The field, or nothing for the message itself.
        field: String,
        /// What cannot be said.
        what: String,
    },
}

impl ImportError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, .. } => write!(f, "error: cannot read or write {}", path.display()),
            Self::Input(text) => write!(f, "error: {text}"),
            Self::Faults(faults) => faults.fmt(f),
            Self::Disagree(differences) => {
                for difference in differences {
                    writeln!(f, "error: {difference}")?;
                }
                let n = differences.len();
                write!(
                    f,
                    "error: the releases disagree in {n} place{}; nothing was written. \
                     What is known to differ on purpose is listed, with its reason, in `codegen/src/import/accepted.rs`",
                    if n == 1 { "" } else { "s" }
                )
            }
            Self::Inexpressible {
                message,
                field,
                what,
            } => {
                write!(f, "error: {message}{}: {what}", dotted(field))
            }
        }
    }
}

impl std::error::Error for ImportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<Faults> for ImportError {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

/// One place where two releases disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The message.
    pub message: String,
    /// The version of the message.
    pub version: i16,
    /// The field, with the names of those around it; empty for the message itself.
    pub field: String,
    /// The difference: `type`, `nullable`, `tag`.
    pub what: &'static str,
    /// The older release and what it has.
    pub older: (String, String),
    /// The newer release, or the merged definitions, and what they have.
    pub newer: (String, String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old_release, old) = &self.older;
        let (new_release, new) = &self.newer;
        let (message, version, what) = (&self.message, self.version, self.what);
        let field = dotted(&self.field);
        write!(
            f,
            "{message} v{version}{field}: {what} is {old} in {old_release} and {new} in {new_release}"
        )
    }
}

fn dotted(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!(", field {field}")
    }
}
