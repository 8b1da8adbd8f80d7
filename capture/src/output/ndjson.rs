//! For machines: an object a line, a line an event.

use std::io::{self, Write};

use super::escape;
use super::timestamp::Timestamps;
use super::{Filter, Lines, Passed, Selector, Sink, Writes};
use crate::body;
use crate::event::{Direction, Event, EventKind, Message, Tls, TlsOutcome};
use crate::records::{Field, RecordOptions};

/// Writes events as NDJSON.
///
/// Every object has `ts` (null where the capture has no times), `conn` and `kind`. Of kind `request` and `response` are messages, with `apiKey`,
/// `api`, `version`, `correlationId`, `clientId`, `bytes` and `body`, on responses `latencyUs`, and `error`
/// if there is something wrong. What is known of the client is in `software`, `softwareVersion` and `user`; names of topics
/// that the body knows by id are in `topicNames`. What is not a message is of kind `sasl`, `undecoded`, `gap` or
/// `tls`, and has `direction` and `reason`. A TLS connection has `decrypted`, `resumed`, `helloRetryRequest`,
/// `earlyData` and `clientCertificate`, and where they are known `tlsVersion`, `cipherSuite`, `serverName` and
/// `alert`.
///
/// Where a body has records, `records` is an array with an object for each batch, or message of the formats
/// before batches: the fields of its header, `isValid` for its checksum, and `error` if something is wrong
/// with it. An entry that is cut off has `partial`. [`with_records`](Self::with_records) adds `records` to them.
pub struct NdjsonSink<W> {
    lines: Lines<W>,
    selector: Selector,
    timestamps: Timestamps,
    records: Field,
    malformed: u64,
}

impl<W: Write> NdjsonSink<W> {
    /// Writes what `filter` admits.
    pub fn new(to: W, filter: Filter) -> Self {
        Self {
            lines: Lines::new(to),
            selector: Selector::new(filter),
            timestamps: Timestamps::default(),
            records: body::records_in_json(RecordOptions::default()),
            malformed: 0,
        }
    }

    /// Shows of records what `options` say, and not only the headers of their batches.
    #[must_use]
    pub fn with_records(self, options: RecordOptions) -> Self {
        Self {
            records: body::records_in_json(options),
            ..self
        }
    }
}

