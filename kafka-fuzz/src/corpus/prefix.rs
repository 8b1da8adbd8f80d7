//! What stands in front of a body in a seed, for fuzz targets that learn from it which message follows.

use std::fmt;
use std::str::FromStr;

use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::{HeaderVersions, Message as _};
use thiserror::Error;

use super::Seed;
use crate::{Direction, Unit};

/// What stands in front of the body in each seed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Prefix {
    /// Nothing.
    None,
    /// API key and version, two bytes each, big-endian.
    #[default]
    KeyVersion,
    /// API key and version, two bytes each, little-endian.
    KeyVersionLe,
    /// API key and version, one byte each.
    KeyVersionBytes,
    /// The header of the request or response.
    Header,
    /// The size of the frame and the header: seeds are whole frames.
    SizeAndHeader,
}

impl Prefix {
    /// All prefixes.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::KeyVersion,
        Self::KeyVersionLe,
        Self::KeyVersionBytes,
        Self::Header,
        Self::SizeAndHeader,
    ];

    /// The name, as [`FromStr`] reads it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::KeyVersion => "key-version",
            Self::KeyVersionLe => "key-version-le",
            Self::KeyVersionBytes => "key-version-bytes",
            Self::Header => "header",
            Self::SizeAndHeader => "size-header",
        }
    }

    /// Returns the bytes of a seed with this prefix.
    #[must_use]
    pub fn apply(self, seed: &Seed) -> Vec<u8> {
        let (target, body) = (seed.target(), seed.bytes());
        let (key, version) = (target.api_key().number(), target.version().0);
        if seed.unit() == Unit::Frame {
            let without_size = body.get(4..).unwrap_or_default();
            return match self {
                Self::SizeAndHeader => body.to_vec(),
                _ => without_size.to_vec(),
            };
        }
        match self {
            Self::None => body.to_vec(),
            Self::KeyVersion => [&key.to_be_bytes(), &version.to_be_bytes(), body].concat(),
            Self::KeyVersionLe => [&key.to_le_bytes(), &version.to_le_bytes(), body].concat(),
            Self::KeyVersionBytes => {
                let [_, key] = key.to_be_bytes();
                let [_, version] = version.to_be_bytes();
                [&[key, version], body].concat()
            }
            Self::Header => [&header(seed), body].concat(),
            Self::SizeAndHeader => {
                let header = header(seed);
                let size = u32::try_from(header.len() + body.len()).unwrap_or(u32::MAX);
                [&size.to_be_bytes(), header.as_slice(), body].concat()
            }
        }
    }
}

/// The header of a request with this client id, or of its response.
fn header(seed: &Seed) -> Vec<u8> {
    let target = seed.target();
    let versions = HeaderVersions::of(target.api_key(), target.version());
    let header = match target.direction() {
        Direction::Request => RequestHeader {
            request_api_key: target.api_key().number(),
            request_api_version: target.version().0,
            correlation_id: CORRELATION_ID,
            client_id: Some("kafka-fuzz".into()),
            ..RequestHeader::default()
        }
        .encode_to_vec(versions.request),
        Direction::Response => ResponseHeader {
            correlation_id: CORRELATION_ID,
            ..ResponseHeader::default()
        }
        .encode_to_vec(versions.response),
    };
    header.expect("headers have the versions that messages ask for")
}

const CORRELATION_ID: i32 = 1;

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Prefix {
    type Err = UnknownPrefix;

    fn from_str(text: &str) -> Result<Self, UnknownPrefix> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|prefix| prefix.name() == text);
        found.ok_or_else(|| UnknownPrefix(text.to_owned()))
    }
}

/// A text that is not the name of a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "unknown prefix `{0}` (expected none, key-version, key-version-le, key-version-bytes, header or size-header)"
)]
pub struct UnknownPrefix(String);
