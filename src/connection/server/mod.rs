//! The accepting side of a connection: requests in, responses out, in the order that the client expects.
//!
//! What the protocol asks of every broker is done here: frames and headers are read, ApiVersions is answered,
//! versions that are not served are refused, and responses, given in any order, are written in that of the requests. What
//! a broker does with a request is not: [`ServerEvent::Request`] hands it out. Test brokers and proxies are
//! made of this.
//!
//! # Examples
//!
//! ```
//! use std::time::Instant;
//! use bytes::Buf;
//! use kafka_codec::connection::VersionTable;
//! use kafka_codec::connection::server::{ServerConnection, ServerEvent, ServerOptions};
//! use kafka_codec::messages::{SaslHandshakeRequest, SaslHandshakeResponse};
//! use kafka_codec::{ApiKey, Version, VersionRange, frame};
//!
//! let served = [ApiKey::ApiVersions, ApiKey::SaslHandshake];
//! let served = served.map(|key| (key, key.stable_versions().expect("it has some")));
//! let options = ServerOptions::new("client 10.0.0.7:40312", VersionTable::new(served));
//! let now = Instant::now(); // the driver's clock
//! let mut server = ServerConnection::new(now, options);
//!
//! // Bytes of a client arrive.
//! let request = SaslHandshakeRequest { mechanism: "PLAIN".into(), ..Default::default() };
//! let frame = frame::encode_request(Vec::new(), &request, Version(1), 7, Some("me"))?;
//! let taken = server.handle_bytes(now, frame.chunk());
//! assert_eq!(taken, frame.chunk().len()); // what was not taken has to be kept for later
//!
//! // The request comes out, and is answered.
//! let Some(ServerEvent::Request(incoming)) = server.poll_event() else { panic!("one was sent") };
//! assert_eq!(incoming.label().to_string(), "SaslHandshake v1 (correlation 7)");
//! assert_eq!(incoming.decode::<SaslHandshakeRequest>()?.mechanism, "PLAIN");
//! server.respond(now, incoming.id(), &SaslHandshakeResponse::default())?;
//!
//! // Bytes for the client.
//! let bytes = server.poll_transmit().map_or(0, |transmit| transmit.remaining());
//! server.handle_written(now, bytes);
//! assert!(matches!(server.poll_event(), Some(ServerEvent::Written { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod responses;
mod serve;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io};

use bytes::BytesMut;

use crate::connection::VersionTable;
use crate::frame::input::FrameInput;
use crate::frame::{FrameReader, StreamPosition};
use crate::{ApiKey, ClientIdentity, HeaderVersions, Version};

use super::request::earlier;
use super::{CloseReason, CloseReport, Delivery, State, TimeoutKind, Transmit, Unfinished};
use responses::Responses;

pub use responses::{IncomingRequest, RespondError, ServerEvent};

/// The accepting side of a connection. The [module](self) says what it does.
pub struct ServerConnection {
    options: ServerOptions,
    is_closed: bool,
    created: Instant,
    receiver: FrameReader,
    bare_tokens: bool,
    identity: ClientIdentity,
    responses: Responses,
    last_in: Instant,
    last_out: Instant,
    /// Since when it reads what the client sends; `None` while its owner does not.
    reading: Option<Instant>,
    bytes_in: u64,
    events: VecDeque<ServerEvent>,
}

impl ServerConnection {
    /// A connection that was accepted just now.
    #[must_use]
    pub fn new(now: Instant, options: ServerOptions) -> Self {
        Self {
            options,
            is_closed: false,
            created: now,
            receiver: FrameReader::default().with_sniffing(true).of_client(),
            bare_tokens: false,
            identity: ClientIdentity::default(),
            responses: Responses::default(),
            last_in: now,
            last_out: now,
            reading: Some(now),
            bytes_in: 0,
            events: VecDeque::new(),
        }
    }

    /// Returns what the client is called in errors and events.
    #[must_use]
    pub const fn name(&self) -> &Arc<str> {
        &self.options.client
    }

