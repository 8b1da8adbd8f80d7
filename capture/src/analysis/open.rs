//! The state of requests until their response, or the end of their connection.

use std::collections::VecDeque;

use super::by_number::ByNumber;
use crate::event::{Connection, Message};

/// Requests in flight on one connection. The decoder waits for as many.
const MAX_REQUESTS: usize = 4096;

/// Notes about the requests in flight, by connection.
#[derive(Debug)]
pub(super) struct InFlight<T>(ByNumber<Requests<T>>);

/// Notes about the requests in flight on one connection: the number of each and its note.
#[derive(Debug)]
pub(super) struct Requests<T>(VecDeque<(u64, T)>);

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self(ByNumber::default())
    }
}

impl<T> Default for Requests<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> InFlight<T> {
    /// Keeps a note about a request.
    pub(super) fn insert(&mut self, connection: &Connection, request: &Message<'_>, note: T) {
        let requests = self.0.entry(connection.id).or_default();
        requests.insert(request, note);
    }

    /// Takes the note about the request that a response answers.
    pub(super) fn take(&mut self, connection: &Connection, response: &Message<'_>) -> Option<T> {
        self.0.get_mut(&connection.id)?.take(response)
    }

    /// Takes the notes about the requests of a connection that were not answered.
    pub(super) fn end(&mut self, connection: &Connection) -> impl Iterator<Item = T> {
        let requests = self.0.remove(&connection.id).unwrap_or_default();
        requests.into_notes()
    }
}

impl<T> Requests<T> {
    pub(super) fn insert(&mut self, request: &Message<'_>, note: T) {
        if self.0.len() >= MAX_REQUESTS {
            self.0.pop_front();
        }
        self.0.push_back((request.number, note));
    }

    pub(super) fn take(&mut self, response: &Message<'_>) -> Option<T> {
        let mut requests = self.0.iter();
        let at = requests.position(|(number, _)| *number == response.number)?;
        self.0.remove(at).map(|(_, note)| note)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The notes about all requests, the oldest first.
    pub(super) fn into_notes(self) -> impl Iterator<Item = T> {
        self.0.into_iter().map(|(_, note)| note)
    }
}
