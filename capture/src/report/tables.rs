//! The tables of a page: their columns, and which rows they have.

use maud::{Markup, html};
use serde_json::Value;

use super::cells::{Cell, bytes, clock, length, plain, time};

/// How many rows a table has at most.
pub(super) const MAX_ROWS: usize = 500;
/// Longer texts are broken into lines.
const MAX_LINE: usize = 48;

/// A column: its heading, and what stands in it.
type Column = (&'static str, fn(&Value) -> Cell);

/// A table.
pub(super) struct Table {
    /// The id of its heading.
    id: &'static str,
    title: &'static str,
    columns: Vec<Column>,
}

impl Table {
    /// The table of these rows; nothing if there are none. `more`: rows that there were beside them.
    pub(super) fn html(&self, rows: &[&Value], more: u64) -> Markup {
        let left_out = more + crate::length::u64_of(rows.len().saturating_sub(MAX_ROWS));
        let rows = rows.get(..MAX_ROWS).unwrap_or(rows);
        let columns = self.filled(rows);
        html! {
            @if !rows.is_empty() {
                section.table {
                    h3 id=(self.id) tabindex="-1" {
                        (self.title) " " span.count { (rows.len()) }
                    }
                    div.scroll tabindex="0" role="region" aria-labelledby=(self.id) {
                        table {
                            thead { tr { @for (heading, cell) in &columns { th scope="col" .n[is_number(rows, *cell)] { (heading) } } } }
                            tbody { @for row in rows { tr { @for (_, cell) in &columns { (td(&cell(row))) } } } }
                        }
                    }
                    p.none hidden { "No row matches the search." }
                    @if left_out > 0 {
                        p.left-out { "Not shown: " (left_out) " more. " (super::page::NARROW) }
                    }
                }
            }
        }
    }

    /// The columns in which anything stands.
    fn filled(&self, rows: &[&Value]) -> Vec<Column> {
        let columns = self.columns.iter().copied().enumerate();
        let is_filled = |cell: fn(&Value) -> Cell| rows.iter().any(|row| cell(row) != Cell::Empty);
        let filled = columns.filter(|(i, (_, cell))| *i == 0 || is_filled(*cell));
        filled.map(|(_, column)| column).collect()
    }
}

fn td(cell: &Cell) -> Markup {
    let (cell, is_bad) = match cell {
        Cell::Bad(cell) => (&**cell, true),
        cell => (cell, false),
    };
    match cell {
        Cell::Number { text, value } => html! { td.n .bad[is_bad] data-v=(value) { (text) } },
        Cell::Text(text) => html! { td .bad[is_bad] .long[text.len() > MAX_LINE] { (text) } },
        Cell::Empty | Cell::Bad(_) => html! { td {} },
    }
}

/// Whether a column has numbers.
fn is_number(rows: &[&Value], cell: fn(&Value) -> Cell) -> bool {
    let mut cells = rows.iter().map(|row| cell(row));
    let first = cells.find(|cell| *cell != Cell::Empty);
    match first {
        Some(Cell::Bad(cell)) => matches!(*cell, Cell::Number { .. }),
        first => matches!(first, Some(Cell::Number { .. })),
    }
}

/// The list of this name in a document.
pub(super) fn rows<'v>(document: &'v Value, name: &str) -> Vec<&'v Value> {
    let list = document.get(name).and_then(Value::as_array);
    list.into_iter().flatten().collect()
}

/// What there is to say of requests and responses, after the columns that say whose they are.
fn with_stats(keys: &[Column]) -> Vec<Column> {
    let stats: &[Column] = &[
        ("requests", |row| plain(row, "requests")),
        ("responses", |row| plain(row, "responses")),
        ("acks=0", |row| nonzero(plain(row, "noResponseExpected"))),
        ("unanswered", |row| nonzero(plain(row, "unanswered")).bad()),
        ("sent", |row| bytes(row, "requestBytes")),
        ("received", |row| bytes(row, "responseBytes")),
        ("p50", |row| time(row, "latencyUs.p50")),
        ("p99", |row| time(row, "latencyUs.p99")),
        ("max", |row| time(row, "latencyUs.max")),
        ("mean", |row| time(row, "latencyUs.mean")),
        ("errors", |row| plain(row, "errors").bad()),
    ];
    [keys, stats].concat()
}

