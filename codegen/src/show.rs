//! `kafka-codegen show`: the Rust that is generated for one message.

use std::fmt;

use crate::corpus::Corpus;
use crate::fault::{Faults, nearest};
use crate::print::print;
use crate::{emit, resolve};

/// How many names a mistyped one may have meant.
const SUGGESTIONS: usize = 4;

/// The items that are generated for the message `name`, as they stand in its file.
///
/// # Errors
///
/// There is no such message, it has no versions, or its definition has faults.
pub fn show(corpus: &Corpus, name: &str) -> Result<String, ShowError> {
    let mut definitions = corpus.definitions.iter();
    let (module, definition) = definitions
        .find(|(_, definition)| definition.name == name)
        .ok_or_else(|| match corpus.faults.0.is_empty() {
            true => ShowError::unknown(corpus, name),
            // It may be in a file that has faults.
            false => ShowError::Faults(corpus.faults.clone()),
        })?;
    if definition.is_retired() {
        return Err(ShowError::Retired(name.to_owned()));
    }
    let message = resolve::message(module, definition, corpus)?;
    // What the message has from others is shown where these have no faults.
    let protocol = resolve::resolve(corpus).ok();
    let resolved = protocol.as_ref().and_then(|protocol| {
        let mut messages = protocol.messages.iter();
        messages.find(|resolved| resolved.name == name)
    });
    let code = emit::message(resolved.unwrap_or(&message), protocol.as_ref());
    Ok(print(code) + "\n")
}

/// Why a message cannot be shown.
#[derive(Debug)]
#[non_exhaustive]
pub enum ShowError {
    /// There is no message of this name.
    Unknown {
        /// The name.
        name: String,
        /// Names that were perhaps meant, the likeliest first.
        meant: Vec<String>,
    },
    /// The message is only a reserved number.
    Retired(String),
    /// The definition has faults.
    Faults(Faults),
}

impl ShowError {
    fn unknown(corpus: &Corpus, name: &str) -> Self {
        let known = corpus.definitions.iter();
        let known: Vec<&str> = known.map(|(_, definition)| &*definition.name).collect();
        let start = name.to_ascii_lowercase();
        let mut meant: Vec<&str> = known
            .iter()
            .filter(|known| known.to_ascii_lowercase().starts_with(&start))
            .copied()
            .collect();
        meant.sort_by_key(|known| known.len());
        meant.truncate(SUGGESTIONS);
        if meant.is_empty() {
            meant.extend(nearest(name, &known));
        }
        Self::Unknown {
            name: name.to_owned(),
            meant: meant.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl fmt::Display for ShowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, meant } => {
                writeln!(f, "error: there is no message `{name}`")?;
                if meant.is_empty() {
                    return write!(f, "   = help: `kafka-codegen table` lists all of them");
                }
                let meant: Vec<_> = meant.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "   = help: did you mean {}?", meant.join(" or "))
            }
            Self::Retired(name) => write!(
                f,
                "error: {name} has no versions: only its number is reserved\n   \
                 = help: add the definitions of a release that still had it, with `kafka-codegen import`"
            ),
            Self::Faults(faults) => faults.fmt(f),
        }
    }
}

impl std::error::Error for ShowError {}

impl From<Faults> for ShowError {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}
