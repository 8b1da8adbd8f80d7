//! Only what is within a part of the capture's time.

use kafka_capture::output::Sink;
use kafka_capture::{End, Event};

use super::input::Target;
use super::when::When;

/// Passes on the events between two points in time.
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

    fn has(&self, time: i64) -> bool {
        let first = self.first.unwrap_or(time);
        let at = |when: When| when.resolve(first, self.last);
        self.from.is_none_or(|from| time >= at(from)) && self.to.is_none_or(|to| time <= at(to))
    }
}

impl Sink for Window<'_> {
    fn event(&mut self, event: &Event<'_>) {
        if self.has(event.time) {
            self.target.event(event);
        }
    }

    fn end(&mut self, end: &End<'_>) {
        self.target.end(end);
    }
}

impl Target for Window<'_> {
    fn packet(&mut self, time: i64) {
        self.first.get_or_insert(time);
        if self.has(time) {
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
