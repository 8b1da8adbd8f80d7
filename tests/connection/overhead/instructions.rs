//! Counts instructions with valgrind's callgrind, which other programs on the machine do not disturb.

use std::env;
use std::process::Command;

/// Of which exchange and side, and how many calls [`overhead_calls`](super::overhead_calls) makes.
const NAME: &str = "OVERHEAD_NAME";
const SIDE: &str = "OVERHEAD_SIDE";
const COUNT: &str = "OVERHEAD_COUNT";

/// The counts of calls of the two runs, whose difference is free of what happens before the first call.
const FEW: u32 = 500;
const MANY: u32 = 2_500;

/// Returns how many instructions a call of one side of an exchange takes. `None` without valgrind.
pub(super) fn per_call(name: &str, side: &str) -> Option<f64> {
    let [few, many] = [FEW, MANY].map(|count| collected(name, side, count));
    Some((many? - few?) / f64::from(MANY - FEW))
}

/// Returns what this program is to call, when callgrind runs it.
pub(super) fn asked() -> Option<(String, String, u32)> {
    let count = env::var(COUNT).ok()?.parse().expect("it is a number");
    Some((env::var(NAME).ok()?, env::var(SIDE).ok()?, count))
}

fn collected(name: &str, side: &str, count: u32) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("it runs"))
        .args(["--exact", "overhead::overhead_calls", "--ignored"])
        .env(NAME, name)
        .env(SIDE, side)
        .env(COUNT, count.to_string())
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let (_, collected) = report.split_once("Collected : ")?;
    collected.lines().next()?.trim().parse().ok()
}
