//! The enum of APIs and the table of what is known of each. What the table says is asked in the
//! other files of this folder; the table itself is generated.

mod class;
mod headers;
mod listener;
mod names;
mod versions;

pub use class::{ApiClass, Routing};
pub use headers::{HeaderRanges, HeaderVersions};
pub use listener::{Listener, Listeners};
pub use names::ParseApiKeyError;

use crate::VersionRange;

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
    /// The name of its constant in Java.
    constant: &'static str,
    /// Other names than these two.
    aliases: &'static [&'static str],
    versions: VersionRange,
    latest_unstable: bool,
    flexible_since: Option<i16>,
    headers: HeaderRanges,
    listeners: Listeners,
    class: Option<ApiClass>,
    is_read_only: bool,
    is_repeatable: bool,
    routing: Option<Routing>,
    /// The first version to which a throttling broker answers before the throttle time is over.
    throttles_since: Option<i16>,
    since: Option<&'static str>,
    removed_in: Option<&'static str>,
    /// From which release on there are which stable versions. None at all is 0 to -1.
    releases: &'static [(&'static str, i16, i16)],
}

macro_rules! api_keys {
    (
        releases: [$($release:literal),* $(,)?];
        $($(#[$doc:meta])* $name:ident = $number:literal { $($field:ident: $value:expr,)* })*
    ) => {
        /// An API of Kafka's protocol, by the number in front of every request.
        ///
        /// Numbers that are not known here are kept. Later releases may add variants.
        ///
        /// # Examples
        ///
        /// ```
        /// use kafka_codec::{ApiClass, ApiKey, Listener, Version, VersionRange};
        ///
        /// assert_eq!(ApiKey::from_number(1), ApiKey::Fetch);
        /// assert_eq!(ApiKey::Fetch.number(), 1);
        /// assert_eq!(ApiKey::Fetch.to_string(), "Fetch");
        /// assert_eq!("sasl-handshake".parse(), Ok(ApiKey::SaslHandshake));
        ///
        /// assert_eq!(ApiKey::Fetch.versions_in("4.0"), VersionRange::new(4, 17));
        /// assert_eq!(ApiKey::Fetch.flexible_since(), Some(Version(12)));
        /// assert_eq!(ApiKey::Fetch.class(), Some(ApiClass::Data));
        /// assert!(ApiKey::Fetch.listeners().contains(Listener::Controller));
        /// assert_eq!(ApiKey::ShareFetch.since(), Some("4.1"));
        /// assert_eq!(ApiKey::StopReplica.removed_in(), Some("4.0"));
        ///
        /// assert_eq!(ApiKey::from_number(12345).number(), 12345);
        /// assert_eq!(ApiKey::from_number(12345).to_string(), "unknown API 12345");
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

            /// The releases of Kafka of which the versions are known, oldest first.
            ///
            /// [`versions_in`](Self::versions_in) takes any of them.
            pub const RELEASES: &'static [&'static str] = &[$($release,)*];

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
                        &Row { number: $number, name: stringify!($name), $($field: $value,)* }
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
    #[inline]
    pub const fn number(self) -> i16 {
        match self {
            Self::Unknown(unknown) => unknown.0,
            _ => match self.row() {
                Some(row) => row.number,
                None => -1,
            },
        }
    }

    /// The kinds of node that serve it, in the newest release that has it; none if the API is unknown.
    #[must_use]
    pub const fn listeners(self) -> Listeners {
        match self.row() {
            Some(row) => row.listeners,
            None => Listeners::NONE,
        }
    }
}

impl From<i16> for ApiKey {
    fn from(number: i16) -> Self {
        Self::from_number(number)
    }
}
