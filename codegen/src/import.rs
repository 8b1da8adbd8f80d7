//! `kafka-codegen import`: the definitions of several Kafka releases, merged into one `protocol-json` folder.
//! The only thing that writes there. What the definitions mean is known to `schema`; what may differ, to `accepted`.

mod accepted;
mod adapt;
mod changes;
mod error;
mod fields;
mod history;
mod merge;
mod output;
mod print;
mod ranges;
mod release;
mod skipped;
mod source;
mod summary;
mod verify;

pub use error::{Difference, ImportError};
pub use skipped::{SkipReason, Skipped};
pub use source::Source;
pub use summary::{Files, Summary};

use std::path::PathBuf;

/// What to import, and where to.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// Jars and folders of the releases whose layouts are merged.
    pub layouts: Vec<Source>,
    /// Jars and folders of the releases that only tell since when there is what.
    pub history: Vec<Source>,
    /// The folder to write.
    pub to: PathBuf,
}

impl Import {
    /// Reads the releases, merges them, checks the result against each of them, and writes it.
    ///
    /// Nothing is written unless everything is right. Importing twice changes nothing.
    ///
    /// # Errors
    ///
    /// Something cannot be read or written, definitions have faults, or releases disagree in a way nobody has accepted.
    pub fn run(&self) -> Result<Summary, ImportError> {
        let mut summary = Summary::default();
        let layouts = release::read(&self.layouts, &mut summary)?;
        let history = release::read(&self.history, &mut summary)?;
        let merged = merge::merge(&layouts, &mut summary)?;
        let merged = print::reread(merged)?;
        verify::verify(&merged, &layouts, &mut summary)?;
        let releases = history::history(&merged, &layouts, &history, &mut summary)?;
        output::write(&self.to, &merged, &releases, &mut summary)?;
        Ok(summary)
    }
}
