//! Which APIs there are: their numbers, names, versions and headers.

use std::fmt;

use crate::{Version, VersionRange};

/// The number of an API that is not known here.
///
/// It cannot be made from outside, so that `ApiKey::Unknown` never holds the number of a known API.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownApiKey(i16);

impl UnknownApiKey {
    /// The number.
    #[must_use]
    pub const fn number(self) -> i16 {
        self.0
    }
}

/// What is known of an API.
#[derive(Debug)]
struct Row {
    number: i16,
    name: &'static str,
    versions: VersionRange,
    /// From which version on which header goes before requests.
    request_headers: &'static [(i16, i16)],
    response_headers: &'static [(i16, i16)],
}

macro_rules! api_keys {
    ($(
        $(#[$doc:meta])*
        $name:ident = $number:literal,
        versions $min:literal to $max:literal,
        request $request:tt,
        response $response:tt;
    )*) => {
        /// An API of Kafka's protocol, by the number in front of every request.
        ///
        /// Numbers that are not known here are kept. Later releases may add variants.
        ///
        /// # Examples
        ///
        /// ```
        /// use kafka_codec::{ApiKey, Version};
        ///
        /// assert_eq!(ApiKey::from_number(1), ApiKey::Fetch);
        /// assert_eq!(ApiKey::Fetch.number(), 1);
        /// assert_eq!(ApiKey::Fetch.to_string(), "Fetch");
        /// assert_eq!(ApiKey::from_number(12345).number(), 12345);
        /// assert_eq!(ApiKey::from_number(12345).to_string(), "unknown API 12345");
        /// // The response of ApiVersions never has tagged fields in its header.
        /// assert_eq!(ApiKey::ApiVersions.request_header_version(Version(3)), Version(2));
        /// assert_eq!(ApiKey::ApiVersions.response_header_version(Version(3)), Version(0));
        /// ```
        ///
        /// See <https://kafka.apache.org/protocol#protocol_api_keys>.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ApiKey {
            $($(#[$doc])* $name,)*
            /// An API that is not known here.
            Unknown(UnknownApiKey),
        }

        impl ApiKey {
            /// Every known API, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The API with this number.
            #[must_use]
            pub const fn from_number(number: i16) -> Self {
                match number {
                    $($number => Self::$name,)*
                    _ => Self::Unknown(UnknownApiKey(number)),
                }
            }

            const fn row(self) -> Option<&'static Row> {
                match self {
                    $(Self::$name => Some(const {
                        &Row {
                            number: $number,
                            name: stringify!($name),
                            versions: VersionRange::generated($min, $max),
                            request_headers: &$request,
                            response_headers: &$response,
                        }
                    }),)*
                    Self::Unknown(_) => None,
                }
            }
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/api_keys.rs"));

impl ApiKey {
    /// The number.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::Unknown(unknown) => unknown.0,
            _ => match self.row() {
                Some(row) => row.number,
                None => -1,
            },
        }
    }

    /// Kafka's display name, such as `Fetch`; `None` if the API is unknown.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self.row() {
            Some(row) => Some(row.name),
            None => None,
        }
    }

    /// All versions known here; `None` if the API is unknown.
    #[must_use]
    pub const fn versions(self) -> Option<VersionRange> {
        match self.row() {
            Some(row) => Some(row.versions),
            None => None,
        }
    }

    /// The version of the header that goes before requests in `version`.
    ///
    /// Versions above the known have that of the last known one, and unknown APIs 2, which all new
    /// APIs have: so the header of a request that cannot be served can still be read.
    #[must_use]
    pub fn request_header_version(self, version: Version) -> Version {
        header_version(self.row().map(|row| row.request_headers), version).unwrap_or(Version(2))
    }

    /// The version of the header that goes before responses in `version`; for versions above the
    /// known, and for unknown APIs, as in
    /// [`request_header_version`](Self::request_header_version).
    #[must_use]
    pub fn response_header_version(self, version: Version) -> Version {
        header_version(self.row().map(|row| row.response_headers), version).unwrap_or(Version(1))
    }
}

fn header_version(headers: Option<&[(i16, i16)]>, version: Version) -> Option<Version> {
    let headers = headers?;
    let reached = headers.iter().rev().find(|(from, _)| *from <= version.0);
    reached
        .or_else(|| headers.first())
        .map(|(_, header)| Version(*header))
}

impl From<i16> for ApiKey {
    fn from(number: i16) -> Self {
        Self::from_number(number)
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "unknown API {}", self.number()),
        }
    }
}
