//! `kafka-capture completions`: what a shell reads to complete the command line.

use std::io;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print the completions of a shell
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Completions {
    /// The shell that reads them
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  source <(kafka-capture completions bash)
  kafka-capture completions zsh > ~/.zfunc/_kafka-capture
  cd ~/.config/fish/completions
  kafka-capture completions fish > kafka-capture.fish";

impl Completions {
    pub(super) fn run(self) -> ExitCode {
        let mut command = super::Command::command();
        clap_complete::generate(self.shell, &mut command, "kafka-capture", &mut io::stdout());
        ExitCode::SUCCESS
    }
}
