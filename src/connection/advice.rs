//! What to do about a request that failed, and whether doing it may carry the request out twice.

use std::time::Duration;

use crate::{ApiClass, ApiKey, Applied, ErrorCode, Remedy, Routing};

use super::Delivery;

/// What to do about a failure.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// Send it again at once, on a new connection: the broker saw nothing of it.
    NowOnNewConnection,
    /// Send it again after a pause, on a new connection if this one is closed.
    AfterBackoff,
    /// Ask for metadata, then send it to where that says.
    AfterRefreshingMetadata,
    /// Ask for the coordinator, then send it there.
    AfterFindingCoordinator,
    /// Begin again from the bootstrap addresses.
    AfterRebootstrap,
    /// Authenticate with valid credentials first.
    AfterAuthenticating,
    /// Do not: it would fail again.
    Never,
}

/// The risk that a request that is sent again is carried out twice.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DuplicateRisk {
    /// No: it was not carried out, only asks, or the broker recognizes a second one.
    None,
    /// Yes, if the first one was.
    Possible,
}

/// What to do, and what it risks.
///
/// # Examples
///
/// A Produce whose connection broke before the response may be in the log:
///
/// ```
/// use kafka_codec::ApiKey;
/// use kafka_codec::connection::{Advice, Delivery, DuplicateRisk, Failure, Retry};
///
/// let advice = Advice::of(Failure::Transport, ApiKey::Produce, Delivery::SentNoResponse, false);
/// assert_eq!(advice.retry, Retry::AfterBackoff);
/// assert_eq!(advice.duplicates, DuplicateRisk::Possible);
///
/// let advice = Advice::of(Failure::Transport, ApiKey::Produce, Delivery::NotSent, false);
/// assert_eq!(advice.retry, Retry::NowOnNewConnection);
/// assert_eq!(advice.duplicates, DuplicateRisk::None);
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Advice {
    /// What to do.
    pub retry: Retry,
    /// The risk of sending the request again.
    pub duplicates: DuplicateRisk,
}

/// The ways in which a request fails.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The broker answered with an error.
    Code(ErrorCode),
    /// The connection broke, or was closed.
    Transport,
    /// Nothing came in time.
    TimedOut,
    /// The broker refused the credentials.
    Authentication,
    /// The request cannot be sent to this broker, or its response not be read.
    Unsupported,
}

impl Advice {
    /// What to do about a failure of a request of `key` that got as far as `delivery`.
    ///
    /// `is_idempotent` says whether the broker recognizes this request when it comes again, as it does Produce with a
    /// producer id and sequence numbers. Of APIs it is [known](ApiKey::is_repeatable).
    #[must_use]
    pub fn of(failure: Failure, key: ApiKey, delivery: Delivery, is_idempotent: bool) -> Self {
        Self {
            retry: retry(failure, key, delivery),
            duplicates: duplicates(failure, key, delivery, is_idempotent),
        }
    }
}

fn retry(failure: Failure, key: ApiKey, delivery: Delivery) -> Retry {
    match failure {
        Failure::Authentication => Retry::AfterAuthenticating,
        Failure::Unsupported => Retry::Never,
        Failure::Transport if delivery == Delivery::NotSent => Retry::NowOnNewConnection,
        Failure::Transport | Failure::TimedOut => Retry::AfterBackoff,
        Failure::Code(code) => match code.remedy() {
            Some(Remedy::FindCoordinator) => Retry::AfterFindingCoordinator,
            Some(Remedy::RefreshMetadata) => Retry::AfterRefreshingMetadata,
            Some(Remedy::Rebootstrap) => Retry::AfterRebootstrap,
            Some(Remedy::Authenticate) => Retry::AfterAuthenticating,
            Some(Remedy::Wait) => Retry::AfterBackoff,
            None if code.refreshes_metadata() && is_found_by_metadata(key) => {
                Retry::AfterRefreshingMetadata
            }
            None if code.is_retriable() => Retry::AfterBackoff,
            None => Retry::Never,
        },
    }
}

/// Returns `true` if metadata names the node that answers the API.
const fn is_found_by_metadata(key: ApiKey) -> bool {
    match key.routing() {
        None => false,
        Some(
            Routing::GroupCoordinator | Routing::TransactionCoordinator | Routing::ShareCoordinator,
        ) => false,
        Some(
            Routing::AnyBroker
            | Routing::SpecificBroker
            | Routing::EveryBroker
            | Routing::Controller
            | Routing::PartitionLeader,
        ) => true,
    }
}

fn duplicates(
    failure: Failure,
    key: ApiKey,
    delivery: Delivery,
    is_idempotent: bool,
) -> DuplicateRisk {
    let may_be_done = match failure {
        Failure::Code(code) => code.applied(key) != Applied::No,
        // A broker carries out only what it has read whole; but more may have left than was reported.
        _ => delivery != Delivery::NotSent,
    };
    let is_harmless = is_idempotent || key.is_repeatable() || key.is_read_only() || is_session(key);
    match may_be_done && !is_harmless {
        true => DuplicateRisk::Possible,
        false => DuplicateRisk::None,
    }
}

/// Returns `true` if the API is about the connection itself.
const fn is_session(key: ApiKey) -> bool {
    matches!(key.class(), Some(ApiClass::Session))
}

/// An interval for probes that keeps a connection open: somewhat shorter than the shortest of the times
/// after which someone closes it. `None` if nobody does.
///
/// Brokers close after `connections.max.idle.ms`, by default 10 minutes; load balancers and NAT often earlier.
/// That a broker is busy with a request does not count as being used: a Fetch that may wait longer than that is cut off.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use kafka_codec::connection::keep_alive_interval;
///
/// let broker = Duration::from_secs(600);
/// let load_balancer = Duration::from_secs(350);
/// assert_eq!(keep_alive_interval([broker, load_balancer]), Some(Duration::from_secs(280)));
/// ```
#[must_use]
pub fn keep_alive_interval(limits: impl IntoIterator<Item = Duration>) -> Option<Duration> {
    // A fifth less, for what a probe takes to arrive.
    limits.into_iter().min().map(|min| min / 5 * 4)
}
