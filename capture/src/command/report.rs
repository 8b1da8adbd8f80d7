//! `kafka-capture report`: one page of HTML to look at.

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::Args;
use kafka_capture::Counts;
use kafka_capture::analysis::Filtered;
use kafka_capture::output::Sink;
use kafka_capture::report::{Figures, Finished, Lives, Report as Analysis};

use super::analysis::{Analyzing, end};
use super::exit::{CODES, Faults};
use super::input::InputOptions;
use super::progress::Progress;

/// Make a page of HTML to look at: findings in words, a timeline, connections, batches, groups, and all tables
///
/// The page is one file that needs no network. It has neither contents of records nor passwords in it.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(super) struct Report {
    #[command(flatten)]
    input: InputOptions,

    /// Where to write the page
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture report -o report.html broker.pcapng
  kafka-capture report -o billing.html --client-id billing --from 10s --to 20s broker.pcapng";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

impl Report {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let mut faults = Faults::new(&progress);
        let (finished, counts) = if self.input.are_files() {
            self.in_two_threads(&progress, &mut faults)
        } else {
            self.in_one_reading(&progress, &mut faults)
        };
        progress.clear();
        let written = std::fs::write(&self.output, finished.html());
        end(&self.input, faults, written, &counts)
    }

    fn in_one_reading(&self, progress: &Progress, faults: &mut Faults<'_>) -> (Finished, Counts) {
        let mut target = self.target(Analysis::new(), Analysis::packet);
        let (counts, topics) = self.input.decode(progress, faults, &mut target);
        let report = target.sink.into_inner();
        let finished = report.finish(&topics, &counts, self.input.names());
        (finished, counts)
    }

    /// Reads the captures twice at the same time, each for a half of the report.
    fn in_two_threads(&self, progress: &Progress, faults: &mut Faults<'_>) -> (Finished, Counts) {
        thread::scope(|scope| {
            let lives = scope.spawn(|| {
                // The other thread says what goes wrong.
                let progress = Progress::hidden();
                let mut faults = Faults::silent(&progress);
                let mut target = self.target(Lives::new(), Lives::packet);
                let (_, topics) = self.input.decode(&progress, &mut faults, &mut target);
                target.sink.into_inner().finish(&topics)
            });
            let mut target = self.target(Figures::new(), Figures::packet);
            let (counts, topics) = self.input.decode(progress, faults, &mut target);
            let figures = target.sink.into_inner().finish(&topics);
            let lives = match lives.join() {
                Ok(lives) => lives,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            let finished = Finished::new(figures, lives, &counts, self.input.names());
            (finished, counts)
        })
    }

    fn target<S: Sink>(&self, sink: S, packet: fn(&mut S, i64)) -> Analyzing<S> {
        Analyzing {
            sink: Filtered::new(sink, self.input.filter(false)),
            packet,
        }
    }
}
