//! Counts and latencies a second, of which the last ones are kept, and rows of them by name.

use std::collections::HashMap;

use crate::analysis::Buckets;

/// How many seconds are kept; windows are shorter.
pub(super) const SECONDS: usize = 16;
/// How many rows a table has. Beyond that, the row that was silent for longest is added to that of all others.
const MAX_ROWS: usize = 400;
const NANOSECONDS: i64 = 1_000_000_000;

/// What was counted in a second, or in all.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    second: i64,
    pub(super) requests: u64,
    pub(super) responses: u64,
    pub(super) errors: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    /// In microseconds.
    max: Option<u64>,
    /// In microseconds, at most 2 % off.
    latencies: Buckets<32>,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            second: i64::MIN,
            requests: 0,
            responses: 0,
            errors: 0,
            bytes_in: 0,
            bytes_out: 0,
            max: None,
            latencies: Buckets::default(),
        }
    }
}

impl Cell {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.responses += other.responses;
        self.errors += other.errors;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.max = self.max.max(other.max);
        self.latencies.add(&other.latencies);
    }

    fn count(&mut self, change: &Change) {
        self.requests += change.requests;
        self.responses += change.responses;
        self.errors += change.errors;
        self.bytes_in += change.bytes_in;
        self.bytes_out += change.bytes_out;
        if let Some(latency) = change.latency {
            let microseconds = latency.max(0).unsigned_abs() / 1000;
            self.max = self.max.max(Some(microseconds));
            self.latencies.record(microseconds, 1);
        }
    }

    /// The longest latency in microseconds, if there is any.
    pub(super) const fn max(&self) -> Option<u64> {
        self.max
    }

    /// The latency in microseconds that so many of a hundred responses are not above; it is at most 2 % off.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        let max = self.max?;
        let counts = self.latencies.iter().map(|(_, count)| u64::from(count));
        let wanted = (counts.sum::<u64>() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let mut values = self.latencies.iter();
        values.find_map(|(value, count)| {
            seen += u64::from(count);
            (seen >= wanted).then(|| value.min(max))
        })
    }
}

/// What a message adds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Change {
    pub(super) requests: u64,
    pub(super) responses: u64,
    pub(super) errors: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    /// In nanoseconds.
    pub(super) latency: Option<i64>,
}

/// The last seconds, and all together.
#[derive(Clone, Debug)]
pub(super) struct Row {
    cells: Vec<Cell>,
    pub(super) all: Cell,
    last: i64,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            cells: Vec::new(),
            all: Cell::default(),
            last: i64::MIN,
        }
    }
}

impl Row {
    pub(super) fn count(&mut self, time: i64, change: &Change) {
        self.all.count(change);
        let second = time.div_euclid(NANOSECONDS);
        self.last = self.last.max(second);
        if self.cells.is_empty() {
            self.cells = vec![Cell::default(); SECONDS];
        }
        let at = usize::try_from(second.rem_euclid(16)).unwrap_or_default();
        let Some(cell) = self.cells.get_mut(at) else {
            return;
        };
        if cell.second < second {
            *cell = Cell {
                second,
                ..Cell::default()
            };
        }
        // Packets from before the window are counted in all alone.
        if cell.second == second {
            cell.count(change);
        }
    }

    /// What was counted in the seconds from `from` on.
    pub(super) fn since(&self, from: i64) -> Cell {
        let mut sum = Cell::default();
        for cell in self.cells.iter().filter(|cell| cell.second >= from) {
            sum.add(cell);
        }
        sum
    }

    fn add(&mut self, other: &Self) {
        self.all.add(&other.all);
    }
}

/// Rows by name.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: HashMap<Box<str>, Row>,
    others: Row,
    has_others: bool,
}

impl Table {
    pub(super) fn count(&mut self, name: &str, time: i64, change: &Change) {
        if let Some(row) = self.rows.get_mut(name) {
            return row.count(time, change);
        }
        if self.rows.len() >= MAX_ROWS {
            let second = time.div_euclid(NANOSECONDS);
            let silent = self.rows.iter().min_by_key(|(_, row)| row.last);
            match silent {
                Some((name, row)) if row.last < second - 15 => {
                    let name = name.clone();
                    if let Some(row) = self.rows.remove(&name) {
                        self.others.add(&row);
                    }
                    self.has_others = true;
                }
                _ => {
                    self.has_others = true;
                    return self.others.count(time, change);
                }
            }
        }
        let row = self.rows.entry(Box::from(name)).or_default();
        row.count(time, change);
    }

    /// All rows, and `None` as the name of that of all others.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Option<&str>, &Row)> {
        let rows = self.rows.iter().map(|(name, row)| (Some(&**name), row));
        let others = self.has_others.then_some((None, &self.others));
        rows.chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = NANOSECONDS;

    fn request() -> Change {
        Change {
            requests: 1,
            ..Change::default()
        }
    }

    #[test]
    fn percentiles_are_at_most_two_percent_off() {
        let mut cell = Cell::default();
        for milliseconds in 1..=1000_i64 {
            cell.count(&Change {
                latency: Some(milliseconds * 1_000_000),
                ..Change::default()
            });
        }
        for percent in [1, 50, 99, 100] {
            let (exact, found) = (percent * 10_000, cell.percentile(percent).unwrap());
            assert!(found.abs_diff(exact) * 50 <= exact, "{percent}: {found}");
        }
        assert_eq!(cell.max(), Some(1_000_000));
        assert_eq!(Cell::default().percentile(50), None);
        assert_eq!(Cell::default().max(), None);
    }

    #[test]
    fn any_latency_has_a_part() {
        let mut cell = Cell::default();
        for latency in [i64::MIN, -1, 0, 999, i64::MAX] {
            cell.count(&Change {
                latency: Some(latency),
                ..Change::default()
            });
        }
        let counts = cell.latencies.iter().map(|(_, count)| count);
        assert_eq!(counts.sum::<u32>(), 5);
        assert_eq!(cell.percentile(1), Some(0));
    }

    #[test]
    fn windows_hold_their_seconds_alone() {
        let mut row = Row::default();
        for second in 0..100 {
            row.count(second * SECOND, &request());
        }
        assert_eq!(row.all.requests, 100);
        assert_eq!(row.since(95).requests, 5);
        // A packet from long ago does not count as one of now.
        row.count(3 * SECOND, &request());
        assert_eq!(row.since(95).requests, 5);
        assert_eq!(row.all.requests, 101);
    }

    #[test]
    fn rows_beyond_the_limit_are_added_up() {
        let mut table = Table::default();
        for number in 0..1000 {
            table.count(&format!("row {number}"), 0, &request());
        }
        assert_eq!(table.rows().count(), MAX_ROWS + 1);
        let sum: u64 = table.rows().map(|(_, row)| row.all.requests).sum();
        assert_eq!(sum, 1000);
        // What is silent makes room.
        table.count("later", 60 * SECOND, &request());
        let row = table.rows().find(|(name, _)| *name == Some("later"));
        assert_eq!(row.unwrap().1.all.requests, 1);
        let sum: u64 = table.rows().map(|(_, row)| row.all.requests).sum();
        assert_eq!(sum, 1001);
    }
}
