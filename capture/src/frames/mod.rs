//! From the bytes of one direction to Kafka frames, and finding the frames again where it is not known
//! where one begins. What a frame says is asked of a [`Judge`].

mod framer;
mod search;

pub(crate) use framer::Framer;

use crate::tcp::Arrival;

/// No frame is larger. Kafka's own limit on requests is 100 MiB; responses stay below that too.
pub(crate) const MAX_FRAME_BYTES: usize = 128 << 20;
/// The size in front of a frame.
pub(crate) const SIZE_BYTES: usize = 4;

/// A frame, or what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// What its size says: how many bytes follow the size.
    pub(crate) size: usize,
    /// The bytes after the size, up to the first that is missing.
    pub(crate) bytes: &'a [u8],
    /// The reason why bytes are missing, if any are.
    pub(crate) truncation: Option<Truncation>,
    /// The packet that brought its first byte.
    pub(crate) first: Arrival,
    /// The latest of the packets that brought it.
    pub(crate) last: Arrival,
}

/// The reason why a frame is truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Truncation {
    /// The capture kept only the beginning of packets.
    NotKept,
    /// Packets are missing in the capture.
    Lost,
    /// The connection, or the capture, ended before the frame did.
    Ended,
    /// The frame exceeds the memory limit.
    Memory,
}

/// A part of a direction that no frame could be made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hole {
    /// Bytes in packets that are not in the capture, or not whole.
    pub(crate) missing: u64,
    /// Bytes that are there, but of which it is not known what frame they belong to.
    pub(crate) skipped: u64,
    /// Why.
    pub(crate) cause: Cause,
    /// The packet at which that was found.
    pub(crate) arrival: Arrival,
}

/// How it came that it was not known where the next frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The capture began within the connection.
    MidStream,
    /// Packets are missing.
    Lost,
    /// Packets were not kept whole.
    NotKept,
    /// There is something that cannot be the size of a frame.
    Size(i32),
    /// Bytes that were taken for frames are not frames.
    Doubt,
    /// The stream ended within the size of a frame.
    Ended,
}

/// How likely bytes are to be a frame, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Likelihood {
    /// The bytes are not a frame.
    Impossible,
    /// More bytes are needed to tell.
    TooShort,
    /// Only a few bytes could be checked.
    Doubtful,
    /// The bytes are consistent with a frame.
    Possible,
    /// The bytes resemble the frames seen before.
    Likely,
    /// The frame decodes.
    Certain,
}

/// The position of a possible frame in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FramePosition<'a> {
    /// At the start of the connection.
    First,
    /// Directly after the frame with these bytes.
    After(&'a [u8]),
    /// At an unknown position.
    Anywhere,
}

/// Whoever knows what frames in this direction look like.
pub(crate) trait Judge {
    /// How much speaks for a frame of `size` that begins with `bytes`, which follow the size.
    fn judge(&self, bytes: &[u8], size: usize, position: FramePosition<'_>) -> Likelihood;

    /// Returns `true` if a frame that begins with `bytes` may follow the one before. Asked of large frames alone, before
    /// they are waited for.
    fn may_follow(&self, bytes: &[u8]) -> bool;

    /// Changes when more is known, so that what was judged before should be judged again.
    fn knowledge(&self) -> u64;

    /// What the connection begins with is not a frame. Whether to go on all the same.
    fn is_foreign(&mut self) -> bool;

    /// A frame was found after it had not been known where one begins.
    fn found(&mut self);

    /// Takes a frame. Whether it was one.
    fn frame(&mut self, frame: Frame<'_>) -> bool;

    /// Takes note of what is missing.
    fn hole(&mut self, hole: Hole);
}
