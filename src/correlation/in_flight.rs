//! The requests of a connection of our own, each of which is known. Order decides, and the
//! correlation id must agree.

use std::collections::VecDeque;

use crate::{ApiKey, Version};

use super::{InFlightRequest, Mismatch, MismatchKind};

/// How many requests without a response are remembered, so that a response to one is recognized.
const REMEMBERED: usize = 64;

/// The requests that wait for their responses, oldest first.
///
/// Its size is that of what was pushed; how much may be in flight is the caller's to decide.
#[derive(Clone, Debug)]
pub struct InFlightRequests<T> {
    waiting: VecDeque<Waiting<T>>,
    /// How many of `waiting` are still wanted.
    wanted: usize,
    without_response: WithoutResponse,
}

/// A place in the order of responses.
#[derive(Clone, Debug)]
struct Waiting<T> {
    request: InFlightRequest<()>,
    /// `None` once nobody waits for the response any more.
    note: Option<T>,
}

/// The request that a response answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answered<T> {
    /// To the request that was due.
    InOrder(InFlightRequest<T>),
    /// To a request that was due, but had been [abandoned](InFlightRequests::abandon).
    Late(InFlightRequest<()>),
    /// To a request that was sent as one without a response. There are brokers that answer them all
    /// the same.
    NotAwaited(InFlightRequest<()>),
}

impl<T> Default for InFlightRequests<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            wanted: 0,
            without_response: WithoutResponse::default(),
        }
    }
}

impl<T> InFlightRequests<T> {
    /// Adds a request that was sent and waits for a response.
    ///
    /// Its correlation id must not be in flight already: the older one would be answered.
    #[inline]
    pub fn push(&mut self, request: InFlightRequest<T>) {
        if self.waiting.capacity() == 0 {
            // Most connections have one request in flight at a time.
            self.waiting.reserve_exact(1);
        }
        self.waiting.push_back(Waiting {
            request: request.with_note(()),
            note: Some(request.note),
        });
        self.wanted += 1;
    }

    /// Notes a request that was sent and gets no response, which is Produce with acks 0.
    pub fn push_without_response(&mut self, request: InFlightRequest<()>) {
        self.without_response.push(request);
    }

    /// Takes the request that a response with `correlation_id` answers.
    ///
    /// Kafka 0.8.2 answers FindCoordinator, then called ConsumerMetadata, with correlation id 0. That is accepted for a
    /// request in version 0 that is due, if no other request has that id.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] is final: the connection must be closed. The requests stay where they are, so
    /// that the caller can [`drain`](Self::drain) them.
    #[inline]
    pub fn answered_by(&mut self, correlation_id: i32) -> Result<Answered<T>, Mismatch> {
        match self.waiting.front() {
            Some(due) if due.request.correlation_id == correlation_id => {}
            _ => {
                let in_flight = self.waiting.iter().map(|each| each.request);
                match not_due(correlation_id, in_flight, &mut self.without_response)? {
                    NotDue::NotAwaited(request) => return Ok(Answered::NotAwaited(request)),
                    NotDue::AnsweredWith0 => {}
                }
            }
        }
        Ok(self.take_due())
    }

    /// Takes the request at the front, which is answered.
    #[inline]
    fn take_due(&mut self) -> Answered<T> {
        let due = self.waiting.pop_front();
        let Waiting { request, note } = due.expect("its correlation id was compared just now");
        match note {
            Some(note) => {
                self.wanted -= 1;
                Answered::InOrder(request.with_note(note))
            }
            None => Answered::Late(request),
        }
    }

    /// Gives up on a request, which keeps its place: its response will be [`Answered::Late`].
    ///
    /// `None` if no such request waits.
    pub fn abandon(&mut self, correlation_id: i32) -> Option<InFlightRequest<T>> {
        let mut wanted = self.waiting.iter_mut().filter(|each| each.note.is_some());
        let found = wanted.find(|each| each.request.correlation_id == correlation_id)?;
        let note = found.note.take()?;
        self.wanted -= 1;
        Some(found.request.with_note(note))
    }

