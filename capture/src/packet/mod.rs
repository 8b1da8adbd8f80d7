//! From a packet to the TCP segment in it, through the link layer, tunnels and fragments. The meaning of the
//! bytes in segments is not known here.

mod fragments;
mod ip;
mod layer;
mod layers;
mod link;
mod links;
mod network;
mod segment;
mod tunnel;
mod wifi;

pub(crate) use layers::{Layers, NoSegment};
pub use links::is_known;
pub(crate) use links::known as known_links;
pub(crate) use segment::Segment;
