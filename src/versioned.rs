//! A message together with the version it is in, and the form in which the version stands in front of it.
//! What stands in front of whole records of a topic is in `internal_topics`.

use crate::wire::{IntoOwned, Limits, Reader, SharedFrame, Writer};
use crate::{Decode, DecodeError, EncodeError, Message, Version};

/// A message and the version that it was or will be written in.
///
/// Where bytes say themselves in which version they are, the version is an int16 in front of the message:
///
/// ```text
/// | version: int16 | message |
/// ```
///
/// That is so in the values of coordinators' records (see `internal_topics`), in what
/// consumers tell each other through JoinGroup and SyncGroup (`ConsumerProtocolSubscription` and
/// `ConsumerProtocolAssignment`), in the principal of an Envelope (`DefaultPrincipalData`), and in the files of
/// a log with the state of its producers (`ProducerSnapshot`).
///
/// # Examples
///
/// ```
/// use kafka_codec::messages::ConsumerProtocolSubscription;
/// use kafka_codec::{Version, Versioned};
///
/// // In the metadata of a group's member, as JoinGroup carries it.
/// let bytes = b"\0\0\0\0\0\x01\0\x06orders\xff\xff\xff\xff";
/// let subscription = Versioned::<ConsumerProtocolSubscription>::decode_prefixed(bytes)?;
/// assert_eq!(subscription.version, Version(0));
/// assert_eq!(subscription.message.topics, ["orders"]);
/// assert_eq!(subscription.encode_prefixed_to_vec()?, bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Versioned<M> {
    /// The version.
    pub version: Version,
    /// The message.
    pub message: M,
}

impl<M> Versioned<M> {
    /// `message`, to be written in `version`.
    pub const fn new(message: M, version: Version) -> Self {
        Self { version, message }
    }
}

impl<M: Message> Versioned<M> {
    /// The message that `bytes` are, behind its version; all of them, within default [`Limits`].
    ///
    /// # Errors
    ///
    /// As [`Decode::decode`]; offsets count from the start of the message, behind the version.
    pub fn decode_prefixed<'a>(bytes: &'a [u8]) -> Result<Self, DecodeError>
    where
        M: Decode<'a>,
    {
        Self::decode_prefixed_with(bytes, Limits::default())
    }

    /// The message that `bytes` are, behind its version; all of them, within `limits`.
    ///
    /// # Errors
    ///
    /// As [`decode_prefixed`](Self::decode_prefixed).
    pub fn decode_prefixed_with<'a>(bytes: &'a [u8], limits: Limits) -> Result<Self, DecodeError>
    where
        M: Decode<'a>,
    {
        let (version, body) = split_int16(bytes, M::NAME, M::VERSIONS.min())?;
        let version = Version(version);
        let message = M::decode_with(body, version, limits)?;
        Ok(Self { version, message })
    }

    /// As [`decode_prefixed`](Self::decode_prefixed), but a version above the known ones is read as the
    /// highest of them, and bytes after the message are passed over.
    ///
    /// Kafka's clients read what other members of a group sent in this way. The version is the one that
    /// the message was read in, so what a newer client added is lost when it is written again.
    ///
    /// # Errors
    ///
    /// As [`Decode::decode_prefix`].
    pub fn decode_prefixed_leniently<'a>(bytes: &'a [u8]) -> Result<Self, DecodeError>
    where
        M: Decode<'a>,
    {
        let (version, body) = split_int16(bytes, M::NAME, M::VERSIONS.min())?;
        let version = Version(version).min(M::VERSIONS.max());
        let (message, _) = M::decode_prefix(body, version)?;
        Ok(Self { version, message })
    }

    /// Appends the version and the message to `writer`.
    ///
    /// # Errors
    ///
    /// As [`Message::encode`].
    pub fn encode_prefixed(&self, writer: &mut Writer) -> Result<(), EncodeError> {
        writer.all_or_nothing(|writer| {
            writer.i16(self.version.0);
            self.message.encode(writer, self.version)
        })
    }

    /// The version and the message as bytes of their own.
    ///
    /// # Errors
    ///
    /// As [`Message::encode`].
    pub fn encode_prefixed_to_vec(&self) -> Result<Vec<u8>, EncodeError> {
        let mut writer = Writer::new();
        self.encode_prefixed(&mut writer)?;
        Ok(writer.into_vec())
    }
}

impl<M: IntoOwned> IntoOwned for Versioned<M> {
    type Owned = Versioned<M::Owned>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> Self::Owned {
        Versioned {
            version: self.version,
            message: self.message.own(frame),
        }
    }
}

/// The int16 in front of a message, which is its version or its type, and the bytes after it. An error
/// names `message` and `version`.
pub(crate) fn split_int16<'a>(
    bytes: &'a [u8],
    message: &'static str,
    version: Version,
) -> Result<(i16, &'a [u8]), DecodeError> {
    let mut reader = Reader::new(bytes);
    let number = reader.i16();
    let number = number.map_err(|error| error.in_message(message, version))?;
    Ok((number, reader.rest()))
}
