//! Kafka's own Java code and this crate agree about every message and version, byte for byte; where
//! they do not, on purpose, as listed in `docs/strictness.md`.

use crate::{registry, vectors};
use std::collections::{BTreeMap, BTreeSet};

use crate::vectors::{Vector, hex};
use kafka_codec::{ApiKey, DecodeErrorKind, HeaderVersions, Version};

/// What the two tables of `docs/strictness.md` allow: errors for what Java accepts, and faults that
/// only Java cannot write again.
fn documented_differences() -> (BTreeSet<String>, BTreeSet<String>) {
    let text = include_str!("../../docs/strictness.md");
    let mut tables = text.split("|---|---|\n").skip(1).map(|table| {
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        rows.filter_map(|row| Some(row.split('`').nth(1)?.to_owned()))
            .collect::<BTreeSet<_>>()
    });
    (tables.next().unwrap(), tables.next().unwrap())
}

#[test]
fn what_java_writes_is_read_whole_and_written_the_same() {
    let registry = registry::registry();
    let (mut count, mut by_release, mut pairs) = (0, BTreeSet::new(), BTreeSet::new());
    for vector in vectors::vectors().filter(|vector| vector.text("kind") == Some("message")) {
        let entry = registry[vector.name.as_str()];
        let (left, written) = (entry.recode)(&vector.bytes, vector.version)
            .unwrap_or_else(|error| panic!("{error}\n{}", vector.place()));
        assert_eq!(left, 0, "{}", vector.place());
        assert_eq!(
            hex(&written.unwrap()),
            hex(&vector.bytes),
            "{}",
            vector.place()
        );
        count += 1;
        by_release.insert((
            vector.line["name"].to_string(),
            vector.line["version"].as_i64(),
        ));
        pairs.insert((vector.name, vector.version));
    }
    println!(
        "{count} values of {} pairs of message and version by the names of their release, {} by ours",
        by_release.len(),
        pairs.len()
    );
    let all: BTreeSet<_> = registry
        .iter()
        .flat_map(|(name, entry)| {
            entry
                .versions
                .iter()
                .map(|version| ((*name).to_owned(), version))
        })
        .collect();
    let missing: Vec<_> = all.difference(&pairs).collect();
    assert!(missing.is_empty(), "no vector of {missing:?}");
    let unknown: Vec<_> = pairs.difference(&all).collect();
    assert!(
        unknown.is_empty(),
        "vectors of versions that are not known here: {unknown:?}"
    );
    // 877 pairs of Kafka 3.9.2 and 4.4.0, less 9 that were early access in 3.9.2.
    assert_eq!(by_release.len(), 868);
}

#[test]
fn what_java_reads_leniently_is_read_the_same_and_written_canonically() {
    let registry = registry::registry();
    let mut cases = BTreeMap::<String, usize>::new();
    for vector in vectors::vectors().filter(|vector| vector.text("kind") == Some("lenient")) {
        let entry = registry[vector.name.as_str()];
        let (left, written) = (entry.recode)(&vector.bytes, vector.version)
            .unwrap_or_else(|error| panic!("{error}\n{}", vector.place()));
        assert_eq!(left, 0, "{}", vector.place());
        assert_eq!(
            Some(written.unwrap()),
            vector.canonical(),
            "{}",
            vector.place()
        );
        let case = vector.text("case").unwrap();
        let case = case
            .strip_prefix("tagged-default")
            .map_or(case, |_| "tagged-default");
        *cases.entry(case.to_owned()).or_default() += 1;
    }
    println!("{cases:?}");
    assert!(cases.len() >= 12, "{cases:?}");
}

