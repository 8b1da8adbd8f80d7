//! `kafka-capture summary`: what is slow, what fails, and who does it.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value without the member is null there"
)]

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use kafka_capture::analysis::{Summary as Analysis, SummaryState};
use serde_json::Value;

use super::analysis::{Format, run, write_document};
use super::exit::{CODES, Failure, Faults, check_writable, naming};
use super::input::InputOptions;
use super::overwrite;
use super::progress::Progress;
use super::tables::{bytes, count, table, time};

/// Sum up captures: requests, latencies, errors and bytes by API, client, topic, broker, connection, user and software
///
/// Latency is the time from the packet that completes a request to the one that completes its response.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(super) struct Summary {
    #[command(flatten)]
    input: InputOptions,

    /// What to write
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Write the state of the summary to this file, to be merged with that of other captures
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Write the summary to this file as well, in the text format of Prometheus; what is there is replaced at once
    #[arg(long, value_name = "FILE")]
    prometheus: Option<PathBuf>,

    /// The files are states that --state wrote, of captures in their order: sum up all of them together
    #[arg(long, conflicts_with_all = OF_CAPTURES)]
    merge: bool,
}

/// The options that have no effect on states.
const OF_CAPTURES: &[&str] = &[
    "interface",
    "api",
    "client_id",
    "topic",
    "group",
    "user",
    "software",
    "from",
    "to",
    "conn",
    "port",
    "max_decompressed",
    "topics",
    #[cfg(feature = "tls")]
    "keylog",
];

const EXAMPLES: &str = "\
Examples:
  kafka-capture summary broker.pcapng
  kafka-capture summary --format json --client-id billing broker.pcapng |
    jq '.byApi[0].latencyUs.p99'
  kafka-capture summary --prometheus node_exporter/kafka.prom broker.pcapng
  kafka-capture summary --state 1.state 1.pcap.zst
  kafka-capture summary --merge 1.state 2.state";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

const LISTS: &[(&str, &str)] = &[
    ("byApi", "api"),
    ("byClient", "client"),
    ("byClientAndApi", "clientAndApi"),
    ("byTopic", "topic"),
    ("byBroker", "broker"),
    ("byConnection", "connection"),
    ("byUser", "user"),
    ("bySoftware", "software"),
    ("errors", "error"),
    ("latencyParts", "latencyParts"),
    ("compression", "compression"),
    ("refusedByNewest", "refused"),
    ("others", "others"),
];

impl Summary {
    pub(super) fn run(self) -> ExitCode {
        if let Err(failure) = self.check_outputs() {
            let progress = Progress::new();
            let mut faults = Faults::new(&progress);
            faults.add(failure);
            return faults.code();
        }
        if self.merge {
            return self.run_merge();
        }
        let write = |analysis: Analysis, topics: &_, _: &_| self.write(&analysis.finish(topics));
        run(&self.input, Analysis::new(), Analysis::packet, write)
    }

    fn check_outputs(&self) -> Result<(), Failure> {
        if let Some(file) = &self.state {
            // A state may be merged into one of the inputs: all are read before it is written.
            let inputs = self.input.all_files().filter(|_| !self.merge);
            overwrite::check("--state", file, inputs)?;
            check_writable(file).map_err(Failure::Output)?;
        }
        match &self.prometheus {
            Some(file) => overwrite::check("--prometheus", file, self.input.all_files()),
            None => Ok(()),
        }
    }

    fn run_merge(&self) -> ExitCode {
        let progress = Progress::new();
        let mut faults = Faults::new(&progress);
        let mut merged: Option<SummaryState> = None;
        for file in self.input.files() {
            let read = std::fs::read(file).map_err(|error| error.to_string());
            let state = read.and_then(|bytes| {
                SummaryState::from_json(&bytes).map_err(|error| error.to_string())
            });
            match (state, &mut merged) {
                (Ok(state), Some(merged)) => merged.merge(state),
                (Ok(state), None) => merged = Some(state),
                (Err(error), _) => {
                    faults.add(Failure::State(file.display().to_string(), error));
                }
            }
        }
        progress.clear();
        let Some(state) = merged else {
            return faults.code();
        };
        if let std::ops::ControlFlow::Break(code) = faults.of_output(self.write(&state).err()) {
            return code;
        }
        if faults.is_none() && !state.has_kafka() {
            let why = "no request or response was summed up in the states".to_owned();
            faults.add(Failure::NothingKafka(why));
        }
        faults.code()
    }

