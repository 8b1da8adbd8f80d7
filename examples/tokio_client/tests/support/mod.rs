//! A broker in this process: the accepting side of a connection over any tokio stream, and TLS for it.

use std::sync::Arc;

use bytes::Buf;
use kafka_codec::ApiKey;
use kafka_codec::connection::VersionTable;
use kafka_codec::connection::server::{
    IncomingRequest, ServerConnection, ServerEvent, ServerOptions,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What the broker does with a request: true to go on.
pub(crate) type Handler = Box<dyn FnMut(&mut ServerConnection, &IncomingRequest) -> bool + Send>;

/// Serves one client until either side ends it; what was written last is on its way then.
pub(crate) async fn serve<T>(mut stream: T, mut handle: Handler)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let stable = ApiKey::ALL
        .iter()
        .filter_map(|key| Some((*key, key.stable_versions()?)));
    let options = ServerOptions::new("client", VersionTable::new(stable));
    let now = || Instant::now().into_std();
    let mut server = ServerConnection::new(now(), options);
    let mut buffer = [0; 4096];
    let mut goes_on = true;
    while goes_on {
        let length = match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => length,
        };
        server.handle_bytes(now(), &buffer[..length]);
        while let Some(event) = server.poll_event() {
            match event {
                ServerEvent::Request(request) => goes_on = handle(&mut server, &request),
                ServerEvent::Closed(_) => return,
                _ => {}
            }
        }
        while let Some(mut transmit) = server.poll_transmit() {
            let bytes = transmit.copy_to_bytes(transmit.remaining());
            if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            server.handle_written(now(), bytes.len());
        }
    }
}

/// A broker's TLS for `localhost`, and the PEM text of the authority that vouches for it.
pub(crate) fn tls() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = made.cert.pem();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), pem)
}
