//! How the accepting side behaves.

use std::sync::Arc;
use std::time::Duration;

use super::super::VersionTable;
use crate::{ApiKey, HeaderVersions, Version};

/// How the accepting side behaves.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    pub(super) client: Arc<str>,
    pub(super) served: Arc<VersionTable>,
    pub(super) forwards: bool,
    pub(super) header_versions: fn(ApiKey, Version) -> HeaderVersions,
    pub(super) max_frame_bytes: usize,
    pub(super) max_in_flight: usize,
    pub(super) idle: Option<Duration>,
    pub(super) stall_timeout: Duration,
}

impl ServerOptions {
    /// The defaults, for a client that is called `client` in events and errors, and is served `served`.
    ///
    /// ApiVersions should be among them, with the versions that are answered here.
    #[must_use]
    pub fn new(client: impl Into<Arc<str>>, served: VersionTable) -> Self {
        Self {
            client: client.into(),
            served: Arc::new(served),
            forwards: false,
            header_versions: HeaderVersions::of,
            max_frame_bytes: 100 * 1024 * 1024,
            max_in_flight: 100,
            idle: Some(Duration::from_secs(600)),
            stall_timeout: Duration::from_secs(30),
        }
    }

    /// Sets the name that the client has in events and errors: the same options for another client.
    #[must_use]
    pub fn with_client(mut self, client: impl Into<Arc<str>>) -> Self {
        self.client = client.into();
        self
    }

    /// Hands out every request, ApiVersions and those in versions that are not served too: for proxies
    /// that leave the answer to the broker behind them. By default not.
    #[must_use]
    pub const fn with_forwarding(mut self, forwards: bool) -> Self {
        self.forwards = forwards;
        self
    }

    /// How the header versions of a request are found when it arrives. By default [`HeaderVersions::of`], which takes
    /// APIs that are not known here for flexible: whoever serves or forwards user-defined APIs knows better.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::connection::VersionTable;
    /// use kafka_codec::connection::server::ServerOptions;
    /// use kafka_codec::{ApiKey, HeaderVersions, Version};
    ///
    /// const GREET: ApiKey = ApiKey::from_number(10_001);
    ///
    /// // With the types of a `Builder`: GreetRequest::KEY => GreetRequest::header_versions(version)
    /// fn header_versions(key: ApiKey, version: Version) -> HeaderVersions {
    ///     match (key, version) {
    ///         (GREET, Version(0)) => HeaderVersions::new(Version(1), Version(0)),
    ///         _ => HeaderVersions::of(key, version),
    ///     }
    /// }
    ///
    /// let options = ServerOptions::new("a client", VersionTable::default())
    ///     .with_header_versions(header_versions);
    /// ```
    #[must_use]
    pub const fn with_header_versions(
        mut self,
        header_versions: fn(ApiKey, Version) -> HeaderVersions,
    ) -> Self {
        self.header_versions = header_versions;
        self
    }

    /// The most bytes of a request. By default 100 MiB. A broker takes less until the client is known: see
    /// [`ServerConnection::set_max_frame_bytes`](super::ServerConnection::set_max_frame_bytes).
    #[must_use]
    pub const fn with_max_frame_bytes(mut self, bytes: usize) -> Self {
        self.max_frame_bytes = bytes;
        self
    }

    /// How many requests may be unanswered before no more are read. By default 100; at least 1.
    #[must_use]
    pub fn with_max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests.max(1);
        self
    }

    /// After how long without anything the connection is closed; `None` is never. By default 10 minutes.
    #[must_use]
    pub const fn with_idle(mut self, idle: Option<Duration>) -> Self {
        self.idle = idle;
        self
    }

    /// For how long the rest of a frame may stay away. By default 30 seconds.
    #[must_use]
    pub const fn with_stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }
}
