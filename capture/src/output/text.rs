//! For people: a line a message, and its fields below it if they are wanted.

use std::io::{self, Write};

use super::escape;
use super::timestamp::Timestamps;
use super::{Filter, Lines, Passed, Selector, Sink, Writes};
use crate::body::{self, Trouble};
use crate::event::{Direction, Event, EventKind, Message, Tls};
use crate::records::{Field, RecordOptions};

/// Writes events as text, each on one line (broken here where dots are).
///
/// ```text
/// 2026-11-22T00:58:18.503220Z 127.0.0.1:37216 -> 127.0.0.1:29092 ..
///     .. Metadata v13 request #2 billing-a 78 bytes orders
/// 2026-11-22T00:58:18.508163Z 127.0.0.1:37216 <- 127.0.0.1:29092 ..
///     .. Metadata v13 response #2 billing-a 147 bytes 4.943 ms
/// ```
pub struct TextSink<W> {
    lines: Lines<W>,
    selector: Selector,
    options: TextOptions,
    timestamps: Timestamps,
    records: Field,
    malformed: u64,
}

/// Options of text output.
#[derive(Clone, Debug, Default)]
pub struct TextOptions {
    /// The events that are shown.
    pub filter: Filter,
    /// `true` if the fields of each message are shown too.
    pub fields: bool,
    /// The parts of records that are shown among the fields, besides the headers of their batches.
    pub records: RecordOptions,
    /// `true` if colors are written.
    pub colours: bool,
    /// The width of the terminal: longer lines are shortened, except for those of fields.
    pub width: Option<usize>,
}

const FAINT: &[u8] = b"\x1b[2m";
const BOLD: &[u8] = b"\x1b[1m";
const GREEN: &[u8] = b"\x1b[32m";
const RED: &[u8] = b"\x1b[31m";
const YELLOW: &[u8] = b"\x1b[33m";
const PLAIN: &[u8] = b"\x1b[0m";

impl<W: Write> TextSink<W> {
    /// Writes what the filter of `options` admits.
    pub fn new(to: W, options: TextOptions) -> Self {
        Self {
            lines: Lines::new(to),
            selector: Selector::new(options.filter.clone()),
            timestamps: Timestamps::default(),
            records: body::records_in_fields(options.records),
            options,
            malformed: 0,
        }
    }
}

impl<W: Write> Sink for TextSink<W> {
    fn event(&mut self, event: &Event<'_>) {
        if !self.selector.admits(event) {
            self.malformed += u64::from(body::is_malformed(event));
            return;
        }
        let mut line = Line {
            to: self.lines.line(),
            colours: self.options.colours,
            width: self.options.width,
            start: 0,
        };
        line.start = line.to.len();
        line.colour(FAINT);
        if event.time == 0 {
            line.to.push(b'-');
        } else {
            self.timestamps.write(line.to, event.time, 6);
        }
        let arrow = match event.direction {
            Direction::ToBroker => "->",
            Direction::ToClient => "<-",
        };
        let ends = event.connection;
        line.print(format_args!(" {} {arrow} {}", ends.client, ends.broker));
        line.colour(PLAIN);
        let records = self.options.fields.then_some(&self.records);
        let (has_error, is_malformed) = line.content(event, records);
        self.malformed += u64::from(is_malformed);
        let is_shown = has_error || !self.options.filter.errors;
        if is_shown {
            self.selector.count(event);
            self.lines.end();
        } else {
            self.lines.discard();
        }
    }

    fn earlier(&mut self, event: &Event<'_>) {
        self.selector.earlier(event);
    }
}

/// The line that is being written.
struct Line<'a> {
    to: &'a mut Vec<u8>,
    colours: bool,
    width: Option<usize>,
    /// Where the line begins.
    start: usize,
}

/// What a line of text says of an event behind its connection, and whether there is an error in it or it is not a message.
#[cfg(feature = "analysis")]
pub(crate) fn describe(event: &Event<'_>) -> (String, bool) {
    let mut text = Vec::new();
    let mut line = Line {
        to: &mut text,
        colours: false,
        width: None,
        start: 0,
    };
    let (has_error, _) = line.content(event, None);
    let text = String::from_utf8_lossy(&text).trim_start().to_owned();
    (text, has_error)
}

