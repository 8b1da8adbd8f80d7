//! `kafka-capture report`: one page of HTML to look at.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use kafka_capture::analysis::Filtered;
use kafka_capture::report::Report as Analysis;

use super::analysis::{Analyzing, end};
use super::exit::{CODES, Failure, Faults, check_writable, naming};
use super::input::InputOptions;
use super::overwrite;
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
  kafka-capture report -o billing.html --client-id billing broker.pcapng";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

impl Report {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let mut faults = Faults::new(&progress);
        let writable = overwrite::check("--output", &self.output, self.input.all_files())
            .and_then(|()| check_writable(&self.output).map_err(Failure::Output));
        if let Err(failure) = writable {
            faults.add(failure);
            return faults.code();
        }
        let mut target = Analyzing {
            sink: Filtered::new(Analysis::new(), self.input.filter(false)),
            packet: Analysis::packet,
        };
        let (counts, topics) = self.input.decode(&progress, &mut faults, &mut target);
        let passed = target.sink.passed().clone();
        let report = target.sink.into_inner();
        let finished = report.finish(&topics, &counts, self.input.names());
        progress.clear();
        let written = naming(&self.output, std::fs::write(&self.output, finished.html()));
        // The process ends, which frees its memory at once.
        std::mem::forget(finished);
        let code = end(&self.input, faults, written, &counts);
        self.input.expect_matches(&counts, false, &passed);
        code
    }
}
