//! From segments to the bytes of one direction, in order. Which connection a segment belongs to, and
//! what its bytes mean, is not known here.

mod copies;
mod life;
mod reassembly;
#[cfg(test)]
mod tests;

pub(crate) use copies::{Copied, Copies};
pub use life::{Ending, EndingKind, Life, Side};
pub(crate) use reassembly::{Piece, Reassembly};

/// The packet in which a byte arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The packet's number in the captures, from 1.
    pub(crate) packet: u64,
    /// The capture time, in nanoseconds since 1970.
    pub(crate) time: i64,
    /// The packet's number on its connection, from 1.
    pub(crate) turn: u64,
}

/// The nanoseconds from one capture time to a later one; `None` if the capture does not have them, which are 0 then, or where
/// time runs backwards, as between taps whose clocks differ.
pub(crate) fn elapsed(from: i64, to: i64) -> Option<i64> {
    let has_times = from != 0 && to != 0;
    has_times
        .then(|| to.saturating_sub(from))
        .filter(|nanoseconds| *nanoseconds >= 0)
}

/// The sequence number `length` bytes after `sequence`. Sequence numbers are modulo 2^32.
pub(crate) fn sequence_after(sequence: u32, length: u64) -> u32 {
    let length = u32::try_from(length % (1 << 32)).expect("the remainder has 32 bits");
    sequence.wrapping_add(length)
}
