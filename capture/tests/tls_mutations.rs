//! Sessions of which packets are lost, repeated, reordered and damaged: nothing is found that was not said.
#![cfg(test)]
#![cfg(feature = "tls")]

#[path = "support/fuzz_tls.rs"]
mod fuzz_tls;
#[path = "support/packets.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod packets;
#[path = "support/tls.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod tls;

use proptest::prelude::*;

#[test]
fn without_damage_everything_is_found() {
    for suite in 0..6 {
        for size in 0..5 {
            let (whole, counts) = fuzz_tls::tls(&[suite, size, 0]).unwrap();
            assert_eq!(whole.0.len(), 24, "{counts}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_is_found_that_was_not_said(input in proptest::collection::vec(any::<u8>(), 3..40)) {
        fuzz_tls::tls(&input);
    }
}
