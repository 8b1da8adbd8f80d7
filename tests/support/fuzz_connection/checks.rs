//! What holds whatever happens: every request is completed exactly once, nothing follows the end, memory and the number of
//! events are bounded, and no secret shows.

use bytes::Buf as _;
use kafka_codec::connection::{Completion, Delivery, Event, Outcome, State};

use super::{Model, PASSWORD};

/// What is known of a request that was accepted.
pub(super) struct Known {
    /// Its size, if it is known before it is sent.
    pub(super) bytes: Option<usize>,
    pub(super) is_done: bool,
}

/// How much arrived of the frame that is arriving.
#[derive(Clone, Default)]
pub(super) struct Arriving {
    bytes: usize,
    announced: u32,
    /// How many frames ended since events were taken.
    frames: usize,
}

impl Arriving {
    /// How many frames ended.
    pub(super) fn add(&mut self, bytes: &[u8]) -> usize {
        let before = self.frames;
        for byte in bytes {
            self.bytes += 1;
            if self.bytes <= 4 {
                self.announced = self.announced << 8 | u32::from(*byte);
            }
            if self.bytes >= 4 && u32::try_from(self.bytes - 4) == Ok(self.announced) {
                *self = Self {
                    frames: self.frames + 1,
                    ..Self::default()
                };
            }
        }
        self.frames - before
    }
}

impl Model<'_> {
    pub(super) fn check(&mut self) {
        self.take_events();
        let unsent: usize = self
            .known
            .values()
            .filter(|known| !known.is_done)
            .map(|known| known.bytes.unwrap_or(MOST_TYPED))
            .sum();
        // Beside them: requests that were given up while being written, the connection's own, probes, and the frame
        // that is arriving, with room for more of it.
        let small = 100 * (self.max_in_flight + 2 + self.probes);
        let arriving = 2 * self.arriving.bytes + 16 * 1024;
        let held = self.connection.buffered_bytes();
        assert!(
            held <= unsent + small + arriving,
            "{held} bytes held for {unsent}"
        );
        assert!(self.connection.in_flight() <= self.max_in_flight + 2);
        if !self.is_corrupt {
            self.check_places();
        }
        if self.connection.state() == State::Closed {
            assert!(self.connection.is_idle() && self.has_closed);
            assert_eq!(self.connection.next_deadline(), None);
            assert!(self.connection.poll_transmit().is_none());
        }
    }

    /// The broker never has more requests than are allowed, given up or not, beside one of the connection's own; and
    /// when it has none, none waits for that.
    fn check_places(&self) {
        let connection = &self.connection;
        assert!(
            self.places <= self.max_in_flight + 1,
            "{} requests at the broker",
            self.places
        );
        let may_send = connection.state() == State::Ready && connection.throttled_until().is_none();
        let has_all = connection.unsent() == connection.waiting() && self.wire.is_empty();
        if may_send && has_all && self.places == 0 {
            assert_eq!(connection.waiting(), 0, "{connection:?} is stuck");
        }
    }

    pub(super) fn take_events(&mut self) {
        let open = self.known.values().filter(|known| !known.is_done).count();
        // Each open request ends at most once, each frame means at most three events, and the connection itself goes
        // through all of its states at most.
        let most = 2 * open + self.probes + 3 * std::mem::take(&mut self.arriving.frames) + 16;
        let mut taken = 0;
        while let Some(event) = self.connection.poll_event() {
            assert!(!self.has_closed, "{event:?} after the end");
            taken += 1;
            assert!(taken <= most, "more than {most} events of one input");
            self.metrics.observe(&event);
            match &event {
                Event::Completed(done) => self.completed(done),
                Event::Probed { .. } => {
                    assert!(self.probes > 0, "{event:?} of no probe");
                    self.probes -= 1;
                }
                Event::Closed(_) => self.has_closed = true,
                _ => {}
            }
            if let Some(log) = &mut self.log {
                log.push(text_of(&event));
            }
        }
    }

    fn completed(&mut self, done: &Completion) {
        let known = self.known.get_mut(&done.id()).expect("it was accepted");
        assert!(!known.is_done, "{done:?} twice");
        known.is_done = true;
        self.completions += 1;
        let bytes = known.bytes.unwrap_or_else(|| done.bytes_out());
        assert!(bytes == done.bytes_out() && bytes > 0, "{done:?}");
        let is_answer = matches!(done.outcome(), Outcome::Response(_));
        assert_eq!(is_answer, done.delivery() == Delivery::Responded);
        if self.not_offered.is_some_and(|first| first <= done.id()) {
            assert_eq!(done.delivery(), Delivery::NotSent, "{done:?}");
        }
        match done.delivery() {
            Delivery::NotSent => {
                assert!(!self.seen.contains(&done.tag()), "{done:?} was sent");
            }
            Delivery::PartiallySent { bytes: sent, total } => {
                assert!(sent < total && total == bytes, "{done:?}");
            }
            Delivery::ResponsePartial { got, announced } => assert!(got <= announced, "{done:?}"),
            _ => {}
        }
        match done.outcome() {
            Outcome::Response(response) => {
                assert!(self.last_responded < Some(done.id()), "out of order");
                self.last_responded = Some(done.id());
                let own = done.tag().to_be_bytes();
                let is_own = response
                    .body()
                    .is_ok_and(|body| body.get(4..12) == Some(&own));
                assert!(
                    is_own || self.is_corrupt || known.bytes.is_none(),
                    "{done:?} with the response of another"
                );
            }
            Outcome::Failed(error) => {
                assert!(error.request() == done.label() && error.delivery() == done.delivery());
            }
            _ => {}
        }
    }

    /// After the end, and after all was tried again.
    pub(super) fn check_end(&mut self) {
        assert!(self.has_closed && self.is_all_done());
        assert_eq!(self.probes, 0, "probes that were not answered");
        assert_eq!(self.connection.buffered_bytes(), 0);
        assert_eq!(self.metrics.closed.values().sum::<u64>(), 1);
        assert!(
            !self
                .connection
                .poll_transmit()
                .is_some_and(|left| left.has_remaining())
        );
    }
}

/// Everything that an event says, also what it does not print.
fn text_of(event: &Event) -> String {
    let mut text = format!("{:?} {event:?}", event.severity());
    match event {
        Event::Completed(done) => match done.outcome() {
            Outcome::Response(response) => text += &format!(" {:?}", response.frame()),
            Outcome::Failed(error) => text += &format!(" {error} {:?}", error.advice(false)),
            _ => {}
        },
        Event::Closed(report) => text += &format!(" {report} {}", report.fingerprint()),
        _ => {}
    }
    assert!(!text.contains(PASSWORD), "{text}");
    text
}

/// More than the typed request of the model takes.
const MOST_TYPED: usize = 100;
