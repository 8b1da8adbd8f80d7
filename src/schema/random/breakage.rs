//! In which ways bytes are broken, and what a reader makes of them. Breaking is in `breaker` and `frame`.

use std::fmt;
use std::ops::RangeInclusive;

use crate::Version;

macro_rules! breakages {
    ($($(#[$doc:meta])* $name:ident: $verdict:ident, $text:literal;)*) => {
        /// A way in which bytes are broken, or are just odd.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Breakage {
            $($(#[$doc])* $name,)*
        }

        impl Breakage {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What a reader must make of it.
            #[must_use]
            pub const fn verdict(self) -> Verdict {
                match self {
                    $(Self::$name => Verdict::$verdict,)*
                }
            }
        }

        impl fmt::Display for Breakage {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

breakages! {
    /// The bytes end before the message does.
    Cut: Refuse, "cut off";
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
    UnexpectedNull: Refuse, "null where there is none";
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

/// What a reader must make of broken bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It must refuse them.
    Refuse,
    /// It must take them for the message that was broken: they are just written oddly.
    Accept,
    /// It may refuse them, as this crate does; Kafka's own code accepts them, see [`wire`](crate::wire).
    KafkaAccepts,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "to be refused",
            Self::Accept => "to be accepted",
            Self::KafkaAccepts => "to be refused, unless as leniently as Kafka",
        })
    }
}

/// Broken bytes, and what was done to them.
///
/// # Examples
///
/// See [`Breaker`](super::Breaker).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub(super) bytes: Vec<u8>,
    pub(super) breakage: Breakage,
    pub(super) message: &'static str,
    pub(super) version: Version,
    pub(super) path: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Broken {
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

    /// What was done to them.
    #[must_use]
    pub const fn breakage(&self) -> Breakage {
        self.breakage
    }

    /// What a reader must make of them.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.breakage.verdict()
    }

    /// The name of the message that was broken, which in a frame may be the header.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        self.message
    }

    /// The version of that message.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The field that was broken, such as `topics[3].partitions[0].leader_id`; empty if it is the message.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The byte where what was broken begins.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.start
    }

    /// Where a reader that refuses the bytes can say that something is wrong: from the first byte that
    /// could give it away to the end of what was broken. Of bytes that are cut off that is any.
    #[must_use]
    pub const fn blamed(&self) -> RangeInclusive<usize> {
        match self.breakage {
            Breakage::Cut => 0..=self.end,
            _ => self.start..=self.end,
        }
    }

    /// The same, with all offsets `by` higher.
    pub(super) fn moved(self, by: usize) -> Self {
        Self {
            start: self.start + by,
            end: self.end + by,
            ..self
        }
    }
}

/// As `FetchRequest v12: topics[0].partitions (byte 12): count above what is left, to be refused`.
impl fmt::Display for Broken {
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
        write!(f, "{}, {}", self.breakage, self.verdict())
    }
}
