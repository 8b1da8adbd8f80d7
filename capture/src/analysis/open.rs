//! The state of requests until their response, or the end of their connection.

use std::collections::VecDeque;

use super::by_number::ByNumber;
use crate::event::{Connection, Message};

/// Requests in flight on one connection. The decoder waits for as many.
const MAX_REQUESTS: usize = 4096;
/// Requests in flight on all connections.
const MAX_ALL_REQUESTS: usize = 1 << 18;
/// Requests in flight that are kept of each connection beyond that.
const MIN_REQUESTS: usize = 16;

/// Notes about the requests in flight, by connection.
#[derive(Debug)]
pub(super) struct InFlight<T> {
    connections: ByNumber<Requests<T>>,
    total: Total,
}

/// The number of requests in flight on all connections.
#[derive(Debug, Default)]
pub(super) struct Total(usize);

/// Notes about the requests in flight on one connection: the number of each and its note.
#[derive(Debug)]
pub(super) struct Requests<T>(VecDeque<(u64, T)>);

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self {
            connections: ByNumber::default(),
            total: Total::default(),
        }
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
        let requests = self.connections.entry(connection.id).or_default();
        requests.insert(request.number, note, &mut self.total);
    }

    /// Takes the note about the request that a response answers.
    pub(super) fn take(&mut self, connection: &Connection, response: &Message<'_>) -> Option<T> {
        let requests = self.connections.get_mut(&connection.id)?;
        requests.take(response, &mut self.total)
    }

    /// Takes the notes about the requests of a connection that were not answered.
    pub(super) fn end(&mut self, connection: &Connection) -> impl Iterator<Item = T> {
        let requests = self.connections.remove(&connection.id).unwrap_or_default();
        requests.into_notes(&mut self.total)
    }
}

impl<T> Requests<T> {
    /// Keeps a note about the request of this number. Where there are too many, the older ones of its connection are forgotten.
    pub(super) fn insert(&mut self, number: u64, note: T, total: &mut Total) {
        total.0 -= make_room(&mut self.0, total.0);
        self.0.push_back((number, note));
        total.0 += 1;
    }

    pub(super) fn take(&mut self, response: &Message<'_>, total: &mut Total) -> Option<T> {
        let mut requests = self.0.iter();
        let at = requests.position(|(number, _)| *number == response.number)?;
        let (_, note) = self.0.remove(at)?;
        total.0 -= 1;
        Some(note)
    }

    pub(super) fn clear(&mut self, total: &mut Total) {
        total.0 -= self.0.len();
        self.0.clear();
    }

    /// The notes about all requests, the oldest first.
    pub(super) fn into_notes(self, total: &mut Total) -> impl Iterator<Item = T> + use<T> {
        total.0 -= self.0.len();
        self.0.into_iter().map(|(_, note)| note)
    }
}

/// Makes room for one more request in flight on a connection, where there are so many on all. Returns how many were forgotten, the
/// oldest of the connection.
pub(crate) fn make_room<T>(requests: &mut VecDeque<T>, on_all: usize) -> usize {
    let max = match on_all < MAX_ALL_REQUESTS {
        true => MAX_REQUESTS,
        false => MIN_REQUESTS,
    };
    let forgotten = (requests.len() + 1).saturating_sub(max);
    requests.drain(..forgotten);
    if forgotten > 1 {
        requests.shrink_to(max);
    }
    forgotten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_all_connections_are_bounded_and_each_keeps_its_last_requests() {
        const CONNECTIONS: usize = 200;
        let mut total = Total::default();
        let mut all: Vec<_> = (0..CONNECTIONS).map(|_| Requests::default()).collect();
        for number in 0..3000 {
            for requests in &mut all {
                requests.insert(number, (), &mut total);
            }
        }
        let sum: usize = all.iter().map(|requests| requests.0.len()).sum();
        assert_eq!(sum, total.0);
        assert!(
            sum <= MAX_ALL_REQUESTS + CONNECTIONS * MIN_REQUESTS,
            "{sum}"
        );
        let room: usize = all.iter().map(|requests| requests.0.capacity()).sum();
        assert!(room <= 3 * MAX_ALL_REQUESTS, "{room}");
        for requests in all {
            assert!(requests.0.len() >= MIN_REQUESTS);
            assert_eq!(requests.0.back(), Some(&(2999, ())));
            drop(requests.into_notes(&mut total));
        }
        assert_eq!(total.0, 0);
    }
}
