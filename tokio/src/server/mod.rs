//! The accepting side: clients in, their requests out, to be answered by any task.

mod driver;
mod login;
#[cfg(feature = "metrics")]
mod metrics;
mod options;
mod sasl;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use kafka_codec::connection::server::{IncomingRequest, RespondError, ServerConnection};
use kafka_codec::connection::{ApiLabel, CloseReport};
use kafka_codec::{ClientIdentity, Decode, DecodeError, Request, Response};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::time::timeout;

use crate::link::now;
use crate::transport::Transport;
use driver::Shared;

pub use options::{PasswordCheck, ServerOptions};
pub use sasl::{AcceptedToken, ServerSasl};

/// A listener for clients of Kafka: for test brokers, proxies and brokers.
///
/// # Examples
///
/// ```
/// use kafka_codec::ApiKey;
/// use kafka_codec::messages::{HeartbeatRequest, HeartbeatResponse};
/// use kafka_codec_tokio::{Connection, Options, Server, ServerOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let served = [ApiKey::ApiVersions, ApiKey::Heartbeat];
/// let server = Server::bind("127.0.0.1:0", ServerOptions::of_apis(served)).await?;
/// let address = server.local_addr()?.to_string();
/// tokio::spawn(async move {
///     let client = server.accept().await?;
///     while let Some(request) = client.next_request().await {
///         request.respond(&HeartbeatResponse::default())?;
///     }
///     Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// });
///
/// let connection = Connection::connect(&address, &Options::default()).await?;
/// let response = connection.send(&HeartbeatRequest::default()).await?;
/// assert!(response.decode()?.error_code.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    options: ServerOptions,
}

impl Server {
    /// Listens on an address.
    ///
    /// # Errors
    ///
    /// Those of [`TcpListener::bind`].
    pub async fn bind(address: impl ToSocketAddrs, options: ServerOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, options })
    }

    /// The address that is listened on.
    ///
    /// # Errors
    ///
    /// Those of [`TcpListener::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Waits for the next client, without its TLS handshake: a client that is slow or hostile in it keeps no other waiting
    /// if [`Incoming::start`] runs on a task of its own.
    ///
    /// # Errors
    ///
    /// Those of [`TcpListener::accept`]. The next call may succeed.
    pub async fn incoming(&self) -> io::Result<Incoming> {
        let (socket, peer) = self.listener.accept().await?;
        socket.set_nodelay(true)?;
        Ok(Incoming {
            socket,
            peer,
            options: self.options.clone(),
        })
    }

    /// Waits for the next client and its TLS handshake: for tests, with one client at a time.
    ///
    /// # Errors
    ///
    /// As [`incoming`](Self::incoming) and [`Incoming::start`].
    pub async fn accept(&self) -> io::Result<Client> {
        self.incoming().await?.start().await
    }
}

/// A client whose connection was accepted, before TLS.
#[derive(Debug)]
pub struct Incoming {
    socket: TcpStream,
    peer: SocketAddr,
    options: ServerOptions,
}

impl Incoming {
    /// The address of the client.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Shakes hands by TLS, if that is used, and begins to read requests.
    ///
    /// # Errors
    ///
    /// What the handshake fails with, or [`TimedOut`](io::ErrorKind::TimedOut).
    pub async fn start(self) -> io::Result<Client> {
        let name = format!("client {}", self.peer);
        let transport: Box<dyn Transport> = match &self.options.tls {
            None => Box::new(self.socket),
            Some(tls) => timeout(self.options.handshake_timeout, tls.accept(self.socket)).await??,
        };
        Ok(Client::start(name, transport, &self.options))
    }
}

/// The connection of a client, which any number of tasks share by cloning it.
///
/// One task drives it. It is closed when its last clone, and the last of its requests, is dropped.
#[derive(Clone)]
pub struct Client(Arc<Handle>);

