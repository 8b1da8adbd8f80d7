//! The codes that brokers report failures with, their names and meanings.
//! The table is generated; what to do about an error is not decided here.

use std::str::FromStr;
use std::{error, fmt};

use crate::ApiKey;
use crate::name::{Readable, UnknownName, same};
#[cfg(feature = "schema")]
use crate::schema::Enumeration;

/// An error code: the value of `int16` fields whose name ends in `ErrorCode`. 0 is success.
///
/// Any number is kept, so that codes of newer brokers survive.
///
/// # Examples
///
/// ```
/// use kafka_codec::ErrorCode;
///
/// let error = ErrorCode(6);
/// assert_eq!(error, ErrorCode::NOT_LEADER_OR_FOLLOWER);
/// assert_eq!(error.to_string(), "NOT_LEADER_OR_FOLLOWER (6)");
/// assert!(error.is_retriable() && error.refreshes_metadata());
/// assert!(error.meaning().is_some_and(|meaning| meaning.contains("does not lead")));
///
/// assert!(ErrorCode::NONE.is_none());
/// assert_eq!(error.ok(), Err(ErrorCode::NOT_LEADER_OR_FOLLOWER));
/// assert_eq!(ErrorCode(999).to_string(), "unknown error 999");
/// ```
///
/// See <https://kafka.apache.org/protocol#protocol_error_codes>.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i16);

/// What is known of an error.
#[derive(Debug)]
struct Row {
    name: &'static str,
    former: &'static [&'static str],
    is_retriable: bool,
    refreshes_metadata: bool,
    remedy: Option<Remedy>,
    meaning: &'static str,
    /// What is known of requests that it answers; of other APIs nothing is.
    applied: &'static [(ApiKey, Applied)],
}

/// The effect of a request that a broker answered with an error.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Applied {
    /// The request was not applied: the broker reports the error before it changes anything.
    No,
    /// The request may have been applied.
    Possibly,
    /// The request was applied, now or when it was sent before.
    Yes,
}

/// What to do first after an error, where its [flags](ErrorCode::is_retriable) do not say it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Wait. The right broker was asked.
    Wait,
    /// Request metadata, which names the right broker.
    RefreshMetadata,
    /// Request the coordinator.
    FindCoordinator,
    /// Start again from the bootstrap servers.
    Rebootstrap,
    /// Authenticate with valid credentials.
    Authenticate,
}

