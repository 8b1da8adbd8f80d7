//! Records that are a value only, with a frame version, their type and their version in front, and the
//! macro for the enum over those of a topic. Which there are is generated.

use crate::wire::{Blob, IntoOwned, Reader, SharedFrame, Writer};
use crate::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Version, VersionRange};

/// A record of a type that is not known here, or in a version that is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownRecord<'a> {
    /// The number of the type.
    pub record_type: i16,
    /// The bytes behind the frame.
    pub body: Blob<'a>,
}

impl IntoOwned for UnknownRecord<'_> {
    type Owned = UnknownRecord<'static>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> Self::Owned {
        UnknownRecord {
            record_type: self.record_type,
            body: self.body.own(frame),
        }
    }
}

/// The numbers in front of a record, taken off.
pub(super) struct Unframed<'a> {
    pub(super) record_type: i16,
    pub(super) version: Version,
    pub(super) body: &'a [u8],
}

impl<'a> Unframed<'a> {
    /// The frame of `value`; `name` is that of the record, for errors.
    pub(super) fn new(value: &'a [u8], name: &'static str) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let mut next = || {
            let offset = reader.offset();
            let number = reader.unsigned_varint();
            let number = number.map_err(|error| error.in_message(name, FRAME_VERSION))?;
            i16::try_from(number).map_err(|_| {
                let kind = DecodeErrorKind::NumberTooLarge { number };
                DecodeError::new(kind, offset).in_message(name, FRAME_VERSION)
            })
        };
        let frame_version = Version(next()?);
        if frame_version != FRAME_VERSION {
            let kind = DecodeErrorKind::UnsupportedVersion {
                version: frame_version,
                supported: VersionRange::only(FRAME_VERSION.0),
            };
            return Err(DecodeError::new(kind, 0).in_message(name, frame_version));
        }
        let (record_type, version) = (next()?, Version(next()?));
        Ok(Self {
            record_type,
            version,
            body: reader.rest(),
        })
    }
}

/// Appends the frame of a record.
pub(super) fn write_frame(
    writer: &mut Writer,
    record_type: i16,
    version: Version,
    name: &'static str,
) -> Result<(), EncodeError> {
    let number = |number: i16| {
        u32::try_from(number).map_err(|_| {
            let supported = VersionRange::generated(0, i16::MAX);
            let kind = EncodeErrorKind::UnsupportedVersion { supported };
            EncodeError::new(kind, None).in_message(name, Version(number))
        })
    };
    let (record_type, version) = (number(record_type)?, number(version.0)?);
    writer.unsigned_varint(number(FRAME_VERSION.0)?);
    writer.unsigned_varint(record_type);
    writer.unsigned_varint(version);
    Ok(())
}

/// The one frame version there is. 0 was that of the preview in Kafka 2.8, with another layout.
const FRAME_VERSION: Version = Version(1);

macro_rules! framed_records {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal: $message:ident;)* }) => {
        $(#[$doc])*
        ///
        /// Later releases may add variants: see [`internal_topics`](self).
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "a box would cost an allocation a record")]
        pub enum $name<'a> {
            $(
                #[doc = concat!("[`", stringify!($message), "`](messages::", stringify!($message), "), type ", $number, ".")]
                $variant(messages::$message<'a>),
            )*
            /// A record of a type or version that is not known here.
            Unknown(UnknownRecord<'a>),
        }

        impl<'a> $name<'a> {
            /// The record that the value `value` is, all of it, and its version, within default [`Limits`].
            ///
            /// # Errors
            ///
            /// [`UnsupportedVersion`](crate::DecodeErrorKind::UnsupportedVersion) of the frame,
            /// [`NumberTooLarge`](crate::DecodeErrorKind::NumberTooLarge), else as
            /// [`Decode::decode`](crate::Decode::decode); offsets count from the start of the message, behind the frame.
            #[inline]
            pub fn decode(value: &'a [u8]) -> Result<Versioned<Self>, DecodeError> {
                Self::decode_with(value, Limits::default())
            }

            /// The record that the value `value` is, all of it, and its version, within `limits`.
            ///
            /// # Errors
            ///
            /// As [`decode`](Self::decode).
            #[inline]
            pub fn decode_with(value: &'a [u8], limits: Limits) -> Result<Versioned<Self>, DecodeError> {
                let name = concat!("frame of ", stringify!($name));
                let framed::Unframed { record_type, version, body } = framed::Unframed::new(value, name)?;
                let message = match record_type {
                    $(
                        $number if messages::$message::VERSIONS.contains(version) => {
                            Self::$variant(messages::$message::decode_with(body, version, limits)?)
                        }
                    )*
                    _ => Self::Unknown(UnknownRecord { record_type, body: body.into() }),
                };
                Ok(Versioned { version, message })
            }

            /// Appends frame and record to `writer`; the numbers of the frame in their shortest form.
            ///
            /// # Errors
            ///
            /// As [`Message::encode`], which leaves the writer as it was; and
            /// [`UnsupportedVersion`](crate::EncodeErrorKind::UnsupportedVersion) if the type or the
            /// version of an unknown record is negative.
            #[inline]
            pub fn encode(&self, writer: &mut Writer, version: Version) -> Result<(), EncodeError> {
                let name = concat!("frame of ", stringify!($name));
                writer.all_or_nothing(|writer| {
                    framed::write_frame(writer, self.record_type(), version, name)?;
                    match self {
                        $(Self::$variant(message) => message.encode(writer, version),)*
                        Self::Unknown(unknown) => writer.bytes(&unknown.body),
                    }
                })
            }

            /// Frame and record as bytes of their own.
            ///
            /// # Errors
            ///
            /// As [`encode`](Self::encode).
            #[inline]
            pub fn encode_to_vec(&self, version: Version) -> Result<Vec<u8>, EncodeError> {
                let mut writer = Writer::new();
                self.encode(&mut writer, version)?;
                Ok(writer.into_vec())
            }

            /// The number of its type.
            #[must_use]
            pub const fn record_type(&self) -> i16 {
                match self {
                    $(Self::$variant(_) => $number,)*
                    Self::Unknown(unknown) => unknown.record_type,
                }
            }

            /// Kafka's name of the message, such as `TopicRecord`; `None` if it is unknown.
            #[must_use]
            pub const fn name(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant(_) => Some(stringify!($message)),)*
                    Self::Unknown(_) => None,
                }
            }
        }

        impl IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            #[inline]
            fn own(self, frame: Option<&$crate::wire::SharedFrame<'_>>) -> Self::Owned {
                match self {
                    $(Self::$variant(message) => $name::$variant(message.own(frame)),)*
                    Self::Unknown(unknown) => $name::Unknown(unknown.own(frame)),
                }
            }
        }

        $(
            impl<'a> From<messages::$message<'a>> for $name<'a> {
                fn from(message: messages::$message<'a>) -> Self {
                    Self::$variant(message)
                }
            }
        )*
    };
}
