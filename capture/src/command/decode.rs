//! `kafka-capture decode`: captures in, a line a message out.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use kafka_capture::output::{NdjsonSink, Sink, TextOptions, TextSink, Writes};
use kafka_capture::{End, Event, RecordOptions};

use super::exit::{CODES, Faults};
use super::input::{InputOptions, Target};
use super::progress::Progress;

/// Decode captures (pcap or pcapng, also packed with gzip or zstd): a line a message
///
/// Kafka is recognized on any port by what is said. Several files are taken for one capture, in the
/// order of the times of their packets. The last line on the standard error counts what was and what was not decoded, and with
/// filters the messages that are shown.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = const_format(), override_usage = USAGE)]
pub(super) struct Decode {
    #[command(flatten)]
    input: InputOptions,

    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Show the fields of each message (text only; NDJSON has them anyway)
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    records: Records,

    /// Only what has an error in it: an error code, or something that could not be decoded. Requests without a response have none
    /// (see connections)
    #[arg(long)]
    errors: bool,
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
    pub(super) fn options(&self, max_decompressed: Option<u64>) -> RecordOptions {
        RecordOptions {
            max_decompressed: max_decompressed.and_then(|bytes| usize::try_from(bytes).ok()),
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

const USAGE: &str = "\
kafka-capture decode [OPTIONS] <FILE>...
       kafka-capture decode [OPTIONS] --interface <NAME>";

const EXAMPLES: &str = "\
Examples:
  kafka-capture decode broker.pcapng
  kafka-capture decode --errors -v broker.pcapng
  kafka-capture decode --payload --api Produce broker.pcapng
  kafka-capture decode -f ndjson --api Produce,Fetch *.zst | jq .latencyUs
  tcpdump -i any -w - tcp port 9092 | kafka-capture decode -";

fn const_format() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

/// Lines of decoded messages.
struct Lines(Box<dyn Writes>);

impl Sink for Lines {
    fn event(&mut self, event: &Event<'_>) {
        self.0.event(event);
    }

    fn earlier(&mut self, event: &Event<'_>) {
        self.0.earlier(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.0.end(end);
    }
}

impl Target for Lines {
    fn waits(&mut self) {
        self.0.flush();
    }

    fn is_done(&self) -> bool {
        self.0.has_failed()
    }
}

impl Decode {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let mut faults = Faults::new(&progress);
        let mut lines = Lines(self.sink());
        let (mut counts, _) = self.input.decode(&progress, &mut faults, &mut lines);
        counts.malformed = lines.0.malformed();
        lines.0.flush();
        progress.clear();
        if let ControlFlow::Break(code) = faults.of_output(lines.0.failure()) {
            return code;
        }
        self.input.expect_kafka(&counts, &mut faults);
        let passed = lines.0.passed();
        let code = if self.input.has_filters(self.errors) {
            let (shown, of) = (passed.messages(), counts.requests + counts.responses);
            faults.end(&format_args!("{counts}; shown: {shown} of {of}"))
        } else {
            faults.end(&counts)
        };
        self.input.expect_matches(&counts, self.errors, passed);
        code
    }

    fn sink(&self) -> Box<dyn Writes> {
        let filter = self.input.filter(self.errors);
        let out = io::stdout();
        let records = self.records.options(self.input.max_decompressed());
        match self.format {
            Format::Ndjson => Box::new(NdjsonSink::new(out, filter).with_records(records)),
            Format::Text => {
                let options = TextOptions {
                    filter,
                    fields: self.verbose || self.records.payload || self.records.internal,
                    records,
                    colours: out.is_terminal() && has_colours(),
                    width: terminal_size::terminal_size_of(&out)
                        .map(|(width, _)| usize::from(width.0)),
                };
                Box::new(TextSink::new(out, options))
            }
        }
    }
}

/// See <https://no-color.org>.
pub(super) fn has_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}
