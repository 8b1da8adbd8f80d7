//! Numbers as they are shown: short, and no wider than a column.

use crate::command::tables::safe;

/// A rate in thousandths.
pub(super) fn rate(thousandths: u64) -> String {
    match thousandths {
        0 => "0".to_owned(),
        1..100 => "<0.1".to_owned(),
        100..10_000 => format!("{}.{}", thousandths / 1000, thousandths % 1000 / 100),
        _ => count(thousandths / 1000),
    }
}

/// A number, of up to five characters.
pub(super) fn count(number: u64) -> String {
    scaled(number, 1000, &["", "k", "M", "G", "T", "P", "E"])
}

/// Bytes a second, from thousandths.
pub(super) fn bytes(thousandths: u64) -> String {
    scaled(
        thousandths / 1000,
        1000,
        &["B", "kB", "MB", "GB", "TB", "PB", "EB"],
    )
}

fn scaled(number: u64, step: u64, units: &[&str]) -> String {
    let (mut value, mut tenths, mut at) = (number, 0, 0);
    // Up to 9999 there are four digits; beyond that, a unit.
    while value >= if at == 0 { 10 * step } else { step } && at + 1 < units.len() {
        tenths = value % step * 10 / step;
        value /= step;
        at += 1;
    }
    let unit = units.get(at).copied().unwrap_or_default();
    if at > 0 && value < 100 {
        format!("{value}.{tenths}{unit}")
    } else {
        format!("{value}{unit}")
    }
}

/// A latency in microseconds.
pub(super) fn latency(microseconds: Option<u64>) -> String {
    match microseconds {
        None => "-".to_owned(),
        Some(value @ 0..1000) => format!("{value}us"),
        Some(value @ 1000..100_000) => format!("{}.{}ms", value / 1000, value % 1000 / 100),
        Some(value @ 100_000..1_000_000) => format!("{}ms", value / 1000),
        Some(value) if value < 100_000_000 => {
            format!("{}.{}s", value / 1_000_000, value % 1_000_000 / 100_000)
        }
        Some(value) => format!("{}s", value / 1_000_000),
    }
}

/// What a peer wrote, without what controls the terminal; something even if it is empty.
pub(super) fn name(text: Option<&str>) -> String {
    match text {
        None => "(others)".to_owned(),
        Some("") => "(none)".to_owned(),
        Some(text) => safe(text),
    }
}

/// The time of day in UTC.
pub(super) fn time_of_day(nanoseconds: i64) -> String {
    let second = nanoseconds.div_euclid(1_000_000_000).rem_euclid(86_400);
    let millisecond = nanoseconds.rem_euclid(1_000_000_000) / 1_000_000;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}.{millisecond:03}", second % 60)
}
