//! The versions that a broker serves, and those in which a request may be sent to it.

use std::{error, fmt};

use crate::messages::ApiVersionsResponse;
use crate::{ApiKey, Request, Version, VersionRange};

/// The versions that a broker says it serves, by API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionTable {
    /// By number, each once.
    apis: Box<[Api]>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Api {
    key: i16,
    versions: VersionRange,
}

/// The maximum number of APIs that are kept of what a broker lists. Kafka 4.4 has 94.
const MAX_APIS: usize = 1024;

impl VersionTable {
    /// The table of a broker that serves these.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::{ApiKey, VersionRange, VersionTable};
    ///
    /// let of_0_11 = [(ApiKey::Metadata, VersionRange::new(0, 4).unwrap())];
    /// let table = VersionTable::new(of_0_11);
    /// assert_eq!(table.get(ApiKey::Metadata), VersionRange::new(0, 4));
    /// ```
    #[must_use]
    pub fn new(apis: impl IntoIterator<Item = (ApiKey, VersionRange)>) -> Self {
        let apis = apis.into_iter().map(|(key, versions)| Api {
            key: key.number(),
            versions,
        });
        Self::from_apis(apis)
    }

    /// The table that a response to ApiVersions states. Ranges without a version are left out, and the first of two entries
    /// for one API counts.
    ///
    /// Whether the broker wants to be asked again, in another version, says
    /// [`ApiVersionsAnswer`](crate::ApiVersionsAnswer).
    #[must_use]
    pub fn from_response(response: &ApiVersionsResponse<'_>) -> Self {
        let apis = response.api_keys.iter().filter_map(|api| {
            Some(Api {
                key: api.api_key,
                versions: VersionRange::new(api.min_version, api.max_version)?,
            })
        });
        Self::from_apis(apis)
    }

    fn from_apis(apis: impl Iterator<Item = Api>) -> Self {
        let mut apis: Vec<Api> = apis.take(MAX_APIS).collect();
        apis.sort_by_key(|api| api.key);
        apis.dedup_by_key(|api| api.key);
        Self { apis: apis.into() }
    }

    /// The versions of an API; `None` if the broker does not serve it.
    #[must_use]
    #[inline]
    pub fn get(&self, key: ApiKey) -> Option<VersionRange> {
        let number = key.number();
        // Brokers have nearly all, so that most stand at the place of their number.
        let own_place = usize::try_from(number)
            .ok()
            .and_then(|at| self.apis.get(at));
        match own_place.filter(|api| api.key == number) {
            Some(api) => Some(api.versions),
            None => self.search(number),
        }
    }

    fn search(&self, number: i16) -> Option<VersionRange> {
        let at = self.apis.binary_search_by_key(&number, |api| api.key);
        Some(self.apis.get(at.ok()?)?.versions)
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = (ApiKey, VersionRange)> {
        let apis = self.apis.iter();
        apis.map(|api| (ApiKey::from_number(api.key), api.versions))
    }

    /// Returns `true` if nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.apis.is_empty()
    }

    /// The highest version of `key` that `ours`, the broker and the caller have, if the caller has a limit.
    ///
    /// # Errors
    ///
    /// [`VersionError`] says whose versions do not fit.
    pub fn choose(
        &self,
        key: ApiKey,
        ours: Option<VersionRange>,
        caller: Option<VersionRange>,
    ) -> Result<Version, VersionError> {
        self.common(key, ours, caller).map(VersionRange::max)
    }

    /// The versions in which a request of type `R` may be sent: those that the broker serves, the type has and the caller
    /// allows, without those that Kafka calls unstable.
    ///
    /// # Errors
    ///
    /// [`VersionError`] says whose versions do not fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::messages::ApiVersionsRequest;
    /// use kafka_codec::{ApiKey, VersionRange, VersionTable};
    ///
    /// let broker = VersionTable::new([(ApiKey::ApiVersions, VersionRange::new(0, 3).unwrap())]);
    /// let caller = VersionRange::new(1, 9);
    /// assert_eq!(broker.versions_of::<ApiVersionsRequest>(caller)?, VersionRange::new(1, 3).unwrap());
    /// # Ok::<(), kafka_codec::VersionError>(())
    /// ```
    pub fn versions_of<R: Request>(
        &self,
        caller: Option<VersionRange>,
    ) -> Result<VersionRange, VersionError> {
        self.common(R::KEY, sendable::<R>(), caller)
    }

    /// The versions in which a request of `key` may be sent; see [`choose`](Self::choose).
    #[inline]
    pub(super) fn common(
        &self,
        key: ApiKey,
        ours: Option<VersionRange>,
        caller: Option<VersionRange>,
    ) -> Result<VersionRange, VersionError> {
        let Some(ours) = ours else {
            return Err(VersionError::ApiUnknownToUs { key });
        };
        let Some(broker) = self.get(key) else {
            return Err(VersionError::ApiUnknownToBroker { key });
        };
        let both = ours.intersect(broker);
        both.and_then(|both| both.intersect(caller.unwrap_or(both)))
            .ok_or(VersionError::NoCommonVersion {
                key,
                ours,
                broker,
                caller,
            })
    }

