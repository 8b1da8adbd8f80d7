//! `kafka-fuzz dictionary`: a dictionary for libFuzzer, AFL++ and honggfuzz.

use std::io::{self, Write as _};

use clap::Args;
use kafka_fuzz::corpus::Prefix;
use kafka_fuzz::{dictionary, dictionary_file};

use super::choice::Choice;
use super::output::Failure;

/// Write a dictionary for libFuzzer, AFL++ and honggfuzz to the standard output
///
/// It has API keys with versions, magic bytes and attributes of record batches, the marks of codecs, lengths and counts, nulls,
/// tagged fields, forms of headers, and the texts that fields are known to hold. The fuzzers read the same format.
#[derive(Args)]
#[command(after_help = EXAMPLES, disable_version_flag = true)]
pub(super) struct Dictionary {
    #[command(flatten)]
    choice: Choice,

    /// How the fuzz target learns which message follows, as in corpus: none, key-version, key-version-le, key-version-bytes,
    /// header, or size-header
    #[arg(long, default_value_t = Prefix::SizeAndHeader)]
    prefix: Prefix,
}

impl Dictionary {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let tokens = dictionary(&self.choice.targets()?, self.prefix);
        let mut out = io::stdout().lock();
        out.write_all(dictionary_file(&tokens).as_bytes())?;
        Ok(out.flush()?)
    }
}

const EXAMPLES: &str = "\
Examples:
  kafka-fuzz dictionary >kafka.dict
  kafka-fuzz dictionary --api Fetch --response --prefix none >fetch.dict";
