//! Options of a cluster.

use std::sync::Arc;
use std::time::Duration;

use kafka_codec::connection::{IdlePolicy, keep_alive_interval};

use crate::Options;

/// Options of a [`Cluster`](crate::Cluster): how it is reached, and for how long requests are tried.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use kafka_codec_tokio::{ClusterOptions, Options};
///
/// let options = ClusterOptions::new(["b1:9092", "b2:9092"])
///     .with_connections(Options::default().with_client_id("orders"))
///     // Connections are probed before the broker, or a load balancer, closes them.
///     .with_idle_limits([Duration::from_secs(600), Duration::from_secs(350)])
///     .with_deadline(Duration::from_secs(20));
/// ```
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    pub(super) bootstrap: Vec<Arc<str>>,
    pub(super) connections: Options,
    pub(super) deadline: Duration,
    pub(super) produce_deadline: Duration,
    pub(super) min_backoff: Duration,
    pub(super) max_backoff: Duration,
    pub(super) keep_alive: Option<Duration>,
}

impl ClusterOptions {
    /// The cluster that these servers belong to, each `HOST:PORT`: no TLS, no SASL, 30 seconds for each request and 120 for
    /// each batch, pauses of 100 ms to 1 s between attempts.
    #[must_use]
    pub fn new<S: Into<Arc<str>>>(bootstrap: impl IntoIterator<Item = S>) -> Self {
        Self {
            bootstrap: bootstrap.into_iter().map(Into::into).collect(),
            connections: Options::default(),
            deadline: Duration::from_secs(30),
            produce_deadline: Duration::from_secs(120),
            min_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(1),
            keep_alive: None,
        }
    }

    /// Sets how connections are opened, authenticated and limited.
    #[must_use]
    pub fn with_connections(mut self, options: Options) -> Self {
        self.connections = options;
        self.apply_keep_alive();
        self
    }

    /// Sets for how long a request, or a batch, is tried, all attempts and pauses together. By default 30 seconds, and 120 for a
    /// batch.
    ///
    /// A connection waits 30 seconds for a response unless its
    /// [request timeout](kafka_codec::connection::ConnectionOptions::with_request_timeout) is another: within a deadline that is
    /// not longer, a request that is left unanswered is not tried again.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self.produce_deadline = deadline;
        self
    }

    /// Sets for how long a batch is tried, if not for as long as [other requests](Self::with_deadline). By default 120 seconds,
    /// as of `delivery.timeout.ms` of Kafka's Java client. Call it after `with_deadline`, which sets both.
    #[must_use]
    pub const fn with_produce_deadline(mut self, deadline: Duration) -> Self {
        self.produce_deadline = deadline;
        self
    }

    /// Sets the first and the longest pause between attempts. By default 100 ms and 1 s.
    #[must_use]
    pub const fn with_backoff(mut self, min: Duration, max: Duration) -> Self {
        self.min_backoff = min;
        self.max_backoff = max;
        self
    }

    /// Sets the times after which an idle connection is closed by the broker (`connections.max.idle.ms`), by a load balancer,
    /// or by anyone else between. Connections are probed somewhat earlier than the shortest of them. By default they are not
    /// probed.
    #[must_use]
    pub fn with_idle_limits(mut self, limits: impl IntoIterator<Item = Duration>) -> Self {
        self.keep_alive = keep_alive_interval(limits);
        self.apply_keep_alive();
        self
    }

    fn apply_keep_alive(&mut self) {
        if let Some(interval) = self.keep_alive {
            let connection = self.connections.connection.clone();
            self.connections.connection = connection.with_idle(IdlePolicy::KeepAlive(interval));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_tried_for_longer_than_a_response_may_take_unless_a_deadline_is_set() {
        let seconds = Duration::from_secs;
        let options = ClusterOptions::new(["b1:9092"]);
        assert_eq!(options.deadline, seconds(30));
        assert_eq!(options.produce_deadline, seconds(120));
        let options = options.with_deadline(seconds(20));
        assert_eq!(options.produce_deadline, seconds(20));
        let options = options.with_produce_deadline(seconds(60));
        assert_eq!(options.deadline, seconds(20));
        assert_eq!(options.produce_deadline, seconds(60));
    }
}
