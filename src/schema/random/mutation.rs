//! The mutations, the reaction that each requires of a reader, and mutated bytes. The modules `mutator` and `frame` apply them.

use std::fmt;
use std::ops::RangeInclusive;

use crate::Version;

macro_rules! mutations {
    ($($(#[$doc:meta])* $name:ident: $expectation:ident, $text:literal;)*) => {
        /// A way to make bytes malformed, or to write them unusually.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Mutation {
            $($(#[$doc])* $name,)*
        }

        impl Mutation {
            /// All mutations.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The required reaction of a reader.
            #[must_use]
            pub const fn expectation(self) -> Expectation {
                match self {
                    $(Self::$name => Expectation::$expectation,)*
                }
            }
        }

        impl fmt::Display for Mutation {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

mutations! {
    /// The bytes end before the message does.
    Truncation: Refuse, "truncated";
    /// Bytes follow the message.
    TrailingBytes: KafkaAccepts, "bytes after the message";
    /// The length of a string or of bytes says more than is left.
    InflatedLength: Refuse, "length above what is left";
    /// The count of an array says more than is left.
    InflatedCount: Refuse, "count above what is left";
    /// The count of tagged fields says more than is left.
    InflatedTagCount: Refuse, "count of tagged fields above what is left";
    /// The size of a tagged field that the struct does not know says more than is left.
    InflatedTagSize: Refuse, "size of an unknown tagged field above what is left";
    /// The size of a tagged field is not what its value takes.
    WrongTagSize: KafkaAccepts, "size of a tagged field that its value does not take";
    /// A tagged field stands there twice.
    DuplicateTag: KafkaAccepts, "tagged field twice";
    /// A tagged field that the struct has, but not as one in this version.
    TagOfOtherVersion: Refuse, "tagged field of another version";
    /// Tagged fields not in ascending order.
    TagsOutOfOrder: Accept, "tagged fields out of order";
    /// A tagged field that is at its default, and could have been left out.
    DefaultTag: Accept, "tagged field at its default";
    /// A variable-length integer of more bytes than it needs, and not more than five.
    OverlongVarint: Accept, "variable-length integer longer than need be";
    /// A variable-length integer whose fifth byte says that more follow.
    EndlessVarint: Refuse, "variable-length integer that does not end";
    /// A string that is not UTF-8.
    InvalidUtf8: KafkaAccepts, "string that is not UTF-8";
    /// A string of more than 32,767 bytes, all of which are there.
    LongString: Refuse, "string of more than 32767 bytes";
    /// Null where there is none.
    UnexpectedNull: Refuse, "null where it is not allowed";
    /// A length or count below -1 where there is no null.
    NegativeLength: Refuse, "negative length where there is no null";
    /// A length or count below -1 in place of -1, which is null.
    OddNull: Accept, "negative length other than -1 for null";
    /// Another byte than -1 or 1 in front of a struct that may be null, of the same sign.
    OddMarker: Accept, "marker of a struct other than -1 and 1";
    /// Another byte than 1 for true.
    OddBool: Accept, "bool other than 0 and 1";
    /// A size in front of a frame that is negative, or of many megabytes, or too small for a header.
    FrameSize: Refuse, "size no frame has";
    /// A request of an API that there is not.
    UnknownApi: Refuse, "unknown API";
    /// A request in a version that the API does not have.
    UnknownVersion: Refuse, "unknown version";
}

/// The required reaction of a reader to mutated bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expectation {
    /// The reader must refuse the bytes.
    Refuse,
    /// The reader must decode the original message: the bytes are written unusually, but mean the same.
    Accept,
    /// The reader may refuse the bytes, as this crate does. Kafka's own code accepts them, see [`wire`](crate::wire).
    KafkaAccepts,
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "to be refused",
            Self::Accept => "to be accepted",
            Self::KafkaAccepts => "to be refused, unless as leniently as Kafka",
        })
    }
}

/// Mutated bytes, with their mutation.
///
/// # Examples
///
/// See [`Mutator`](super::Mutator).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutated {
    pub(super) bytes: Vec<u8>,
    pub(super) mutation: Mutation,
    pub(super) message: &'static str,
    pub(super) version: Version,
    pub(super) path: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Mutated {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, owned.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The mutation that was applied.
    #[must_use]
    pub const fn mutation(&self) -> Mutation {
        self.mutation
    }

    /// The required reaction of a reader.
    #[must_use]
    pub const fn expectation(&self) -> Expectation {
        self.mutation.expectation()
    }

    /// The name of the mutated message, which in a frame may be the header.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        self.message
    }

    /// The version of that message.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The path of the mutated field, such as `topics[3].partitions[0].leader_id`; empty for the message itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The offset of the first mutated byte.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.start
    }

    /// The offsets that an error about these bytes may name: those of the mutated bytes and the one after them. If the bytes
    /// were truncated, any offset is right.
    #[must_use]
    pub const fn blamed(&self) -> RangeInclusive<usize> {
        match self.mutation {
            Mutation::Truncation => 0..=self.end,
            _ => self.start..=self.end,
        }
    }

    /// Moves all offsets up.
    pub(super) fn moved(self, by: usize) -> Self {
        Self {
            start: self.start + by,
            end: self.end + by,
            ..self
        }
    }
}

/// As `FetchRequest v12: topics[0].partitions (byte 12): count above what is left, to be refused`.
impl fmt::Display for Mutated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            version,
            path,
            start,
            ..
        } = self;
        let space = if path.is_empty() { "" } else { " " };
        write!(f, "{message} v{version}: {path}{space}(byte {start}): ")?;
        write!(f, "{}, {}", self.mutation, self.expectation())
    }
}
