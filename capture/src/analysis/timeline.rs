//! Requests, responses, errors and latencies over time, by API.
//!
//! Time is divided into buckets whose width is one millisecond times a power of two, and that begin at multiples of it.
//! Where there would be too many, the width is doubled. So the buckets of two captures can be added.

use std::collections::BTreeMap;
use std::ops::Range;

use kafka_codec::ApiKey;
use serde::{Deserialize, Serialize};

use super::errors;
use crate::event::{Direction, Event, EventKind, Message};
use crate::output::Sink;

/// How many buckets there are at most from the first to the last.
const MAX_BUCKETS: i64 = 512;
/// How many APIs are told apart; the others share one entry.
const MAX_APIS: usize = 100;
/// How many of them are written.
const MAX_WRITTEN: usize = 16;
/// The key of that entry, which no API has.
const OTHER_APIS: i16 = i16::MIN;
const FIRST_WIDTH: i64 = 1_000_000;
/// Steps of a sketch between powers of two, as a power of two: a value is at most 6 % off.
const STEP_BITS: u32 = 3;

/// Counts over time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Timeline {
    /// In nanoseconds.
    width: i64,
    /// The numbers of the first and the last bucket.
    span: Option<(i64, i64)>,
    apis: BTreeMap<i16, BTreeMap<i64, Bucket>>,
    recent: Recent,
}

/// The bucket that the last message was in, beside the others: the next message is mostly in it too.
#[derive(Clone, Debug)]
struct Recent {
    number: i64,
    /// Its times in nanoseconds; none if there is no such bucket.
    times: Range<i64>,
    apis: Vec<(i16, Bucket)>,
}

/// A timeline as its state is written.
#[derive(Serialize, Deserialize)]
struct Stored {
    width: i64,
    span: Option<(i64, i64)>,
    apis: BTreeMap<i16, BTreeMap<i64, Bucket>>,
}

impl From<Timeline> for Stored {
    fn from(mut timeline: Timeline) -> Self {
        timeline.settle();
        Self {
            width: timeline.width,
            span: timeline.span,
            apis: timeline.apis,
        }
    }
}

impl From<Stored> for Timeline {
    fn from(stored: Stored) -> Self {
        Self {
            width: stored.width,
            span: stored.span,
            apis: stored.apis,
            ..Self::new()
        }
    }
}

/// What happens within a bucket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Bucket {
    requests: u64,
    responses: u64,
    errors: u64,
    bytes: u64,
    /// In microseconds.
    max: u64,
    latencies: Sketch,
}

/// A distribution of times in microseconds, in steps that grow with the value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Sketch(Vec<(u16, u64)>);

/// The timeline of a capture as it is written. Times are in nanoseconds since 1970.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineDocument {
    /// When the first bucket begins.
    pub(crate) start: i64,
    /// The width of buckets.
    pub(crate) width: i64,
    /// The APIs, the busiest first.
    pub(crate) apis: Vec<ApiTimeline>,
}

/// The timeline of an API.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiTimeline {
    pub(crate) api: String,
    pub(crate) requests: u64,
    /// The buckets in which anything happens.
    pub(crate) buckets: Vec<BucketReport>,
}

