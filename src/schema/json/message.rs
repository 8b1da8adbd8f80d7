//! A message as JSON, written while it is read. What is secret is `redaction`'s to know, and how tokens
//! look `text`'s.

use std::io;
use std::ops::{ControlFlow, Range};

use super::redaction::Secrets;
use super::text::JsonWriter;
use super::{Options, RecordsForm, WriteError};
use crate::Version;
use crate::schema::{FieldLocation, Schema, StructSchema, Value, Visitor, visit};
use crate::wire::Limits;

/// Writes the message that `bytes` are, all of them, to `out`, without a line end.
///
/// The bytes are checked before anything is written: `out` gets the whole JSON or nothing. The memory that
/// it takes does not grow with the message.
///
/// # Errors
///
/// [`WriteError::Decode`] if the bytes are not the message, as in typed decoding within `limits`;
/// [`WriteError::Io`] if `out` fails.
pub fn write(
    schema: &'static Schema,
    version: Version,
    bytes: &[u8],
    limits: Limits,
    options: &Options<'_>,
    out: impl io::Write,
) -> Result<(), WriteError> {
    if options.any_text {
        write_with::<_, true>(schema, version, bytes, limits, options, out)
    } else {
        write_with::<_, false>(schema, version, bytes, limits, options, out)
    }
}

fn write_with<W: io::Write, const ANY_TEXT: bool>(
    schema: &'static Schema,
    version: Version,
    bytes: &[u8],
    limits: Limits,
    options: &Options<'_>,
    out: W,
) -> Result<(), WriteError> {
    let mut message = Message::<'_, '_, W, ANY_TEXT> {
        text: JsonWriter::new(out, options.pretty, options.escape_controls),
        options,
        secrets: options.redacted.then(|| Secrets::new(version, bytes)),
        open: Vec::new(),
        hidden: 0,
        has_unknown: false,
    };
    let _: ControlFlow<()> = visit(schema, version, bytes, limits, &mut message)?;
    Ok(message.text.finish()?)
}

/// The message that `bytes` are, all of them, within default [`Limits`].
///
/// # Errors
///
/// As [`write()`]; [`WriteError::Io`] only if what [writes records](RecordsForm::With) fails, or writes no UTF-8.
pub fn to_string(
    schema: &'static Schema,
    version: Version,
    bytes: &[u8],
    options: &Options<'_>,
) -> Result<String, WriteError> {
    let mut out = Vec::new();
    write(schema, version, bytes, Limits::default(), options, &mut out)?;
    String::from_utf8(out).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error).into())
}

struct Message<'a, 'o, W, const ANY_TEXT: bool> {
    text: JsonWriter<W>,
    options: &'o Options<'o>,
    secrets: Option<Secrets<'a>>,
    /// How many elements the arrays have that are open; 0 for an open struct.
    open: Vec<usize>,
    /// How many structs and arrays are open that are not shown, beyond the maximum number of elements.
    hidden: usize,
    /// `true` if an unknown tagged field of the innermost struct was written.
    has_unknown: bool,
}

impl<'a, W: io::Write, const ANY_TEXT: bool> Visitor<'a> for Message<'a, '_, W, ANY_TEXT> {
    const IN_ORDER: bool = true;
    const ANY_TEXT: bool = ANY_TEXT;

    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        if self.hides(place) {
            return ControlFlow::Continue(());
        }
        match (value, self.options.records) {
            (Value::Records(records), RecordsForm::Size) => {
                self.text.key(place.name(), "SizeInBytes");
                self.text.number(records.len());
            }
            _ => {
                self.begin(place);
                self.scalar(place, value);
            }
        }
        self.offsets(place);
        self.go_on()
    }

    fn begin_struct(
        &mut self,
        place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        if self.hides(place) {
            self.hidden += 1;
            return ControlFlow::Continue(());
        }
        if let Some(secrets) = &mut self.secrets {
            secrets.begin_struct(schema);
        }
        self.begin(place);
        self.text.open(b'{');
        self.open.push(0);
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, place: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        if self.hidden > 0 {
            self.hidden -= 1;
            return ControlFlow::Continue(());
        }
        if let Some(secrets) = &mut self.secrets {
            secrets.end_struct();
        }
        if std::mem::take(&mut self.has_unknown) {
            self.text.close(b']');
        }
        if self.options.offsets {
            self.range("", place.bytes());
        }
        self.text.close(b'}');
        self.open.pop();
        self.go_on()
    }

    fn begin_array(&mut self, place: FieldLocation, count: usize) -> ControlFlow<()> {
        if self.hidden > 0 {
            self.hidden += 1;
            return ControlFlow::Continue(());
        }
        self.begin(place);
        self.text.open(b'[');
        self.open.push(count);
        ControlFlow::Continue(())
    }

    fn end_array(&mut self, place: FieldLocation) -> ControlFlow<()> {
        if self.hidden > 0 {
            self.hidden -= 1;
            return ControlFlow::Continue(());
        }
        let count = self.open.pop().expect("an array that ends was begun");
        let left_out = count.saturating_sub(self.options.max_elements);
        if left_out > 0 {
            self.text.element();
            self.text.more(left_out);
        }
        self.text.close(b']');
        self.offsets(place);
        self.go_on()
    }

    fn unknown_tag(&mut self, tag: u32, value: &'a [u8], bytes: Range<usize>) -> ControlFlow<()> {
        if self.hidden > 0 || !self.options.unknown_tags {
            return ControlFlow::Continue(());
        }
        if !self.has_unknown {
            self.text.key(UNKNOWN_TAGS, "");
            self.text.open(b'[');
            self.has_unknown = true;
        }
        self.text.element();
        self.text.open(b'{');
        self.text.key(TAG, "");
        self.text.integer(tag.into());
        self.text.key(DATA, "");
        self.text.blob(value, self.options.max_blob);
        if self.options.offsets {
            self.range(DATA, bytes);
        }
        self.text.close(b'}');
        self.go_on()
    }
}

