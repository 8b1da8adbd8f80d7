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
    BatchReport, Connections, ConnectionsDocument, Groups, GroupsDocument, Produce, ProduceTotals,
    Summary, SummaryDocument, Timeline, TimelineDocument, Waits, WaitsDocument,
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
#[derive(Debug, Default)]
pub struct Report {
    figures: Figures,
    lives: Lives,
}

/// One half of a report: totals, groups and the timeline.
///
/// The halves are independent: two threads that read the same captures can make one each.
#[derive(Debug, Default)]
pub struct Figures {
    summary: Summary,
    groups: Groups,
    timeline: Timeline,
}

/// The other half of a report: connections, batches and requests that waited.
#[derive(Debug)]
pub struct Lives {
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
        if !batch.is_retried() && !batch.is_stuck() {
            return;
        }
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

/// The totals of [`Figures`].
#[derive(Debug)]
pub struct FinishedFigures {
    summary: SummaryDocument,
    groups: GroupsDocument,
    timeline: TimelineDocument,
}

/// The totals of [`Lives`].
#[derive(Debug)]
pub struct FinishedLives {
    connections: ConnectionsDocument,
    totals: ProduceTotals,
    waits: WaitsDocument,
    kept: Kept,
}

impl Default for Lives {
    fn default() -> Self {
        Self::new()
    }
}

impl Report {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of a packet, of whatever protocol.
    pub fn packet(&mut self, time: i64) {
        self.figures.packet(time);
        self.lives.packet(time);
    }

    /// Ends the capture. `files`: the names of the captures, as they are shown.
    #[must_use]
    pub fn finish(self, topics: &TopicNames, counts: &Counts, files: Vec<String>) -> Finished {
        let (figures, lives) = (self.figures.finish(topics), self.lives.finish(topics));
        Finished::new(figures, lives, counts, files)
    }
}

impl Figures {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of a packet, of whatever protocol.
    pub fn packet(&mut self, time: i64) {
        self.summary.packet(time);
    }

    /// Ends the capture.
    #[must_use]
    pub fn finish(self, topics: &TopicNames) -> FinishedFigures {
        FinishedFigures {
            summary: self.summary.finish(topics).document(),
            groups: self.groups.finish(topics),
            timeline: self.timeline.document(),
        }
    }
}

impl Lives {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        let batches = Rc::new(RefCell::new(Kept::default()));
        let kept = Rc::clone(&batches);
        Self {
            connections: Connections::new(),
            produce: Produce::new(move |batch| kept.borrow_mut().add(batch)),
            waits: Waits::new(),
            batches,
        }
    }

    /// Takes note of a packet, of whatever protocol.
    pub fn packet(&mut self, time: i64) {
        self.connections.packet(time);
        self.waits.packet(time);
    }

    /// Ends the capture.
    #[must_use]
    pub fn finish(self, topics: &TopicNames) -> FinishedLives {
        let totals = self.produce.finish(topics);
        let mut kept = self.batches.take();
        kept.shrink();
        FinishedLives {
            connections: self.connections.finish(),
            totals,
            waits: self.waits.finish(),
            kept,
        }
    }
}

impl Sink for Report {
    fn event(&mut self, event: &Event<'_>) {
        self.figures.event(event);
        self.lives.event(event);
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.lives.hidden(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.figures.end(end);
        self.lives.end(end);
    }
}

impl Sink for Figures {
    fn event(&mut self, event: &Event<'_>) {
        self.summary.event(event);
        self.groups.event(event);
        if let EventKind::Message(message) = &event.kind {
            let is_response = event.direction == Direction::ToClient;
            let has_errors = is_response && self.summary.had_errors();
            self.timeline.message(event, message, has_errors);
        }
    }

    fn end(&mut self, end: &End<'_>) {
        self.summary.end(end);
        self.groups.end(end);
    }
}

impl Sink for Lives {
    fn event(&mut self, event: &Event<'_>) {
        self.connections.event(event);
        self.produce.event(event);
        self.waits.event(event);
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.connections.hidden(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.connections.end(end);
        self.produce.end(end);
        self.waits.end(end);
    }
}

impl Finished {
    /// Puts the halves together, which are of the same captures. `files`: the names of the captures, as they are shown.
    #[must_use]
    pub fn new(
        figures: FinishedFigures,
        lives: FinishedLives,
        counts: &Counts,
        files: Vec<String>,
    ) -> Self {
        Self {
            data: Data::new(
                &figures.summary,
                &lives.connections,
                &figures.groups,
                &lives.totals,
                (&lives.kept.batches, lives.kept.left_out),
                lives.waits,
                *counts,
            ),
            names: files,
            timeline: figures.timeline,
        }
    }

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
