//! The `kafka-capture` command. What it does is in the library; what it asks of its user is in `command`.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::Command::of_arguments().run()
}
