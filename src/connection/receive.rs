//! Assembles frames out of the bytes that arrive, and says where in a frame the stream stands.
//! What a frame means is not known here.

use bytes::Bytes;

pub use crate::frame::StreamPosition;

use super::sniff::{ForeignProtocol, Sniffed};

/// How many bytes the size of a frame takes.
pub(super) const SIZE_BYTES: usize = 4;

/// How many bytes of a request say where it belongs: API key, version and correlation id.
pub(super) const ROUTED: usize = 8;

/// The most that is reserved ahead of the bytes that arrived.
const AHEAD: usize = 16 * 1024;

/// The frame that is arriving, as far as it has arrived.
#[derive(Debug, Default)]
pub(super) struct Receiver {
    /// The size and what came after it; empty between frames.
    partial: Vec<u8>,
    /// How many whole frames arrived.
    frames: u64,
}

/// What the bytes that arrived amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// Not a whole frame yet.
    Nothing,
    /// A frame, without its size.
    Frame(Bytes),
    /// The peer does not speak Kafka.
    Foreign(ForeignProtocol),
    /// The size is out of range.
    BadSize(i32),
}

impl Receiver {
    /// Takes bytes from the front of `input`, at most up to the end of a frame of a size in `sizes`.
    pub(super) fn receive(
        &mut self,
        input: &mut &[u8],
        sizes: std::ops::RangeInclusive<usize>,
    ) -> Received {
        if self.partial.is_empty() && self.frames > 0 {
            if let Some(frame) = whole_frame(input, &sizes) {
                self.frames += 1;
                return Received::Frame(frame);
            }
        }
        loop {
            if self.frames == 0 {
                match ForeignProtocol::sniff(&self.partial, false) {
                    Sniffed::Foreign(found) => return Received::Foreign(found),
                    // One by one, so that the answer does not depend on the pieces.
                    Sniffed::NotYet if !self.take(input, self.partial.len() + 1) => {
                        return Received::Nothing;
                    }
                    Sniffed::NotYet => continue,
                    Sniffed::NotForeign => {}
                }
            }
            if self.partial.len() < SIZE_BYTES && !self.take(input, SIZE_BYTES) {
                return Received::Nothing;
            }
            let announced = self.announced().unwrap_or_default();
            let size = match usize::try_from(announced) {
                Ok(size) if sizes.contains(&size) => size,
                _ => return Received::BadSize(announced),
            };
            // What may be HTTP/2 is told by what comes after the size.
            if self.frames == 0 && self.partial.len() < SIZE_BYTES + size.min(5) {
                if !self.take(input, self.partial.len() + 1) {
                    return Received::Nothing;
                }
                continue;
            }
            if !self.take(input, SIZE_BYTES + size) {
                return Received::Nothing;
            }
            self.frames += 1;
            let mut frame = Bytes::from(std::mem::take(&mut self.partial));
            bytes::Buf::advance(&mut frame, SIZE_BYTES);
            return Received::Frame(frame);
        }
    }

    /// Whether `length` bytes of the frame are there now.
    fn take(&mut self, input: &mut &[u8], length: usize) -> bool {
        let missing = length.saturating_sub(self.partial.len());
        let (taken, rest) = input.split_at(missing.min(input.len()));
        *input = rest;
        if self.partial.capacity() - self.partial.len() < taken.len() {
            // No more than what arrived so far, whatever the size says.
            let ahead = missing.min(self.partial.len().max(AHEAD));
            self.partial.reserve_exact(ahead.max(taken.len()));
        }
        self.partial.extend_from_slice(taken);
        taken.len() == missing
    }

    fn announced(&self) -> Option<i32> {
        self.partial.first_chunk().copied().map(i32::from_be_bytes)
    }

    /// Where in a frame the stream stands.
    pub(super) fn position(&self) -> StreamPosition {
        match (self.partial.len(), self.announced()) {
            (0, _) => StreamPosition::BetweenFrames,
            (got, None) => StreamPosition::InSize { got },
            (got, Some(announced)) => StreamPosition::InFrame {
                got: got - SIZE_BYTES,
                announced: usize::try_from(announced).unwrap_or_default(),
            },
        }
    }

    /// What the peer speaks, if no more bytes come and its first ones are not Kafka's.
    pub(super) fn foreign_at_end(&self) -> Option<ForeignProtocol> {
        if self.frames > 0 || self.partial.is_empty() {
            return None;
        }
        match ForeignProtocol::sniff(&self.partial, true) {
            Sniffed::Foreign(found) => Some(found),
            Sniffed::NotYet | Sniffed::NotForeign => None,
        }
    }

    /// The first bytes of the frame that is arriving, its size included.
    pub(super) fn first_bytes(&self) -> &[u8] {
        let end = self.partial.len().min(ForeignProtocol::LOOKED_AT);
        self.partial.get(..end).unwrap_or_default()
    }

    /// How many whole frames arrived.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// How many bytes of memory the frame that is arriving takes.
    pub(super) fn memory(&self) -> usize {
        self.partial.capacity()
    }
}

/// The frame at the front of `input`, if all of it is there.
fn whole_frame(input: &mut &[u8], sizes: &std::ops::RangeInclusive<usize>) -> Option<Bytes> {
    let (size, rest) = input.split_first_chunk()?;
    let size = usize::try_from(i32::from_be_bytes(*size)).ok()?;
    let (frame, rest) = rest
        .split_at_checked(size)
        .filter(|_| sizes.contains(&size))?;
    *input = rest;
    Some(Bytes::copy_from_slice(frame))
}
