//! The side of a connection that sends requests.
//!
//! A request is submitted here, waits, is written and waits for its response (`request_queue.rs`), and is completed
//! (`machine.rs`). Each part of the connection keeps its own state; the [`Connection`] alone moves requests from one
//! to the next, and asks the [session](session::Session) and the [deadlines](deadlines::Deadlines) when.

mod closing;
pub(super) mod completion;
mod deadlines;
pub(super) mod encode;
pub(super) mod event;
mod machine;
pub(super) mod options;
pub(super) mod pending_request;
mod phase;
mod request_queue;
mod session;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use crate::frame::FrameReader;
use crate::frame::input::FrameInput;
use crate::{ApiKey, DecodeError, Request, Version};

use super::request::earlier;
use super::sasl::{Mechanism, Token};
use super::{
    ApiLabel, CloseReason, Delivery, EncodedRequest, Gauges, RequestId, State, TimeoutKind,
    Transmit, VersionError, VersionTable,
};
use crate::version_table::sendable;
use completion::{ConnectionErrorKind, DecodedResponse, SubmitError};
use deadlines::Deadlines;
use encode::{Encoder, routing};
use event::{Event, EventQueue};
use options::{ConnectionOptions, SubmitOptions};
use pending_request::PendingRequest;
use request_queue::{RequestQueue, Written};
use session::Session;

/// The client's side of a connection to a broker: bytes, times and requests in; bytes, times and events out.
///
/// The [module](super) says how to drive it.
pub struct Connection {
    options: Arc<ConnectionOptions>,
    session: Session,
    encoder: Encoder,
    queue: RequestQueue,
    receiver: FrameReader,
    /// When the first byte of the frame that is arriving came.
    frame_started: Option<Instant>,
    deadlines: Deadlines,
    /// The number of responses to requests of the caller.
    responses: u64,
    bytes_in: u64,
    events: EventQueue,
    /// `false` only if nothing blocks requests but the number of places in flight, and nothing is to be done but what an
    /// input itself says.
    is_hindered: bool,
}

/// # The transport and the run loop
impl Connection {
    /// A connection without authentication, whose transport is being opened.
    #[must_use]
    pub fn new(now: Instant, options: ConnectionOptions) -> Self {
        Self::with_sasl(now, options, Vec::new())
    }

    /// A connection that authenticates with the first of `mechanisms`, or if the broker does not have it,
    /// with the first of the others that it has. Some brokers want another connection for that: see
    /// [`ReconnectAdvice::Mechanism`](super::ReconnectAdvice::Mechanism).
    #[must_use]
    pub fn with_sasl(
        now: Instant,
        options: ConnectionOptions,
        mechanisms: Vec<Box<dyn Mechanism>>,
    ) -> Self {
        let options = Arc::new(options);
        Self {
            session: Session::new(now, options.clone(), mechanisms),
            encoder: Encoder::new(options.clone()),
            queue: RequestQueue::default(),
            receiver: FrameReader::default().with_sniffing(true),
            frame_started: None,
            deadlines: Deadlines::new(now, options.clone()),
            responses: 0,
            bytes_in: 0,
            events: EventQueue::new(&options),
            is_hindered: true,
            options,
        }
    }

    /// The transport is open, TLS included.
    pub fn handle_opened(&mut self, now: Instant) {
        if self.state() == State::Connecting {
            self.deadlines.opened(now);
            self.session.opened(now);
            self.follow_session(now);
            self.pump(now);
        }
    }

    /// The next event. Call it until there is none, after every input.
    #[must_use]
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event> {
        if self.events.is_empty() && self.is_idle() {
            self.queue.release();
            self.events.release();
        }
        self.events.pop()
    }

