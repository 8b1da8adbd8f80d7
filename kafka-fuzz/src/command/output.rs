//! Failures of the command, and the forms in which messages are written.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use kafka_codec::schema::random::{Expectation, Mutation};
use kafka_fuzz::corpus::CorpusError;
use kafka_fuzz::{Direction, Generated, Unit, UnknownTarget};
use serde::Serialize;
use thiserror::Error;

/// Why the command could not do all it should.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Target(#[from] UnknownTarget),
    #[error("{0}: {1}")]
    Input(String, #[source] io::Error),
    #[error("{0}")]
    Flags(String),
    #[error("{mutation:?} applies to none of {count} messages")]
    NotApplied { mutation: Mutation, count: u64 },
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    #[error("writing the output: {0}")]
    Output(#[from] io::Error),
}

/// Reports a failure. A reader who has seen enough is not a failure.
pub(super) fn exit(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("kafka-fuzz: {failure}");
            ExitCode::from(match failure {
                Failure::Target(_) | Failure::Flags(_) => 2,
                Failure::Input(..)
                | Failure::NotApplied { .. }
                | Failure::Corpus(_)
                | Failure::Output(_) => 1,
            })
        }
    }
}

/// How messages are written.
#[derive(Copy, Clone, Debug, clap::ValueEnum)]
pub(super) enum Format {
    /// The bytes, one message after the other
    Raw,
    /// Hexadecimal digits, one message a line
    Hex,
    /// A size of four bytes, big-endian, in front of each message
    LengthPrefixed,
    /// One JSON object a line: target, seed, bytes in hexadecimal digits, label
    Ndjson,
}

impl Format {
    pub(super) fn write(
        self,
        out: &mut impl Write,
        generated: &Generated,
        unit: Unit,
    ) -> Result<(), Failure> {
        let bytes = generated.bytes();
        match self {
            Self::Raw => out.write_all(bytes)?,
            Self::Hex => writeln!(out, "{}", hex(bytes))?,
            Self::LengthPrefixed => {
                let size = u32::try_from(bytes.len()).map_err(io::Error::other)?;
                out.write_all(&size.to_be_bytes())?;
                out.write_all(bytes)?;
            }
            Self::Ndjson => {
                serde_json::to_writer(&mut *out, &Line::new(generated, unit))
                    .map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A line of NDJSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    message: &'static str,
    api_key: i16,
    version: i16,
    direction: &'static str,
    unit: &'static str,
    seed: u64,
    hex: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expectation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
}

impl<'a> Line<'a> {
    fn new(generated: &'a Generated, unit: Unit) -> Self {
        let (target, label) = (generated.target(), generated.label());
        Self {
            message: target.schema().name(),
            api_key: target.api_key().number(),
            version: target.version().0,
            direction: match target.direction() {
                Direction::Request => "request",
                Direction::Response => "response",
            },
            unit: match unit {
                Unit::Body => "body",
                Unit::Frame => "frame",
            },
            seed: generated.seed(),
            hex: hex(generated.bytes()),
            mutation: label.map(|label| format!("{:?}", label.mutation())),
            expectation: label.map(|label| expectation(label.expectation())),
            path: label.map(|label| label.path()),
            offset: label.map(|label| label.offset()),
        }
    }
}

pub(super) const fn expectation(expectation: Expectation) -> &'static str {
    match expectation {
        Expectation::Refuse => "refuse",
        Expectation::Accept => "accept",
        _ => "kafka-accepts",
    }
}
