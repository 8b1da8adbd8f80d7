//! A connection to one broker, for any number of tasks.

mod driver;
mod error;
mod options;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_codec::connection::{
    CloseReport, Connection as Machine, ConnectionOptions, EncodedRequest, Gauges, Initialization,
    RawResponse, RequestId, State, SubmitError, SubmitOptions, Timings, VersionTable,
};
use kafka_codec::{Request, ResponseFrame};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;

use crate::Sasl;
pub(crate) use crate::link::now;
use crate::transport::{Transport, dial};
use driver::{Answer, Permits, Shared};

pub use error::{ConnectError, SendError};
pub use options::Options;

/// A connection to a broker, which any number of tasks share by cloning it.
///
/// One task drives it. Requests are pipelined: each is written when it is sent, and the responses are given to the callers as
/// they arrive. The connection is closed when its last clone is dropped and the responses to what was sent have arrived.
///
/// # Examples
///
/// ```no_run
/// use kafka_codec::messages::MetadataRequest;
/// use kafka_codec_tokio::{Connection, Options};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let connection = Connection::connect("localhost:9092", &Options::default()).await?;
/// let response = connection.send(&MetadataRequest { topics: None, ..Default::default() }).await?;
/// for topic in response.decode()?.topics {
///     println!("{:?}", topic.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Connection(Arc<Handle>);

/// What the clones share. The task has only what is inside, so that dropping the last clone is noticed.
struct Handle {
    shared: Arc<Shared>,
    options: ConnectionOptions,
    setup: Setup,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.drain();
    }
}

/// The time that each phase of opening a connection took.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setup {
    /// Finding the address and opening TCP; `None` if the caller brought the transport.
    pub tcp: Option<Duration>,
    /// The TLS handshake; `None` without TLS.
    pub tls: Option<Duration>,
    /// Learning the broker's versions, and the SASL phases.
    pub initialization: Initialization,
}

impl Setup {
    /// The sum of all phases.
    #[must_use]
    pub fn total(&self) -> Duration {
        let Initialization {
            api_versions,
            sasl_handshake,
            sasl_authenticate,
            ..
        } = self.initialization;
        self.tcp.unwrap_or_default()
            + self.tls.unwrap_or_default()
            + api_versions
            + sasl_handshake
            + sasl_authenticate
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1?}", self.total())?;
        let phases = [
            ("TCP", self.tcp),
            ("TLS", self.tls),
            ("ApiVersions", Some(self.initialization.api_versions)),
            ("SaslHandshake", Some(self.initialization.sasl_handshake)),
            (
                "SaslAuthenticate",
                Some(self.initialization.sasl_authenticate),
            ),
        ];
        let mut separator = " (";
        for (name, took) in phases {
            let Some(took) = took.filter(|took| !took.is_zero()) else {
                continue;
            };
            write!(f, "{separator}{name} {took:.1?}")?;
            separator = ", ";
        }
        f.write_str(if separator == " (" { "" } else { ")" })
    }
}

/// A typed response, with the timings of its request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Timed<R: Request> {
    /// The response.
    pub response: ResponseFrame<R>,
    /// When the request passed each stage.
    pub timings: Timings,
}

impl Connection {
    /// Connects to `address`, which is `HOST:PORT`, and returns when requests can be sent: after TLS, learning the
    /// broker's versions, and SASL. The address is the connection's name in errors and events.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] says in which phase it failed, and why.
    pub async fn connect(address: &str, options: &Options) -> Result<Self, ConnectError> {
        Self::connect_as(address, address, options).await
    }