    /// Returns who the client is, as far as its requests have told.
    #[must_use]
    pub const fn client(&self) -> &ClientIdentity {
        &self.identity
    }

    /// Returns `true` if it is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Returns the number of requests whose response is not written in full.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.responses.len()
    }

    /// Returns how many bytes of responses the transport has not accepted, including responses that wait for those of earlier
    /// requests.
    #[must_use]
    pub fn unwritten_bytes(&self) -> usize {
        self.responses.unwritten_bytes()
    }

    /// Returns `true` if it takes bytes: not while as many requests as allowed are unanswered.
    #[must_use]
    pub fn wants_bytes(&self) -> bool {
        !self.is_closed && self.responses.len() < self.options.max_in_flight
    }

    /// States whether the owner gives it what the client sends. By default it does.
    ///
    /// Call it with `false` when reading stops, as too many requests or responses wait: the client neither stalls nor is idle
    /// until it is called with `true`, and has all of its time then. It still has to take responses.
    pub fn set_reading(&mut self, now: Instant, reads: bool) {
        self.reading = match reads {
            true => Some(self.reading.unwrap_or(now)),
            false => None,
        };
    }

    /// Sets the most bytes of the requests that follow: brokers take little until they know the client.
    pub fn set_max_frame_bytes(&mut self, bytes: usize) {
        self.options.max_frame_bytes = bytes;
    }

    /// Whether the frames that follow are bare SASL tokens: after a SaslHandshake in version 0 was answered, until
    /// the exchange is over. Call it before that answer is written.
    pub fn set_bare_tokens(&mut self, bare: bool) {
        self.bare_tokens = bare;
    }

    /// Bytes arrived. How many of them were taken: all, unless as many requests as allowed are
    /// unanswered. Keep the rest, and give it again when [`wants_bytes`](Self::wants_bytes).
    ///
    /// Large frames are copied; see [`handle_received`](Self::handle_received).
    #[must_use = "bytes that were not taken have to be given again"]
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        self.receive(now, &mut rest);
        match self.is_closed {
            true => bytes.len(),
            false => bytes.len() - rest.len(),
        }
    }

    /// Bytes arrived in a buffer that the transport filled. Large frames are not copied.
    ///
    /// Takes all bytes out of `buffer`, and makes room for the next read in it, as
    /// [`Connection::handle_received`](crate::connection::Connection::handle_received). While as many requests as
    /// allowed are unanswered, the rest is left in `buffer`: call this again when [`wants_bytes`](Self::wants_bytes).
    pub fn handle_received(&mut self, now: Instant, buffer: &mut BytesMut) {
        self.receive(now, buffer);
        if self.is_closed {
            buffer.clear();
        }
    }

    fn receive(&mut self, now: Instant, input: &mut impl FrameInput) {
        while !input.bytes().is_empty() && self.wants_bytes() {
            self.last_in = now;
            self.read(now, input);
        }
    }

    /// The bytes to write next; `None` if there are none. As
    /// [`Connection::poll_transmit`](crate::connection::Connection::poll_transmit).
    #[must_use]
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.responses.offer()
    }

    /// The transport accepted the next `bytes` of [`poll_transmit`](Self::poll_transmit).
    ///
    /// # Panics
    ///
    /// If that is more than there was to write: then the stream is beyond repair.
    pub fn handle_written(&mut self, now: Instant, mut bytes: usize) {
        if self.is_closed || bytes == 0 {
            return;
        }
        self.last_out = now;
        let wanted_bytes = self.wants_bytes();
        while bytes > 0 {
            let Some((accepted, written)) = self.responses.accept(now, bytes) else {
                break;
            };
            bytes -= accepted;
            self.events.extend(written);
        }
        if !wanted_bytes && self.wants_bytes() {
            // It reads again.
            self.reading = self.reading.and(Some(now));
        }
        assert!(
            bytes == 0,
            "{bytes} bytes more were reported as written than were to be written"
        );
    }

    /// The client ended the stream.
    pub fn handle_end_of_stream(&mut self, now: Instant) {
        let reason = CloseReason::RemoteEof(self.receiver.position());
        self.end(now, reason);
    }

    /// The transport failed.
    pub fn handle_transport_error(&mut self, now: Instant, error: &io::Error) {
        let reason = CloseReason::of_transport(error, self.receiver.position());
        self.end(now, reason);
    }

    /// Closes the connection, as a broker does that cannot answer.
    pub fn close(&mut self, now: Instant) {
        self.close_because(now, CloseReason::Local);
    }

    /// When to call [`handle_timer`](Self::handle_timer) next; `None` if there is no need to.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        match self.is_closed {
            true => None,
            false => earlier(
                earlier(self.stall_deadline(), self.write_deadline()),
                self.idle_deadline(),
            ),
        }
    }

    /// Time has passed. Calling it early or often does no harm.
    pub fn handle_timer(&mut self, now: Instant) {
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if is_over(self.write_deadline()) {
            let since = self.write_started().expect("it has a deadline");
            let after = now.saturating_duration_since(since);
            return self.end(now, CloseReason::Timeout(TimeoutKind::Unread { after }));
        }
        if is_over(self.stall_deadline()) {
            let since = self.read_started().expect("it has a deadline");
            let after = now.saturating_duration_since(since);
            let at = self.receiver.position();
            let kind = TimeoutKind::Stalled { after, at };
            return self.end(now, CloseReason::Timeout(kind));
        }
        if is_over(self.idle_deadline()) {
            let idle = now.saturating_duration_since(self.last_in.max(self.last_out));
            self.close_because(now, CloseReason::IdleLocal { idle });
        }
    }

    /// The next event. Call it until there is none, after every input.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// Nothing is under way but what the client has to begin.
    fn idle_deadline(&self) -> Option<Instant> {
        if self.is_closed || self.in_flight() > 0 {
            return None;
        }
        self.read_started()?
            .max(self.last_out)
            .checked_add(self.options.idle?)
    }

    /// Since when nothing arrived that would have been read; `None` while it is this side that does not read.
    fn read_started(&self) -> Option<Instant> {
        let reading = self.reading.filter(|_| self.wants_bytes())?;
        Some(reading.max(self.last_in))
    }

    /// Since when the transport has accepted nothing of a response that it may write.
    fn write_started(&self) -> Option<Instant> {
        let given = self.responses.writable_since()?;
        Some(given.max(self.last_out))
    }

    fn write_deadline(&self) -> Option<Instant> {
        self.write_started()?
            .checked_add(self.options.stall_timeout)
    }

    fn stall_deadline(&self) -> Option<Instant> {
        match self.receiver.position() {
            StreamPosition::BetweenFrames => None,
            _ => self.read_started()?.checked_add(self.options.stall_timeout),
        }
    }

    /// No more bytes come: what came may not have been Kafka.
    fn end(&mut self, now: Instant, reason: CloseReason) {
        let first_bytes = self.receiver.first_bytes().into();
        let reason = match self.receiver.foreign_at_end() {
            Some(protocol) => CloseReason::Foreign {
                protocol,
                first_bytes,
            },
            None => reason,
        };
        self.close_because(now, reason);
    }

    fn close_because(&mut self, now: Instant, reason: CloseReason) {
        if self.is_closed {
            return;
        }
        let since = |then: Instant| now.saturating_duration_since(then);
        let in_flight = self.responses.unfinished(now);
        let is_not_sent = |it: &Unfinished| it.delivery == Delivery::NotSent;
        let report = CloseReport {
            peer: self.options.client.clone(),
            state: State::Ready,
            in_state: since(self.created),
            head: in_flight.first().map(|first| first.label),
            not_sent: in_flight.iter().filter(|it| is_not_sent(it)).count(),
            responses: self.responses.written(),
            age: since(self.created),
            idle: since(self.last_in.max(self.last_out)),
            bytes_in: self.bytes_in,
            bytes_out: self.responses.bytes_out(),
            hint: None,
            reconnect: None,
            in_flight,
            reason,
        };
        self.is_closed = true;
        self.responses.clear();
        self.receiver = FrameReader::default();
        self.events.push_back(ServerEvent::Closed(Arc::new(report)));
    }
}