impl<W: Write> Sink for NdjsonSink<W> {
    fn event(&mut self, event: &Event<'_>) {
        if !self.selector.admits(event) {
            self.malformed += u64::from(body::is_malformed(event));
            return;
        }
        let line = self.lines.line();
        line.extend_from_slice(b"{\"ts\":");
        if event.time == 0 {
            line.extend_from_slice(b"null");
        } else {
            line.push(b'"');
            self.timestamps.write(line, event.time, 9);
            line.push(b'"');
        }
        line.extend_from_slice(b",\"conn\":\"");
        // Addresses have no characters that would have to be escaped.
        line.extend_from_slice(event.connection.name.as_bytes());
        line.extend_from_slice(b"\",\"kind\":\"");
        let is_shown = match &event.kind {
            EventKind::Message(message) => {
                let records = &self.records;
                let looks = self.selector.filter().errors;
                let (has_error, is_malformed) = write_message(line, message, event, records, looks);
                self.malformed += u64::from(is_malformed);
                has_error || !looks
            }
            EventKind::SaslToken { bytes } => {
                line.extend_from_slice(b"sasl\"");
                direction(line, event.direction);
                number(line, "bytes", bytes);
                string(
                    line,
                    "reason",
                    "a token without a header, which is not shown",
                );
                true
            }
            EventKind::Undecoded(undecoded) => {
                line.extend_from_slice(b"undecoded\"");
                direction(line, event.direction);
                if let Some(id) = undecoded.correlation_id {
                    number(line, "correlationId", id);
                }
                number(line, "bytes", undecoded.bytes);
                string(line, "reason", &undecoded.reason);
                true
            }
            EventKind::Gap(gap) => {
                line.extend_from_slice(b"gap\"");
                direction(line, event.direction);
                number(line, "missing", gap.missing);
                number(line, "skipped", gap.skipped);
                string(line, "reason", &gap.reason);
                true
            }
            EventKind::Preamble(preamble) => {
                line.extend_from_slice(b"preamble\"");
                direction(line, event.direction);
                number(line, "bytes", preamble.bytes);
                string(line, "text", &preamble.text);
                true
            }
            EventKind::Tls(tls) => {
                line.extend_from_slice(b"tls\"");
                direction(line, event.direction);
                write_tls(line, tls);
                true
            }
        };
        line.push(b'}');
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

/// Whether there is an error in it, and whether it is that the body is malformed; error codes are only looked for if they matter.
fn write_message(
    line: &mut Vec<u8>,
    message: &Message<'_>,
    event: &Event<'_>,
    records: &Field,
    look_for_errors: bool,
) -> (bool, bool) {
    let direction = event.direction;
    line.extend_from_slice(match direction {
        Direction::ToBroker => b"request\"",
        Direction::ToClient => b"response\"",
    });
    number(line, "apiKey", message.api_key.number());
    string(line, "api", message.api_key.name().unwrap_or("unknown"));
    number(line, "version", message.version);
    number(line, "correlationId", message.correlation_id);
    match message.client_id {
        Some(client_id) => string(line, "clientId", client_id),
        None => line.extend_from_slice(b",\"clientId\":null"),
    }
    if let Some((name, version)) = event.client.software() {
        string(line, "software", name);
        string(line, "softwareVersion", version);
    }
    if let Some(user) = event.client.user() {
        string(line, "user", user);
    }
    number(line, "bytes", message.bytes);
    if let Some(latency) = message.latency {
        number(line, "latencyUs", latency.div_euclid(1000));
    }
    if let Some(remark) = &message.remark {
        string(line, "remark", &remark.to_string());
    }
    topic_names(line, message, event);
    let before = line.len();
    line.extend_from_slice(b",\"body\":");
    let start = line.len();
    if let Err(trouble) = body::write_json(line, message, direction, records) {
        if line.len() == start {
            line.truncate(before);
        }
        let name = if trouble.is_error() {
            "error"
        } else {
            "remark"
        };
        string(line, name, &trouble.to_string());
        if trouble.is_error() {
            return (true, trouble.is_malformed());
        }
    }
    let has_code = || {
        let trouble = body::trouble(message, direction);
        trouble.is_some_and(|trouble| trouble.is_error())
    };
    let has_error = records.has_fault() || (look_for_errors && has_code());
    (has_error, false)
}

/// `"topicNames":{"id":"name"}`, for messages that know topics by id.
fn topic_names(line: &mut Vec<u8>, message: &Message<'_>, event: &Event<'_>) {
    if !body::has_topic_ids(message, event.direction) {
        return;
    }
    let (_, gist) = body::gist(message, event.direction);
    let named = gist.named_ids(event.topics);
    if named.is_empty() {
        return;
    }
    line.extend_from_slice(b",\"topicNames\":{");
    for (index, (id, name)) in named.into_iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        escape::json(line, &id.to_string());
        line.push(b':');
        escape::json(line, name);
    }
    line.push(b'}');
}

fn write_tls(line: &mut Vec<u8>, tls: &Tls) {
    let texts = [
        ("tlsVersion", &tls.version),
        ("cipherSuite", &tls.cipher_suite),
        ("serverName", &tls.server_name),
        ("alert", &tls.alert),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            string(line, name, text);
        }
    }
    let flags = [
        ("decrypted", tls.outcome == TlsOutcome::Decrypted),
        ("resumed", tls.is_resumed),
        ("helloRetryRequest", tls.is_retried),
        ("earlyData", tls.has_early_data),
        ("clientCertificate", tls.has_client_certificate),
    ];
    for (name, flag) in flags {
        number(line, name, flag);
    }
    string(line, "reason", &tls.outcome.to_string());
}

fn direction(line: &mut Vec<u8>, direction: Direction) {
    let name = match direction {
        Direction::ToBroker => "request",
        Direction::ToClient => "response",
    };
    string(line, "direction", name);
}

fn number(line: &mut Vec<u8>, name: &str, value: impl std::fmt::Display) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\":");
    write!(line, "{value}").expect("writing to memory does not fail");
}

fn string(line: &mut Vec<u8>, name: &str, value: &str) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\":");
    escape::json(line, value);
}

impl<W: Write> Writes for NdjsonSink<W> {
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
