//! The events of a connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::wire::Segments;
use crate::{DecodeError, ErrorCode, Version};

use crate::connection::{
    ApiLabel, BlockedOn, CloseReport, Delivery, Hint, RequestId, Severity, State, Waits,
};

use crate::connection::transmit::{push_exactly, shrink_to_one};

use super::completion::{Completion, Outcome, RawResponse};
use super::completion::{ConnectionError, ConnectionErrorKind};
use super::options::ConnectionOptions;
use super::pending_request::{Origin, PendingRequest};

/// What happened. [`Closed`](Self::Closed) is the last event of a connection.
#[derive(Debug)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "most events are completions, and a box would be an allocation for each request"
)]
pub enum Event {
    /// The connection is in another state.
    StateChanged {
        /// The state before.
        from: State,
        /// The state now.
        to: State,
        /// How long the state before lasted.
        after: Duration,
    },
    /// The broker does not know a version of ApiVersions, and another is tried.
    VersionsFallback {
        /// The version it does not know.
        from: Version,
        /// The version that is tried.
        to: Version,
        /// What it said: `UNSUPPORTED_VERSION`, or `INVALID_REQUEST` if it does not like the
        /// name of the client's software.
        error: ErrorCode,
        /// What may be behind it.
        hint: Option<Hint>,
    },
    /// The versions of the broker are known.
    VersionsNegotiated {
        /// The version of ApiVersions that it was asked in: lower than the first after a
        /// [`VersionsFallback`](Self::VersionsFallback).
        sent: Version,
        /// The version that it answered in.
        version: Version,
        /// The response, in which the broker's features are too. Which release it may be says
        /// [`VersionTable::guess_release`](crate::connection::VersionTable::guess_release).
        response: RawResponse,
    },
    /// Authenticating begins, for the first time or again.
    SaslStarted {
        /// The mechanism.
        mechanism: Box<str>,
        /// `true` if this is not the first time.
        again: bool,
    },
    /// The broker does not have the mechanism, and another is tried. Kafka's own brokers close the connection
    /// then, with [`ReconnectAdvice::Mechanism`](crate::connection::ReconnectAdvice::Mechanism) in the report.
    SaslFallback {
        /// The mechanism it does not have.
        from: Box<str>,
        /// The mechanism that is tried.
        to: Box<str>,
    },
    /// The next token is the caller's to make: see
    /// [`Connection::provide_sasl_token`](crate::connection::Connection::provide_sasl_token).
    ///
    /// Before the connection authenticates again, [`OauthBearer::asking`](crate::connection::sasl) is asked for while
    /// requests are still sent.
    SaslTokenWanted {
        /// The mechanism.
        mechanism: Box<str>,
        /// What the broker said; empty at the beginning.
        challenge: Bytes,
    },
    /// The broker answered a token.
    SaslStep {
        /// How many tokens were sent so far.
        rounds: u32,
        /// The bytes of the answer.
        bytes: usize,
    },
    /// The broker believes the client.
    SaslSucceeded {
        /// The mechanism.
        mechanism: Box<str>,
        /// How many tokens were sent.
        rounds: u32,
        /// How long it took.
        took: Duration,
        /// For how long the broker believes it; `None` means forever.
        lifetime: Option<Duration>,
        /// When the connection will authenticate again.
        renew_at: Option<Instant>,
        /// `true` if this was not the first time.
        again: bool,
        /// The number of requests that wait for it.
        waiting: usize,
    },
    /// Requests are sent from now on.
    Ready {
        /// How long each part of the beginning took.
        took: Initialization,
    },
    /// A request that was just submitted is blocked. Only with
    /// [`with_progress_events`](crate::connection::ConnectionOptions::with_progress_events).
    Blocked {
        /// The request.
        id: RequestId,
        /// What names it.
        label: ApiLabel,
        /// What it is blocked on. It may be blocked on something else afterwards.
        on: BlockedOn,
    },
    /// A request is no longer blocked. Only if it was [`Blocked`](Self::Blocked).
    Admitted {
        /// Which request.
        id: RequestId,
        /// What names it.
        label: ApiLabel,
        /// For how long it waited for what.
        waits: Waits,
    },
    /// The transport accepted the last byte of a request. Only with
    /// [`with_progress_events`](crate::connection::ConnectionOptions::with_progress_events).
    Written {
        /// Which request.
        id: RequestId,
        /// What names it.
        label: ApiLabel,
        /// Its bytes, its size included.
        bytes: usize,
    },
    /// A request is over. Each accepted request has exactly one of these.
    Completed(Completion),
    /// The broker throttles.
    Throttled {
        /// The request whose response reports it.
        label: ApiLabel,
        /// For how long.
        time: Duration,
        /// Until when nothing is sent; `None` if the response is in a [version](crate::ApiKey::throttles_after_response) to which
        /// brokers before Kafka 2.0 wait before they answer. Later ones answer at once, and read nothing for that time.
        until: Option<Instant>,
    },
    /// A response came after its request had been given up.
    LateResponse {
        /// The request.
        label: ApiLabel,
        /// The bytes of the response, its size included.
        bytes: usize,
    },
    /// A response came to a request that has none: Produce with acks 0.
    UnexpectedResponse {
        /// The request.
        label: ApiLabel,
        /// The bytes of the response, its size included.
        bytes: usize,
    },
    /// The caller decoded a response.
    Decoded {
        /// The request.
        label: ApiLabel,
        /// The number that the caller gave it.
        tag: u64,
        /// Whether it could be decoded. The connection goes on in any case.
        result: Result<(), DecodeError>,
        /// The error codes in it, as far as the caller [reported
        /// them](crate::connection::DecodedResponse::with_error_codes).
        error_codes: Box<[ErrorCode]>,
        /// How long after its last byte.
        after: Duration,
    },
    /// A probe was answered, or failed.
    Probed {
        /// The request.
        label: ApiLabel,
        /// How it went.
        outcome: ProbeOutcome,
    },
    /// Nothing was under way for as long as the policy says: time for a
    /// [`probe`](crate::connection::Connection::probe).
    KeepAliveDue {
        /// For how long.
        idle: Duration,
    },
    /// The connection is over. No event follows.
    Closed(Arc<CloseReport>),
}

