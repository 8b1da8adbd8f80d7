//! Reports as pages: what is in them, and what must not be.
#![cfg(test)]
#![cfg(feature = "report")]

mod support;

use kafka_capture::report::RULES;

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
