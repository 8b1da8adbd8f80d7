//! What several tests need.

#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use kafka_codec::wire::Writer;
use kafka_codec::{AnyRequest, AnyResponse};
use kafka_fuzz::{Direction, Target};

/// A directory that is removed in the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("kafka-fuzz-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Decodes a body with the typed messages and encodes it again.
pub(crate) fn decode_and_encode(target: Target, body: &[u8]) -> Result<Vec<u8>, String> {
    let (key, version) = (target.api_key(), target.version());
    let mut writer = Writer::new();
    let encoded = match target.direction() {
        Direction::Request => AnyRequest::decode(key, version, body)
            .map_err(|error| error.to_string())?
            .encode(&mut writer, version),
        Direction::Response => AnyResponse::decode(key, version, body)
            .map_err(|error| error.to_string())?
            .encode(&mut writer, version),
    };
    encoded.expect("what was decoded can be encoded");
    Ok(writer.into_vec())
}

/// FNV-1a of the bytes and their number, after those before.
pub(crate) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    let length = u64::try_from(bytes.len()).unwrap().to_be_bytes();
    let all = length.iter().chain(bytes);
    all.fold(hash ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