#[test]
fn malformed_input_is_refused_where_java_refuses_it_or_where_the_documentation_says() {
    let registry = registry::registry();
    let (refused_here, written_here) = documented_differences();
    let mut found_refused = BTreeMap::<String, usize>::new();
    let mut found_written = BTreeMap::<String, usize>::new();
    let mut agreed = 0;
    for vector in vectors::vectors().filter(|vector| vector.text("kind") == Some("malformed")) {
        let entry = registry[vector.name.as_str()];
        let accepted = vector.text("verdict") == Some("accept");
        match (accepted, (entry.recode)(&vector.bytes, vector.version)) {
            (false, Err(error)) => {
                assert!(
                    error.offset() <= vector.bytes.len(),
                    "{error}\n{}",
                    vector.place()
                );
                agreed += 1;
            }
            (false, Ok(_)) => panic!("Java refuses this, but it was read\n{}", vector.place()),
            (true, Err(error)) => {
                let kind = kind_name(error.kind());
                assert!(
                    refused_here.contains(&kind),
                    "{error}, but Java reads it\n{}",
                    vector.place()
                );
                *found_refused.entry(kind).or_default() += 1;
            }
            (true, Ok((left, written))) => {
                assert_consumed(&vector, left);
                let written = written.unwrap_or_else(|error| panic!("{error}\n{}", vector.place()));
                match vector.canonical() {
                    Some(canonical) => {
                        assert_eq!(hex(&written), hex(&canonical), "{}", vector.place())
                    }
                    None => {
                        let row = if has_order(&written, &vector) {
                            "tag-order"
                        } else {
                            "tag-number"
                        };
                        assert!(written_here.contains(row), "{}", vector.place());
                        *found_written.entry(row.to_owned()).or_default() += 1;
                    }
                }
                if left > 0 {
                    let error = (entry.decode)(&vector.bytes, vector.version).unwrap_err();
                    assert_eq!(
                        error.kind(),
                        &DecodeErrorKind::TrailingBytes { count: left }
                    );
                    *found_refused.entry(kind_name(error.kind())).or_default() += 1;
                }
                agreed += 1;
            }
        }
    }
    println!(
        "{agreed} agreed; refused only here {found_refused:?}; written only here {found_written:?}"
    );
    // A row that nothing shows is not a difference.
    assert_eq!(
        found_refused.into_keys().collect::<BTreeSet<_>>(),
        refused_here
    );
    assert_eq!(
        found_written.into_keys().collect::<BTreeSet<_>>(),
        written_here
    );
}

fn assert_consumed(vector: &Vector, left: usize) {
    let consumed = vector.line["consumed"]
        .as_u64()
        .and_then(|n| usize::try_from(n).ok());
    assert_eq!(
        Some(vector.bytes.len() - left),
        consumed,
        "{}",
        vector.place()
    );
}

/// Returns `true` if writing put tags in another order, which keeps all bytes but moves them.
fn has_order(written: &[u8], vector: &Vector) -> bool {
    let read = &vector.bytes[..written.len().min(vector.bytes.len())];
    let sorted = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.sort_unstable();
        bytes
    };
    read != written && sorted(read) == sorted(written)
}

fn kind_name(kind: &DecodeErrorKind) -> String {
    let debug = format!("{kind:?}");
    debug
        .split([' ', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn apis_have_the_names_numbers_and_headers_that_java_gives_them() {
    let mut headers = 0;
    for line in vectors::lines() {
        let number = |key: &str| line[key].as_i64().and_then(|n| i16::try_from(n).ok());
        match line["kind"].as_str() {
            Some("header") => {
                let key = ApiKey::from_number(number("apiKey").unwrap());
                let version = Version(number("version").unwrap());
                let expected = (
                    Version(number("request").unwrap()),
                    Version(number("response").unwrap()),
                );
                let ours = (
                    HeaderVersions::of(key, version).request,
                    HeaderVersions::of(key, version).response,
                );
                assert_eq!(ours, expected, "{key} v{version}");
                headers += 1;
            }
            Some("api") if line["release"] == "4.4.0" => {
                let key = ApiKey::from_number(number("apiKey").unwrap());
                assert_eq!(key.name(), line["name"].as_str());
                let versions = key.versions().unwrap();
                let (lowest, highest) = (
                    Version(number("lowest").unwrap()),
                    Version(number("highest").unwrap()),
                );
                if lowest <= highest {
                    assert_eq!(versions.max(), highest, "{key}");
                    assert!(versions.contains(lowest), "{key}");
                }
            }
            _ => {}
        }
    }
    assert!(headers >= 365, "{headers}");
}