    /// The bytes to write next; `None` if there are none.
    ///
    /// Write them with `chunks_vectored`, or as much of them as the transport takes, and report that with
    /// [`handle_written`](Self::handle_written). They may be others after every input.
    #[must_use]
    #[inline]
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.queue.offer()
    }

    /// The transport accepted the next `bytes` of [`poll_transmit`](Self::poll_transmit).
    ///
    /// # Panics
    ///
    /// If that is more than there was to write: then the stream is beyond repair.
    pub fn handle_written(&mut self, now: Instant, mut bytes: usize) {
        if self.is_closed() || bytes == 0 {
            return;
        }
        self.deadlines.written(now);
        while bytes > 0 {
            let Some(accepted) = self.queue.accept(now, bytes, self.encoder.buffer()) else {
                break;
            };
            bytes -= accepted.bytes;
            if let Some(written) = accepted.written {
                match written {
                    Written::Sent(request) => {
                        self.deadlines.request_written(now, request);
                        self.events.written(request);
                    }
                    Written::Unanswered(request) => self.end_unanswered(now, request),
                }
                // After each, so that it does not matter how many are written at once.
                self.pump(now);
                if self.is_closed() {
                    return;
                }
            }
        }
        assert!(
            bytes == 0,
            "{bytes} bytes more were reported as written than were to be written"
        );
    }

    /// Bytes arrived, in pieces of any size. They are copied; see [`handle_received`](Self::handle_received).
    pub fn handle_bytes(&mut self, now: Instant, mut bytes: &[u8]) {
        self.receive(now, &mut bytes);
    }

    /// Bytes arrived in a buffer that the transport filled. Large frames are not copied.
    ///
    /// Takes all bytes out of `buffer`, and makes room for the next read in it, as
    /// [`FrameReader::next_frame_in`](crate::frame::FrameReader::next_frame_in): of a large frame, the room where its rest
    /// belongs. Keep the buffer with the transport, and begin with an empty one of 16 to 64 KiB.
    pub fn handle_received(&mut self, now: Instant, buffer: &mut BytesMut) {
        self.receive(now, buffer);
        if self.is_closed() {
            buffer.clear();
        }
    }

    #[inline]
    fn receive(&mut self, now: Instant, input: &mut impl FrameInput) {
        if self.is_closed() || input.bytes().is_empty() {
            return;
        }
        self.deadlines.received(now);
        while !input.bytes().is_empty() && !self.is_closed() {
            self.read(now, input);
            // After each frame, so that it does not matter how many arrive at once.
            self.pump(now);
        }
    }

    /// The peer ended the stream.
    pub fn handle_end_of_stream(&mut self, now: Instant) {
        self.handle_end(now, CloseReason::RemoteEof);
    }

    /// The transport failed. What it accepted before is to be reported first: a request of which nothing was reported ends as
    /// [not sent](Delivery::NotSent).
    pub fn handle_transport_error(&mut self, now: Instant, error: &io::Error) {
        self.handle_end(now, |at| CloseReason::of_transport(error, at));
    }

    /// When to call [`handle_timer`](Self::handle_timer) next; `None` if there is no need to.
    ///
    /// It may change after every input. Now and then it is earlier than need be, and nothing has to be done then:
    /// when a request has been answered, what its deadline was is not forgotten at once.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let at = self.receiver.position();
        if !self.is_hindered {
            // It is ready, and no phase can take too long or end.
            return self.deadlines.next(self.pending(), at);
        }
        if self.is_closed() {
            return None;
        }
        let of_session = earlier(self.phase_deadline(), self.session.renew_at());
        earlier(self.deadlines.next(self.pending(), at), of_session)
    }

    /// When getting ready, or authenticating again, takes too long. Requests of the caller that are in front of the
    /// session's have deadlines of their own.
    fn phase_deadline(&self) -> Option<Instant> {
        let deadline = self.session.phase().deadline();
        deadline.filter(|_| self.state().is_initial() || !self.queue.is_front_awaited())
    }

    /// Time has passed. Calling it early or often does no harm.
    pub fn handle_timer(&mut self, now: Instant) {
        if self.is_closed() {
            return;
        }
        debug_assert!(
            self.deadlines.is_request_over(now) || self.overdue(now).is_none(),
            "no deadline is before the first"
        );
        if self.phase_deadline().is_some_and(|at| at <= now) {
            return self.close_phase(now);
        }
        let at = self.receiver.position();
        if self.deadlines.is_stall_over(now, at) {
            let after = now.saturating_duration_since(self.deadlines.last_in());
            let kind = TimeoutKind::Stalled { after, at };
            return self.close_because(now, CloseReason::Timeout(kind));
        }
        if self.deadlines.is_request_over(now) {
            self.give_up_overdue(now);
            if self.is_closed() {
                return;
            }
        }
        if self.deadlines.is_drain_over(now) {
            return self.close_because(now, CloseReason::Timeout(TimeoutKind::Draining));
        }
        if self.pending().is_idle() && self.deadlines.is_idle_over(now) {
            self.on_idle(now);
        }
        self.pump(now);
    }

    /// The caller decoded a response, or could not. It only shows in events; the connection goes on.
    pub fn handle_decoded(
        &mut self,
        now: Instant,
        response: &DecodedResponse,
        result: Result<(), DecodeError>,
    ) {
        if !self.is_closed() {
            self.events.push(response.event(now, result));
        }
    }
}

/// # Commands of the caller
impl Connection {
    /// Sends a request, in the highest version that both sides and the caller have and that
    /// [fits](Request::fits) it, unless the options name a version.
    ///
    /// A request that names topics is sent in the highest version that has names, one with their ids in a version with
    /// ids.
    ///
    /// It is encoded at once. [`Event::Completed`] says how it went, once.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was kept of the request then.
    pub fn submit<R: Request>(
        &mut self,
        now: Instant,
        request: &R,
        options: SubmitOptions,
    ) -> Result<RequestId, SubmitError> {
        let choice = self.choice(now, R::KEY, sendable::<R>(), &options)?;
        self.send(now, &options, |encoder, id| {
            encoder.request(request, choice, id, &options)
        })
    }

