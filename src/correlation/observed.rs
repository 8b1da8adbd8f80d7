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
    /// `true` if a later request was answered already, so that its own response was probably missed.
    is_passed: bool,
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
        let id = request.correlation_id;
        self.give_up_if(|each| each.is_passed && each.request.correlation_id == id);
        while self.waiting.len() >= self.max.max(1) {
            if let Some(oldest) = self.waiting.pop_front() {
                self.given_up += u64::from(oldest.is_certain);
            }
        }
        self.waiting.push_back(Waiting {
            request,
            is_certain: expects == Expects::Response,
            is_passed: false,
        });
    }

    /// Takes the request that a response with `correlation_id` answers; `None` if it was not seen.
    ///
    /// Of several with the same id it is the oldest, but for those that were passed over already.
    pub fn response(&mut self, correlation_id: i32) -> Option<InFlightRequest<T>> {
        let at = self
            .position(correlation_id, false)
            .or_else(|| self.position(correlation_id, true))?;
        for passed in self.waiting.iter_mut().take(at) {
            passed.is_passed = true;
        }
        self.waiting.remove(at).map(|found| found.request)
    }

    /// Takes the request without a response, one of the last 64, that was answered all the same with
    /// `correlation_id`.
    pub fn not_awaited(&mut self, correlation_id: i32) -> Option<InFlightRequest<T>> {
        let mut silent = self.silent.iter();
        let at = silent.position(|request| request.correlation_id == correlation_id)?;
        self.silent.remove(at)
    }

    fn position(&self, correlation_id: i32, is_passed: bool) -> Option<usize> {
        self.waiting.iter().position(|each| {
            each.request.correlation_id == correlation_id && each.is_passed == is_passed
        })
    }

    /// The request that a response with `correlation_id` would answer.
    #[must_use]
    pub fn awaits(&self, correlation_id: i32) -> Option<&InFlightRequest<T>> {
        let at = self
            .position(correlation_id, false)
            .or_else(|| self.position(correlation_id, true))?;
        self.waiting.get(at).map(|each| &each.request)
    }

    /// The requests without a response that could still get one, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &InFlightRequest<T>> {
        self.waiting.iter().map(|each| &each.request)
    }

    /// Returns the number of requests whose response did not come, or did not come yet.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        let waiting = self.waiting.iter().filter(|each| each.is_certain);
        self.given_up + waiting.count() as u64
    }

    /// Forgets all requests, which stay counted as unanswered: the connection is closed.
    pub fn give_up_all(&mut self) {
        self.give_up_if(|_| true);
    }

    fn give_up_if(&mut self, condition: impl Fn(&Waiting<T>) -> bool) {
        let given_up = &mut self.given_up;
        self.waiting.retain(|each| {
            let keep = !condition(each);
            *given_up += u64::from(!keep && each.is_certain);
            keep
        });
    }
}
