//! The options of a connection, and of a single request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{ApiKey, HeaderVersions, InvalidSoftware, Version, VersionRange};

use crate::connection::VersionTable;

/// Options of a connection.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use kafka_codec::connection::{ConnectionOptions, IdlePolicy};
///
/// let options = ConnectionOptions::new("broker 1 (b1:9092)")
///     .with_client_id("orders")
///     .with_max_in_flight(1)
///     .with_idle(IdlePolicy::KeepAlive(Duration::from_secs(120)));
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionOptions {
    pub(super) broker: Arc<str>,
    pub(super) client_id: Option<Arc<str>>,
    pub(super) software_name: Arc<str>,
    pub(super) software_version: Arc<str>,
    pub(super) negotiation: Negotiation,
    pub(super) max_versions: Arc<[(ApiKey, VersionRange)]>,
    pub(super) max_frame_bytes: usize,
    pub(super) max_in_flight: usize,
    pub(super) max_waiting: usize,
    pub(super) request_timeout: Duration,
    pub(super) timeout_from: TimeoutFrom,
    pub(super) on_timeout: OnTimeout,
    pub(super) initialization_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) idle: IdlePolicy,
    pub(super) reauthentication: ReauthenticationMode,
    pub(super) renew_at_permille: u16,
    pub(super) first_correlation_id: i32,
    pub(super) reserves_sasl_ids: bool,
    pub(super) has_progress_events: bool,
}

/// How the versions of the broker become known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Negotiation {
    /// By asking, beginning with the highest version of ApiVersions.
    Ask,
    /// By asking, beginning with this version, or with the highest that is known here if that is lower: see
    /// [`ReconnectAdvice`](crate::connection::ReconnectAdvice).
    AskIn(Version),
    /// They are known, as of a broker before 0.10 that cannot be asked.
    Assume(VersionTable),
}

/// When the time that a response may take begins.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutFrom {
    /// When the last byte of the request was accepted.
    Written,
    /// When the request was submitted.
    Submitted,
}

/// The action when a response does not come in time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnTimeout {
    /// The connection is closed: responses come in order, so those behind it would not come either. The same if the response
    /// to a request that was cancelled does not come in time.
    Close,
    /// Only this request is given up. Its response keeps its place, and is dropped when it comes. The
    /// connection is closed when all places in flight would be of requests that were given up.
    Abandon,
}

/// The action when nothing is in flight for some time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdlePolicy {
    /// Nothing.
    Ignore,
    /// The connection is closed.
    Close(Duration),
    /// An event reports that a probe is due.
    KeepAlive(Duration),
}

/// The way in which a connection authenticates again.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReauthenticationMode {
    /// Behind the requests in flight, without waiting for their responses, as Kafka's own client does.
    Pipelined,
    /// After the last response has arrived.
    Drain,
}

impl ConnectionOptions {
    /// The defaults, for a connection that is called `broker` in events and errors, such as
    /// `broker 1 (b1:9092)`.
    #[must_use]
    pub fn new(broker: impl Into<Arc<str>>) -> Self {
        Self {
            broker: broker.into(),
            client_id: None,
            software_name: env!("CARGO_PKG_NAME").into(),
            software_version: env!("CARGO_PKG_VERSION").into(),
            negotiation: Negotiation::Ask,
            max_versions: Arc::new([]),
            max_frame_bytes: 100 * 1024 * 1024,
            max_in_flight: 5,
            max_waiting: 10_000,
            request_timeout: Duration::from_secs(30),
            timeout_from: TimeoutFrom::Written,
            on_timeout: OnTimeout::Close,
            initialization_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            idle: IdlePolicy::Ignore,
            reauthentication: ReauthenticationMode::Pipelined,
            renew_at_permille: 900,
            first_correlation_id: 1,
            reserves_sasl_ids: true,
            has_progress_events: false,
        }
    }

    /// The name of the connection in events and errors.
    #[must_use]
    pub const fn broker(&self) -> &Arc<str> {
        &self.broker
    }

    /// Sets the name that the connection has in events and errors: the same options for another broker.
    #[must_use]
    pub fn with_broker(mut self, broker: impl Into<Arc<str>>) -> Self {
        self.broker = broker.into();
        self
    }