impl<'a, W: io::Write, const ANY_TEXT: bool> Message<'a, '_, W, ANY_TEXT> {
    /// Returns `true` if `place` is not shown, as it is beyond the maximum number of elements or within what is.
    fn hides(&self, place: FieldLocation) -> bool {
        let is_beyond = |index| index >= self.options.max_elements;
        self.hidden > 0 || place.index().is_some_and(is_beyond)
    }

    /// Begins what stands at `place`: the message itself, an element or a member.
    fn begin(&mut self, place: FieldLocation) {
        match (place.field(), place.index()) {
            (None, _) => {}
            (Some(_), Some(_)) => self.text.element(),
            (Some(field), None) => self.text.key(field.name(), ""),
        }
    }

    fn scalar(&mut self, place: FieldLocation, value: Value<'a>) {
        if let (Some(secrets), Some(field)) = (&mut self.secrets, place.field()) {
            if secrets.hides(field, value, place.bytes().end) {
                return self.text.string(HIDDEN, usize::MAX);
            }
        }
        let (text, options) = (&mut self.text, self.options);
        match value {
            Value::Null => text.word("null"),
            Value::Bool(true) => text.word("true"),
            Value::Bool(false) => text.word("false"),
            Value::Int8(value) => text.integer(value.into()),
            Value::Int16(value) => text.integer(value.into()),
            Value::Uint16(value) => text.integer(value.into()),
            Value::Int32(value) => text.integer(value.into()),
            Value::Uint32(value) => text.integer(value.into()),
            Value::Int64(value) => text.integer(value),
            Value::Float64(value) => text.float(value, options.all_nans),
            Value::Uuid(value) => text.string(&value.to_string(), usize::MAX),
            Value::String(value) => text.string(value, options.max_string),
            Value::InvalidText(value) => text.lossy(value, options.max_string),
            Value::Bytes(value) => text.blob(value, options.max_blob),
            Value::Records(records) => match options.records {
                RecordsForm::Empty => text.string("", usize::MAX),
                RecordsForm::Size => text.number(records.len()),
                RecordsForm::Base64 => text.blob(records, options.max_blob),
                RecordsForm::With(write) => text.with(|out| write(records, out)),
            },
        }
    }

    /// Where the member at `place` stands in the message; elements have no key to say it beside.
    fn offsets(&mut self, place: FieldLocation) {
        if self.options.offsets && place.index().is_none() {
            self.range(place.name(), place.bytes());
        }
    }

    fn range(&mut self, name: &str, bytes: Range<usize>) {
        self.text.key(name, "@");
        self.text.open(b'[');
        for end in [bytes.start, bytes.end] {
            self.text.element();
            self.text.number(end);
        }
        self.text.close(b']');
    }

    fn go_on(&self) -> ControlFlow<()> {
        if self.text.failed() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// The member for unknown tagged fields, and the members of its elements.
pub(super) const UNKNOWN_TAGS: &str = "_unknownTaggedFields";
pub(super) const TAG: &str = "tag";
pub(super) const DATA: &str = "data";

/// What Kafka writes for a hidden password.
const HIDDEN: &str = "[hidden]";
