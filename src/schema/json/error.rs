//! Errors of writing JSON, and of encoding a message from it.

use std::borrow::Cow;
use std::{error, fmt, io};

use crate::schema::Schema;
use crate::{DecodeError, EncodeError, Version, VersionRange};

/// Why a message was not written as JSON.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// The bytes are not the message.
    Decode(DecodeError),
    /// The writer failed.
    Io(io::Error),
    /// The message cannot be encoded: see [`Message::to_json`](crate::Message::to_json).
    Encode(EncodeError),
    /// The type of the message has no schema: it is not generated.
    NoSchema,
}

/// Why a message was not read from JSON: see [`Decode::from_json`](crate::Decode::from_json).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// The JSON is not the message.
    Json(JsonError),
    /// The message would take more memory than [`Limits`](crate::wire::Limits) allow.
    Decode(DecodeError),
    /// The type of the message has no schema: it is not generated.
    NoSchema,
}

impl From<JsonError> for ReadError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::NoSchema => f.write_str(NO_SCHEMA),
        }
    }
}

impl error::Error for ReadError {}

const NO_SCHEMA: &str = "the type of the message has no schema";

impl From<DecodeError> for WriteError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
            Self::NoSchema => f.write_str(NO_SCHEMA),
        }
    }
}

impl error::Error for WriteError {}

/// A JSON text that is not the message it was read as.
///
/// Says which message and version, where in the text (line and column), which field and what was wrong.
/// One pointer wide.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonError(Box<Placed>);

#[derive(Clone, PartialEq, Eq)]
struct Placed {
    message: &'static str,
    version: Version,
    line: usize,
    column: usize,
    path: String,
    kind: JsonErrorKind,
}

impl JsonError {
    #[cold]
    pub(super) fn new(schema: &Schema, version: Version, text: &str, fault: LocatedError) -> Self {
        let before = text.get(..fault.0.offset).unwrap_or(text);
        let line = before.rsplit('\n').next().expect("a split has a last part");
        Self(Box::new(Placed {
            message: schema.name(),
            version,
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            path: fault.path(),
            kind: fault.0.kind,
        }))
    }

    /// Returns the kind of error.
    #[must_use]
    pub fn kind(&self) -> &JsonErrorKind {
        &self.0.kind
    }

    /// Kafka's name of the message.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.0.message
    }

    /// The version that it was read as.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.version
    }

    /// In which line of the text, from 1 on.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// At which character of the line, from 1 on.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.column
    }

    /// The field, such as `topics[3].partitions[0].leaderId`; empty if it is the message.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Placed {
            message,
            version,
            line,
            column,
            path,
            kind,
        } = &*self.0;
        write!(f, "{message} v{version}: line {line}, column {column}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        kind.fmt(f)
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonError({self})")
    }
}

impl error::Error for JsonError {}

/// The kinds of errors in a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The text is not JSON.
    Syntax {
        /// What is wrong, in the words of `serde_json`.
        wrong: String,
    },
    /// Arrays and objects are within one another deeper than those of any message.
    TooDeep,
    /// A value is not of the type that the field has.
    WrongType {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A number that the type of the field has no room for.
    OutOfRange {
        /// Kafka's name of the type, such as `int16`.
        of: &'static str,
        /// The number.
        number: String,
    },
    /// A string that is not base64 with padding.
    InvalidBase64,
    /// A string that is not a uuid.
    InvalidUuid,
    /// A string, bytes or an array is longer than its length field can say.
    TooLong {
        /// Its length, in bytes or elements.
        length: usize,
        /// The maximum.
        max: usize,
    },
    /// A field is null that may not be in this version.
    UnexpectedNull,
    /// A key is missing that this version must have.
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A key is there twice.
    DuplicateKey {
        /// The key.
        key: Cow<'static, str>,
    },
    /// A key that no version of the message knows, where they are refused.
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A field is set that this version does not have, and that may not be left out silently.
    NotInVersion,
    /// An unknown tagged field has the tag of a known one, or of another one.
    DuplicateTag {
        /// The tag.
        tag: u32,
    },
    /// Unknown tagged fields are set, but the version has no tagged fields.
    TaggedFieldsNotInVersion,
    /// A version that the message does not have.
    UnsupportedVersion {
        /// The versions it has.
        supported: VersionRange,
    },
}

impl fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { wrong } => f.write_str(wrong),
            Self::TooDeep => f.write_str("arrays and objects too deep within one another"),
            Self::WrongType { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::OutOfRange { of, number } => write!(f, "{number} does not fit into {of}"),
            Self::InvalidBase64 => f.write_str("expected base64 with padding"),
            Self::InvalidUuid => {
                f.write_str("expected a uuid: 22 characters of URL-safe base64 without padding")
            }
            Self::TooLong { length, max } => {
                write!(f, "length {length} is too large (maximum {max})")
            }
            Self::UnexpectedNull => f.write_str("null is not allowed in this version"),
            Self::MissingKey { key } => {
                write!(f, "`{key}` is missing, which this version must have")
            }
            Self::DuplicateKey { key } => write!(f, "`{}` is there twice", key.escape_debug()),
            Self::UnknownKey { key } => {
                write!(f, "`{}` is not a field of any version", key.escape_debug())
            }
            Self::NotInVersion => f.write_str("set, but this version has no such field"),
            Self::DuplicateTag { tag } => {
                write!(f, "tag {tag} is that of a known field, or there twice")
            }
            Self::TaggedFieldsNotInVersion => {
                f.write_str("unknown tagged fields are set, but this version has no tagged fields")
            }
            Self::UnsupportedVersion { supported } => {
                write!(f, "version is not supported, only {supported}")
            }
        }
    }
}

/// An error on its way out, which gathers where it is.
#[derive(Debug)]
pub(super) struct LocatedError(Box<Within>);

#[derive(Debug)]
struct Within {
    offset: usize,
    kind: JsonErrorKind,
    /// From the inside out.
    path: Vec<PathStep>,
}

#[derive(Debug)]
enum PathStep {
    Field(&'static str),
    Element(usize),
}

impl LocatedError {
    /// What is wrong `offset` bytes into the text.
    #[cold]
    pub(super) fn new(offset: usize, kind: JsonErrorKind) -> Self {
        Self(Box::new(Within {
            offset,
            kind,
            path: Vec::new(),
        }))
    }

    #[cold]
    pub(super) fn in_field(mut self, name: &'static str) -> Self {
        self.0.path.push(PathStep::Field(name));
        self
    }

    #[cold]
    pub(super) fn in_element(mut self, index: usize) -> Self {
        self.0.path.push(PathStep::Element(index));
        self
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for step in self.0.path.iter().rev() {
            match step {
                PathStep::Field(name) if path.is_empty() => path.push_str(name),
                PathStep::Field(name) => path.extend([".", name]),
                PathStep::Element(index) => path.extend(["[", &index.to_string(), "]"]),
            }
        }
        path
    }
}
