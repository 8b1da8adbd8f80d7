//! The state of requests until their response, or the end of their connection.

use std::collections::{HashMap, VecDeque};

use crate::event::{Connection, Message};

/// Requests in flight on one connection. The decoder waits for as many.
const MAX_REQUESTS: usize = 4096;

/// Notes about the requests in flight, by connection.
#[derive(Debug)]
pub(super) struct InFlight<T>(HashMap<u64, VecDeque<(u64, T)>>);

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> InFlight<T> {
    /// Keeps a note about a request.
    pub(super) fn insert(&mut self, connection: &Connection, request: &Message<'_>, note: T) {
        let requests = self.0.entry(connection.id).or_default();
        if requests.len() >= MAX_REQUESTS {
            requests.pop_front();
        }
        requests.push_back((request.number, note));
    }

    /// Takes the note about the request that a response answers.
    pub(super) fn take(&mut self, connection: &Connection, response: &Message<'_>) -> Option<T> {
        let requests = self.0.get_mut(&connection.id)?;
        let at = requests
            .iter()
            .position(|(number, _)| *number == response.number)?;
        requests.remove(at).map(|(_, note)| note)
    }

    /// Takes the notes about the requests of a connection that were not answered.
    pub(super) fn end(&mut self, connection: &Connection) -> impl Iterator<Item = T> {
        let requests = self.0.remove(&connection.id).unwrap_or_default();
        requests.into_iter().map(|(_, note)| note)
    }
}
