//! Reports as pages: what they find, against what a reference knows of the captures, and what must not be in them.
#![cfg(test)]
#![cfg(feature = "report")]

mod support;

use std::collections::BTreeMap;

use kafka_capture::Decoder;
use kafka_capture::input::{Input, Packets};
use kafka_capture::report::{Finished, RULES, Report};
use serde_json::Value;
use support::captures::{Captured, captures};
use support::feed_report;

fn report(captured: &Captured) -> Finished {
    let mut decoder = Decoder::new(Vec::new());
    #[cfg(feature = "tls")]
    if captured.beside("keylog").exists() {
        decoder.secrets().read(&captured.beside("keylog")).unwrap();
    }
    let mut report = Report::new();
    for file in &captured.files {
        let input = Input::open(file, |bytes, _| bytes).unwrap();
        let packets = Packets::new(input).unwrap();
        #[cfg(feature = "tls")]
        let packets = packets.with_secrets(decoder.secrets().clone());
        feed_report(packets, &mut decoder, &mut report);
    }
    let (counts, topics) = decoder.finish_with_topics(&mut report);
    report.finish(&topics, &counts, vec![captured.name().to_owned()])
}

/// The findings of a report: each with its kind and its text.
type Found = Vec<(&'static str, String)>;

/// The captures that have a truth file of this kind, with what is found in them.
fn with_truth(kind: &str) -> Vec<(Captured, Found, Value)> {
    let with_truth = captures().into_iter().filter_map(|captured| {
        let path = captured.beside(&format!("{kind}.json"));
        let truth = serde_json::from_slice(&std::fs::read(path).ok()?).unwrap();
        let found = report(&captured).findings();
        Some((captured, found, truth))
    });
    with_truth.collect()
}

fn of_rule<'f>(found: &'f [(&'static str, String)], rule: &str) -> Vec<&'f str> {
    let titles = found.iter().filter(|(name, _)| *name == rule);
    titles.map(|(_, title)| title.as_str()).collect()
}

/// The number that a title begins with.
fn number(title: &str) -> u64 {
    let (number, _) = title.split_once(' ').unwrap();
    number.parse().unwrap()
}

#[test]
fn the_rules_are_documented_as_they_are() {
    let documented = include_str!("../../docs/report-findings.md");
    let rows: Vec<_> = documented
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let rules: Vec<_> = RULES
        .iter()
        .map(|rule| format!("| `{}` | {} | {} |", rule.name, rule.severity, rule.when))
        .collect();
    assert_eq!(rows, rules);
}

#[test]
fn batches_that_failed_or_were_retried_are_found_and_counted() {
    for (captured, found, truth) in with_truth("retries") {
        let place = captured.name();
        let retried = truth["summary"]["batches_retried"].as_u64().unwrap();
        let titles = of_rule(&found, "batches-retried");
        let numbers: Vec<_> = titles.iter().map(|title| number(title)).collect();
        assert_eq!(numbers, [retried], "{place} {found:?}");
        let mut refused = BTreeMap::new();
        for title in of_rule(&found, "batches-refused") {
            let (_, error) = title.rsplit_once(": ").unwrap();
            refused.insert(format!("failed: {error}"), number(title));
        }
        let outcomes = truth["summary"]["by_final_outcome"].as_object().unwrap();
        let expected: BTreeMap<_, _> = outcomes
            .iter()
            .filter(|(outcome, _)| outcome.starts_with("failed: "))
            .map(|(outcome, count)| (outcome.clone(), count.as_u64().unwrap()))
            .collect();
        assert_eq!(refused, expected, "{place}");
        let lost = outcomes
            .keys()
            .any(|outcome| outcome.starts_with("unknown") || outcome.starts_with("appended, but"));
        assert_eq!(
            !of_rule(&found, "batches-not-acknowledged").is_empty(),
            lost,
            "{place}"
        );
    }
}

#[test]
fn connections_that_died_are_found_by_what_was_done_to_them() {
    let texts = [
        ("auth-failed", "failed to authenticate"),
        ("mechanism-refused", "no SASL mechanism in common"),
        ("session-expired", "outlived the SASL session"),
        ("tls-to-plaintext", "TLS at a plaintext port"),
        ("plaintext-to-tls", "plaintext at a TLS port"),
        ("foreign-protocol", "another protocol"),
        ("request-too-large", "larger than the broker accepts"),
        ("malformed-request", "a malformed request"),
        (
            "unsupported-version",
            "a version that the broker does not serve",
        ),
        ("silent", "went dead"),
    ];
    for (captured, found, truth) in with_truth("deaths") {
        let connections = truth["connections"].as_array().unwrap();
        for (code, text) in texts {
            let died = connections.iter().filter(|each| {
                each["code"] == code && each["also_accept"].as_array().is_none_or(Vec::is_empty)
            });
            let accepted = connections.iter().filter(|each| {
                let others = each["also_accept"].as_array();
                each["code"] == code || others.is_some_and(|others| others.contains(&code.into()))
            });
            let titles = of_rule(&found, "connections-ended-badly");
            let title = titles.iter().find(|title| title.contains(text));
            let count = title.map_or(0, |title| number(title));
            let (least, most) = (died.count() as u64, accepted.count() as u64);
            assert!(
                (least..=most).contains(&count),
                "{} {code}: {count} of {least} to {most}",
                captured.name()
            );
        }
    }
}

#[test]
fn members_that_vanished_are_found_and_no_others() {
    for (captured, found, truth) in with_truth("groups") {
        for group in truth["groups"].as_array().unwrap() {
            let name = group["group"].as_str().unwrap();
            let rebalances = group["rebalances"].as_array().into_iter().flatten();
            let reasons = rebalances.flat_map(|each| each["reasons"].as_array().unwrap());
            let vanished = reasons.filter_map(|each| each.as_str()?.strip_prefix("vanished: "));
            let titles = of_rule(&found, "members-vanished");
            let title = titles.iter().find(|title| title.ends_with(name));
            let vanished: Vec<_> = vanished.collect();
            assert_eq!(title.is_some(), !vanished.is_empty(), "{}", captured.name());
            for member in vanished {
                assert!(title.unwrap().contains(member), "{member}: {title:?}");
            }
        }
    }
}

#[test]
fn a_capture_in_which_all_went_well_has_no_findings() {
    for captured in captures() {
        let is_well = ["franz-go", "compression"].contains(&captured.name());
        let findings = report(&captured).findings();
        if is_well {
            assert_eq!(findings, [], "{}", captured.name());
        }
    }
}

#[test]
fn pages_are_small_and_have_neither_passwords_nor_contents_of_records() {
    for captured in captures() {
        let page = report(&captured).html();
        assert!(page.len() < 1_000_000, "{}", captured.name());
        // The passwords of the captures with SASL; and what the captures' clients write into records.
        for secret in ["alice-secret", "bob-secret", "wrong-secret"] {
            assert!(!page.contains(secret), "{} {secret}", captured.name());
        }
        let truth = std::fs::read(captured.beside("retries.json")).unwrap_or_default();
        let truth: Value = serde_json::from_slice(&truth).unwrap_or_default();
        for batch in truth["batches"].as_array().into_iter().flatten() {
            let value = batch["first_record"].as_str().unwrap();
            let (value, _) = value.split_once('~').unwrap();
            assert!(!page.contains(value), "{} {value}", captured.name());
        }
    }
}
