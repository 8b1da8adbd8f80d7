//! The requests of a connection that is only listened to. Any of them, and any response, may have
//! been missed; ids may be used again; the correlation id decides, and order where it does not.

use std::collections::VecDeque;

use super::InFlightRequest;

/// How many requests that want no response are remembered.
const REMEMBERED: usize = 64;

/// The requests seen that have no response yet, oldest first, never more than a fixed number.
///
/// # Examples
///
/// ```
/// use kafka_codec::correlation::{Expects, InFlightRequest, ObservedRequests};
/// use kafka_codec::{ApiKey, HeaderVersions, Version};
///
/// let (key, version) = (ApiKey::Fetch, Version(12));
/// let headers = HeaderVersions::of(key, version);
/// let mut requests = ObservedRequests::with_capacity(100);
/// for id in 1..=3 {
///     let request = InFlightRequest::new(key, version, headers, id, ());
///     requests.request(request, Expects::Response);
/// }
/// // The response to request 1 was missed.
/// assert_eq!(requests.response(2).map(|request| request.correlation_id), Some(2));
/// assert_eq!(requests.response(2), None);
/// assert_eq!(requests.unanswered(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct ObservedRequests<T> {
    waiting: VecDeque<Waiting<T>>,
    /// How many of `waiting`, from the front, were passed over: a later request was answered already, so that their own
    /// responses were probably missed.
    passed: usize,
    max: usize,
    /// Requests that want no response, the last of them: there are brokers that answer them all the same.
    silent: VecDeque<InFlightRequest<T>>,
    /// Requests that were given up since the beginning, though they wanted a response.
    given_up: u64,
}

#[derive(Clone, Debug)]
struct Waiting<T> {
    request: InFlightRequest<T>,
    /// `true` if it certainly gets a response.
    is_certain: bool,
}

/// The response that a request expects.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expects {
    /// One response.
    Response,
    /// No response: Produce with acks 0.
    Nothing,
    /// Unknown: Produce whose acks were not captured.
    Unknown,
}

impl<T> ObservedRequests<T> {
    /// An empty list that gives up the oldest request when there would be more than `max`.
    #[must_use]
    pub const fn with_capacity(max: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            passed: 0,
            silent: VecDeque::new(),
            max,
            given_up: 0,
        }
    }

    /// Adds a request that was seen.
    pub fn request(&mut self, request: InFlightRequest<T>, expects: Expects) {
        if expects == Expects::Nothing {
            if self.silent.len() == REMEMBERED {
                self.silent.pop_front();
            }
            self.silent.push_back(request);
            return;
        }
        // The id is used again, so whoever sent the request does not wait for the earlier response.
        while let Some(at) = self.passed_over(request.correlation_id) {
            self.give_up(at);
        }
        while self.waiting.len() >= self.max.max(1) {
            self.give_up(0);
        }
        self.waiting.push_back(Waiting {
            request,
            is_certain: expects == Expects::Response,
        });
    }

    /// Takes the request that a response with `correlation_id` answers; `None` if it was not seen.
    ///
    /// Of several with the same id it is the oldest, but for those that were passed over already.
    pub fn response(&mut self, correlation_id: i32) -> Option<InFlightRequest<T>> {
        let at = self.position(correlation_id)?;
        let found = self.remove(at)?;
        self.passed = self.passed.max(at);
        Some(found.request)
    }

    /// Takes the request without a response, one of the last 64, that was answered all the same with
    /// `correlation_id`.
    pub fn not_awaited(&mut self, correlation_id: i32) -> Option<InFlightRequest<T>> {
        let mut silent = self.silent.iter();
        let at = silent.position(|request| request.correlation_id == correlation_id)?;
        self.silent.remove(at)
    }

    /// The place of the request that a response answers.
    fn position(&self, correlation_id: i32) -> Option<usize> {
        let mut later = self.waiting.range(self.passed..);
        let at = later.position(|each| each.request.correlation_id == correlation_id);
        at.map(|at| self.passed + at)
            .or_else(|| self.passed_over(correlation_id))
    }

    /// The place of the oldest request with an id that was passed over.
    fn passed_over(&self, correlation_id: i32) -> Option<usize> {
        let mut passed = self.waiting.range(..self.passed);
        passed.position(|each| each.request.correlation_id == correlation_id)
    }

    fn remove(&mut self, at: usize) -> Option<Waiting<T>> {
        let removed = self.waiting.remove(at)?;
        self.passed -= usize::from(at < self.passed);
        Some(removed)
    }

    /// Forgets a request, which stays counted as unanswered.
    fn give_up(&mut self, at: usize) {
        let given_up = self.remove(at);
        self.given_up += u64::from(given_up.is_some_and(|request| request.is_certain));
    }

    /// The request that a response with `correlation_id` would answer.
    #[must_use]
    pub fn awaits(&self, correlation_id: i32) -> Option<&InFlightRequest<T>> {
        let at = self.position(correlation_id)?;
        self.waiting.get(at).map(|each| &each.request)
    }

    /// The requests without a response that could still get one, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &InFlightRequest<T>> {
        self.waiting.iter().map(|each| &each.request)
    }

    /// Returns the number of requests that [`iter`](Self::iter) goes through.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns `true` if no request could still get a response.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns the number of requests whose response did not come, or did not come yet.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        let waiting = self.waiting.iter().filter(|each| each.is_certain);
        self.given_up + waiting.count() as u64
    }

    /// Forgets all requests and returns their memory. They stay counted as unanswered.
    pub fn give_up_all(&mut self) {
        self.given_up = self.unanswered();
        self.waiting = VecDeque::new();
        self.passed = 0;
    }
}
