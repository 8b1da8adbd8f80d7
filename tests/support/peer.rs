//! Frames as a client and a broker write them, for tests that are the other side of a connection.
#![allow(dead_code, reason = "each uses its own part")]

use std::time::Duration;

use bytes::Bytes;
use kafka_codec::messages::{ApiVersionsResponse, RequestHeader, ResponseHeader};
use kafka_codec::wire::Writer;
use kafka_codec::{ApiKey, DecodeError, HeaderVersions, Message, Version, VersionRange};

/// A request that the connection wrote.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) key: ApiKey,
    pub(crate) version: Version,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Written {
    /// Reads a frame, its size left out.
    pub(crate) fn read(frame: &[u8]) -> Result<Self, DecodeError> {
        let (header, body) = RequestHeader::split(frame)?;
        Ok(Self {
            key: header.api_key(),
            version: header.version(),
            correlation_id: header.correlation_id,
            client_id: header.client_id.as_deref().map(str::to_owned),
            body: body.to_vec(),
        })
    }
}

/// The table of a broker that serves all stable versions.
pub(crate) fn all_versions() -> ApiVersionsResponse<'static> {
    let stable = ApiKey::ALL
        .iter()
        .filter_map(|key| Some((*key, key.stable_versions()?)));
    ApiVersionsResponse::for_apis(stable)
}

/// A request of `key` with a body of which only the place of acks counts.
pub(crate) fn request(key: ApiKey, version: i16, body: &[u8]) -> Bytes {
    let header = RequestHeader {
        request_api_key: key.number(),
        request_api_version: version,
        correlation_id: -1,
        client_id: Some("proxied".into()),
        ..Default::default()
    };
    let mut writer = Writer::new();
    header
        .encode(
            &mut writer,
            HeaderVersions::of(key, Version(version)).request,
        )
        .unwrap();
    let mut bytes = writer.into_vec();
    bytes.extend_from_slice(body);
    bytes.into()
}

/// A frame with a response header and `body`.
pub(crate) fn response(written: &Written, body: &[u8]) -> Vec<u8> {
    let header = ResponseHeader {
        correlation_id: written.correlation_id,
        ..Default::default()
    };
    let version = HeaderVersions::of(written.key, written.version).response;
    let mut frame = header.encode_to_vec(version).unwrap();
    frame.extend_from_slice(body);
    sized(&frame)
}

/// A frame of these bytes.
pub(crate) fn sized(frame: &[u8]) -> Vec<u8> {
    let mut bytes = i32::try_from(frame.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(frame);
    bytes
}

/// Produce v9 with these acks; its records are left out.
pub(crate) fn produce(acks: i16) -> Bytes {
    let mut body = vec![0];
    body.extend(acks.to_be_bytes());
    body.extend(b"\0\0\x75\x30\x01\0");
    request(ApiKey::Produce, 9, &body)
}

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A range of versions.
pub(crate) fn range(min: i16, max: i16) -> VersionRange {
    VersionRange::new(min, max).unwrap()
}
