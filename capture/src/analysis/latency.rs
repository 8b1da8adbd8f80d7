//! Distributions of times: exact up to 255 samples, a histogram above.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;

/// Below so many samples all values are kept.
const EXACT_SAMPLES: usize = 256;

/// How many histograms may still be made. Beyond that, count, minimum, maximum and mean are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Budget(pub(super) usize);

impl Budget {
    /// Lends what there is above a reserve.
    pub(super) fn above(&mut self, reserve: usize, with: impl FnOnce(&mut Self)) {
        let kept = self.0.min(reserve);
        let mut rest = Self(self.0 - kept);
        with(&mut rest);
        self.0 = kept + rest.0;
    }
}

/// A distribution of times, in microseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Distribution {
    count: u64,
    min: u64,
    max: u64,
    /// In nanoseconds.
    sum: u128,
    samples: Samples,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
enum Samples {
    Exact(Vec<u64>),
    Histogram(Histogram),
    /// Not kept.
    None,
}

impl Default for Samples {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

/// What is written of samples: values, and values with their counts.
#[derive(Serialize, Deserialize)]
enum Stored {
    Exact(Vec<u64>),
    Histogram(Vec<(u64, u32)>),
    None,
}

impl From<Samples> for Stored {
    fn from(samples: Samples) -> Self {
        match samples {
            Samples::Exact(values) => Self::Exact(values),
            Samples::Histogram(histogram) => Self::Histogram(histogram.iter().collect()),
            Samples::None => Self::None,
        }
    }
}

impl From<Stored> for Samples {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Exact(values) => Self::Exact(values),
            Stored::Histogram(values) => {
                let mut histogram = Histogram::default();
                for (value, count) in values {
                    histogram.record(value, count);
                }
                Self::Histogram(histogram)
            }
            Stored::None => Self::None,
        }
    }
}

/// What is shown of a distribution, in microseconds. Without samples there is the count alone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Percentiles {
    pub(super) count: u64,
    pub(super) min: Option<u64>,
    pub(super) p50: Option<u64>,
    pub(super) p90: Option<u64>,
    pub(super) p95: Option<u64>,
    pub(super) p99: Option<u64>,
    pub(super) p999: Option<u64>,
    pub(super) max: Option<u64>,
    pub(super) mean: Option<f64>,
}

/// What is shown of a distribution of which no samples are kept.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Range {
    pub(super) count: u64,
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
    pub(super) mean: Option<f64>,
}

impl Distribution {
    /// A distribution of which only count, minimum, maximum and mean are kept.
    pub(super) fn without_samples() -> Self {
        Self {
            samples: Samples::None,
            ..Self::default()
        }
    }

    /// Adds a time in nanoseconds; packets in the wrong order make negative ones, which count as 0.
    pub(super) fn record(&mut self, nanoseconds: i64, budget: &mut Budget) {
        let nanoseconds = nanoseconds.max(0).unsigned_abs();
        self.sum += u128::from(nanoseconds);
        self.add(nanoseconds / 1000, budget);
    }

    /// Adds a value that is not a time.
    pub(super) fn record_value(&mut self, value: u64, budget: &mut Budget) {
        self.sum += u128::from(value) * 1000;
        self.add(value, budget);
    }

    fn add(&mut self, value: u64, budget: &mut Budget) {
        self.min = if self.count == 0 {
            value
        } else {
            self.min.min(value)
        };
        self.max = self.max.max(value);
        self.count += 1;
        match &mut self.samples {
            Samples::Exact(values) => {
                values.push(value);
                self.limit(budget);
            }
            Samples::Histogram(histogram) => histogram.record(value, 1),
            Samples::None => {}
        }
    }

    fn limit(&mut self, budget: &mut Budget) {
        let Samples::Exact(values) = &self.samples else {
            return;
        };
        if values.len() < EXACT_SAMPLES {
            return;
        }
        if budget.0 == 0 {
            self.samples = Samples::None;
            return;
        }
        budget.0 -= 1;
        let mut histogram = Histogram::default();
        for value in values {
            histogram.record(*value, 1);
        }
        self.samples = Samples::Histogram(histogram);
    }

