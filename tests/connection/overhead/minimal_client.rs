//! The least that a client needs between encoding and decoding: a queue of frames to write and a map of pending requests.
//! It has no limits, deadlines, timings or error handling. The overhead of the connection is compared with it.

use std::collections::{HashMap, VecDeque};

use bytes::Buf;
use kafka_codec::wire::Segments;
use kafka_codec::{ApiKey, Request, Response, Version, frame};

/// A request whose response has not arrived.
pub(super) struct Pending {
    pub(super) key: ApiKey,
    pub(super) version: Version,
    response_header: Version,
}

#[derive(Default)]
pub(super) struct MinimalClient {
    /// The buffer of a frame that was written, for the next one.
    spare: Vec<u8>,
    to_write: VecDeque<Segments>,
    pending: HashMap<i32, Pending>,
    next_id: i32,
}

impl MinimalClient {
    pub(super) fn submit<R: Request>(&mut self, request: &R, version: Version) {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let buffer = std::mem::take(&mut self.spare);
        let frame = frame::encode_request(buffer, request, version, id, Some("client")).unwrap();
        self.to_write.push_back(frame);
        let pending = Pending {
            key: R::KEY,
            version,
            response_header: <R::Response<'_> as Response>::header_version(version),
        };
        self.pending.insert(id, pending);
    }

    /// The bytes to write next.
    pub(super) fn transmit(&self) -> Option<&[u8]> {
        Some(self.to_write.front()?.chunk())
    }

    pub(super) fn handle_written(&mut self, bytes: usize) {
        let frame = self.to_write.front_mut().expect("something was written");
        frame.advance(bytes);
        if !frame.has_remaining() {
            let frame = self.to_write.pop_front().expect("it is the front");
            self.spare = frame.into_buffer();
        }
    }

    /// The request that a response frame answers, and the body of the response.
    pub(super) fn handle_response<'a>(&mut self, frame: &'a [u8]) -> Option<(Pending, &'a [u8])> {
        let mut rest = frame;
        let size = rest.get_i32();
        assert_eq!(usize::try_from(size), Ok(rest.len()));
        let pending = self.pending.remove(&rest.get_i32())?;
        if pending.response_header >= Version(1) {
            assert_eq!(rest.get_u8(), 0, "no tagged fields");
        }
        Some((pending, rest))
    }
}
