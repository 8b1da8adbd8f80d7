//! Requests until they are written: what blocks them, and for how long it did.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use bytes::Buf;
use zeroize::Zeroize;

use crate::connection::transmit::{Outbox, Transmit, push_exactly, shrink_to_one};
use crate::connection::{ApiLabel, Delivery, VersionError, Waits};
use crate::wire::Segments;

use super::in_flight::{Origin, PendingRequest};

/// The requests that are not written whole, in the order in which they are written.
///
/// A request waits, is admitted when nothing blocks it, is offered to the transport, and leaves when the transport has
/// accepted its last byte.
///
/// Invariant: each admitted request has its frame in the outbox, so that offered <= admitted <= all. A request waits only
/// behind what blocks it, or behind another that waits.
#[derive(Default)]
pub(super) struct SendQueue {
    admitted: VecDeque<Box<PendingRequest>>,
    outbox: Outbox,
    waiting: VecDeque<WaitingRequest>,
    clock: BlockClock,
    bytes_out: u64,
    /// A buffer to encode the next request into.
    spare: Vec<u8>,
}

struct WaitingRequest {
    request: Box<PendingRequest>,
    frame: Segments,
    /// The totals of all waits when it was submitted.
    before: Waits,
}

/// What the transport accepted.
pub(super) struct WrittenBytes {
    pub(super) bytes: usize,
    /// The request of which it was the last byte.
    pub(super) request: Option<Box<PendingRequest>>,
}

impl SendQueue {
    /// Takes a request that nothing blocks.
    #[inline(always)]
    pub(super) fn admit(
        &mut self,
        now: Instant,
        mut request: Box<PendingRequest>,
        frame: Segments,
    ) {
        request.timings.admitted = Some(now);
        push_exactly(&mut self.admitted, request);
        self.outbox.push(frame);
        self.check();
    }

    /// Takes a request that is blocked.
    pub(super) fn wait(&mut self, now: Instant, request: Box<PendingRequest>, frame: Segments) {
        let before = self.clock.totals(now);
        self.waiting.push_back(WaitingRequest {
            request,
            frame,
            before,
        });
        self.check();
    }

    /// Admits the request that has waited for the longest time.
    pub(super) fn admit_next(&mut self, now: Instant) -> Option<&PendingRequest> {
        let totals = self.clock.totals(now);
        let (request, frame) = self.waiting.pop_front()?.leave(totals);
        self.admit(now, request, frame);
        self.admitted.back().map(|request| &**request)
    }

    /// What blocks the requests that wait, from now on.
    #[inline]
    pub(super) fn set_blocked(&mut self, now: Instant, on: Option<BlockedOn>) {
        self.clock.set(now, on);
        debug_assert!(
            self.waiting.is_empty() || on.is_some(),
            "a request waits and nothing blocks it"
        );
    }

