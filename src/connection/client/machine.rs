//! The state of a connection and what can be asked about it. What changes it stands in the other files, one for each
//! family of inputs.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Buf;

use crate::pairing::InFlightRequests;
use crate::{ApiKey, Version};

use super::correlation::CorrelationIds;
use super::event::{Event, Initialization};
use super::gate::GateClock;
use super::options::ConnectionOptions;
use super::request::{ApiLabel, Record};
use crate::connection::receive::Receiver;
use crate::connection::sasl::{Exchange, Mechanism};
use crate::connection::state::State;
use crate::connection::versions::VersionTable;

/// The client's side of a connection to a broker: bytes, times and requests in; bytes, times and
/// events out.
///
/// The [module](crate::connection) says how to drive it.
pub struct Connection {
    pub(in crate::connection) options: ConnectionOptions,
    pub(in crate::connection) state: State,
    pub(in crate::connection) state_since: Instant,
    pub(in crate::connection) created: Instant,
    pub(in crate::connection) versions: VersionTable,
    /// The version of ApiVersions that was sent last.
    pub(in crate::connection) asked_in: Version,
    pub(in crate::connection) exchange: Option<Box<Exchange>>,
    pub(in crate::connection) ids: CorrelationIds,
    pub(in crate::connection) next_request: u64,
    /// What is to be written: first what was admitted, then what waits.
    pub(in crate::connection) outbound: VecDeque<Box<Record>>,
    pub(in crate::connection) admitted: usize,
    /// How many of them the transport may be writing.
    pub(in crate::connection) offered: usize,
    pub(in crate::connection) in_flight: InFlightRequests<Box<Record>>,
    /// How many places in flight are of requests that were given up.
    pub(in crate::connection) abandoned: usize,
    /// Since when the request that is due has been due.
    pub(in crate::connection) head_since: Option<Instant>,
    pub(in crate::connection) receiver: Receiver,
    /// When the first byte of the frame that is arriving came.
    pub(in crate::connection) frame_started: Option<Instant>,
    pub(in crate::connection) gates: GateClock,
    pub(in crate::connection) throttled_until: Option<Instant>,
    /// By how much throttling has extended deadlines so far.
    pub(in crate::connection) extended: Duration,
    /// No request is given up before this; its own deadline may be later.
    pub(in crate::connection) first_deadline: Option<Instant>,
    /// When getting ready, or authenticating again, takes too long.
    pub(in crate::connection) phase_deadline: Option<Instant>,
    pub(in crate::connection) drain_deadline: Option<Instant>,
    pub(in crate::connection) last_in: Instant,
    pub(in crate::connection) last_out: Instant,
    /// The caller knows that a probe is due.
    pub(in crate::connection) keep_alive_told: bool,
    pub(in crate::connection) took: Initialization,
    pub(in crate::connection) responses: u64,
    pub(in crate::connection) bytes_in: u64,
    pub(in crate::connection) bytes_out: u64,
    /// A buffer to encode the next request into.
    pub(in crate::connection) spare: Vec<u8>,
    pub(in crate::connection) events: VecDeque<Event>,
}

impl Connection {
    /// A connection without authentication, whose transport is being opened.
    #[must_use]
    pub fn new(now: Instant, options: ConnectionOptions) -> Self {
        Self::with_sasl(now, options, Vec::new())
    }

