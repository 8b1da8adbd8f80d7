//! TLS conversations by rustls: what both ends send, and the key log.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, KeyLog, RootCertStore, ServerConfig,
    ServerConnection, SupportedCipherSuite, SupportedProtocolVersion,
};

/// A key log in memory.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<String>);

impl KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let (random, secret) = (hex(client_random), hex(secret));
        self.0
            .lock()
            .unwrap()
            .push_str(&format!("{label} {random} {secret}\n"));
    }
}

impl Log {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// Both ends, ready for connections.
pub(crate) struct Ends {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    pub(crate) log: Arc<Log>,
}

/// What is special about the connections.
#[derive(Clone, Copy, Default)]
pub(crate) struct Special {
    pub(crate) client_certificate: bool,
    pub(crate) early_data: bool,
    /// TLS 1.2 with tickets, not session ids.
    pub(crate) tickets: bool,
    /// The client's first key share is refused.
    pub(crate) retry: bool,
}

fn provider(suite: SupportedCipherSuite, first_group: usize) -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![suite];
    provider.kx_groups.rotate_left(first_group);
    Arc::new(provider)
}

/// The suites that both rustls and we have: those for certificates with elliptic curves.
pub(crate) fn suites() -> Vec<SupportedCipherSuite> {
    let all = ring::default_provider().cipher_suites.into_iter();
    all.filter(|suite| !format!("{:?}", suite.suite()).contains("RSA"))
        .collect()
}

pub(crate) fn suite(wanted: CipherSuite) -> SupportedCipherSuite {
    suites()
        .into_iter()
        .find(|suite| suite.suite() == wanted)
        .unwrap()
}

impl Ends {
    pub(crate) fn new(suite: SupportedCipherSuite, special: Special) -> Self {
        let version: &SupportedProtocolVersion = suite.version();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate: CertificateDer<'static> = made.cert.der().clone();
        let key = || {
            let der = made.signing_key.serialize_der();
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der))
        };
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let roots = Arc::new(roots);
        let mut server_provider = (*provider(suite, 0)).clone();
        if special.retry {
            server_provider.kx_groups.truncate(1);
        }
        let client_provider = provider(suite, usize::from(special.retry));
        let server_provider = Arc::new(server_provider);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&server_provider))
            .with_protocol_versions(&[version])
            .unwrap();
        let builder = if special.client_certificate {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), server_provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let mut server = builder
            .with_single_cert(vec![certificate.clone()], key())
            .unwrap();
        if special.tickets {
            server.ticketer = ring::Ticketer::new().unwrap();
        }
        let builder = ClientConfig::builder_with_provider(client_provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots);
        let mut client = if special.client_certificate {
            builder
                .with_client_auth_cert(vec![certificate], key())
                .unwrap()
        } else {
            builder.with_no_client_auth()
        };
        if special.early_data {
            server.max_early_data_size = 10_000;
            client.enable_early_data = true;
        }
        let log = Arc::new(Log::default());
        client.key_log = Arc::<Log>::clone(&log);
        Self {
            client: Arc::new(client),
            server: Arc::new(server),
            log,
        }
    }

    /// A connection after its handshake.
    pub(crate) fn connect(&self) -> Talk {
        let mut talk = self.begin();
        talk.pump();
        assert!(!talk.client.is_handshaking() && !talk.server.is_handshaking());
        talk
    }

    /// A connection of which nothing was sent.
    pub(crate) fn begin(&self) -> Talk {
        let name = ServerName::try_from("localhost").unwrap();
        Talk {
            client: ClientConnection::new(Arc::clone(&self.client), name).unwrap(),
            server: ServerConnection::new(Arc::clone(&self.server)).unwrap(),
            sent: Vec::new(),
        }
    }
}

/// A connection, and what was sent on it: by whom, and the bytes.
pub(crate) struct Talk {
    pub(crate) client: ClientConnection,
    pub(crate) server: ServerConnection,
    pub(crate) sent: Vec<(bool, Vec<u8>)>,
}

impl Talk {
    /// Carries bytes over until neither has more.
    pub(crate) fn pump(&mut self) {
        loop {
            let mut bytes = Vec::new();
            if self.client.wants_write() {
                while self.client.wants_write() {
                    self.client.write_tls(&mut bytes).unwrap();
                }
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    self.server.read_tls(&mut rest).unwrap();
                    self.server.process_new_packets().unwrap();
                    drain(&mut self.server.reader());
                }
                self.sent.push((true, bytes));
            } else if self.server.wants_write() {
                while self.server.wants_write() {
                    self.server.write_tls(&mut bytes).unwrap();
                }
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    self.client.read_tls(&mut rest).unwrap();
                    self.client.process_new_packets().unwrap();
                    drain(&mut self.client.reader());
                }
                self.sent.push((false, bytes));
            } else {
                return;
            }
        }
    }

    pub(crate) fn say(&mut self, from_client: bool, plain: &[u8]) {
        for part in plain.chunks(40_000) {
            if from_client {
                self.client.writer().write_all(part).unwrap();
            } else {
                self.server.writer().write_all(part).unwrap();
            }
            self.pump();
        }
    }

    /// New keys for what one end sends.
    pub(crate) fn update_keys(&mut self, from_client: bool) {
        if from_client {
            self.client.refresh_traffic_keys().unwrap();
        } else {
            self.server.refresh_traffic_keys().unwrap();
        }
    }

    /// Ends the connection with alerts.
    pub(crate) fn close(&mut self) {
        self.client.send_close_notify();
        self.pump();
        self.server.send_close_notify();
        self.pump();
    }
}

fn drain(reader: &mut impl Read) {
    let mut plain = [0; 4096];
    while reader.read(&mut plain).is_ok_and(|read| read > 0) {}
}