/// What a row is of, and whether a part of it is in the sum of what was merged.
fn in_part(row: &Value, cell: Cell) -> Cell {
    let is_partial = row.get("isPartial").and_then(Value::as_bool);
    match cell {
        cell if is_partial != Some(true) => cell,
        Cell::Text(text) => Cell::Text(format!("{text} (in part)")),
        Cell::Empty => Cell::Text("(in part)".to_owned()),
        cell => cell,
    }
}

fn nonzero(cell: Cell) -> Cell {
    match cell {
        Cell::Number { value: 0.0, .. } => Cell::Empty,
        cell => cell,
    }
}

const API: Column = ("API", |row| plain(row, "api"));
const VERSIONS: Column = ("versions", |row| plain(row, "versions"));
const CLIENT: Column = ("client", |row| in_part(row, plain(row, "clientId")));
const TOPIC: Column = ("topic", |row| match plain(row, "topic") {
    Cell::Empty => in_part(row, plain(row, "topicId")),
    topic => in_part(row, topic),
});
const PARTITION: Column = ("partition", |row| plain(row, "partition"));

fn table(id: &'static str, title: &'static str, columns: &[Column]) -> Table {
    Table {
        id,
        title,
        columns: columns.to_vec(),
    }
}

/// The tables of the summary, each with the list that it shows.
pub(super) fn of_summary() -> Vec<(&'static str, Table)> {
    vec![
        (
            "byApi",
            table("by-api", "By API", &with_stats(&[API, VERSIONS])),
        ),
        (
            "byClient",
            table("by-client", "By client", &with_stats(&[CLIENT])),
        ),
        (
            "byClientAndApi",
            table(
                "by-client-and-api",
                "By client and API",
                &with_stats(&[CLIENT, API, VERSIONS]),
            ),
        ),
        ("byTopic", topics()),
        (
            "byBroker",
            table(
                "by-broker",
                "By broker",
                &with_stats(&[("broker", |row| in_part(row, plain(row, "broker")))]),
            ),
        ),
        (
            "byUser",
            table(
                "by-user",
                "By user",
                &with_stats(&[("user", |row| in_part(row, plain(row, "user")))]),
            ),
        ),
        (
            "bySoftware",
            table(
                "by-software",
                "By software",
                &with_stats(&[
                    ("software", |row| in_part(row, plain(row, "software"))),
                    ("version", |row| plain(row, "version")),
                ]),
            ),
        ),
        (
            "errors",
            table(
                "errors",
                "Errors",
                &[
                    API,
                    ("within", |row| plain(row, "within")),
                    ("error", |row| plain(row, "error")),
                    ("count", |row| plain(row, "count")),
                ],
            ),
        ),
        ("latencyParts", latency_parts()),
        ("compression", compression()),
        (
            "refusedByNewest",
            table(
                "refused-versions",
                "Versions that the newest release does not serve",
                &[
                    CLIENT,
                    API,
                    VERSIONS,
                    ("release", |row| plain(row, "release")),
                    ("serves", |row| plain(row, "served")),
                ],
            ),
        ),
    ]
}

fn topics() -> Table {
    table(
        "by-topic",
        "By topic",
        &[
            TOPIC,
            ("produce requests", |row| {
                nonzero(plain(row, "produceRequests"))
            }),
            ("batches", |row| nonzero(plain(row, "produceBatches"))),
            ("records", |row| nonzero(plain(row, "produceRecords"))),
            ("produced", |row| nonzero(bytes(row, "produceBytes"))),
            ("produce errors", |row| plain(row, "produceErrors").bad()),
            ("fetches with records", |row| {
                nonzero(plain(row, "fetchResponsesWithRecords"))
            }),
            ("fetched records", |row| nonzero(plain(row, "fetchRecords"))),
            ("fetched", |row| nonzero(bytes(row, "fetchBytes"))),
            ("fetch errors", |row| plain(row, "fetchErrors").bad()),
            ("producers", |row| plain(row, "producers")),
            ("consumers", |row| plain(row, "consumers")),
            ("groups", |row| plain(row, "groups")),
        ],
    )
}

