//! The evidence for bytes being a request or a response: what is asked where it is not known where
//! frames begin, or whether they are Kafka's at all.

use std::ops::RangeInclusive;

use kafka_codec::correlation::{InFlightRequest, ObservedRequests};
use kafka_codec::messages::RequestHeader;
use kafka_codec::{ApiKey, DecodeErrorKind, HeaderVersions, Version};

use crate::body;
use crate::frames::{FramePosition, Likelihood};

/// A request frame has at least an API key, a version and a correlation id.
const MIN_REQUEST_BYTES: usize = 8;
/// A response frame has at least a correlation id.
const MIN_RESPONSE_BYTES: usize = 4;
/// Kafka's own limit on requests is 100 MiB, and no client is known to come near it.
const MAX_SEARCHED_BYTES: usize = 100 << 20;
/// Clients call themselves by names, not by texts.
const MAX_CLIENT_ID_BYTES: usize = 256;
/// Newer versions than the ones known here, of a client that begins a connection.
const MAX_NEWER: i16 = 20;
/// Keys of APIs that later releases may have, and those that vendors use.
const NEWER_KEYS: RangeInclusive<i16> = 0..=255;
const VENDOR_KEYS: RangeInclusive<i16> = 10_000..=10_999;
/// The largest first request of an API that is not known here.
const MAX_FIRST_BYTES: usize = 64 << 10;
/// How far a correlation id may be from the one seen last.
const NEAR: u32 = 256;

/// How much speaks for a request. `known_client`: how the client called itself before.
pub(super) fn request(
    bytes: &[u8],
    size: usize,
    position: FramePosition<'_>,
    known_client: Option<&str>,
) -> Likelihood {
    if !(MIN_REQUEST_BYTES..=MAX_SEARCHED_BYTES).contains(&size) {
        return Likelihood::Impossible;
    }
    let Some((key, rest)) = bytes.split_first_chunk::<2>() else {
        return Likelihood::TooShort;
    };
    let api_key = ApiKey::from_number(i16::from_be_bytes(*key));
    let Some(version) = rest.first_chunk::<2>() else {
        return Likelihood::TooShort;
    };
    let version = Version(i16::from_be_bytes(*version));
    let is_start = position == FramePosition::First;
    let is_known = match api_key.versions() {
        Some(versions) if versions.contains(version) => true,
        Some(versions) if is_start && version > versions.max() && is_expected(api_key, version) => {
            false
        }
        // Much more must speak for such a connection than this frame.
        _ if is_start && may_come_first(api_key, version, size) => {
            return of_unknown_api(bytes, size);
        }
        _ => return Likelihood::Impossible,
    };
    let headers = HeaderVersions::of(api_key, version);
    let parts = match RequestHeader::split_any_client_id(bytes, headers) {
        Ok(parts) => parts,
        Err(error) => {
            let is_cut = matches!(error.kind(), DecodeErrorKind::UnexpectedEnd { .. });
            let is_short = bytes.len() < MAX_CLIENT_ID_BYTES || position == FramePosition::First;
            return if is_cut && bytes.len() < size && is_short {
                Likelihood::TooShort
            } else {
                Likelihood::Impossible
            };
        }
    };
    let client_id = parts.client_id_text().unwrap_or_default();
    let body = parts.body;
    let is_whole = bytes.len() == size;
    let decodes = is_whole && is_known && body::is_request(api_key, version, body);
    let is_named = is_name(&client_id);
    // A few bytes of zeros decode as many things.
    let is_telling = body.len() >= 8 || api_key == ApiKey::ApiVersions;
    if decodes && (is_named || is_telling) {
        Likelihood::Certain
    } else if !is_whole && is_named && known_client.is_none_or(|known| known == client_id) {
        Likelihood::Likely
    } else if decodes || !is_whole || is_named {
        Likelihood::Possible
    } else {
        Likelihood::Doubtful
    }
}

/// Returns `true` for an API and version that a client may use, known here or of a later release or a vendor. A request
/// of any other says nothing for Kafka.
pub(super) fn is_expected(api_key: ApiKey, version: Version) -> bool {
    let newest = match api_key.versions() {
        Some(versions) => versions.max().0 + MAX_NEWER,
        None if NEWER_KEYS.contains(&api_key.number()) => MAX_NEWER,
        None if VENDOR_KEYS.contains(&api_key.number()) => MAX_NEWER,
        None => return false,
    };
    (0..=newest).contains(&version.0)
}