    /// A connection that authenticates with the first of `mechanisms`, or if the broker does not have it,
    /// with the first of the others that it has. Some brokers want another connection for that: see
    /// [`ReconnectAdvice::Mechanism`](crate::connection::ReconnectAdvice::Mechanism).
    #[must_use]
    pub fn with_sasl(
        now: Instant,
        options: ConnectionOptions,
        mechanisms: Vec<Box<dyn Mechanism>>,
    ) -> Self {
        Self {
            state: State::Connecting,
            state_since: now,
            created: now,
            versions: VersionTable::default(),
            asked_in: Version(0),
            exchange: Exchange::new(mechanisms).map(Box::new),
            ids: CorrelationIds::new(options.first_correlation_id, options.reserves_sasl_ids),
            next_request: 0,
            outbound: VecDeque::new(),
            admitted: 0,
            offered: 0,
            in_flight: InFlightRequests::default(),
            abandoned: 0,
            head_since: None,
            receiver: Receiver::default(),
            frame_started: None,
            gates: GateClock::default(),
            throttled_until: None,
            extended: Duration::ZERO,
            first_deadline: None,
            phase_deadline: now.checked_add(options.initialization_timeout),
            drain_deadline: None,
            last_in: now,
            last_out: now,
            keep_alive_told: false,
            took: Initialization::default(),
            responses: 0,
            bytes_in: 0,
            bytes_out: 0,
            spare: Vec::new(),
            events: VecDeque::new(),
            options,
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What it is called.
    #[must_use]
    pub fn broker(&self) -> &Arc<str> {
        &self.options.broker
    }

    /// The versions of the broker; empty until they are known.
    #[must_use]
    pub const fn versions(&self) -> &VersionTable {
        &self.versions
    }

    /// How many requests are waiting for a response, the connection's own included.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How many requests are not written yet, wholly or in part.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.outbound.len()
    }

    /// How many requests something holds back: the beginning, throttling, or those in flight.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.outbound.len() - self.admitted
    }

    /// The requests in flight, oldest first.
    pub fn labels_in_flight(&self) -> impl Iterator<Item = ApiLabel> {
        self.in_flight.iter().map(|each| each.with_note(()))
    }

    /// Until when the broker wants to be left alone.
    #[must_use]
    pub const fn throttled_until(&self) -> Option<Instant> {
        self.throttled_until
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.outbound.is_empty() && self.in_flight.is_empty()
    }

    /// Since when nothing was read or written.
    #[must_use]
    pub fn quiet_since(&self) -> Instant {
        self.last_in.max(self.last_out)
    }

    /// Bytes read and written.
    #[must_use]
    pub const fn bytes(&self) -> (u64, u64) {
        (self.bytes_in, self.bytes_out)
    }

    /// How many bytes of memory hold what is not written yet, and the frame that is arriving. Shared blobs count.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        let frames = self
            .outbound
            .iter()
            .filter_map(|record| record.frame.as_ref());
        frames.map(Buf::remaining).sum::<usize>() + self.receiver.memory()
    }

    /// The next event. Call it until there is none, after every input.
    #[must_use]
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if event.is_none() && self.events.capacity() > MOST_KEPT {
            self.events.shrink_to_fit();
        }
        event
    }

    /// The version in which a request of `key` would be sent.
    ///
    /// # Errors
    ///
    /// [`VersionError`](crate::connection::VersionError) if there is none.
    pub fn choose_version(&self, key: ApiKey) -> Result<Version, crate::connection::VersionError> {
        self.versions
            .choose(key, key.stable_versions(), self.options.allowed(key))
    }

    pub(in crate::connection) fn emit(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(in crate::connection) fn set_state(&mut self, now: Instant, to: State) {
        let from = std::mem::replace(&mut self.state, to);
        if from == to {
            return;
        }
        let after = now.saturating_duration_since(self.state_since);
        match from {
            State::ApiVersions => self.took.api_versions += after,
            State::SaslHandshake => self.took.sasl_handshake += after,
            State::SaslAuthenticate | State::SaslTokens => self.took.sasl_authenticate += after,
            _ => {}
        }
        self.state_since = now;
        self.emit(Event::StateChanged { from, to, after });
    }

    /// A correlation id that no request has.
    pub(in crate::connection) fn next_correlation_id(&mut self, is_sasl: bool) -> i32 {
        let Self {
            ids,
            in_flight,
            outbound,
            ..
        } = self;
        let taken = |id| {
            let mut unsent = outbound.iter().map(|record| record.label.correlation_id);
            in_flight.is_in_flight(id) || unsent.any(|unsent| unsent == id)
        };
        match is_sasl {
            true => ids.next_sasl(taken),
            false => ids.next(taken),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("broker", &self.options.broker)
            .field("state", &self.state)
            .field("in_flight", &self.in_flight())
            .field("unsent", &self.unsent())
            .finish_non_exhaustive()
    }
}

/// How many events and requests there is room for while there are none: what a burst took is given back.
pub(in crate::connection) const MOST_KEPT: usize = 8;