/// A bucket as it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BucketReport {
    /// Its number, from 0.
    pub(crate) number: i64,
    pub(crate) requests: u64,
    pub(crate) responses: u64,
    pub(crate) errors: u64,
    pub(crate) bytes: u64,
    pub(crate) max_us: u64,
    /// Steps and how many latencies are in each. Step n is of n us up to 8; from there on each power of two has 8.
    pub(crate) latencies: Vec<(u16, u64)>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Timeline {
    /// Begins.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            width: FIRST_WIDTH,
            span: None,
            apis: BTreeMap::new(),
            recent: Recent {
                number: 0,
                times: 0..0,
                apis: Vec::new(),
            },
        }
    }

    /// Takes note of a message whose errors were counted elsewhere.
    pub(crate) fn message(&mut self, event: &Event<'_>, message: &Message<'_>, has_errors: bool) {
        let is_full = self.recent.apis.len() > MAX_APIS;
        if is_full || !self.recent.times.contains(&event.time) {
            self.settle();
            self.recent.number = self.number(event.time);
            let start = self.recent.number.checked_mul(self.width);
            self.recent.times = start.map_or(0..0, |start| start..start.saturating_add(self.width));
        }
        let key = message.api_key.number();
        let bucket = self.recent.bucket(key);
        bucket.bytes += message.bytes;
        match event.direction {
            Direction::ToBroker => bucket.requests += 1,
            Direction::ToClient => {
                bucket.responses += 1;
                bucket.errors += u64::from(has_errors);
                if let Some(latency) = message.latency {
                    let latency = latency.max(0).unsigned_abs() / 1000;
                    bucket.max = bucket.max.max(latency);
                    bucket.latencies.add(step(latency), 1);
                }
            }
        }
    }

    /// Puts the recent bucket to the others.
    fn settle(&mut self) {
        for (key, bucket) in std::mem::take(&mut self.recent.apis) {
            let is_room = self.apis.len() < MAX_APIS || self.apis.contains_key(&key);
            let key = if is_room { key } else { OTHER_APIS };
            let buckets = self.apis.entry(key).or_default();
            buckets.entry(self.recent.number).or_default().merge(bucket);
        }
        self.recent.times = 0..0;
    }

    /// The number of the bucket of a time, after the width has been doubled until there are not too many.
    fn number(&mut self, time: i64) -> i64 {
        loop {
            let number = time.div_euclid(self.width);
            let (first, last) = self.span.unwrap_or((number, number));
            let (first, last) = (first.min(number), last.max(number));
            if last.saturating_sub(first) < MAX_BUCKETS {
                self.span = Some((first, last));
                return number;
            }
            self.double();
        }
    }

    fn double(&mut self) {
        self.width = self.width.saturating_mul(2);
        let half = |number: i64| number.div_euclid(2);
        self.span = self.span.map(|(first, last)| (half(first), half(last)));
        for buckets in self.apis.values_mut() {
            let mut halved: BTreeMap<i64, Bucket> = BTreeMap::new();
            for (number, bucket) in std::mem::take(buckets) {
                halved.entry(half(number)).or_default().merge(bucket);
            }
            *buckets = halved;
        }
    }

    /// Adds the timeline of another capture.
    pub fn merge(&mut self, mut other: Self) {
        self.settle();
        other.settle();
        while other.width < self.width {
            other.double();
        }
        let Some((first, last)) = other.span else {
            return;
        };
        while self.width < other.width {
            self.double();
        }
        self.number(first.saturating_mul(other.width));
        self.number(last.saturating_mul(other.width));
        while other.width < self.width {
            other.double();
        }
        for (key, buckets) in other.apis {
            let is_room = self.apis.len() < MAX_APIS || self.apis.contains_key(&key);
            let into = self.apis.entry(if is_room { key } else { OTHER_APIS });
            let into = into.or_default();
            for (number, bucket) in buckets {
                into.entry(number).or_default().merge(bucket);
            }
        }
    }

    /// Returns the timeline as a document.
    #[must_use]
    pub fn document(&self) -> TimelineDocument {
        let mut all = self.clone();
        all.settle();
        all.settled_document()
    }

    fn settled_document(&self) -> TimelineDocument {
        let (first, _) = self.span.unwrap_or_default();
        let requests = |buckets: &BTreeMap<i64, Bucket>| -> u64 {
            buckets.values().map(|bucket| bucket.requests).sum()
        };
        let mut ranked: Vec<_> = self.apis.iter().collect();
        ranked.sort_by_key(|(key, buckets)| (**key == OTHER_APIS, u64::MAX - requests(buckets)));
        let (shown, rest) = ranked.split_at(ranked.len().min(MAX_WRITTEN));
        let mut others: BTreeMap<i64, Bucket> = BTreeMap::new();
        for (_, buckets) in rest {
            for (number, bucket) in *buckets {
                others.entry(*number).or_default().merge(bucket.clone());
            }
        }
        let others = (!others.is_empty()).then_some((&OTHER_APIS, &others));
        let apis = shown.iter().copied().chain(others).map(|(key, buckets)| {
            let reports = buckets.iter();
            ApiTimeline {
                api: name(*key),
                requests: requests(buckets),
                buckets: reports
                    .map(|(number, bucket)| bucket.report(number - first))
                    .collect(),
            }
        });
        let apis = apis.collect();
        TimelineDocument {
            start: first.saturating_mul(self.width),
            width: self.width,
            apis,
        }
    }
}

