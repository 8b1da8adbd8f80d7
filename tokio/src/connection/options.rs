//! Options of a connection.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::connection::{ConnectionOptions, Event};

use crate::{Sasl, TlsOptions};

/// Sees every event of a connection, with the connection's name.
pub(crate) type Observer = Arc<dyn Fn(&str, &Event) + Send + Sync>;

/// Options of connections: address, TLS, authentication and limits. A clone shares certificates and credentials.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use kafka_codec_tokio::{Options, Sasl, TlsOptions};
///
/// let options = Options::default()
///     .with_client_id("orders")
///     .with_tls(TlsOptions::with_webpki_roots()?)
///     .with_sasl(Sasl::scram_sha_256("alice", "alice-secret"))
///     .with_connect_timeout(Duration::from_secs(5));
/// # Ok::<(), kafka_codec_tokio::TlsError>(())
/// ```
#[derive(Clone)]
pub struct Options {
    pub(crate) connection: ConnectionOptions,
    pub(crate) tls: Option<TlsOptions>,
    pub(crate) sasl: Vec<Sasl>,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_requests: usize,
    pub(crate) max_bytes: usize,
    renew_at_permille: RangeInclusive<u16>,
    pub(crate) observers: Vec<Observer>,
}

impl Default for Options {
    /// No TLS, no SASL, 10 seconds to connect, 100 requests and 64 MiB under way, authenticating again at 85 to 95 % of a
    /// session's lifetime; else as [`ConnectionOptions::new`].
    fn default() -> Self {
        Self {
            connection: ConnectionOptions::new("broker"),
            tls: None,
            sasl: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            max_requests: 100,
            max_bytes: 64 * 1024 * 1024,
            renew_at_permille: 850..=950,
            observers: Vec::new(),
        }
    }
}

impl Options {
    /// Sets the client id in the header of every request. By default null.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.connection = self.connection.with_client_id(id);
        self
    }

    /// Sets all that concerns the connection between its transport and its caller: time limits, the number of requests in
    /// flight, versions, idle policy. The name in them is replaced by that of the broker, and the share of a session's lifetime
    /// by one within [`with_renew_at_permille`](Self::with_renew_at_permille).
    #[must_use]
    pub fn with_connection(mut self, options: ConnectionOptions) -> Self {
        self.connection = options;
        self
    }

    /// Uses TLS. By default not.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsOptions) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Authenticates by SASL. By default not. Called again, it adds a mechanism for brokers that do not have those before it.
    #[must_use]
    pub fn with_sasl(mut self, sasl: Sasl) -> Self {
        self.sasl.push(sasl);
        self
    }

    /// Sets how long TCP and TLS may take together to open. By default 10 seconds. What follows, learning versions and
    /// authenticating, has the [initialization
    /// timeout](ConnectionOptions::with_initialization_timeout).
    #[must_use]
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how many requests may be under way at a time, in the queue and in flight. Further callers wait. By default 100;
    /// at least 1.
    #[must_use]
    pub fn with_max_requests(mut self, requests: usize) -> Self {
        self.max_requests = requests.max(1);
        self
    }

    /// Sets how many bytes of request bodies may be under way at a time. Further callers wait; a larger request waits until
    /// it is the only one. By default 64 MiB; at least 1.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes.max(1);
        self
    }

    /// Sets when connections authenticate again, in thousandths of the session's lifetime. Each connection draws its share from
    /// this range when it is opened, so that those that were opened together do not authenticate together. By default 850 to
    /// 950, as in Kafka's Java client; at most 1000.
    #[must_use]
    pub const fn with_renew_at_permille(mut self, permille: RangeInclusive<u16>) -> Self {
        self.renew_at_permille = permille;
        self
    }

    /// The options of one connection: with its name, and a share of the session's lifetime that is drawn for it.
    pub(super) fn of_connection(&self, broker: Arc<str>) -> ConnectionOptions {
        let permille = crate::chance::draw(&self.renew_at_permille);
        let named = self.connection.clone().with_broker(broker);
        named.with_renew_at_permille(permille)
    }

    /// Adds a function that sees every event of every connection, with the connection's name: for logs and metrics. It
    /// runs while the connection is locked, so it must not wait. If it panics, that is traced as an error.
    #[must_use]
    pub fn with_observer(mut self, observe: impl Fn(&str, &Event) + Send + Sync + 'static) -> Self {
        self.observers.push(Arc::new(observe));
        self
    }

    /// Counts and times the events of every connection with the facade `metrics`, as
    /// [`MetricsEmitter`](kafka_codec::connection::MetricsEmitter) describes, by message type, outcome and broker. Only with
    /// the feature `metrics`.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(self) -> Self {
        use std::collections::HashMap;
        use std::sync::{Mutex, PoisonError};

        use kafka_codec::connection::MetricsEmitter;

        let emitters: Mutex<HashMap<Box<str>, MetricsEmitter>> = Mutex::default();
        self.with_observer(move |broker, event| {
            let mut emitters = emitters.lock().unwrap_or_else(PoisonError::into_inner);
            if !emitters.contains_key(broker) {
                emitters.insert(broker.into(), MetricsEmitter::new(broker.to_owned()));
            }
            if let Some(emitter) = emitters.get_mut(broker) {
                emitter.observe(event);
            }
        })
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("connection", &self.connection)
            .field("tls", &self.tls)
            .field("sasl", &self.sasl)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_requests", &self.max_requests)
            .field("max_bytes", &self.max_bytes)
            .field("renew_at_permille", &self.renew_at_permille)
            .finish_non_exhaustive()
    }
}
