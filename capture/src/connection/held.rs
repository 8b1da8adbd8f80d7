//! Responses whose requests were not seen yet. Captures have packets in the wrong order, and requests
//! wait for missing segments, so they are held for a while.

use std::collections::VecDeque;

use crate::frames::{Frame, Truncation};
use crate::tcp::Arrival;

const MAX_RESPONSES: usize = 256;
const MAX_BYTES: usize = 1 << 20;
/// How many packets of its connection a response waits for.
const MAX_PACKETS: u64 = 64;
const MAX_NANOSECONDS: i64 = 1_000_000_000;

#[derive(Debug, Default)]
pub(super) struct HeldResponses {
    responses: VecDeque<HeldResponse>,
    bytes: usize,
}

/// A response that is kept.
#[derive(Debug)]
pub(super) struct HeldResponse {
    pub(super) correlation_id: i32,
    pub(super) frame: HeldFrame,
    /// Which packet of the connection is the last to wait for.
    until: u64,
}

/// A frame with bytes of its own.
#[derive(Debug)]
pub(super) struct HeldFrame {
    size: usize,
    bytes: Vec<u8>,
    truncation: Option<Truncation>,
    first: Arrival,
    last: Arrival,
}

impl HeldFrame {
    pub(super) fn new(frame: &Frame<'_>) -> Self {
        Self {
            size: frame.size,
            bytes: frame.bytes.to_vec(),
            truncation: frame.truncation,
            first: frame.first,
            last: frame.last,
        }
    }

    pub(super) fn as_frame(&self) -> Frame<'_> {
        Frame {
            size: self.size,
            bytes: &self.bytes,
            truncation: self.truncation,
            first: self.first,
            last: self.last,
        }
    }
}

impl HeldResponses {
    /// Holds a response. `packets`: how many the connection had so far.
    pub(super) fn hold(&mut self, correlation_id: i32, frame: &Frame<'_>, packets: u64) {
        self.bytes += frame.bytes.len();
        self.responses.push_back(HeldResponse {
            correlation_id,
            frame: HeldFrame::new(frame),
            until: packets + MAX_PACKETS,
        });
    }

    /// The response with this id, if it is held.
    pub(super) fn take(&mut self, correlation_id: i32) -> Option<HeldResponse> {
        let at = self
            .responses
            .iter()
            .position(|response| response.correlation_id == correlation_id)?;
        let response = self.responses.remove(at)?;
        self.bytes -= response.frame.bytes.len();
        Some(response)
    }

    /// The oldest response, if it need not be held any longer.
    pub(super) fn expired(&mut self, packets: u64, now: i64) -> Option<HeldResponse> {
        let oldest = self.responses.front()?;
        let is_over = packets > oldest.until
            || now.saturating_sub(oldest.frame.last.time) > MAX_NANOSECONDS
            || self.responses.len() > MAX_RESPONSES
            || self.bytes > MAX_BYTES;
        if is_over { self.pop() } else { None }
    }

    /// No response waits any longer, to save memory.
    pub(super) fn shed(&mut self) {
        for response in &mut self.responses {
            response.until = 0;
        }
    }

    pub(super) fn pop(&mut self) -> Option<HeldResponse> {
        let oldest = self.responses.pop_front()?;
        self.bytes -= oldest.frame.bytes.len();
        Some(oldest)
    }

    pub(super) fn len(&self) -> usize {
        self.responses.len()
    }

    pub(super) const fn buffered(&self) -> usize {
        self.bytes
    }
}
