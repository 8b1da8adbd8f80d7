//! `coverage.md` says which test shows which rule, scenario and end. All names are looked up in the sources, both ways, so
//! that it stays true: no clause without a test, no test of a rule without a clause.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const TABLES: &str = include_str!("coverage.md");

/// The rows of the table under a heading, cell by cell, without its head.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, after) = TABLES.split_once(&format!("## {heading}\n")).unwrap();
    let table = after.split("\n## ").next().unwrap();
    let lines = table.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &'static str| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().trim_matches('`')).collect()
    };
    lines.map(cells).collect()
}

/// The names of all tests here.
fn tests() -> BTreeSet<String> {
    let mut places = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connection")];
    let mut tests = BTreeSet::new();
    while let Some(place) = places.pop() {
        if place.is_dir() {
            let entries = fs::read_dir(&place).unwrap();
            places.extend(entries.map(|entry| entry.unwrap().path()));
            continue;
        }
        let source = fs::read_to_string(&place).unwrap();
        for (at, _) in source.match_indices("#[test]\n") {
            let (_, after) = source[at..].split_once("fn ").unwrap();
            tests.insert(after.split_once('(').unwrap().0.to_owned());
        }
    }
    tests
}

#[test]
fn every_clause_scenario_and_end_has_its_test() {
    let tests = tests();
    let tables = ["Rules", "Scenarios", "Reasons to close"].map(rows);
    for row in tables.iter().flatten() {
        let test = *row.last().unwrap();
        assert!(tests.contains(test), "no test for {row:?}");
    }
    let numbers = tables[0].iter().filter_map(|row| row[0].split_once('.'));
    let numbers: Vec<u32> = numbers.map(|(number, _)| number.parse().unwrap()).collect();
    assert_eq!(numbers, Vec::from_iter(1..=12), "the rules");
    assert_eq!(tables[1].len(), 18, "the scenarios");
}

#[test]
fn every_test_of_a_rule_has_its_clause() {
    let shown: BTreeSet<&str> = rows("Rules").iter().map(|row| row[2]).collect();
    for test in tests().iter().filter(|test| test.starts_with("rule_")) {
        assert!(shown.contains(&**test), "{test} has no clause");
    }
}

/// The names are those that the source gives to the reasons.
#[test]
fn every_reason_to_close_is_brought_about() {
    let source = include_str!("../../src/connection/close_reason.rs");
    let (_, after) = source.split_once("fn name(").unwrap();
    let (names, _) = after.split_once("\n    }\n").unwrap();
    let reasons: BTreeSet<&str> = names.split('"').skip(1).step_by(2).collect();
    let shown: BTreeSet<&str> = rows("Reasons to close").iter().map(|row| row[0]).collect();
    assert_eq!(shown, reasons);
}
