//! Any bytes as the body of any request: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::requests(input));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    kafka_codec_fuzz::mutator::requests(data, size, max_size, seed)
});
