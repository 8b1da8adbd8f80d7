//! The schemas of all messages: their lists, which stand beside the tables they name, and finding one of them.

use crate::ApiKey;
use crate::schema::{Schema, UnknownSchema, lookup};

mod lists {
    include!(concat!(env!("OUT_DIR"), "/schemas.rs"));
}

impl Schema {
    /// Every schema there is, by Kafka module and name of the message.
    #[must_use]
    pub fn all() -> &'static [&'static Self] {
        lists::ALL
    }

    /// The request of an API; `None` if the API is unknown or its messages are not here.
    #[must_use]
    pub fn of_request(key: ApiKey) -> Option<&'static Self> {
        lookup::by_key(lists::REQUESTS, key)
    }

    /// The response of an API; `None` if the API is unknown or its messages are not here.
    #[must_use]
    pub fn of_response(key: ApiKey) -> Option<&'static Self> {
        lookup::by_key(lists::RESPONSES, key)
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
        lookup::by_name(lists::ALL, lists::RENAMED, name)
    }
}

#[cfg(feature = "random")]
impl Schema {
    /// All requests, by API key.
    pub(crate) const fn requests() -> &'static [&'static Self] {
        lists::REQUESTS
    }

    /// The header in front of requests.
    pub(crate) const fn request_header() -> &'static Self {
        &super::request_header::schema::SCHEMA
    }

    /// The header in front of responses.
    pub(crate) const fn response_header() -> &'static Self {
        &super::response_header::schema::SCHEMA
    }
}
