//! The work of a connection: requests move from one of its parts to the next, and time and failures end them.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::connection::bodies::throttle_time;
use crate::connection::{
    ApiLabel, AuthenticationFault, BlockedOn, CloseReason, Delivery, ForeignProtocol,
    NegotiationFault, RequestId, State, TimeoutKind, VersionTable,
};
use crate::frame::input::FrameInput;
use crate::frame::{FrameReader, SIZE_BYTES, StreamPosition};
use crate::messages::ApiVersionsResponse;
use crate::{ApiKey, Decode, ErrorCode, VersionRange};

use super::Connection;
use super::closing;
use super::completion::{ConnectionErrorKind, Outcome, SubmitError};
use super::deadlines::Pending;
use super::encode::{Choice, Encoder, SetupRequest, Submission};
use super::event::{Event, ProbeOutcome};
use super::options::{IdlePolicy, OnTimeout, SubmitOptions};
use super::pending_request::{Origin, PendingRequest};
use super::request_queue::Answered;
use super::session::Action;

/// How a request moves from one part to the next.
impl Connection {
    /// The versions in which a request of the caller may be sent, of those that this side has.
    #[inline]
    pub(super) fn choice(
        &mut self,
        now: Instant,
        key: ApiKey,
        ours: Option<VersionRange>,
        options: &SubmitOptions,
    ) -> Result<Choice, SubmitError> {
        self.check_open(now)?;
        self.session.choice_of(key, ours, options)
    }

    /// Checks that the connection takes requests, after what is due, which may make room or close it.
    #[inline]
    pub(super) fn check_open(&mut self, now: Instant) -> Result<(), SubmitError> {
        self.pump(now);
        let waiting = self.waiting();
        match self.state() {
            state @ (State::Draining | State::Closed) => Err(SubmitError::Closed { state }),
            _ if waiting >= self.options.max_waiting && self.blocked_on().is_some() => {
                Err(SubmitError::QueueFull { waiting })
            }
            _ => Ok(()),
        }
    }

    /// Takes a new request: it may be sent at once, which is usual, or waits for its turn. What was due is done.
    pub(super) fn take_in(
        &mut self,
        now: Instant,
        submission: &Submission,
        options: &SubmitOptions,
    ) -> RequestId {
        let is_only_one = self.queue.is_empty();
        let mut request = self.number(now, submission, options);
        let (id, label) = (request.summary.id, request.label());
        self.deadlines.request_submitted(&mut request, is_only_one);
        if !self.is_hindered && self.queue.places() < self.options.max_in_flight {
            self.queue.admit(now, request);
            return id;
        }
        let Some(on) = self.blocked_on() else {
            debug_assert_eq!(self.queue.waiting(), 0, "what is not blocked was admitted");
            self.queue.admit(now, request);
            return id;
        };
        self.events.progress(|| Event::Blocked { id, label, on });
        self.queue.wait(now, request);
        self.is_hindered = true;
        self.pump(now);
        id
    }

    /// Does what has become possible. Called at the end of every input.
    #[inline(always)]
    pub(super) fn pump(&mut self, now: Instant) {
        if self.is_hindered {
            self.pump_all(now);
        }
        debug_assert!(
            self.is_hindered || self.is_unhindered(),
            "what hinders requests is noted"
        );
    }

    /// Returns `true` if no request waits, and only the number of places can block one.
    fn is_unhindered(&self) -> bool {
        self.state() == State::Ready
            && self.queue.is_settled()
            && self.deadlines.throttled_until().is_none()
            && self.session.sasl().is_none()
    }

    #[cold]
    pub(super) fn pump_all(&mut self, now: Instant) {
        if self.is_closed() {
            return;
        }
        self.end_pauses(now);
        let mut blocked_on = None;
        while self.queue.waiting() > 0 {
            blocked_on = self.blocked_on();
            if blocked_on.is_some() {
                break;
            }
            let admitted = self.queue.admit_next(now);
            let request = admitted.expect("one waits");
            self.events.progress(|| Event::Admitted {
                id: request.summary.id,
                label: request.label(),
                waits: request.timings().waits,
            });
        }
        self.queue.set_blocked(now, blocked_on);
        if self.state() == State::Draining && self.is_idle() {
            self.close_because(now, CloseReason::Local);
        }
        self.is_hindered = !self.is_unhindered();
        self.receiver.set_allowed_sizes(self.frame_sizes());
    }

