//! A recorder of the facade `metrics` that prints Prometheus' text format: what there is of one in a hundred lines. Programs use a
//! crate for it, such as metrics-exporter-prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

/// The upper bounds of the buckets of histograms, in seconds.
const BOUNDS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0,
];

/// All series. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry(Arc<Mutex<BTreeMap<String, Metric>>>);

/// The series of a metric, by their labels.
#[derive(Debug, Default)]
struct Metric {
    help: Option<SharedString>,
    series: BTreeMap<String, Series>,
}

#[derive(Clone, Debug)]
enum Series {
    Counter(Arc<AtomicU64>),
    /// The bits of a float.
    Gauge(Arc<AtomicU64>),
    Histogram(Arc<Buckets>),
}

#[derive(Debug, Default)]
struct Buckets(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    at_most: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (count, bound) in counts.at_most.iter_mut().zip(BOUNDS) {
            *count += u64::from(value <= bound);
        }
        counts.count += 1;
        counts.sum += value;
    }
}

/// The value of a label as the text format has it.
fn escaped(value: &str) -> String {
    let value = value.replace('\\', r"\\").replace('"', r#"\""#);
    value.replace('\n', r"\n")
}

impl Registry {
    /// The series of a key, which is made if there is none.
    fn series(&self, key: &Key, make: impl FnOnce() -> Series) -> Series {
        let labels: Vec<String> = key
            .labels()
            .map(|label| format!("{}=\"{}\"", label.key(), escaped(label.value())))
            .collect();
        let mut metrics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let metric = metrics.entry(key.name().to_owned()).or_default();
        let series = metric.series.entry(labels.join(","));
        series.or_insert_with(make).clone()
    }

    fn describe(&self, key: &KeyName, help: SharedString) {
        let mut metrics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let metric = metrics.entry(key.as_str().to_owned()).or_default();
        metric.help = Some(help);
    }

    /// All series in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        let metrics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (name, metric) in metrics.iter() {
            // Writing to a string does not fail.
            let _ = metric.write(name, &mut text);
        }
        text
    }
}

impl Metric {
    fn write(&self, name: &str, out: &mut String) -> std::fmt::Result {
        let kind = match self.series.values().next() {
            None => return Ok(()),
            Some(Series::Counter(_)) => "counter",
            Some(Series::Gauge(_)) => "gauge",
            Some(Series::Histogram(_)) => "histogram",
        };
        if let Some(help) = &self.help {
            let help = help.replace('\\', r"\\").replace('\n', r"\n");
            writeln!(out, "# HELP {name} {help}")?;
        }
        writeln!(out, "# TYPE {name} {kind}")?;
        for (labels, series) in &self.series {
            match series {
                Series::Counter(value) => {
                    writeln!(out, "{name}{{{labels}}} {}", value.load(Ordering::Relaxed))?;
                }
                Series::Gauge(bits) => {
                    let value = f64::from_bits(bits.load(Ordering::Relaxed));
                    writeln!(out, "{name}{{{labels}}} {value}")?;
                }
                Series::Histogram(buckets) => {
                    let counts = buckets.0.lock().unwrap_or_else(PoisonError::into_inner);
                    let comma = if labels.is_empty() { "" } else { "," };
                    for (count, bound) in counts.at_most.iter().zip(BOUNDS) {
                        writeln!(
                            out,
                            "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {count}"
                        )?;
                    }
                    let Counts { count, sum, .. } = &*counts;
                    writeln!(out, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}")?;
                    writeln!(out, "{name}_sum{{{labels}}} {sum}")?;
                    writeln!(out, "{name}_count{{{labels}}} {count}")?;
                }
            }
        }
        Ok(())
    }
}

impl Recorder for Registry {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(&key, help);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(&key, help);
    }

    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(&key, help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match self.series(key, || Series::Counter(Arc::default())) {
            Series::Counter(value) => Counter::from_arc(value),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        match self.series(key, || Series::Gauge(Arc::default())) {
            Series::Gauge(bits) => Gauge::from_arc(bits),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match self.series(key, || Series::Histogram(Arc::default())) {
            Series::Histogram(buckets) => Histogram::from_arc(buckets),
            _ => Histogram::noop(),
        }
    }
}