/// Returns `true` if a connection may begin with a request of this API, version and size that is not known here. Clients
/// may begin with an ApiVersions request of any version, since brokers answer it in version 0.
fn may_come_first(api_key: ApiKey, version: Version, size: usize) -> bool {
    let newest = match api_key.versions() {
        Some(_) => i16::MAX,
        None => MAX_NEWER,
    };
    api_key.number() >= 0 && (0..=newest).contains(&version.0) && size <= MAX_FIRST_BYTES
}

/// How much speaks for a request of an API that is not known here, which a connection begins with: it names its client.
fn of_unknown_api(bytes: &[u8], size: usize) -> Likelihood {
    let headers = HeaderVersions::new(Version(1), Version(0));
    match RequestHeader::split_any_client_id(bytes, headers) {
        Ok(parts) => match parts.header.client_id.as_deref() {
            Some(name) if is_name(name) => Likelihood::Possible,
            _ => Likelihood::Impossible,
        },
        Err(error) if matches!(error.kind(), DecodeErrorKind::UnexpectedEnd { .. }) => {
            match bytes.len() < size.min(MAX_CLIENT_ID_BYTES) {
                true => Likelihood::TooShort,
                false => Likelihood::Impossible,
            }
        }
        Err(_) => Likelihood::Impossible,
    }
}

/// Returns `true` if a client may call itself so.
fn is_name(client_id: &str) -> bool {
    !client_id.is_empty()
        && client_id.len() <= MAX_CLIENT_ID_BYTES
        && !client_id.contains(char::is_control)
}

/// Returns `true` if a request may begin with `bytes`, where one is expected: its version may be newer than those known here, and
/// its API unknown if the client is the same.
pub(super) fn may_be_request(bytes: &[u8], known_client: Option<&str>) -> bool {
    let Some([key_0, key_1, version_0, version_1]) = bytes.first_chunk() else {
        return true;
    };
    let api_key = ApiKey::from_number(i16::from_be_bytes([*key_0, *key_1]));
    let version = Version(i16::from_be_bytes([*version_0, *version_1]));
    let headers = match api_key.versions() {
        Some(versions) => {
            let is_newer = version.0 <= versions.max().0.saturating_add(MAX_NEWER);
            return version.0 >= 0 && is_newer;
        }
        None => HeaderVersions::new(Version(1), Version(0)),
    };
    match RequestHeader::split_any_client_id(bytes, headers) {
        Ok(parts) => parts.client_id_text().as_deref() == known_client || known_client.is_none(),
        Err(error) => matches!(error.kind(), DecodeErrorKind::UnexpectedEnd { .. }),
    }
}

/// Returns `true` if a response to one of `requests`, or to one that was not captured, may begin with `bytes`.
pub(super) fn may_be_response<T>(
    bytes: &[u8],
    requests: &ObservedRequests<T>,
    last_id: Option<i32>,
) -> bool {
    let (Some(id), Some(last_id)) = (bytes.first_chunk(), last_id) else {
        return true;
    };
    let id = i32::from_be_bytes(*id);
    requests.awaits(id).is_some() || is_near(id, last_id)
}

/// How much speaks for a response to one of `requests`. `last_id`: the correlation id seen last.
pub(super) fn response<T>(
    bytes: &[u8],
    size: usize,
    position: FramePosition<'_>,
    requests: &ObservedRequests<T>,
    last_id: Option<i32>,
) -> Likelihood {
    if !(MIN_RESPONSE_BYTES..=MAX_SEARCHED_BYTES).contains(&size) {
        return Likelihood::Impossible;
    }
    let (Some(id), Some(last_id)) = (bytes.first_chunk(), last_id) else {
        return Likelihood::TooShort;
    };
    if matches!(position, FramePosition::After(previous) if previous.first_chunk() == Some(id)) {
        return Likelihood::Impossible;
    }
    let id = i32::from_be_bytes(*id);
    match requests.awaits(id) {
        Some(_) if bytes.len() < size => Likelihood::Likely,
        Some(request) => decodes(request, bytes),
        None if position == FramePosition::First || is_near(id, last_id) => Likelihood::Doubtful,
        None => Likelihood::Impossible,
    }
}

/// Returns `true` if a correlation id is one that the connection could have come to.
pub(super) fn is_near(id: i32, last_id: i32) -> bool {
    id.abs_diff(last_id) <= NEAR
}

fn decodes<T>(request: &InFlightRequest<T>, frame: &[u8]) -> Likelihood {
    match request.split_response(frame) {
        Ok(response) if body::is_response(request.api_key, response.version, response.body) => {
            // An error code is but two bytes of nearly any value.
            if response.body.len() > 2 {
                Likelihood::Certain
            } else {
                Likelihood::Likely
            }
        }
        _ => Likelihood::Doubtful,
    }
}