    /// Sends a request that is encoded already: header and body, without the size, in whatever API and version.
    ///
    /// The correlation id in it is replaced; all else stays as it is. The whole response comes back as
    /// [`RawResponse::frame`](super::RawResponse::frame). So a proxy forwards what it does not understand.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was kept of the request then.
    pub fn submit_frame(
        &mut self,
        now: Instant,
        frame: &Bytes,
        options: SubmitOptions,
    ) -> Result<RequestId, SubmitError> {
        self.check_open(now)?;
        let (key, version) = routing(frame)?;
        self.session.check_version(key, version)?;
        self.send(now, &options, |encoder, id| {
            encoder.frame(frame, id, &options)
        })
    }

    /// Sends a request whose body is encoded already, in whatever API and version; the header is made here.
    ///
    /// So programs send what they have as bytes or make of Kafka's JSON. A request of an API that is not known here gets
    /// the header that all newer APIs have, version 2.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was kept of the request then.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "json")]
    /// # {
    /// use bytes::{Buf, Bytes};
    /// use kafka_codec::connection::{Connection, ConnectionOptions, Negotiation, SubmitOptions, VersionTable};
    /// use kafka_codec::schema::{json, Schema};
    /// use kafka_codec::wire::Writer;
    /// use kafka_codec::{ApiKey, Version};
    ///
    /// # let now = std::time::Instant::now();
    /// # let known = Negotiation::Assume(VersionTable::default());
    /// # let options = ConnectionOptions::new("broker 1").with_negotiation(known);
    /// # let mut connection = Connection::new(now, options);
    /// # connection.handle_opened(now);
    /// let schema = Schema::of_request(ApiKey::SaslHandshake).expect("it is known");
    /// let mut body = Writer::new();
    /// let text = r#"{"mechanism": "PLAIN"}"#;
    /// json::encode(schema, Version(1), text, json::ReadOptions::default(), &mut body)?;
    /// let body = Bytes::from(body.into_vec());
    /// let options = SubmitOptions::default();
    /// connection.submit_body(now, ApiKey::SaslHandshake, Version(1), &body, options)?;
    /// assert!(connection.poll_transmit().is_some_and(|frame| frame.chunk().ends_with(b"PLAIN")));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn submit_body(
        &mut self,
        now: Instant,
        key: ApiKey,
        version: Version,
        body: &Bytes,
        options: SubmitOptions,
    ) -> Result<RequestId, SubmitError> {
        let request = EncodedRequest::of_body(key, version, body.clone())
            .with_header_versions(options.headers_of(key, version));
        self.submit_encoded(now, &request, options)
    }

    /// Sends a request that was encoded elsewhere, on another task for example. The header is made here.
    ///
    /// The version is the one in which it was encoded, whatever the options say.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was kept of the request then, and it can be submitted again.
    pub fn submit_encoded(
        &mut self,
        now: Instant,
        request: &EncodedRequest,
        options: SubmitOptions,
    ) -> Result<RequestId, SubmitError> {
        self.check_open(now)?;
        self.session
            .check_version(request.api_key(), request.version())?;
        let sent = self.send(now, &options, |encoder, id| {
            encoder.encoded(request, id, &options)
        });
        Ok(sent?)
    }

    /// Asks the broker for its versions, to see whether it still answers. The answer is [`Event::Probed`].
    ///
    /// It waits its turn like any request.
    ///
    /// # Errors
    ///
    /// [`SubmitError`], also if the broker is too old to be asked.
    pub fn probe(&mut self, now: Instant) -> Result<RequestId, SubmitError> {
        self.check_open(now)?;
        let state = self.state();
        if state.is_initial() {
            return Err(SubmitError::NotReady { state });
        }
        let version = match self.session.asked_in() {
            Version(0) => self.choose_version(ApiKey::ApiVersions)?,
            negotiated => negotiated,
        };
        let options = SubmitOptions::default();
        let sent = self.send(now, &options, |encoder, id| encoder.probe(version, id));
        Ok(sent?)
    }

    /// Gives up a request. What was not offered to the transport is not sent; else the response is
    /// dropped when it comes, and if it does not come within the request's timeout, the connection is closed, or with
    /// [`OnTimeout::Abandon`](super::OnTimeout::Abandon) when no other request can be sent. False if the request is over already.
    pub fn cancel(&mut self, now: Instant, id: RequestId) -> bool {
        let wanted = |request: &PendingRequest| request.summary.id == id;
        let found = self.give_up(now, wanted, ConnectionErrorKind::Cancelled);
        self.pump(now);
        found
    }

    /// Replaces the mechanism, with newer credentials: for the next time the connection authenticates, also if it is
    /// about to just now.
    pub fn replace_mechanism(&mut self, mechanism: Box<dyn Mechanism>) {
        self.is_hindered = true;
        self.session.replace_mechanism(mechanism);
    }

    /// The token that [`Event::SaslTokenWanted`] asked for: of OAUTHBEARER the token of the identity provider, of
    /// [`CallerTokens`](super::sasl::CallerTokens) what goes to the broker as it is. `None` if there is nothing more to say.
    /// Returns `false` if none was asked for.
    pub fn provide_sasl_token(&mut self, now: Instant, token: Option<Token>) -> bool {
        if !self.session.provide_token(now, token) {
            return false;
        }
        self.follow_session(now);
        self.pump(now);
        true
    }

    /// Closes the connection when the responses to all requests that were sent have arrived, at most
    /// `max` from now. Requests that wait are completed as not sent, so that they can be sent elsewhere.
    pub fn drain(&mut self, now: Instant, max: Duration) {
        match self.state() {
            State::Draining | State::Closed => return,
            State::Ready | State::Reauthenticating => {}
            _ => return self.close_because(now, CloseReason::Local),
        }
        self.deadlines.drain(now, max);
        self.session.drain(now);
        self.follow_session(now);
        for request in self.queue.take_waiting(now) {
            let kind = ConnectionErrorKind::Draining;
            self.events.fail(request, kind, Delivery::NotSent);
        }
        self.pump(now);
    }

    /// Closes the connection at once. Every request is completed. What the transport accepted before is to be reported first:
    /// a request of which nothing was reported ends as [not sent](Delivery::NotSent).
    pub fn close(&mut self, now: Instant) {
        self.close_because(now, CloseReason::Local);
    }

    /// Closes the connection at once, as its broker is no longer one of the cluster.
    pub fn retire(&mut self, now: Instant) {
        self.close_because(now, CloseReason::BrokerRetired);
    }
}

