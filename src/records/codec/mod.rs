//! Compression of the records of a batch: a trait, and an implementation of it
//! for each Cargo feature.
//!
//! | feature | library | why this one | MB/s, 1 MiB of JSON, decompressing and compressing |
//! |---|---|---|---|
//! | `gzip` | flate2 on zlib-rs | Rust; compresses three times as fast as on miniz_oxide, which is Rust without `unsafe` | 917 and 98; miniz_oxide 791 and 36 |
//! | `snappy` | snap | Rust, and the only one that is kept | 2262 and 992 |
//! | `lz4` | lz4_flex's safe blocks, with frames of our own | Rust without `unsafe`, and within a tenth of the C library | 3764 and 938; liblz4 4079 and 773, lz4rip 4000 and 983 |
//! | `zstd` | libzstd by zstd-safe | six times as fast as ruzstd, which also needs a newer compiler than we do | 2018 and 560; ruzstd 332 and 129 |
//!
//! Containers and checks around the compressed blocks are our own, as Kafka's differ from what
//! libraries accept: see each codec.

mod bounds;
mod error;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "gzip")]
mod gzip_header;
#[cfg(any(feature = "gzip", feature = "lz4", feature = "zstd"))]
mod level;
#[cfg(feature = "lz4")]
mod lz4;
#[cfg(feature = "lz4")]
mod lz4_header;
#[cfg(any(
    feature = "gzip",
    feature = "lz4",
    feature = "snappy",
    feature = "zstd"
))]
mod output;
mod set;
#[cfg(feature = "snappy")]
mod snappy;
#[cfg(feature = "zstd")]
mod zstd;
#[cfg(feature = "zstd")]
mod zstd_frames;

pub use bounds::Bounds;
pub use error::{CodecError, CodecErrorKind};
#[cfg(feature = "gzip")]
pub use gzip::Gzip;
#[cfg(any(feature = "gzip", feature = "lz4", feature = "zstd"))]
pub use level::LevelError;
#[cfg(feature = "lz4")]
pub use lz4::Lz4;
#[cfg(feature = "snappy")]
pub use snappy::Snappy;
#[cfg(feature = "zstd")]
pub use zstd::Zstd;

pub(super) use set::Codecs;

/// Compresses and decompresses the records of a batch or message set.
///
/// Implement it to use another library, and hand it to
/// [`RecordDecoder::set_codec`](super::RecordDecoder::set_codec) or
/// [`BatchBuilder::set_codec`](super::BatchBuilder::set_codec). A codec keeps its working memory
/// from one batch to the next.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::Compression;
/// use kafka_codec::records::codec::{Bounds, Codec, CodecError, CodecErrorKind};
///
/// /// Stores bytes as they are.
/// struct Stored;
///
/// impl Codec for Stored {
///     fn decompress(
///         &mut self,
///         input: &[u8],
///         output: &mut Vec<u8>,
///         bounds: &Bounds,
///     ) -> Result<(), CodecError> {
///         if input.len() > bounds.max_output() {
///             return Err(CodecError::new(bounds.output_too_large(), 0));
///         }
///         output.extend_from_slice(input);
///         Ok(())
///     }
///
///     fn compress(
///         &mut self,
///         input: &[u8],
///         output: &mut Vec<u8>,
///         _magic: i8,
///     ) -> Result<(), CodecError> {
///         output.extend_from_slice(input);
///         Ok(())
///     }
/// }
///
/// let mut decoder = kafka_codec::records::RecordDecoder::default();
/// decoder.set_codec(Compression::Gzip, Box::new(Stored));
/// ```
pub trait Codec: Send + Sync {
    /// Writes what `input` was compressed from to `output`, which comes empty.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if `input` cannot be decompressed within `bounds`. What came out before the
    /// fault is in `output`: it is read, so that nothing is lost.
    fn decompress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bounds: &Bounds,
    ) -> Result<(), CodecError>;

    /// Appends `input` to `output`, compressed for a batch or message set of format `magic`.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if it cannot be compressed.
    fn compress(&mut self, input: &[u8], output: &mut Vec<u8>, magic: i8)
    -> Result<(), CodecError>;
}
