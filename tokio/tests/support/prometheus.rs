//! A strict reader of Prometheus' text format.

use std::collections::BTreeMap;

/// The values of all series: the name of a metric with its labels in braces, as it was written.
pub(crate) type Series = BTreeMap<String, f64>;

/// Reads a page of metrics.
///
/// # Panics
///
/// Where the page breaks a rule: a line without a form, a name or label that may not be, a series that is there twice or has no
/// type, a histogram whose buckets decrease or do not add up.
pub(crate) fn parse(page: &str) -> Series {
    assert!(page.ends_with('\n'), "the last line ends too");
    let mut types = BTreeMap::new();
    let mut series = Series::new();
    for line in page.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let (keyword, rest) = comment.split_once(' ').unwrap();
            let (name, text) = rest.split_once(' ').unwrap();
            check_name(name);
            match keyword {
                "HELP" => assert!(!text.trim().is_empty(), "{line}"),
                "TYPE" => {
                    assert!(["counter", "gauge", "histogram"].contains(&text), "{line}");
                    let before = types.insert(name.to_owned(), text.to_owned());
                    assert_eq!(before, None, "two types: {line}");
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (key, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = key.split_once('{').unwrap();
        check_name(name);
        check_labels(labels.strip_suffix('}').unwrap());
        let of_histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| name.strip_suffix(end))
            .any(|base| types.get(base).is_some_and(|kind| kind == "histogram"));
        assert!(types.contains_key(name) || of_histogram, "no type: {line}");
        let before = series.insert(key.to_owned(), value.parse().unwrap());
        assert_eq!(before, None, "twice: {line}");
    }
    check_histograms(&series);
    series
}

fn check_name(name: &str) {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let valid = name
        .bytes()
        .all(|byte| is_letter(byte) || byte.is_ascii_digit());
    assert!(
        valid && name.bytes().next().is_some_and(is_letter),
        "{name}"
    );
}

/// Labels are `name="value"` with commas between; in values `\\`, `\"` and `\n` stand for themselves.
fn check_labels(labels: &str) {
    let mut rest = labels;
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").unwrap();
        check_name(name);
        let mut is_escaped = false;
        let end = value.find(|letter| {
            if is_escaped {
                assert!(matches!(letter, '\\' | '"' | 'n'), "{labels}");
                is_escaped = false;
                return false;
            }
            is_escaped = letter == '\\';
            letter == '"'
        });
        let after = &value[end.unwrap() + 1..];
        rest = match after.strip_prefix(',') {
            Some(more) if !more.is_empty() => more,
            _ => {
                assert_eq!(after, "", "{labels}");
                ""
            }
        };
    }
}

/// The buckets of a histogram count what is at most their bound, and the last one all.
fn check_histograms(series: &Series) {
    let mut buckets = BTreeMap::<String, Vec<(f64, f64)>>::new();
    for (key, count) in series.iter().filter(|(key, _)| key.contains("_bucket{")) {
        let (of, bound) = key.split_once("le=\"").unwrap();
        let bound = bound.trim_end_matches("\"}");
        let bound = bound.replace("+Inf", "inf").parse().unwrap();
        let of = of.replace("_bucket{", "_count{");
        let of = of.trim_end_matches(',').to_owned() + "}";
        buckets.entry(of).or_default().push((bound, *count));
    }
    for (count, mut buckets) in buckets {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.is_sorted_by(|a, b| a.1 <= b.1), "{count}");
        let (bound, all) = *buckets.last().unwrap();
        assert!(bound.is_infinite(), "{count}");
        assert_eq!(series.get(&count), Some(&all), "{count}");
    }
}
