//! `kafka-capture segment`: log segments of brokers in, a line a batch out.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use kafka_capture::input::{Input, Packets};
use kafka_capture::segment::{SegmentCounts, SegmentFormat, Segments, other_file, topic_of};

use super::decode::{Format, Records};
use super::exit::{CODES, Failure, Faults};
use super::progress::Progress;

/// Show log segments and snapshots of brokers (also packed with gzip or zstd): a line a batch
///
/// The last line on the standard error counts what there was.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{CODES}"))]
pub(super) struct Segment {
    /// Segments (.log) or snapshots (.checkpoint); - is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    records: Records,

    /// Decompress no file and no batch of records to more than so many bytes (default: a file to 1 GiB and a thousand
    /// times its size, a batch to 128 MiB)
    #[arg(long, value_name = "BYTES")]
    max_decompressed: Option<u64>,

    /// The topic, for --internal; by default the name of the folder
    #[arg(long, value_name = "NAME", requires = "internal")]
    topic: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture segment /var/lib/kafka/data/orders-0/*.log
  kafka-capture segment --payload -f ndjson orders-0/*.log | jq .records
  kafka-capture segment --internal data/__cluster_metadata-0/*.checkpoint
  kafka-capture segment --internal --topic __consumer_offsets copied.log";

impl Segment {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let format = match self.format {
            Format::Text => SegmentFormat::Text,
            Format::Ndjson => SegmentFormat::Ndjson,
        };
        let mut segments = Segments::new(
            io::stdout(),
            format,
            self.records.options(self.max_decompressed),
        );
        let mut all = SegmentCounts::default();
        let mut faults = Faults::new(&progress);
        for file in &self.files {
            if file.is_dir() {
                faults.add(Failure::directory(file, "log"));
                continue;
            }
            if let Some(failure) = other_kind(file) {
                faults.add(failure);
                continue;
            }
            if self.files.len() > 1 {
                segments.title(file);
            }
            let topic = self.topic.clone().or_else(|| topic_of(file));
            let watch = |bytes, length| progress.watch(bytes, length);
            let shown = Input::open_with_max_unpacked(file, watch, self.max_decompressed)
                .and_then(|input| segments.show(input, topic.as_deref()));
            match shown {
                Ok(counts) => {
                    all = all.and(counts);
                    let name = file.display().to_string();
                    let is_empty = counts.batches == 0;
                    if let Some(what) = other_file(file).filter(|_| is_empty) {
                        faults.add(Failure::OtherFile(name, what));
                    } else if counts.is_nothing() {
                        faults.add(Failure::NotALog(name));
                    } else if counts.is_damaged() {
                        faults.add(Failure::DamagedLog(name, counts));
                    }
                }
                Err(error) => {
                    all = all.and(segments.counts());
                    faults.add(error.into());
                }
            }
            if segments.has_failed() {
                break;
            }
        }
        segments.flush();
        progress.clear();
        if let ControlFlow::Break(code) = faults.of_output(segments.failure()) {
            return code;
        }
        faults.end(&all)
    }
}

/// What is wrong with a file that begins like a capture, or is packed otherwise than segments may be. What is not a file
/// can be read only once.
fn other_kind(file: &Path) -> Option<Failure> {
    if !file.is_file() {
        return None;
    }
    match Input::open(file, |bytes, _| bytes).and_then(Packets::new) {
        Ok(_) => {
            let what = "a capture, which kafka-capture decode shows";
            Some(Failure::OtherFile(file.display().to_string(), what))
        }
        Err(error) if error.ends_with_command() => Some(Failure::Packed(error, "segment")),
        Err(_) => None,
    }
}