fn latency_parts() -> Table {
    table(
        "latency-parts",
        "What latency is made of (means)",
        &[
            API,
            ("responses", |row| plain(row, "responses")),
            ("request transfer", |row| time(row, "requestTransferUs")),
            ("wait behind others", |row| time(row, "waitUs")),
            ("service", |row| time(row, "serviceUs")),
            ("response transfer", |row| time(row, "responseTransferUs")),
            ("throttled", |row| nonzero(plain(row, "throttled")).bad()),
            ("throttle ms", |row| nonzero(plain(row, "throttleMs"))),
        ],
    )
}

fn compression() -> Table {
    table(
        "compression",
        "Compression of produced batches",
        &[
            ("codec", |row| plain(row, "codec")),
            ("batches", |row| plain(row, "batches")),
            ("records", |row| plain(row, "records")),
            ("bytes", |row| bytes(row, "bytes")),
            ("batch p50", |row| bytes(row, "batchBytes.p50")),
            ("records p50", |row| plain(row, "batchRecords.p50")),
            ("ratio", |row| plain(row, "ratio")),
        ],
    )
}

pub(super) fn connections() -> Table {
    table(
        "connection-list",
        "Connections",
        &[
            ("opened", |row| clock(row, "opened")),
            ("connection", |row| plain(row, "conn")),
            CLIENT,
            ("cause", |row| plain(row, "cause")),
            ("because", |row| plain(row, "because")),
            ("closed", |row| clock(row, "closed")),
            ("requests", |row| plain(row, "requests")),
            ("unanswered", |row| nonzero(length(row, "unanswered")).bad()),
            ("in flight", |row| plain(row, "maxInFlight")),
            ("TCP", |row| time(row, "setupUs.tcp")),
            ("TLS", |row| time(row, "setupUs.tls")),
            ("ApiVersions", |row| time(row, "setupUs.apiVersions")),
            ("SASL", |row| time(row, "setupUs.sasl")),
            ("longest idle", |row| time(row, "longestIdleUs")),
            ("retransmissions", |row| {
                nonzero(plain(row, "retransmissions"))
            }),
            ("from client", |row| bytes(row, "clientBytes")),
            ("from broker", |row| bytes(row, "brokerBytes")),
            ("software", |row| plain(row, "software")),
            ("user", |row| plain(row, "user")),
            ("encryption", |row| plain(row, "tls")),
        ],
    )
}

/// Beside the list of connections: causes, clients, idle limits.
pub(super) fn of_connections() -> Vec<(&'static str, Table)> {
    vec![
        (
            "causes",
            table(
                "causes",
                "Causes",
                &[
                    ("cause", |row| plain(row, "cause")),
                    ("connections", |row| plain(row, "connections")),
                    ("clients", |row| plain(row, "clients")),
                    ("brokers", |row| plain(row, "brokers")),
                    ("what to do", |row| plain(row, "advice")),
                ],
            ),
        ),
        (
            "churn",
            table(
                "churn",
                "Connections by client",
                &[
                    CLIENT,
                    ("connections", |row| plain(row, "connections")),
                    ("life p50", |row| time(row, "lifeUs.p50")),
                    ("life max", |row| time(row, "lifeUs.max")),
                ],
            ),
        ),
        (
            "idleLimits",
            table(
                "idle-limits",
                "Idle limits, inferred",
                &[
                    ("broker", |row| plain(row, "broker")),
                    ("closed by", |row| plain(row, "closedBy")),
                    ("connections", |row| plain(row, "connections")),
                    ("silence min", |row| time(row, "silenceUs.min")),
                    ("silence max", |row| time(row, "silenceUs.max")),
                ],
            ),
        ),
    ]
}

