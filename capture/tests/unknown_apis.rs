//! Requests and responses of APIs that are not known here are shown and correlated as all others.
#![cfg(test)]

mod support;

use support::packets::{CLIENT_PORT, Conversation, capture, frame, heartbeat, heartbeat_response};
use support::{Found, decode};

const MOST: usize = 1000;

/// A conversation with a request and a response of an unknown API, between two heartbeats.
fn found(request: &[u8], response: &[u8]) -> Vec<Found> {
    let mut conversation = Conversation::new(CLIENT_PORT);
    conversation.send(true, &heartbeat(1, "me", 3), MOST);
    conversation.send(false, &heartbeat_response(1, 0), MOST);
    conversation.send(true, &frame(request), MOST);
    conversation.send(false, &frame(response), MOST);
    conversation.send(true, &heartbeat(3, "me", 3), MOST);
    conversation.send(false, &heartbeat_response(3, 0), MOST);
    conversation.close();
    let (found, counts, result) = decode(capture(&conversation.sent), Vec::new());
    result.unwrap();
    assert_eq!((counts.requests, counts.responses), (3, 3), "{found:?}");
    assert_eq!((counts.undecoded, counts.unanswered), (0, 0), "{found:?}");
    found
}

fn assert_shown(found: &[Found], client_id: &str, sizes: [usize; 2]) {
    for (at, to_broker, size) in [(2, true, sizes[0]), (3, false, sizes[1])] {
        let message = &found[at];
        assert_eq!((message.to_broker, message.id), (to_broker, 2));
        assert_eq!(message.api, "unknown API 10000");
        assert_eq!(message.client_id, client_id);
        assert_eq!(message.bytes, (4 + size) as u64);
        assert_eq!(message.latency.is_some(), !to_broker);
    }
    // What follows is as before.
    assert_eq!(found[4].client_id, "me");
}

#[test]
fn an_unknown_api_in_a_flexible_version_is_shown_with_its_client_id() {
    let (request, response) = (
        b"\x27\x10\0\x01\0\0\0\x02\0\x03you\0rest",
        b"\0\0\0\x02\0rest",
    );
    let found = found(request, response);
    assert_shown(&found, "you", [request.len(), response.len()]);
}

#[test]
fn an_unknown_api_with_a_header_without_tagged_fields_is_shown_with_its_client_id() {
    let (request, response) = (
        b"\x27\x10\0\0\0\0\0\x02\0\x03you\x7frest",
        b"\0\0\0\x02\xff\xff",
    );
    let found = found(request, response);
    assert_shown(&found, "you", [request.len(), response.len()]);
}
