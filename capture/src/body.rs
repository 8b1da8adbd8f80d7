//! The one place that looks into bodies: whether one is what it should be, what is wrong in it, what its
//! fields are. It reads them by Kafka's definitions, and knows no message but Produce.

use std::fmt;
use std::ops::ControlFlow;

use kafka_codec::correlation::Expects;
use kafka_codec::schema::json::{self, Options, WriteError};
use kafka_codec::schema::{FieldLocation, Schema, Value, Visitor, visit};
use kafka_codec::wire::Limits;
use kafka_codec::{ApiKey, DecodeError, DecodeErrorKind, ErrorCode, Version};

use crate::event::{Direction, Event, EventKind, Message, Remark};
use crate::gist::{Gist, Search};
use crate::records::{Field, RecordOptions, Style};
use crate::topic_names;

/// Kafka's own form, one line, without what is secret.
const JSON: Options<'static> = Options::java().redacted().escape_controls();

/// The same for people, who want to see what matters.
const FIELDS: Options<'static> = JSON
    .unknown_tags()
    .pretty()
    .max_elements(RECORDS_IN_FIELDS.max_elements)
    .max_string(RECORDS_IN_FIELDS.max_text)
    .max_blob(RECORDS_IN_FIELDS.max_bytes);

/// A line a batch, indented as deep as the records of a partition are.
const RECORDS_IN_FIELDS: Style = Style {
    max_elements: 100,
    max_text: 1000,
    max_bytes: 100,
    indent: Some("\n            "),
};

/// Shows records in what [`write_json`] writes.
pub(crate) fn records_in_json(options: RecordOptions) -> Field {
    Field::new(options, Style::WHOLE)
}

/// Shows records in what [`write_fields`] writes.
pub(crate) fn records_in_fields(options: RecordOptions) -> Field {
    Field::new(options, RECORDS_IN_FIELDS)
}

/// With more bytes after it, it is not believed that a message is one, where that is the question.
const MAX_TRAILING_BYTES: usize = 4;

/// Returns `true` if all of `body` is a request. As librdkafka 0.9.1 to 1.3 sends ApiVersions, zeros may follow that.
pub(crate) fn is_request(api_key: ApiKey, version: Version, body: &[u8]) -> bool {
    let most = match api_key {
        ApiKey::ApiVersions if body == [0; MAX_TRAILING_BYTES] => MAX_TRAILING_BYTES,
        _ => 0,
    };
    is_message(Schema::of_request(api_key), version, body, most)
}

/// Returns `true` if all of `body` is a response.
pub(crate) fn is_response(api_key: ApiKey, version: Version, body: &[u8]) -> bool {
    is_message(Schema::of_response(api_key), version, body, 0)
}

/// Returns `true` if `body` begins with a request, and nearly all of it is one.
pub(crate) fn begins_with_request(api_key: ApiKey, version: Version, body: &[u8]) -> bool {
    let schema = Schema::of_request(api_key);
    is_message(schema, version, body, MAX_TRAILING_BYTES)
}

/// Returns `true` if `body` begins with a response, and nearly all of it is one.
pub(crate) fn begins_with_response(api_key: ApiKey, version: Version, body: &[u8]) -> bool {
    let schema = Schema::of_response(api_key);
    is_message(schema, version, body, MAX_TRAILING_BYTES)
}

fn is_message(
    schema: Option<&'static Schema>,
    version: Version,
    body: &[u8],
    max_trailing: usize,
) -> bool {
    schema.is_some_and(
        |schema| match visit(schema, version, body, Limits::default(), &mut ()) {
            Ok(_) => true,
            Err(error) => matches!(
                error.kind(),
                DecodeErrorKind::TrailingBytes { count } if *count <= max_trailing
            ),
        },
    )
}

/// Whether a request gets a response, which all do but Produce with acks 0.
pub(crate) fn expects(api_key: ApiKey, version: Version, body: &[u8]) -> Expects {
    if api_key != ApiKey::Produce {
        return Expects::Response;
    }
    let mut acks = Acks(None);
    if let Some(schema) = Schema::of_request(api_key) {
        // That the body is cut off after the acks does not matter here.
        let _ = visit(schema, version, body, Limits::default(), &mut acks);
    }
    match acks.0 {
        Some(0) => Expects::Nothing,
        Some(_) => Expects::Response,
        None => Expects::Unknown,
    }
}

struct Acks(Option<i16>);