/// The time that each phase of opening a connection took.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Initialization {
    /// Learning the broker's versions.
    pub api_versions: Duration,
    /// Agreeing on a SASL mechanism.
    pub sasl_handshake: Duration,
    /// Exchanging SASL tokens.
    pub sasl_authenticate: Duration,
}

/// The outcome of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbeOutcome {
    /// The broker answered.
    Answered {
        /// The time from the probe being written to its last byte.
        round_trip: Duration,
        /// How long of that requests before it took.
        behind_others: Duration,
        /// What it said.
        error: ErrorCode,
        /// `true` if the broker's versions are others than before; they are used from now on.
        versions_changed: bool,
    },
    /// The broker did not answer.
    Failed(ConnectionError),
}

impl Event {
    /// Returns the severity for logs. Repetitions are the caller's to suppress, by
    /// [`CloseReport::fingerprint`](crate::connection::CloseReport::fingerprint).
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Throttled { .. } | Self::VersionsFallback { .. } | Self::SaslFallback { .. } => {
                Severity::Info
            }
            Self::LateResponse { .. } | Self::UnexpectedResponse { .. } => Severity::Info,
            Self::Decoded { result: Err(_), .. } => Severity::Error,
            Self::Probed {
                outcome: ProbeOutcome::Failed(_),
                ..
            } => Severity::Warning,
            Self::Closed(report) => report.severity(),
            _ => Severity::Debug,
        }
    }
}

/// The events that the caller has not taken.
#[derive(Debug)]
pub(super) struct EventQueue {
    broker: Arc<str>,
    has_progress: bool,
    events: VecDeque<QueuedEvent>,
    /// Boxes of requests that are over, for those that follow.
    #[expect(clippy::vec_box, reason = "the boxes are what is kept")]
    spare: Vec<Box<PendingRequest>>,
}

