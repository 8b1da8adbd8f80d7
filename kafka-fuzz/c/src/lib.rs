//! The mutator and generator of [`kafka_fuzz`] behind a C interface: `include/kafka_fuzz.h`.
//!
//! ```text
//!  libFuzzer ─► LLVMFuzzerCustomMutator, .. ──────────────┐
//!  AFL++ ─────► afl_custom_init, afl_custom_fuzz, .. ─────┼─► safe.rs
//!  any C ─────► kafka_fuzz_set_shape, .._generate, .. ────┘       ▼
//!                                                   kafka_fuzz::mutate
//! ```
//!
//! This crate is the one place of the project with unsafe code. All of it turns pointers and lengths of the caller into slices; what
//! is done with the slices is in the module `safe`. No panic leaves it.

mod afl;
mod pointers;
mod safe;

pub use afl::{afl_custom_deinit, afl_custom_fuzz, afl_custom_init};

use std::ffi::{CStr, c_char, c_int, c_uint};

use pointers::{bytes, bytes_mut};

/// Mutates `data` in place: the custom mutator of libFuzzer. Returns the new size. Mutants of even seeds are those of
/// [`kafka_fuzz_set_second_mutator`], if it was called.
///
/// # Safety
///
/// `data` must be valid for reads and writes of `max_size` bytes, of which the first `size` are initialized, and nothing else may
/// use them meanwhile. It may be null if `max_size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LLVMFuzzerCustomMutator(
    data: *mut u8,
    size: usize,
    max_size: usize,
    seed: c_uint,
) -> usize {
    let has_room = !data.is_null() && max_size > 0;
    let second = safe::second_mutator().filter(|_| has_room && seed % 2 == 0);
    if let Some(mutate) = second {
        // SAFETY: as promised by the caller, and by the one of `kafka_fuzz_set_second_mutator`.
        let size = unsafe { mutate(data, size.min(max_size), max_size) };
        return size.min(max_size);
    }
    // SAFETY: as promised by the caller.
    let input = unsafe { bytes(data, size.min(max_size)) };
    let mutant = safe::mutate(input, max_size, seed.into());
    // SAFETY: as promised by the caller; `input` is not used any more.
    unsafe { pointers::write(&mutant, data, max_size) }
}

/// Puts a part of one input into another: the custom crossover of libFuzzer. Returns the size of the result in `out`.
///
/// # Safety
///
/// `data1` and `data2` must be valid for reads of their sizes, `out` for writes of `max_out_size` bytes that nothing else uses. Each
/// may be null if its size is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LLVMFuzzerCustomCrossOver(
    data1: *const u8,
    size1: usize,
    data2: *const u8,
    size2: usize,
    out: *mut u8,
    max_out_size: usize,
    seed: c_uint,
) -> usize {
    // SAFETY: as promised by the caller.
    let input = unsafe { bytes(data1, size1) };
    // SAFETY: as promised by the caller.
    let other = unsafe { bytes(data2, size2) };
    let mutant = safe::cross_over(input, other, max_out_size, seed.into());
    // SAFETY: as promised by the caller.
    unsafe { pointers::write(&mutant, out, max_out_size) }
}

/// Sets the shape of inputs, such as `request size-header` or `response none Fetch 12`, for all functions. Returns 0, or -1 if the text
/// is not a shape; then nothing changes.
///
/// # Safety
///
/// `shape` must be null or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kafka_fuzz_set_shape(shape: *const c_char) -> c_int {
    if shape.is_null() {
        return -1;
    }
    // SAFETY: it is not null, and as promised by the caller.
    let text = unsafe { CStr::from_ptr(shape) };
    if safe::set_shape(text.to_bytes()) {
        0
    } else {
        -1
    }
}

/// A mutator as libFuzzer's own, `LLVMFuzzerMutate`: it mutates the first `size` of `max_size` bytes in place, and returns the new size.
pub type SecondMutator = unsafe extern "C" fn(data: *mut u8, size: usize, max_size: usize) -> usize;

/// Sets another mutator, which makes every second mutant of [`LLVMFuzzerCustomMutator`]: with `LLVMFuzzerMutate` libFuzzer mutates too,
/// and uses its dictionary. Null ends that.
///
/// # Safety
///
/// Until another one is set, it must be sound to call `mutator` with a pointer that is valid for reads and writes of `max_size` bytes,
/// from every thread that calls [`LLVMFuzzerCustomMutator`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kafka_fuzz_set_second_mutator(mutator: Option<SecondMutator>) {
    safe::set_second_mutator(mutator);
}

/// Generates a valid message of the shape. Returns its size in `out`.
///
/// # Safety
///
/// `out` must be valid for writes of `max_size` bytes that nothing else uses; it may be null if `max_size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kafka_fuzz_generate(out: *mut u8, max_size: usize, seed: u64) -> usize {
    let message = safe::generate(max_size, seed);
    // SAFETY: as promised by the caller.
    unsafe { pointers::write(&message, out, max_size) }
}

/// Corrects the sizes and checksums of record batches in place. Returns 0, or -1 if the bytes do not begin with a batch or message.
///
/// # Safety
///
/// `records` must be valid for reads and writes of `size` bytes that nothing else uses; it may be null if `size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kafka_fuzz_repair_records(records: *mut u8, size: usize) -> c_int {
    // SAFETY: as promised by the caller.
    let records = unsafe { bytes_mut(records, size) };
    if safe::repair(records) { 0 } else { -1 }
}
