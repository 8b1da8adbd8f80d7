//! What the user looks at, and what keys change about it.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use kafka_capture::top::{Problem, Rates, Snapshot, SnapshotRow, View};

/// The windows that rates are shown over, in seconds; the last is all of the capture.
const WINDOWS: [Option<u8>; 4] = [Some(1), Some(5), Some(15), None];

pub(super) const VIEWS: [(View, &str); 4] = [
    (View::Apis, "APIs"),
    (View::Clients, "clients"),
    (View::Topics, "topics"),
    (View::Brokers, "brokers"),
];

/// A column of rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Requests,
    Responses,
    Errors,
    BytesIn,
    BytesOut,
    P50,
    P99,
    Max,
    AllRequests,
    AllErrors,
}

pub(super) const COLUMNS: [Column; 11] = [
    Column::Name,
    Column::Requests,
    Column::Responses,
    Column::Errors,
    Column::BytesIn,
    Column::BytesOut,
    Column::P50,
    Column::P99,
    Column::Max,
    Column::AllRequests,
    Column::AllErrors,
];

impl Column {
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Requests => "req/s",
            Self::Responses => "resp/s",
            Self::Errors => "err/s",
            Self::BytesIn => "in/s",
            Self::BytesOut => "out/s",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::AllRequests => "requests",
            Self::AllErrors => "errors",
        }
    }

    fn compare(self, one: &SnapshotRow, other: &SnapshotRow) -> Ordering {
        let by = |value: fn(&Rates) -> u64| value(&one.rates).cmp(&value(&other.rates));
        match self {
            // Names go up where numbers go down.
            Self::Name => other.name.cmp(&one.name),
            Self::Requests => by(|rates| rates.requests),
            Self::Responses => by(|rates| rates.responses),
            Self::Errors => by(|rates| rates.errors),
            Self::BytesIn => by(|rates| rates.bytes_in),
            Self::BytesOut => by(|rates| rates.bytes_out),
            Self::P50 => one.rates.p50.cmp(&other.rates.p50),
            Self::P99 => one.rates.p99.cmp(&other.rates.p99),
            Self::Max => one.rates.max.cmp(&other.rates.max),
            Self::AllRequests => by(|rates| rates.all_requests),
            Self::AllErrors => by(|rates| rates.all_errors),
        }
    }
}

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Running,
    Ended,
}

/// The screen.
pub(super) struct Screen {
    pub(super) name: String,
    pub(super) is_live: bool,
    pub(super) has_colors: bool,
    pub(super) status: Status,
    pub(super) snapshot: Snapshot,
    view: usize,
    window: usize,
    pub(super) sort: Column,
    pub(super) is_reversed: bool,
    is_paused: bool,
    pub(super) filter: String,
    pub(super) is_typing: bool,
    pub(super) has_help: bool,
    /// Whether the problems have the whole screen.
    pub(super) are_problems_alone: bool,
    /// How many rows, or problems if these are alone, are scrolled past.
    pub(super) scroll: usize,
}

impl Screen {
    pub(super) fn new(name: String, is_live: bool, has_colors: bool) -> Self {
        Self {
            name,
            is_live,
            has_colors,
            status: Status::Running,
            snapshot: Snapshot::default(),
            view: 0,
            window: 1,
            sort: Column::Requests,
            is_reversed: false,
            is_paused: false,
            filter: String::new(),
            is_typing: false,
            has_help: false,
            are_problems_alone: false,
            scroll: 0,
        }
    }

    pub(super) fn update(&mut self, snapshot: Snapshot, status: Status) {
        self.snapshot = snapshot;
        self.status = status;
    }

    pub(super) const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// What is to be asked for.
    pub(super) fn wanted(&self) -> (View, Option<u8>) {
        (self.view().0, self.window())
    }

    pub(super) fn view(&self) -> (View, &'static str) {
        VIEWS.get(self.view).copied().unwrap_or_default()
    }

    pub(super) fn window(&self) -> Option<u8> {
        WINDOWS.get(self.window).copied().flatten()
    }