    /// Connects to `address` as [`connect`](Self::connect) does, with another name in errors and events, such as
    /// `broker 1 (b1:9092)`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_as(
        name: impl Into<Arc<str>>,
        address: &str,
        options: &Options,
    ) -> Result<Self, ConnectError> {
        let name = name.into();
        let after = options.connect_timeout;
        let dialed = match timeout(after, dial(address, options.tls.as_ref())).await {
            Ok(Ok(dialed)) => dialed,
            Ok(Err(error)) => {
                return Err(ConnectError::Dial {
                    broker: name,
                    error: Arc::new(error),
                });
            }
            Err(_) => {
                return Err(ConnectError::TimedOut {
                    broker: name,
                    after,
                });
            }
        };
        let setup = Setup {
            tcp: Some(dialed.tcp),
            tls: dialed.tls,
            ..Setup::default()
        };
        Self::start(name, dialed.transport, setup, options).await
    }

    /// Connects over a transport that is open already, a stream of your own or one end of a pipe in memory, and returns when
    /// requests can be sent. TLS and the connect timeout in the options are not used.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Closed`].
    pub async fn over(
        name: impl Into<Arc<str>>,
        transport: impl Transport,
        options: &Options,
    ) -> Result<Self, ConnectError> {
        Self::start(name.into(), Box::new(transport), Setup::default(), options).await
    }

    async fn start(
        name: Arc<str>,
        transport: Box<dyn Transport>,
        setup: Setup,
        options: &Options,
    ) -> Result<Self, ConnectError> {
        let connection = Self::spawn_boxed(name, transport, setup, options);
        let mut given_up = CloseOnDrop(Some(connection.clone()));
        connection.ready().await?;
        given_up.0 = None;
        Ok(connection)
    }

    /// As [`over`](Self::over), but returns at once: requests wait until the connection is ready, or fail with why it did not
    /// become so.
    #[must_use]
    pub fn spawn(name: impl Into<Arc<str>>, transport: impl Transport, options: &Options) -> Self {
        Self::spawn_boxed(name.into(), Box::new(transport), Setup::default(), options)
    }

    fn spawn_boxed(
        name: Arc<str>,
        transport: Box<dyn Transport>,
        setup: Setup,
        options: &Options,
    ) -> Self {
        let mechanisms = options.sasl.iter().map(Sasl::make).collect();
        let named = options.of_connection(name);
        let machine = Machine::with_sasl(now(), named.clone(), mechanisms);
        let shared = Shared::new(machine, transport, options);
        tokio::spawn(shared.clone().drive());
        Self(Arc::new(Handle {
            shared,
            options: named,
            setup,
        }))
    }

    /// Waits until requests can be sent, and returns how long each phase of opening the connection took.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Closed`].
    pub async fn ready(&self) -> Result<Setup, ConnectError> {
        let initialization = self.initialized().await;
        let initialization = initialization.map_err(ConnectError::Closed)?;
        Ok(Setup {
            initialization,
            ..self.0.setup
        })
    }

    async fn initialized(&self) -> Result<Initialization, Arc<CloseReport>> {
        let opened = |shared: &Shared| match (shared.end(), shared.ready()) {
            (Some(report), _) => Some(Err(report.clone())),
            (None, Some((_, took))) => Some(Ok(*took)),
            (None, None) => None,
        };
        match opened(&self.0.shared) {
            Some(opened) => opened,
            None => self.0.shared.wait_for(opened).await,
        }
    }

    /// Sends a request in the highest version that both sides have and that [fits](Request::fits) it, and returns the
    /// response, which is decoded where it is used. If the future is dropped, the request is cancelled.
    ///
    /// The request is encoded on the caller's task. It waits while as much is under way as the [`Options`] allow.
    ///
    /// # Errors
    ///
    /// [`SendError`] says how far the request had got and what else was in flight.
    pub async fn send<R: Request>(&self, request: &R) -> Result<ResponseFrame<R>, SendError> {
        let timed = self.send_with(request, SubmitOptions::default()).await?;
        Ok(timed.response)
    }

    /// Sends a request as [`send`](Self::send) does, with a version, time limit or number of the attempt, and returns the
    /// timings too. The tag in the options is replaced.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_with<R: Request>(
        &self,
        request: &R,
        options: SubmitOptions,
    ) -> Result<Timed<R>, SendError> {
        self.initialized().await.map_err(SendError::Closed)?;
        let encoded = self.encode(request, options)?;
        let (response, timings) = self.send_encoded(&encoded, options).await?;
        let response = self.typed(response)?;
        Ok(Timed { response, timings })
    }

    /// Sends a request that has no response, a Produce with `acks` 0, and returns when it is written.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_without_response<R: Request>(&self, request: &R) -> Result<(), SendError> {
        self.initialized().await.map_err(SendError::Closed)?;
        let encoded = self.encode(request, SubmitOptions::default())?;
        let exchanged = self.exchange(&encoded, SubmitOptions::default()).await;
        exchanged.map_err(|error| error.with_summary(&encoded))?;
        Ok(())
    }

    /// Encodes a request for [`send_encoded`](Self::send_encoded), in the highest version that fits it or in that of the
    /// options.
    ///
    /// # Errors
    ///
    /// [`SendError::Submit`], also if the connection is not [ready](Self::ready) yet.
    pub fn encode<R: Request>(
        &self,
        request: &R,
        options: SubmitOptions,
    ) -> Result<EncodedRequest, SendError> {
        let encoded = match self.versions() {
            Some(table) => EncodedRequest::for_broker(request, table, &self.0.options, &options),
            None => Err(SubmitError::NotReady {
                state: self.state(),
            }),
        };
        encoded.map_err(SendError::Submit)
    }

    /// Sends a request that is encoded already, and returns its response and timings. A clone of the request can be sent again,
    /// on this connection or another.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_encoded(
        &self,
        request: &EncodedRequest,
        options: SubmitOptions,
    ) -> Result<(RawResponse, Timings), SendError> {
        if !request.expects_response() {
            return Err(SendError::NoResponse);
        }
        let span = tracing::debug_span!(
            "request",
            otel.name = %request,
            otel.kind = "client",
            otel.status_code = Empty,
            error.r#type = Empty,
            messaging.system = "kafka",
            server.address = &*self.broker(),
            kafka.api = %request.api_key(),
            kafka.version = request.version().0,
        );
        let exchanged = self.exchange(request, options).instrument(span.clone());
        let exchanged = exchanged
            .await
            .map_err(|error| error.with_summary(request))
            .and_then(|(response, timings)| Ok((response.ok_or(SendError::NoResponse)?, timings)));
        match &exchanged {
            Ok(_) => span.record("otel.status_code", "OK"),
            Err(error) => {
                span.record("error.type", error.name());
                span.record("otel.status_code", "ERROR")
            }
        };
        exchanged
    }

    /// Forwards another client's request as it arrived, with its client id and unknown tagged fields, and returns the frame of
    /// the response, without its size; `None` if the request has no response. For proxies, also of unknown APIs.
    ///
    /// Only the correlation ids differ: those at the broker are this connection's.
    /// [`ServerRequest::respond_frame`](crate::ServerRequest::respond_frame) puts the client's into the response.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). [`SendError::Submit`] if the broker does not serve the version, as far as that is known.
    pub async fn forward(
        &self,
        request: &crate::ServerRequest,
    ) -> Result<Option<Bytes>, SendError> {
        let frame = request.incoming().frame();
        let permits = self.0.shared.permits(frame.len()).await;
        let options = SubmitOptions::default().with_header_versions(request.label().headers);
        let submit =
            |machine: &mut Machine, tag| machine.submit_frame(now(), frame, options.with_tag(tag));
        let submitted = self.submit_with(submit, permits)?;
        let (response, _) = submitted.answer().await?;
        Ok(response.map(|response| response.frame().clone()))
    }

    /// The response as that to a request of type `R`.
    pub(crate) fn typed<R: Request>(
        &self,
        response: RawResponse,
    ) -> Result<ResponseFrame<R>, SendError> {
        let request = response.label();
        let typed = response.into_typed();
        typed.map_err(|error| SendError::Response {
            broker: self.broker(),
            request,
            error,
        })
    }

    /// Sends a request that may have no response. The deadline of the options bounds the wait for a share of the limits, too.
    async fn exchange(&self, request: &EncodedRequest, options: SubmitOptions) -> Answer {
        self.submit(request, options).await?.answer().await
    }

    /// Submits a request that may have no response, when it has a share of the limits. If it fails, nothing was sent.
    pub(crate) async fn submit(
        &self,
        request: &EncodedRequest,
        options: SubmitOptions,
    ) -> Result<Submitted<'_>, SendError> {
        let bytes = request.body().iter().map(Bytes::len).sum();
        let permits = self.0.shared.permits(bytes);
        let permits = match options.deadline() {
            None => permits.await,
            Some(deadline) => {
                let begun = Instant::now();
                let permits = timeout_at(Instant::from_std(deadline), permits).await;
                permits.map_err(|_| SendError::Full {
                    broker: self.broker(),
                    request: request.to_string().into(),
                    after: begun.elapsed(),
                })?
            }
        };
        let submit = |machine: &mut Machine, tag| {
            machine.submit_encoded(now(), request, options.with_tag(tag))
        };
        self.submit_with(submit, permits)
    }

    fn submit_with(
        &self,
        submit: impl FnOnce(&mut Machine, u64) -> Result<RequestId, SubmitError>,
        permits: Permits,
    ) -> Result<Submitted<'_>, SendError> {
        let shared = &*self.0.shared;
        let (tag, answered) = shared.submit(submit, permits)?;
        let tag = Some(tag);
        let dropped = CancelOnDrop { shared, tag };
        Ok(Submitted { dropped, answered })
    }

    /// Asks the broker for its versions and waits for the answer: whether it still serves, and how long a round trip takes.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn probe(&self) -> Result<Duration, SendError> {
        self.probe_with(SubmitOptions::default()).await
    }

    pub(crate) async fn probe_with(&self, options: SubmitOptions) -> Result<Duration, SendError> {
        // Brokers learn these each time.
        let (name, version) = self.0.options.software();
        let request = kafka_codec::messages::ApiVersionsRequest {
            client_software_name: name.into(),
            client_software_version: version.into(),
            ..Default::default()
        };
        let timed = self.send_with(&request, options).await?;
        Ok(timed.timings.total().unwrap_or_default())
    }

    /// The name of the broker, as in errors and events.
    #[must_use]
    pub fn broker(&self) -> Arc<str> {
        self.0.shared.look(|machine| machine.broker().clone())
    }

    /// The versions that the broker serves; `None` if the connection is not [ready](Self::ready) yet.
    #[must_use]
    pub fn versions(&self) -> Option<&VersionTable> {
        self.0.shared.ready().map(|(versions, _)| versions)
    }

    /// The state of the connection.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.shared.look(Machine::state)
    }

    /// The numbers of requests in flight and in the queue, and ages.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        self.0.shared.look(|machine| machine.gauges(now()))
    }

    /// The time without any traffic, up to now.
    #[must_use]
    pub fn quiet_for(&self) -> Duration {
        self.0
            .shared
            .look(|machine| now().saturating_duration_since(machine.quiet_since()))
    }

    /// The report of how the connection ended; `None` while it is open.
    #[must_use]
    pub fn close_report(&self) -> Option<Arc<CloseReport>> {
        self.0.shared.end().cloned()
    }

    /// Takes no more requests, closes the connection when the responses to all that were sent have arrived, after at most 30
    /// seconds, and waits for that. Requests that were not sent fail as such, so that they can be sent elsewhere.
    pub async fn drain(&self) -> Arc<CloseReport> {
        self.begin_drain();
        self.closed().await
    }

    /// Begins to [`drain`](Self::drain) without waiting for the end.
    pub fn begin_drain(&self) {
        self.0.shared.drain();
    }

    /// Closes the connection at once. Requests in flight fail.
    pub async fn close(&self) -> Arc<CloseReport> {
        self.0.shared.command(|machine| machine.close(now()));
        self.closed().await
    }

    /// Waits until the connection is over. The future does not keep it open, as a clone would.
    pub fn closed(&self) -> impl Future<Output = Arc<CloseReport>> + Send + use<> {
        let shared = self.0.shared.clone();
        async move { shared.wait_for(|shared| shared.end().cloned()).await }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .shared
            .look(|machine| f.debug_tuple("Connection").field(machine).finish())
    }
}

/// A request that was submitted. It is cancelled if this is dropped.
pub(crate) struct Submitted<'a> {
    dropped: CancelOnDrop<'a>,
    answered: oneshot::Receiver<Answer>,
}

impl Submitted<'_> {
    /// Waits for what comes of it.
    pub(crate) async fn answer(self) -> Answer {
        let Self {
            mut dropped,
            answered,
        } = self;
        let answer = answered.await;
        dropped.tag = None;
        answer.expect("each request that was accepted is completed")
    }
}

/// Cancels a request whose future is dropped.
struct CancelOnDrop<'a> {
    shared: &'a Shared,
    tag: Option<u64>,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(tag) = self.tag {
            self.shared.cancel(tag);
        }
    }
}

/// Closes a connection whose opening is given up.
struct CloseOnDrop(Option<Connection>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.0.shared.command(|machine| machine.close(now()));
        }
    }
}
