//! Conversions between the integer types of lengths.

/// The length of something in memory.
pub(crate) fn u64_of(length: usize) -> u64 {
    u64::try_from(length).expect("usize has at most 64 bits")
}

/// A length that fits in `usize`: of a part of something in memory, or one of 32 bits.
pub(crate) fn usize_of(length: u64) -> usize {
    usize::try_from(length)
        .expect("the length is that of a part of something in memory, or has 32 bits")
}
