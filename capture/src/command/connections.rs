//! `kafka-capture connections`: the life of each connection, and what ended it.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value without the member is null there"
)]

use std::process::ExitCode;

use clap::Args;
use kafka_capture::analysis::Connections as Analysis;
use serde_json::{Value, json};

use super::analysis::{Format, run, write_document};
use super::exit::CODES;
use super::input::InputOptions;
use super::tables::{clock, table, time};

/// Show the life of each connection: set-up times, who it was, requests in flight, and what ended it
///
/// All TCP connections to addresses where Kafka is believed on any connection are listed, refused ones too.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(super) struct Connections {
    #[command(flatten)]
    input: InputOptions,

    /// What to write; NDJSON has a line for each connection, and a last one with the number of others if they are too many
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture connections broker.pcapng
  kafka-capture connections --format ndjson broker.pcapng |
    jq 'select(.cause == \"client-timeout\")'";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

impl Connections {
    pub(super) fn run(self) -> ExitCode {
        let write = |analysis: Analysis, _: &_, _: &_| {
            let document = analysis.finish();
            match self.format {
                Format::Ndjson => {
                    super::analysis::write_lines(document.connections())?;
                    let others = document.others();
                    let last = (!others.is_empty()).then(|| json!({ "others": others }));
                    super::analysis::write_lines(last.as_slice())
                }
                format => write_document(&document, format, &[], text),
            }
        };
        run(&self.input, Analysis::new(), Analysis::packet, write)
    }
}

fn text(document: &Value) -> String {
    let mut text = table(
        "Connections",
        &document["connections"],
        &[
            ("opened", |row| clock(&row["opened"])),
            ("connection", |row| row["conn"].clone()),
            ("client", |row| row["clientId"].clone()),
            ("requests", |row| row["requests"].clone()),
            ("unanswered", |row| {
                Value::from(row["unanswered"].as_array().map_or(0, Vec::len))
            }),
            ("tcp", |row| time(&row["setupUs"]["tcp"])),
            ("tls", |row| time(&row["setupUs"]["tls"])),
            ("ApiVersions", |row| time(&row["setupUs"]["apiVersions"])),
            ("sasl", |row| time(&row["setupUs"]["sasl"])),
            ("cause", |row| row["cause"].clone()),
            ("because", |row| row["because"].clone()),
        ],
    );
    text += &table(
        "Causes",
        &document["causes"],
        &[
            ("cause", |row| row["cause"].clone()),
            ("connections", |row| row["connections"].clone()),
            ("clients", |row| row["clients"].clone()),
            ("brokers", |row| row["brokers"].clone()),
            ("what to do", |row| row["advice"].clone()),
        ],
    );
    text += &table(
        "Connections by client",
        &document["churn"],
        &[
            ("client", |row| row["clientId"].clone()),
            ("connections", |row| row["connections"].clone()),
            ("life p50", |row| time(&row["lifeUs"]["p50"])),
            ("life max", |row| time(&row["lifeUs"]["max"])),
        ],
    );
    text += &table(
        "Idle limits, inferred",
        &document["idleLimits"],
        &[
            ("broker", |row| row["broker"].clone()),
            ("closed by", |row| row["closedBy"].clone()),
            ("connections", |row| row["connections"].clone()),
            ("silence min", |row| time(&row["silenceUs"]["min"])),
            ("silence max", |row| time(&row["silenceUs"]["max"])),
        ],
    );
    if let Some(others) = document.get("others") {
        text += &format!("Not listed, by cause: {}\n", super::tables::shown(others));
    }
    text
}