macro_rules! error_codes {
    ($($(#[doc = $line:literal])* $name:ident = $code:literal, $alias:literal { $($field:ident: $value:expr,)* })*) => {
        impl ErrorCode {
            $($(#[doc = $line])* #[doc(alias = $alias)] pub const $name: Self = Self($code);)*

            /// The names and codes, for tables.
            #[cfg(feature = "schema")]
            #[doc(hidden)]
            pub const ENUMERATION: &'static Enumeration =
                &Enumeration::of_numbers("ErrorCode", &[$(($code, stringify!($name)),)*]);

            /// Every known code, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            const fn row(self) -> Option<&'static Row> {
                match self.0 {
                    $($code => Some(const {
                        &Row {
                            name: stringify!($name),
                            meaning: concat!($($line),*).trim_ascii_start(),
                            $($field: $value,)*
                        }
                    }),)*
                    _ => None,
                }
            }
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/error_codes.rs"));

impl ErrorCode {
    /// Returns `true` if this is success.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Returns `Ok` for success, and the code as an error otherwise, for `?`.
    ///
    /// # Errors
    ///
    /// The code itself, unless it is [`NONE`](Self::NONE).
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::ErrorCode;
    /// use kafka_codec::messages::SaslHandshakeResponse;
    ///
    /// fn check(response: &SaslHandshakeResponse<'_>) -> Result<(), Box<dyn std::error::Error>> {
    ///     response.error_code.ok()?;
    ///     Ok(())
    /// }
    ///
    /// let refusal = SaslHandshakeResponse { error_code: ErrorCode(33), ..Default::default() };
    /// assert_eq!(check(&refusal).unwrap_err().to_string(), "UNSUPPORTED_SASL_MECHANISM (33)");
    /// ```
    #[inline]
    pub const fn ok(self) -> Result<(), Self> {
        match self.is_none() {
            true => Ok(()),
            false => Err(self),
        }
    }

    /// Kafka's name, such as `NOT_LEADER_OR_FOLLOWER`; `None` if the code is unknown.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self.row() {
            Some(row) => Some(row.name),
            None => None,
        }
    }

    /// Kafka's name, and those it had before; none if the code is unknown.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let row = self.row().into_iter();
        row.flat_map(|row| [row.name].into_iter().chain(row.former.iter().copied()))
    }

    /// The code with this name, which may be any of [`names`](Self::names). Case, hyphens,
    /// underscores and blanks do not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::ErrorCode;
    ///
    /// assert_eq!(ErrorCode::from_name("rebalance in progress"), Some(ErrorCode(27)));
    /// assert_eq!(ErrorCode::from_name("NOT_LEADER_FOR_PARTITION"), Some(ErrorCode(6)));
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut codes = Self::ALL.iter().copied();
        codes.find(|code| code.names().any(|known| same(known, name)))
    }

    /// Returns `true` if the same request can succeed later: Kafka's own clients send it again. False if the
    /// code is unknown.
    ///
    /// Of requests that write, some may have been carried out all the same.
    #[must_use]
    pub const fn is_retriable(self) -> bool {
        match self.row() {
            Some(row) => row.is_retriable,
            None => false,
        }
    }

    /// Returns `true` if what the client knows of the cluster is out of date: Kafka's own clients ask for new
    /// metadata. False if the code is unknown.
    #[must_use]
    pub const fn refreshes_metadata(self) -> bool {
        match self.row() {
            Some(row) => row.refreshes_metadata,
            None => false,
        }
    }

    /// What to do first after this error, where its flags do not say it. `None` also if the code is unknown.
    #[must_use]
    pub const fn remedy(self) -> Option<Remedy> {
        match self.row() {
            Some(row) => row.remedy,
            None => None,
        }
    }

    /// Returns whether a request of `key` that a broker answered with this code was applied.
    ///
    /// The code of Kafka's brokers and controllers decides: `protocol-json/errors.json` names class and method of each
    /// case. [`Applied::Possibly`] where nothing is proven. For responses with a code for each item, such as a partition,
    /// this holds for the item.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::{ApiKey, Applied, ErrorCode};
    ///
    /// // Refused before the append.
    /// let applied = ErrorCode::NOT_ENOUGH_REPLICAS.applied(ApiKey::Produce);
    /// assert_eq!(applied, Applied::No);
    ///
    /// // With acks=all, leadership may move after the append.
    /// let applied = ErrorCode::NOT_LEADER_OR_FOLLOWER.applied(ApiKey::Produce);
    /// assert_eq!(applied, Applied::Possibly);
    ///
    /// assert_eq!(ErrorCode::NONE.applied(ApiKey::Produce), Applied::Yes);
    /// ```
    #[must_use]
    pub fn applied(self, key: ApiKey) -> Applied {
        if self.is_none() {
            return Applied::Yes;
        }
        let known = self.row().map_or(&[][..], |row| row.applied).iter();
        let known = known.copied().find(|(known, _)| *known == key);
        known.map_or(Applied::Possibly, |(_, applied)| applied)
    }

    /// Returns the meaning in a sentence for whoever reads the log; `None` if the code is unknown.
    #[must_use]
    pub const fn meaning(self) -> Option<&'static str> {
        match self.row() {
            Some(row) => Some(row.meaning),
            None => None,
        }
    }
}

impl From<i16> for ErrorCode {
    fn from(number: i16) -> Self {
        Self(number)
    }
}

/// Name and number, as `NOT_LEADER_OR_FOLLOWER (6)`, or `unknown error 999`.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "unknown error {}", self.0),
        }
    }
}

/// So that a code can be returned and wrapped as an error. [`ErrorCode::ok`] tells success from failure.
impl error::Error for ErrorCode {}

/// Reads a name as [`ErrorCode::from_name`] does, or a number, which need not be a known one.
///
/// # Examples
///
/// ```
/// use kafka_codec::ErrorCode;
///
/// assert_eq!("NotCoordinator".parse(), Ok(ErrorCode::NOT_COORDINATOR));
/// assert_eq!("-1".parse(), Ok(ErrorCode::UNKNOWN_SERVER_ERROR));
///
/// let error = "NOT_CORDINATOR".parse::<ErrorCode>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "unknown error code `NOT_CORDINATOR`: did you mean `NOT_COORDINATOR`?"
/// );
/// ```
impl FromStr for ErrorCode {
    type Err = ParseErrorCodeError;

    fn from_str(text: &str) -> Result<Self, ParseErrorCodeError> {
        if let Some(code) = Self::from_name(text) {
            return Ok(code);
        }
        match text.trim().parse() {
            Ok(number) => Ok(Self(number)),
            Err(_) => {
                let names: Vec<_> = Self::ALL.iter().flat_map(|code| code.names()).collect();
                Err(ParseErrorCodeError(UnknownName::new(text, &names)))
            }
        }
    }
}

/// A text that is neither the name of an error code nor a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseErrorCodeError(UnknownName);

impl ParseErrorCodeError {
    /// The name that looks most like the text, if any does.
    #[must_use]
    pub const fn suggestion(&self) -> Option<&'static str> {
        self.0.suggestion()
    }
}

impl fmt::Display for ParseErrorCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = Readable::NamesAndNumbers;
        self.0
            .write(f, "error code", "NOT_LEADER_OR_FOLLOWER", read)
    }
}

impl error::Error for ParseErrorCodeError {}