    /// Returns `true` if [`set_blocked`](Self::set_blocked) with `None` would change nothing.
    #[inline]
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.clock.blocked.is_none()
    }

    /// Gives back the memory of a burst. Room for one request stays.
    #[inline]
    pub(super) fn release(&mut self) {
        shrink_to_one(&mut self.admitted);
        shrink_to_one(&mut self.waiting);
        self.outbox.release();
        self.check();
    }

    /// The bytes to write, which the transport may be writing from now on.
    #[inline]
    pub(super) fn offer(&mut self) -> Option<Transmit<'_>> {
        self.outbox.offer()
    }

    /// The transport accepted `bytes`: takes as many of them as the first request has. `None` if the transport was
    /// offered nothing more.
    #[inline(always)]
    pub(super) fn accept(&mut self, now: Instant, bytes: usize) -> Option<WrittenBytes> {
        let accepted = self.outbox.accept(bytes)?;
        self.bytes_out += accepted.bytes as u64;
        if accepted.begins {
            let first = self.admitted.front_mut();
            first.expect("it has a frame").timings.first_byte_written = Some(now);
        }
        let request = accepted.whole.map(|buffer| {
            let mut request = self.admitted.pop_front().expect("it had a frame");
            request.timings.written = Some(now);
            self.keep_buffer(buffer, &request);
            request
        });
        self.check();
        Some(WrittenBytes {
            bytes: accepted.bytes,
            request,
        })
    }

    /// Takes the first request that is `wanted` out of the queue. If the transport may be writing it, its bytes stay.
    pub(super) fn give_up(
        &mut self,
        now: Instant,
        wanted: impl Fn(&PendingRequest) -> bool,
    ) -> Option<(Box<PendingRequest>, Delivery)> {
        let at = self.admitted().position(&wanted);
        if let Some(at) = at {
            if at >= self.outbox.offered() {
                self.outbox.remove(at);
                let request = self.admitted.remove(at);
                self.check();
                return request.map(|request| (request, Delivery::NotSent));
            }
            let bytes = if at == 0 { self.outbox.accepted() } else { 0 };
            let left = self.admitted.get_mut(at)?;
            let request = left.clone();
            left.origin = Origin::Nobody;
            let total = request.frame_bytes;
            return Some((request, Delivery::PartiallySent { bytes, total }));
        }
        let mut waiting = self.waiting.iter();
        let at = waiting.position(|waiting| wanted(&waiting.request))?;
        let totals = self.clock.totals(now);
        let (request, _) = self.waiting.remove(at)?.leave(totals);
        self.check();
        Some((request, Delivery::NotSent))
    }

    /// Takes the requests that wait and cannot be sent, as `check` says.
    pub(super) fn take_unsendable(
        &mut self,
        now: Instant,
        check: impl Fn(ApiLabel) -> Result<(), VersionError>,
    ) -> Vec<(Box<PendingRequest>, VersionError)> {
        let totals = self.clock.totals(now);
        let mut refused = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            match check(waiting.request.label) {
                Ok(()) => self.waiting.push_back(waiting),
                Err(error) => refused.push((waiting.leave(totals).0, error)),
            }
        }
        refused
    }

    /// Takes all requests that wait.
    pub(super) fn take_waiting(&mut self, now: Instant) -> VecDeque<Box<PendingRequest>> {
        let totals = self.clock.totals(now);
        let waiting = self.waiting.drain(..);
        waiting.map(|waiting| waiting.leave(totals).0).collect()
    }

    /// Takes all requests: nothing more is written.
    pub(super) fn take_all(&mut self, now: Instant) -> Vec<(Box<PendingRequest>, Delivery)> {
        let first = self.first_delivery();
        for (request, frame) in self.admitted.iter().zip(self.outbox.take()) {
            if request.is_secret() {
                frame.into_buffer().zeroize();
            }
        }
        let waiting = self.take_waiting(now).into_iter();
        let admitted = std::mem::take(&mut self.admitted).into_iter();
        let deliveries = [first]
            .into_iter()
            .chain(std::iter::repeat(Delivery::NotSent));
        admitted.chain(waiting).zip(deliveries).collect()
    }

    /// The first request, if the transport has accepted some of its bytes.
    pub(super) fn begun(&self) -> Option<(&PendingRequest, Delivery)> {
        let first = self.admitted.front()?;
        match self.first_delivery() {
            Delivery::NotSent => None,
            delivery => Some((first, delivery)),
        }
    }

    fn first_delivery(&self) -> Delivery {
        match (self.admitted.front(), self.outbox.accepted()) {
            (Some(first), bytes @ 1..) => Delivery::PartiallySent {
                bytes,
                total: first.frame_bytes,
            },
            _ => Delivery::NotSent,
        }
    }

    /// All requests, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &PendingRequest> {
        let waiting = self.waiting.iter().map(|waiting| &*waiting.request);
        self.admitted().chain(waiting)
    }

    /// The requests that nothing blocks, in order.
    pub(super) fn admitted(&self) -> impl ExactSizeIterator<Item = &PendingRequest> {
        self.admitted.iter().map(|request| &**request)
    }

    /// Returns `true` if a request has this correlation id.
    pub(super) fn has_id(&self, correlation_id: i32) -> bool {
        self.iter()
            .any(|request| request.label.correlation_id == correlation_id)
    }

    /// The number of requests that wait.
    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.admitted.len() + self.waiting.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.admitted.is_empty() && self.waiting.is_empty()
    }

    /// The number of bytes that the transport accepted.
    pub(super) const fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// The number of bytes that the transport has not accepted.
    pub(super) fn remaining(&self) -> usize {
        let waiting = self.waiting.iter().map(|waiting| waiting.frame.remaining());
        self.outbox.remaining() + waiting.sum::<usize>()
    }

    /// A buffer to encode a request into.
    #[inline]
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.spare)
    }

    /// Keeps the buffer of a frame that was written for the next one, if it is small.
    #[inline]
    fn keep_buffer(&mut self, mut buffer: Vec<u8>, request: &PendingRequest) {
        if request.is_secret() {
            // All of it, also what is beyond its length.
            buffer.zeroize();
        }
        if buffer.capacity() <= MAX_SPARE && buffer.capacity() > self.spare.capacity() {
            self.spare = buffer;
        }
    }

    #[inline]
    fn check(&self) {
        debug_assert_eq!(
            self.admitted.len(),
            self.outbox.len(),
            "each admitted request has its frame"
        );
    }
}

impl WaitingRequest {
    /// The request, when it waits no more.
    fn leave(mut self, totals: Waits) -> (Box<PendingRequest>, Segments) {
        self.request.timings.waits = totals.since(&self.before);
        (self.request, self.frame)
    }
}

/// The reason why a request is not sent yet.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockedOn {
    /// The connection is not ready.
    Initialization,
    /// The broker throttles the client.
    Throttle,
    /// The connection reauthenticates.
    Reauthentication,
    /// As many requests are in flight as
    /// [may be](super::super::ConnectionOptions::with_max_in_flight).
    InFlight,
}

impl BlockedOn {
    /// The reason in a word that does not change, for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initialization => "initialization",
            Self::Throttle => "throttle",
            Self::Reauthentication => "reauthentication",
            Self::InFlight => "in_flight",
        }
    }
}

impl fmt::Display for BlockedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InFlight => "in flight",
            other => other.name(),
        })
    }
}

/// For how long requests have been blocked since the connection was made, by reason. What one request waited for is the
/// difference between two of these totals.
#[derive(Debug, Default)]
struct BlockClock {
    totals: Waits,
    /// The current blocker and when it started.
    blocked: Option<(BlockedOn, Instant)>,
}

impl BlockClock {
    /// The totals up to `now`.
    fn totals(&mut self, now: Instant) -> Waits {
        if let Some((on, since)) = &mut self.blocked {
            let waited = now.saturating_duration_since(*since);
            *match on {
                BlockedOn::Initialization => &mut self.totals.initialization,
                BlockedOn::Throttle => &mut self.totals.throttle,
                BlockedOn::Reauthentication => &mut self.totals.reauthentication,
                BlockedOn::InFlight => &mut self.totals.in_flight,
            } += waited;
            *since = now.max(*since);
        }
        self.totals
    }

    #[inline]
    fn set(&mut self, now: Instant, on: Option<BlockedOn>) {
        self.totals(now);
        self.blocked = on.map(|on| (on, now));
    }
}

/// The largest buffer that is kept while nothing is to be written.
const MAX_SPARE: usize = 512;
