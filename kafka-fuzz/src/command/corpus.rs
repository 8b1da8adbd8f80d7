//! `kafka-fuzz corpus`: seed files for all messages, or out of captures.

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write, stderr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kafka_fuzz::corpus::{Corpus as Options, CorpusError, Format, Prefix, Written};

use super::choice::Choice;
use super::output::Failure;

/// Write seed files for every API, version and direction, or out of captures
///
/// For each there are messages that are empty, at their defaults, null wherever it is allowed, and full; each tagged field alone;
/// records fields with valid batches of every magic and codec; random messages, and one malformed message of each mutation that
/// applies. The names of the files say what is inside. No two files have the same content; seeds of several versions can
/// share one.
#[derive(Args)]
#[command(after_help = EXAMPLES, disable_version_flag = true)]
pub(super) struct Corpus {
    /// The directory, which is created
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    #[command(flatten)]
    choice: Choice,

    /// What stands in front of each body: none, key-version, key-version-le (two bytes each), key-version-bytes (one byte
    /// each), header, or size-header
    #[arg(long, default_value_t = Prefix::default())]
    prefix: Prefix,

    /// The format of the files
    #[arg(long, value_enum, default_value_t = FileFormat::Plain)]
    format: FileFormat,

    /// The number that everything random follows from
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// How many random messages of each target
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    random: u64,

    /// How many malformed messages of each target and mutation
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    malformed: u64,

    /// List all seeds here, a JSON object a line: file, message, version, case, and the label of a malformed one
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// Take the messages of this capture (pcap or pcapng) instead; may be given more than once
    ///
    /// Messages that may hold passwords, tokens, keys or sensitive configs are left out, such as SaslAuthenticate. Seeds have the
    /// contents of all others, records included.
    #[cfg(feature = "capture")]
    #[arg(long, value_name = "CAPTURE", conflicts_with_all = ["seed", "random", "malformed"])]
    from: Vec<PathBuf>,

    /// With --from: leave out larger bodies
    #[cfg(feature = "capture")]
    #[arg(
        long,
        value_name = "BYTES",
        requires = "from",
        default_value_t = 65_536
    )]
    max_bytes: usize,
}

#[derive(Copy, Clone, ValueEnum)]
enum FileFormat {
    /// The bytes: libFuzzer, AFL++, honggfuzz and most others
    Plain,
    /// Files of testdata/fuzz/FuzzX for Go's testing.F with one []byte
    Go,
    /// The bytes, in files with the names of AFL's queue
    Afl,
}

impl Corpus {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut options = Options::default()
            .prefix(self.prefix)
            .format(match self.format {
                FileFormat::Plain => Format::Plain,
                FileFormat::Go => Format::Go,
                FileFormat::Afl => Format::Afl,
            })
            .seed(self.seed)
            .random(self.random)
            .malformed(self.malformed);
        if !self.choice.is_all() {
            options = options.targets(self.choice.targets()?);
        }
        let mut manifest = match &self.manifest {
            None => None,
            Some(path) => {
                let file = File::create(path).map_err(|error| CorpusError::Write {
                    path: path.display().to_string(),
                    error,
                })?;
                Some(BufWriter::new(file))
            }
        };
        let written = self.write(
            &options,
            manifest.as_mut().map(|file| file as &mut dyn Write),
        )?;
        if let Some(mut manifest) = manifest {
            manifest.flush().map_err(CorpusError::Manifest)?;
        }
        let Written {
            seeds,
            files,
            bytes,
            secret,
        } = written;
        // Nothing is lost if nobody reads it.
        let _ = writeln!(stderr(), "{seeds} seeds in {files} files, {bytes} bytes");
        if secret > 0 {
            let _ = writeln!(
                stderr(),
                "captured messages left out, as they may hold passwords, tokens or other secrets, or are malformed: {secret}"
            );
        }
        Ok(())
    }

    fn write(
        &self,
        options: &Options,
        manifest: Option<&mut dyn Write>,
    ) -> Result<Written, CorpusError> {
        #[cfg(feature = "capture")]
        if !self.from.is_empty() {
            return options.write_captured(&self.from, self.max_bytes, &self.directory, manifest);
        }
        let bar = bar();
        let mut show = |done: usize, all: usize| {
            if let Some(bar) = &bar {
                bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
                bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            }
        };
        let written = options.write(&self.directory, manifest, &mut show);
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        written
    }
}

/// A bar on the terminal, if there is one.
fn bar() -> Option<ProgressBar> {
    stderr().is_terminal().then(|| {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} messages {eta}");
        bar.set_style(style.expect("the template is valid"));
        bar
    })
}

const EXAMPLES: &str = "\
Examples:
  kafka-fuzz corpus seeds --prefix none --api Fetch --response
  kafka-fuzz corpus seeds --prefix size-header --manifest seeds.ndjson
  kafka-fuzz corpus testdata/fuzz/FuzzParse --format go --prefix key-version-bytes
  kafka-fuzz corpus seeds --from traffic.pcapng.gz";
