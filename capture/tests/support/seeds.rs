//! Captures that tests decode, as seeds of the fuzz target `packets`: `fuzz/run` has tests of links and tunnels write them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use kafka_capture::input::Packet;

use super::fuzz_capture::Seed;

/// Writes the packets that were pushed when it is dropped, into the folder that `KAFKA_CODEC_CORPUS` names, if it does.
pub(crate) struct Keeper {
    folder: Option<PathBuf>,
    seed: Seed,
}

impl Keeper {
    pub(crate) fn new() -> Self {
        Self {
            folder: std::env::var_os("KAFKA_CODEC_CORPUS").map(PathBuf::from),
            seed: Seed::default(),
        }
    }

    pub(crate) fn push(&mut self, packet: &Packet<'_>) {
        if self.folder.is_some() {
            self.seed.push(packet);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let bytes = self.seed.bytes();
        if let Some(folder) = &self.folder
            && !bytes.is_empty()
        {
            let mut hasher = DefaultHasher::new();
            bytes.hash(&mut hasher);
            let folder = folder.join("packets");
            std::fs::create_dir_all(&folder).unwrap();
            let name = format!("vector-{:016x}", hasher.finish());
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
}
