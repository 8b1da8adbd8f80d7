//! What is made of events: text for people, NDJSON for machines. What is in bodies is asked of `body`.

pub(crate) mod escape;
mod filter;
mod lines;
mod ndjson;
mod text;
mod timestamp;

pub use filter::Filter;
pub use lines::Lines;
pub use ndjson::NdjsonSink;
pub use text::{TextOptions, TextSink};

/// Takes the events of all connections, each when it is complete.
pub trait Sink {
    /// Takes an event.
    fn event(&mut self, event: &crate::Event<'_>);
}

/// A sink that writes somewhere.
pub trait Writes: Sink {
    /// Writes what is still in memory.
    fn flush(&mut self);

    /// Whether writing failed, so that nothing more is written.
    fn has_failed(&self) -> bool;

    /// What writing failed with, if it did.
    fn failure(&mut self) -> Option<std::io::Error>;
}
