//! One page of HTML that shows what all analyses say of a capture: findings in words, charts and tables.
//!
//! ```text
//! events ─► Report: summary, connections, produce, groups, timeline, waits
//!                      │ finish
//!                      ▼
//!                    Data ─► findings (rules) ─► page (HTML) + chart
//!                                                 (JSON for the page's script)
//! ```
//!
//! The page needs no network: its style and script are in it, and nothing else may run on it.

mod cells;
mod chart;
mod data;
mod findings;
mod page;
mod tables;

use std::cell::RefCell;
use std::rc::Rc;

use crate::analysis::{
    BatchReport, Connections, DecodedEvent, Groups, Produce, Summary, Timeline, TimelineDocument,
    Waits,
};
use crate::counts::Counts;
use crate::event::{Direction, End, Event, EventKind};
use crate::output::Sink;
use crate::topic_names::TopicNames;

use self::data::Data;
pub use self::findings::{RULES, Rule};

/// How many retried or unacknowledged batches are kept until the end.
const MAX_KEPT: usize = 2000;

/// Collects what a report shows.
#[derive(Debug)]
pub struct Report {
    summary: Summary,
    groups: Groups,
    timeline: Timeline,
    connections: Connections,
    produce: Produce,
    waits: Waits,
    batches: Rc<RefCell<Kept>>,
}

/// The batches that are shown one by one: those without an acknowledgement first, then those with most attempts.
#[derive(Debug, Default)]
struct Kept {
    batches: Vec<BatchReport>,
    left_out: u64,
}

impl Kept {
    fn add(&mut self, batch: BatchReport) {
        self.batches.push(batch);
        if self.batches.len() >= 2 * MAX_KEPT {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        if self.batches.len() > MAX_KEPT {
            let rank = |batch: &BatchReport| (!batch.is_stuck(), u64::MAX - batch.attempts());
            self.batches.sort_by_key(rank);
            let more = self.batches.len() - MAX_KEPT;
            self.left_out += crate::length::u64_of(more);
            self.batches.truncate(MAX_KEPT);
        }
    }
}

/// The results of analyses and decoding, to be made a page.
#[derive(Debug)]
pub struct Finished {
    data: Data,
    names: Vec<String>,
    timeline: TimelineDocument,
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

impl Report {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        let batches = Rc::new(RefCell::new(Kept::default()));
        let kept = Rc::clone(&batches);
        let produce = Produce::new(move |batch| kept.borrow_mut().add(batch));
        Self {
            summary: Summary::new(),
            groups: Groups::new(),
            timeline: Timeline::new(),
            connections: Connections::new(),
            produce: produce.only_retried_or_stuck(),
            waits: Waits::new(),
            batches,
        }
    }

    /// Takes note of a packet, of whatever protocol.
    pub fn packet(&mut self, time: i64) {
        self.summary.packet(time);
        self.connections.packet(time);
        self.waits.packet(time);
    }

    /// Ends the capture. `files`: the names of the captures, as they are shown.
    #[must_use]
    pub fn finish(self, topics: &TopicNames, counts: &Counts, files: Vec<String>) -> Finished {
        let totals = self.produce.finish(topics);
        let mut kept = self.batches.take();
        kept.shrink();
        Finished {
            data: Data::new(
                &self.summary.finish(topics).without_connections(),
                self.connections.finish(),
                self.groups.finish(topics),
                &totals,
                (kept.batches, kept.left_out),
                self.waits.finish(),
                *counts,
            ),
            names: files,
            timeline: self.timeline.document(),
        }
    }
}

impl Sink for Report {
    fn event(&mut self, event: &Event<'_>) {
        // Each body is decoded for the first analysis that asks for it.
        let event = DecodedEvent::new(event);
        self.summary.decoded(&event);
        self.groups.decoded(&event);
        self.produce.decoded(&event);
        self.waits.decoded(&event);
        self.connections.decoded(&event);
        if let EventKind::Message(message) = &event.kind {
            let is_response = event.direction == Direction::ToClient;
            let has_errors = is_response && self.summary.had_errors();
            self.timeline.message(&event, message, has_errors);
        }
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.summary.hidden(event);
        self.produce.hidden(event);
        self.waits.hidden(event);
        self.connections.hidden(event);
    }

    fn earlier(&mut self, event: &Event<'_>) {
        self.summary.earlier(event);
        self.produce.earlier(event);
        self.waits.earlier(event);
        self.connections.earlier(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.summary.end(end);
        self.groups.end(end);
        self.connections.end(end);
        self.produce.end(end);
        self.waits.end(end);
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        self.summary.ended_earlier(end);
        self.connections.ended_earlier(end);
    }
}

impl Finished {
    /// Returns the rules that found something, in the order in which the page shows them, each with its sentence.
    #[must_use]
    pub fn findings(&self) -> Vec<(&'static str, String)> {
        let findings = findings::of(&self.data).into_iter();
        findings
            .map(|finding| (finding.rule, finding.title))
            .collect()
    }

    /// Returns the page.
    #[must_use]
    pub fn html(&self) -> String {
        page::html(self)
    }
}
