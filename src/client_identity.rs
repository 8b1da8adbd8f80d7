//! Who the client of a connection is, as far as its requests have told.

use std::sync::Arc;
use std::{error, fmt};

use crate::messages::ApiVersionsRequest;
use crate::{HeaderVersions, Version};

/// The client of a connection: the client id of its request headers, and the software that its ApiVersions
/// request names.
///
/// One value is kept per connection and learns from each request. Request headers from version 3 on may
/// omit the client id after the first request of a connection (KIP-1313): what was learned before holds then.
///
/// # Examples
///
/// ```
/// use kafka_codec::{ClientIdentity, HeaderVersions, Version};
///
/// let mut client = ClientIdentity::default();
/// client.learn_client_id(HeaderVersions::new(Version(3), Version(1)), Some("billing"));
/// client.learn_client_id(HeaderVersions::new(Version(3), Version(1)), None);
/// assert_eq!(client.client_id(), Some("billing"));
/// // Header version 1 has a client id in every request, or null.
/// client.learn_client_id(HeaderVersions::new(Version(1), Version(0)), None);
/// assert_eq!(client.client_id(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientIdentity {
    client_id: Option<Arc<str>>,
    software: Option<(Arc<str>, Arc<str>)>,
}

impl ClientIdentity {
    /// Learns from the header of a request; `client_id` is that of the header.
    pub fn learn_client_id(&mut self, headers: HeaderVersions, client_id: Option<&str>) {
        // Version 0 has no client id at all.
        let is_in_each_request = matches!(headers.request, Version(1 | 2));
        if (is_in_each_request || client_id.is_some()) && self.client_id() != client_id {
            self.client_id = client_id.map(Arc::from);
        }
    }

    /// Learns from an ApiVersions request, which names the software since version 3.
    pub fn learn_software(&mut self, request: &ApiVersionsRequest<'_>) {
        let (name, version) = (
            &request.client_software_name,
            &request.client_software_version,
        );
        if !name.is_empty() {
            self.software = Some((Arc::from(&**name), Arc::from(&**version)));
        }
    }

    /// The client id; `None` if it is null or not known yet.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The client id, in memory that all requests of the connection share.
    #[must_use]
    pub fn shared_client_id(&self) -> Option<Arc<str>> {
        self.client_id.clone()
    }

    /// The name of the client's software, such as `apache-kafka-java`.
    #[must_use]
    pub fn software_name(&self) -> Option<&str> {
        self.software.as_ref().map(|(name, _)| &**name)
    }

    /// The version of the client's software.
    #[must_use]
    pub fn software_version(&self) -> Option<&str> {
        self.software.as_ref().map(|(_, version)| &**version)
    }
}

/// The name or version of a client's software that brokers refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSoftware(Arc<str>);

impl InvalidSoftware {
    /// Checks the name and version of software as brokers do: by the regular expression in Kafka's `ApiVersionsRequest`.
    ///
    /// # Errors
    ///
    /// The first of the two that does not consist of ASCII letters, digits, dots and hyphens, with a letter or digit at both
    /// ends.
    pub fn check(name: &str, version: &str) -> Result<(), Self> {
        let invalid = [name, version].into_iter().find(|text| !is_valid(text));
        invalid.map_or(Ok(()), |text| Err(Self(text.into())))
    }
}

fn is_valid(text: &str) -> bool {
    let ends = text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric());
    ends && text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

impl fmt::Display for InvalidSoftware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a name or version of software that brokers accept (expected letters, digits, dots and hyphens, \
             with a letter or digit at both ends)",
            self.0
        )
    }
}

impl error::Error for InvalidSoftware {}
