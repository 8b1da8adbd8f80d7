//! Answers to questions about a capture: the events of decoding in, aggregates out.
//!
//! Each question is a [`Sink`] with its own state, which does not grow with the length of the
//! capture.

mod by_number;
mod connections;
mod decoded;
mod errors;
mod groups;
mod histogram;
mod latency;
mod names;
pub(crate) mod open;
mod produce;
mod prometheus;
mod summary;
mod timeline;
mod waits;

#[cfg(feature = "report")]
pub(crate) use connections::Alike;
pub use connections::{Cause, ConnectionReport, Connections, ConnectionsDocument};
#[cfg(feature = "report")]
pub(crate) use decoded::DecodedEvent;
#[cfg(feature = "top")]
pub(crate) use errors::{error_name, examine};
#[cfg(feature = "report")]
pub(crate) use groups::{GroupReport, PartitionReport as GroupPartitionReport, RebalanceReport};
pub use groups::{Groups, GroupsDocument};
#[cfg(feature = "top")]
pub(crate) use histogram::Buckets;
pub use produce::{BatchReport, Produce, ProduceTotals};
pub use summary::{MergeError, Summary, SummaryDocument, SummaryState};
pub use timeline::{Timeline, TimelineDocument};
pub use waits::{Waits, WaitsDocument};

use kafka_codec::Decode;
use serde::{Serialize, Serializer};

use crate::event::{End, Event, Message};
use crate::output::{Filter, Passed, Selector, Sink};

/// Hands on to an analysis what a filter admits.
///
/// What a filter hides is not counted, but tells whether a request was answered. [`Connections`] tells the end of a connection
/// from all of its messages, and lists those of which the filter admits one, or that carried none. Ends of connections are
/// admitted by their addresses alone.
#[derive(Debug)]
pub struct Filtered<S> {
    analysis: S,
    selector: Selector,
}

impl<S> Filtered<S> {
    /// Filters the events for `analysis`.
    pub fn new(analysis: S, filter: Filter) -> Self {
        Self {
            analysis,
            selector: Selector::new(filter),
        }
    }

    /// Returns the analysis.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.analysis
    }

    /// Returns how much of the capture has passed the filter so far.
    pub const fn passed(&self) -> &Passed {
        self.selector.passed()
    }

    /// Returns the analysis.
    pub fn into_inner(self) -> S {
        self.analysis
    }
}

impl<S: Sink> Sink for Filtered<S> {
    fn event(&mut self, event: &Event<'_>) {
        if self.selector.admits(event) {
            self.selector.count(event);
            self.analysis.event(event);
        } else if self.selector.filter().admits_connection(event.connection) {
            self.analysis.hidden(event);
        }
    }

    fn hidden(&mut self, event: &Event<'_>) {
        if self.selector.filter().admits_connection(event.connection) {
            self.analysis.hidden(event);
        }
    }

    fn earlier(&mut self, event: &Event<'_>) {
        if self.selector.admits(event) {
            self.analysis.earlier(event);
        } else {
            self.hidden(event);
        }
    }

    fn end(&mut self, end: &End<'_>) {
        if self.selector.filter().admits_connection(end.connection) {
            self.analysis.end(end);
        }
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        if self.selector.filter().admits_connection(end.connection) {
            self.analysis.ended_earlier(end);
        }
    }
}

/// The body of a message that was captured whole. Bytes after it do not matter to brokers and clients.
pub(crate) fn body<'a, M: Decode<'a>>(message: &Message<'a>) -> Option<M> {
    if message.truncation.is_some() {
        return None;
    }
    M::decode_prefix(message.body, message.version)
        .ok()
        .map(|(body, _)| body)
}

/// A string that says something: null and empty are the same to those who read statistics.
fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A time in nanoseconds since 1970, which is written as RFC 3339 with nine digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) i64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&timestamp(self.0))
    }
}

/// A time as RFC 3339 with nine digits.
pub(crate) fn timestamp(nanoseconds: i64) -> String {
    let mut text = Vec::new();
    crate::output::Timestamps::default().write(&mut text, nanoseconds, 9);
    String::from_utf8(text).expect("timestamps are ASCII")
}