    /// The client id in the header of every request. By default null.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// The name and version of the client's software, which brokers learn. By default those of this crate.
    ///
    /// Both consist of ASCII letters, digits, dots and hyphens, and begin and end with a letter or digit (KIP-511). A
    /// connection with others is closed when it is opened, with
    /// [`NegotiationFault::Software`](crate::NegotiationFault::Software); see [`check`](Self::check).
    #[must_use]
    pub fn with_software(
        mut self,
        name: impl Into<Arc<str>>,
        version: impl Into<Arc<str>>,
    ) -> Self {
        (self.software_name, self.software_version) = (name.into(), version.into());
        self
    }

    /// Returns the name and version of the client's software.
    #[must_use]
    pub fn software(&self) -> (&str, &str) {
        (&self.software_name, &self.software_version)
    }

    /// Checks the options, for programs that would rather know before they connect.
    ///
    /// # Errors
    ///
    /// [`InvalidSoftware`] if brokers refuse the name or version of the software.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::connection::ConnectionOptions;
    ///
    /// let options = ConnectionOptions::new("broker 1").with_software("my-client", "1.2.3-rc1");
    /// assert!(options.check().is_ok());
    /// assert!(options.with_software("my client", "1").check().is_err());
    /// ```
    pub fn check(&self) -> Result<(), InvalidSoftware> {
        InvalidSoftware::check(&self.software_name, &self.software_version)
    }

    /// How the broker's versions become known. By default by asking.
    #[must_use]
    pub fn with_negotiation(mut self, negotiation: Negotiation) -> Self {
        self.negotiation = negotiation;
        self
    }

    /// The versions that may be used of some APIs; of all others, any.
    #[must_use]
    pub fn with_versions(
        mut self,
        versions: impl IntoIterator<Item = (ApiKey, VersionRange)>,
    ) -> Self {
        self.max_versions = versions.into_iter().collect();
        self
    }

    /// The most bytes of a response. By default 100 MiB; at least 4 KiB.
    #[must_use]
    pub fn with_max_frame_bytes(mut self, bytes: usize) -> Self {
        self.max_frame_bytes = bytes.max(4096);
        self
    }

    /// Sets the maximum number of requests in flight. By default 5, as many as a broker takes from an idempotent
    /// producer; at least 1.
    #[must_use]
    pub fn with_max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests.max(1);
        self
    }

    /// Sets the maximum number of requests that wait to be sent; with 0, what cannot be sent at once is refused. By default
    /// 10,000.
    #[must_use]
    pub const fn with_max_waiting(mut self, requests: usize) -> Self {
        self.max_waiting = requests;
        self
    }

    /// Sets the maximum time that a response takes, beside what the request itself asks the broker to wait. By
    /// default 30 seconds, from the last byte of the request. A request that waits that long to be sent is given up
    /// as well.
    #[must_use]
    pub const fn with_request_timeout(mut self, timeout: Duration, from: TimeoutFrom) -> Self {
        self.request_timeout = timeout;
        self.timeout_from = from;
        self
    }

    /// Sets the action when a response does not come in time. By default the connection is closed.
    #[must_use]
    pub const fn with_on_timeout(mut self, action: OnTimeout) -> Self {
        self.on_timeout = action;
        self
    }

    /// Sets the maximum time of getting ready, and of authenticating again. By default 10 seconds. The time of
    /// authenticating again begins when the requests in front of it are answered and the broker reads on after throttling.
    #[must_use]
    pub const fn with_initialization_timeout(mut self, timeout: Duration) -> Self {
        self.initialization_timeout = timeout;
        self
    }

    /// For how long the rest of a frame may stay away. By default 30 seconds.
    #[must_use]
    pub const fn with_stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// Sets the action when nothing is in flight. By default nothing happens.
    #[must_use]
    pub const fn with_idle(mut self, policy: IdlePolicy) -> Self {
        self.idle = policy;
        self
    }

    /// How the connection authenticates again when the broker asks it to. By default pipelined.
    #[must_use]
    pub const fn with_reauthentication(mut self, mode: ReauthenticationMode) -> Self {
        self.reauthentication = mode;
        self
    }

    /// When it authenticates again: the share of the session's lifetime, in thousandths. By default 900; at most 1000.
    ///
    /// Draw it anew for each connection, between 850 and 950 as Kafka's own client does, so that not
    /// all connections authenticate at once.
    #[must_use]
    pub fn with_renew_at_permille(mut self, permille: u16) -> Self {
        self.renew_at_permille = permille.min(1000);
        self
    }

    /// The correlation id of the first request. By default 1; at least 1.
    #[must_use]
    pub const fn with_first_correlation_id(mut self, id: i32) -> Self {
        self.first_correlation_id = id;
        self
    }

    /// Whether the highest correlation ids are kept for SASL, as in Kafka's own client. By default they are.
    #[must_use]
    pub const fn with_reserved_sasl_ids(mut self, reserved: bool) -> Self {
        self.reserves_sasl_ids = reserved;
        self
    }

    /// Whether there are events for what is on the way: [`Event::Blocked`](crate::connection::Event::Blocked),
    /// [`Event::Admitted`](crate::connection::Event::Admitted), [`Event::Written`](crate::connection::Event::Written). By default not.
    #[must_use]
    pub const fn with_progress_events(mut self, progress: bool) -> Self {
        self.has_progress_events = progress;
        self
    }

    /// The versions of an API that the caller allows.
    #[inline]
    pub(in crate::connection) fn allowed(&self, key: ApiKey) -> Option<VersionRange> {
        let mut limits = self.max_versions.iter();
        limits.find(|(api, _)| *api == key).map(|(_, range)| *range)
    }
}

