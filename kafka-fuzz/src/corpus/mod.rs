//! Corpora: files of seeds for every message, version and direction, or made of captured traffic.
//!
//! ```text
//!  Target ──► seeds ─────────► Prefix ──► distinct ──► Format ──► files and
//!             seeds.rs         prefix.rs  files.rs     format.rs  a manifest
//!             shape.rs
//!             shapes, tags, records, random, malformed
//!
//!  capture ─► capture.rs
//! ```

#[cfg(feature = "capture")]
mod capture;
mod files;
mod format;
mod prefix;
mod seeds;
mod shape;

pub use files::{CorpusError, Entry, Written};
pub use format::Format;
pub use prefix::{Prefix, UnknownPrefix};
pub use seeds::{Case, Seed};

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use crate::Target;
use files::Files;

/// The options of a corpus. The same options make the same files on every platform.
///
/// # Examples
///
/// ```
/// use kafka_codec::{ApiKey, Version};
/// use kafka_fuzz::corpus::{Corpus, Prefix};
/// use kafka_fuzz::{Direction, Target};
///
/// let corpus = Corpus::default().prefix(Prefix::Header);
/// let target = Target::new(ApiKey::Fetch, Version(12), Direction::Request)?;
/// let names: Vec<_> = corpus.seeds(target).iter().map(|seed| seed.case().to_string()).collect();
/// assert!(names.contains(&"full".to_owned()));
/// assert!(names.contains(&"tag-clusterId".to_owned()));
/// assert!(names.contains(&"malformed-InflatedCount-0".to_owned()));
/// # Ok::<(), kafka_fuzz::UnknownTarget>(())
/// ```
#[derive(Clone, Debug)]
pub struct Corpus {
    targets: Option<Vec<Target>>,
    seed: u64,
    random: u64,
    malformed: u64,
    prefix: Prefix,
    format: Format,
}

impl Default for Corpus {
    fn default() -> Self {
        Self {
            targets: None,
            seed: 0,
            random: 4,
            malformed: 1,
            prefix: Prefix::default(),
            format: Format::default(),
        }
    }
}

impl Corpus {
    /// The same with seeds of these targets alone, instead of all.
    #[must_use]
    pub fn targets(mut self, targets: Vec<Target>) -> Self {
        self.targets = Some(targets);
        self
    }

    /// The same with another number from which all that is random follows. Default 0.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same with so many random messages of each target. Default 4.
    #[must_use]
    pub const fn random(mut self, count: u64) -> Self {
        self.random = count;
        self
    }

    /// The same with so many malformed messages of each target and mutation. Default 1.
    #[must_use]
    pub const fn malformed(mut self, count: u64) -> Self {
        self.malformed = count;
        self
    }

    /// The same with another prefix. Default [`Prefix::KeyVersion`].
    #[must_use]
    pub const fn prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// The same in another format. Default [`Format::Plain`].
    #[must_use]
    pub const fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Returns the seeds of a target. Some may have equal bytes.
    #[must_use]
    pub fn seeds(&self, target: Target) -> Vec<Seed> {
        let counts = seeds::Counts {
            seed: self.seed,
            random: self.random,
            malformed: self.malformed,
            prefix: self.prefix,
        };
        seeds::of(target, counts)
    }

    /// Writes all seeds into a directory, which is created. No two files have the same content.
    ///
    /// `manifest` receives a line of JSON for each seed, with the name of its file. `progress` is called with the
    /// number of targets that are done and of all.
    ///
    /// # Errors
    ///
    /// [`CorpusError`] if a file cannot be written.
    pub fn write(
        &self,
        directory: &Path,
        manifest: Option<&mut dyn Write>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Written, CorpusError> {
        let mut targets = match &self.targets {
            Some(targets) => targets.clone(),
            None => Target::all().collect(),
        };
        let mut seen = HashSet::new();
        targets.retain(|target| seen.insert((target.schema().name(), target.version())));
        let mut files = Files::create(directory, self.prefix, self.format, manifest)?;
        let mut done = 0;
        // The versions of a message are written together: seeds that are equal share a file.
        for message in targets.chunk_by(|one, other| one.schema().name() == other.schema().name()) {
            let seeds = message.iter().flat_map(|target| self.seeds(*target));
            files.write(seeds.collect())?;
            done += message.len();
            progress(done, targets.len());
        }
        Ok(files.written())
    }
}
