//! The compressed part of a batch or message: decompressed, and compressed again after it was changed.

use kafka_codec::records::Compression;
use kafka_codec::records::codec::{Bounds, Codec, Gzip, Lz4, Snappy, Zstd};
use kafka_codec::wire::Limits;

/// The bytes that were compressed; `None` if they cannot be decompressed, or are too many to be changed in no time.
pub(super) fn decompress(compression: Compression, magic: i8, bytes: &[u8]) -> Option<Vec<u8>> {
    let limits = Limits::default().with_max_decompressed_bytes(MAX_DECOMPRESSED);
    let bounds = Bounds::new(limits, bytes.len(), magic);
    let mut out = Vec::new();
    let mut codec = codec(compression)?;
    codec.decompress(bytes, &mut out, &bounds).ok()?;
    Some(out)
}

/// The compressed bytes; `None` without a compression.
pub(super) fn compress(compression: Compression, magic: i8, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    codec(compression)?.compress(bytes, &mut out, magic).ok()?;
    Some(out)
}

fn codec(compression: Compression) -> Option<Box<dyn Codec>> {
    match compression {
        Compression::Gzip => Some(Box::<Gzip>::default()),
        Compression::Snappy => Some(Box::<Snappy>::default()),
        Compression::Lz4 => Some(Box::<Lz4>::default()),
        Compression::Zstd => Some(Box::<Zstd>::default()),
        _ => None,
    }
}

const MAX_DECOMPRESSED: usize = 1 << 20;
