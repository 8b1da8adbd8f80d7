//! Durations, counted in buckets of fixed bounds.

use std::fmt;
use std::time::Duration;

/// How many durations lie in which range.
///
/// The bounds are fixed, so histograms can be added and compared: each power of two of microseconds is cut into four
/// equal buckets, so that a bound is at most a quarter above the least value of its bucket.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use kafka_codec::connection::Histogram;
///
/// let mut histogram = Histogram::default();
/// for milliseconds in 1..=100 {
///     histogram.record(Duration::from_millis(milliseconds));
/// }
/// assert_eq!(histogram.count(), 100);
/// let median = histogram.quantile(500).expect("it is not empty");
/// assert!((50..=63).contains(&median.as_millis()));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; BUCKETS],
    count: u64,
    sum: Duration,
    max: Duration,
}

/// Powers of two of microseconds that are told apart: up to 12 days.
const POWERS: usize = 40;
/// How many buckets each is cut into.
const CUTS: usize = 4;
const BUCKETS: usize = POWERS * CUTS;

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            count: 0,
            sum: Duration::ZERO,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    /// Counts a duration.
    pub fn record(&mut self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get_mut(bucket(microseconds)) {
            *bucket += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(duration);
        self.max = self.max.max(duration);
    }

    /// Counts what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (bucket, more) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket += more;
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// How many durations were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// All durations together.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        self.sum
    }

    /// The longest duration.
    #[must_use]
    pub const fn max(&self) -> Duration {
        self.max
    }

    /// The duration that `permille` of a thousand are not above, rounded up to the bound of a bucket; `None` if
    /// nothing was counted.
    #[must_use]
    pub fn quantile(&self, permille: u16) -> Option<Duration> {
        let wanted = self
            .count
            .checked_mul(u64::from(permille.min(1000)))?
            .div_ceil(1000)
            .max(1);
        let mut seen = 0;
        let mut buckets = self.buckets();
        buckets.find_map(|(bound, count)| {
            seen += count;
            (seen >= wanted).then_some(bound.min(self.max))
        })
    }

    /// The buckets that are not empty, shortest first: what its durations are below, and how many there are.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let counts = self.buckets.iter().copied().enumerate();
        counts
            .filter(|(_, count)| *count > 0)
            .map(|(at, count)| (bound(at), count))
    }
}

/// The bucket of a number of microseconds.
fn bucket(microseconds: u64) -> usize {
    let value = microseconds.max(1);
    let power = value.ilog2();
    // What is left of the value below its power, in quarters of it.
    let cut = ((value - (1 << power)) << 2) >> power;
    let at = u64::from(power) * 4 + cut;
    let at = usize::try_from(at).expect("less than 4 times 64");
    at.min(BUCKETS - 1)
}

/// What is below the end of a bucket.
fn bound(at: usize) -> Duration {
    let (power, cut) = (at / CUTS, at % CUTS);
    let power = u32::try_from(power).expect("less than 64");
    let quarters = (CUTS + cut + 1) as u128;
    let end = (quarters << power).div_ceil(4);
    Duration::from_micros(u64::try_from(end).unwrap_or(u64::MAX))
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count)
            .field("sum", &self.sum)
            .field("median", &self.quantile(500))
            .field("max", &self.max)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_below_the_bound_of_its_bucket_and_not_below_that_of_the_one_before() {
        for power in 0..39 {
            for offset in [0, 1, 2, 3] {
                let value = (1_u64 << power) + ((1 << power) / 4 * offset);
                let at = bucket(value);
                assert!(Duration::from_micros(value) <= bound(at), "{value}");
                if at > 0 {
                    assert!(
                        Duration::from_micros(value) >= bound(at - 1) || power < 2,
                        "{value}"
                    );
                }
            }
        }
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_quantile_is_at_most_a_quarter_too_high() {
        let mut histogram = Histogram::default();
        for milliseconds in 1..=1000 {
            histogram.record(Duration::from_millis(milliseconds));
        }
        for permille in [1, 10, 500, 900, 990, 999, 1000] {
            let found = histogram.quantile(permille).unwrap();
            let exact = Duration::from_millis(u64::from(permille));
            assert!(
                found >= exact && found <= exact * 5 / 4 + Duration::from_millis(1),
                "{permille}"
            );
        }
        assert_eq!(histogram.quantile(1000), Some(histogram.max()));
        assert_eq!(Histogram::default().quantile(500), None);
    }

    #[test]
    fn adding_is_counting_both() {
        let (mut one, mut other, mut both) = <(Histogram, Histogram, Histogram)>::default();
        for value in [3, 500, 70_000] {
            one.record(Duration::from_micros(value));
            both.record(Duration::from_micros(value));
        }
        other.record(Duration::MAX);
        both.record(Duration::MAX);
        one.add(&other);
        assert_eq!(one, both);
    }
}
