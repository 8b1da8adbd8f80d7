//! The text format of Prometheus: families of samples with labels.
//!
//! See <https://prometheus.io/docs/instrumenting/exposition_formats/>. Which metrics there are is decided elsewhere.

use std::fmt::{self, Write};

use super::latency::Distribution;

/// The upper bounds of buckets, in microseconds, and as they are written, in seconds.
const BUCKETS: [(u64, &str); 16] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
    (30_000_000, "30"),
    (60_000_000, "60"),
];

/// The kind of a family.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Names and values of labels.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// Families of samples, written one after the other.
#[derive(Default)]
pub(super) struct Exposition {
    text: String,
}

/// A family that is being written.
pub(super) struct Family<'e> {
    text: &'e mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins a family; a name may be used once.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = kind.name();
        let written = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        debug_assert!(written.is_ok(), "a string takes all that is written");
        Family {
            text: &mut self.text,
            name,
        }
    }

    /// Returns all that was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Family<'_> {
    /// Writes the value of a counter or a gauge.
    pub(super) fn sample(&mut self, labels: Labels<'_>, value: impl fmt::Display) {
        self.line("", labels, None, value);
    }

    /// Writes a histogram, with its buckets if samples were kept.
    pub(super) fn histogram(&mut self, labels: Labels<'_>, of: &Distribution) {
        let bounds = BUCKETS.map(|(bound, _)| bound);
        if let Some(counts) = of.at_or_below(bounds) {
            for ((_, bound), count) in BUCKETS.iter().zip(counts) {
                self.line("_bucket", labels, Some(bound), count);
            }
        }
        self.totals(labels, of.count(), of.sum());
    }

    /// Writes a histogram of which only the count and the sum in nanoseconds are known.
    pub(super) fn totals(&mut self, labels: Labels<'_>, count: u64, sum: u128) {
        self.line("_bucket", labels, Some("+Inf"), count);
        self.line("_sum", labels, None, Seconds(sum));
        self.line("_count", labels, None, count);
    }

    fn line(
        &mut self,
        suffix: &str,
        labels: Labels<'_>,
        bound: Option<&str>,
        value: impl fmt::Display,
    ) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        let bound = bound.map(|bound| ("le", bound));
        let mut before = '{';
        for (name, value) in labels.iter().copied().chain(bound) {
            self.text.push(before);
            before = ',';
            self.text.push_str(name);
            self.text.push_str("=\"");
            push_escaped(self.text, value);
            self.text.push('"');
        }
        let end = if before == ',' { "}" } else { "" };
        let written = writeln!(self.text, "{end} {value}");
        debug_assert!(written.is_ok(), "a string takes all that is written");
    }
}

/// Writes the value of a label. What peers sent may get to a terminal, so control characters are written as `\u{1b}`. No two
/// values become the same: backslashes are doubled in a value that has or seems to have such an escape.
fn push_escaped(text: &mut String, value: &str) {
    let is_escaped = value.contains("\\u{") || value.contains(char::is_control);
    for character in value.chars() {
        match character {
            '\\' if is_escaped => text.push_str("\\\\\\\\"),
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            character if character.is_control() => {
                text.push('\\');
                text.extend(character.escape_unicode());
            }
            character => text.push(character),
        }
    }
}

/// Nanoseconds, written in seconds.
pub(super) struct Seconds(pub(super) u128);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const IN_SECOND: u128 = 1_000_000_000;
        write!(f, "{}.{:09}", self.0 / IN_SECOND, self.0 % IN_SECOND)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(value: &str) -> String {
        let mut text = String::new();
        push_escaped(&mut text, value);
        text
    }

    #[test]
    fn values_of_labels_have_the_escapes_of_the_format() {
        assert_eq!(escaped(r#"a "b" c:\d"#), r#"a \"b\" c:\\d"#);
        assert_eq!(escaped("\u{1b}[2J"), r"\\u{1b}[2J");
        assert_eq!(escaped(r"\u{1b}[2J"), r"\\\\u{1b}[2J");
    }

    proptest! {
        #[test]
        fn different_values_stay_different(
            one in "[\\\\u{1b}\"\n\u{1b}a]{0,8}",
            other in "[\\\\u{1b}\"\n\u{1b}a]{0,8}",
        ) {
            prop_assert_eq!(one == other, escaped(&one) == escaped(&other));
            prop_assert!(!escaped(&one).contains(char::is_control));
        }
    }

    #[test]
    fn a_family_without_labels_has_no_braces() {
        let mut to = Exposition::default();
        to.family("one_total", Kind::Counter, "One").sample(&[], 1);
        to.family("two_seconds", Kind::Histogram, "Two")
            .totals(&[("a", "b")], 2, 1_500_000_000);
        let expected = "\
# HELP one_total One
# TYPE one_total counter
one_total 1
# HELP two_seconds Two
# TYPE two_seconds histogram
two_seconds_bucket{a=\"b\",le=\"+Inf\"} 2
two_seconds_sum{a=\"b\"} 1.500000000
two_seconds_count{a=\"b\"} 2
";
        assert_eq!(to.into_text(), expected);
    }
}
