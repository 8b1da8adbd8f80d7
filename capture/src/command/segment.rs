//! `kafka-capture segment`: log segments of brokers in, a line a batch out.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use kafka_capture::input::Input;
use kafka_capture::segment::{SegmentCounts, SegmentFormat, Segments, topic_of};

use super::decode::{Format, Records};
use super::exit::{CODES, Failure};
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

    /// The topic, for --internal; otherwise it is told by the name of the folder
    #[arg(long, value_name = "NAME", requires = "internal")]
    topic: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture segment /var/lib/kafka/data/orders-0/*.log
  kafka-capture segment --payload --format ndjson orders-0/*.log | jq .records[].value
  kafka-capture segment --internal /var/lib/kafka/data/__cluster_metadata-0/*.checkpoint
  kafka-capture segment --internal --topic __consumer_offsets copied.log";

impl Segment {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let format = match self.format {
            Format::Text => SegmentFormat::Text,
            Format::Ndjson => SegmentFormat::Ndjson,
        };
        let mut segments = Segments::new(io::stdout(), format, self.records.options());
        let mut all = SegmentCounts::default();
        let mut failure = None;
        for file in &self.files {
            if self.files.len() > 1 {
                segments.title(file);
            }
            let topic = self.topic.clone().or_else(|| topic_of(file));
            let shown = Input::open(file, |bytes, length| progress.watch(bytes, length))
                .and_then(|input| segments.show(input, topic.as_deref()));
            let error = match shown {
                Ok(counts) => {
                    all = all.and(counts);
                    let name = file.display().to_string();
                    if counts.is_nothing() {
                        Some(Failure::NotALog(name))
                    } else if counts.is_damaged() {
                        Some(Failure::DamagedLog(name, counts))
                    } else {
                        None
                    }
                }
                Err(error) => Some(Failure::from(error)),
            };
            if let Some(error) = error {
                progress.clear();
                eprintln!("kafka-capture: {error}");
                failure.get_or_insert(error);
            }
            if segments.has_failed() {
                break;
            }
        }
        segments.flush();
        progress.clear();
        match segments.failure() {
            // Whoever reads the output has seen enough.
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Some(error) => {
                let error = Failure::Output(error);
                eprintln!("kafka-capture: {error}");
                failure = Some(error);
            }
            None => {}
        }
        // Nothing is lost if nobody reads it.
        let _ = writeln!(io::stderr(), "{all}");
        failure.map_or(ExitCode::SUCCESS, |failure| ExitCode::from(failure.code()))
    }
}
