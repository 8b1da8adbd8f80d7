//! Which messages are wanted by what is in them: topics and groups. A response is wanted with its request.

use std::collections::{HashSet, VecDeque};

use super::{Filter, Passed};
use crate::body;
use crate::event::{Direction, Event, EventKind, Message};
use crate::gist::Search;

/// How many requests are remembered until their responses.
const MAX_OPEN: usize = 1 << 16;

/// A filter, and what it has to remember between events.
#[derive(Debug, Default)]
pub(crate) struct Selector {
    filter: Filter,
    /// Requests that were wanted: the connection, and the number there, since clients may reuse correlation ids.
    open: HashSet<(u64, u64)>,
    order: VecDeque<(u64, u64)>,
    passed: Passed,
}

impl Selector {
    pub(crate) fn new(filter: Filter) -> Self {
        Self {
            filter,
            ..Self::default()
        }
    }

    pub(crate) const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Counts an event that is admitted and shown.
    pub(crate) const fn count(&mut self, event: &Event<'_>) {
        self.passed.count(event);
    }

    pub(crate) const fn passed(&self) -> &Passed {
        &self.passed
    }

    /// Takes note of an event from before the time that is asked for: its response may come within it.
    pub(crate) fn earlier(&mut self, event: &Event<'_>) {
        if self.filter.looks_into_bodies() {
            self.admits(event);
        }
    }

    /// Returns `true` if an event is wanted, errors aside.
    pub(crate) fn admits(&mut self, event: &Event<'_>) -> bool {
        self.passed.note_client_id(event, &self.filter);
        if !self.filter.admits(event) {
            return false;
        }
        if !self.filter.looks_into_bodies() {
            return true;
        }
        match &event.kind {
            EventKind::Message(message) => self.admits_body(event, message),
            _ => false,
        }
    }

    fn admits_body(&mut self, event: &Event<'_>, message: &Message<'_>) -> bool {
        let key = (event.connection.id, message.number);
        let is_answer = event.direction == Direction::ToClient && self.open.remove(&key);
        let is_wanted = is_answer || {
            let (topics, groups) = (&self.filter.topics, &self.filter.groups);
            let search = Search::new(topics, groups, event.topics);
            let is_about = body::finds(message, event.direction, search);
            if !is_about && self.passed.wants_bodies(&self.filter) {
                let (_, gist) = body::gist(message, event.direction);
                self.passed.note_body(&gist, event, &self.filter);
            }
            is_about
        };
        if is_wanted && event.direction == Direction::ToBroker && self.open.insert(key) {
            self.order.push_back(key);
            if self.order.len() > MAX_OPEN
                && let Some(oldest) = self.order.pop_front()
            {
                self.open.remove(&oldest);
            }
        }
        is_wanted
    }
}