pub(super) fn batches() -> Table {
    table(
        "batch-list",
        "Batches that were retried or not acknowledged",
        &[
            TOPIC,
            PARTITION,
            CLIENT,
            ("producer", |row| plain(row, "producerId")),
            ("sequence", |row| plain(row, "baseSequence")),
            ("records", |row| plain(row, "records")),
            ("attempts", |row| length(row, "attempts")),
            ("first attempt", |row| match rows(row, "attempts").first() {
                Some(first) => clock(first, "ts"),
                None => Cell::Empty,
            }),
            ("outcomes", |row| {
                let attempts = rows(row, "attempts").into_iter();
                let outcomes = attempts.filter_map(|each| each.get("outcome").cloned());
                super::cells::of(&Value::Array(outcomes.collect()))
            }),
            ("in the end", |row| match plain(row, "final") {
                Cell::Text(text) if text == "acked" => Cell::Text(text),
                other => other.bad(),
            }),
            ("in the log", |row| {
                match row.get("mayBeTwice").and_then(Value::as_bool) {
                    Some(true) => Cell::Text("maybe twice".to_owned()).bad(),
                    _ => Cell::Empty,
                }
            }),
        ],
    )
}

pub(super) fn partitions() -> Table {
    table(
        "partitions",
        "Partitions that are produced to",
        &[
            TOPIC,
            PARTITION,
            ("batches", |row| plain(row, "batches")),
            ("attempts", |row| plain(row, "attempts")),
            ("timed out", |row| nonzero(plain(row, "timeouts")).bad()),
            ("not acknowledged", |row| nonzero(plain(row, "stuck")).bad()),
            ("since", |row| time(row, "ageUs")),
        ],
    )
}

/// Of groups: rebalances, members and partitions. The rows have the group's name in them.
pub(super) fn of_groups() -> [(&'static str, Table); 3] {
    const GROUP: Column = ("group", |row| plain(row, "group"));
    [
        (
            "rebalances",
            table(
                "rebalances",
                "Rebalances",
                &[
                    GROUP,
                    ("generation", |row| plain(row, "generation")),
                    ("start", |row| clock(row, "start")),
                    ("joined", |row| clock(row, "joined")),
                    ("end", |row| clock(row, "end")),
                    ("reasons", |row| plain(row, "reasons")),
                    ("assignor", |row| plain(row, "protocolName")),
                    ("leader", |row| plain(row, "leader")),
                    ("members", |row| {
                        let members = rows(row, "members").into_iter();
                        let members: Vec<_> = members.map(member).collect();
                        super::cells::of(&Value::from(members.join("; ")))
                    }),
                ],
            ),
        ),
        (
            "members",
            table(
                "members",
                "Members of the newer protocols",
                &[
                    GROUP,
                    CLIENT,
                    ("host", |row| plain(row, "host")),
                    ("member id", |row| plain(row, "memberId")),
                    ("first seen", |row| clock(row, "first")),
                    ("last seen", |row| clock(row, "last")),
                    ("ended", |row| plain(row, "ended")),
                ],
            ),
        ),
        (
            "partitions",
            table(
                "group-partitions",
                "Partitions that groups commit",
                &[
                    GROUP,
                    TOPIC,
                    PARTITION,
                    ("committed", |row| plain(row, "committed")),
                    ("high watermark", |row| plain(row, "highWatermark")),
                    ("lag", |row| plain(row, "lag")),
                    ("most lag", |row| {
                        let points = rows(row, "lagOverTime").into_iter();
                        let lags = points.filter_map(|point| point.get(3)?.as_i64());
                        super::cells::of(&Value::from(lags.max()))
                    }),
                ],
            ),
        ),
    ]
}

/// A member of a rebalance with its partitions.
fn member(member: &Value) -> String {
    let text = |name| match plain(member, name) {
        Cell::Text(text) => text,
        _ => String::new(),
    };
    let (client, partitions) = (text("clientId"), text("partitions"));
    if partitions.is_empty() {
        client
    } else {
        format!("{client}: {partitions}")
    }
}

/// Requests that took long while their broker answered others.
pub(super) fn slow() -> Table {
    table(
        "slow",
        "Slow requests",
        &[
            ("sent", |row| clock(row, "sent")),
            API,
            CLIENT,
            ("connection", |row| plain(row, "conn")),
            ("took", |row| time(row, "tookUs")),
            ("answered", |row| match row.get("isAnswered") {
                Some(Value::Bool(true)) => Cell::Text("yes".to_owned()),
                _ => Cell::Text("no".to_owned()).bad(),
            }),
        ],
    )
}
