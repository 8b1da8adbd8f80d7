//! The findings of a capture, in words: rules with thresholds, ranked by how much was hit.
//!
//! A rule that finds nothing is silent. `docs/report-findings.md` lists them all; a test compares it with [`RULES`].

mod batches;
mod connections;
mod groups;
mod responses;

use kafka_codec::ErrorCode;

use super::data::Data;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Something failed: work was lost or refused, or a peer was gone.
    Failure,
    /// Work was delayed or repeated.
    Delay,
    /// Worth knowing.
    Note,
}

impl Severity {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Delay => "delay",
            Self::Note => "note",
        }
    }
}

/// Something that stands out.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) rule: &'static str,
    pub(super) severity: Severity,
    /// How many requests, batches or connections were hit.
    pub(super) hit: u64,
    /// A sentence without its full stop.
    pub(super) title: String,
    /// Sentences.
    pub(super) detail: String,
    pub(super) evidence: Evidence,
}

/// Where the page shows what a finding is made of.
#[derive(Debug)]
pub(super) struct Evidence {
    /// The id of the section.
    pub(super) section: &'static str,
    /// What to search for there; phrases are in quotes.
    pub(super) query: String,
    /// The time to look at.
    pub(super) time: Option<(i64, i64)>,
}

/// A rule: its name, how bad what it finds is, and when it finds something.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The name.
    pub name: &'static str,
    /// `failure`, `delay` or `note`.
    pub severity: &'static str,
    /// The condition, with its thresholds.
    pub when: &'static str,
}

/// All rules.
pub const RULES: &[Rule] = &[
    responses::STALL,
    connections::REFUSED,
    connections::UNANSWERED,
    connections::ENDED_BADLY,
    connections::TIMED_OUT,
    connections::TLS,
    batches::FAILED,
    batches::UNKNOWN,
    batches::TWICE,
    batches::RETRIED,
    groups::VANISHED,
    groups::LAG,
    groups::REBALANCES,
    groups::LONG_REBALANCE,
    responses::DENIED,
    responses::ERRORS,
    responses::SLOW,
    responses::THROTTLED,
    responses::VERSIONS,
    responses::INCOMPLETE,
    connections::UNREADABLE,
];

/// All findings, the most important first.
pub(super) fn of(data: &Data) -> Vec<Finding> {
    let mut findings = Vec::new();
    responses::find(data, &mut findings);
    connections::find(data, &mut findings);
    batches::find(data, &mut findings);
    groups::find(data, &mut findings);
    // Findings of equal rank stay in the order of the rules.
    findings.sort_by_key(|finding| (finding.severity, std::cmp::Reverse(finding.hit)));
    findings
}

impl Finding {
    /// A finding of a rule.
    fn new(rule: &Rule, hit: u64, title: String, detail: String, evidence: Evidence) -> Self {
        let severity = match rule.severity {
            "failure" => Severity::Failure,
            "delay" => Severity::Delay,
            _ => Severity::Note,
        };
        Self {
            rule: rule.name,
            severity,
            hit,
            title,
            detail,
            evidence,
        }
    }
}

impl Evidence {
    const fn new(section: &'static str, query: String, time: Option<(i64, i64)>) -> Self {
        Self {
            section,
            query,
            time,
        }
    }
}

/// A count and what is counted, in the singular or the plural.
fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Names, the first few of them.
fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    list_of_more(names, 0)
}

/// The same of more names, so many of which are not known.
fn list_of_more<'n>(names: impl IntoIterator<Item = &'n str>, unknown: usize) -> String {
    const SHOWN: usize = 4;
    let mut names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN) + unknown;
    names.truncate(SHOWN);
    let shown = names.join(", ");
    if more == 0 {
        shown
    } else {
        format!("{shown} and {more} more")
    }
}

/// Who did something: ` by a, b`, or nothing if no names are known.
fn named<'n>(before: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let names = list(names);
    if names.is_empty() {
        String::new()
    } else {
        format!("{before}{names}")
    }
}

/// A length of time, in nanoseconds, for people.
fn length(nanoseconds: i64) -> String {
    super::cells::duration(nanoseconds / 1000)
}

/// The first and last of some times.
fn range(times: impl IntoIterator<Item = i64>) -> Option<(i64, i64)> {
    times.into_iter().fold(None, |range, time| match range {
        None => Some((time, time)),
        Some((from, to)) => Some((time.min(from), time.max(to))),
    })
}

/// A phrase for the search box.
fn phrase(text: &str) -> String {
    let text = super::cells::safe(text).replace('"', " ");
    if text.contains(' ') {
        format!("\"{text}\"")
    } else {
        text
    }
}

/// What an error means, as plain text.
fn meaning(code: ErrorCode) -> String {
    code.meaning().unwrap_or_default().replace('`', "")
}
