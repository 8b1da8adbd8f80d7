//! The pending requests of a connection, in the order in which they are written and answered.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Buf;

use crate::connection::request::BlockClock;
use crate::connection::transmit::{Fitting, Transmit, WriteProgress, push_exactly, shrink_to_one};
use crate::connection::{ApiLabel, BlockedOn, Delivery, RequestId, VersionError};
use crate::correlation::{Mismatch, NotDue, WithoutResponse, not_due};

use super::pending_request::{Origin, PendingRequest};

/// The requests that are pending, in one queue.
///
/// ```text
///  in flight: `sent`   │ may be written          │ blocked
///  ────────────────────┼─────────────────────────┼──────────
///  wait for responses  │ offered to  │ not yet   │ wait to be
///                      │ transport   │           │ admitted
///  ────────── `admitted` ────────────────────────┤
/// ```
///
/// A request waits at the end, is admitted when nothing blocks it, is offered to the transport, and is in flight when the
/// transport has accepted its last byte. It leaves from the front, with its response. Meanwhile it keeps its place. So does
/// one that was abandoned after it had been offered, as the broker still answers it.
///
/// Invariant: `sent + offered <= admitted <= all`. Those in flight have no bytes left, and `abandoned_in_flight` of them
/// are abandoned.
/// There is a time at which the request at the front became the front exactly if one is in flight.
#[derive(Default)]
pub(super) struct RequestQueue {
    requests: VecDeque<Box<PendingRequest>>,
    sent: usize,
    admitted: usize,
    abandoned_in_flight: usize,
    progress: WriteProgress,
    front_since: Option<Instant>,
    without_response: WithoutResponse,
    clock: BlockClock,
    bytes_out: u64,
}

/// The bytes of a request that the transport accepted.
pub(super) struct Accepted<'a> {
    pub(super) bytes: usize,
    pub(super) written: Option<Written<'a>>,
}

/// A request of which the transport accepted the last byte.
pub(super) enum Written<'a> {
    /// It is in flight.
    Sent(&'a mut PendingRequest),
    /// It has no response.
    Unanswered(Box<PendingRequest>),
}

/// The request that a response answers.
pub(super) enum Answered {
    /// A request that someone waits for.
    Request(Box<PendingRequest>),
    /// An abandoned request.
    Late(ApiLabel),
    /// A request that has no response.
    NotAwaited(ApiLabel),
}

impl RequestQueue {
    /// Takes a request that nothing blocks, before all that wait.
    #[inline(always)]
    pub(super) fn admit(&mut self, now: Instant, mut request: Box<PendingRequest>) {
        request.summary.timings.admitted = Some(now);
        if self.waiting() == 0 {
            push_exactly(&mut self.requests, request);
        } else {
            self.requests.insert(self.admitted, request);
        }
        self.admitted += 1;
        self.check();
    }

    /// Takes a request that is blocked.
    pub(super) fn wait(&mut self, now: Instant, mut request: Box<PendingRequest>) {
        // Until it is admitted, these are the totals before.
        request.summary.timings.waits = self.clock.totals(now);
        self.requests.push_back(request);
        self.check();
    }

    /// Admits the request that has waited for the longest time.
    pub(super) fn admit_next(&mut self, now: Instant) -> Option<&PendingRequest> {
        let request = self.requests.get_mut(self.admitted)?;
        end_wait(&mut self.clock, now, request);
        request.summary.timings.admitted = Some(now);
        self.admitted += 1;
        Some(request)
    }

    /// From now on `on` blocks the requests that wait.
    pub(super) fn set_blocked(&mut self, now: Instant, on: Option<BlockedOn>) {
        self.clock.set(now, on);
        debug_assert!(
            self.waiting() == 0 || on.is_some(),
            "a request waits and nothing blocks it"
        );
    }

    /// Returns `true` if [`set_blocked`](Self::set_blocked) with `None` would change nothing.
    #[inline]
    pub(super) fn is_settled(&self) -> bool {
        self.waiting() == 0 && self.clock.is_stopped()
    }

    /// Gives back the memory of a burst. Room for one request stays.
    #[inline]
    pub(super) fn release(&mut self) {
        shrink_to_one(&mut self.requests);
    }

