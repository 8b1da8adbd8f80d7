//! Records of coordinators: a key with the record's type in front and a value with its version in front,
//! and the macro for the enum over those of a topic. Which there are is generated.

use crate::versioned::split_int16;
use crate::wire::{Blob, IntoOwned, Limits, SharedFrame};
use crate::{Decode, DecodeError, EncodeError, Message, Version, Versioned};

/// A record of a type that is not known here, or with a value in a version that is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownCoordinatorRecord<'a> {
    /// The number of the type, with which the key begins.
    pub record_type: i16,
    /// The bytes of the key behind its type.
    pub key: Blob<'a>,
    /// All bytes of the value, its version included; `None` if it is null.
    pub value: Option<Blob<'a>>,
}

impl IntoOwned for UnknownCoordinatorRecord<'_> {
    type Owned = UnknownCoordinatorRecord<'static>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> Self::Owned {
        UnknownCoordinatorRecord {
            record_type: self.record_type,
            key: self.key.own(frame),
            value: self.value.own(frame),
        }
    }
}

/// Returns `true` if there is no value, or one that can be read as `V`. One that is cut off before its version is
/// left to reading, which fails.
pub(super) fn is_known<V: Message>(value: Option<&[u8]>) -> bool {
    let version = value.and_then(|value| value.first_chunk().copied());
    version.is_none_or(|version| V::VERSIONS.contains(Version(i16::from_be_bytes(version))))
}

/// The value of a record of a known type.
pub(super) fn read_value<'a, V: Decode<'a>>(
    value: Option<&'a [u8]>,
    limits: Limits,
) -> Result<Option<Versioned<V>>, DecodeError> {
    let value = value.map(|value| Versioned::decode_prefixed_with(value, limits));
    value.transpose()
}

/// The type with which a key begins, and the bytes after it.
pub(super) fn split_key<'a>(
    key: &'a [u8],
    name: &'static str,
) -> Result<(i16, &'a [u8]), DecodeError> {
    split_int16(key, name, KEY_VERSION)
}

/// The bytes of a key.
pub(super) fn write_key(record_type: i16, key: &impl Message) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = record_type.to_be_bytes().to_vec();
    bytes.extend(key.encode_to_vec(KEY_VERSION)?);
    Ok(bytes)
}

/// The bytes of a value, if it is not null.
pub(super) fn write_value(
    value: Option<&Versioned<impl Message>>,
) -> Result<Option<Vec<u8>>, EncodeError> {
    value.map(Versioned::encode_prefixed_to_vec).transpose()
}

/// Keys have one version: the number in front of them is their type.
pub(super) const KEY_VERSION: Version = Version(0);

macro_rules! coordinator_records {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal: $key:ident, $value:ident;)* }) => {
        $(#[$doc])*
        ///
        /// Later releases may add variants: see [`internal_topics`](self).
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "a box would cost an allocation a record")]
        pub enum $name<'a> {
            $(
                #[doc = concat!("Type ", $number, ".")]
                $variant {
                    /// What the record is about.
                    key: messages::$key<'a>,
                    /// What is so from now on; `None`, which is null, if there is nothing any more.
                    value: Option<Versioned<messages::$value<'a>>>,
                },
            )*
            /// A record of a type or version that is not known here.
            Unknown(UnknownCoordinatorRecord<'a>),
        }

        impl<'a> $name<'a> {
            /// The record that `key` and `value` are, all of them, within default [`Limits`].
            ///
            /// # Errors
            ///
            /// As [`Decode::decode`](crate::Decode::decode); offsets count from the start of the message, behind the
            /// type or the version. Bytes after a message are refused, where Kafka passes over them.
            #[inline]
            pub fn decode(key: &'a [u8], value: Option<&'a [u8]>) -> Result<Self, DecodeError> {
                Self::decode_with(key, value, Limits::default())
            }

            /// The record that `key` and `value` are, all of them, each within `limits`.
            ///
            /// # Errors
            ///
            /// As [`decode`](Self::decode).
            #[inline]
            pub fn decode_with(
                key: &'a [u8],
                value: Option<&'a [u8]>,
                limits: Limits,
            ) -> Result<Self, DecodeError> {
                let name = concat!("key of ", stringify!($name));
                let (record_type, key) = coordinator::split_key(key, name)?;
                Ok(match record_type {
                    $(
                        $number if coordinator::is_known::<messages::$value<'_>>(value) => Self::$variant {
                            key: messages::$key::decode_with(key, coordinator::KEY_VERSION, limits)?,
                            value: coordinator::read_value(value, limits)?,
                        },
                    )*
                    _ => Self::Unknown(UnknownCoordinatorRecord {
                        record_type,
                        key: key.into(),
                        value: value.map(Into::into),
                    }),
                })
            }

            /// The bytes of the key, its type in front.
            ///
            /// # Errors
            ///
            /// As [`Message::encode`].
            #[inline]
            pub fn encode_key_to_vec(&self) -> Result<Vec<u8>, EncodeError> {
                match self {
                    $(Self::$variant { key, .. } => coordinator::write_key($number, key),)*
                    Self::Unknown(unknown) => {
                        let record_type = unknown.record_type.to_be_bytes();
                        Ok([&record_type, unknown.key.as_slice()].concat())
                    }
                }
            }

            /// The bytes of the value, its version in front; `None` if it is null.
            ///
            /// # Errors
            ///
            /// As [`Message::encode`].
            #[inline]
            pub fn encode_value_to_vec(&self) -> Result<Option<Vec<u8>>, EncodeError> {
                match self {
                    $(Self::$variant { value, .. } => coordinator::write_value(value.as_ref()),)*
                    Self::Unknown(unknown) => Ok(unknown.value.as_ref().map(|value| value.to_vec())),
                }
            }

            /// The number of its type.
            #[must_use]
            pub const fn record_type(&self) -> i16 {
                match self {
                    $(Self::$variant { .. } => $number,)*
                    Self::Unknown(unknown) => unknown.record_type,
                }
            }

            /// Kafka's name of the type, such as `OffsetCommit`; `None` if it is unknown.
            #[must_use]
            pub const fn name(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant { .. } => Some(stringify!($variant)),)*
                    Self::Unknown(_) => None,
                }
            }

            /// Returns `true` if the value is null, so that what was stored under the key is no more.
            #[must_use]
            pub const fn is_tombstone(&self) -> bool {
                match self {
                    $(Self::$variant { value, .. } => value.is_none(),)*
                    Self::Unknown(unknown) => unknown.value.is_none(),
                }
            }
        }

        impl IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            #[inline]
            fn own(self, frame: Option<&$crate::wire::SharedFrame<'_>>) -> Self::Owned {
                match self {
                    $(Self::$variant { key, value } => $name::$variant {
                        key: key.own(frame),
                        value: value.own(frame),
                    },)*
                    Self::Unknown(unknown) => $name::Unknown(unknown.own(frame)),
                }
            }
        }
    };
}
