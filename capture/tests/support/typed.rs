//! Frames of typed messages.

use bytes::Buf as _;
use kafka_codec::{Request, Response, Version, frame};

pub(crate) fn request<R: Request>(request: &R, version: i16, id: i32, client_id: &str) -> Vec<u8> {
    let version = Version(version);
    let mut segments =
        frame::encode_request(Vec::new(), request, version, id, Some(client_id)).unwrap();
    segments.copy_to_bytes(segments.remaining()).to_vec()
}

pub(crate) fn response<R: Response>(response: &R, version: i16, id: i32) -> Vec<u8> {
    let mut segments = frame::encode_response(Vec::new(), response, Version(version), id).unwrap();
    segments.copy_to_bytes(segments.remaining()).to_vec()
}
