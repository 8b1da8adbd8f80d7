//! The versions that a broker announces in an ApiVersions response: written from and read as version ranges.

use crate::messages::ApiVersionsResponse;
use crate::messages::api_versions_response::ApiVersion;
use crate::{ApiKey, VersionRange};

impl ApiVersionsResponse<'_> {
    /// The response of a broker that serves these APIs in these versions, each API once.
    ///
    /// # Examples
    ///
    /// The APIs that a broker of Kafka 4.1 announces:
    ///
    /// ```
    /// use kafka_codec::messages::ApiVersionsResponse;
    /// use kafka_codec::{ApiKey, Listener, Version, VersionRange};
    ///
    /// let served = ApiKey::ALL.iter().filter(|key| key.listeners().contains(Listener::Broker));
    /// let response = ApiVersionsResponse::for_apis(
    ///     served.filter_map(|key| Some((*key, key.versions_in("4.1")?))),
    /// );
    ///
    /// let theirs = response.versions_of(ApiKey::Fetch);
    /// assert_eq!(theirs, VersionRange::new(4, 18));
    /// let version = theirs.and_then(|theirs| ApiKey::Fetch.choose_version(theirs));
    /// assert_eq!(version, Some(Version(18)));
    /// assert_eq!(response.versions_of(ApiKey::Vote), None);
    /// ```
    #[must_use]
    pub fn for_apis(apis: impl IntoIterator<Item = (ApiKey, VersionRange)>) -> Self {
        let api_keys = apis.into_iter().map(|(key, versions)| ApiVersion {
            api_key: key.number(),
            min_version: versions.min().0,
            max_version: versions.max().0,
            ..Default::default()
        });
        Self {
            api_keys: api_keys.collect(),
            ..Default::default()
        }
    }

    /// The versions in which the broker says that it serves an API; `None` if it does not, or the
    /// range has no versions.
    ///
    /// It may refuse some all the same: Kafka 4 announces Produce from version 0 and takes it from 3.
    #[must_use]
    pub fn versions_of(&self, key: ApiKey) -> Option<VersionRange> {
        let mut entries = self.api_keys.iter();
        let entry = entries.find(|entry| entry.api_key == key.number())?;
        VersionRange::new(entry.min_version, entry.max_version)
    }
}
