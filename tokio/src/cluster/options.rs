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
    pub(super) min_backoff: Duration,
    pub(super) max_backoff: Duration,
    pub(super) keep_alive: Option<Duration>,
}

impl ClusterOptions {
    /// The cluster that these servers belong to, each `HOST:PORT`: no TLS, no SASL, 30 seconds for each request, pauses of
    /// 100 ms to 1 s between attempts.
    #[must_use]
    pub fn new<S: Into<Arc<str>>>(bootstrap: impl IntoIterator<Item = S>) -> Self {
        Self {
            bootstrap: bootstrap.into_iter().map(Into::into).collect(),
            connections: Options::default(),
            deadline: Duration::from_secs(30),
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

    /// Sets for how long a request, or a batch, is tried, all attempts and pauses together. By default 30 seconds.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
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