    fn write(&self, state: &SummaryState) -> io::Result<()> {
        if let Some(file) = &self.state {
            naming(file, write_state(file, state))?;
        }
        if let Some(file) = &self.prometheus {
            naming(file, replace(file, &state.prometheus()))?;
        }
        write_document(&state.document(), self.format, LISTS, text)
    }
}

fn write_state(file: &Path, state: &SummaryState) -> io::Result<()> {
    let mut to = BufWriter::new(File::create(file)?);
    state.to_json(&mut to)?;
    to.flush()
}

/// Writes a file that others may read at any time, such as the textfile collector of node_exporter: it has the old text or the
/// new one. What is not a file is written to.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    if file.exists() && !file.is_file() {
        return std::fs::write(file, text);
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let new = file.with_file_name(name);
    std::fs::write(&new, text)?;
    std::fs::rename(new, file)
}

/// What a row is of, and whether a part of it is among the others.
fn in_part(row: &Value, of: &Value) -> Value {
    if row["isPartial"] == true {
        Value::from(format!("{} (in part)", super::tables::shown(of)))
    } else {
        of.clone()
    }
}

fn text(document: &Value) -> String {
    let get = |name: &str| document.get(name).unwrap_or(&Value::Null);
    let plain = |name: &str| super::tables::shown(get(name));
    let number = |name: &str, one: &str, many: &str| count(get(name), one, many);
    let mut text = format!(
        "{} to {}\n{}, {}, {}, {}, {} without response expected, {} unanswered\n\n",
        plain("from"),
        plain("to"),
        number("packets", "packet", "packets"),
        number("connections", "connection", "connections"),
        number("requests", "request", "requests"),
        number("responses", "response", "responses"),
        plain("noResponseExpected"),
        plain("unanswered"),
    );
    let stats: &[super::tables::Column] = &[
        ("requests", |row| row["requests"].clone()),
        ("responses", |row| row["responses"].clone()),
        ("acks=0", |row| row["noResponseExpected"].clone()),
        ("unanswered", |row| row["unanswered"].clone()),
        ("sent", |row| bytes(&row["requestBytes"])),
        ("received", |row| bytes(&row["responseBytes"])),
        ("p50", |row| time(&row["latencyUs"]["p50"])),
        ("p99", |row| time(&row["latencyUs"]["p99"])),
        ("max", |row| time(&row["latencyUs"]["max"])),
        ("mean", |row| time(&row["latencyUs"]["mean"])),
        ("errors", |row| row["errors"].clone()),
    ];
    let with = |keys: &[super::tables::Column], skip: &[&str]| -> Vec<super::tables::Column> {
        let rest = stats.iter().filter(|(heading, _)| !skip.contains(heading));
        keys.iter().chain(rest).copied().collect()
    };
    let api: super::tables::Column = ("API", |row| row["api"].clone());
    let versions: super::tables::Column = ("versions", |row| row["versions"].clone());
    let client: super::tables::Column = ("client", |row| in_part(row, &row["clientId"]));
    let no_percentiles = ["p50", "p99"];
    text += &table("By API", get("byApi"), &with(&[api, versions], &[]));
    text += &table("By client", get("byClient"), &with(&[client], &[]));
    text += &table(
        "By client and API",
        get("byClientAndApi"),
        &with(&[client, api, versions], &["sent", "received", "acks=0"]),
    );
    text += &table(
        "By topic",
        get("byTopic"),
        &[
            ("topic", |row| match &row["topic"] {
                Value::Null => in_part(row, &row["topicId"]),
                topic => in_part(row, topic),
            }),
            ("produce requests", |row| row["produceRequests"].clone()),
            ("batches", |row| row["produceBatches"].clone()),
            ("records", |row| row["produceRecords"].clone()),
            ("produced", |row| bytes(&row["produceBytes"])),
            ("errors", |row| row["produceErrors"].clone()),
            ("fetches with records", |row| {
                row["fetchResponsesWithRecords"].clone()
            }),
            ("fetched", |row| bytes(&row["fetchBytes"])),
            ("fetch errors", |row| row["fetchErrors"].clone()),
            ("producers", |row| row["producers"].clone()),
            ("consumers", |row| row["consumers"].clone()),
            ("groups", |row| row["groups"].clone()),
        ],
    );
    text += &table(
        "By broker",
        get("byBroker"),
        &with(&[("broker", |row| in_part(row, &row["broker"]))], &[]),
    );
    text += &table(
        "By user",
        get("byUser"),
        &with(
            &[("user", |row| in_part(row, &row["user"]))],
            &no_percentiles,
        ),
    );
    text += &table(
        "By software",
        get("bySoftware"),
        &with(
            &[
                ("software", |row| in_part(row, &row["software"])),
                ("version", |row| row["version"].clone()),
            ],
            &no_percentiles,
        ),
    );
    text += &table(
        "By connection",
        get("byConnection"),
        &with(
            &[("connection", |row| row["conn"].clone()), client],
            &no_percentiles,
        ),
    );
    text += &table(
        "Errors",
        get("errors"),
        &[
            api,
            ("within", |row| row["within"].clone()),
            ("error", |row| row["error"].clone()),
            ("count", |row| row["count"].clone()),
        ],
    );
    text += &table(
        "What latency is made of (means)",
        get("latencyParts"),
        &[
            api,
            ("request transfer", |row| time(&row["requestTransferUs"])),
            ("wait behind others", |row| time(&row["waitUs"])),
            ("service", |row| time(&row["serviceUs"])),
            ("response transfer", |row| time(&row["responseTransferUs"])),
            ("throttled", |row| row["throttled"].clone()),
            ("throttle ms", |row| row["throttleMs"].clone()),
        ],
    );
    let fetches = get("fetches");
    let kinds: Vec<_> = [
        ("with records", "withDataUs"),
        ("empty", "emptyUs"),
        ("empty, at the maximum wait", "atMaxWaitUs"),
    ]
    .into_iter()
    .filter(|(_, name)| fetches[*name]["count"] != 0)
    .map(|(kind, name)| {
        let mut row = fetches[name].clone();
        row["kind"] = Value::from(kind);
        row
    })
    .collect();
    text += &table(
        "Fetch responses",
        &Value::Array(kinds),
        &[
            ("kind", |row| row["kind"].clone()),
            ("count", |row| row["count"].clone()),
            ("p50", |row| time(&row["p50"])),
            ("p99", |row| time(&row["p99"])),
            ("max", |row| time(&row["max"])),
        ],
    );
    text += &table(
        "Compression of produced batches",
        get("compression"),
        &[
            ("codec", |row| row["codec"].clone()),
            ("batches", |row| row["batches"].clone()),
            ("records", |row| row["records"].clone()),
            ("bytes", |row| bytes(&row["bytes"])),
            ("batch p50", |row| bytes(&row["batchBytes"]["p50"])),
            ("batch max", |row| bytes(&row["batchBytes"]["max"])),
            ("records p50", |row| row["batchRecords"]["p50"].clone()),
            ("ratio", |row| row["ratio"].clone()),
        ],
    );
    text += &table(
        "Clients that the newest broker would refuse",
        get("refusedByNewest"),
        &[
            client,
            api,
            versions,
            ("release", |row| row["release"].clone()),
            ("serves", |row| row["served"].clone()),
        ],
    );
    text += &table(
        "Others, merged",
        get("others"),
        &[
            ("of", |row| row["of"].clone()),
            ("merged", |row| row["merged"].clone()),
            ("requests", |row| row["requests"].clone()),
            ("responses", |row| row["responses"].clone()),
        ],
    );
    if let Some(number) = get("openAtSeam").get("count") {
        let requests = count(number, "request was", "requests were");
        text += &format!("{requests} open where one capture ended and the next began\n");
        text += &table(
            "Open at a seam",
            &get("openAtSeam")["requests"],
            &[
                ("connection", |row| row["conn"].clone()),
                api,
                ("correlation id", |row| row["correlationId"].clone()),
                ("sent", |row| row["sent"].clone()),
            ],
        );
    }
    text
}
