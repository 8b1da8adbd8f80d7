//! TLS under a connection, by rustls.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Opens TLS to `host`, which must show a certificate of one of the authorities in the PEM file `authorities`; without a
/// file, of those that browsers trust.
///
/// # Errors
///
/// [`TlsError`] says what was wrong with the file, the name or the handshake.
pub async fn connect(
    socket: TcpStream,
    host: &str,
    authorities: Option<&Path>,
) -> Result<TlsStream<TcpStream>, TlsError> {
    let roots = match authorities {
        None => webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
        Some(file) => read(file)?,
    };
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Host(host.into()))?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, socket).await;
    stream.map_err(TlsError::Handshake)
}

fn read(file: &Path) -> Result<RootCertStore, TlsError> {
    let fault =
        |why: &dyn fmt::Display| TlsError::Authorities(format!("{}: {why}", file.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| fault(&error))? {
        let certificate = certificate.map_err(|error| fault(&error))?;
        roots.add(certificate).map_err(|error| fault(&error))?;
    }
    match roots.is_empty() {
        true => Err(fault(
            &"no certificate in it; a PEM file has `BEGIN CERTIFICATE` lines",
        )),
        false => Ok(roots),
    }
}

/// Why there is no TLS connection.
#[derive(Debug)]
pub enum TlsError {
    /// The file of authorities cannot be used.
    Authorities(String),
    /// What is not the name of a host.
    Host(Box<str>),
    /// The two sides did not agree.
    Handshake(io::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorities(why) => write!(f, "certificate authorities: {why}"),
            Self::Host(host) => write!(f, "`{host}` is not the name of a host"),
            Self::Handshake(error) => write!(f, "TLS handshake: {error}"),
        }
    }
}

impl Error for TlsError {}
