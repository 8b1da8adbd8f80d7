//! Finding schemas: by API, by name, or all of them.

use std::{error, fmt};

use super::{Schema, tables};
use crate::ApiKey;
use crate::name::{UnknownName, same};

impl Schema {
    /// Every schema there is, by Kafka module and name of the message.
    #[must_use]
    pub fn all() -> &'static [&'static Self] {
        tables::ALL
    }

    /// The request of an API; `None` if the API is unknown or its messages are not here.
    #[must_use]
    pub fn of_request(key: ApiKey) -> Option<&'static Self> {
        by_key(tables::REQUESTS, key)
    }

    /// The response of an API; `None` if the API is unknown or its messages are not here.
    #[must_use]
    pub fn of_response(key: ApiKey) -> Option<&'static Self> {
        by_key(tables::RESPONSES, key)
    }

    /// The message with this name: Kafka's, such as `FetchRequest` or `ConsumerGroupMetadataValue`,
    /// or one that Kafka gave it in former releases.
    ///
    /// Case, hyphens, underscores and blanks do not count.
    ///
    /// # Errors
    ///
    /// [`UnknownSchema`] if there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::schema::Schema;
    ///
    /// assert_eq!(Schema::named("request-header")?.name(), "RequestHeader");
    /// let error = Schema::named("ResponseHeaders").unwrap_err();
    /// assert_eq!(error.suggestion(), Some("ResponseHeader"));
    /// # Ok::<(), kafka_codec::schema::UnknownSchema>(())
    /// ```
    pub fn named(name: &str) -> Result<&'static Self, UnknownSchema> {
        let mut renamed = tables::RENAMED.iter();
        let now = renamed.find(|(old, _)| same(old, name));
        let name = now.map_or(name, |(_, now)| now);
        Self::all()
            .iter()
            .find(|schema| same(schema.name(), name))
            .copied()
            .ok_or_else(|| {
                let known = Self::all().iter().map(|schema| schema.name());
                UnknownSchema(UnknownName::new(name, known))
            })
    }
}

/// Among schemas that are sorted by their keys.
fn by_key(schemas: &[&'static Schema], key: ApiKey) -> Option<&'static Schema> {
    let index = schemas.binary_search_by_key(&Some(key.number()), |schema| schema.api_key());
    schemas.get(index.ok()?).copied()
}

/// A text that is the name of no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSchema(UnknownName);

impl UnknownSchema {
    /// The name that was perhaps meant.
    #[must_use]
    pub const fn suggestion(&self) -> Option<&'static str> {
        self.0.suggestion()
    }
}

impl fmt::Display for UnknownSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, "message", "FetchRequest")
    }
}

impl error::Error for UnknownSchema {}
