//! `kafka-capture message`: one message out of bytes into JSON, or the other way; with `--ndjson` as a
//! service, a line a message, which is in `service`.

mod bytes;
mod choice;
mod service;
#[cfg(feature = "typed")]
mod typed;
#[cfg(not(feature = "typed"))]
#[path = "message/typed_off.rs"]
mod typed;

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use kafka_codec::schema::json;
use kafka_codec::wire::{Limits, Writer};
use thiserror::Error;

use choice::{Choice, Part};

/// Turn one message into Kafka's JSON, or such JSON into the bytes of a message
///
/// Without --encode the input is the bytes of a message in hexadecimal digits; its JSON is what Kafka's own
/// converters write. With --encode it is such JSON, and hexadecimal digits are the output.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help(), disable_version_flag = true)]
pub(super) struct Message {
    #[command(flatten)]
    choice: Choice,

    /// Make bytes out of JSON
    #[arg(long)]
    encode: bool,

    /// How the bytes are given
    #[arg(long, value_enum, default_value_t = Form::Hex, conflicts_with = "encode")]
    from: Form,

    /// Break lines and indent
    #[arg(long, conflicts_with_all = ["encode", "ndjson"])]
    pretty: bool,

    /// Leave nothing out: records as base64, and unknown tagged fields; with --encode: read these
    #[arg(long, conflicts_with = "ndjson")]
    all: bool,

    /// Say from where to where each field stands in the bytes
    #[arg(long, conflicts_with_all = ["encode", "ndjson"])]
    offsets: bool,

    /// Hide what is secret: passwords, SASL tokens, salts, HMACs, sensitive configs
    #[arg(long, conflicts_with_all = ["encode", "ndjson"])]
    redact: bool,

    /// With --encode: refuse keys that no field has, which Kafka ignores
    #[arg(long, requires = "encode")]
    strict: bool,

    /// Answer requests, a JSON object a line, until the input ends
    #[arg(long, conflicts_with_all = ["encode", "from", "api", "name", "version", "request", "response", "header"])]
    ndjson: bool,

    /// Where the input is; - is the standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// Two hexadecimal digits a byte, with or without blanks
    Hex,
    /// Base64, with or without blanks and padding
    Base64,
    /// The bytes themselves
    Raw,
}

const EXAMPLES: &str = "\
Examples:
  echo 00016100000001000162 |
    kafka-capture message --api Heartbeat --version 0 --request
  kafka-capture message --request --header --from raw --pretty request.bin
  kafka-capture message --api Fetch --version 12 --response --all \\
    response.hex > response.json
  kafka-capture message --api Fetch --version 12 --response --all \\
    --encode response.json
  kafka-capture message --name ConsumerGroupMetadataValue --version 0 \\
    --from base64 value.txt
  echo '{\"kind\":\"request\",\"api\":\"SaslHandshake\",\"version\":0,\"hex\":\"000162\"}' |
    kafka-capture message --ndjson";

