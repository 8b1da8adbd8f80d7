//! The requests of a connection that have no response yet, of which the older ones can be given up to save memory.

use std::ops::{Deref, DerefMut};

use kafka_codec::correlation::ObservedRequests;

/// Requests that wait for a response. Brokers do not read on with fewer in flight than that.
const MAX_REQUESTS: usize = 4096;
/// How many requests are kept of a connection in any case.
const MIN_REQUESTS: usize = 64;

/// See [`ObservedRequests`].
pub(super) struct OpenRequests<T> {
    requests: ObservedRequests<T>,
    /// Requests that were given up to save memory.
    given_up: u64,
}

impl<T> Default for OpenRequests<T> {
    fn default() -> Self {
        Self {
            requests: ObservedRequests::with_capacity(MAX_REQUESTS),
            given_up: 0,
        }
    }
}

impl<T> Deref for OpenRequests<T> {
    type Target = ObservedRequests<T>;

    fn deref(&self) -> &ObservedRequests<T> {
        &self.requests
    }
}

impl<T> DerefMut for OpenRequests<T> {
    fn deref_mut(&mut self) -> &mut ObservedRequests<T> {
        &mut self.requests
    }
}

impl<T> OpenRequests<T> {
    /// The number of requests that are kept.
    pub(super) fn len(&self) -> usize {
        self.requests.iter().size_hint().0
    }

    /// Forgets requests to save memory if there are many. They stay counted as unanswered.
    pub(super) fn shed(&mut self) {
        if self.len() > MIN_REQUESTS {
            let before = std::mem::take(self);
            self.given_up = before.unanswered();
        }
    }

    /// How many requests were not answered.
    pub(super) fn unanswered(&self) -> u64 {
        self.given_up + self.requests.unanswered()
    }
}

#[cfg(test)]
mod tests {
    use kafka_codec::correlation::{Expects, InFlightRequest};
    use kafka_codec::{ApiKey, HeaderVersions, Version};

    use super::*;

    #[test]
    fn requests_that_are_given_up_to_save_memory_count_as_unanswered() {
        let (key, version) = (ApiKey::Heartbeat, Version(4));
        let headers = HeaderVersions::of(key, version);
        let mut open = OpenRequests::default();
        let ask = |open: &mut OpenRequests<()>, count: i32| {
            for id in 0..count {
                let request = InFlightRequest::new(key, version, headers, id, ());
                open.request(request, Expects::Response);
            }
        };
        ask(&mut open, 100);
        assert_eq!((open.len(), open.unanswered()), (100, 100));
        open.shed();
        assert_eq!((open.len(), open.unanswered()), (0, 100));
        ask(&mut open, 50);
        open.shed();
        assert!(open.response(7).is_some());
        assert_eq!((open.len(), open.unanswered()), (49, 149));
    }
}
