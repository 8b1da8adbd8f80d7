//! The command line, a file a subcommand.

mod analysis;
mod decode;
mod exit;
mod input;
mod message;
mod progress;
mod segment;
mod summary;
mod tables;

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
    Message(message::Message),
    Segment(segment::Segment),
    Summary(summary::Summary),
}

impl Command {
    pub(crate) fn run(self) -> ExitCode {
        match self.subcommand {
            Subcommands::Decode(decode) => decode.run(),
            Subcommands::Message(message) => message.run(),
            Subcommands::Segment(segment) => segment.run(),
            Subcommands::Summary(summary) => summary.run(),
        }
    }
}
