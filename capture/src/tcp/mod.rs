//! From segments to the bytes of one direction, in order. Which connection a segment belongs to, and
//! what its bytes mean, is not known here.

mod reassembly;
#[cfg(test)]
mod tests;

pub(crate) use reassembly::{Piece, Reassembly};

/// The packet that brought a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its number in the captures, from 1.
    pub(crate) packet: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub(crate) time: i64,
    /// Its number on its connection, from 1.
    pub(crate) turn: u64,
}