/// Options of one request.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use kafka_codec::connection::SubmitOptions;
///
/// // A SyncGroup, in a group whose members have a minute to join.
/// let options = SubmitOptions::default().with_tag(7).with_server_wait(Duration::from_secs(60));
/// ```
#[derive(Copy, Clone, Debug, Default)]
pub struct SubmitOptions {
    pub(super) tag: u64,
    pub(super) attempt: u32,
    pub(super) deadline: Option<Instant>,
    pub(super) timeout: Option<Duration>,
    server_wait: Option<Duration>,
    pub(in crate::connection) versions: Option<VersionRange>,
    pub(in crate::connection) version: Option<Version>,
    header_versions: Option<HeaderVersions>,
}

impl SubmitOptions {
    /// A number that stands in all events about the request.
    #[must_use]
    pub const fn with_tag(mut self, tag: u64) -> Self {
        self.tag = tag;
        self
    }

    /// Which attempt this is, counted by the caller.
    #[must_use]
    pub const fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// When the request is given up, wherever it is then. That does not close the connection, as the end of the request's
    /// timeout does.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// When the request is given up, if a deadline is set.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Sets the maximum time that the response takes, instead of
    /// [`with_request_timeout`](crate::connection::ConnectionOptions::with_request_timeout).
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the time for which the broker may hold the request before it answers, on top of the timeout.
    ///
    /// By default this is what the [request itself](crate::Request::server_wait) states, in whatever form it is submitted.
    /// Where that is not enough, the caller knows better: a broker holds SyncGroup until the leader of the group has
    /// sent its assignment, and JoinGroup for the longest rebalance timeout of all members.
    #[must_use]
    pub const fn with_server_wait(mut self, wait: Duration) -> Self {
        self.server_wait = Some(wait);
        self
    }

    /// The server wait that the caller has set, or that of the request.
    #[inline]
    pub(super) fn server_wait_or(&self, of_request: impl FnOnce() -> Duration) -> Duration {
        self.server_wait.unwrap_or_else(of_request)
    }

    /// The header versions of a request that is encoded already, for an API that is not known here. By default
    /// those of [`HeaderVersions::of`]. A typed request has those of its type.
    #[must_use]
    pub const fn with_header_versions(mut self, headers: HeaderVersions) -> Self {
        self.header_versions = Some(headers);
        self
    }

    /// The header versions of a request of which only key and version are known.
    pub(super) fn headers_of(&self, key: ApiKey, version: Version) -> HeaderVersions {
        self.header_versions
            .unwrap_or_else(|| HeaderVersions::of(key, version))
    }

    /// The versions to choose from. The highest of them that [fits](crate::Request::fits) the request is sent.
    #[must_use]
    pub const fn with_versions(mut self, versions: VersionRange) -> Self {
        self.versions = Some(versions);
        self
    }

    /// The version to send, without a choice: the request need not [fit](crate::Request::fits), only be encoded. Only so
    /// can a request be submitted before the connection knows the broker's versions.
    #[must_use]
    pub const fn with_version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }
}