    /// Ends throttling, or begins to authenticate again, when the time has come.
    #[inline]
    pub(super) fn end_pauses(&mut self, now: Instant) {
        if self.session.sasl().is_some() {
            let places = self.queue.places() > 0;
            self.session.renew_if_due(now, places);
            self.follow_session(now);
        }
        self.deadlines.end_throttling(now);
    }

    /// What blocks the next request.
    pub(super) fn blocked_on(&self) -> Option<BlockedOn> {
        match self.state() {
            State::Ready | State::Draining | State::Closed => {}
            State::Reauthenticating => return Some(BlockedOn::Reauthentication),
            _ => return Some(BlockedOn::Initialization),
        }
        if self.deadlines.throttled_until().is_some() {
            return Some(BlockedOn::Throttle);
        }
        (self.queue.places() >= self.options.max_in_flight).then_some(BlockedOn::InFlight)
    }

    /// The last byte of a request that has no response was accepted.
    #[cold]
    pub(super) fn end_unanswered(&mut self, now: Instant, request: Box<PendingRequest>) {
        if request.origin == Origin::SaslToken {
            self.session.token_written(now);
            return self.follow_session(now);
        }
        self.events.written(&request);
        self.events.complete(request, Outcome::Written);
        self.request_left(now);
    }

    /// A request of the caller is over that was in front of those of the session, if there are any.
    #[inline]
    fn request_left(&mut self, now: Instant) {
        if self.is_hindered {
            self.session
                .request_left(now, self.deadlines.throttled_until());
        }
    }

    /// Takes bytes from the front of `input`, at most up to the end of a frame.
    #[inline]
    pub(super) fn read(&mut self, now: Instant, input: &mut impl FrameInput) {
        if self.is_hindered {
            self.receiver.set_allowed_sizes(self.frame_sizes());
        }
        let before = input.bytes().len();
        let received = self.receiver.take_frame(input);
        self.bytes_in += (before - input.bytes().len()) as u64;
        match received {
            Ok(None) => {
                self.frame_started.get_or_insert(now);
            }
            Ok(Some(frame)) => {
                let started = self.frame_started.take().unwrap_or(now);
                self.on_frame(now, started, frame);
            }
            Err(error) => {
                let reason = CloseReason::of_frames(&error, &self.receiver);
                self.close_because(now, reason);
            }
        }
    }

    /// A whole frame arrived.
    #[inline]
    pub(super) fn on_frame(&mut self, now: Instant, started: Instant, frame: Bytes) {
        if self.state() == State::SaslTokens {
            self.session.on_token(now, &frame);
            return self.follow_session(now);
        }
        let Some(id) = frame.first_chunk().copied().map(i32::from_be_bytes) else {
            return self.close_short(now, &frame);
        };
        let bytes = SIZE_BYTES + frame.len();
        match self.queue.answered(now, started, id) {
            Ok(Answered::Request(request)) => self.on_response(now, request, frame),
            Ok(Answered::Late(label)) => {
                self.events.push(Event::LateResponse { label, bytes });
                self.follow_throttle(now, label, &frame);
            }
            Ok(Answered::NotAwaited(label)) => {
                self.events.push(Event::UnexpectedResponse { label, bytes });
            }
            Err(mismatch) => {
                let reason = CloseReason::Desynchronized {
                    mismatch,
                    first_bytes: frame.get(..16).unwrap_or(&frame).into(),
                };
                self.close_because(now, reason);
            }
        }
    }

    /// A frame is too short for a response. Its size was accepted while bare tokens were exchanged.
    #[cold]
    fn close_short(&mut self, now: Instant, frame: &[u8]) {
        let reason = CloseReason::BadFrameSize {
            announced: i32::try_from(frame.len()).expect("less than 4"),
            min: SIZE_BYTES,
            max: self.options.max_frame_bytes,
            first_bytes: frame.into(),
        };
        self.close_because(now, reason);
    }

