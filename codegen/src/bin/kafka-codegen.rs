//! The `kafka-codegen` command. What its subcommands do is in the library.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use kafka_codec_codegen::corpus::{Corpus, CorpusError};
use kafka_codec_codegen::fault::Faults;
use kafka_codec_codegen::import::{Import, ImportError, Source};
use kafka_codec_codegen::model::model;
use kafka_codec_codegen::show::{ShowError, show};
use kafka_codec_codegen::table::table;

/// Works with Kafka's message definitions.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Merge the definitions of several Kafka releases into one folder.
    ///
    /// A PATH is a release jar (kafka-clients-4.4.0.jar), or a folder of jars or of definition files. The release is
    /// taken from the name of the jar, of the folder, or of a folder inside of it; where none has it, write
    /// RELEASE=PATH. The newest release wins; what only older ones have is added. Where releases disagree in a way that
    /// nobody has accepted, nothing is written and the message, version and field are named.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import {
        /// The folder to write. Definitions of messages that no release has are removed from the modules that are
        /// imported; other files and modules stay.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        /// Releases that only tell since when, and until when, there was what.
        #[arg(long, value_name = "PATH", num_args = 1..)]
        history: Vec<Source>,
        /// Releases to merge.
        #[arg(value_name = "PATH", required = true)]
        layouts: Vec<Source>,
    },
    /// Print the Rust that is generated for a message, formatted.
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// Kafka's name of the message, such as FetchRequest.
        message: String,
        #[command(flatten)]
        from: Definitions,
    },
    /// Print one line a message: key, name, versions and how much is in it.
    ///
    /// The columns are aligned and hold no spaces, so that `awk` and `cut` can take them apart; `-` stands for nothing.
    /// `structs`, `fields` and `tags` count what the message is made of, its own struct included.
    #[command(after_help = TABLE_EXAMPLES)]
    Table {
        #[command(flatten)]
        from: Definitions,
    },
    /// Print the resolved model of all messages as JSON, to generate other languages from.
    ///
    /// Every message with versions, header versions, structs, fields and descriptions; every API; every error code. The
    /// format is described in docs/model.md.
    #[command(after_help = MODEL_EXAMPLES)]
    Model {
        #[command(flatten)]
        from: Definitions,
    },
}

#[derive(Args)]
struct Definitions {
    /// The folder of definitions: one sub-folder a Kafka module, one file a message.
    #[arg(long, value_name = "FOLDER", default_value = "protocol-json")]
    definitions: PathBuf,
}

const EXIT_CODES: &str = "\
Exit codes: 0 when all went well; 2 when the command is mistaken, such as a name that is not known or a path that is not
there; 1 when definitions have faults, releases disagree, or something cannot be read or written.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  kafka-codegen import --to my-definitions kafka-clients-4.4.0.jar kafka-clients-3.9.2.jar
  kafka-codegen import --to protocol-json jars/4.4.0 jars/3.9.2 --history jars/4.0.2 jars/4.1.2
  kafka-codegen import --to protocol-json 4.5.0=../kafka jars/3.9.2";

const SHOW_EXAMPLES: &str = "\
Examples:
  kafka-codegen show FetchRequest
  kafka-codegen show MyRequest --definitions my-definitions | less";

const TABLE_EXAMPLES: &str = "\
Examples:
  kafka-codegen table
  kafka-codegen table | sort -n
  kafka-codegen table | awk '$5 == \"-\" { print $2 }'    # messages that are never flexible
  kafka-codegen table --definitions my-definitions";

const MODEL_EXAMPLES: &str = "\
Examples:
  kafka-codegen model > model.json
  kafka-codegen model | jq -r '.messages[] | select(.kind == \"request\") | .name'
  kafka-codegen model --definitions my-definitions";

fn main() -> ExitCode {
    let failure = match run(Cli::parse()).and_then(|text| print(&text)) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    eprintln!("{}", failure.error);
    let mut source = failure.error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    ExitCode::from(failure.code)
}

/// What to print.
fn run(cli: Cli) -> Result<String, Failure> {
    Ok(match cli.command {
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
            format!("{}\n", import.run()?)
        }
        Command::Show { message, from } => show(&from.read()?, &message)?,
        Command::Table { from } => table(&from.read()?)?,
        Command::Model { from } => model(&from.read()?)?,
    })
}

/// Prints the text, as far as someone reads it: `head` stops when it has seen enough.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}

impl Definitions {
    fn read(&self) -> Result<Corpus, Failure> {
        let folder = &self.definitions;
        let wrong = if !folder.is_dir() {
            "there is no folder"
        } else {
            let corpus = Corpus::read(folder)?;
            if !corpus.definitions.is_empty() || !corpus.faults.0.is_empty() {
                return Ok(corpus);
            }
            "there are no message definitions in"
        };
        Err(Failure::mistaken(format!(
            "error: {wrong} {}\n   = help: name the folder of definitions with `--definitions FOLDER`",
            folder.display()
        )))
    }
}

/// Why the command failed, and its exit code.
struct Failure {
    error: Box<dyn Error>,
    code: u8,
}

impl Failure {
    fn mistaken(error: impl Into<Box<dyn Error>>) -> Self {
        let error = error.into();
        Self { error, code: 2 }
    }

    fn failed(error: impl Into<Box<dyn Error>>) -> Self {
        let error = error.into();
        Self { error, code: 1 }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Input(_) => Self::mistaken(error),
            _ => Self::failed(error),
        }
    }
}

impl From<ShowError> for Failure {
    fn from(error: ShowError) -> Self {
        match error {
            ShowError::Unknown { .. } | ShowError::Retired(_) => Self::mistaken(error),
            _ => Self::failed(error),
        }
    }
}

impl From<CorpusError> for Failure {
    fn from(error: CorpusError) -> Self {
        Self::failed(error)
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::failed(faults)
    }
}
