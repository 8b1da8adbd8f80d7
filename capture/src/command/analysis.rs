//! What the commands share that answer questions: the format of their answers, and decoding for them.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::ValueEnum;
use kafka_capture::analysis::Filtered;
use kafka_capture::output::Sink;
use kafka_capture::{Counts, End, Event, TopicNames};
use serde::Serialize;
use serde_json::{Map, Value};

use super::exit::Faults;
use super::input::{InputOptions, Target};
use super::progress::Progress;

/// The format of an answer.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables for people
    Text,
    /// One JSON document
    Json,
    /// A JSON object a line
    Ndjson,
}

/// An analysis as the target of decoding.
pub(super) struct Analyzing<S> {
    pub(super) sink: Filtered<S>,
    /// What is called with the time of each packet.
    pub(super) packet: fn(&mut S, i64),
}

impl<S: Sink> Sink for Analyzing<S> {
    fn event(&mut self, event: &Event<'_>) {
        self.sink.event(event);
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.sink.hidden(event);
    }

    fn earlier(&mut self, event: &Event<'_>) {
        self.sink.earlier(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.sink.end(end);
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        self.sink.ended_earlier(end);
    }
}

impl<S: Sink> Target for Analyzing<S> {
    fn packet(&mut self, time: i64) {
        (self.packet)(self.sink.get_mut(), time);
    }
}

/// Writes an answer to the standard output.
///
/// `lists` are the members of the document that are lists: NDJSON has a line for each element, of the kind that stands
/// beside the list's name, and before them one of the kind `total` with the other members.
pub(super) fn write_document(
    document: &impl Serialize,
    format: Format,
    lists: &[(&str, &str)],
    text: impl FnOnce(&Value) -> String,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match format {
        Format::Json => {
            serde_json::to_writer(&mut out, document)?;
            out.write_all(b"\n")?;
        }
        Format::Ndjson => {
            let value = serde_json::to_value(document)?;
            for line in lines(value, lists) {
                serde_json::to_writer(&mut out, &line)?;
                out.write_all(b"\n")?;
            }
        }
        Format::Text => out.write_all(text(&serde_json::to_value(document)?).as_bytes())?,
    }
    out.flush()
}

fn lines(document: Value, lists: &[(&str, &str)]) -> Vec<Value> {
    let Value::Object(mut members) = document else {
        return vec![document];
    };
    let mut lines = Vec::new();
    for (list, kind) in lists {
        let Some(Value::Array(elements)) = members.remove(*list) else {
            continue;
        };
        for element in elements {
            let mut line = Map::new();
            line.insert("kind".to_owned(), Value::from(*kind));
            if let Value::Object(element) = element {
                line.extend(element);
            }
            lines.push(Value::Object(line));
        }
    }
    if !members.is_empty() {
        members.insert("kind".to_owned(), Value::from("total"));
        lines.insert(0, Value::Object(members));
    }
    lines
}

/// Runs a command: decodes the input for its analysis, which gets the time of each packet by `packet`, and has
/// `write` write what that comes to.
pub(super) fn run<S: Sink>(
    input: &InputOptions,
    analysis: S,
    packet: fn(&mut S, i64),
    write: impl FnOnce(S, &TopicNames, &Counts) -> io::Result<()>,
) -> ExitCode {
    let progress = Progress::new();
    let mut faults = Faults::new(&progress);
    let mut target = Analyzing {
        sink: Filtered::new(analysis, input.filter(false)),
        packet,
    };
    let (counts, topics) = input.decode(&progress, &mut faults, &mut target);
    progress.clear();
    let passed = target.sink.passed().clone();
    let written = write(target.sink.into_inner(), &topics, &counts);
    let code = end(input, faults, written, &counts);
    input.expect_matches(&counts, false, &passed);
    code
}

/// Ends a command that has written its answer: the exit code, after the last line.
pub(super) fn end(
    input: &InputOptions,
    mut faults: Faults<'_>,
    written: io::Result<()>,
    counts: &Counts,
) -> ExitCode {
    if let ControlFlow::Break(code) = faults.of_output(written.err()) {
        return code;
    }
    input.expect_kafka(counts, &mut faults);
    faults.end(counts)
}

/// Writes a JSON object a line to the standard output.
pub(super) fn write_lines<T: Serialize>(rows: &[T]) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for row in rows {
        serde_json::to_writer(&mut out, row)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