    /// Checks that the broker serves `version` of an API.
    ///
    /// # Errors
    ///
    /// [`VersionError`] says what it serves instead.
    pub fn check(&self, key: ApiKey, version: Version) -> Result<(), VersionError> {
        match self.get(key) {
            Some(broker) if broker.contains(version) => Ok(()),
            Some(broker) => Err(VersionError::NoCommonVersion {
                key,
                ours: VersionRange::only(version.0),
                broker,
                caller: None,
            }),
            None => Err(VersionError::ApiUnknownToBroker { key }),
        }
    }

    /// The newest release of Kafka of which the broker has all versions or more, such as `4.1`. A
    /// guess: proxies and other brokers choose their own.
    #[must_use]
    pub fn guess_release(&self) -> Option<&'static str> {
        let reaches = |release: &&&str| {
            let mut served = self.iter().filter(|(key, _)| counts(*key)).peekable();
            served.peek().is_some()
                && ApiKey::ALL
                    .iter()
                    .copied()
                    .filter(|key| counts(*key))
                    .all(|key| match key.versions_in(release) {
                        Some(theirs) => self
                            .get(key)
                            .is_some_and(|versions| versions.max() >= theirs.max()),
                        None => true,
                    })
        };
        ApiKey::RELEASES.iter().rev().find(reaches).copied()
    }
}

/// The versions of a request of type `R` in which it is sent without the caller naming one.
#[inline]
pub(super) const fn sendable<R: Request>() -> Option<VersionRange> {
    const { unasked(R::VERSIONS, R::KEY.versions(), R::KEY.stable_versions()) }
}

/// The versions of a type that are stable. Of a user-defined API no version is known here, and all are.
const fn unasked(
    of_type: VersionRange,
    known: Option<VersionRange>,
    stable: Option<VersionRange>,
) -> Option<VersionRange> {
    match (known, stable) {
        (Some(_), Some(stable)) => of_type.intersect(stable),
        (Some(_), None) => None,
        (None, _) => Some(of_type),
    }
}

/// Returns `true` if the versions of an API tell releases apart: those of every broker, and not switched off
/// by settings.
const fn counts(key: ApiKey) -> bool {
    use crate::ApiClass;
    matches!(
        key.class(),
        Some(ApiClass::Data | ApiClass::Metadata | ApiClass::Session)
    ) && !matches!(
        key,
        ApiKey::ShareFetch
            | ApiKey::ShareAcknowledge
            | ApiKey::SaslHandshake
            | ApiKey::SaslAuthenticate
    )
}

/// There is no version in which a request could be sent.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionError {
    /// The broker does not serve the API.
    ApiUnknownToBroker {
        /// The API.
        key: ApiKey,
    },
    /// This side does not know the API, or no stable version of it.
    ApiUnknownToUs {
        /// The API.
        key: ApiKey,
    },
    /// Both know the API, but no version is common to all.
    NoCommonVersion {
        /// The API.
        key: ApiKey,
        /// What this side has.
        ours: VersionRange,
        /// What the broker has.
        broker: VersionRange,
        /// The versions that the caller allows, if it restricts them.
        caller: Option<VersionRange>,
    },
}

impl VersionError {
    /// The API for which there is no version.
    #[must_use]
    pub const fn key(&self) -> ApiKey {
        match self {
            Self::ApiUnknownToBroker { key }
            | Self::ApiUnknownToUs { key }
            | Self::NoCommonVersion { key, .. } => *key,
        }
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiUnknownToBroker { key } => {
                write!(
                    f,
                    "{key}: the broker does not serve this API; a newer one may"
                )
            }
            Self::ApiUnknownToUs { key } => write!(
                f,
                "{key}: no stable version of this API is known here; name the version in the options"
            ),
            Self::NoCommonVersion {
                key,
                ours,
                broker,
                caller,
            } => {
                write!(f, "{key}: no common version: here {ours}, broker {broker}")?;
                match caller {
                    Some(caller) => write!(f, ", asked for {caller}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl error::Error for VersionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unstable_version_is_sent_only_if_the_caller_names_it() {
        let range = |min, max| VersionRange::new(min, max).unwrap();
        let stable_up_to_5 = unasked(range(0, 6), Some(range(0, 6)), Some(range(0, 5)));
        assert_eq!(stable_up_to_5, Some(range(0, 5)));
        // No release has an API of which the only version is unstable; trunk had some.
        assert_eq!(unasked(range(0, 0), Some(range(0, 0)), None), None);
        // A type with the unstable version alone.
        assert_eq!(
            unasked(range(6, 6), Some(range(0, 6)), Some(range(0, 5))),
            None
        );
        // A user-defined API.
        assert_eq!(unasked(range(0, 1), None, None), Some(range(0, 1)));
    }
}
