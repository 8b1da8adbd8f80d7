//! Files: where they come from, what they are packed with, the packets of captures, the entries of logs.
//! What is in a packet is not known here.

mod error;
mod interfaces;
mod log;
mod modified;
mod open;
mod packets;
mod packing;
mod unpack;

pub use error::InputError;
pub(crate) use log::{Garbage, LogEntries, LogEntry};
pub use open::Input;
#[cfg(feature = "analysis")]
pub(crate) use packets::{BlockKind, RawBlock, Resolution};
pub use packets::{Packet, Packets};
pub use unpack::PackingFault;
