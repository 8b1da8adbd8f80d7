//! The command line, a file a subcommand.

mod analysis;
mod annotate;
mod completions;
mod connections;
mod decode;
mod exit;
mod groups;
mod input;
mod live;
mod message;
mod produce;
mod progress;
#[cfg(feature = "report")]
mod report;
mod segment;
mod summary;
mod tables;
#[cfg(feature = "top")]
mod top;
mod when;
mod window;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Decodes captured Kafka traffic, and log segments.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct Command {
    #[command(subcommand)]
    subcommand: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    Decode(decode::Decode),
    Annotate(annotate::Annotate),
    Message(message::Message),
    Segment(segment::Segment),
    Summary(summary::Summary),
    #[cfg(feature = "top")]
    Top(top::Top),
    Connections(connections::Connections),
    Produce(produce::Produce),
    Groups(groups::Groups),
    #[cfg(feature = "report")]
    Report(report::Report),
    Completions(completions::Completions),
}

impl Command {
    pub(crate) fn run(self) -> ExitCode {
        match self.subcommand {
            Subcommands::Decode(decode) => decode.run(),
            Subcommands::Annotate(annotate) => annotate.run(),
            Subcommands::Message(message) => message.run(),
            Subcommands::Segment(segment) => segment.run(),
            Subcommands::Summary(summary) => summary.run(),
            #[cfg(feature = "top")]
            Subcommands::Top(top) => top.run(),
            Subcommands::Connections(connections) => connections.run(),
            Subcommands::Produce(produce) => produce.run(),
            Subcommands::Groups(groups) => groups.run(),
            #[cfg(feature = "report")]
            Subcommands::Report(report) => report.run(),
            Subcommands::Completions(completions) => completions.run(),
        }
    }
}
