//! What the connection reads of the bytes of bodies: whether Produce wants a response, how long a request lets the
//! broker hold it, and the throttle time of a response. The fields that state times are named in
//! `protocol-json/apis.json`.

use std::time::Duration;

use crate::generated::milliseconds;
use crate::messages::RequestHeader;
use crate::wire::{Encoding, Limits, ReadCursor, Reader};
use crate::{ApiKey, HeaderVersions, Version};

include!(concat!(env!("OUT_DIR"), "/server_wait.rs"));
include!(concat!(env!("OUT_DIR"), "/throttle_time.rs"));

/// The number of bytes of a request that identify it: API key, version and correlation id.
pub(super) const ROUTED: usize = 8;

/// Returns `true` if the request at the front of `frame`, its size left out, is answered. Only Produce with acks 0 is
/// not.
///
/// The request may be cut off after what is looked at.
#[inline]
pub(super) fn expects_response<'a>(
    key: ApiKey,
    version: Version,
    headers: HeaderVersions,
    frame: impl FnOnce() -> &'a [u8],
) -> bool {
    !matches!(key, ApiKey::Produce) || produce_acks(version, headers, frame()) != Some(0)
}

/// As [`expects_response`], of a request of which only the body is there.
pub(super) fn body_expects_response(key: ApiKey, version: Version, body: &[u8]) -> bool {
    key != ApiKey::Produce || acks(version, &mut Reader::new(body)) != Some(0)
}

fn produce_acks(version: Version, headers: HeaderVersions, frame: &[u8]) -> Option<i16> {
    let parts = RequestHeader::split_any_client_id(frame, headers).ok()?;
    acks(version, &mut Reader::new(parts.body))
}

/// The acks at the front of the body of a Produce request.
fn acks(version: Version, reader: &mut Reader<'_>) -> Option<i16> {
    if version >= Version(3) {
        let _transactional_id = reader
            .nullable_string(Encoding::flexible_from(9, version.0))
            .ok()?;
    }
    reader.i16().ok()
}

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
    let read = Reader::new(body).read(|cursor| server_wait_ms(cursor, key, version.0));
    match read {
        Ok(Some(wait)) => milliseconds(wait),
        _ => Duration::ZERO,
    }
}

/// As [`server_wait`], of a request with its header.
pub(super) fn server_wait_of_frame(
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
    server_wait_ms(&mut cursor, key, version.0).is_some()
}

/// Returns the throttle time in the body of a response, or zero if there is none. What follows it in the body is not
/// looked at.
#[inline(always)]
pub(super) fn throttle_time(key: ApiKey, version: Version, body: &[u8]) -> Duration {
    let mut cursor = ReadCursor::with_limits(body, Limits::default());
    match throttle_time_ms(&mut cursor, key, version.0) {
        Some(milliseconds @ 1..) if !cursor.failed() => {
            known_throttle_time(key, version, milliseconds)
        }
        _ => Duration::ZERO,
    }
}

/// A throttle time of so many milliseconds, if the version is known. The body of another may hold anything.
#[cold]
fn known_throttle_time(key: ApiKey, version: Version, milliseconds: i32) -> Duration {
    match key.versions() {
        Some(known) if known.contains(version) => crate::generated::milliseconds(milliseconds),
        _ => Duration::ZERO,
    }
}
