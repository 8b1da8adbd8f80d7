//! The client of a run: sends requests, and knows in which order they must come out and be answered.

use std::collections::VecDeque;

use kafka_codec::ApiKey;

use super::super::choices::Choices;
use super::super::peer::{produce, request, sized};

/// A request that was sent.
struct Sent {
    frame: Vec<u8>,
    id: i32,
    expects_response: bool,
    /// It may be answered without being handed out.
    is_about_versions: bool,
}

pub(super) struct Client {
    is_calm: bool,
    /// Versions are asked for like anything else.
    forwards: bool,
    next_id: i32,
    /// What was sent and has not come out of the server.
    to_come: VecDeque<Sent>,
    /// The ids of responses that are due, and all that the server wrote.
    due: VecDeque<i32>,
    pub(super) received: Vec<u8>,
    /// Other bytes were among the requests, or among the responses.
    pub(super) is_corrupt: bool,
}

impl Client {
    pub(super) fn new(is_calm: bool, forwards: bool) -> Self {
        Self {
            is_calm,
            forwards,
            next_id: 7,
            to_come: VecDeque::new(),
            due: VecDeque::new(),
            received: Vec::new(),
            is_corrupt: false,
        }
    }

    /// The bytes of a request.
    pub(super) fn request(&mut self, choices: &mut Choices<'_>) -> Vec<u8> {
        let kinds = if self.is_calm { 9 } else { 12 };
        let (key, frame) = match choices.below(kinds) {
            0 | 1 => (ApiKey::Produce, produce(0)),
            2 => (ApiKey::Produce, produce(1)),
            3 => (
                ApiKey::SaslHandshake,
                request(ApiKey::SaslHandshake, 1, b""),
            ),
            // What is behind the header of a version that nobody knows does not matter.
            4 => (ApiKey::ApiVersions, request(ApiKey::ApiVersions, 99, b"?")),
            5 => (ApiKey::ApiVersions, request(ApiKey::ApiVersions, 2, b"")),
            6 => {
                let body = b"\x02a\x021\0";
                (ApiKey::ApiVersions, request(ApiKey::ApiVersions, 3, body))
            }
            7 | 8 => (ApiKey::Fetch, request(ApiKey::Fetch, 16, choices.bytes(30))),
            9 => (
                ApiKey::ApiVersions,
                request(ApiKey::ApiVersions, 3, choices.bytes(9)),
            ),
            10 => (ApiKey::Fetch, request(ApiKey::Fetch, 99, b"")),
            _ => (
                ApiKey::from_number(999),
                request(ApiKey::from_number(999), 1, b""),
            ),
        };
        let mut frame = frame.to_vec();
        frame[4..8].copy_from_slice(&self.next_id.to_be_bytes());
        let bytes = sized(&frame);
        let is_silent =
            frame.starts_with(&produce(0)[..4]) && frame.get(8..) == produce(0).get(8..);
        self.to_come.push_back(Sent {
            frame,
            id: self.next_id,
            expects_response: !is_silent,
            is_about_versions: key == ApiKey::ApiVersions && !self.forwards,
        });
        self.next_id += 1;
        bytes
    }

    /// A request came out of the server: the next one, as it was sent.
    pub(super) fn check_request(&mut self, frame: &[u8]) {
        if self.is_corrupt {
            return;
        }
        let sent = loop {
            let sent = self.to_come.pop_front().expect("no more than were sent");
            if sent.expects_response {
                self.due.push_back(sent.id);
            }
            if !sent.is_about_versions {
                break sent;
            }
        };
        assert_eq!(frame, sent.frame, "not as it was sent");
    }

    /// All that was received is whole frames, with the ids that are due and in that order; of an open connection, all.
    pub(super) fn check(&mut self, is_cut: bool) {
        if self.is_corrupt {
            return;
        }
        // Of those that were not handed out, only questions for versions may have been answered.
        let unseen = self
            .to_come
            .iter()
            .take_while(|sent| sent.is_about_versions);
        self.due.extend(unseen.map(|sent| sent.id));
        let mut rest = &self.received[..];
        while let Some((size, after)) = rest.split_first_chunk() {
            let size = usize::try_from(i32::from_be_bytes(*size)).unwrap();
            let Some((frame, after)) = after.split_at_checked(size) else {
                break;
            };
            rest = after;
            let id = i32::from_be_bytes(*frame.first_chunk().unwrap());
            assert_eq!(self.due.pop_front(), Some(id), "out of order");
        }
        assert!(is_cut || rest.is_empty() && self.due.is_empty());
        assert!(!(self.is_calm && is_cut), "nothing closes it");
    }
}