fn name(key: i16) -> String {
    if key == OTHER_APIS {
        return "other APIs".to_owned();
    }
    let name = ApiKey::from_number(key).name();
    name.map_or_else(|| format!("API {key}"), str::to_owned)
}

impl Sink for Timeline {
    fn event(&mut self, event: &Event<'_>) {
        if let EventKind::Message(message) = &event.kind {
            let mut has_errors = false;
            if event.direction == Direction::ToClient {
                errors::examine(message, |_| has_errors = true);
            }
            self.message(event, message, has_errors);
        }
    }
}

impl Recent {
    fn bucket(&mut self, key: i16) -> &mut Bucket {
        let at = self.apis.iter().position(|(each, _)| *each == key);
        let at = at.unwrap_or_else(|| {
            self.apis.push((key, Bucket::default()));
            self.apis.len() - 1
        });
        &mut self
            .apis
            .get_mut(at)
            .expect("it was found or added above")
            .1
    }
}

impl Bucket {
    fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.responses += other.responses;
        self.errors += other.errors;
        self.bytes += other.bytes;
        self.max = self.max.max(other.max);
        for (step, count) in other.latencies.0 {
            self.latencies.add(step, count);
        }
    }

    fn report(&self, number: i64) -> BucketReport {
        BucketReport {
            number,
            requests: self.requests,
            responses: self.responses,
            errors: self.errors,
            bytes: self.bytes,
            max_us: self.max,
            latencies: self.latencies.0.clone(),
        }
    }
}

impl Sketch {
    fn add(&mut self, step: u16, count: u64) {
        match self.0.binary_search_by_key(&step, |(step, _)| *step) {
            Ok(at) => {
                if let Some((_, known)) = self.0.get_mut(at) {
                    *known += count;
                }
            }
            Err(at) => self.0.insert(at, (step, count)),
        }
    }
}

/// The step that a value is in.
fn step(value: u64) -> u16 {
    let power = value.max(1).ilog2();
    let step = match power.checked_sub(STEP_BITS) {
        None => value,
        Some(shift) => (u64::from(shift) << STEP_BITS) + (value >> shift),
    };
    u16::try_from(step).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least value of a step, as readers of a document compute it.
    fn least(step: u16) -> u64 {
        let step = u64::from(step);
        if step < 8 {
            step
        } else {
            (8 + step % 8) << (step / 8 - 1)
        }
    }

    fn of(times: &[i64]) -> Timeline {
        let mut timeline = Timeline::new();
        for time in times {
            let number = timeline.number(*time);
            let buckets = timeline.apis.entry(0).or_default();
            buckets.entry(number).or_default().requests += 1;
        }
        timeline
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_value_is_within_its_step(value in prop_oneof![0_u64..5000, any::<u64>()]) {
            let step = step(value);
            prop_assert!(least(step) <= value);
            prop_assert!(step >= 487 || value < least(step + 1));
            prop_assert!(least(step) >= value - value / 8);
        }

        #[test]
        fn merged_timelines_equal_one_of_all_messages(
            times in prop::collection::vec(prop_oneof![0_i64..10_000_000_000, any::<i64>()], 1..60),
            at in 0_usize..60,
        ) {
            let (some, others) = times.split_at(at.min(times.len()));
            let mut merged = of(some);
            merged.merge(of(others));
            let all = of(&times);
            prop_assert_eq!(merged.width, all.width);
            let text = |of: &Timeline| serde_json::to_string(&of.document()).unwrap();
            prop_assert_eq!(text(&merged), text(&all));
            let last = all.document().apis[0].buckets.last().unwrap().number;
            prop_assert!(last < MAX_BUCKETS);
        }
    }
}