    #[inline]
    pub(super) fn on_response(&mut self, now: Instant, request: Box<PendingRequest>, frame: Bytes) {
        let label = request.label();
        if request.origin == Origin::Setup {
            return self.on_setup_response(now, label, &frame);
        }
        let (version, throttle) = match label.split_response(&frame) {
            Ok(answer) => {
                let time = throttle_time(label.api_key, answer.version, answer.body);
                (answer.version, time)
            }
            // Decoding it reports that.
            Err(_) => (label.version, Duration::ZERO),
        };
        self.responses += 1;
        if !throttle.is_zero() {
            self.on_throttled(now, label, throttle);
        }
        self.request_left(now);
        match request.origin {
            Origin::Probe => self.on_probed(&request, &frame),
            Origin::Caller => self.events.respond(now, request, version, throttle, frame),
            origin => debug_assert!(false, "{origin:?}: nobody waits for the response"),
        }
    }

    /// A request of the session was answered.
    #[cold]
    fn on_setup_response(&mut self, now: Instant, label: ApiLabel, frame: &Bytes) {
        self.session.on_response(now, label, frame);
        self.follow_session(now);
        if !self.is_closed() {
            self.follow_throttle(now, label, frame);
        }
    }

    /// A response that no caller waits for may throttle the client too.
    #[cold]
    fn follow_throttle(&mut self, now: Instant, label: ApiLabel, frame: &Bytes) {
        if let Ok(answer) = label.split_response(frame) {
            let time = throttle_time(label.api_key, answer.version, answer.body);
            if !time.is_zero() {
                self.on_throttled(now, label, time);
            }
        }
    }

    /// The broker throttles the client.
    #[cold]
    fn on_throttled(&mut self, now: Instant, label: ApiLabel, time: Duration) {
        self.is_hindered = true;
        let until = match label.api_key.throttles_after_response(label.version) {
            true => self.deadlines.throttle(now, time),
            false => None,
        };
        self.events.push(Event::Throttled { label, time, until });
    }

    /// A probe was answered.
    #[cold]
    pub(super) fn on_probed(&mut self, request: &PendingRequest, frame: &[u8]) {
        let split = request.label().split_response(frame).ok();
        let answer = split
            .and_then(|split| ApiVersionsResponse::decode_prefix(split.body, split.version).ok());
        let (error, table) = match &answer {
            Some((answer, _)) => (answer.error_code, VersionTable::from_response(answer)),
            None => (ErrorCode::UNKNOWN_SERVER_ERROR, VersionTable::default()),
        };
        let is_known = error.is_none() && !table.is_empty();
        let timings = request.timings();
        let behind_others = timings.head_of_line_wait();
        let round_trip = timings.round_trip();
        self.events.push(Event::Probed {
            label: request.label(),
            outcome: ProbeOutcome::Answered {
                round_trip: round_trip.expect("it was written and answered"),
                behind_others: behind_others.expect("it was written and answered"),
                error,
                versions_changed: is_known && self.session.set_versions(table),
            },
        });
    }

