//! Answers to questions about a capture: the events of decoding in, aggregates out.
//!
//! Each question is a [`Sink`](crate::output::Sink) with its own state, which does not grow with the length of the
//! capture.

mod errors;
mod identity;
mod latency;
mod names;
mod open;
mod summary;

pub use summary::{MergeError, Summary, SummaryDocument, SummaryState};

use kafka_codec::Decode;

use crate::event::Message;

/// The body of a message that was captured whole. Bytes after it do not matter to brokers and clients.
fn body<'a, M: Decode<'a>>(message: &Message<'a>) -> Option<M> {
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

/// A time as RFC 3339 with nine digits.
fn timestamp(nanoseconds: i64) -> String {
    let mut text = Vec::new();
    crate::output::Timestamps::default().write(&mut text, nanoseconds, 9);
    String::from_utf8(text).expect("timestamps are ASCII")
}
