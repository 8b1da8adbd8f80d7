//! Differences of verdicts: what they are called, and what is reported of Kafka's Java code.

#![cfg(test)]

use kafka_fuzz::Target;
use kafka_fuzz::judge::{Case, Comparison, Difference, Verdict};

/// The first case of all that is as wanted, and this crate's verdict.
fn case(is_wanted: impl Fn(&Case, &Verdict) -> bool) -> (Case, Verdict) {
    let targets: Vec<_> = Target::all().collect();
    let cases = (0..10_000).map(|id| Case::new(0, id, &targets));
    let mut judged = cases.map(|case| {
        let ours = Verdict::of_this_crate(&case);
        (case, ours)
    });
    let found = judged.find(|(case, ours)| is_wanted(case, ours));
    found.expect("there are cases of all kinds")
}

/// A valid case whose digits are not all decimal.
fn valid() -> (Case, Verdict) {
    case(|case, ours| ours.accepted && case.label == "valid" && case.hex.contains('f'))
}

fn in_capitals(verdict: &Verdict) -> Verdict {
    Verdict {
        hex: verdict.hex.as_ref().map(|hex| hex.to_uppercase()),
        ..verdict.clone()
    }
}

fn accepted(case: &Case) -> Verdict {
    Verdict {
        id: case.id,
        accepted: true,
        ..Verdict::default()
    }
}

fn compare(case: &Case, verdict: &Verdict, java: Option<&Verdict>) -> Comparison {
    let mut comparison = Comparison::default();
    comparison.add(case, verdict, java);
    comparison
}

fn differences(comparison: &Comparison) -> Vec<Difference> {
    let findings = comparison.findings.keys();
    findings.map(|(difference, _)| *difference).collect()
}

#[test]
fn digits_are_compared_without_their_case() {
    let (case, ours) = valid();
    let comparison = compare(&case, &in_capitals(&ours), None);
    assert_eq!(differences(&comparison), []);

    // A case that others have written.
    let shouted = Case {
        hex: case.hex.to_uppercase(),
        ..case.clone()
    };
    let refused = Verdict {
        accepted: false,
        ..accepted(&case)
    };
    let comparison = compare(&shouted, &refused, Some(&in_capitals(&ours)));
    assert_eq!(differences(&comparison), [Difference::RefusesValid]);
    let finding = comparison.findings.values().next().unwrap();
    assert_eq!((finding.java_asked, finding.java_agrees), (1, 1));
}

#[test]
fn java_is_mentioned_only_where_it_was_asked() {
    let (case, _) =
        case(|case, ours| !ours.accepted && case.expectation.as_deref() == Some("refuse"));
    let text = |java: Option<&Verdict>| compare(&case, &accepted(&case), java).to_string();
    let label = &case.label;
    assert!(text(None).contains(&format!("\naccepts malformed: {label}: 1 cases\n")));
    let java = Verdict {
        accepted: false,
        ..accepted(&case)
    };
    assert!(text(Some(&java)).contains(": 1 cases, Java agrees with this crate in 1 of 1\n"));
    // Who has not read the message has no mind.
    let unsupported = Verdict {
        unsupported: true,
        ..java
    };
    assert!(
        text(Some(&unsupported)).contains(": 1 cases, Java agrees with this crate in 0 of 1\n")
    );
}

#[test]
fn what_nothing_is_known_of_is_not_called_lenient_as_kafka() {
    let (unknown, _) = case(|case, ours| !ours.accepted && case.expectation.is_none());
    let comparison = compare(&unknown, &accepted(&unknown), None);
    assert_eq!(differences(&comparison), [Difference::MoreLenient]);
    assert!(comparison.is_clean());
    let text = comparison.to_string();
    assert!(
        text.contains("\naccepts what this crate refuses: "),
        "{text}"
    );

    let (known, _) =
        case(|case, ours| !ours.accepted && case.expectation.as_deref() == Some("kafka-accepts"));
    let comparison = compare(&known, &accepted(&known), None);
    assert_eq!(differences(&comparison), [Difference::LenientAsKafka]);
}