    /// Does what the session wants.
    pub(super) fn follow_session(&mut self, now: Instant) {
        self.is_hindered = true;
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Emit(event) => self.events.push(*event),
                Action::Send(request) => self.send_setup(now, &request),
                Action::Authenticated { with, again } => {
                    self.events.push(Event::SaslSucceeded {
                        mechanism: with.mechanism,
                        rounds: with.rounds,
                        took: with.took,
                        lifetime: with.lifetime,
                        renew_at: with.renew_at,
                        again,
                        waiting: self.queue.waiting(),
                    });
                }
                Action::CheckVersions => {
                    let check =
                        |label: ApiLabel| self.session.check_version(label.api_key, label.version);
                    for (request, error) in self.queue.take_unsendable(now, check) {
                        let kind = ConnectionErrorKind::Version(error);
                        self.events.fail(request, kind, Delivery::NotSent);
                    }
                }
                Action::Close(reason) => self.close_because(now, reason),
            }
        }
    }

    /// Sends a request of the session before all that wait.
    fn send_setup(&mut self, now: Instant, request: &SetupRequest) {
        let queue = &self.queue;
        let is_taken = |id| queue.has_id(id);
        match self.encoder.setup(request, is_taken) {
            Ok(submission) => {
                let options = SubmitOptions::default();
                let request = self.number(now, &submission, &options);
                self.queue.admit(now, request);
            }
            Err(error) => {
                self.encoder.discard();
                let reason = match request {
                    SetupRequest::ApiVersions(_) => {
                        CloseReason::Negotiation(NegotiationFault::Encode(error))
                    }
                    _ => CloseReason::Authentication(AuthenticationFault::Encode(error)),
                };
                self.close_because(now, reason);
            }
        }
    }

    /// Gives up a request, wherever it is; false if there is none such.
    pub(super) fn give_up(
        &mut self,
        now: Instant,
        wanted: impl Fn(&PendingRequest) -> bool,
        kind: ConnectionErrorKind,
    ) -> bool {
        let wanted = |request: &PendingRequest| !request.is_internal() && wanted(request);
        let was_awaited = self.queue.is_front_awaited();
        let front = self.queue.front();
        let front = front.map_or(Delivery::SentNoResponse, |it| {
            closing::delivery_in_flight(self, it)
        });
        let Some((request, delivery)) = self.queue.give_up(now, wanted, front) else {
            return false;
        };
        self.events.fail(request, kind, delivery);
        if was_awaited && !self.queue.is_front_awaited() {
            self.request_left(now);
        }
        true
    }

    /// The first request that takes too long, or an abandoned one.
    pub(super) fn overdue(&self, now: Instant) -> Option<&PendingRequest> {
        let is_overdue = |request: &&PendingRequest| self.deadlines.is_overdue(request, now);
        let awaited = self.queue.iter().find(is_overdue);
        awaited.or_else(|| self.queue.all().find(is_overdue))
    }

    /// Gives up the requests that take too long, or the connection.
    pub(super) fn give_up_overdue(&mut self, now: Instant) {
        while let Some(late) = self.overdue(now) {
            let (id, request) = (late.summary.id, late.label());
            let after = now.saturating_duration_since(self.deadlines.start_of(late));
            let front = self.queue.front().map(PendingRequest::label);
            let blocked_by = front.filter(|front| *front != request);
            let is_abandoned = late.origin == Origin::Nobody;
            let closes = match self.options.on_timeout {
                // What was not sent holds nothing up.
                _ if late.timings().admitted.is_none() => false,
                // A deadline of the caller says nothing of the broker.
                OnTimeout::Close => self.deadlines.is_timed_out(late, now),
                OnTimeout::Abandon => self.is_useless_without(usize::from(!is_abandoned)),
            };
            if closes {
                let kind = TimeoutKind::Request {
                    request,
                    after,
                    blocked_by,
                };
                return self.close_because(now, CloseReason::Timeout(kind));
            }
            if is_abandoned {
                self.queue.expect_no_more(id);
                continue;
            }
            let is_waiting = late.timings().admitted.is_none();
            let blocked_on = self.blocked_on().filter(|_| is_waiting);
            let kind = ConnectionErrorKind::TimedOut {
                after,
                blocked_by,
                blocked_on,
            };
            let is_found = self.give_up(now, |request| request.summary.id == id, kind);
            debug_assert!(is_found, "it was found just now");
        }
        self.deadlines.set_requests(self.queue.all());
    }

    /// Returns `true` if no request could be sent any more if so many others were abandoned.
    fn is_useless_without(&self, others: usize) -> bool {
        self.queue.abandoned_places() + others >= self.options.max_in_flight
    }

    pub(super) fn on_idle(&mut self, now: Instant) {
        let idle = now.saturating_duration_since(self.quiet_since());
        match self.options.idle {
            IdlePolicy::Close(_) => self.close_because(now, CloseReason::IdleLocal { idle }),
            IdlePolicy::KeepAlive(_) => {
                self.deadlines.keep_alive_told();
                self.events.push(Event::KeepAliveDue { idle });
            }
            IdlePolicy::Ignore => {}
        }
    }

    /// Getting ready, or authenticating again, took too long.
    pub(super) fn close_phase(&mut self, now: Instant) {
        let foreign = self.receiver.foreign_at_end();
        match foreign.filter(|_| self.state().is_initial()) {
            Some(protocol) => self.close_foreign(now, protocol),
            None => {
                let kind = self.session.phase().timeout(now);
                self.close_because(now, CloseReason::Timeout(kind));
            }
        }
    }

    pub(super) fn handle_end(
        &mut self,
        now: Instant,
        reason: impl FnOnce(StreamPosition) -> CloseReason,
    ) {
        if self.is_closed() {
            return;
        }
        if let Some(protocol) = self.receiver.foreign_at_end() {
            return self.close_foreign(now, protocol);
        }
        let at = self.receiver.position();
        let idle = now.saturating_duration_since(self.quiet_since());
        let was_quiet =
            self.pending().is_idle() && at == StreamPosition::BetweenFrames && idle >= MIN_IDLE;
        let reason = match reason(at) {
            CloseReason::RemoteEof(_) | CloseReason::RemoteReset(_) if was_quiet => {
                CloseReason::IdleRemoteLikely { idle }
            }
            reason => reason,
        };
        self.close_because(now, reason);
    }

    pub(super) fn close_foreign(&mut self, now: Instant, protocol: ForeignProtocol) {
        let reason = CloseReason::Foreign {
            protocol,
            first_bytes: self.receiver.first_bytes().into(),
        };
        self.close_because(now, reason);
    }

    /// Closes the connection, unless it is closed: every request is completed.
    pub(super) fn close_because(&mut self, now: Instant, reason: CloseReason) {
        if self.is_closed() {
            return;
        }
        let report = Arc::new(closing::report(self, now, reason));
        let closed = || ConnectionErrorKind::Closed(report.clone());
        let first = self.queue.in_flight().next();
        let first = first.map_or(Delivery::SentNoResponse, |it| {
            closing::delivery_in_flight(self, it)
        });
        for (request, delivery) in self.queue.take_all(now, first) {
            self.events.fail(request, closed(), delivery);
        }
        self.deadlines.clear();
        self.receiver = FrameReader::default();
        self.session.close(now);
        self.follow_session(now);
        self.events.push(Event::Closed(report));
    }

    /// Sends the request that `encode` writes, with a correlation id.
    #[inline(always)]
    pub(super) fn send<E>(
        &mut self,
        now: Instant,
        options: &SubmitOptions,
        encode: impl FnOnce(&mut Encoder, i32) -> Result<Submission, E>,
    ) -> Result<RequestId, E> {
        let id = self.next_id();
        match encode(&mut self.encoder, id) {
            Ok(submission) => Ok(self.take_in(now, &submission, options)),
            Err(error) => {
                self.encoder.discard();
                Err(error)
            }
        }
    }

    #[inline(always)]
    fn next_id(&mut self) -> i32 {
        let queue = &self.queue;
        self.encoder.next_id(|id| queue.has_id(id))
    }

    /// Numbers a request of which the frame was written, in a box that is used again if there is one.
    #[inline(always)]
    fn number(
        &mut self,
        now: Instant,
        submission: &Submission,
        options: &SubmitOptions,
    ) -> Box<PendingRequest> {
        let spare = self.events.spare();
        let mut request = spare.unwrap_or_else(|| Box::new(PendingRequest::empty(now)));
        self.encoder.number(&mut request, now, submission, options);
        request
    }

    #[inline]
    pub(super) fn pending(&self) -> Pending {
        match self.is_idle() {
            true if self.state() != State::Ready => Pending::NotReady,
            true if self.queue.is_empty() => Pending::Nothing,
            true => Pending::Abandoned,
            false => Pending::Requests {
                is_blocked: self.waiting() > 0,
            },
        }
    }

    /// The minimum and maximum size of the next frame: bare tokens may be empty, all else has a correlation id, and until
    /// the caller's own requests are answered, frames are small.
    #[inline]
    fn frame_sizes(&self) -> RangeInclusive<usize> {
        let max = self.options.max_frame_bytes;
        match self.state() {
            State::SaslTokens => 0..=max.min(MAX_INITIAL_FRAME),
            state if state.is_initial() => SIZE_BYTES..=max.min(MAX_INITIAL_FRAME),
            _ => SIZE_BYTES..=max,
        }
    }
}

/// The maximum size of a frame before the connection is ready.
const MAX_INITIAL_FRAME: usize = 1024 * 1024;
/// A peer that closes after less has not hit its idle timeout, as librdkafka sees it.
const MIN_IDLE: Duration = Duration::from_secs(60);
