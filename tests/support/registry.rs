//! All messages by name, with what the tests do to each. Also a part of the fuzz targets, which
//! have nothing else of the tests.
#![allow(dead_code, reason = "each test uses its own part")]

use std::collections::BTreeMap;

use kafka_codec::wire::{IntoOwned as _, Limits, Writer};
use kafka_codec::{
    Decode as _, DecodeError, EncodeError, Message, Version, VersionRange, messages,
};

/// The bytes of a message.
pub(crate) type Encoded = Result<Vec<u8>, EncodeError>;

/// How many bytes were left, and what was encoded of those before.
pub(crate) type Recoded = Result<(usize, Encoded), DecodeError>;

/// What can be done with a message whose type is not known at compile time.
#[derive(Copy, Clone)]
pub(crate) struct RegisteredMessage {
    pub(crate) name: &'static str,
    pub(crate) versions: VersionRange,
    pub(crate) flexible_from: Option<Version>,
    /// Encodes the default value.
    pub(crate) default: fn(Version) -> Encoded,
    /// Decodes all of the input.
    pub(crate) decode: fn(&[u8], Version) -> Result<(), DecodeError>,
    /// The same within other limits.
    pub(crate) decode_within: fn(&[u8], Version, Limits) -> Result<(), DecodeError>,
    /// Decodes the front of the input and encodes what it read.
    pub(crate) recode: fn(&[u8], Version) -> Recoded,
    /// What the message looks like.
    #[cfg(feature = "schema")]
    pub(crate) schema: Option<&'static kafka_codec::schema::Schema>,
    /// Decodes the input, detaches from it, sharing its blobs or not, and encodes that.
    pub(crate) own_and_encode: fn(&bytes::Bytes, Version, share: bool, &mut Writer),
    /// Decodes all of the input, and panics unless that encodes and decodes to the same again.
    pub(crate) round_trip: fn(&[u8], Version) -> Result<(), DecodeError>,
}

impl RegisteredMessage {
    pub(crate) fn is_flexible(&self, version: Version) -> bool {
        self.flexible_from.is_some_and(|first| first <= version)
    }
}

/// Every message there is.
pub(crate) fn registry() -> BTreeMap<&'static str, RegisteredMessage> {
    macro_rules! entries {
        ($($name:ident,)*) => { [$((stringify!($name), entry!($name))),*] };
    }
    BTreeMap::from(kafka_codec::for_all_messages!(entries))
}

/// Every message in every version.
pub(crate) fn pairs() -> Vec<(RegisteredMessage, Version)> {
    let entries = registry().into_values();
    entries
        .flat_map(|entry| entry.versions.iter().map(move |version| (entry, version)))
        .collect()
}

/// A macro, as a function could not name the type with the lifetimes of both decodings.
macro_rules! entry {
    ($name:ident) => {
        RegisteredMessage {
            name: stringify!($name),
            versions: <messages::$name<'_> as Message>::VERSIONS,
            flexible_from: <messages::$name<'_> as Message>::FLEXIBLE_FROM,
            default: |version| messages::$name::default().encode_to_vec(version),
            decode: |bytes, version| messages::$name::decode(bytes, version).map(drop),
            decode_within: |bytes, version, limits| {
                messages::$name::decode_with(bytes, version, limits).map(drop)
            },
            recode: |bytes, version| {
                let (message, rest) = messages::$name::decode_prefix(bytes, version)?;
                Ok((rest.len(), message.encode_to_vec(version)))
            },
            #[cfg(feature = "schema")]
            schema: <messages::$name<'_> as Message>::SCHEMA,
            own_and_encode: |frame, version, share, writer| {
                let message = messages::$name::decode(frame, version).expect("a valid body");
                let owned: messages::$name<'static> = if share {
                    message.clone().into_owned_in(frame)
                } else {
                    message.clone().into_owned()
                };
                assert_same(&message, &owned);
                owned
                    .encode(writer, version)
                    .expect("what was decoded encodes");
            },
            round_trip: |bytes, version| {
                let message = messages::$name::decode(bytes, version)?;
                let encoded = message
                    .encode_to_vec(version)
                    .expect("what decodes encodes");
                // Canonical bytes may be fewer, and the default limits grow with them.
                let again = messages::$name::decode_with(&encoded, version, Limits::UNLIMITED)
                    .expect("what was encoded decodes");
                assert_same(&message, &again);
                assert_eq!(
                    encoded,
                    again.encode_to_vec(version).expect("it encoded before")
                );
                Ok(())
            },
        }
    };
}
use entry;

fn assert_same<M: Message>(one: &M, other: &M) {
    let equal = |one: &M, other: &M| one == other;
    // A message with a NaN in it is not even equal to itself; its encoding is.
    if equal(one, one) {
        assert_eq!(one, other);
    }
}
