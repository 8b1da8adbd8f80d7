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
use kafka_capture::analysis::{BatchReport, Filtered, Produce as Analysis};
use serde_json::{Value, json};

use super::analysis::{Analyzing, Format, end, write_document};
use super::exit::{CODES, Faults};
use super::input::InputOptions;
use super::progress::Progress;
use super::tables::{table, time};

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
  kafka-capture produce --retried --format ndjson broker.pcapng | jq '[.topic, .partition, .final]'";

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
}

impl Produce {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let mut faults = Faults::new(&progress);
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
        let mut target = Analyzing {
            sink: Filtered::new(analysis, self.input.filter(false)),
            packet: |_, _| {},
        };
        let (counts, topics) = self.input.decode(&progress, &mut faults, &mut target);
        progress.clear();
        let totals = target.sink.into_inner().finish(&topics);
        let mut out = out.borrow_mut();
        let written = match out.failure.take() {
            Some(failure) => Err(failure),
            None => match self.format {
                Format::Ndjson => out.to.flush(),
                Format::Json => {
                    let before = if out.is_first { "{\"batches\":[" } else { "" };
                    serde_json::to_string(&totals)
                        .map_err(io::Error::from)
                        .and_then(|totals| writeln!(out.to, "{before}],\"summary\":{totals}}}"))
                        .and_then(|()| out.to.flush())
                }
                Format::Text => {
                    let document = json!({
                        "summary": totals,
                        "batches": out.kept,
                        "leftOut": out.left_out,
                    });
                    write_document(&document, Format::Text, &[], text)
                }
            },
        };
        end(faults, written, &counts, |counts, faults| {
            self.input.expect_kafka(counts, faults);
        })
    }
}

fn text(document: &Value) -> String {
    let totals = &document["summary"];
    let plain = |name: &str| super::tables::shown(&totals[name]);
    let mut text = format!(
        "{} batches, {} attempts, {} batches retried ({} retries, {} attempts at most), {} may be in the log twice\n\
         in the end: {}\nattempts: {}\nretries by cause: {}\nTCP retransmissions, which are not retries: {}\n\n",
        plain("batches"),
        plain("attempts"),
        plain("batchesRetried"),
        plain("retries"),
        plain("mostAttempts"),
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
            ("first", |row| row["attempts"][0]["ts"].clone()),
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
        text += &format!("and {} more batches\n\n", document["leftOut"]);
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