/// # Questions, at any time
impl Connection {
    /// The connection's current state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.session.phase().state()
    }

    fn is_closed(&self) -> bool {
        self.state() == State::Closed
    }

    /// The name of the broker, as in [`ConnectionOptions::new`].
    #[must_use]
    pub fn broker(&self) -> &Arc<str> {
        &self.options.broker
    }

    /// The versions of the broker; empty until they are known.
    #[must_use]
    pub const fn versions(&self) -> &VersionTable {
        self.session.versions()
    }

    /// The version in which a request of `key` would be sent.
    ///
    /// # Errors
    ///
    /// [`VersionError`] if there is none.
    pub fn choose_version(&self, key: ApiKey) -> Result<Version, VersionError> {
        self.session.choose_version(key)
    }

    /// The number of requests that wait for a response, the connection's own included.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.queue.in_flight_len()
    }

    /// The requests in flight, oldest first.
    pub fn labels_in_flight(&self) -> impl Iterator<Item = ApiLabel> {
        self.queue.in_flight().map(PendingRequest::label)
    }

    /// The number of requests that are not written whole.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.queue.unsent_len()
    }

    /// The number of requests that are [blocked](super::BlockedOn).
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Returns `true` if no request is pending.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.queue.is_idle()
    }

    /// The time since which nothing was read or written.
    #[must_use]
    pub fn quiet_since(&self) -> Instant {
        self.deadlines.quiet_since()
    }

    /// The end of the current throttle period.
    #[must_use]
    pub const fn throttled_until(&self) -> Option<Instant> {
        self.deadlines.throttled_until()
    }

    /// The numbers of bytes that were read and written.
    #[must_use]
    pub const fn bytes(&self) -> (u64, u64) {
        (self.bytes_in, self.queue.bytes_out())
    }

    /// The bytes of memory that hold what is not written yet, and the frame that is arriving. Shared blobs count.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.queue.remaining() + self.receiver.memory()
    }

    /// The connection in numbers.
    #[must_use]
    pub fn gauges(&self, now: Instant) -> Gauges {
        let since = |then: Instant| now.saturating_duration_since(then);
        let submitted = |request: &PendingRequest| request.timings().submitted;
        let oldest = self.queue.iter().map(submitted).min();
        Gauges {
            state: self.state(),
            in_state: self.session.phase().in_state(now),
            in_flight: self.in_flight(),
            waiting: self.waiting(),
            unwritten: self.queue.unwritten(),
            oldest: oldest.map_or(Duration::ZERO, since),
            idle: since(self.quiet_since()),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("broker", &self.options.broker)
            .field("state", &self.state())
            .field("in_flight", &self.in_flight())
            .field("unsent", &self.unsent())
            .finish_non_exhaustive()
    }
}
