//! From a packet to the TCP segment in it. What the bytes in segments mean is not known here.

mod link;
mod segment;

pub use link::is_known;
pub(crate) use segment::{NoSegment, Segment};
