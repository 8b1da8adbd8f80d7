//! The throttle time of a response. What a connection does about it is decided where it arrives.

use std::time::Duration;

use crate::wire::{Encoding, ReadCursor, Reader};
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
    let read = Reader::new(body).read(|cursor| throttle_time_ms(cursor, key, version));
    match read.map(|milliseconds| milliseconds.map(u64::try_from)) {
        Ok(Some(Ok(milliseconds))) => Duration::from_millis(milliseconds),
        _ => Duration::ZERO,
    }
}
