//! The command line, a file a subcommand.

mod generate;
mod mutate;
mod output;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Generate messages, corpora and dictionaries for fuzzing parsers of the Kafka protocol
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
struct Command {
    #[command(subcommand)]
    subcommand: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    Generate(generate::Generate),
    Mutate(mutate::Mutate),
}

/// Runs the command with the arguments of the process, its name included.
pub(crate) fn run(arguments: Vec<OsString>) -> ExitCode {
    let outcome = match Command::parse_from(arguments).subcommand {
        Subcommands::Generate(generate) => generate.run(),
        Subcommands::Mutate(mutate) => mutate.run(),
    };
    output::exit(outcome)
}
