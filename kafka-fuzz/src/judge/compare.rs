//! The differences between verdicts, counted by kind, with the smallest case of each.

use std::collections::BTreeMap;
use std::fmt;

use super::{Case, Verdict};

/// How a verdict differs from that of this crate, or what else is wrong with it. In the order of gravity.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Difference {
    /// The process ended, or was ended as no verdict came in time.
    Died,
    /// The parser panicked.
    Panicked,
    /// The parser took far more memory than the message has bytes.
    Memory,
    /// The parser accepts what the message must not be accepted as.
    AcceptsMalformed,
    /// The parser refuses a valid message.
    RefusesValid,
    /// Both accept, but the parser writes something else of what it read: something was lost or invented.
    WritesOtherwise,
    /// The parser accepts what this crate refuses: nothing is required here.
    MoreLenient,
    /// The parser accepts where Kafka's own code is lenient too.
    LenientAsKafka,
    /// The parser refuses what is written unusually, or not as this crate: nothing is required here.
    Stricter,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Died => "process ended",
            Self::Panicked => "panic",
            Self::Memory => "memory",
            Self::AcceptsMalformed => "accepts malformed",
            Self::RefusesValid => "refuses valid",
            Self::WritesOtherwise => "writes otherwise",
            Self::MoreLenient => "accepts what this crate refuses",
            Self::LenientAsKafka => "lenient as Kafka",
            Self::Stricter => "stricter",
        })
    }
}

/// All cases of one difference and one label.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How many there are.
    pub count: u64,
    /// How many of them Kafka's Java code was asked about.
    pub java_asked: u64,
    /// How many of these it answers as this crate does.
    pub java_agrees: u64,
    /// The case with the smallest body.
    pub smallest: Case,
    /// The verdict about it.
    pub verdict: Verdict,
}

/// The differences of one parser.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// How many cases were compared.
    pub compared: u64,
    /// How many of them the parser does not have the message or the version of.
    pub unsupported: u64,
    /// The differences, by kind and by label of the case.
    pub findings: BTreeMap<(Difference, String), Finding>,
}

impl Comparison {
    /// Compares a verdict about a case with this crate's, and with that of Kafka's Java code if it is given.
    pub fn add(&mut self, case: &Case, verdict: &Verdict, java: Option<&Verdict>) {
        self.compared += 1;
        if verdict.unsupported {
            self.unsupported += 1;
            return;
        }
        let ours = Verdict::of_this_crate(case);
        let Some(difference) = difference(case, verdict, &ours) else {
            return;
        };
        let java_agrees = java.is_some_and(|java| {
            let has_read = !(java.unsupported || java.panicked || java.died);
            let is_same = !ours.accepted || java.writes_as(&ours);
            has_read && java.accepted == ours.accepted && is_same
        });
        let key = (difference, case.label.clone());
        let finding = self.findings.entry(key).or_insert_with(|| Finding {
            count: 0,
            java_asked: 0,
            java_agrees: 0,
            smallest: case.clone(),
            verdict: verdict.clone(),
        });
        finding.count += 1;
        finding.java_asked += u64::from(java.is_some());
        finding.java_agrees += u64::from(java_agrees);
        if case.hex.len() < finding.smallest.hex.len() {
            finding.smallest = case.clone();
            finding.verdict = verdict.clone();
        }
    }

    /// Returns `true` if nothing was found that is a fault of the parser.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings
            .keys()
            .all(|(difference, _)| *difference >= Difference::MoreLenient)
    }
}

fn difference(case: &Case, verdict: &Verdict, ours: &Verdict) -> Option<Difference> {
    let bytes = u64::try_from(case.hex.len() / 2).unwrap_or(u64::MAX);
    let is_lenient = case.expectation.as_deref() == Some("kafka-accepts");
    if verdict.died {
        return Some(Difference::Died);
    }
    if verdict.panicked {
        return Some(Difference::Panicked);
    }
    if verdict.memory > MEMORY + bytes.saturating_mul(MEMORY_A_BYTE) {
        return Some(Difference::Memory);
    }
    match (verdict.accepted, ours.accepted) {
        (true, false) if is_lenient => Some(Difference::LenientAsKafka),
        (true, false) if case.expectation.as_deref() == Some("refuse") => {
            Some(Difference::AcceptsMalformed)
        }
        // What nothing is known of, such as a mutant of a malformed message.
        (true, false) => Some(Difference::MoreLenient),
        (false, true)
            if case.expectation.as_deref() == Some("accept") && is_canonical(case, ours) =>
        {
            Some(Difference::RefusesValid)
        }
        (false, true) => Some(Difference::Stricter),
        (true, true) if verdict.hex.is_some() && !verdict.writes_as(ours) => {
            Some(Difference::WritesOtherwise)
        }
        _ => None,
    }
}

/// Whether the message is written as an encoder does.
fn is_canonical(case: &Case, ours: &Verdict) -> bool {
    let hex = ours.hex.as_deref();
    hex.is_some_and(|hex| hex.eq_ignore_ascii_case(&case.hex))
}

/// As a table, with the smallest case of each line below it.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            compared,
            unsupported,
            findings,
        } = self;
        writeln!(
            f,
            "{compared} cases, {unsupported} of messages or versions that the parser lacks"
        )?;
        for ((difference, label), finding) in findings {
            let Finding {
                count,
                java_asked,
                java_agrees,
                smallest,
                verdict,
            } = finding;
            write!(f, "{difference}: {label}: {count} cases")?;
            if *java_asked > 0 {
                write!(
                    f,
                    ", Java agrees with this crate in {java_agrees} of {java_asked}"
                )?;
            }
            writeln!(f)?;
            let Case {
                id,
                message,
                version,
                hex,
                ..
            } = smallest;
            let shown = hex.get(..200).unwrap_or(hex);
            writeln!(
                f,
                "    {message} v{version}, case {id}, {} bytes: {shown}",
                hex.len() / 2
            )?;
            if let Some(error) = &verdict.error {
                let end = error
                    .char_indices()
                    .nth(300)
                    .map_or(error.len(), |(at, _)| at);
                writeln!(f, "    {}", error.get(..end).unwrap_or_default())?;
            }
            if *difference == Difference::Memory {
                writeln!(f, "    {} bytes of memory", verdict.memory)?;
            }
        }
        Ok(())
    }
}

const MEMORY: u64 = 1 << 20;

const MEMORY_A_BYTE: u64 = 256;
