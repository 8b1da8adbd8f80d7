//! `kafka-capture groups`: rebalances and their reasons, members and lag.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value without the member is null there"
)]

use std::process::ExitCode;

use clap::Args;
use kafka_capture::analysis::Groups as Analysis;
use serde_json::Value;

use super::analysis::{Format, run, write_document};
use super::exit::CODES;
use super::input::InputOptions;
use super::tables::{Column, clock, safe, table};

/// Show groups: rebalances and their reasons, members with their assignments, commits and lag by partition over time
///
/// Classic groups, and those of the newer protocols: consumer groups (KIP-848), share and streams groups.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(super) struct Groups {
    #[command(flatten)]
    input: InputOptions,

    /// What to write; NDJSON has a line for each group
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture groups broker.pcapng
  kafka-capture groups --format json broker.pcapng |
    jq '.groups[] | {group, rebalances: (.rebalances | length)}'";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

impl Groups {
    pub(super) fn run(self) -> ExitCode {
        let write = |analysis: Analysis, topics: &_, _: &_| {
            let document = analysis.finish(topics);
            write_document(&document, self.format, &[("groups", "group")], text)
        };
        run(&self.input, Analysis::new(), |_, _| {}, write)
    }
}

const REBALANCES: &[Column] = &[
    ("generation", |row| row["generation"].clone()),
    ("start", |row| clock(&row["start"])),
    ("joined", |row| clock(&row["joined"])),
    ("end", |row| clock(&row["end"])),
    ("reasons", |row| row["reasons"].clone()),
    ("members", |row| {
        let members = row["members"].as_array().into_iter().flatten();
        let members: Vec<_> = members.map(|each| each["clientId"].clone()).collect();
        Value::Array(members)
    }),
];

const MEMBERS: &[Column] = &[
    ("client", |row| row["clientId"].clone()),
    ("host", |row| row["host"].clone()),
    ("member id", |row| row["memberId"].clone()),
    ("partitions", |row| row["partitions"].clone()),
];

const PARTITIONS: &[Column] = &[
    ("topic", |row| match &row["topic"] {
        Value::Null => row["topicId"].clone(),
        topic => topic.clone(),
    }),
    ("partition", |row| row["partition"].clone()),
    ("committed", |row| row["committed"].clone()),
    ("high watermark", |row| row["highWatermark"].clone()),
    ("lag", |row| row["lag"].clone()),
    ("most lag", |row| {
        let points = row["lagOverTime"].as_array().into_iter().flatten();
        let lags = points.filter_map(|point| point[3].as_i64());
        Value::from(lags.max())
    }),
];

fn text(document: &Value) -> String {
    let mut text = String::new();
    for group in document["groups"].as_array().into_iter().flatten() {
        let name = super::tables::shown(&group["group"]);
        let protocol = super::tables::shown(&group["protocol"]);
        text += &format!("Group {} ({})\n", safe(&name), protocol);
        text += &table("Rebalances", &group["rebalances"], REBALANCES);
        let last = group["rebalances"].as_array().and_then(|all| all.last());
        if let Some(last) = last {
            text += &table("Members of the last one", &last["members"], MEMBERS);
        }
        text += &table("Partitions", &group["partitions"], PARTITIONS);
    }
    if let Some(others) = document.get("others") {
        text += &format!("Left out: {}\n", super::tables::shown(others));
    }
    text
}
