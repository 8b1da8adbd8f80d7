//! How long a request lets the broker hold it, read out of the bytes of its body. The fields that state it are named in
//! `protocol-json/apis.json`.

use std::time::Duration;

use crate::generated::milliseconds;
use crate::messages::RequestHeader;
use crate::wire::{Encoding, Limits, ReadCursor, Reader};
use crate::{ApiKey, HeaderVersions, Version};

include!(concat!(env!("OUT_DIR"), "/server_wait.rs"));

/// Returns how long the broker may hold a request before it answers, as the request itself states: the `timeout_ms` of
/// Produce and administrative requests, the `max_wait_ms` of Fetch, the rebalance timeout of JoinGroup. Zero if the
/// request does not bound it, or `body` is not a body of this version.
///
/// This is [`Request::server_wait`](crate::Request::server_wait) of a request that is encoded already. `body` may be
/// cut off behind the field.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use kafka_codec::connection::server_wait;
/// use kafka_codec::{ApiKey, Version};
///
/// let body = [0, 0, 0x13, 0x88, /* ... */];
/// assert_eq!(server_wait(ApiKey::Fetch, Version(16), &body), Duration::from_secs(5));
/// ```
#[must_use]
pub fn server_wait(key: ApiKey, version: Version, body: &[u8]) -> Duration {
    // The body of an unknown version may hold anything.
    if !key.versions().is_some_and(|known| known.contains(version)) {
        return Duration::ZERO;
    }
    let read = Reader::new(body).read(|cursor| server_wait_ms(cursor, key, version));
    match read {
        Ok(Some(wait)) => milliseconds(wait),
        _ => Duration::ZERO,
    }
}

/// As [`server_wait`], of a request with its header.
pub(super) fn of_frame(
    key: ApiKey,
    version: Version,
    headers: HeaderVersions,
    frame: &[u8],
) -> Duration {
    if !has_server_wait(key, version) {
        return Duration::ZERO;
    }
    match RequestHeader::split_with(frame, headers) {
        Ok((_, body)) => server_wait(key, version, body),
        Err(_) => Duration::ZERO,
    }
}

/// Returns `true` if a version of a request bounds how long the broker may hold it.
fn has_server_wait(key: ApiKey, version: Version) -> bool {
    // That depends on no bytes.
    let mut cursor = ReadCursor::with_limits(&[], Limits::default());
    server_wait_ms(&mut cursor, key, version).is_some()
}
