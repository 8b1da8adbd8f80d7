//! `kafka-capture decode`: captures in, a line a message out.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use kafka_capture::input::{Input, InputError, Packets};
use kafka_capture::output::{Filter, NdjsonSink, TextOptions, TextSink, Writes};
use kafka_capture::{Decoder, RecordOptions, is_known_link_type};
use kafka_codec::ApiKey;

use super::exit::{CODES, Failure, Faults};
use super::progress::Progress;

/// Decode captures (pcap or pcapng, also packed with gzip or zstd): a line a message
///
/// Kafka is recognised on any port by what is said. Several files are taken for one capture, in the
/// order given. The last line on the standard error counts what was and what was not decoded.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = const_format())]
pub(super) struct Decode {
    /// Captures, in order; - is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Show the fields of each message (text only; NDJSON has them anyway)
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    records: Records,

    /// Only messages of this API, by any of its names or by number; may be given more than once
    #[arg(long, value_name = "NAME", value_parser = api, value_delimiter = ',')]
    api: Vec<ApiKey>,

    /// Only messages of clients that call themselves this; may be given more than once
    #[arg(long, value_name = "ID")]
    client_id: Vec<String>,

    /// Only connections with this end: an address, a port or both; or with both ends, as "A:P -> B:P"
    #[arg(long, value_name = "END")]
    conn: Vec<String>,

    /// Only what has an error in it: an error code, or something that could not be decoded
    #[arg(long)]
    errors: bool,

    /// Look only at connections to this port, and take them for Kafka; may be given more than once
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    port: Vec<u16>,
}

/// What is shown of records.
#[derive(Args)]
pub(super) struct Records {
    /// Show keys, values and headers of records: as text where they are text, else as base64
    #[arg(long)]
    payload: bool,

    /// Show what is in records of Kafka's internal topics, decoded by type
    #[arg(long)]
    internal: bool,
}

impl Records {
    pub(super) const fn options(&self) -> RecordOptions {
        RecordOptions {
            payload: self.payload,
            internal: self.internal,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For machines: an object a line
    Ndjson,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture decode broker.pcapng
  kafka-capture decode --errors -v broker.pcapng
  kafka-capture decode --payload --api Produce broker.pcapng
  kafka-capture decode --format ndjson --api Produce,Fetch *.pcap.zst | jq .latencyUs
  tcpdump -i any -w - tcp port 9092 | kafka-capture decode -";

fn const_format() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

fn api(name: &str) -> Result<ApiKey, String> {
    if let Ok(number) = name.parse() {
        return Ok(ApiKey::from_number(number));
    }
    name.parse()
        .map_err(|error: kafka_codec::ParseApiKeyError| error.to_string())
}

impl Decode {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let mut sink = self.sink();
        let mut decoder = Decoder::new(self.port.clone());
        let mut faults = Faults::new(&progress);
        for file in &self.files {
            let read = Input::open(file, |bytes, length| progress.watch(bytes, length))
                .and_then(|input| read(input, &mut decoder, &mut *sink));
            if let Err(error) = read {
                faults.add(error.into());
            }
            if sink.has_failed() {
                break;
            }
        }
        let counts = decoder.finish(&mut *sink);
        sink.flush();
        progress.clear();
        if let ControlFlow::Break(code) = faults.of_output(sink.failure()) {
            return code;
        }
        if faults.is_none() && !counts.has_kafka() {
            faults.add(Failure::NothingKafka(hint(&self.port)));
        }
        faults.end(&counts)
    }

    fn sink(&self) -> Box<dyn Writes> {
        let filter = Filter {
            apis: self.api.clone(),
            client_ids: self.client_id.clone(),
            connections: self.conn.clone(),
            errors: self.errors,
        };
        let out = io::stdout();
        match self.format {
            Format::Ndjson => {
                Box::new(NdjsonSink::new(out, filter).with_records(self.records.options()))
            }
            Format::Text => {
                let options = TextOptions {
                    filter,
                    fields: self.verbose || self.records.payload || self.records.internal,
                    records: self.records.options(),
                    colours: out.is_terminal() && has_colours(),
                };
                Box::new(TextSink::new(out, options))
            }
        }
    }
}

/// See <https://no-color.org>.
fn has_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

fn hint(ports: &[u16]) -> String {
    if ports.is_empty() {
        "no connection begins like Kafka; TLS cannot be decoded; --port takes a connection for Kafka"
            .to_owned()
    } else {
        "there is no connection to the ports given, or what is said on it is something else"
            .to_owned()
    }
}

/// Decodes all packets of a capture.
fn read(input: Input, decoder: &mut Decoder, sink: &mut dyn Writes) -> Result<(), InputError> {
    let mut packets = Packets::new(input)?;
    let name = packets.name().to_owned();
    let (mut is_any_known, mut unknown) = (false, None);
    let sink = std::cell::RefCell::new(sink);
    packets.for_each(
        |packet| {
            if is_known_link_type(packet.link_type) {
                is_any_known = true;
            } else {
                unknown = Some(packet.link_type);
            }
            let mut sink = sink.borrow_mut();
            decoder.packet(&packet, &mut **sink);
            if sink.has_failed() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
        // What is decoded shows before more is waited for.
        || sink.borrow_mut().flush(),
    )?;
    match unknown {
        Some(link_type) if !is_any_known => Err(InputError::UnknownLinkType { name, link_type }),
        _ => Ok(()),
    }
}
