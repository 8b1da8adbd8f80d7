//! The `kafka-codegen` command. What its subcommands do is in the library.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kafka_codec_codegen::import::{Import, Source};

/// Works with Kafka's message definitions.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Merge the definitions of several Kafka releases into one folder.
    ///
    /// A PATH is a release jar (kafka-clients-4.4.0.jar), or a folder of jars or of definition files. The release is told
    /// from the name of the jar or of a folder on the path; where it is not, write RELEASE=PATH. The newest release wins;
    /// what only older ones have is added. Where releases disagree in a way that nobody has accepted, nothing is written
    /// and the message, version and field are named.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import {
        /// The folder to write; files of messages that no release has are removed from it.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        /// Releases that only tell since when, and until when, there was what.
        #[arg(long, value_name = "PATH", num_args = 1..)]
        history: Vec<Source>,
        /// Releases to merge.
        #[arg(value_name = "PATH", required = true)]
        layouts: Vec<Source>,
    },
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  kafka-codegen import --to protocol-json kafka-clients-4.4.0.jar kafka-clients-3.9.2.jar
  kafka-codegen import --to protocol-json jars/4.4.0 jars/3.9.2 --history jars/4.0.2 jars/4.1.2
  kafka-codegen import --to protocol-json 4.5.0=../kafka jars/3.9.2";

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  because: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    match cli.command {
        Command::Import {
            to,
            history,
            layouts,
        } => {
            let import = Import {
                layouts,
                history,
                to,
            };
            println!("{}", import.run()?);
        }
    }
    Ok(())
}
