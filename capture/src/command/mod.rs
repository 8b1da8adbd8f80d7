//! The command line, a file a subcommand.

#[cfg(feature = "analysis")]
mod analysis;
#[cfg(feature = "analysis")]
mod annotate;
mod completions;
#[cfg(feature = "analysis")]
mod connections;
mod decode;
mod exit;
#[cfg(feature = "analysis")]
mod groups;
mod input;
mod live;
mod merge;
mod message;
#[cfg(feature = "analysis")]
mod overwrite;
#[cfg(feature = "analysis")]
mod produce;
#[cfg_attr(not(feature = "progress"), path = "progress_off.rs")]
mod progress;
#[cfg(feature = "report")]
mod report;
mod segment;
#[cfg(feature = "analysis")]
mod summary;
#[cfg(feature = "analysis")]
mod tables;
#[cfg(feature = "top")]
mod top;
mod when;
mod window;

use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};

/// Decodes captured Kafka traffic, and log segments.
#[derive(Parser)]
#[command(version, about, propagate_version = true, after_help = EXAMPLES)]
pub(crate) struct Command {
    #[command(subcommand)]
    subcommand: Subcommands,
}

/// Without the feature of reports, errors are the shortest answer to the first question.
const EXAMPLES: &str = if cfg!(feature = "report") {
    "\
Examples:
  # What happened?
  kafka-capture report -o report.html broker.pcapng
  # What is slow, and what fails?
  kafka-capture summary broker.pcapng
  # Why are connections lost?
  kafka-capture connections broker.pcapng
  # Which consumers lag, and why do groups rebalance?
  kafka-capture groups broker.pcapng"
} else {
    "\
Examples:
  # What happened?
  kafka-capture decode broker.pcapng
  # Which requests fail?
  kafka-capture decode --errors broker.pcapng"
};

#[derive(Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of them")]
enum Subcommands {
    Decode(decode::Decode),
    #[cfg(feature = "analysis")]
    Annotate(annotate::Annotate),
    Message(message::Message),
    Segment(segment::Segment),
    #[cfg(feature = "analysis")]
    Summary(summary::Summary),
    #[cfg(feature = "top")]
    Top(top::Top),
    #[cfg(feature = "analysis")]
    Connections(connections::Connections),
    #[cfg(feature = "analysis")]
    Produce(produce::Produce),
    #[cfg(feature = "analysis")]
    Groups(groups::Groups),
    #[cfg(feature = "report")]
    Report(report::Report),
    Completions(completions::Completions),
}

impl Command {
    /// What the command line asks for. If it is wrong, the process ends.
    pub(crate) fn of_arguments() -> Self {
        Self::try_parse().unwrap_or_else(|mut error| {
            suggest_for_file(&mut error);
            error.exit()
        })
    }

    pub(crate) fn run(self) -> ExitCode {
        match self.subcommand {
            Subcommands::Decode(decode) => decode.run(),
            #[cfg(feature = "analysis")]
            Subcommands::Annotate(annotate) => annotate.run(),
            Subcommands::Message(message) => message.run(),
            Subcommands::Segment(segment) => segment.run(),
            #[cfg(feature = "analysis")]
            Subcommands::Summary(summary) => summary.run(),
            #[cfg(feature = "top")]
            Subcommands::Top(top) => top.run(),
            #[cfg(feature = "analysis")]
            Subcommands::Connections(connections) => connections.run(),
            #[cfg(feature = "analysis")]
            Subcommands::Produce(produce) => produce.run(),
            #[cfg(feature = "analysis")]
            Subcommands::Groups(groups) => groups.run(),
            #[cfg(feature = "report")]
            Subcommands::Report(report) => report.run(),
            Subcommands::Completions(completions) => completions.run(),
        }
    }
}

/// Where a file stands in place of a subcommand, suggests the subcommand that shows it.
fn suggest_for_file(error: &mut clap::Error) {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else {
        return;
    };
    let file = Path::new(name);
    if error.kind() != ErrorKind::InvalidSubcommand || !file.exists() {
        return;
    }
    let ends = file.extension().and_then(|end| end.to_str());
    let subcommand = if matches!(ends, Some("log" | "checkpoint")) {
        "segment"
    } else {
        "decode"
    };
    let question = format!("did you mean `kafka-capture {subcommand} {name}`?");
    // A subcommand of a similar name is not meant.
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![question.into()]),
    );
}
