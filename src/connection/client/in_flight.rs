//! Pending requests, and those of them that were written and wait for their response, in order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::connection::{ApiLabel, RequestId, Timings};
use crate::correlation::{Answered, InFlightRequests, Mismatch};
use crate::{ApiKey, Version};

use super::completion::ConnectionError;

/// The requests that were written and wait for their responses, in order.
///
/// A request that was abandoned keeps its place: the broker still answers it.
///
/// Invariant: there is a time at which the request at the front became the front exactly if there is such a request.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    requests: InFlightRequests<Box<PendingRequest>>,
    front_since: Option<Instant>,
}

impl InFlight {
    /// Adds a request that was written whole.
    #[inline]
    pub(super) fn push(&mut self, now: Instant, request: Box<PendingRequest>) {
        if self.requests.due().is_none() {
            self.front_since = Some(now);
        }
        let (label, origin) = (request.label, request.origin);
        self.requests.push(label.with_note(request));
        if origin == Origin::Nobody {
            // It was given up while it was being written.
            drop(self.requests.abandon(label.correlation_id));
        }
        self.check();
    }

    /// Notes a request that was written whole and has no response.
    pub(super) fn push_without_response(&mut self, label: ApiLabel) {
        self.requests.push_without_response(label);
    }

    /// Takes the request that a response answers, whose first byte arrived at `started`.
    ///
    /// # Errors
    ///
    /// As [`InFlightRequests::answered_by`].
    #[inline]
    pub(super) fn answered(
        &mut self,
        now: Instant,
        started: Instant,
        correlation_id: i32,
    ) -> Result<Answered<Box<PendingRequest>>, Mismatch> {
        let mut answered = self.requests.answered_by(correlation_id)?;
        if let Answered::InOrder(request) = &mut answered {
            let timings = &mut request.note.timings;
            timings.became_head = self.front_since;
            timings.response_started = Some(started);
            timings.responded = Some(now);
        }
        if !matches!(answered, Answered::NotAwaited(_)) {
            self.front_since = self.requests.due().map(|_| now);
        }
        self.check();
        Ok(answered)
    }

    /// Takes the first request that is `wanted`; its place remains.
    pub(super) fn abandon(
        &mut self,
        wanted: impl Fn(&PendingRequest) -> bool,
    ) -> Option<Box<PendingRequest>> {
        let id = self
            .iter()
            .find(|request| wanted(request))?
            .label
            .correlation_id;
        let abandoned = self.requests.abandon(id);
        self.check();
        abandoned.map(|request| request.note)
    }

    /// Takes all requests, oldest first: nothing more arrives.
    pub(super) fn take_all(&mut self) -> VecDeque<Box<PendingRequest>> {
        let requests = self.requests.drain().map(|request| request.note).collect();
        self.front_since = None;
        self.check();
        requests
    }

    /// Gives back the memory of a burst. Room for one request stays.
    #[inline]
    pub(super) fn release(&mut self) {
        self.requests.shrink_to(1);
    }

    /// The request whose response is due next, abandoned or not.
    pub(super) fn front(&self) -> Option<ApiLabel> {
        self.requests.due().map(|due| due.with_note(()))
    }

    /// The requests that wait for a response, oldest first, without the abandoned ones.
    pub(super) fn iter(&self) -> impl Iterator<Item = &PendingRequest> {
        self.requests.iter().map(|request| &**request.note)
    }

    /// The number of requests that wait for a response, without the abandoned ones.
    pub(super) const fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// The number of places of requests that were abandoned.
    pub(super) fn abandoned(&self) -> usize {
        self.requests.abandoned()
    }

    /// Returns `true` if a request in flight has this correlation id, abandoned or not.
    pub(super) fn has_id(&self, correlation_id: i32) -> bool {
        self.requests.is_in_flight(correlation_id)
    }

    #[inline]
    fn check(&self) {
        debug_assert_eq!(
            self.front_since.is_some(),
            self.requests.due().is_some(),
            "the front has a time"
        );
    }
}

/// A request from being submitted to being completed. Its bytes stand beside it until they are written.
///
/// It moves from the [send queue](super::send_queue::SendQueue) to the [requests in flight](super::in_flight::InFlight) and
/// from there into a [`Completion`](super::completion::Completion).
#[derive(Clone, Debug)]
pub(in crate::connection) struct PendingRequest {
    pub(super) id: RequestId,
    pub(super) label: ApiLabel,
    pub(super) origin: Origin,
    pub(super) tag: u64,
    pub(super) attempt: u32,
    pub(super) expects_response: bool,
    /// The deadline that the caller named.
    pub(super) deadline: Option<Instant>,
    pub(super) timeout: Duration,
    /// The bytes of its frame, the size included.
    pub(super) frame_bytes: usize,
    pub(super) timings: Timings,
    /// By how much throttling had extended deadlines when it was written.
    pub(super) extended_before: Duration,
    /// How it ended, once it is over.
    pub(super) end: Option<RequestEnd>,
}

/// An [`Outcome`](super::completion::Outcome) without what the request states.
#[derive(Clone, Debug)]
pub(in crate::connection) enum RequestEnd {
    /// With a response.
    Response {
        /// The version that it is in.
        version: Version,
        throttle: Duration,
        frame: Bytes,
    },
    /// The request was written, and has no response.
    Written,
    /// Without a response.
    Failed(ConnectionError),
}

/// Who waits for the response.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The caller.
    Caller,
    /// The caller, who wants to know whether the connection is alive.
    Probe,
    /// The [session](super::session::Session).
    Setup,
    /// The session. It is a bare SASL token, which has no header and no correlation id.
    SaslToken,
    /// Nobody: the caller gave up while it was being written, and the rest of it must follow.
    Nobody,
}

impl PendingRequest {
    /// Room for a request, before there is one.
    pub(super) fn empty(now: Instant) -> Self {
        Self {
            id: RequestId(0),
            label: ApiLabel::of_bare_token(),
            origin: Origin::Nobody,
            tag: 0,
            attempt: 0,
            expects_response: false,
            deadline: None,
            timeout: Duration::ZERO,
            frame_bytes: 0,
            timings: Timings::at(now),
            extended_before: Duration::ZERO,
            end: None,
        }
    }

    /// Returns `true` if no event speaks of it.
    pub(super) const fn is_internal(&self) -> bool {
        matches!(
            self.origin,
            Origin::Setup | Origin::SaslToken | Origin::Nobody
        )
    }

    /// Returns `true` if there are credentials in its bytes.
    pub(super) fn is_secret(&self) -> bool {
        match self.origin {
            Origin::SaslToken => true,
            Origin::Setup => self.label.api_key == ApiKey::SaslAuthenticate,
            Origin::Caller | Origin::Probe | Origin::Nobody => false,
        }
    }
}
