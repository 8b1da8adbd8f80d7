//! The throttle time of a response. What a connection does about it is decided where it arrives.

use std::time::Duration;

use crate::wire::{Encoding, Reader};
use crate::{ApiKey, Version};

include!(concat!(env!("OUT_DIR"), "/throttle_time.rs"));

/// Returns the throttle time in the body of a response, or zero if there is none. What follows it in the body is not
/// looked at.
#[inline]
pub(super) fn throttle_time(key: ApiKey, version: Version, body: &[u8]) -> Duration {
    // The body of a version that is not known may hold anything.
    if !key.versions().is_some_and(|known| known.contains(version)) {
        return Duration::ZERO;
    }
    let mut reader = Reader::new(body);
    let Some(milliseconds) = throttle_time_ms(&mut reader, key, version) else {
        return Duration::ZERO;
    };
    match (reader.check(), u64::try_from(milliseconds)) {
        (Ok(()), Ok(milliseconds)) => Duration::from_millis(milliseconds),
        _ => Duration::ZERO,
    }
}
