//! Decisions of the generator, by parts of one random word: a word for each would take longer than what is decided.

/// How often something is the case.
#[derive(Copy, Clone, Debug)]
pub(super) struct Chance {
    /// Of this many in 256 numbers it is.
    below: u16,
}

impl Chance {
    pub(super) const NEVER: Self = Self::of_percent(0);

    /// `percent` of all cases, of which 100 are all.
    pub(super) const fn of_percent(percent: u8) -> Self {
        let percent = if percent < 100 { percent as u16 } else { 100 };
        Self {
            below: (percent * 256).div_ceil(100),
        }
    }

    /// Decides by the last eight bits of `random`; by zeros for yes, unless that is never.
    #[inline]
    pub(super) fn holds(self, random: u64) -> bool {
        random & 0xff < u64::from(self.below)
    }
}

/// The numbers up to a maximum.
#[derive(Copy, Clone, Debug)]
pub(super) struct UpTo {
    end: u64,
}

impl UpTo {
    /// The numbers up to `max`, or to 2^31 - 1 if it is larger.
    pub(super) fn new(max: usize) -> Self {
        let end = u64::try_from(max).map_or(MOST, |max| max.saturating_add(1).min(MOST));
        Self { end }
    }

    /// The number that the last 32 bits of `random` choose.
    #[inline]
    pub(super) fn choose(self, random: u64) -> usize {
        // The product divided by all numbers there are is evenly spread, without a division.
        let number = ((random & 0xffff_ffff) * self.end) >> 32;
        usize::try_from(number).unwrap_or(usize::MAX)
    }
}

/// One of `from`, by the last 16 bits of `random`; `None` if it is empty.
#[inline]
pub(super) fn pick<T>(from: &[T], random: u64) -> Option<&T> {
    let count = u64::try_from(from.len()).unwrap_or(0);
    let index = ((random & 0xffff) * count) >> 16;
    from.get(usize::try_from(index).ok()?)
}

/// The count of numbers that fit an `i32`, as lengths do.
const MOST: u64 = 1 << 31;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_chance_of_zeros_holds_unless_it_is_none() {
        let held = |percent: u8| {
            let chance = Chance::of_percent(percent);
            (0..256).filter(|random| chance.holds(*random)).count()
        };
        assert_eq!(
            [0, 1, 50, 99, 100, 255].map(held),
            [0, 3, 128, 254, 256, 256]
        );
        assert!(Chance::of_percent(1).holds(0));
    }

    #[test]
    fn every_number_up_to_the_maximum_is_chosen() {
        for max in [0, 1, 3, 24, 64] {
            let numbers = UpTo::new(max);
            let chosen: BTreeSet<_> = (0..=255)
                .map(|high: u64| numbers.choose(high << 24))
                .collect();
            assert!(chosen.into_iter().eq(0..=max), "{max}");
        }
        assert_eq!(UpTo::new(usize::MAX).choose(u64::MAX), (1 << 31) - 1);
        let picked: Vec<_> = [0, 0x7fff, 0x8000, 0xffff]
            .map(|random| pick(&[1, 2], random))
            .into();
        assert_eq!(picked, [Some(&1), Some(&1), Some(&2), Some(&2)]);
        assert_eq!(pick::<u8>(&[], 7), None);
    }
}