    /// The rows that pass the filter, in order.
    pub(super) fn rows(&self) -> Vec<&SnapshotRow> {
        let has = |row: &&SnapshotRow| self.admits(row.name.as_deref().unwrap_or_default());
        let mut rows: Vec<_> = self.snapshot.rows.iter().filter(has).collect();
        rows.sort_by(|one, other| {
            let order = self.sort.compare(one, other);
            let order = if self.is_reversed {
                order
            } else {
                order.reverse()
            };
            // Equal rows do not change places.
            order.then_with(|| one.name.cmp(&other.name))
        });
        rows
    }

    /// The problems that pass the filter, the latest first.
    pub(super) fn problems(&self) -> Vec<&Problem> {
        let problems = self.snapshot.problems.iter();
        problems
            .filter(|problem| self.admits(&problem.text))
            .collect()
    }

    fn admits(&self, text: &str) -> bool {
        self.filter.is_empty() || text.to_lowercase().contains(&self.filter.to_lowercase())
    }

    /// Does what a key is for. Breaks if the user wants to leave.
    pub(super) fn key(&mut self, key: KeyEvent) -> ControlFlow<()> {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return ControlFlow::Break(());
        }
        if self.is_typing {
            self.typed(key.code);
            return ControlFlow::Continue(());
        }
        if self.has_help {
            self.has_help = false;
            return if key.code == KeyCode::Char('q') {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            };
        }
        match key.code {
            KeyCode::Char('q') => return ControlFlow::Break(()),
            KeyCode::Char('?' | 'h') => self.has_help = true,
            KeyCode::Char(' ' | 'p') => self.is_paused = !self.is_paused,
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Esc => {
                self.filter.clear();
                self.are_problems_alone = false;
                self.scroll = 0;
            }
            KeyCode::Char(digit @ '1'..='4') => {
                let digit = digit
                    .to_digit(10)
                    .and_then(|digit| usize::try_from(digit).ok());
                self.look_at(digit.unwrap_or(1) - 1);
            }
            KeyCode::Tab => self.look_at((self.view + 1) % VIEWS.len()),
            KeyCode::BackTab => self.look_at((self.view + VIEWS.len() - 1) % VIEWS.len()),
            KeyCode::Char('s') | KeyCode::Right => self.sort_by_next(1),
            KeyCode::Left => self.sort_by_next(COLUMNS.len() - 1),
            KeyCode::Char('r') => self.is_reversed = !self.is_reversed,
            KeyCode::Char('+' | '=') => self.window = (self.window + 1).min(WINDOWS.len() - 1),
            KeyCode::Char('-') => self.window = self.window.saturating_sub(1),
            KeyCode::Char('w') => {
                self.are_problems_alone = !self.are_problems_alone;
                self.scroll = 0;
            }
            KeyCode::Down | KeyCode::Char('j') => self.scroll_by(1),
            KeyCode::PageDown => self.scroll_by(10),
            KeyCode::Up | KeyCode::Char('k') => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(10),
            KeyCode::Home => self.scroll = 0,
            KeyCode::End => self.scroll_by(usize::MAX),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn typed(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.is_typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(character) if self.filter.len() < 100 => self.filter.push(character),
            _ => {}
        }
        self.scroll = 0;
    }

    /// The rows of another view come with the next snapshot; until then there are none.
    fn look_at(&mut self, view: usize) {
        if self.view != view {
            self.snapshot.rows.clear();
            self.is_paused = false;
        }
        self.view = view;
        self.scroll = 0;
        self.are_problems_alone = false;
    }

    fn sort_by_next(&mut self, step: usize) {
        let at = COLUMNS.iter().position(|column| *column == self.sort);
        let next = (at.unwrap_or_default() + step) % COLUMNS.len();
        self.sort = COLUMNS.get(next).copied().unwrap_or(Column::Requests);
    }

    fn scroll_by(&mut self, lines: usize) {
        let count = if self.are_problems_alone {
            self.problems().len()
        } else {
            self.rows().len()
        };
        self.scroll = self
            .scroll
            .saturating_add(lines)
            .min(count.saturating_sub(1));
    }
}
