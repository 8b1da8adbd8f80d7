//! The command line, a file a subcommand.

mod choice;
mod corpus;
mod dictionary;
mod generate;
mod judge;
mod mutate;
mod output;
mod redpanda;

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
    Corpus(corpus::Corpus),
    Dictionary(dictionary::Dictionary),
    Judge(judge::Judge),
}

/// Runs the command with the arguments of the process, its name included.
pub(crate) fn run(arguments: Vec<OsString>) -> ExitCode {
    if let Some(flags) = redpanda::Flags::parse(arguments.get(1..).unwrap_or_default()) {
        return output::exit(flags.and_then(|flags| flags.run()));
    }
    let outcome = match Command::parse_from(arguments).subcommand {
        Subcommands::Generate(generate) => generate.run(),
        Subcommands::Mutate(mutate) => mutate.run(),
        Subcommands::Corpus(corpus) => corpus.run(),
        Subcommands::Dictionary(dictionary) => dictionary.run(),
        Subcommands::Judge(judge) => judge.run(),
    };
    output::exit(outcome)
}
