//! The `kafka-fuzz` command. What it does is in the library; what it asks of its user is in `command`.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run(std::env::args_os().collect())
}
