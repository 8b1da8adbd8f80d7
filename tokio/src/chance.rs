//! Numbers drawn by chance, so that clients that did something together do not do it together again.

use std::ops::RangeInclusive;

/// Draws a number from `range`, whichever of its bounds is the lower.
pub(crate) fn draw(range: &RangeInclusive<u16>) -> u16 {
    let (start, end) = (u32::from(*range.start()), u32::from(*range.end()));
    let (low, high) = (start.min(end), start.max(end));
    let mut random = [0; 4];
    // Without chance the number is the same for all.
    let _ = getrandom::fill(&mut random);
    let drawn = low + u32::from_ne_bytes(random) % (high - low + 1);
    u16::try_from(drawn).unwrap_or(u16::MAX)
}
