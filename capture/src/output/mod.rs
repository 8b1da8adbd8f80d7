//! Sinks of events: text for people, NDJSON for programs. Bodies are decoded by `body`.

pub(crate) mod escape;
mod filter;
mod lines;
mod ndjson;
mod passed;
mod selector;
mod text;
mod timestamp;

pub use escape::text as escape_text;
pub use filter::Filter;
pub use lines::Lines;
pub use ndjson::NdjsonSink;
pub use passed::Passed;
pub(crate) use selector::Selector;
#[cfg(feature = "analysis")]
pub(crate) use text::describe;
pub use text::{TextOptions, TextSink};
#[cfg(feature = "analysis")]
pub(crate) use timestamp::Timestamps;

/// Takes the events of all connections, each when it is complete.
pub trait Sink {
    /// Receives an event.
    fn event(&mut self, event: &crate::Event<'_>);

    /// Receives an event that a [filter](Filter) hides. It is not shown or counted, but what is shown may depend on it: the cause of
    /// a connection's end, and whether a request was answered.
    fn hidden(&mut self, event: &crate::Event<'_>) {
        let _ = event;
    }

    /// Receives an event from before the time that is asked for. It is not shown or counted either.
    fn earlier(&mut self, event: &crate::Event<'_>) {
        self.hidden(event);
    }

    /// Receives the end of a TCP connection, Kafka's or another's, after all of its events. Sinks of events
    /// have no use for it.
    fn end(&mut self, end: &crate::End<'_>) {
        let _ = end;
    }

    /// Receives the end of a TCP connection whose last packet is from before the time that is asked for.
    fn ended_earlier(&mut self, end: &crate::End<'_>) {
        let _ = end;
    }
}

/// A sink that writes somewhere.
pub trait Writes: Sink {
    /// Writes buffered lines.
    fn flush(&mut self);

    /// Returns the number of messages so far whose body is malformed, those that the filter does not admit included.
    fn malformed(&self) -> u64;

    /// Returns how much of the capture has passed the filter so far.
    fn passed(&self) -> &Passed;

    /// Returns `true` once a write has failed; nothing more is written then.
    fn has_failed(&self) -> bool;

    /// Returns the error of the first failed write, once.
    fn failure(&mut self) -> Option<std::io::Error>;
}
