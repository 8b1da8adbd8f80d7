//! Capture files: where they come from, what they are packed with, and the packets in them.
//! What is in a packet is not known here.

mod error;
mod open;
mod packets;

pub use error::InputError;
pub use open::Input;
pub use packets::{Packet, Packets};
