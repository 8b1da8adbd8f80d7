//! `kafka-fuzz judge`: what other parsers make of many messages, and where that differs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use kafka_fuzz::judge::{Case, Comparison, Verdict, adapter};
use serde::de::DeserializeOwned;

use super::choice::Choice;
use super::output::Failure;

/// Compare what another parser makes of messages with what this crate and Kafka's Java code make of them
///
/// A parser is asked by an adapter: a program that reads a case a line from standard input and answers with a verdict a line. Both are
/// JSON objects. Those of some parsers are in kafka-fuzz/adapters, whose README says what is in the lines.
#[derive(Args)]
#[command(after_help = EXAMPLES, disable_version_flag = true)]
pub(super) struct Judge {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Write cases to standard output
    Cases(Cases),
    /// Compare the verdicts in a file
    Compare(Compare),
    /// Run an adapter over cases, and start it again when it dies
    Run(Run),
}

#[derive(Args)]
struct Cases {
    /// How many cases: of four one valid, one malformed, one mutated, one mutated several times
    #[arg(long, short = 'n', default_value_t = 10_000)]
    count: u64,

    /// The seed of all cases
    #[arg(long, default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    choice: Choice,
}

#[derive(Args)]
struct Compare {
    /// The file of cases
    cases: PathBuf,

    /// The file of the parser's verdicts
    verdicts: PathBuf,

    /// The file of the verdicts of Kafka's Java code
    #[arg(long, value_name = "FILE")]
    java: Option<PathBuf>,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    cases: Cases,

    /// Seconds that a verdict may take, and the end of an adapter that has answered all cases
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    timeout: u64,

    /// The adapter of Kafka's Java code, a command with its arguments in one string; asked about the smallest case of each finding
    #[arg(long, value_name = "COMMAND")]
    java: Option<String>,

    /// The adapter, and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    adapter: Vec<String>,
}

impl Judge {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut out = BufWriter::new(io::stdout().lock());
        let outcome = match self.step {
            Step::Cases(cases) => cases.write(&mut out),
            Step::Compare(compare) => compare.write(&mut out),
            Step::Run(run) => run.write(&mut out),
        };
        // What was found before a failure is worth reading too.
        out.flush()?;
        outcome
    }
}

impl Cases {
    fn write(&self, out: &mut impl Write) -> Result<(), Failure> {
        let targets = self.choice.targets()?;
        for id in 0..self.count {
            let case = Case::new(self.seed, id, &targets);
            serde_json::to_writer(&mut *out, &case).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

impl Compare {
    fn write(&self, out: &mut impl Write) -> Result<(), Failure> {
        let verdicts = by_id(&self.verdicts)?;
        let java = self.java.as_deref().map(by_id).transpose()?;
        let mut comparison = Comparison::default();
        let mut missing = 0;
        for case in lines::<Case>(&self.cases)? {
            let case = case?;
            let java = java.as_ref().and_then(|java| java.get(&case.id));
            match verdicts.get(&case.id) {
                Some(verdict) => comparison.add(&case, verdict, java),
                None => missing += 1,
            }
        }
        write!(out, "{comparison}")?;
        if missing > 0 {
            writeln!(out, "{missing} cases without a verdict")?;
        }
        Ok(())
    }
}

fn by_id(path: &Path) -> Result<BTreeMap<u64, Verdict>, Failure> {
    let verdicts = lines::<Verdict>(path)?;
    verdicts
        .map(|verdict| verdict.map(|verdict| (verdict.id, verdict)))
        .collect()
}

/// The values in the lines of a file.
fn lines<T: DeserializeOwned>(
    path: &Path,
) -> Result<impl Iterator<Item = Result<T, Failure>>, Failure> {
    let name = path.display().to_string();
    let failed = |name: &str, error: io::Error| Failure::Input(name.to_owned(), error);
    let file = File::open(path).map_err(|error| failed(&name, error))?;
    let lines = BufReader::new(file).split(b'\n').enumerate();
    Ok(lines.map(move |(index, line)| {
        let name = format!("{name}:{}", index + 1);
        let line = line.map_err(|error| failed(&name, error))?;
        // Errors of parsers may quote bytes that are not UTF-8.
        let line = String::from_utf8_lossy(&line);
        serde_json::from_str(&line).map_err(|error| failed(&name, error.into()))
    }))
}

impl Run {
    fn write(&self, out: &mut impl Write) -> Result<(), Failure> {
        let targets = self.cases.choice.targets()?;
        let (seed, count) = (self.cases.seed, self.cases.count);
        let make = |id| Case::new(seed, id, &targets);
        let timeout = Duration::from_secs(self.timeout);
        let mut comparison = Comparison::default();
        let outcome = adapter::run(
            &self.adapter,
            count,
            &make,
            timeout,
            &mut |case, verdict| {
                comparison.add(case, verdict, None);
            },
        );
        let name = self.adapter.join(" ");
        if outcome.is_ok() || comparison.compared > 0 {
            writeln!(out, "{name}")?;
            write!(out, "{comparison}")?;
        }
        outcome.map_err(|error| Failure::Input(name, error))?;
        match &self.java {
            Some(java) if !comparison.findings.is_empty() => {
                Self::ask_java(java, &comparison, timeout, out)
            }
            _ => Ok(()),
        }
    }

    /// What Kafka's Java code makes of the smallest cases.
    fn ask_java(
        java: &str,
        comparison: &Comparison,
        timeout: Duration,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        let cases: Vec<_> = comparison
            .findings
            .values()
            .map(|finding| finding.smallest.clone())
            .collect();
        let command: Vec<_> = java.split_whitespace().map(str::to_owned).collect();
        let numbered = |id: u64| {
            let index = usize::try_from(id).ok();
            let case = index.and_then(|index| cases.get(index)).cloned();
            Case {
                id,
                ..case.expect("there are as many cases as findings")
            }
        };
        let count = u64::try_from(cases.len()).map_err(io::Error::other)?;
        let mut answers = Vec::new();
        let outcome = adapter::run(&command, count, &numbered, timeout, &mut |_, verdict| {
            answers.push(verdict.clone());
        });
        writeln!(out, "Kafka's Java code on the smallest cases:")?;
        for (case, verdict) in cases.iter().zip(&answers) {
            let Case { id, label, .. } = case;
            writeln!(out, "    case {id}, {label}: {}", answer(case, verdict))?;
        }
        outcome.map_err(|error| Failure::Input(java.to_owned(), error))
    }
}

/// A verdict in words.
fn answer(case: &Case, verdict: &Verdict) -> String {
    let what = if verdict.unsupported {
        return "lacks the message or the version".to_owned();
    } else if verdict.accepted {
        return match &verdict.hex {
            None => "accepts".to_owned(),
            Some(_) if verdict.writes_as(&Verdict::of_this_crate(case)) => {
                "accepts, writes as this crate".to_owned()
            }
            Some(hex) => format!("accepts, writes {hex}"),
        };
    } else if verdict.died {
        "process ended"
    } else if verdict.panicked {
        "panics"
    } else {
        "refuses"
    };
    match &verdict.error {
        Some(error) => format!("{what}: {error}"),
        None => what.to_owned(),
    }
}

const EXAMPLES: &str = "\
Examples:
  kafka-fuzz judge run --count 100000 -- target/release/adapter-kafka-protocol
  kafka-fuzz judge cases --count 1000 >cases.ndjson
  my-adapter <cases.ndjson >verdicts.ndjson
  kafka-fuzz judge compare cases.ndjson verdicts.ndjson";
