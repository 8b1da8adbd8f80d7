//! Targets: an API in a version and a direction.

use std::fmt;

use kafka_codec::schema::Schema;
use kafka_codec::{ApiKey, Version};
use thiserror::Error;

/// Which of the two messages of an API.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// What a client sends.
    Request,
    /// What a broker answers.
    Response,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Response => "response",
        })
    }
}

/// A message of an API in a version that exists.
#[derive(Copy, Clone, Debug)]
pub struct Target {
    key: ApiKey,
    version: Version,
    direction: Direction,
    schema: &'static Schema,
}

impl Target {
    /// The target with these coordinates.
    ///
    /// # Errors
    ///
    /// [`UnknownTarget`] if this crate does not know the API or the version.
    pub fn new(key: ApiKey, version: Version, direction: Direction) -> Result<Self, UnknownTarget> {
        let schema = match direction {
            Direction::Request => Schema::of_request(key),
            Direction::Response => Schema::of_response(key),
        };
        let schema = schema.ok_or_else(|| UnknownTarget::Api(key.number()))?;
        let versions = schema.versions();
        if !versions.contains(version) {
            return Err(UnknownTarget::Version {
                message: schema.name(),
                version: version.0,
                min: versions.min().0,
                max: versions.max().0,
            });
        }
        Ok(Self {
            key,
            version,
            direction,
            schema,
        })
    }

    /// All targets: every API in every version, requests and responses, by key, direction and version.
    pub fn all() -> impl Iterator<Item = Self> {
        ApiKey::ALL.iter().copied().flat_map(Self::of_api)
    }

    /// All targets of one API; none if the API is unknown.
    pub fn of_api(key: ApiKey) -> impl Iterator<Item = Self> {
        let both = [
            (Direction::Request, Schema::of_request(key)),
            (Direction::Response, Schema::of_response(key)),
        ];
        both.into_iter().flat_map(move |(direction, schema)| {
            let versions = schema
                .into_iter()
                .flat_map(|schema| schema.versions().iter());
            versions.filter_map(move |version| Self::new(key, version, direction).ok())
        })
    }

    /// The API.
    #[must_use]
    pub const fn api_key(&self) -> ApiKey {
        self.key
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Request or response.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// The schema of the body.
    #[must_use]
    pub const fn schema(&self) -> &'static Schema {
        self.schema
    }
}

/// As `FetchRequest v12`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.schema.name(), self.version)
    }
}

/// An API or a version that this crate does not know.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnknownTarget {
    /// No API has this number.
    #[error("API {0} is unknown")]
    Api(i16),
    /// The message does not have the version.
    #[error("{message} does not have version {version} (expected {min} to {max})")]
    #[allow(missing_docs, reason = "the text of the error names them")]
    Version {
        message: &'static str,
        version: i16,
        min: i16,
        max: i16,
    },
}
