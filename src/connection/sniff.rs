//! What a peer speaks if it does not speak Kafka: see [`crate::frame`].

pub use crate::frame::ForeignProtocol;
pub(super) use crate::frame::foreign::Sniffed;