/// What the clones share. The task has only what is inside, so that dropping the last clone is noticed.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Client {
    /// Serves a client over a transport that is open already. TLS in the options is not used.
    #[must_use]
    pub fn over(
        name: impl Into<Arc<str>>,
        transport: impl Transport,
        options: &ServerOptions,
    ) -> Self {
        Self::start(name, Box::new(transport), options)
    }

    fn start(
        name: impl Into<Arc<str>>,
        transport: Box<dyn Transport>,
        options: &ServerOptions,
    ) -> Self {
        let machine = ServerConnection::new(now(), options.machine_options(name));
        let shared = Shared::new(machine, transport, options);
        tokio::spawn(shared.clone().drive());
        Self(Arc::new(Handle(shared)))
    }

    /// Waits for the next request; `None` when the connection is over. ApiVersions is answered already, unless the options
    /// say that it is forwarded, and so is SASL, if the options [demand it](ServerOptions::with_sasl).
    ///
    /// Requests that nobody takes wait here: as many as the options allow to be unanswered, and of those without a response
    /// (Produce with `acks` 0) 100, or as many bytes as one request may have. Then no more are read.
    pub async fn next_request(&self) -> Option<ServerRequest> {
        let request = self.0.0.next_request().await?;
        Some(ServerRequest {
            request,
            client: self.clone(),
        })
    }

    /// Who the client is, as far as its requests have told.
    #[must_use]
    pub fn identity(&self) -> ClientIdentity {
        self.0.0.look(|machine| machine.client().clone())
    }

    /// The user that the client authenticated as, if SASL is [demanded](ServerOptions::with_sasl).
    #[must_use]
    pub fn user(&self) -> Option<Arc<str>> {
        self.0.0.user()
    }

    /// Closes the connection. Responses that are not written are lost.
    pub fn close(&self) {
        self.0.0.command(|machine| machine.close(now()));
    }

    /// Waits until the connection is over.
    pub async fn closed(&self) -> Arc<CloseReport> {
        self.0.0.closed().await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = self.identity();
        f.debug_tuple("Client").field(&identity).finish()
    }
}

/// A request of a client. It owns its bytes, and can be answered on any task and in any order: responses are written in the
/// order of the requests.
///
/// A request that is dropped without a response holds up the responses to those behind it until the connection is closed: answer
/// each request, or [close](Client::close) the connection.
#[derive(Clone, Debug)]
pub struct ServerRequest {
    request: IncomingRequest,
    client: Client,
}

impl ServerRequest {
    /// The API, version and correlation id.
    #[must_use]
    pub const fn label(&self) -> ApiLabel {
        self.request.label()
    }

    /// The request with its header, as it arrived.
    #[must_use]
    pub const fn incoming(&self) -> &IncomingRequest {
        &self.request
    }

    /// The client that sent it.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Decodes the request, borrowing its bytes.
    ///
    /// # Errors
    ///
    /// As [`IncomingRequest::decode`].
    pub fn decode<'a, R: Request + Decode<'a>>(&'a self) -> Result<R, DecodeError> {
        self.request.decode()
    }

    /// The bytes of the body, shared with the frame.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.request.frame().slice_ref(self.request.body())
    }

    /// Gives the request its response.
    ///
    /// # Errors
    ///
    /// [`RespondError`]; the request is still unanswered then, unless the connection is over.
    pub fn respond<R: Response>(&self, response: &R) -> Result<(), RespondError> {
        self.client
            .0
            .0
            .respond(|machine| machine.respond(now(), self.request.id(), response))
    }

    /// Gives the request a response that is encoded already: header and body, without the size, as
    /// [`Connection::forward`](crate::Connection::forward) returns it. The correlation id in it is replaced, and large
    /// frames are not copied.
    ///
    /// # Errors
    ///
    /// As [`respond`](Self::respond).
    pub fn respond_frame(&self, frame: &Bytes) -> Result<(), RespondError> {
        self.client
            .0
            .0
            .respond(|machine| machine.respond_frame(now(), self.request.id(), frame))
    }
}