impl fmt::Debug for ServerConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConnection")
            .field("client", &self.options.client)
            .field("is_closed", &self.is_closed)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// How the accepting side behaves.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    pub(super) client: Arc<str>,
    pub(super) served: Arc<VersionTable>,
    pub(super) forwards: bool,
    pub(super) header_versions: fn(ApiKey, Version) -> HeaderVersions,
    pub(super) max_frame_bytes: usize,
    pub(super) max_in_flight: usize,
    pub(super) idle: Option<Duration>,
    pub(super) stall_timeout: Duration,
}

impl ServerOptions {
    /// The defaults, for a client that is called `client` in events and errors, and is served `served`.
    ///
    /// ApiVersions should be among them, with the versions that are answered here.
    #[must_use]
    pub fn new(client: impl Into<Arc<str>>, served: VersionTable) -> Self {
        Self {
            client: client.into(),
            served: Arc::new(served),
            forwards: false,
            header_versions: HeaderVersions::of,
            max_frame_bytes: 100 * 1024 * 1024,
            max_in_flight: 100,
            idle: Some(Duration::from_secs(600)),
            stall_timeout: Duration::from_secs(30),
        }
    }

    /// Sets the name that the client has in events and errors: the same options for another client.
    #[must_use]
    pub fn with_client(mut self, client: impl Into<Arc<str>>) -> Self {
        self.client = client.into();
        self
    }

