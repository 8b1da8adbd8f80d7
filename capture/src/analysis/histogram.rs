//! Histograms of counts by value.

/// A histogram whose values are at most a thousandth off.
pub(super) type Histogram = Buckets<512>;

/// Counts by value, with so many counters, a power of two, between a power of two and the next.
///
/// Values below twice that number are exact, greater ones are counted with their neighbors. Counters are there for those
/// powers of two alone of which there are values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets<const COUNTERS: usize>(Vec<Option<Box<[u32; COUNTERS]>>>);

impl<const COUNTERS: usize> Buckets<COUNTERS> {
    /// The bits of a value that are kept below its highest one.
    const BITS: u32 = COUNTERS.ilog2();

    /// Counts a value.
    pub(crate) fn record(&mut self, value: u64, count: u32) {
        let (row, column) = Self::place(value);
        if self.0.len() <= row {
            self.0.resize(row + 1, None);
        }
        let counters = self.0.get_mut(row);
        let counters = counters.map(|row| row.get_or_insert_with(|| Box::new([0; COUNTERS])));
        if let Some(counter) = counters.and_then(|counters| counters.get_mut(column)) {
            *counter = counter.saturating_add(count);
        }
    }

    /// Counts all values of another histogram.
    pub(crate) fn add(&mut self, other: &Self) {
        for (value, count) in other.iter() {
            self.record(value, count);
        }
    }

    /// The values in ascending order, each in the middle of those that are counted with it, and their counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        self.0.iter().enumerate().flat_map(|(row, counters)| {
            let counters = counters.iter().flat_map(|counters| counters.iter());
            let counted = counters.enumerate().filter(|(_, count)| **count > 0);
            counted.map(move |(column, count)| (Self::middle(row, column), *count))
        })
    }

    /// Where a value is counted. Row 0 has the values that are too small to leave anything out.
    fn place(value: u64) -> (usize, usize) {
        let row = (u64::BITS - value.leading_zeros()).saturating_sub(Self::BITS);
        let shift = row.saturating_sub(1);
        let column = value >> shift & (COUNTERS as u64 - 1);
        let index = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        (index(u64::from(row)), index(column))
    }

    /// The middle of the values that are counted at a place.
    fn middle(row: usize, column: usize) -> u64 {
        let (row, column) = (row as u64, column as u64);
        if row == 0 {
            return column;
        }
        let shift = row - 1;
        let first = (COUNTERS as u64 | column) << shift;
        first + (1 << shift) / 2
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_is_at_most_a_thousandth_off(value in any::<u64>(), shift in 0_u32..64) {
            let value = value >> shift;
            let mut histogram = Histogram::default();
            histogram.record(value, 3);
            let all: Vec<_> = histogram.iter().collect();
            prop_assert_eq!(all.len(), 1);
            let (found, count) = all[0];
            prop_assert_eq!(count, 3);
            prop_assert!(u128::from(found.abs_diff(value)) * 1000 <= u128::from(value));
            // What is written and read again is the same.
            let mut again = Histogram::default();
            again.record(found, count);
            prop_assert_eq!(again.iter().collect::<Vec<_>>(), all);
        }

        #[test]
        fn with_fewer_counters_a_value_is_further_off(value in any::<u64>(), shift in 0_u32..64) {
            let value = value >> shift;
            let mut buckets = Buckets::<32>::default();
            buckets.record(value, 1);
            let found = buckets.iter().next().unwrap().0;
            prop_assert!(u128::from(found.abs_diff(value)) * 64 <= u128::from(value));
        }

        #[test]
        fn values_come_in_order(values in prop::collection::vec(0_u64..1 << 40, 0..100)) {
            let mut histogram = Histogram::default();
            for value in &values {
                histogram.record(*value, 1);
            }
            let found: Vec<_> = histogram.iter().map(|(value, _)| value).collect();
            prop_assert!(found.is_sorted());
            let counts = histogram.iter().map(|(_, count)| count as usize);
            prop_assert_eq!(counts.sum::<usize>(), values.len());
        }
    }
}
