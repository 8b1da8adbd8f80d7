//! Batches and messages written byte by byte, so that anything can be wrong with them.

use kafka_codec::records::Compression;
#[allow(unused_imports, reason = "a build may have no codec")]
use kafka_codec::records::codec::{self, Codec};

use super::checksums::repair;
use crate::random::Random;

/// A batch with whatever is in its fields, and a checksum that is right.
#[derive(Clone, Debug)]
pub(crate) struct RawBatch {
    pub(crate) attributes: u16,
    pub(crate) count: i32,
    pub(crate) body: Vec<u8>,
}

impl RawBatch {
    /// One of `count` records.
    pub(crate) fn of(count: i32) -> Self {
        Self {
            attributes: 0,
            count,
            body: (0..count).flat_map(|delta| record(delta, b"v")).collect(),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0; 8];
        out.extend(i32::try_from(49 + self.body.len()).unwrap().to_be_bytes());
        out.extend([0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0]);
        out.extend(self.attributes.to_be_bytes());
        out.extend(self.count.max(1).wrapping_sub(1).to_be_bytes());
        out.extend(1000_i64.to_be_bytes());
        out.extend(1000_i64.to_be_bytes());
        out.extend([0xff; 14]);
        out.extend(self.count.to_be_bytes());
        out.extend(&self.body);
        repair(&mut out);
        out
    }

    /// The same with its body compressed.
    pub(crate) fn compressed(&self, compression: Compression) -> Vec<u8> {
        Self {
            attributes: u16::from(compression.id()),
            body: compress(&self.body, compression, 2),
            ..self.clone()
        }
        .bytes()
    }
}

/// A message with whatever is in its fields, and a checksum that is right.
#[derive(Clone, Debug)]
pub(crate) struct RawMessage {
    pub(crate) offset: i64,
    pub(crate) magic: u8,
    pub(crate) attributes: u8,
    pub(crate) value: Option<Vec<u8>>,
}

impl RawMessage {
    pub(crate) fn of(magic: u8) -> Self {
        Self {
            offset: 0,
            magic,
            attributes: 0,
            value: Some(b"value".to_vec()),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut body = vec![0, 0, 0, 0, self.magic, self.attributes];
        if self.magic == 1 {
            body.extend(1000_i64.to_be_bytes());
        }
        body.extend([0xff; 4]);
        match &self.value {
            Some(value) => {
                body.extend(i32::try_from(value.len()).unwrap().to_be_bytes());
                body.extend(value);
            }
            None => body.extend([0xff; 4]),
        }
        let mut out = self.offset.to_be_bytes().to_vec();
        out.extend(i32::try_from(body.len()).unwrap().to_be_bytes());
        out.extend(body);
        repair(&mut out);
        out
    }

    /// The same around a compressed `set`.
    pub(crate) fn wrapping(&self, set: &[u8], compression: Compression) -> Vec<u8> {
        let magic = i8::try_from(self.magic).unwrap();
        Self {
            attributes: compression.id(),
            value: Some(compress(set, compression, magic)),
            ..self.clone()
        }
        .bytes()
    }
}

/// A record without key and headers.
pub(crate) fn record(offset_delta: i32, value: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0];
    body.extend(varint(offset_delta));
    body.push(1);
    body.extend(varint(i32::try_from(value.len()).unwrap()));
    body.extend(value);
    body.push(0);
    [varint(i32::try_from(body.len()).unwrap()), body].concat()
}

/// A zig-zag variable-length integer.
pub(crate) fn varint(value: i32) -> Vec<u8> {
    let mut left = u32::from_ne_bytes(((value << 1) ^ (value >> 31)).to_ne_bytes());
    let mut out = Vec::new();
    while left > 0x7f {
        out.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
        left >>= 7;
    }
    out.push(u8::try_from(left).unwrap());
    out
}

/// `size` bytes that do not compress.
pub(crate) fn noise(size: usize, seed: i32) -> Vec<u8> {
    let mut random = Random::of(&format!("noise {seed}"));
    (0..size).map(|_| random.byte()).collect()
}

/// `data` as the codec of this build compresses it.
pub(crate) fn compress(data: &[u8], compression: Compression, magic: i8) -> Vec<u8> {
    let codec: Option<Box<dyn Codec>> = match compression {
        #[cfg(feature = "gzip")]
        Compression::Gzip => Some(Box::new(codec::Gzip::default())),
        #[cfg(feature = "snappy")]
        Compression::Snappy => Some(Box::new(codec::Snappy::default())),
        #[cfg(feature = "lz4")]
        Compression::Lz4 => Some(Box::new(codec::Lz4::default())),
        #[cfg(feature = "zstd")]
        Compression::Zstd => Some(Box::new(codec::Zstd::default())),
        _ => None,
    };
    let mut out = Vec::new();
    match codec {
        Some(mut codec) => codec.compress(data, &mut out, magic).unwrap(),
        None => out.extend(data),
    }
    out
}
