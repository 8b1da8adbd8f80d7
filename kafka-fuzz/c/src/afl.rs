//! The custom mutator interface of AFL++.
//!
//! See <https://aflplus.plus/docs/custom_mutators/>.

use std::ffi::{c_uint, c_void};

use crate::pointers::bytes;
use crate::safe;

/// What AFL++ keeps for us from one call to the next.
struct State {
    seed: u64,
    /// The last mutant: AFL++ reads it until the next call.
    mutant: Vec<u8>,
}

/// Begins. Returns what the other functions are given.
///
/// # Safety
///
/// There is nothing to promise: the state of AFL++ is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn afl_custom_init(_afl: *mut c_void, seed: c_uint) -> *mut c_void {
    let state = State {
        seed: u64::from(seed) << 32,
        mutant: Vec::new(),
    };
    Box::into_raw(Box::new(state)).cast()
}

/// Mutates `buf`, or crosses it over with `add_buf` once in eight calls, and sets `out_buf` to the mutant. Returns its size.
///
/// # Safety
///
/// `data` must come from [`afl_custom_init`] and not have been given to [`afl_custom_deinit`]; no other call may use it meanwhile.
/// `buf` and `add_buf` must be valid for reads of their sizes or null, `out_buf` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn afl_custom_fuzz(
    data: *mut c_void,
    buf: *mut u8,
    buf_size: usize,
    out_buf: *mut *mut u8,
    add_buf: *mut u8,
    add_buf_size: usize,
    max_size: usize,
) -> usize {
    // SAFETY: it is a `State` of `afl_custom_init`, which nothing else uses.
    let Some(state) = (unsafe { data.cast::<State>().as_mut() }) else {
        return 0;
    };
    // SAFETY: as promised by the caller.
    let input = unsafe { bytes(buf, buf_size) };
    // SAFETY: as promised by the caller.
    let other = unsafe { bytes(add_buf, add_buf_size) };
    state.seed = state.seed.wrapping_add(1);
    state.mutant = if !other.is_empty() && state.seed % 8 == 0 {
        safe::cross_over(input, other, max_size, state.seed)
    } else {
        safe::mutate(input, max_size, state.seed)
    };
    // What is cut off is not shown: a mutant that is too long can only be the input itself.
    state.mutant.truncate(max_size);
    // SAFETY: as promised by the caller.
    unsafe { out_buf.write(state.mutant.as_mut_ptr()) };
    state.mutant.len()
}

/// Ends.
///
/// # Safety
///
/// `data` must be null or come from [`afl_custom_init`], and not be used after this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn afl_custom_deinit(data: *mut c_void) {
    if !data.is_null() {
        // SAFETY: it is a `State` of `afl_custom_init`, and the caller gives it back.
        drop(unsafe { Box::from_raw(data.cast::<State>()) });
    }
}