const DETAILS: &str = "\
A line in of --ndjson, and a line out:
  {\"kind\":\"request\",\"api\":\"Fetch\",\"version\":12,\"hex\":\"..\"}    {\"json\":{..},\"reencoded\":\"..\"}
  {\"kind\":\"response\",\"api\":\"Fetch\",\"version\":12,\"json\":{..}}  {\"hex\":\"..\"}
  {\"kind\":\"header\",\"name\":\"RequestHeader\",\"version\":2,\"hex\":\"..\"}
  {\"kind\":\"data\",\"name\":\"ConsumerGroupMetadataValue\",\"version\":0,\"hex\":\"..\"}
  anything that is wrong                                 {\"error\":\"..\"}
Former names work. The JSON is exactly that of Kafka's converters, so records are the empty string;
\"reencoded\" comes by another way, through the typed structs (built without them: through JSON).

Exit codes:
  0  done; with --ndjson whatever the answers were
  1  reading or writing failed
  2  the command line is wrong
  7  the bytes are not the message
  8  the JSON is not the message
  9  the input is not hexadecimal digits or base64";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{DETAILS}")
}

/// Why there is no output, or not all of it.
#[derive(Debug, Error)]
enum Failure {
    #[error("{0}: {1}")]
    Read(String, io::Error),
    #[error("writing the output: {0}")]
    Write(io::Error),
    #[error("{0}")]
    CommandLine(String),
    #[error("{0}")]
    Bytes(String),
    #[error("{0}")]
    Json(String),
    #[error("{0}")]
    Form(String),
}

impl Failure {
    const fn code(&self) -> u8 {
        match self {
            Self::Read(..) | Self::Write(_) => 1,
            Self::CommandLine(_) => 2,
            Self::Bytes(_) => 7,
            Self::Json(_) => 8,
            Self::Form(_) => 9,
        }
    }
}

impl Failure {
    /// Adds that the size of a frame stands in front of the bytes, if it does.
    fn with_hint(self, input: &[u8]) -> Self {
        let size = input.split_first_chunk();
        let is_framed = size.is_some_and(|(size, rest)| {
            usize::try_from(u32::from_be_bytes(*size)).is_ok_and(|size| size == rest.len())
        });
        match self {
            Self::Bytes(error) if is_framed => Self::Bytes(format!(
                "{error}; the first 4 bytes are the size of the frame, leave them out"
            )),
            failure => failure,
        }
    }
}

impl From<json::WriteError> for Failure {
    fn from(error: json::WriteError) -> Self {
        match error {
            json::WriteError::Io(error) => Self::Write(error),
            error => Self::Bytes(error.to_string()),
        }
    }
}

impl Message {
    pub(super) fn run(self) -> ExitCode {
        let result = if self.ndjson {
            self.serve()
        } else {
            self.convert()
        };
        match result {
            Ok(()) => ExitCode::SUCCESS,
            // Whoever reads the output has seen enough.
            Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                ExitCode::SUCCESS
            }
            Err(failure) => {
                eprintln!("kafka-capture: {failure}");
                ExitCode::from(failure.code())
            }
        }
    }

    fn serve(&self) -> Result<(), Failure> {
        let out = io::stdout().lock();
        service::run(self.open()?, out).map_err(|error| match error {
            service::StreamError::Input(error) => Failure::Read(self.name(), error),
            service::StreamError::Output(error) => Failure::Write(error),
        })
    }

    fn convert(&self) -> Result<(), Failure> {
        let mut input = Vec::new();
        let read = self.open()?.read_to_end(&mut input);
        read.map_err(|error| Failure::Read(self.name(), error))?;
        let mut out = Vec::new();
        if self.encode {
            let text = String::from_utf8(input)
                .map_err(|error| Failure::Json(format!("the JSON is not UTF-8: {error}")))?;
            out.extend_from_slice(bytes::to_hex(&self.encoded(&text)?).as_bytes());
        } else {
            let input = self.from.bytes(input).map_err(Failure::Form)?;
            let written = self.write_json(&input, &mut out);
            written.map_err(|failure| failure.with_hint(&input))?;
        }
        out.push(b'\n');
        io::stdout().write_all(&out).map_err(Failure::Write)
    }

    fn write_json(&self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let (header, (body, bytes)) = self.choice.split(input)?;
        let Some((header, header_bytes)) = header else {
            return self.write_one(body, bytes, out);
        };
        let mut both = Vec::new();
        let blank = if self.pretty { " " } else { "" };
        both.extend_from_slice(format!("{{\n\"header\":{blank}").as_bytes());
        self.write_one(header, header_bytes, &mut both)?;
        both.extend_from_slice(format!(",\n\"body\":{blank}").as_bytes());
        self.write_one(body, bytes, &mut both)?;
        for byte in both {
            match byte {
                // Only between tokens: strings have none.
                b'\n' if self.pretty => out.extend_from_slice(b"\n  "),
                b'\n' => {}
                byte => out.push(byte),
            }
        }
        out.extend_from_slice(if self.pretty { b"\n}" } else { b"}" });
        Ok(())
    }

    fn write_one(&self, part: Part, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let limits = Limits::UNLIMITED;
        json::write(
            part.schema,
            part.version,
            bytes,
            limits,
            &self.options(),
            out,
        )?;
        Ok(())
    }

    fn encoded(&self, text: &str) -> Result<Vec<u8>, Failure> {
        let mut read = json::ReadOptions::java();
        if self.all {
            read = read.unknown_tags();
        }
        if self.strict {
            read = read.refuse_unknown_keys();
        }
        let mut writer = Writer::new();
        for (part, text) in self.choice.texts(text)? {
            json::encode(part.schema, part.version, text, read, &mut writer)
                .map_err(|error| Failure::Json(error.to_string()))?;
        }
        Ok(writer.into_vec())
    }

    fn options(&self) -> json::Options<'static> {
        let mut options = if self.all {
            json::Options::lossless()
        } else {
            json::Options::java()
        };
        if self.pretty {
            options = options.pretty();
        }
        if self.offsets {
            options = options.offsets();
        }
        if self.redact {
            options = options.redacted();
        }
        // What a peer wrote does not get to drive it.
        if io::stdout().is_terminal() {
            options = options.escape_controls();
        }
        options
    }

    fn open(&self) -> Result<Box<dyn Read>, Failure> {
        if self.file.as_os_str() == "-" {
            return Ok(Box::new(io::stdin()));
        }
        match File::open(&self.file) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(Failure::Read(self.name(), error)),
        }
    }

    fn name(&self) -> String {
        if self.file.as_os_str() == "-" {
            "the standard input".to_owned()
        } else {
            self.file.display().to_string()
        }
    }
}
