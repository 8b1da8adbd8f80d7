//! The command line of Redpanda's `kafka-request-generator`: `-api N -version N -is-request=BOOL`, the body on stdout.
//!
//! Flags are those of Go's package `flag`: one hyphen or two, the value behind `=` or in the next argument.
//! As there, each run makes another message; `-seed N` makes one again.

use std::ffi::OsString;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use kafka_codec::{ApiKey, Version};
use kafka_fuzz::{Direction, Generator, Target};

use super::output::{Failure, hex};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flags {
    api: i16,
    version: i16,
    is_request: bool,
    binary_output: bool,
    seed: Option<u64>,
}

impl Flags {
    /// Reads the arguments behind the name of the program; `None` if the first is not one of the flags.
    pub(super) fn parse(arguments: &[OsString]) -> Option<Result<Self, Failure>> {
        let (name, _) = split(arguments.first()?.to_str()?)?;
        ["api", "version", "is-request", "binary-output"]
            .contains(&name)
            .then_some(())?;
        // `--version` alone asks for the version of the program.
        if arguments.len() == 1 && name == "version" && !arguments.first()?.to_str()?.contains('=')
        {
            return None;
        }
        Some(Self::read(arguments).map_err(Failure::Flags))
    }

    fn read(arguments: &[OsString]) -> Result<Self, String> {
        let mut flags = Self {
            api: 0,
            version: 0,
            is_request: true,
            binary_output: true,
            seed: None,
        };
        let mut arguments = arguments.iter().map(|argument| argument.to_str());
        while let Some(argument) = arguments.next() {
            let argument = argument.ok_or("an argument is not UTF-8")?;
            let (name, value) =
                split(argument).ok_or_else(|| format!("unexpected `{argument}`"))?;
            match name {
                // Go takes no separate value for these.
                "is-request" => flags.is_request = boolean(name, value)?,
                "binary-output" => flags.binary_output = boolean(name, value)?,
                _ => {
                    let value = value.or_else(|| arguments.next().flatten());
                    let value = value.ok_or_else(|| format!("-{name} needs a value"))?;
                    match name {
                        "api" => flags.api = number(name, value)?,
                        "version" => flags.version = number(name, value)?,
                        "seed" => flags.seed = Some(number(name, value)?),
                        _ => return Err(format!("unknown flag -{name}")),
                    }
                }
            }
        }
        Ok(flags)
    }

    pub(super) fn run(&self) -> Result<(), Failure> {
        let direction = if self.is_request {
            Direction::Request
        } else {
            Direction::Response
        };
        let target = Target::new(
            ApiKey::from_number(self.api),
            Version(self.version),
            direction,
        )?;
        let generated = Generator::new(target).generate(self.seed.unwrap_or_else(now));
        let mut out = io::stdout().lock();
        if self.binary_output {
            out.write_all(generated.bytes())?;
        } else {
            write!(out, "{}", hex(generated.bytes()))?;
        }
        Ok(out.flush()?)
    }
}

/// The name of a flag and its value.
fn split(argument: &str) -> Option<(&str, Option<&str>)> {
    let flag = argument
        .strip_prefix("--")
        .or_else(|| argument.strip_prefix('-'))?;
    match flag.split_once('=') {
        Some((name, value)) => Some((name, Some(value))),
        None => Some((flag, None)),
    }
}

fn boolean(name: &str, value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some(other) => Err(format!("-{name} is true or false, not `{other}`")),
    }
}

fn number<N: std::str::FromStr>(name: &str, value: &str) -> Result<N, String> {
    value
        .parse()
        .map_err(|_| format!("-{name} needs a number, not `{value}`"))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::from(since.subsec_nanos()) ^ (since.as_secs() << 30)
    })
}
