//! A request on its way through a connection, and what it is known by.

use std::fmt;
use std::time::{Duration, Instant};

use crate::Version;
use crate::VersionRange;
use crate::pairing::InFlightRequest;
use crate::wire::Segments;

use crate::connection::Timings;
use crate::connection::delivery::Delivery;

/// What names a request in events and errors; it prints as `Fetch v16 (correlation 42)`.
pub type ApiLabel = InFlightRequest<()>;

/// A request of one connection, by the order of being submitted.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(in crate::connection) u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How one request is sent.
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
    pub(in crate::connection) tag: u64,
    pub(in crate::connection) attempt: u32,
    pub(in crate::connection) deadline: Option<Instant>,
    pub(in crate::connection) timeout: Option<Duration>,
    pub(in crate::connection) server_wait: Option<Duration>,
    pub(in crate::connection) versions: Option<VersionRange>,
    pub(in crate::connection) version: Option<Version>,
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

    /// When the request is given up, wherever it is then.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long the response may take, instead of
    /// [`with_request_timeout`](crate::connection::ConnectionOptions::with_request_timeout).
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long the broker may hold the request before it answers, on top of the timeout.
    ///
    /// By default this is what the [request itself](crate::Request::server_wait) states, in whatever form it is submitted.
    /// Where that is not enough, the caller knows better: a broker holds SyncGroup until the leader of the group has
    /// sent its assignment, and JoinGroup for the longest rebalance timeout of all members.
    #[must_use]
    pub const fn with_server_wait(mut self, wait: Duration) -> Self {
        self.server_wait = Some(wait);
        self
    }

    /// These options, with the server wait of the request unless the caller has set one.
    pub(in crate::connection) fn or_server_wait(
        mut self,
        of_request: impl FnOnce() -> Duration,
    ) -> Self {
        self.server_wait.get_or_insert_with(of_request);
        self
    }

    /// The versions to choose from, such as those that can say what the request must say.
    #[must_use]
    pub const fn with_versions(mut self, versions: VersionRange) -> Self {
        self.versions = Some(versions);
        self
    }

    /// The version to send, without a choice. Only so can a request be submitted before the
    /// connection knows the broker's versions.
    #[must_use]
    pub const fn with_version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }
}

/// Who wants the response.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::connection) enum Origin {
    /// The caller.
    Caller,
    /// The caller, who wants to know whether the connection is alive.
    Probe,
    /// The connection: a step of its own.
    Session(Step),
    /// Nobody: the caller gave up while it was being written, and the rest of it must follow.
    Nobody,
}

/// A step of the beginning of a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::connection) enum Step {
    ApiVersions,
    SaslHandshake,
    SaslAuthenticate,
    /// A bare token, which has no header and no correlation id.
    SaslToken,
}

/// A request from being submitted to being completed.
pub(in crate::connection) struct Record {
    pub(in crate::connection) id: RequestId,
    pub(in crate::connection) label: ApiLabel,
    pub(in crate::connection) origin: Origin,
    pub(in crate::connection) tag: u64,
    pub(in crate::connection) attempt: u32,
    pub(in crate::connection) expects_response: bool,
    pub(in crate::connection) deadline: Option<Instant>,
    pub(in crate::connection) timeout: Duration,
    /// What is not written yet.
    pub(in crate::connection) frame: Option<Segments>,
    pub(in crate::connection) frame_bytes: usize,
    /// How many bytes the transport accepted.
    pub(in crate::connection) accepted: usize,
    pub(in crate::connection) timings: Timings,
    /// By how much throttling had extended deadlines when this one was sent.
    pub(in crate::connection) extended_before: Duration,
}

impl Record {
    /// How far the request has got, the response left out.
    pub(in crate::connection) const fn delivery(&self) -> Delivery {
        match self.accepted {
            0 => Delivery::NotSent,
            bytes if bytes < self.frame_bytes => Delivery::PartiallySent {
                bytes,
                total: self.frame_bytes,
            },
            _ => Delivery::SentNoResponse,
        }
    }

    /// Whether only the connection itself knows of it.
    pub(in crate::connection) const fn is_internal(&self) -> bool {
        matches!(self.origin, Origin::Session(_) | Origin::Nobody)
    }
}

/// Without its bytes, in which there may be secrets.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &self.id)
            .field("label", &self.label)
            .field("tag", &self.tag)
            .field("attempt", &self.attempt)
            .field("frame_bytes", &self.frame_bytes)
            .field("accepted", &self.accepted)
            .field("timings", &self.timings)
            .finish_non_exhaustive()
    }
}