/// An event in the queue. It takes less room than an [`Event`], so that less is moved.
#[derive(Debug)]
enum QueuedEvent {
    /// A request of the caller is over, and has an outcome.
    Completed(Box<PendingRequest>),
    Other(Box<Event>),
}

impl EventQueue {
    pub(super) fn new(options: &ConnectionOptions) -> Self {
        Self {
            broker: options.broker.clone(),
            has_progress: options.has_progress_events,
            events: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    #[inline(never)]
    pub(super) fn push(&mut self, event: Event) {
        push_exactly(&mut self.events, QueuedEvent::Other(Box::new(event)));
    }

    /// Adds an event of a request that is on its way, if the caller wants those.
    #[inline]
    pub(super) fn progress(&mut self, event: impl FnOnce() -> Event) {
        if self.has_progress {
            self.push(event());
        }
    }

    /// A request was written.
    #[inline]
    pub(super) fn written(&mut self, request: &PendingRequest) {
        if self.has_progress && !request.is_internal() {
            self.push(Event::Written {
                id: request.summary.id,
                label: request.label(),
                bytes: request.summary.frame_bytes,
            });
        }
    }

    /// A request of the caller was answered.
    #[inline]
    pub(super) fn respond(
        &mut self,
        now: Instant,
        mut request: Box<PendingRequest>,
        version: Version,
        throttle: Duration,
        frame: Bytes,
    ) {
        let summary = &request.summary;
        request.outcome = Some(Outcome::Response(RawResponse {
            label: summary.label,
            version,
            tag: summary.tag,
            arrived: now,
            throttle,
            frame,
        }));
        push_exactly(&mut self.events, QueuedEvent::Completed(request));
    }

    /// A request is over: adds the event, if it is one of the caller's.
    pub(super) fn complete(&mut self, mut request: Box<PendingRequest>, outcome: Outcome) {
        // What was not sent is not needed any more, and the box is used again.
        request.frame = Segments::default();
        if request.origin == Origin::Caller {
            request.outcome = Some(outcome);
            return push_exactly(&mut self.events, QueuedEvent::Completed(request));
        }
        let label = request.label();
        match (request.origin, outcome) {
            (Origin::Probe, Outcome::Failed(error)) => {
                let outcome = ProbeOutcome::Failed(error);
                self.push(Event::Probed { label, outcome });
            }
            (Origin::Probe, Outcome::Response { .. } | Outcome::Written) => {
                debug_assert!(false, "the versions in the response to a probe are read");
            }
            (_, _) => {}
        }
    }

    /// A request is over and has no response.
    pub(super) fn fail(
        &mut self,
        request: Box<PendingRequest>,
        kind: ConnectionErrorKind,
        delivery: Delivery,
    ) {
        let error = ConnectionError {
            broker: self.broker.clone(),
            request: request.label(),
            delivery,
            kind,
        };
        self.complete(request, Outcome::Failed(error));
    }

    /// A box to put the next request into.
    #[inline]
    pub(super) fn spare(&mut self) -> Option<Box<PendingRequest>> {
        self.spare.pop()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The next event.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Event> {
        match self.events.pop_front()? {
            QueuedEvent::Completed(request) => {
                self.spare.truncate(MAX_SPARE_BOXES - 1);
                self.spare.push(request);
                // In its box, so that all of it is copied once.
                let request = self.spare.last_mut().expect("it was added just now");
                let outcome = request.outcome.take().expect("it is over");
                Some(Event::Completed(Completion {
                    summary: request.summary,
                    outcome,
                }))
            }
            QueuedEvent::Other(event) => Some(*event),
        }
    }

    /// Gives back the memory of a burst. Room for one event stays.
    #[inline]
    pub(super) fn release(&mut self) {
        shrink_to_one(&mut self.events);
    }
}

/// The number of boxes that are kept.
const MAX_SPARE_BOXES: usize = 2;
