//! A seeded peer on loopback that misbehaves in labeled ways, towards clients, servers and clusters. After each misdeed the driver
//! ends with an error that has the expected label and names the peer. It does not panic, hang, or take memory for bytes that never
//! came.
#![cfg(test)]

mod client;
mod cluster;
mod peer;
mod server;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use allocation_counter::measure;
use tokio::runtime::Builder;
use tokio::time::timeout;

/// The largest frame that is allowed.
const MAX_FRAME: usize = 1 << 20;
/// The most that a misdeed may make this side allocate at a time, its runtime and requests included.
const MAX_MEMORY: u64 = 512 * 1024;
/// The time limits of the driver where only time tells, and where nothing should depend on it.
const LIMIT: Duration = Duration::from_millis(250);
const NO_LIMIT: Duration = Duration::from_secs(10);
/// What takes longer hangs.
const HANG: Duration = Duration::from_secs(20);

/// Runs one scenario on a thread of its own runtime, and checks its time and memory.
fn bounded<T>(scenario: &str, max_memory: u64, run: impl Future<Output = T>) -> T {
    let mut result = None;
    let used = measure(|| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        result = runtime.block_on(async { timeout(HANG, run).await.ok() });
    });
    assert!(
        used.bytes_max < max_memory,
        "{scenario}: {} bytes at a time",
        used.bytes_max
    );
    result.unwrap_or_else(|| panic!("{scenario}: hangs"))
}

/// Numbers that follow from a seed: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`.
    fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = u64::try_from(i64::from(high) - i64::from(low) + 1).unwrap();
        let step = i64::try_from(self.next() % span).unwrap();
        i32::try_from(i64::from(low) + step).unwrap()
    }

    fn bytes(&mut self, length: i32) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// An error is one clause that names who it is about.
fn check_sentence(scenario: &str, name: &str, line: &str) {
    assert!(line.contains(name), "{scenario}: {line}");
    for debug in ["\n", "Some(", "None", "{", "  "] {
        assert!(!line.contains(debug), "{scenario}: {line}");
    }
}

/// The labels that a misdeed led to, in the order of scenarios, and a sentence for each.
#[derive(Default)]
struct Outcomes(BTreeMap<String, BTreeMap<String, String>>);

impl Outcomes {
    fn add(&mut self, misdeed: String, label: &str, sentence: &str) {
        let labels = self.0.entry(misdeed).or_default();
        labels
            .entry(label.to_owned())
            .or_insert_with(|| sentence.to_owned());
    }

    /// For readers, with `--nocapture`.
    fn print(&self) {
        for (misdeed, labels) in &self.0 {
            for (label, sentence) in labels {
                println!("{misdeed:<28} {label:<16} {sentence}");
            }
        }
    }
}