impl Visitor<'_> for Acks {
    fn value(&mut self, place: FieldLocation, value: Value<'_>) -> ControlFlow<()> {
        match value {
            Value::Int16(acks) if place.name() == "acks" => {
                self.0 = Some(acks);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// What is wrong with a message.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The body was not decoded, for this reason: it is truncated, or its API is unknown.
    NotDecoded(String),
    /// The body is malformed.
    Faulty(DecodeError),
    /// Bytes follow the body, which brokers and clients ignore.
    Trailing(usize),
    /// There are error codes in it, each with how often, and so many bytes follow the body.
    Codes(Vec<(ErrorCode, usize)>, usize),
}

/// What is wrong with a message; `None` if nothing is.
pub(crate) fn trouble(message: &Message<'_>, direction: Direction) -> Option<Trouble> {
    gist(message, direction).0
}

/// Returns `true` if topics are known by id in a message of this version.
pub(crate) fn has_topic_ids(message: &Message<'_>, direction: Direction) -> bool {
    begin(message, direction).is_ok_and(|(schema, version)| topic_names::has_ids(schema, version))
}

/// What is wrong with a message, and what matters of it, as far as it could be read.
pub(crate) fn gist<'a>(message: &Message<'a>, direction: Direction) -> (Option<Trouble>, Gist<'a>) {
    let mut gist = Gist::default();
    let (schema, version) = match begin(message, direction) {
        Ok(begun) => begun,
        Err(trouble) => return (Some(trouble), gist),
    };
    let visited = visit(schema, version, message.body, Limits::default(), &mut gist);
    let codes = std::mem::take(&mut gist.codes);
    let trouble = match visited.map_err(Trouble::of) {
        Err(Trouble::Trailing(count)) if !codes.is_empty() => Some(Trouble::Codes(codes, count)),
        Err(trouble) => Some(trouble),
        Ok(_) if codes.is_empty() => None,
        Ok(_) => Some(Trouble::Codes(codes, 0)),
    };
    (trouble, gist)
}

/// Returns `true` if what is searched for is in the body of a message, as far as it could be read.
pub(crate) fn finds(message: &Message<'_>, direction: Direction, mut search: Search<'_>) -> bool {
    if let Ok((schema, version)) = begin(message, direction) {
        // What is before an error counts.
        let _ = visit(
            schema,
            version,
            message.body,
            Limits::default(),
            &mut search,
        );
    }
    search.is_over()
}

/// Returns `true` if an event is a message whose body is malformed.
pub(crate) fn is_malformed(event: &Event<'_>) -> bool {
    match &event.kind {
        EventKind::Message(message) => {
            trouble(message, event.direction).is_some_and(|trouble| trouble.is_malformed())
        }
        _ => false,
    }
}

/// Writes the body as JSON in one line. Nothing is written if it cannot be decoded; if there are bytes
/// after it, it is written and that is the trouble.
pub(crate) fn write_json(
    to: &mut Vec<u8>,
    message: &Message<'_>,
    direction: Direction,
    records: &Field,
) -> Result<(), Trouble> {
    write(to, message, direction, &JSON, records)
}

/// Writes the fields of the body, indented, each on a line that begins with a line end. What cannot be
/// decoded is [`trouble`], and not repeated.
pub(crate) fn write_fields(
    to: &mut Vec<u8>,
    message: &Message<'_>,
    direction: Direction,
    records: &Field,
) {
    let mut fields = Vec::new();
    let _: Result<_, _> = write(&mut fields, message, direction, &FIELDS, records);
    if !fields.is_empty() && fields != b"{}" {
        for line in fields.split(|byte| *byte == b'\n') {
            to.extend_from_slice(b"\n    ");
            to.extend_from_slice(line);
        }
    }
}

fn write(
    to: &mut Vec<u8>,
    message: &Message<'_>,
    direction: Direction,
    options: &Options<'_>,
    records: &Field,
) -> Result<(), Trouble> {
    let (schema, version) = begin(message, direction)?;
    records.begin(message.api_key, schema, version, message.body);
    let options = &options.records(records.form());
    let limits = Limits::default();
    let written = json::write(schema, version, message.body, limits, options, &mut *to);
    written.map_err(|error| {
        let WriteError::Decode(error) = error else {
            return Trouble::NotDecoded(error.to_string());
        };
        // Brokers do not mind bytes after a message, and there are clients that send them.
        if let DecodeErrorKind::TrailingBytes { count } = error.kind()
            && let Some((body, _)) = message.body.split_at_checked(message.body.len() - count)
        {
            let _: Result<_, _> = json::write(schema, version, body, limits, options, to);
        }
        Trouble::of(error)
    })
}

/// What is needed to read a body that is all there.
fn begin(
    message: &Message<'_>,
    direction: Direction,
) -> Result<(&'static Schema, Version), Trouble> {
    if let Some(truncation) = message.truncation {
        let captured = message.body.len();
        let bytes = if captured == 1 {
            "byte of the body was"
        } else {
            "bytes of the body were"
        };
        let text = format!("only {captured} {bytes} captured: {truncation}");
        return Err(Trouble::NotDecoded(text));
    }
    if let Some(Remark::Header(_)) = message.remark {
        return Err(Trouble::NotDecoded("the body was not found".to_owned()));
    }
    let schema = match direction {
        Direction::ToBroker => Schema::of_request(message.api_key),
        Direction::ToClient => Schema::of_response(message.api_key),
    };
    if let Some(known) = message.api_key.versions()
        && !known.contains(message.version)
    {
        let text = format!("unknown version ({known} are known)");
        return Err(Trouble::NotDecoded(text));
    }
    match schema {
        Some(schema) => Ok((schema, message.version)),
        None => Err(Trouble::NotDecoded(message.api_key.to_string())),
    }
}

impl Trouble {
    fn of(error: DecodeError) -> Self {
        match error.kind() {
            DecodeErrorKind::TrailingBytes { count } => Self::Trailing(*count),
            _ => Self::Faulty(error),
        }
    }

    /// Returns `true` if it is an error, and not only unusual.
    pub(crate) const fn is_error(&self) -> bool {
        !matches!(self, Self::Trailing(_))
    }

    /// Returns `true` if the body is malformed.
    pub(crate) const fn is_malformed(&self) -> bool {
        matches!(self, Self::Faulty(_))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDecoded(why) => f.write_str(why),
            Self::Faulty(error) => error.fmt(f),
            Self::Trailing(1) => f.write_str("1 byte after the body is ignored"),
            Self::Trailing(count) => write!(f, "{count} bytes after the body are ignored"),
            Self::Codes(codes, trailing) => {
                for (i, (code, count)) in codes.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{code}")?;
                    if *count > 1 {
                        write!(f, " x{count}")?;
                    }
                }
                match trailing {
                    0 => Ok(()),
                    trailing => write!(f, ", {}", Self::Trailing(*trailing)),
                }
            }
        }
    }
}
