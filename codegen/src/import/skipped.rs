//! The files that an import found in its sources and did not read, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// Why a file or folder of a source was not read.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// A jar of another artifact than the modules that are imported, such as one of their sources or tests.
    Jar,
    /// A definition of a module that is not imported.
    Module,
    /// A JSON file in a folder that does not hold definitions.
    Json,
    /// A folder of tests or builds, or a hidden one. What is in it is not looked at.
    Folder,
}

impl SkipReason {
    /// The reason in words, in front of a count.
    fn words(self) -> &'static str {
        match self {
            Self::Jar => "skipped jars of other artifacts",
            Self::Module => "skipped definitions of other modules",
            Self::Json => "skipped JSON files outside of folders of definitions",
            Self::Folder => "skipped folders of tests and builds, and hidden ones",
        }
    }
}

/// The files and folders that were not read, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped(pub BTreeMap<SkipReason, BTreeSet<String>>);

impl Skipped {
    pub(super) fn add(&mut self, reason: SkipReason, path: &Path) {
        self.name(reason, path.display().to_string());
    }

    /// Adds a file in a jar.
    pub(super) fn add_in_jar(&mut self, reason: SkipReason, jar: &Path, name: &str) {
        self.name(reason, format!("{}!/{name}", jar.display()));
    }

    fn name(&mut self, reason: SkipReason, name: String) {
        self.0.entry(reason).or_default().insert(name);
    }
}

/// The number of names that are printed for each reason.
const SHOWN: usize = 5;

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (reason, names) in &self.0 {
            writeln!(f, "{}: {}", reason.words(), names.len())?;
            for name in names.iter().take(SHOWN) {
                writeln!(f, "  {name}")?;
            }
            if let Some(more @ 1..) = names.len().checked_sub(SHOWN) {
                writeln!(f, "  and {more} more")?;
            }
        }
        Ok(())
    }
}
