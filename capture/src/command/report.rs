//! `kafka-capture report`: one page of HTML to look at.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use kafka_capture::report::Report as Analysis;

use super::analysis::run;
use super::exit::CODES;
use super::input::InputOptions;

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
        let write = |analysis: Analysis, topics: &_, counts: &_| {
            let report = analysis.finish(topics, counts, self.input.names());
            std::fs::write(&self.output, report.html())
        };
        run(&self.input, Analysis::new(), Analysis::packet, write)
    }
}
