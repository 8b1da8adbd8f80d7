//! The state to be shown at a point in time.

use super::cells::{Cell, Row};
use super::{Problem, SECOND, Top};

/// The subject of the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// APIs.
    #[default]
    Apis,
    /// Client ids.
    Clients,
    /// Topics: requests are Produce requests, responses have records.
    Topics,
    /// Brokers, by their addresses.
    Brokers,
}

/// The state of a capture at a point in time.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Snapshot {
    /// The point in time, in nanoseconds since 1970; `None` before the first packet.
    pub time: Option<i64>,
    /// All of it.
    pub total: Rates,
    /// The rows, in no order.
    pub rows: Vec<SnapshotRow>,
    /// Requests in each of the last seconds, the latest at the end.
    pub history: Vec<u64>,
    /// Packets of whatever protocol, from the beginning.
    pub packets: u64,
    /// Kafka connections that are open.
    pub connections: usize,
    /// Requests that wait for a response.
    pub in_flight: usize,
    /// The latest problems, the newest first.
    pub problems: Vec<Problem>,
}

/// A row.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SnapshotRow {
    /// As peers wrote it; `None` of what is not told apart any more.
    pub name: Option<String>,
    /// What there is to be seen.
    pub rates: Rates,
}

/// Rates and latencies over a window of time. Rates are in thousandths a second, latencies in microseconds.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Rates {
    /// Requests.
    pub requests: u64,
    /// Responses.
    pub responses: u64,
    /// Responses with an error code.
    pub errors: u64,
    /// Bytes to brokers.
    pub bytes_in: u64,
    /// Bytes to clients.
    pub bytes_out: u64,
    /// The median latency, at most 2 % off.
    pub p50: Option<u64>,
    /// The latency that one of a hundred responses is above, at most 2 % off.
    pub p99: Option<u64>,
    /// The longest latency.
    pub max: Option<u64>,
    /// Requests from the beginning.
    pub all_requests: u64,
    /// Responses with an error code from the beginning.
    pub all_errors: u64,
}

impl Top {
    /// Returns what is to be seen at `now`, in nanoseconds since 1970: rates and latencies of the last so many seconds, at
    /// most 15; without a number, from the beginning.
    #[must_use]
    pub fn snapshot(&self, view: View, window: Option<u8>, now: i64) -> Snapshot {
        let Some(first) = self.first else {
            return Snapshot::default();
        };
        let second = now.div_euclid(SECOND);
        // The second that is not over counts as far as it has gone.
        let from = window.map(|window| second - i64::from(window.min(15)));
        let begun = from.map_or(first, |from| first.max(from * SECOND));
        let length = now.saturating_sub(begun).max(SECOND / 10).unsigned_abs();
        let rates = |row: &Row| match from {
            Some(from) => Rates::new(&row.since(from), row, length),
            None => Rates::new(&row.all, row, length),
        };
        let table = match view {
            View::Apis => &self.apis,
            View::Clients => &self.clients,
            View::Topics => &self.topics,
            View::Brokers => &self.brokers,
        };
        let rows = table.rows().map(|(name, row)| SnapshotRow {
            name: name.map(str::to_owned),
            rates: rates(row),
        });
        Snapshot {
            time: Some(now),
            total: rates(&self.total),
            rows: rows.collect(),
            history: self.history(second),
            packets: self.packets,
            connections: self.connections.len(),
            in_flight: self.in_flight,
            problems: self.problems.latest(),
        }
    }

    /// Requests in each second up to this one, without gaps.
    fn history(&self, second: i64) -> Vec<u64> {
        let Some((first, _)) = self.history.front() else {
            return Vec::new();
        };
        let length = super::HISTORY_SECONDS;
        let first = (*first).max(second - i64::try_from(length).unwrap_or(i64::MAX));
        let mut counts = vec![
            0;
            usize::try_from(second - first + 1)
                .unwrap_or(0)
                .min(length + 1)
        ];
        for (at, count) in &self.history {
            let place = usize::try_from(at - first).ok();
            if let Some(place) = place.and_then(|place| counts.get_mut(place)) {
                *place = *count;
            }
        }
        counts
    }
}

impl Rates {
    fn new(cell: &Cell, row: &Row, nanoseconds: u64) -> Self {
        let rate = |count: u64| {
            let rate = u128::from(count) * 1_000_000_000_000 / u128::from(nanoseconds.max(1));
            u64::try_from(rate).unwrap_or(u64::MAX)
        };
        Self {
            requests: rate(cell.requests),
            responses: rate(cell.responses),
            errors: rate(cell.errors),
            bytes_in: rate(cell.bytes_in),
            bytes_out: rate(cell.bytes_out),
            p50: cell.percentile(50),
            p99: cell.percentile(99),
            max: cell.max(),
            all_requests: row.all.requests,
            all_errors: row.all.errors,
        }
    }
}
