//! Options of a server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::ApiKey;
use kafka_codec::connection::VersionTable;
use kafka_codec::connection::server::ServerOptions as MachineOptions;

#[cfg(feature = "metrics")]
use super::metrics::ListenerMetrics;
use super::sasl::ServerSasl;
use crate::ServerTls;

/// Decides whether a user has a password: see [`ServerSasl::with_plain`].
pub type PasswordCheck = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// Options of a [`Server`](crate::Server): what it serves, to whom, and within which limits.
#[derive(Clone)]
pub struct ServerOptions {
    machine: MachineOptions,
    pub(super) tls: Option<ServerTls>,
    pub(super) handshake_timeout: Duration,
    pub(super) max_response_bytes: usize,
    pub(super) sasl: Option<ServerSasl>,
    #[cfg(feature = "metrics")]
    pub(super) metrics: Option<ListenerMetrics>,
}

impl ServerOptions {
    /// Serves the APIs in a table, in its versions. ApiVersions should be among them.
    #[must_use]
    pub fn new(served: VersionTable) -> Self {
        Self {
            machine: MachineOptions::new("client", served),
            tls: None,
            handshake_timeout: Duration::from_secs(10),
            max_response_bytes: 64 * 1024 * 1024,
            sasl: None,
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }

    /// Serves some APIs in all their stable versions. Those without one are left out.
    #[must_use]
    pub fn of_apis(apis: impl IntoIterator<Item = ApiKey>) -> Self {
        let with_versions = |key: ApiKey| Some((key, key.stable_versions()?));
        Self::new(VersionTable::new(
            apis.into_iter().filter_map(with_versions),
        ))
    }

    /// Hands out every request, also ApiVersions and those of unknown APIs and versions: for proxies that leave the answer to
    /// the broker behind them.
    #[must_use]
    pub fn forwarding() -> Self {
        let mut options = Self::new(VersionTable::default());
        options.machine = options.machine.with_forwarding(true);
        options
    }

    /// Sets all that concerns the connection between its transport and its owner: sizes, numbers and time limits. The name in
    /// them is replaced by the client's address.
    #[must_use]
    pub fn with_machine(mut self, options: MachineOptions) -> Self {
        self.machine = options;
        self
    }

    /// Uses TLS. By default not.
    #[must_use]
    pub fn with_tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets how long a TLS handshake may take. By default 10 seconds.
    #[must_use]
    pub const fn with_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Sets how many bytes of responses may wait to be written before no more requests are read. By default 64 MiB; at least 1.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes.max(1);
        self
    }

    /// Demands SASL from clients, before anything but ApiVersions, which is handed out at any time if it is
    /// [forwarded](Self::forwarding). SaslHandshake and SaslAuthenticate must be among the APIs that are served. A client whose
    /// credentials are refused is closed once the response is written. Without this, SASL is the owner's to serve, as requests.
    ///
    /// If a check or source of credentials panics, the connection of that client ends.
    #[must_use]
    pub fn with_sasl(mut self, sasl: ServerSasl) -> Self {
        self.sasl = Some(sasl);
        self
    }

    /// Demands SASL PLAIN from clients, as [`with_sasl`](Self::with_sasl) does, and asks `check` for each user and password.
    #[must_use]
    pub fn with_password_check(
        self,
        check: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with_sasl(ServerSasl::default().with_plain(check))
    }

    /// Counts and times requests and connections with the facade `metrics`, under the label `listener`. Only with the feature
    /// `metrics`.
    ///
    /// | metric | kind | labels | what it is |
    /// |---|---|---|---|
    /// | `kafka_server_requests_received_total` | counter | `api` | requests that arrived, those of the login included, without ApiVersions that is answered before the owner sees it |
    /// | `kafka_server_requests_total` | counter | `api`, `outcome` | requests that are over: `answered`, or `lost` with their connection |
    /// | `kafka_server_request_duration_seconds` | histogram | `api`, `stage` | `handle` from the arrival of a request to its response, `write` from then to its last byte being written |
    /// | `kafka_server_received_bytes_total`, `kafka_server_sent_bytes_total` | counter | `api` | bytes of these requests and of all responses, their sizes included |
    /// | `kafka_server_connections_opened_total` | counter | | clients that came |
    /// | `kafka_server_connections_closed_total` | counter | `reason` | clients that are gone, by [why](kafka_codec::connection::CloseReason::name) |
    /// | `kafka_server_connections` | gauge | | clients that are there |
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(mut self, listener: impl Into<Arc<str>>) -> Self {
        self.metrics = Some(ListenerMetrics::new(&listener.into()));
        self
    }

    pub(super) const fn max_frame_bytes(&self) -> usize {
        self.machine.max_frame_bytes()
    }

    pub(super) fn machine_options(&self, client: impl Into<Arc<str>>) -> MachineOptions {
        self.machine.clone().with_client(client)
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("machine", &self.machine)
            .field("tls", &self.tls)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("sasl", &self.sasl)
            .finish_non_exhaustive()
    }
}
