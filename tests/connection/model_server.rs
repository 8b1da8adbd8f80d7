//! Random operations on the accepting side: whatever happens, requests come out as they were sent, are answered in order,
//! and nothing follows the end. See `tests/support/fuzz_server`.
//!
//! `MODEL_RUNS` says how many runs; `MODEL_SEED` repeats one.

use crate::fuzz_server::server;
use crate::model::{operations, repeat};

#[test]
fn every_request_is_answered_once_and_in_order_whatever_happens() {
    let (runs, handed_out) = repeat(2_000, |seed| server(&operations(seed)));
    println!("{runs} runs, {handed_out} requests");
    assert!(runs == 1 || handed_out > runs, "the runs do something");
}
