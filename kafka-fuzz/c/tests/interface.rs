//! The C interface called from Rust: under Miri too, see `miri`.
#![cfg(test)]

use std::ffi::CString;
use std::ptr;

use kafka_fuzz::mutate::{self, Shape};
use kafka_fuzz_c::*;

/// Miri is slow.
const ROUNDS: u32 = if cfg!(miri) { 3 } else { 500 };

fn set(shape: &str) -> i32 {
    let shape = CString::new(shape).unwrap();
    // SAFETY: it ends with a NUL.
    unsafe { kafka_fuzz_set_shape(shape.as_ptr()) }
}

/// One test, as the shape is one for all.
#[test]
fn the_interface_does_what_the_library_does() {
    assert_eq!(set("request everything"), -1);
    assert_eq!(set("request none Metadata 9"), 0);
    let shape: Shape = "request none Metadata 9".parse().unwrap();

    let mut data = vec![0; 512];
    // SAFETY: `data` has so many bytes.
    let mut size = unsafe { kafka_fuzz_generate(data.as_mut_ptr(), data.len(), 5) };
    assert_eq!(data[..size], *mutate::generate(&shape, 5, 512).bytes());

    for seed in 0..ROUNDS {
        let expected = mutate::mutate(&data[..size], &shape, seed.into(), 512);
        // SAFETY: `data` has so many bytes.
        size = unsafe { LLVMFuzzerCustomMutator(data.as_mut_ptr(), size, data.len(), seed) };
        assert_eq!(data[..size], *expected.bytes(), "{expected}");
    }

    second_mutator(&shape, &data[..size]);

    let other = mutate::generate(&shape, 6, 512).into_bytes();
    let expected = mutate::cross_over(&data[..size], &other, &shape, 7, 512);
    let mut out = vec![0; 512];
    // SAFETY: all have so many bytes.
    let crossed = unsafe {
        LLVMFuzzerCustomCrossOver(
            data.as_ptr(),
            size,
            other.as_ptr(),
            other.len(),
            out.as_mut_ptr(),
            out.len(),
            7,
        )
    };
    assert_eq!(out[..crossed], *expected.bytes());

    // SAFETY: there is no room, and no input.
    let size = unsafe { LLVMFuzzerCustomMutator(ptr::null_mut(), 0, 0, 1) };
    assert_eq!(size, 0);
    // SAFETY: three bytes.
    let repaired = unsafe { kafka_fuzz_repair_records(data.as_mut_ptr(), 3) };
    assert_eq!(repaired, -1);
    // SAFETY: null is allowed.
    assert_eq!(unsafe { kafka_fuzz_set_shape(ptr::null()) }, -1);

    afl(&data[..size], &other);
}

/// Makes every input two bytes.
unsafe extern "C" fn two_bytes(data: *mut u8, _size: usize, max_size: usize) -> usize {
    assert!(max_size >= 2);
    // SAFETY: there is room for two.
    unsafe { data.cast::<[u8; 2]>().write([1, 2]) };
    2
}

/// Every second mutant is that of the other mutator, as long as it is set.
fn second_mutator(shape: &Shape, input: &[u8]) {
    // SAFETY: it writes where there is room.
    unsafe { kafka_fuzz_set_second_mutator(Some(two_bytes)) };
    for seed in 0..4 {
        let mut data = vec![0; 512];
        data[..input.len()].copy_from_slice(input);
        let expected = match seed % 2 {
            0 => vec![1, 2],
            _ => mutate::mutate(input, shape, seed.into(), 512).into_bytes(),
        };
        // SAFETY: `data` has so many bytes.
        let size =
            unsafe { LLVMFuzzerCustomMutator(data.as_mut_ptr(), input.len(), data.len(), seed) };
        assert_eq!(data[..size], expected);
    }
    // SAFETY: there is no room, so that it is not called.
    let size = unsafe { LLVMFuzzerCustomMutator(ptr::null_mut(), 0, 0, 2) };
    assert_eq!(size, 0);
    // SAFETY: there is nothing to call.
    unsafe { kafka_fuzz_set_second_mutator(None) };
}

fn afl(input: &[u8], other: &[u8]) {
    let (mut input, mut other) = (input.to_vec(), other.to_vec());
    // SAFETY: any arguments will do.
    let state = unsafe { afl_custom_init(ptr::null_mut(), 3) };
    for _ in 0..ROUNDS {
        let mut mutant = ptr::null_mut();
        // SAFETY: the state is alive, and all have so many bytes.
        let size = unsafe {
            afl_custom_fuzz(
                state,
                input.as_mut_ptr(),
                input.len(),
                &raw mut mutant,
                other.as_mut_ptr(),
                other.len(),
                512,
            )
        };
        assert!(size <= 512);
        // SAFETY: the mutant is alive until the next call.
        input = unsafe { std::slice::from_raw_parts(mutant, size) }.to_vec();
    }
    // SAFETY: it is not used any more.
    unsafe { afl_custom_deinit(state) };
    // SAFETY: null is allowed.
    unsafe { afl_custom_deinit(ptr::null_mut()) };
}
