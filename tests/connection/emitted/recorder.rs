//! A recorder that keeps everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

/// The calls of a recorder. Labels are written as `api=Fetch,broker=b1`, in the order of the alphabet.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorded(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    described: BTreeSet<(String, String)>,
    registered: BTreeSet<(String, String)>,
    counters: BTreeMap<Series, u64>,
    gauges: BTreeMap<Series, f64>,
    histograms: BTreeMap<Series, Vec<f64>>,
}

/// A name and labels.
type Series = (String, String);

/// What is emitted while something is done.
pub(super) fn emitted(act: impl FnOnce()) -> Recorded {
    let recorded = Recorded::default();
    metrics::with_local_recorder(&recorded, act);
    recorded
}

impl Recorded {
    /// The counters of a name, by their labels.
    pub(super) fn series(&self, name: &str) -> Vec<(String, u64)> {
        let state = self.0.lock().unwrap();
        let series = state.counters.iter().filter(|((own, _), _)| own == name);
        series
            .map(|((_, labels), count)| (labels.clone(), *count))
            .collect()
    }

    pub(super) fn count(&self, name: &str, labels: &str) -> u64 {
        let series = (name.to_owned(), labels.to_owned());
        self.0.lock().unwrap().counters[&series]
    }

    /// The values of a histogram, in order.
    pub(super) fn durations(&self, name: &str, labels: &str) -> Vec<f64> {
        let series = (name.to_owned(), labels.to_owned());
        self.0.lock().unwrap().histograms[&series].clone()
    }

    /// All gauges, as `name{labels}`.
    pub(super) fn gauges(&self) -> BTreeMap<String, f64> {
        let state = self.0.lock().unwrap();
        let gauges = state.gauges.iter();
        gauges
            .map(|((name, labels), value)| (format!("{name}{{{labels}}}"), *value))
            .collect()
    }

    /// Names and kinds.
    pub(super) fn described(&self) -> BTreeSet<(String, String)> {
        self.0.lock().unwrap().described.clone()
    }

    /// Names and kinds.
    pub(super) fn registered(&self) -> BTreeSet<(String, String)> {
        self.0.lock().unwrap().registered.clone()
    }

    fn describe(&self, kind: &str, name: &KeyName, unit: Option<Unit>) {
        let (name, unit) = (name.as_str().to_owned(), unit.unwrap());
        // Names end in their unit, as Prometheus has it.
        assert_eq!(name.contains("_seconds"), unit == Unit::Seconds, "{name}");
        assert_eq!(name.contains("_bytes"), unit == Unit::Bytes, "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        let is_new = self
            .0
            .lock()
            .unwrap()
            .described
            .insert((name, kind.to_owned()));
        assert!(is_new);
    }

    fn register(&self, kind: &str, key: &Key) -> Arc<Handle> {
        let mut labels: Vec<_> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        labels.sort();
        let series = (key.name().to_owned(), labels.join(","));
        let mut state = self.0.lock().unwrap();
        state
            .registered
            .insert((key.name().to_owned(), kind.to_owned()));
        match kind {
            "counter" => drop(state.counters.entry(series.clone()).or_default()),
            "histogram" => drop(state.histograms.entry(series.clone()).or_default()),
            _ => drop(state.gauges.entry(series.clone()).or_default()),
        }
        Arc::new(Handle {
            recorded: self.clone(),
            series,
        })
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe("counter", &key, unit);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe("gauge", &key, unit);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe("histogram", &key, unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.register("counter", key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.register("gauge", key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.register("histogram", key))
    }
}

struct Handle {
    recorded: Recorded,
    series: Series,
}

impl Handle {
    fn with<T>(&self, act: impl FnOnce(&mut State, &Series) -> T) -> T {
        act(&mut self.recorded.0.lock().unwrap(), &self.series)
    }
}

impl CounterFn for Handle {
    fn increment(&self, value: u64) {
        self.with(|state, series| *state.counters.get_mut(series).unwrap() += value);
    }

    fn absolute(&self, value: u64) {
        panic!("{:?} is counted, not set to {value}", self.series);
    }
}

impl GaugeFn for Handle {
    fn increment(&self, value: f64) {
        panic!("{:?} is set, not raised by {value}", self.series);
    }

    fn decrement(&self, value: f64) {
        panic!("{:?} is set, not lowered by {value}", self.series);
    }

    fn set(&self, value: f64) {
        self.with(|state, series| *state.gauges.get_mut(series).unwrap() = value);
    }
}

impl HistogramFn for Handle {
    fn record(&self, value: f64) {
        self.with(|state, series| state.histograms.get_mut(series).unwrap().push(value));
    }
}