    /// Hands out every request, ApiVersions and those in versions that are not served too: for proxies
    /// that leave the answer to the broker behind them. By default not.
    #[must_use]
    pub const fn with_forwarding(mut self, forwards: bool) -> Self {
        self.forwards = forwards;
        self
    }

    /// How the header versions of a request are found when it arrives. By default [`HeaderVersions::of`], which takes
    /// APIs that are not known here for flexible: whoever serves or forwards user-defined APIs knows better.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::connection::VersionTable;
    /// use kafka_codec::connection::server::ServerOptions;
    /// use kafka_codec::{ApiKey, HeaderVersions, Version};
    ///
    /// const GREET: ApiKey = ApiKey::from_number(10_001);
    ///
    /// // With the types of a `Builder`: GreetRequest::KEY => GreetRequest::header_versions(version)
    /// fn header_versions(key: ApiKey, version: Version) -> HeaderVersions {
    ///     match (key, version) {
    ///         (GREET, Version(0)) => HeaderVersions::new(Version(1), Version(0)),
    ///         _ => HeaderVersions::of(key, version),
    ///     }
    /// }
    ///
    /// let options = ServerOptions::new("a client", VersionTable::default())
    ///     .with_header_versions(header_versions);
    /// ```
    #[must_use]
    pub const fn with_header_versions(
        mut self,
        header_versions: fn(ApiKey, Version) -> HeaderVersions,
    ) -> Self {
        self.header_versions = header_versions;
        self
    }

    /// The most bytes of a request. By default 100 MiB. A broker takes less until the client is known: see
    /// [`ServerConnection::set_max_frame_bytes`](ServerConnection::set_max_frame_bytes).
    #[must_use]
    pub const fn with_max_frame_bytes(mut self, bytes: usize) -> Self {
        self.max_frame_bytes = bytes;
        self
    }

    /// Returns the most bytes of a request.
    #[must_use]
    pub const fn max_frame_bytes(&self) -> usize {
        self.max_frame_bytes
    }

    /// Sets the maximum number of unanswered requests, above which no more are read. By default 100; at least 1.
    #[must_use]
    pub fn with_max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests.max(1);
        self
    }

    /// After how long without anything the connection is closed; `None` is never. By default 10 minutes.
    #[must_use]
    pub const fn with_idle(mut self, idle: Option<Duration>) -> Self {
        self.idle = idle;
        self
    }

    /// For how long the rest of a request may stay away, and for how long the client may take nothing of a response. By
    /// default 30 seconds.
    #[must_use]
    pub const fn with_stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }
}
