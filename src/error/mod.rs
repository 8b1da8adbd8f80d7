//! Errors of decoding and encoding.
//! Faults of the stream around the messages are in [`frame`](crate::frame).

mod decode;
mod encode;

pub use decode::{DecodeError, DecodeErrorKind};
pub use encode::{EncodeError, EncodeErrorKind};
