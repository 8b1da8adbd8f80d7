//! The numbers by which requests and responses are compared.

/// Hands out correlation ids: positive, in order, and around again at the end.
///
/// 0 is never used, so that the first frame of an HTTP/2 server cannot be taken for a response.
#[derive(Debug)]
pub(in crate::connection) struct CorrelationIds {
    next: i32,
    /// The highest of the caller's requests; those above are for SASL.
    last: i32,
    next_sasl: i32,
    /// Whether ids were handed out before, so that one may still be in flight.
    has_wrapped: bool,
}

/// How many ids are reserved for SASL, where they are: as in Kafka's own client.
const RESERVED: i32 = 8;

impl CorrelationIds {
    pub(in crate::connection) fn new(first: i32, reserves_sasl: bool) -> Self {
        let last = i32::MAX - if reserves_sasl { RESERVED } else { 0 };
        Self {
            next: first.clamp(1, last),
            last,
            next_sasl: last,
            has_wrapped: false,
        }
    }

    /// The next id that is not `taken`.
    #[inline]
    pub(in crate::connection) fn next(&mut self, taken: impl Fn(i32) -> bool) -> i32 {
        loop {
            let id = self.next;
            (self.next, self.has_wrapped) = match id < self.last {
                true => (id + 1, self.has_wrapped),
                false => (1, true),
            };
            // There are fewer requests than ids, so this ends.
            if !self.has_wrapped || !taken(id) {
                return id;
            }
        }
    }

    /// The next id for a SASL request, of which few are in flight at a time.
    pub(in crate::connection) fn next_sasl(&mut self, taken: impl Fn(i32) -> bool) -> i32 {
        if self.last == i32::MAX {
            return self.next(taken);
        }
        self.next_sasl = match self.next_sasl {
            i32::MAX => self.last + 1,
            id => id + 1,
        };
        self.next_sasl
    }
}

#[cfg(test)]
mod tests {
    use super::CorrelationIds;

    #[test]
    fn ids_wrap_to_one_and_pass_over_those_in_flight() {
        let mut ids = CorrelationIds::new(i32::MAX, false);
        assert_eq!(ids.next(|_| false), i32::MAX);
        assert_eq!(ids.next(|id| id < 3), 3);
    }

    #[test]
    fn sasl_ids_stay_in_their_range() {
        let mut ids = CorrelationIds::new(i32::MAX, true);
        assert_eq!(ids.next(|_| false), i32::MAX - 8);
        assert_eq!(ids.next(|_| false), 1);
        for _ in 0..20 {
            assert!(ids.next_sasl(|_| false) > i32::MAX - 8);
        }
    }
}
