//! `kafka-capture produce`: what became of each batch of records.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value without the member is null there"
)]

use std::cell::RefCell;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::rc::Rc;

use clap::Args;
use kafka_capture::analysis::{BatchReport, Produce as Analysis, ProduceTotals};
use serde_json::{Value, json};

use super::analysis::{Format, run, write_document};
use super::exit::CODES;
use super::input::InputOptions;
use super::tables::{clock, count, table, time};

/// How many batches tables have.
const MAX_ROWS: usize = 100;

/// Follow every batch of records over all attempts to send it, on any connection and broker
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(super) struct Produce {
    #[command(flatten)]
    input: InputOptions,

    /// What to write; NDJSON has a line for each batch
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Only batches that were sent more than once
    #[arg(long)]
    retried: bool,

    /// Only batches whose producer waited for an acknowledgement in vain
    #[arg(long)]
    stuck: bool,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture produce broker.pcapng
  kafka-capture produce --retried --format ndjson broker.pcapng |
    jq '[.topic, .partition, .final]'";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

/// Where batches go.
struct Out {
    format: Format,
    to: BufWriter<io::Stdout>,
    is_first: bool,
    failure: Option<io::Error>,
    /// For tables: the batches with most attempts, and how many were left out.
    kept: Vec<BatchReport>,
    left_out: usize,
}

impl Out {
    fn batch(&mut self, batch: BatchReport) {
        if self.format == Format::Text {
            if batch.is_retried() || batch.is_stuck() {
                if self.kept.len() < MAX_ROWS {
                    self.kept.push(batch);
                } else {
                    self.left_out += 1;
                }
            }
            return;
        }
        if self.failure.is_none() {
            self.failure = self.write(&batch).err();
        }
    }

    fn write(&mut self, batch: &BatchReport) -> io::Result<()> {
        let before: &[u8] = match (self.format, self.is_first) {
            (Format::Json, true) => b"{\"batches\":[",
            (Format::Json, false) => b",",
            _ => b"",
        };
        self.is_first = false;
        self.to.write_all(before)?;
        serde_json::to_writer(&mut self.to, batch)?;
        if self.format == Format::Ndjson {
            self.to.write_all(b"\n")?;
        }
        Ok(())
    }

    /// All batches have been written.
    fn end(&mut self, totals: &ProduceTotals) -> io::Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        match self.format {
            Format::Ndjson => {}
            Format::Json => {
                let before = if self.is_first { "{\"batches\":[" } else { "" };
                let totals = serde_json::to_string(totals)?;
                writeln!(self.to, "{before}],\"summary\":{totals}}}")?;
            }
            Format::Text => {
                let document = json!({
                    "summary": totals,
                    "batches": self.kept,
                    "leftOut": self.left_out,
                });
                return write_document(&document, Format::Text, &[], text);
            }
        }
        self.to.flush()
    }
}

impl Produce {
    pub(super) fn run(self) -> ExitCode {
        let out = Rc::new(RefCell::new(Out {
            format: self.format,
            to: BufWriter::new(io::stdout()),
            is_first: true,
            failure: None,
            kept: Vec::new(),
            left_out: 0,
        }));
        let (retried, stuck) = (self.retried, self.stuck);
        let shared = Rc::clone(&out);
        let analysis = Analysis::new(move |batch| {
            let is_wanted = (!retried || batch.is_retried()) && (!stuck || batch.is_stuck());
            if is_wanted {
                shared.borrow_mut().batch(batch);
            }
        });
        let write = |analysis: Analysis, topics: &_, _: &_| {
            let totals = analysis.finish(topics);
            out.borrow_mut().end(&totals)
        };
        run(&self.input, analysis, |_, _| {}, write)
    }
}

fn text(document: &Value) -> String {
    let totals = &document["summary"];
    let plain = |name: &str| super::tables::shown(&totals[name]);
    let mut text = format!(
        "{}, {}, {} retried ({}, {} at most), {} may be in the log twice\n\
         in the end: {}\nattempts: {}\nretries by cause: {}\nTCP retransmissions, which are not retries: {}\n\n",
        count(&totals["batches"], "batch", "batches"),
        count(&totals["attempts"], "attempt", "attempts"),
        count(&totals["batchesRetried"], "batch", "batches"),
        count(&totals["retries"], "retry", "retries"),
        count(&totals["mostAttempts"], "attempt", "attempts"),
        plain("mayBeTwice"),
        plain("byFinalOutcome"),
        plain("byAttemptOutcome"),
        plain("retriesByCause"),
        plain("tcpRetransmissions"),
    );
    text += &table(
        "Batches that were retried or are stuck",
        &document["batches"],
        &[
            ("topic", |row| row["topic"].clone()),
            ("partition", |row| row["partition"].clone()),
            ("client", |row| row["clientId"].clone()),
            ("producer", |row| row["producerId"].clone()),
            ("sequence", |row| row["baseSequence"].clone()),
            ("records", |row| row["records"].clone()),
            ("attempts", |row| {
                Value::from(row["attempts"].as_array().map_or(0, Vec::len))
            }),
            ("first", |row| clock(&row["attempts"][0]["ts"])),
            ("outcomes", |row| {
                let attempts = row["attempts"].as_array().into_iter().flatten();
                let outcomes: Vec<_> = attempts.map(|each| each["outcome"].clone()).collect();
                Value::Array(outcomes)
            }),
            ("in the end", |row| row["final"].clone()),
            ("twice", |row| match &row["mayBeTwice"] {
                Value::Bool(true) => Value::from("maybe"),
                _ => Value::Null,
            }),
        ],
    );
    if document["leftOut"] != 0 {
        let more = count(&document["leftOut"], "more batch", "more batches");
        text += &format!("and {more}\n\n");
    }
    text += &table(
        "Partitions",
        &totals["partitions"],
        &[
            ("topic", |row| row["topic"].clone()),
            ("partition", |row| row["partition"].clone()),
            ("batches", |row| row["batches"].clone()),
            ("attempts", |row| row["attempts"].clone()),
            ("timed out", |row| row["timeouts"].clone()),
            ("stuck", |row| row["stuck"].clone()),
            ("since", |row| time(&row["ageUs"])),
        ],
    );
    text
}
