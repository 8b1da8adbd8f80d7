//! Findings about batches of records: refused, never acknowledged, retried, appended twice.

use std::collections::BTreeMap;

use kafka_codec::ErrorCode;

use super::super::data::Data;
use super::{Evidence, Finding, Rule, count, list, named, phrase, range};
use crate::analysis::BatchReport;

pub(super) const FAILED: Rule = Rule {
    name: "batches-refused",
    severity: "failure",
    when: "the last answer to a batch is an error",
};
pub(super) const UNKNOWN: Rule = Rule {
    name: "batches-not-acknowledged",
    severity: "failure",
    when: "a batch that waits for an acknowledgement gets none in time, on any attempt, and the capture goes on",
};
pub(super) const TWICE: Rule = Rule {
    name: "batches-twice",
    severity: "failure",
    when: "a producer without idempotence sends a batch again that the broker may have appended",
};
pub(super) const RETRIED: Rule = Rule {
    name: "batches-retried",
    severity: "delay",
    when: "a batch is sent more than once",
};

pub(super) fn find(data: &Data, findings: &mut Vec<Finding>) {
    outcomes(data, findings);
    let totals = &data.views.totals;
    if totals.may_be_twice > 0 {
        let hit = totals.may_be_twice;
        let title = format!("{} may be in the log twice", count(hit, "batch", "batches"));
        let batches = of(data, |batch| batch.may_be_twice);
        let detail = format!(
            "{}{}Brokers can drop duplicates of idempotent producers alone (enable.idempotence).",
            clients(&batches),
            topics(&batches)
        );
        let evidence = Evidence::new("batches", "twice".to_owned(), times(&batches));
        findings.push(Finding::new(&TWICE, hit, title, detail, evidence));
    }
    if totals.batches_retried > 0 {
        retried(data, findings);
    }
}

/// The beginning of the outcomes of batches that were never acknowledged; how the last attempt ended follows.
const NEVER: &str = "unknown: ";
/// Outcomes that the capture does not have.
const NOT_SEEN: &[&str] = &[
    "unknown: unanswered: capture ended",
    "unknown: answer not captured",
];

/// Batches that failed, or of which the producer does not know.
fn outcomes(data: &Data, findings: &mut Vec<Finding>) {
    // What was never acknowledged is one finding, however the attempts ended.
    let mut all: BTreeMap<&str, Vec<(&str, u64)>> = BTreeMap::new();
    for (outcome, hit) in &data.views.totals.by_final_outcome {
        let kind = if outcome.starts_with(NEVER) {
            NEVER
        } else {
            outcome
        };
        if !NOT_SEEN.contains(&outcome.as_str()) {
            all.entry(kind).or_default().push((outcome, *hit));
        }
    }
    for (outcome, parts) in all {
        let hit = parts.iter().map(|(_, hit)| hit).sum::<u64>();
        let batches = of(data, |batch| {
            parts.iter().any(|(outcome, _)| batch.outcome == *outcome)
        });
        let records: i64 = batches.iter().map(|batch| batch.records.max(0)).sum();
        let batches_text = count(hit, "batch", "batches");
        let with_records = match u64::try_from(records) {
            // Of some batches it is not known, since there are too many.
            Ok(records) if crate::length::u64_of(batches.len()) == hit => {
                format!(" with {}", count(records, "record", "records"))
            }
            _ => String::new(),
        };
        let was = if hit == 1 { "was" } else { "were" };
        let (rule, title) = if let Some(error) = outcome.strip_prefix("failed: ") {
            let title = format!("{batches_text}{with_records} {was} refused: {error}");
            (&FAILED, title)
        } else if outcome == NEVER {
            let title = format!("{batches_text}{with_records} {was} never acknowledged");
            (&UNKNOWN, title)
        } else if outcome.starts_with("appended") {
            let title = format!("{batches_text}{with_records} {was} acknowledged too late");
            (&UNKNOWN, title)
        } else {
            continue;
        };
        let unknown = "The producer does not know whether the records are in the log.";
        let meaning = match outcome.strip_prefix("failed: ") {
            Some(error) => ErrorCode::from_name(error)
                .map(super::meaning)
                .unwrap_or_default(),
            None => {
                let again = if batches.iter().any(|batch| batch.producer_id < 0) {
                    " Clients without idempotence may have sent the records again in other batches."
                } else {
                    ""
                };
                format!("{unknown}{again}{}", ends(&parts))
            }
        };
        let detail = format!("{}{}{meaning}", clients(&batches), topics(&batches));
        let evidence = Evidence::new("batches", phrase(outcome.trim_end()), times(&batches));
        findings.push(Finding::new(rule, hit, title, detail, evidence));
    }
}

/// How the last attempts of batches ended that were never acknowledged.
fn ends(parts: &[(&str, u64)]) -> String {
    let ends: Vec<_> = parts
        .iter()
        .filter_map(|(outcome, hit)| Some(format!("{} {hit}", outcome.strip_prefix(NEVER)?)))
        .collect();
    if ends.is_empty() {
        String::new()
    } else {
        format!(" How the last attempts ended: {}.", ends.join(", "))
    }
}

fn retried(data: &Data, findings: &mut Vec<Finding>) {
    let totals = &data.views.totals;
    let batches = of(data, BatchReport::is_retried);
    let hit = totals.batches_retried;
    let settled = batches
        .iter()
        .filter(|batch| batch.outcome == "acked")
        .count();
    let end = if crate::length::u64_of(batches.len()) != hit {
        String::new()
    } else if settled == batches.len() {
        ", none lost".to_owned()
    } else {
        format!(", {settled} of them acknowledged in the end")
    };
    let was = if hit == 1 { "was" } else { "were" };
    let title = format!("{} {was} retried{end}", count(hit, "batch", "batches"));
    let mut causes: Vec<_> = totals.retries_by_cause.iter().collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let causes: Vec<_> = causes
        .into_iter()
        .map(|(cause, count)| format!("{cause} {count}"))
        .collect();
    let detail = format!(
        "{} in all, at most {} attempts of a batch. What was followed by a retry: {}. {}{}",
        count(totals.retries, "retry", "retries"),
        totals.most_attempts,
        causes.join(", "),
        clients(&batches),
        topics(&batches),
    );
    let evidence = Evidence::new("batches", String::new(), times(&batches));
    findings.push(Finding::new(&RETRIED, hit, title, detail, evidence));
}

fn of(data: &Data, is_hit: impl Fn(&BatchReport) -> bool) -> Vec<&BatchReport> {
    let batches = data.views.batches.iter();
    batches.filter(|batch| is_hit(batch)).collect()
}

fn clients(batches: &[&BatchReport]) -> String {
    let clients = batches.iter();
    let clients = named(
        "Clients: ",
        clients.filter_map(|batch| batch.client_id.as_deref()),
    );
    ended(clients)
}

fn topics(batches: &[&BatchReport]) -> String {
    ended(format!(
        "Topics: {}",
        list(batches.iter().map(|batch| batch.topic()))
    ))
}

fn ended(text: String) -> String {
    if text.is_empty() || text.ends_with(": ") {
        String::new()
    } else {
        format!("{text}. ")
    }
}

/// From the first attempt to the end of the last.
fn times(batches: &[&BatchReport]) -> Option<(i64, i64)> {
    let attempts = batches.iter().flat_map(|batch| &batch.attempts);
    let times = attempts.flat_map(|each| {
        let latency = each.latency_us.unwrap_or_default().saturating_mul(1000);
        [each.ts.0, each.ts.0.saturating_add(latency)]
    });
    range(times)
}
