//! What is behind the C interface: the shape and the second mutator that were set, and calls of the library that do not panic.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use kafka_fuzz::mutate::{self, Mutant, Shape};

use crate::SecondMutator;

/// What was set; until then what the environment says.
static SHAPE: Mutex<Option<Shape>> = Mutex::new(None);

/// The environment variable that names the shape.
const VARIABLE: &str = "KAFKA_FUZZ_SHAPE";

/// Frames of requests of any API.
const DEFAULT: &str = "request size-header";

pub(crate) fn set_shape(text: &[u8]) -> bool {
    let shape = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok());
    let is_shape = shape.is_some();
    if is_shape {
        *SHAPE.lock().unwrap_or_else(PoisonError::into_inner) = shape;
    }
    is_shape
}

/// The shape that was set, or that the environment names. A text that is not a shape is reported once, and the default taken.
pub(crate) fn shape() -> Shape {
    let mut shape = SHAPE.lock().unwrap_or_else(PoisonError::into_inner);
    *shape.get_or_insert_with(|| {
        let text = std::env::var(VARIABLE).unwrap_or_else(|_| DEFAULT.to_owned());
        text.parse().unwrap_or_else(|error| {
            eprintln!("kafka-fuzz: {VARIABLE}: {error}; taking {DEFAULT:?}");
            DEFAULT.parse().expect("the default is a shape")
        })
    })
}

/// The mutator that makes every second mutant.
static SECOND: Mutex<Option<SecondMutator>> = Mutex::new(None);

pub(crate) fn set_second_mutator(mutator: Option<SecondMutator>) {
    *SECOND.lock().unwrap_or_else(PoisonError::into_inner) = mutator;
}

pub(crate) fn second_mutator() -> Option<SecondMutator> {
    *SECOND.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn mutate(input: &[u8], max_len: usize, seed: u64) -> Vec<u8> {
    let mutate = || mutate::mutate(input, &shape(), seed, max_len);
    or_as_it_was(mutate, input)
}

pub(crate) fn cross_over(input: &[u8], other: &[u8], max_len: usize, seed: u64) -> Vec<u8> {
    let cross_over = || mutate::cross_over(input, other, &shape(), seed, max_len);
    or_as_it_was(cross_over, input)
}

pub(crate) fn generate(max_len: usize, seed: u64) -> Vec<u8> {
    or_as_it_was(|| mutate::generate(&shape(), seed, max_len), &[])
}

/// A panic would be a bug of the mutator: the fuzzer goes on with the input as it was.
fn or_as_it_was(mutate: impl FnOnce() -> Mutant, input: &[u8]) -> Vec<u8> {
    let mutant = panic::catch_unwind(AssertUnwindSafe(mutate));
    mutant.map_or_else(|_| input.to_vec(), Mutant::into_bytes)
}

/// Repairs records that keep their size.
pub(crate) fn repair(records: &mut [u8]) -> bool {
    let mut repaired = records.to_vec();
    let is_repaired = mutate::repair_records(&mut repaired) && repaired.len() == records.len();
    if is_repaired {
        records.copy_from_slice(&repaired);
    }
    is_repaired
}
