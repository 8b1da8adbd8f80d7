//! `kafka-fuzz mutate`: mutants of given bytes, by seed.

use std::fs;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use kafka_fuzz::mutate::{self, Mutant, Shape};
use serde::Serialize;

use super::output::{Failure, expectation, hex};

/// Mutate messages: change one thing in each and write it back consistently, or with one labeled defect
///
/// Mutant number i, counted from 0, is that of the seed `--seed` + i: each can be made again alone.
#[derive(Args)]
#[command(after_help = EXAMPLES, disable_version_flag = true)]
pub(super) struct Mutate {
    /// What the bytes are: direction, prefix, API, version
    ///
    /// The direction is request or response. The prefix is what stands in front of the body: none, key-version, key-version-le,
    /// key-version-bytes, header or size-header. API and version may be left out where the prefix names them.
    #[arg(value_name = "SHAPE")]
    shape: Shape,

    /// The file with the message; standard input if not given
    input: Option<PathBuf>,

    /// Put parts of the message in this file into the mutants
    #[arg(long, value_name = "FILE")]
    cross_over: Option<PathBuf>,

    /// The seed of the first mutant
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// How many mutants
    #[arg(long, short = 'n', default_value_t = 1)]
    count: u64,

    /// The maximum size of a mutant in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    max_len: usize,

    /// How mutants are written; several in raw bytes cannot be told apart
    #[arg(long, value_enum, default_value_t = Form::Raw)]
    format: Form,
}

#[derive(Copy, Clone, Debug, clap::ValueEnum)]
enum Form {
    /// The bytes, one mutant after the other
    Raw,
    /// Hexadecimal digits, one mutant a line
    Hex,
    /// A size of four bytes, big-endian, in front of each mutant
    LengthPrefixed,
    /// One JSON object a line: message, seed, bytes in hexadecimal digits, label
    Ndjson,
}

impl Mutate {
    pub(super) fn run(self) -> Result<(), Failure> {
        let input = match &self.input {
            Some(path) => read(path)?,
            None => {
                let mut bytes = Vec::new();
                let read = io::stdin().lock().read_to_end(&mut bytes);
                read.map_err(|error| Failure::Input("standard input".to_owned(), error))?;
                bytes
            }
        };
        let other = self.cross_over.as_deref().map(read).transpose()?;
        let mut out = BufWriter::new(io::stdout().lock());
        for index in 0..self.count {
            let seed = self.seed.wrapping_add(index);
            let mutant = match &other {
                Some(other) => mutate::cross_over(&input, other, &self.shape, seed, self.max_len),
                None => mutate::mutate(&input, &self.shape, seed, self.max_len),
            };
            self.format.write(&mut out, &mutant, seed)?;
        }
        Ok(out.flush()?)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::Input(path.display().to_string(), error))
}

impl Form {
    fn write(self, out: &mut impl Write, mutant: &Mutant, seed: u64) -> Result<(), Failure> {
        let bytes = mutant.bytes();
        match self {
            Self::Raw => out.write_all(bytes)?,
            Self::Hex => writeln!(out, "{}", hex(bytes))?,
            Self::LengthPrefixed => {
                let size = u32::try_from(bytes.len()).map_err(io::Error::other)?;
                out.write_all(&size.to_be_bytes())?;
                out.write_all(bytes)?;
            }
            Self::Ndjson => {
                let line = Line {
                    message: mutant.target().schema().name(),
                    version: mutant.target().version().0,
                    seed,
                    hex: hex(bytes),
                    mutation: mutant.deed().to_string(),
                    expectation: mutant.expectation().map(expectation),
                    path: mutant.path(),
                    offset: mutant.offset(),
                };
                serde_json::to_writer(&mut *out, &line).map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}

/// A line of NDJSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    message: &'static str,
    version: i16,
    seed: u64,
    hex: String,
    mutation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expectation: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  kafka-fuzz mutate 'request size-header' frame.bin --seed 7 >mutant.bin
  kafka-fuzz mutate 'response none Fetch 12' body.bin --count 100 --format ndjson
  kafka-fuzz mutate 'response none Fetch 12' body.bin --cross-over other.bin --format hex";
