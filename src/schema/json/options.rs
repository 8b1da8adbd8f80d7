//! Options of writing a message as JSON. What the options do is in `message`, `text` and `redaction`.

use std::{fmt, io};

/// What the JSON of a message looks like.
///
/// # Examples
///
/// ```
/// use kafka_codec::Version;
/// use kafka_codec::schema::{Schema, json};
///
/// let schema = Schema::named("MetadataRequest")?;
/// let body = b"\0\0\0\x03\0\x01a\0\x01b\0\x01c";
/// let options = json::Options::java().max_elements(1).offsets();
/// assert_eq!(
///     json::to_string(schema, Version(0), body, &options)?,
///     r#"{"topics":[{"name":"a","name@":[4,7],"@":[4,7]},"…(2 more)"],"topics@":[0,13],"@":[0,13]}"#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Copy, Clone, Debug)]
pub struct Options<'r> {
    pub(super) records: RecordsForm<'r>,
    pub(super) unknown_tags: bool,
    pub(super) all_nans: bool,
    pub(super) any_text: bool,
    pub(super) offsets: bool,
    pub(super) redacted: bool,
    pub(super) pretty: bool,
    pub(super) escape_controls: bool,
    pub(super) max_elements: usize,
    pub(super) max_string: usize,
    pub(super) max_blob: usize,
}

impl<'r> Options<'r> {
    /// Exactly the text of Kafka's own converters, in one line: records are empty strings, and
    /// unknown tagged fields are left out.
    #[must_use]
    pub const fn java() -> Self {
        Self {
            records: RecordsForm::Empty,
            unknown_tags: false,
            all_nans: false,
            any_text: false,
            offsets: false,
            redacted: false,
            pretty: false,
            escape_controls: false,
            max_elements: usize::MAX,
            max_string: usize::MAX,
            max_blob: usize::MAX,
        }
    }

    /// Kafka's text with nothing left out: records as base64, unknown tagged fields, and the bits of
    /// values that are not numbers, as in `"NaN:7fffffffffffffff"`.
    /// [`encode`](super::encode) with [`ReadOptions::lossless`](super::ReadOptions::lossless) makes the same message of it.
    #[must_use]
    pub const fn lossless() -> Self {
        Self {
            all_nans: true,
            ..Self::java().records(RecordsForm::Base64).unknown_tags()
        }
    }

    /// Sets what is written for records.
    #[must_use]
    pub const fn records<'n>(self, records: RecordsForm<'n>) -> Options<'n>
    where
        'r: 'n,
    {
        Options { records, ..self }
    }

    /// Unknown tagged fields are shown, as the last member of their struct:
    /// `"_unknownTaggedFields":[{"tag":7,"data":"AQI="}]`.
    #[must_use]
    pub const fn unknown_tags(self) -> Self {
        Self {
            unknown_tags: true,
            ..self
        }
    }

    /// A string that is not UTF-8 is shown with `\u{fffd}` for what is not a character. Otherwise it is an error,
    /// as in typed decoding.
    #[must_use]
    pub const fn any_text(self) -> Self {
        Self {
            any_text: true,
            ..self
        }
    }

    /// The bytes that a value takes in the message are shown: `"name@":[4,7]` beside a member,
    /// `"@":[4,7]` in a struct, each from the first byte to the one after the last.
    #[must_use]
    pub const fn offsets(self) -> Self {
        Self {
            offsets: true,
            ..self
        }
    }

    /// Replaces secrets by `"[hidden]"`: SASL tokens, salts, passwords and keys of SCRAM, HMACs of delegation
    /// tokens, requests and responses within an Envelope, and config values that may be sensitive.
    #[must_use]
    pub const fn redacted(self) -> Self {
        Self {
            redacted: true,
            ..self
        }
    }

    /// A line for each member and element, indented.
    #[must_use]
    pub const fn pretty(self) -> Self {
        Self {
            pretty: true,
            ..self
        }
    }

    /// Escapes all that a terminal or a reader of lines could take for more than text, where
    /// Kafka escapes only what JSON must: delete, the control characters above it, line and paragraph
    /// separators and what changes the direction of text.
    #[must_use]
    pub const fn escape_controls(self) -> Self {
        Self {
            escape_controls: true,
            ..self
        }
    }

    /// Of an array at most `count` elements are shown, then `"…(123 more)"`.
    #[must_use]
    pub const fn max_elements(self, count: usize) -> Self {
        Self {
            max_elements: count,
            ..self
        }
    }

    /// Of a string at most `bytes` are shown, then `…(123 more)`, which are bytes too.
    #[must_use]
    pub const fn max_string(self, bytes: usize) -> Self {
        Self {
            max_string: bytes,
            ..self
        }
    }

    /// Of bytes at most `bytes` are shown, then `…(123 more)`.
    #[must_use]
    pub const fn max_blob(self, bytes: usize) -> Self {
        Self {
            max_blob: bytes,
            ..self
        }
    }
}

/// [`java`](Options::java)
impl Default for Options<'_> {
    fn default() -> Self {
        Self::java()
    }
}

/// The JSON of a field of record batches that is not null.
#[derive(Copy, Clone, Default)]
#[non_exhaustive]
pub enum RecordsForm<'r> {
    /// An empty string, as Kafka's converters do.
    #[default]
    Empty,
    /// `"recordsSizeInBytes":123` in place of `"records"`, as in Kafka's request log.
    Size,
    /// The bytes as base64, which Kafka's converters read.
    Base64,
    /// The output of this function, which must be one JSON value.
    With(&'r WriteRecords),
}

/// Writes records, given as their bytes, as one JSON value.
pub type WriteRecords = dyn Fn(&[u8], &mut dyn io::Write) -> io::Result<()> + Send + Sync;

impl fmt::Debug for RecordsForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Size => "Size",
            Self::Base64 => "Base64",
            Self::With(_) => "With(..)",
        })
    }
}
