//! Only what is within a part of the capture's time.

use std::cmp::Ordering;

use kafka_capture::output::Sink;
use kafka_capture::{End, Event};

use super::input::Target;
use super::when::When;

/// Passes on the events between two points in time, those before as earlier ones. Nothing is known of what comes after: a request
/// that is not answered by then is one without a response, as at the end of a capture.
pub(super) struct Window<'t> {
    target: &'t mut dyn Target,
    from: Option<When>,
    to: Option<When>,
    /// The first and last packets of the capture, as far as they are known.
    first: Option<i64>,
    last: i64,
}

impl<'t> Window<'t> {
    /// `last`: the time of the last packet, where `from` or `to` are relative to it.
    pub(super) fn new(
        target: &'t mut dyn Target,
        from: Option<When>,
        to: Option<When>,
        last: Option<i64>,
    ) -> Self {
        Self {
            target,
            from,
            to,
            first: None,
            last: last.unwrap_or(i64::MAX),
        }
    }

    fn resolve(&self, when: When) -> i64 {
        when.resolve(self.first.unwrap_or_default(), self.last)
    }

    /// Returns where a time is: less if it is before the window, greater if it is after it.
    fn place(&self, time: i64) -> Ordering {
        if self.from.is_some_and(|from| time < self.resolve(from)) {
            Ordering::Less
        } else if self.to.is_some_and(|to| time > self.resolve(to)) {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

impl Sink for Window<'_> {
    fn event(&mut self, event: &Event<'_>) {
        match self.place(event.time) {
            Ordering::Less => self.target.earlier(event),
            Ordering::Equal => self.target.event(event),
            Ordering::Greater => {}
        }
    }

    fn end(&mut self, end: &End<'_>) {
        let (first, last) = (end.life.first(), end.life.last());
        if self.place(first) == Ordering::Greater {
            return;
        }
        match self.place(last) {
            Ordering::Less => self.target.ended_earlier(end),
            Ordering::Equal => self.target.end(end),
            Ordering::Greater => {
                let to = self.to.map_or(last, |to| self.resolve(to));
                let life = end.life.until(to);
                self.target.end(&end.with_life(&life));
            }
        }
    }
}

impl Target for Window<'_> {
    fn packet(&mut self, time: i64) {
        self.first.get_or_insert(time);
        if self.place(time).is_eq() {
            self.target.packet(time);
        }
    }

    fn waits(&mut self) {
        self.target.waits();
    }

    fn is_done(&self) -> bool {
        self.target.is_done()
    }
}