    /// The bytes to write, which the transport may be writing from now on.
    #[inline]
    pub(super) fn offer(&mut self) -> Option<Transmit<'_>> {
        let requests = self.requests.range(self.sent..self.admitted);
        let fitting = Fitting::of(requests.map(|request| &request.frame));
        self.progress.offer(fitting.frames);
        let requests = self.requests.range(self.sent..self.sent + fitting.frames);
        (fitting.frames > 0).then(|| Transmit::of_requests(requests, fitting.bytes))
    }

    /// The transport accepted `bytes`: takes as many of them as the first request has. `None` if the transport was
    /// offered nothing more. The buffer of a frame that was written becomes `spare`, if it is small.
    #[inline(always)]
    pub(super) fn accept(
        &mut self,
        now: Instant,
        bytes: usize,
        spare: &mut Vec<u8>,
    ) -> Option<Accepted<'_>> {
        let request = self.requests.get_mut(self.sent)?;
        let accepted = self.progress.accept(&mut request.frame, bytes)?;
        let bytes = accepted.bytes;
        self.bytes_out += bytes as u64;
        if accepted.begins {
            request.summary.timings.first_byte_written = Some(now);
        }
        if !accepted.is_whole {
            return Some(Accepted {
                bytes,
                written: None,
            });
        }
        request.summary.timings.written = Some(now);
        if request.is_secret() {
            request.frame.wipe();
        }
        request.frame.empty_into(spare, MAX_SPARE_BYTES);
        let written = match request.expects_response {
            true => self.put_in_flight(now),
            false => self.unanswered(),
        };
        Some(Accepted {
            bytes,
            written: Some(written),
        })
    }

    /// The first request that may be written was written whole, and will be answered.
    #[inline(always)]
    fn put_in_flight(&mut self, now: Instant) -> Written<'_> {
        let at = self.sent;
        self.sent += 1;
        if at == 0 {
            self.front_since = Some(now);
        }
        let request = self.requests.get_mut(at).expect("it was written just now");
        self.abandoned_in_flight += usize::from(request.origin == Origin::Nobody);
        Written::Sent(request)
    }

    /// The first request that may be written was written whole, and will not be answered.
    #[cold]
    fn unanswered(&mut self) -> Written<'_> {
        let request = self.requests.remove(self.sent);
        let request = request.expect("it was written just now");
        self.admitted -= 1;
        if request.origin != Origin::SaslToken {
            self.without_response.push(request.label());
        }
        self.check();
        Written::Unanswered(request)
    }

    /// Takes the request that a response answers, whose first byte arrived at `started`.
    ///
    /// # Errors
    ///
    /// As [`InFlightRequests::answered_by`](crate::correlation::InFlightRequests::answered_by).
    #[inline]
    pub(super) fn answered(
        &mut self,
        now: Instant,
        started: Instant,
        correlation_id: i32,
    ) -> Result<Answered, Mismatch> {
        match self.front() {
            Some(front) if front.summary.label.correlation_id == correlation_id => {}
            _ => {
                let in_flight = self.requests.iter().take(self.sent);
                let labels = in_flight.map(|request| request.label());
                match not_due(correlation_id, labels, &mut self.without_response)? {
                    NotDue::NotAwaited(label) => return Ok(Answered::NotAwaited(label)),
                    NotDue::AnsweredWith0 => {}
                }
            }
        }
        let front = self.requests.pop_front();
        let mut request = front.expect("its correlation id was compared just now");
        (self.sent, self.admitted) = (self.sent - 1, self.admitted - 1);
        let timings = &mut request.summary.timings;
        timings.became_head = self.front_since;
        timings.response_started = Some(started);
        timings.responded = Some(now);
        self.front_since = (self.sent > 0).then_some(now);
        let is_late = request.origin == Origin::Nobody;
        self.abandoned_in_flight -= usize::from(is_late);
        self.check();
        Ok(match is_late {
            true => Answered::Late(request.label()),
            false => Answered::Request(request),
        })
    }

    /// Gives up the first request that is `wanted`. If the transport was offered it, its place remains. The response to the
    /// front one has got as far as `front`.
    pub(super) fn give_up(
        &mut self,
        now: Instant,
        wanted: impl Fn(&PendingRequest) -> bool,
        front: Delivery,
    ) -> Option<(Box<PendingRequest>, Delivery)> {
        let at = self.requests.iter().position(|request| wanted(request))?;
        let request = self.requests.get_mut(at)?;
        if at < self.sent + self.progress.offered() {
            let total = request.summary.frame_bytes;
            let given_up = request.abandon();
            let delivery = if at < self.sent {
                self.abandoned_in_flight += 1;
                match at {
                    0 => front,
                    _ => Delivery::SentNoResponse,
                }
            } else {
                let is_first = at == self.sent;
                let bytes = if is_first {
                    self.progress.accepted()
                } else {
                    0
                };
                Delivery::PartiallySent { bytes, total }
            };
            self.check();
            return Some((given_up, delivery));
        }
        if at < self.admitted {
            self.admitted -= 1;
        } else {
            end_wait(&mut self.clock, now, request);
        }
        let request = self.requests.remove(at)?;
        self.check();
        Some((request, Delivery::NotSent))
    }

    /// Takes the requests that wait and cannot be sent, as `check` says.
    pub(super) fn take_unsendable(
        &mut self,
        now: Instant,
        check: impl Fn(ApiLabel) -> Result<(), VersionError>,
    ) -> Vec<(Box<PendingRequest>, VersionError)> {
        let mut refused = Vec::new();
        for mut request in self.requests.split_off(self.admitted) {
            match check(request.label()) {
                Ok(()) => self.requests.push_back(request),
                Err(error) => {
                    end_wait(&mut self.clock, now, &mut request);
                    refused.push((request, error));
                }
            }
        }
        refused
    }

    /// Takes all requests that wait.
    pub(super) fn take_waiting(&mut self, now: Instant) -> VecDeque<Box<PendingRequest>> {
        let mut waiting = self.requests.split_off(self.admitted);
        for request in &mut waiting {
            end_wait(&mut self.clock, now, request);
        }
        waiting
    }

    /// Takes all requests: nothing more is written, and nothing more arrives. The first in flight has got as far as
    /// `in_flight`.
    pub(super) fn take_all(
        &mut self,
        now: Instant,
        in_flight: Delivery,
    ) -> Vec<(Box<PendingRequest>, Delivery)> {
        let waiting = self.take_waiting(now);
        let behind = std::iter::repeat(Delivery::SentNoResponse);
        let in_flight = [in_flight].into_iter().chain(behind);
        let behind = std::iter::repeat(Delivery::NotSent);
        let unsent = [self.first_delivery()].into_iter().chain(behind);

        let mut sent = std::mem::take(&mut self.requests);
        let mut unwritten = sent.split_off(self.sent);
        for request in unwritten.iter_mut().filter(|request| request.is_secret()) {
            request.frame.wipe();
        }
        (self.sent, self.admitted, self.abandoned_in_flight) = (0, 0, 0);
        (self.progress, self.front_since) = (WriteProgress::default(), None);
        self.without_response.clear();
        self.check();

        let sent = sent.into_iter().filter(|request| is_awaited(request));
        let unwritten = unwritten.into_iter().chain(waiting);
        sent.zip(in_flight).chain(unwritten.zip(unsent)).collect()
    }

    /// The first request that is not sent, if the transport has accepted some of its bytes.
    pub(super) fn begun(&self) -> Option<(&PendingRequest, Delivery)> {
        let first = self.unsent().next()?;
        match self.first_delivery() {
            Delivery::NotSent => None,
            delivery => Some((first, delivery)),
        }
    }

    /// The delivery of the first request that is not sent, so far.
    fn first_delivery(&self) -> Delivery {
        match (self.unsent().next(), self.progress.accepted()) {
            (Some(first), bytes @ 1..) => Delivery::PartiallySent {
                bytes,
                total: first.summary.frame_bytes,
            },
            _ => Delivery::NotSent,
        }
    }

    /// The request whose response is due next, abandoned or not.
    #[inline]
    pub(super) fn front(&self) -> Option<&PendingRequest> {
        match self.sent {
            0 => None,
            _ => self.requests.front().map(|request| &**request),
        }
    }

    /// Returns `true` if a caller's request is the first of those that were admitted, written or not.
    pub(super) fn is_front_awaited(&self) -> bool {
        let front = self.requests.front().filter(|_| self.admitted > 0);
        front.is_some_and(|request| !request.is_internal())
    }

    /// The requests that wait for a response, oldest first, without the abandoned ones.
    pub(super) fn in_flight(&self) -> impl Iterator<Item = &PendingRequest> {
        let sent = self.requests.range(..self.sent);
        sent.map(|request| &**request).filter(|it| is_awaited(it))
    }

    /// The requests that are not written whole, in order.
    pub(super) fn unsent(&self) -> impl Iterator<Item = &PendingRequest> {
        self.requests.range(self.sent..).map(|request| &**request)
    }

    /// All requests but the abandoned ones, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &PendingRequest> {
        self.all().filter(|it| is_awaited(it))
    }

    /// All requests, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &PendingRequest> {
        self.requests.iter().map(|request| &**request)
    }

    /// The response to an abandoned request, if it has this id, may stay away for any time.
    pub(super) fn expect_no_more(&mut self, id: RequestId) {
        let mut abandoned = self.requests.iter_mut().filter(|it| !is_awaited(it));
        if let Some(request) = abandoned.find(|it| it.summary.id == id) {
            request.timeout = Duration::MAX;
        }
    }

    /// Returns `true` if a request has this correlation id.
    pub(super) fn has_id(&self, correlation_id: i32) -> bool {
        let mut requests = self.requests.iter();
        requests.any(|request| request.summary.label.correlation_id == correlation_id)
    }

    /// The number of requests that wait for a response, without the abandoned ones.
    pub(super) const fn in_flight_len(&self) -> usize {
        self.sent - self.abandoned_in_flight
    }

    /// The number of requests that may be written and are not written whole.
    #[inline]
    pub(super) const fn unwritten(&self) -> usize {
        self.admitted - self.sent
    }

    /// The number of requests that wait to be admitted.
    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.requests.len() - self.admitted
    }

    /// The number of requests that are not written whole.
    pub(super) fn unsent_len(&self) -> usize {
        self.requests.len() - self.sent
    }

    /// The number of places in flight that are taken: by requests that were admitted, abandoned or not.
    #[inline]
    pub(super) const fn places(&self) -> usize {
        self.admitted
    }

    /// The number of places in flight that abandoned requests have.
    pub(super) fn abandoned_places(&self) -> usize {
        let admitted = self.requests.range(..self.admitted);
        admitted.filter(|request| !is_awaited(request)).count()
    }

    /// Returns `true` if no request is pending, abandoned or not.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Returns `true` if no request is pending, but for abandoned ones that were written whole.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.requests.len() == self.abandoned_in_flight
    }

    /// The number of bytes that the transport accepted.
    pub(super) const fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// The number of bytes that the transport has not accepted.
    pub(super) fn remaining(&self) -> usize {
        let bytes = self.unsent().map(|request| request.frame.remaining());
        bytes.fold(0, usize::saturating_add)
    }

    #[inline]
    fn check(&self) {
        debug_assert!(
            self.abandoned_in_flight <= self.sent
                && self.sent + self.progress.offered() <= self.admitted
                && self.admitted <= self.requests.len(),
            "the parts follow one another"
        );
        debug_assert_eq!(
            self.front_since.is_some(),
            self.sent > 0,
            "the front has a time"
        );
    }
}

/// Returns `true` if the request is not abandoned.
fn is_awaited(request: &PendingRequest) -> bool {
    request.origin != Origin::Nobody
}

/// A request waits no more: its waits are what of the totals came after it had been submitted.
fn end_wait(clock: &mut BlockClock, now: Instant, request: &mut PendingRequest) {
    let timings = &mut request.summary.timings;
    timings.waits = clock.totals(now).since(&timings.waits);
}

/// The largest buffer that is kept while nothing is to be written.
const MAX_SPARE_BYTES: usize = 512;
