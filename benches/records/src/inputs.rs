//! The batches that are read and written.

use std::io::Write;

use bytes::Bytes;
use kafka_codec::records::codec::{Bounds, Codec, CodecError};
use kafka_codec::records::{BatchBuilder, BatchOptions, Compression, NewRecord};

/// `count` values of 100 bytes.
pub fn values(count: usize) -> Vec<Bytes> {
    (0..count)
        .map(|number| Bytes::from(format!("{number:0100}")))
        .collect()
}

/// Records come some milliseconds apart.
pub fn timestamp(index: usize) -> i64 {
    1_700_000_000_000 + i64::try_from(index).unwrap() * 3
}

/// A batch of `count` records of 100 bytes.
pub fn batch(count: usize, compression: Compression) -> Bytes {
    build(compression, None, values(count))
}

/// A batch of 1 MiB of JSON-like records; snappy in one bare block, for its library to read.
pub fn large_batch(compression: Compression) -> Bytes {
    let codec: Option<Box<dyn Codec>> = match compression {
        Compression::Snappy => Some(Box::new(BareSnappy)),
        _ => None,
    };
    build(compression, codec, orders())
}

/// The same in a zstd frame that does not say how large it becomes, as those that are written by
/// and by are.
pub fn streamed_zstd() -> Bytes {
    build(Compression::Zstd, Some(Box::new(StreamedZstd)), orders())
}

fn build(compression: Compression, codec: Option<Box<dyn Codec>>, values: Vec<Bytes>) -> Bytes {
    let mut builder = BatchBuilder::new(BatchOptions {
        compression,
        ..BatchOptions::default()
    });
    if let Some(codec) = codec {
        builder.set_codec(compression, codec);
    }
    for (index, value) in values.iter().enumerate() {
        let record = NewRecord {
            timestamp: timestamp(index),
            value: Some(value),
            ..NewRecord::default()
        };
        builder.append(&record).unwrap();
    }
    builder.finish().unwrap()
}

/// 1 MiB of values of 1 KiB.
fn orders() -> Vec<Bytes> {
    let mut random: u64 = 12_345;
    let mut next = || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        random >> 33
    };
    (0..1024)
        .map(|order| {
            let mut value = Vec::new();
            while value.len() < 1000 {
                let note = ["gift", "none", "leave at door", "call first"][usize::try_from(next() & 3).unwrap()];
                let (customer, sku, quantity) = (next() & 0xff_ffff, next() % 2000, next() % 9);
                write!(value, "{{\"order\":{order},\"customer\":\"c-{customer:06x}\",\"sku\":\"A{sku:04}\",\"qty\":{quantity},\"note\":\"{note}\"}}").unwrap();
            }
            value.truncate(1000);
            Bytes::from(value)
        })
        .collect()
}

struct BareSnappy;

impl Codec for BareSnappy {
    fn decompress(&mut self, _: &[u8], _: &mut Vec<u8>, _: &Bounds) -> Result<(), CodecError> {
        unreachable!("it only writes")
    }

    fn compress(&mut self, input: &[u8], output: &mut Vec<u8>, _: i8) -> Result<(), CodecError> {
        output.extend(snap::raw::Encoder::new().compress_vec(input).unwrap());
        Ok(())
    }
}

struct StreamedZstd;

impl Codec for StreamedZstd {
    fn decompress(&mut self, _: &[u8], _: &mut Vec<u8>, _: &Bounds) -> Result<(), CodecError> {
        unreachable!("it only writes")
    }

    fn compress(&mut self, input: &[u8], output: &mut Vec<u8>, _: i8) -> Result<(), CodecError> {
        let mut encoder = zstd::stream::Encoder::new(output, 3).unwrap();
        for part in input.chunks(16 * 1024) {
            encoder.write_all(part).unwrap();
        }
        encoder.finish().unwrap();
        Ok(())
    }
}
