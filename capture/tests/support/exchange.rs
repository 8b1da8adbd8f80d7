//! Requests and responses on one connection, beside what else is said on it.

use kafka_capture::Counts;

use super::packets::{Conversation, capture, frame};
use super::{Found, decode};

pub(crate) const CLIENT: bool = true;
pub(crate) const BROKER: bool = false;

/// What is found in a connection on which this is said, without a port given.
pub(crate) fn said(said: &[(bool, Vec<u8>)]) -> (Vec<Found>, Counts) {
    let mut conversation = Conversation::new(40_000);
    for (from_client, bytes) in said {
        conversation.send(*from_client, bytes, 1400);
    }
    conversation.close();
    let (found, counts, result) = decode(capture(&conversation.sent), Vec::new());
    result.unwrap();
    (found, counts)
}

/// A request with a header of version 1.
pub(crate) fn request(
    key: i16,
    version: i16,
    id: i32,
    client_id: &[u8],
    body: &[u8],
) -> (bool, Vec<u8>) {
    let mut bytes = [key.to_be_bytes(), version.to_be_bytes()].concat();
    bytes.extend(id.to_be_bytes());
    bytes.extend(u16::try_from(client_id.len()).unwrap().to_be_bytes());
    bytes.extend(client_id);
    bytes.extend(body);
    (CLIENT, frame(&bytes))
}

pub(crate) fn response(id: i32, body: &[u8]) -> (bool, Vec<u8>) {
    (BROKER, frame(&[&id.to_be_bytes()[..], body].concat()))
}

pub(crate) const VERSIONS_0: &[u8] = &[0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 7, 0, 18, 0, 0, 0, 2];
pub(crate) const METADATA: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0];

/// ApiVersions and Metadata of version 0, with their responses.
pub(crate) fn usual(client_id: &[u8]) -> Vec<(bool, Vec<u8>)> {
    vec![
        request(18, 0, 1, client_id, &[]),
        response(1, VERSIONS_0),
        request(3, 0, 2, client_id, &[0; 4]),
        response(2, METADATA),
    ]
}
