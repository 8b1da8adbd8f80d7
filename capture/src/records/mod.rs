//! Records of messages and log segments, shown: batches with their headers, and what is in them if it is
//! asked for. Where the records come from is not known here.
//!
//! ```text
//!  field.rs    a `records` field ─────┐
//!                                     ├─► Show ─► JSON
//!  ../segment  a log segment, a line ─┘   show.rs   object.rs, value.rs,
//!              a batch                              header.rs, internal.rs,
//!                                                   control.rs
//! ```

mod control;
mod field;
mod header;
mod internal;
mod object;
mod show;
mod topics;
mod value;
#[cfg(any(test, not(feature = "zstd")))]
mod zstd;

use kafka_codec::records::RecordDecoder;
use kafka_codec::wire::Limits;

pub(crate) use field::Field;
pub(crate) use header::Header;
pub(crate) use internal::Topic;
pub(crate) use object::Object;
pub(crate) use show::{Show, Style, both};
pub(crate) use topics::Topics;

/// Returns limits by which no batch is decompressed to more than so many bytes, instead of 128 MiB.
pub(crate) fn limits(max_decompressed: Option<usize>) -> Limits {
    match max_decompressed {
        Some(bytes) => Limits::default().with_max_decompressed_bytes(bytes),
        None => Limits::default(),
    }
}

/// Returns a decoder of all compressions.
pub(crate) fn decoder(limits: Limits) -> RecordDecoder {
    #[cfg_attr(
        feature = "zstd",
        allow(unused_mut, reason = "libzstd is the decoder's own")
    )]
    let mut decoder = RecordDecoder::new(limits);
    #[cfg(not(feature = "zstd"))]
    decoder.set_codec(
        kafka_codec::records::Compression::Zstd,
        Box::new(zstd::Zstd),
    );
    decoder
}

/// The parts of records that are shown besides the headers of their batches, and control records, which Kafka writes.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordOptions {
    /// Keys, values and headers: as text where they are text, else as base64.
    pub payload: bool,
    /// Keys and values of Kafka's internal topics, decoded by their types.
    pub internal: bool,
    /// The maximum size of a batch's records when they are decompressed, instead of 128 MiB.
    pub max_decompressed: Option<usize>,
}
