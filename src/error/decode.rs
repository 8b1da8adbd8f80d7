//! Errors of decoding.

use std::{error, fmt};

use crate::{ApiKey, Version, VersionRange};

/// Bytes that are not the message they were decoded as.
///
/// Says which message and version, which field, where, and what was wrong. One pointer wide. A body that does
/// not decode leaves the stream intact: the next frame can be read.
///
/// # Examples
///
/// ```
/// use kafka_codec::messages::HeartbeatRequest;
/// use kafka_codec::{Decode, DecodeErrorKind, Version};
///
/// let error = HeartbeatRequest::decode(&[0, 1, b'g', 0, 0], Version(0)).unwrap_err();
/// assert_eq!(error.kind(), &DecodeErrorKind::UnexpectedEnd { needed: 4, remaining: 2 });
/// assert_eq!(error.offset(), 3);
/// # #[cfg(feature = "schema")]
/// assert_eq!(
///     error.to_string(),
///     "HeartbeatRequest v0: generation_id (byte 3): unexpected end of input: needed 4 bytes, 2 remain",
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<DecodeErrorDetails>);

#[derive(Clone, PartialEq, Eq)]
struct DecodeErrorDetails {
    kind: DecodeErrorKind,
    offset: usize,
    message: Option<(&'static str, Version)>,
    path: Option<Box<str>>,
}

impl DecodeError {
    /// The most bytes of memory that making an error takes, while what was decoded is still there.
    pub(crate) const MEMORY: usize = size_of::<DecodeErrorDetails>();

    #[cold]
    pub(crate) fn new(kind: DecodeErrorKind, offset: usize) -> Self {
        Self(Box::new(DecodeErrorDetails {
            kind,
            offset,
            message: None,
            path: None,
        }))
    }

    #[cold]
    pub(crate) fn in_message(mut self, message: &'static str, version: Version) -> Self {
        self.0.message.get_or_insert((message, version));
        self
    }

    /// `path` is where in the message it is.
    #[cfg(feature = "schema")]
    pub(crate) fn in_field(mut self, path: String) -> Self {
        self.0.path = Some(path.into_boxed_str());
        self
    }

    /// Returns the kind of error.
    #[must_use]
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0.kind
    }

    /// Where the value that was wrong begins, in bytes from the start of the message.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The field that was wrong and those around it, such as `topics[3].partitions[0].leader_id`, with the
    /// names of the typed structs.
    ///
    /// `unknown_tagged_fields` are tagged fields of which it is not known which one it is. `None` if it is the
    /// message as a whole, from a bare [`Reader`](crate::wire::Reader), and without the feature `schema`.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The name of the message, such as `MetadataResponse`; `None` from a bare
    /// [`Reader`](crate::wire::Reader).
    #[must_use]
    pub fn message(&self) -> Option<&'static str> {
        self.0.message.map(|(name, _)| name)
    }

    /// The version the bytes were decoded as.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.0.message.map(|(_, version)| version)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((message, version)) = self.0.message {
            write!(f, "{message} v{version}: ")?;
        }
        if let Some(path) = &self.0.path {
            write!(f, "{path} ")?;
        }
        write!(f, "(byte {}): {}", self.0.offset, self.0.kind)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("message", &self.0.message)
            .field("path", &self.0.path)
            .field("offset", &self.0.offset)
            .field("kind", &self.0.kind)
            .finish()
    }
}

impl error::Error for DecodeError {}

/// The kinds of decode errors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends before the value does.
    UnexpectedEnd {
        /// How many bytes the value takes.
        needed: usize,
        /// How many are left.
        remaining: usize,
    },
    /// A length or count below -1, the one negative number that means null.
    NegativeLength {
        /// The number that stands in the input.
        length: i32,
    },
    /// Null where the version does not allow it.
    UnexpectedNull,
    /// A string of more bytes than Kafka allows in one, which is 32,767.
    StringTooLong {
        /// The length that stands in the input.
        length: usize,
    },
    /// A string that is not UTF-8.
    InvalidUtf8 {
        /// How many bytes of it are.
        valid_up_to: usize,
    },
    /// An array, or a section of tagged fields, of more elements than the bytes left can hold.
    CountTooLarge {
        /// The count that stands in the input.
        count: usize,
        /// How many elements of the least size the bytes left can hold.
        max: usize,
    },
    /// A variable-length integer that does not end with its last byte.
    VarintTooLong,
    /// A tag that occurs twice in one section of tagged fields.
    DuplicateTag {
        /// The tag.
        tag: u32,
    },
    /// A tagged field whose stated size is not what its value takes.
    TagSizeMismatch {
        /// The tag.
        tag: u32,
        /// The size that stands in the input, in bytes.
        declared: usize,
        /// How many bytes the value takes.
        actual: usize,
    },
    /// A tag that the message has, but not in this version.
    TagNotInVersion {
        /// The tag.
        tag: u32,
    },
    /// Bytes left after the message.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// The decoded message would take more memory than [`Limits`](crate::wire::Limits) allow.
    MemoryLimit {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A frame version, type or version in front of a record that is above 32,767.
    NumberTooLarge {
        /// The number.
        number: u32,
    },
    /// A request that was decoded as one of another API.
    OtherApi {
        /// The API of the type it was decoded as.
        expected: ApiKey,
        /// The API of the request.
        actual: ApiKey,
    },
    /// A version that the message does not have.
    UnsupportedVersion {
        /// The version asked for.
        version: Version,
        /// The versions it has.
        supported: VersionRange,
    },
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedEnd { needed, remaining } => write!(
                f,
                "unexpected end of input: needed {needed} {}, {remaining} {}",
                plural(*needed, "byte", "bytes"),
                plural(*remaining, "remains", "remain"),
            ),
            Self::NegativeLength { length } => write!(f, "negative length {length}"),
            Self::UnexpectedNull => f.write_str("null is not allowed in this version"),
            Self::StringTooLong { length } => {
                write!(
                    f,
                    "string of {length} bytes is too long (maximum {})",
                    i16::MAX
                )
            }
            Self::InvalidUtf8 { valid_up_to } => {
                let bytes = plural(*valid_up_to, "byte", "bytes");
                write!(f, "string is not UTF-8 after {valid_up_to} {bytes}")
            }
            Self::CountTooLarge { count, max } => {
                write!(
                    f,
                    "count {count} is too large (the remaining bytes hold at most {max})"
                )
            }
            Self::VarintTooLong => f.write_str("variable-length integer does not end"),
            Self::DuplicateTag { tag } => write!(f, "tag {tag} occurs twice"),
            Self::TagSizeMismatch {
                tag,
                declared,
                actual,
            } => {
                let bytes = plural(*declared, "byte", "bytes");
                write!(
                    f,
                    "tag {tag} states {declared} {bytes}, its value takes {actual}"
                )
            }
            Self::TagNotInVersion { tag } => write!(f, "tag {tag} is not in this version"),
            Self::TrailingBytes { count } => {
                write!(
                    f,
                    "{count} {} left after the message",
                    plural(*count, "byte", "bytes")
                )
            }
            Self::MemoryLimit { limit } => {
                write!(
                    f,
                    "decoded message would take more than the limit of {limit} bytes"
                )
            }
            Self::NumberTooLarge { number } => {
                write!(f, "number {number} is too large (maximum {})", i16::MAX)
            }
            Self::OtherApi { expected, actual } => {
                write!(f, "request is of the API {actual}, expected {expected}")
            }
            Self::UnsupportedVersion { version, supported } => {
                write!(f, "version {version} is not supported, only {supported}")
            }
        }
    }
}

fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
