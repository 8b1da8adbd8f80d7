//! Transports: TCP, and TLS over it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, AlertDescription, ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A stream of bytes that a connection can use: TCP, TLS, a pipe in memory.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for T {}

/// TLS for the client's side of connections.
///
/// # Examples
///
/// ```
/// use kafka_codec_tokio::TlsOptions;
///
/// let options = TlsOptions::with_webpki_roots()?.with_server_name("kafka.example.com");
/// # Ok::<(), kafka_codec_tokio::TlsError>(())
/// ```
#[derive(Clone)]
pub struct TlsOptions {
    config: Arc<ClientConfig>,
    server_name: Option<Box<str>>,
}

impl TlsOptions {
    /// Trusts the certificate authorities that browsers trust.
    ///
    /// # Errors
    ///
    /// [`TlsError::Config`] if no cryptography is installed.
    #[cfg(feature = "webpki-roots")]
    pub fn with_webpki_roots() -> Result<Self, TlsError> {
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self::with_roots(roots)
    }

    /// Trusts the certificate authorities that the operating system trusts, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR`
    /// name. Those of them that cannot be read or used are left out.
    ///
    /// # Errors
    ///
    /// [`TlsError::Config`] if there are none.
    #[cfg(feature = "native-roots")]
    pub fn with_native_roots() -> Result<Self, TlsError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        match (added, found.errors.first()) {
            (1.., _) => Self::with_roots(roots),
            (0, Some(error)) => Err(TlsError::Config(error.to_string())),
            (0, None) => {
                let why = "the operating system trusts no certificate authority";
                Err(TlsError::Config(why.into()))
            }
        }
    }

    /// Trusts the certificate authorities in a PEM text.
    ///
    /// # Errors
    ///
    /// [`TlsError::Pem`] if there is no certificate in it, or one that cannot be used.
    pub fn with_authorities_pem(pem: &str) -> Result<Self, TlsError> {
        Self::with_roots(roots(pem)?)
    }

    fn with_roots(roots: RootCertStore) -> Result<Self, TlsError> {
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::with_config(Arc::new(config)))
    }

    /// Trusts the certificate authorities in a PEM text, and shows the broker a certificate of its own.
    ///
    /// # Errors
    ///
    /// [`TlsError::Pem`] if a text holds no certificate or key, [`TlsError::Config`] if they do not belong together.
    pub fn with_client_certificate_pem(
        authorities: &str,
        certificates: &str,
        key: &str,
    ) -> Result<Self, TlsError> {
        let config = ClientConfig::builder()
            .with_root_certificates(roots(authorities)?)
            .with_client_auth_cert(chain(certificates)?, private_key(key)?)
            .map_err(|error| TlsError::Config(error.to_string()))?;
        Ok(Self::with_config(Arc::new(config)))
    }

    /// Uses a configuration of rustls as it is.
    #[must_use]
    pub fn with_config(config: Arc<ClientConfig>) -> Self {
        Self {
            config,
            server_name: None,
        }
    }

    /// Sets the name that the broker's certificate must be for. By default the host that is connected to.
    #[must_use]
    pub fn with_server_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    async fn connect(&self, host: &str, socket: TcpStream) -> Result<Box<dyn Transport>, TlsError> {
        let name = self.server_name.as_deref().unwrap_or(host);
        let name =
            ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Host(name.into()))?;
        let connector = TlsConnector::from(self.config.clone());
        match connector.connect(name, socket).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(TlsError::Handshake(error)),
        }
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

/// TLS for the server's side of connections.
#[derive(Clone)]
pub struct ServerTls(TlsAcceptor);

impl ServerTls {
    /// Shows clients the certificates and uses the key in two PEM texts.
    ///
    /// # Errors
    ///
    /// [`TlsError::Pem`] if a text holds no certificate or key, [`TlsError::Config`] if they do not belong together.
    pub fn from_pem(certificates: &str, key: &str) -> Result<Self, TlsError> {
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain(certificates)?, private_key(key)?)
            .map_err(|error| TlsError::Config(error.to_string()))?;
        Ok(Self::with_config(Arc::new(config)))
    }

    /// Uses a configuration of rustls as it is.
    #[must_use]
    pub fn with_config(config: Arc<ServerConfig>) -> Self {
        Self(config.into())
    }

    pub(crate) async fn accept(&self, stream: impl Transport) -> io::Result<Box<dyn Transport>> {
        Ok(Box::new(self.0.accept(stream).await?))
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

fn roots(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(pem)? {
        let added = roots.add(certificate);
        added.map_err(|error| TlsError::Pem(error.to_string()))?;
    }
    Ok(roots)
}

fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let certificates = certificates.map_err(|error| TlsError::Pem(error.to_string()))?;
    match certificates.is_empty() {
        true => Err(TlsError::Pem(
            "no certificate in it; a PEM text has `BEGIN CERTIFICATE` lines".into(),
        )),
        false => Ok(certificates),
    }
}

fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| TlsError::Pem(error.to_string()))
}

/// Why TLS cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// A PEM text cannot be used.
    Pem(String),
    /// Certificate, key and cryptography do not fit together.
    Config(String),
    /// The host is not a name or address that a certificate can be for.
    Host(Box<str>),
    /// The two sides did not agree, or the connection broke meanwhile.
    Handshake(io::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(why) => write!(f, "PEM text: {why}"),
            Self::Config(why) => write!(f, "TLS configuration: {why}"),
            Self::Host(host) => write!(f, "`{host}` is not a host name"),
            Self::Handshake(error) => write!(f, "TLS handshake: {error}"),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Handshake(error) => Some(error),
            _ => None,
        }
    }
}

/// A transport that was opened, and how long that took.
pub(crate) struct Dialed {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) tcp: Duration,
    pub(crate) tls: Option<Duration>,
}

/// Opens TCP to `address`, which is `HOST:PORT`, and TLS over it if asked to.
pub(crate) async fn dial(address: &str, tls: Option<&TlsOptions>) -> Result<Dialed, DialError> {
    let (host, _) = address
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .ok_or_else(|| DialError::Address(address.into()))?;
    let begun = Instant::now();
    let socket = TcpStream::connect(address).await.map_err(DialError::Tcp)?;
    // Requests are written whole, so waiting for more bytes would only delay them.
    socket.set_nodelay(true).map_err(DialError::Tcp)?;
    let tcp = begun.elapsed();
    let Some(options) = tls else {
        return Ok(Dialed {
            transport: Box::new(socket),
            tcp,
            tls: None,
        });
    };
    let begun = Instant::now();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let transport = options
        .connect(host, socket)
        .await
        .map_err(DialError::Tls)?;
    Ok(Dialed {
        transport,
        tcp,
        tls: Some(begun.elapsed()),
    })
}

/// Why a transport could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum DialError {
    /// The address is not of the form `HOST:PORT`.
    Address(Box<str>),
    /// TCP, or finding the address of the host.
    Tcp(io::Error),
    /// TLS.
    Tls(TlsError),
}

impl DialError {
    /// Returns `true` if another attempt at the same address would fail in the same way: the address cannot exist, or the two
    /// sides do not agree on TLS, as when one does not trust the other's certificate.
    ///
    /// A name that is not found may be found later. The resolver's error does not tell an unknown name from one that is not
    /// published yet, as that of a pod that is starting.
    pub(crate) fn is_permanent(&self) -> bool {
        match self {
            Self::Address(_) => true,
            // A name that the resolver is not even asked for. Errors of the operating system can pass.
            Self::Tcp(error) => {
                error.kind() == io::ErrorKind::InvalidInput && error.raw_os_error().is_none()
            }
            Self::Tls(TlsError::Handshake(error)) => {
                let error = error.get_ref().and_then(|it| it.downcast_ref());
                match error {
                    Some(rustls::Error::AlertReceived(alert)) => REFUSALS.contains(alert),
                    Some(
                        rustls::Error::InvalidCertificate(_) | rustls::Error::PeerIncompatible(_),
                    ) => true,
                    _ => false,
                }
            }
            Self::Tls(_) => true,
        }
    }
}

/// The alerts by which a broker refuses the certificate that it was shown, or TLS as it was offered. Others can pass: a proxy
/// sends `UnrecognizedName` as long as the broker behind it is down.
const REFUSALS: [AlertDescription; 12] = [
    AlertDescription::HandshakeFailure,
    AlertDescription::BadCertificate,
    AlertDescription::UnsupportedCertificate,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::AccessDenied,
    AlertDescription::DecryptError,
    AlertDescription::ProtocolVersion,
    AlertDescription::InsufficientSecurity,
    AlertDescription::CertificateRequired,
];

/// Returns `true` if `error` is the text of an alert that refuses the client. In TLS 1.3 it comes after the client's handshake,
/// when the connection has the transport's error as text alone.
pub(crate) fn is_refusal(error: &str) -> bool {
    let texts = REFUSALS.map(|alert| rustls::Error::AlertReceived(alert).to_string());
    texts.iter().any(|text| text == error)
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "`{address}` has no port (expected HOST:PORT)"),
            Self::Tcp(error) => write!(f, "TCP: {error}"),
            Self::Tls(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DialError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Address(_) => None,
            Self::Tcp(error) => Some(error),
            Self::Tls(error) => Some(error),
        }
    }
}
