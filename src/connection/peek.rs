//! The little that must be known of request bodies: whether Produce wants a response.

use crate::messages::RequestHeader;
use crate::wire::{Encoding, Reader};
use crate::{ApiKey, HeaderVersions, Version};

/// The number of bytes of a request that identify it: API key, version and correlation id.
pub(super) const ROUTED: usize = 8;

/// Whether the request at the front of `frame`, its size left out, is answered. Only Produce with acks 0 is not.
///
/// The request may be cut off after what is looked at.
#[inline]
pub(super) fn expects_response<'a>(
    key: ApiKey,
    version: Version,
    headers: HeaderVersions,
    frame: impl FnOnce() -> &'a [u8],
) -> bool {
    key != ApiKey::Produce || produce_acks(version, headers, frame()) != Some(0)
}

/// As [`expects_response`], of a request of which only the body is there.
pub(super) fn body_expects_response(key: ApiKey, version: Version, body: &[u8]) -> bool {
    key != ApiKey::Produce || acks(version, &mut Reader::new(body)) != Some(0)
}

fn produce_acks(version: Version, headers: HeaderVersions, frame: &[u8]) -> Option<i16> {
    let (_, body) = RequestHeader::split_with(frame, headers).ok()?;
    acks(version, &mut Reader::new(body))
}

/// The acks at the front of the body of a Produce request.
fn acks(version: Version, reader: &mut Reader<'_>) -> Option<i16> {
    if version >= Version(3) {
        let _transactional_id = reader
            .nullable_string(Encoding::flexible_from(9, version))
            .ok()?;
    }
    reader.i16().ok()
}