    /// The request whose response is due next, abandoned or not.
    #[must_use]
    #[inline]
    pub fn due(&self) -> Option<InFlightRequest<Option<&T>>> {
        let due = self.waiting.front()?;
        Some(due.request.with_note(due.note.as_ref()))
    }

    /// The requests that wait for a response, oldest first, without the abandoned ones.
    pub fn iter(&self) -> impl Iterator<Item = InFlightRequest<&T>> {
        self.waiting
            .iter()
            .filter_map(|each| Some(each.request.with_note(each.note.as_ref()?)))
    }

    /// Takes all requests that wait for a response, oldest first: the connection is closed.
    pub fn drain(&mut self) -> impl Iterator<Item = InFlightRequest<T>> {
        self.wanted = 0;
        self.without_response.clear();
        self.waiting
            .drain(..)
            .filter_map(|each| Some(each.request.with_note(each.note?)))
    }

    /// Gives back memory, except for that of so many requests and of those that are in flight.
    #[inline]
    pub fn shrink_to(&mut self, requests: usize) {
        if self.waiting.capacity() > requests {
            self.waiting.shrink_to(requests);
        }
    }

    /// Returns the number of requests that wait for a response, without the abandoned ones.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.wanted
    }

    /// Returns the number of [abandoned](Self::abandon) requests whose response has not arrived.
    #[must_use]
    pub fn abandoned(&self) -> usize {
        self.waiting.len() - self.wanted
    }

    /// Returns `true` if no response is wanted. One of an abandoned request may still be due.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.wanted == 0
    }

    /// Returns `true` if a request waits whose id this is, abandoned or not: a new request must not have it.
    #[must_use]
    #[inline]
    pub fn is_in_flight(&self, correlation_id: i32) -> bool {
        let mut ids = self.waiting.iter().map(|each| each.request.correlation_id);
        ids.any(|id| id == correlation_id)
    }
}

/// The requests that were sent and have no response, oldest first, as far as they are remembered.
#[derive(Clone, Debug, Default)]
pub(crate) struct WithoutResponse {
    requests: VecDeque<InFlightRequest<()>>,
}

impl WithoutResponse {
    pub(crate) fn push(&mut self, request: InFlightRequest<()>) {
        if self.requests.len() == REMEMBERED {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }

    fn take(&mut self, correlation_id: i32) -> Option<InFlightRequest<()>> {
        let mut requests = self.requests.iter();
        let at = requests.position(|request| request.correlation_id == correlation_id)?;
        self.requests.remove(at)
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}

/// What a response is that does not have the correlation id of the request that is due.
pub(crate) enum NotDue {
    /// A response to a request that was sent as one without a response.
    NotAwaited(InFlightRequest<()>),
    /// The response to the request that is due, which the broker answers with correlation id 0.
    AnsweredWith0,
}

/// Returns what a response is that does not have the correlation id of the first request `in_flight`.
///
/// # Errors
///
/// As [`InFlightRequests::answered_by`].
#[cold]
pub(crate) fn not_due(
    correlation_id: i32,
    mut in_flight: impl Iterator<Item = InFlightRequest<()>>,
    without_response: &mut WithoutResponse,
) -> Result<NotDue, Mismatch> {
    if let Some(request) = without_response.take(correlation_id) {
        return Ok(NotDue::NotAwaited(request));
    }
    let Some(expected) = in_flight.next() else {
        return Err(Mismatch::new(correlation_id, MismatchKind::NothingInFlight));
    };
    let mut behind = (1..).zip(in_flight);
    let kind = match behind.find(|(_, request)| request.correlation_id == correlation_id) {
        Some((ahead, answers)) => MismatchKind::OutOfOrder {
            expected,
            answers,
            ahead,
        },
        None if correlation_id == 0 && is_answered_with_0(&expected) => {
            return Ok(NotDue::AnsweredWith0);
        }
        None => MismatchKind::Unknown { expected },
    };
    Err(Mismatch::new(correlation_id, kind))
}

/// Returns `true` if there are brokers that answer the request with correlation id 0.
fn is_answered_with_0(request: &InFlightRequest<()>) -> bool {
    request.api_key == ApiKey::FindCoordinator && request.version == Version(0)
}