    /// Adds all of another distribution.
    pub(super) fn merge(&mut self, other: &Self, budget: &mut Budget) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 {
            other.min
        } else {
            self.min.min(other.min)
        };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
        match (&mut self.samples, &other.samples) {
            (Samples::None, _) => {}
            (_, Samples::None) => self.drop_samples(budget),
            (Samples::Exact(values), Samples::Exact(more)) => {
                values.extend(more);
                self.limit(budget);
            }
            (Samples::Exact(values), Samples::Histogram(more)) => {
                if budget.0 == 0 {
                    self.samples = Samples::None;
                    return;
                }
                budget.0 -= 1;
                let mut histogram = more.clone();
                for value in values {
                    histogram.record(*value, 1);
                }
                self.samples = Samples::Histogram(histogram);
            }
            (Samples::Histogram(histogram), Samples::Exact(more)) => {
                for value in more {
                    histogram.record(*value, 1);
                }
            }
            (Samples::Histogram(histogram), Samples::Histogram(more)) => {
                histogram.add(more);
            }
        }
    }

    /// Keeps no samples any more.
    pub(super) fn drop_samples(&mut self, budget: &mut Budget) {
        if let Samples::Histogram(_) = self.samples {
            budget.0 += 1;
        }
        self.samples = Samples::None;
    }

    /// The mean, to a tenth of a microsecond.
    pub(super) fn mean(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        // Half up; a mean has far fewer than 53 bits.
        let tenths = (self.sum / 10 + u128::from(self.count) * 5) / (u128::from(self.count) * 10);
        #[expect(clippy::cast_precision_loss, reason = "53 bits are enough for a mean")]
        let tenths = tenths as f64;
        Some(tenths / 10.0)
    }

    pub(super) fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The sum of all times, in nanoseconds.
    pub(super) const fn sum(&self) -> u128 {
        self.sum
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// How many values are not above each bound; `None` if no samples are kept.
    pub(super) fn at_or_below<const N: usize>(&self, bounds: [u64; N]) -> Option<[u64; N]> {
        match &self.samples {
            Samples::None => None,
            Samples::Exact(values) => Some(bounds.map(|bound| {
                let values = values.iter().filter(|value| **value <= bound);
                values.map(|_| 1).sum()
            })),
            Samples::Histogram(histogram) => {
                let mut counts = [0; N];
                for (middle, recorded) in histogram.iter() {
                    let value = middle.clamp(self.min, self.max);
                    for (count, bound) in counts.iter_mut().zip(bounds) {
                        if value <= bound {
                            *count += u64::from(recorded);
                        }
                    }
                }
                Some(counts)
            }
        }
    }

    pub(super) fn range(&self) -> Range {
        Range {
            count: self.count,
            min: (self.count > 0).then_some(self.min),
            max: self.max(),
            mean: self.mean(),
        }
    }

    pub(super) fn percentiles(&self) -> Percentiles {
        let [p50, p90, p95, p99, p999] = self.at([500, 900, 950, 990, 999]);
        Percentiles {
            count: self.count,
            min: (self.count > 0).then_some(self.min),
            p50,
            p90,
            p95,
            p99,
            p999,
            max: self.max(),
            mean: self.mean(),
        }
    }

    /// The values by nearest rank, of shares in thousandths: the value at place ceil(p n), counted from 1.
    fn at<const N: usize>(&self, thousandths: [u64; N]) -> [Option<u64>; N] {
        if self.count == 0 {
            return [None; N];
        }
        let rank = |share: u64| (u128::from(self.count) * u128::from(share)).div_ceil(1000);
        match &self.samples {
            Samples::None => [None; N],
            Samples::Exact(values) => {
                let mut sorted = values.clone();
                sorted.sort_unstable();
                thousandths.map(|share| {
                    let place = usize::try_from(rank(share).max(1) - 1).unwrap_or(usize::MAX);
                    sorted.get(place).copied()
                })
            }
            Samples::Histogram(histogram) => {
                let mut values = [None; N];
                let mut seen = 0_u128;
                for (middle, count) in histogram.iter() {
                    seen += u128::from(count);
                    for (value, share) in values.iter_mut().zip(thousandths) {
                        if value.is_none() && seen >= rank(share) {
                            *value = Some(middle.clamp(self.min, self.max));
                        }
                    }
                }
                values
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Distribution {
        let mut distribution = Distribution::default();
        let mut budget = Budget(1);
        for value in values {
            let nanoseconds = i64::try_from(value * 1000).unwrap();
            distribution.record(nanoseconds, &mut budget);
        }
        distribution
    }

    fn nearest_rank(values: &[u64], thousandths: usize) -> u64 {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted[(values.len() * thousandths).div_ceil(1000) - 1]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn percentiles_are_within_a_thousandth_of_the_nearest_rank(
            values in prop::collection::vec(0_u64..100_000_000, 1..600),
        ) {
            let shown = of(&values).percentiles();
            for (share, value) in [(500, shown.p50), (990, shown.p99), (999, shown.p999)] {
                let (expected, value) = (nearest_rank(&values, share), value.unwrap());
                prop_assert!(value.abs_diff(expected) * 1000 <= expected.max(1000));
                prop_assert!(values.len() >= EXACT_SAMPLES || value == expected);
            }
        }

        #[test]
        fn counts_below_bounds_are_those_of_the_values(
            values in prop::collection::vec(0_u64..10_000, 0..600),
        ) {
            let bounds = [0, 500, 1000, 2500, 5000, 10_000];
            let counts = of(&values).at_or_below(bounds).unwrap();
            for (bound, count) in bounds.into_iter().zip(counts) {
                // A histogram may take a value for one that is a thousandth larger or smaller.
                let below = |bound: u64| {
                    u64::try_from(values.iter().filter(|value| **value <= bound).count()).unwrap()
                };
                prop_assert!(below(bound - bound / 500) <= count);
                prop_assert!(count <= below(bound + bound / 500));
                prop_assert!(values.len() >= EXACT_SAMPLES || count == below(bound));
            }
        }

        #[test]
        fn merged_distributions_equal_one_of_all_values(
            values in prop::collection::vec(0_u64..100_000_000, 0..600),
            at in 0_usize..600,
        ) {
            let (some, others) = values.split_at(at.min(values.len()));
            let mut merged = of(some);
            let stored = serde_json::to_string(&of(others)).unwrap();
            merged.merge(&serde_json::from_str(&stored).unwrap(), &mut Budget(1));
            let text = |of: &Distribution| serde_json::to_string(&of.percentiles()).unwrap();
            prop_assert_eq!(text(&merged), text(&of(&values)));
        }
    }
}
