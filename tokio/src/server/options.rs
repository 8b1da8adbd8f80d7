//! What is served, to whom, and within which limits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::ApiKey;
use kafka_codec::connection::VersionTable;
use kafka_codec::connection::server::ServerOptions as MachineOptions;

use crate::ServerTls;

/// Decides whether a user has a password: see [`ServerOptions::with_password_check`].
pub type PasswordCheck = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// What a [`Server`](crate::Server) serves, to whom, and within which limits.
#[derive(Clone)]
pub struct ServerOptions {
    machine: MachineOptions,
    pub(super) tls: Option<ServerTls>,
    pub(super) handshake_timeout: Duration,
    pub(super) max_response_bytes: usize,
    pub(super) password_check: Option<PasswordCheck>,
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
            password_check: None,
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

    /// Sets how many bytes of responses may wait to be written before no more requests are read. By default 64 MiB.
    #[must_use]
    pub const fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Demands SASL PLAIN from clients, before anything but ApiVersions, and asks `check` for each user and password.
    /// SaslHandshake and SaslAuthenticate must be among the APIs that are served. Other mechanisms are the owner's to serve,
    /// as requests.
    #[must_use]
    pub fn with_password_check(
        mut self,
        check: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.password_check = Some(Arc::new(check));
        self
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
            .finish_non_exhaustive()
    }
}