impl Line<'_> {
    /// Whether there is an error in it, or what is not a message, and whether it is a message whose body is malformed.
    fn content(&mut self, event: &Event<'_>, records: Option<&Field>) -> (bool, bool) {
        match &event.kind {
            EventKind::Message(message) => return self.message(message, event, records),
            EventKind::SaslToken { bytes } => {
                self.print(format_args!(" SASL token, not shown, {bytes} bytes"));
            }
            EventKind::Undecoded(undecoded) => {
                self.colour(RED);
                self.print(format_args!(" undecoded {} bytes: ", undecoded.bytes));
                escape::text(self.to, &undecoded.reason);
                self.colour(PLAIN);
            }
            EventKind::Gap(gap) => {
                self.colour(YELLOW);
                self.print(format_args!(
                    " gap {} {} missing, {} skipped: {}",
                    gap.missing,
                    if gap.missing == 1 { "byte" } else { "bytes" },
                    gap.skipped,
                    gap.reason
                ));
                self.colour(PLAIN);
            }
            EventKind::Preamble(preamble) => {
                self.print(format_args!(" preamble {} bytes: ", preamble.bytes));
                escape::text(self.to, &preamble.text);
            }
            EventKind::Tls(tls) => self.tls(tls),
        }
        (true, false)
    }

    fn tls(&mut self, tls: &Tls) {
        self.colour(BOLD);
        self.print(format_args!(" {}", tls.version.as_deref().unwrap_or("TLS")));
        self.colour(PLAIN);
        if let Some(suite) = &tls.cipher_suite {
            self.print(format_args!(" {suite}"));
        }
        if let Some(name) = &tls.server_name {
            self.print(format_args!(" for "));
            escape::text(self.to, name);
        }
        for mark in tls.marks() {
            self.print(format_args!(", {mark}"));
        }
        if tls.is_error() {
            self.colour(YELLOW);
        }
        self.print(format_args!(", {}", tls.outcome));
        if let Some(alert) = &tls.alert {
            self.colour(RED);
            self.print(format_args!(", alert {alert}"));
        }
        self.colour(PLAIN);
    }

    /// Whether there is an error in it, and whether it is that the body is malformed.
    fn message(
        &mut self,
        message: &Message<'_>,
        event: &Event<'_>,
        records: Option<&Field>,
    ) -> (bool, bool) {
        let direction = event.direction;
        let (trouble, gist) = body::gist(message, direction);
        self.colour(match (&trouble, direction) {
            (Some(trouble), _) if trouble.is_error() => match trouble {
                Trouble::NotDecoded(_) => YELLOW,
                _ => RED,
            },
            (_, Direction::ToBroker) => BOLD,
            (_, Direction::ToClient) => GREEN,
        });
        let name = message.api_key.name().unwrap_or("unknown");
        self.print(format_args!(" {name} v{}", message.version));
        self.colour(PLAIN);
        let kind = match direction {
            Direction::ToBroker => "request",
            Direction::ToClient => "response",
        };
        self.print(format_args!(" {kind} #{} ", message.correlation_id));
        match message.client_id {
            Some("") => self.to.extend_from_slice(b"''"),
            Some(client_id) => escape::text(self.to, client_id),
            None => self.to.push(b'-'),
        }
        if let Some(user) = event.client.user() {
            self.to.extend_from_slice(b" user ");
            escape::text(self.to, user);
        }
        self.print(format_args!(" {} bytes", message.bytes));
        if let Some(latency) = message.latency {
            let microseconds = latency.div_euclid(1000);
            let (milliseconds, rest) = (microseconds / 1000, (microseconds % 1000).abs());
            let sign = if microseconds < 0 && milliseconds == 0 {
                "-"
            } else {
                ""
            };
            self.print(format_args!(" {sign}{milliseconds}.{rest:03} ms"));
        }
        gist.show(event.topics, |text| {
            self.to.push(b' ');
            escape::text(self.to, text);
        });
        if let Some(remark) = &message.remark {
            self.colour(YELLOW);
            self.to.extend_from_slice(b" (");
            escape::text(self.to, &remark.to_string());
            self.to.push(b')');
            self.colour(PLAIN);
        }
        if let Some(trouble) = &trouble {
            self.colour(if trouble.is_error() { RED } else { YELLOW });
            self.to.push(b' ');
            escape::text(self.to, &trouble.to_string());
            self.colour(PLAIN);
        }
        self.shorten();
        let is_malformed = trouble.as_ref().is_some_and(Trouble::is_malformed);
        let mut has_fault = trouble.is_some_and(|trouble| trouble.is_error());
        if let Some(records) = records {
            body::write_fields(self.to, message, direction, records);
            has_fault |= records.has_fault();
        }
        (has_fault, is_malformed)
    }

    fn print(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.to
            .write_fmt(arguments)
            .expect("writing to memory does not fail");
    }

    /// Cuts off what goes beyond the width of the terminal.
    fn shorten(&mut self) {
        let Some(width) = self.width else { return };
        let line = self.to.get(self.start..).unwrap_or_default();
        let (mut columns, mut is_code, mut cut) = (0, false, None);
        for (index, byte) in line.iter().enumerate() {
            match byte {
                b'\x1b' => is_code = true,
                b'm' if is_code => is_code = false,
                // Not the first byte of a character.
                0x80..=0xbf => {}
                _ if is_code => {}
                _ => {
                    columns += 1;
                    if columns == width {
                        cut = Some(index);
                    }
                }
            }
        }
        if let Some(cut) = cut.filter(|_| columns > width) {
            self.to.truncate(self.start + cut);
            self.to.extend_from_slice("…".as_bytes());
            self.colour(PLAIN);
        }
    }

    fn colour(&mut self, code: &[u8]) {
        if self.colours {
            self.to.extend_from_slice(code);
        }
    }
}

impl<W: Write> Writes for TextSink<W> {
    fn flush(&mut self) {
        self.lines.flush();
    }

    fn malformed(&self) -> u64 {
        self.malformed
    }

    fn passed(&self) -> &Passed {
        self.selector.passed()
    }

    fn has_failed(&self) -> bool {
        self.lines.has_failed()
    }

    fn failure(&mut self) -> Option<io::Error> {
        self.lines.failure()
    }
}
