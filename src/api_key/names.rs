//! The names of an API, and finding it by any of them.

use std::str::FromStr;
use std::{error, fmt};

use super::ApiKey;
use crate::name::{Readable, UnknownName, same};

impl ApiKey {
    /// Kafka's display name, such as `ListOffsets`; `None` if the API is unknown.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self.row() {
            Some(row) => Some(row.name),
            None => None,
        }
    }

    /// The name of its constant in Kafka's Java code, such as `LIST_OFFSETS`; `None` if the API is
    /// unknown.
    #[must_use]
    pub const fn constant_name(self) -> Option<&'static str> {
        match self.row() {
            Some(row) => Some(row.constant),
            None => None,
        }
    }

    /// All its names, each once: [`name`](Self::name), [`constant_name`](Self::constant_name), those
    /// that franz-go and librdkafka use, and former ones. None if the API is unknown.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::ApiKey;
    ///
    /// let names: Vec<_> = ApiKey::ListOffsets.names().collect();
    /// assert_eq!(names, ["ListOffsets", "LIST_OFFSETS", "Offsets", "Offset"]);
    /// ```
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.row().into_iter().flat_map(|row| {
            let aliases = row.aliases.iter().copied();
            [row.name, row.constant].into_iter().chain(aliases)
        })
    }

    /// The API with this name, which may be any of [`names`](Self::names), also with `Request` or
    /// `Response` behind it.
    ///
    /// Case, hyphens, underscores and blanks do not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::ApiKey;
    ///
    /// assert_eq!(ApiKey::from_name("leader and ISR"), Some(ApiKey::LeaderAndIsr));
    /// assert_eq!(ApiKey::from_name("FetchRequest"), Some(ApiKey::Fetch));
    /// assert_eq!(ApiKey::from_name("AlterIsr"), Some(ApiKey::AlterPartition));
    /// assert_eq!(ApiKey::from_name("Fech"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let find = |name| {
            let mut keys = Self::ALL.iter().copied();
            keys.find(|key| key.names().any(|known| same(known, name)))
        };
        find(name).or_else(|| find(without_direction(name)?))
    }
}

/// A name without the `Request` or `Response` at its end.
fn without_direction(name: &str) -> Option<&str> {
    let name = name.trim_end();
    ["request", "response"].into_iter().find_map(|direction| {
        let (stem, end) = name.split_at_checked(name.len().checked_sub(direction.len())?)?;
        end.eq_ignore_ascii_case(direction).then_some(stem)
    })
}

/// Reads a name as [`ApiKey::from_name`] does, or a number, which need not be a known one.
///
/// # Examples
///
/// ```
/// use kafka_codec::ApiKey;
///
/// assert_eq!("list_client_metrics_resources".parse(), Ok(ApiKey::ListConfigResources));
/// assert_eq!("18".parse(), Ok(ApiKey::ApiVersions));
///
/// let error = "FindCordinator".parse::<ApiKey>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "unknown API `FindCordinator`: did you mean `FindCoordinator`?"
/// );
/// assert_eq!(error.suggestion(), Some("FindCoordinator"));
/// ```
impl FromStr for ApiKey {
    type Err = ParseApiKeyError;

    fn from_str(text: &str) -> Result<Self, ParseApiKeyError> {
        if let Some(key) = Self::from_name(text) {
            return Ok(key);
        }
        match text.trim().parse() {
            Ok(number) => Ok(Self::from_number(number)),
            Err(_) => {
                let names: Vec<_> = Self::ALL.iter().flat_map(|key| key.names()).collect();
                Err(ParseApiKeyError(UnknownName::new(text, &names)))
            }
        }
    }
}

/// Kafka's display name, or `unknown API 12345`.
impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "unknown API {}", self.number()),
        }
    }
}

/// A text that is neither the name of an API nor a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseApiKeyError(UnknownName);

impl ParseApiKeyError {
    /// The name that looks most like the text, if any does.
    #[must_use]
    pub const fn suggestion(&self) -> Option<&'static str> {
        self.0.suggestion()
    }
}

impl fmt::Display for ParseApiKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, "API", "Fetch", Readable::NamesAndNumbers)
    }
}

impl error::Error for ParseApiKeyError {}
