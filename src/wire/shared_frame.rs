//! A frame whose bytes owned values share, and the bytes of a number array, which may be a part of one.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// The frame that values lie in while they become owned.
#[doc(hidden)]
#[derive(Debug)]
pub struct SharedFrame<'f> {
    bytes: &'f Bytes,
    /// The same bytes in one pointer, for values that are many and small.
    handle: OnceLock<Arc<Bytes>>,
}

impl<'f> SharedFrame<'f> {
    pub(super) const fn new(bytes: &'f Bytes) -> Self {
        Self {
            bytes,
            handle: OnceLock::new(),
        }
    }

    /// Returns `part` as a view of the frame; `None` if it does not lie in it.
    pub(super) fn share(&self, part: &[u8]) -> Option<Bytes> {
        let start = self.position(part)?;
        Some(self.bytes.slice(start..start + part.len()))
    }

    /// Returns the bytes in one pointer.
    #[inline]
    fn handle(&self) -> &Arc<Bytes> {
        self.handle.get_or_init(|| Arc::new(self.bytes.clone()))
    }

    /// Returns start and length of `part`; `None` if it does not lie in the first 4 GiB of the frame.
    #[inline]
    fn range(&self, part: &[u8]) -> Option<(u32, u32)> {
        let start = u32::try_from(self.position(part)?).ok()?;
        Some((start, u32::try_from(part.len()).ok()?))
    }

    #[inline]
    fn position(&self, part: &[u8]) -> Option<usize> {
        let start = part
            .as_ptr()
            .addr()
            .checked_sub(self.bytes.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        (end <= self.bytes.len()).then_some(start)
    }
}

/// Bytes that are borrowed, owned, or a part of a shared frame. No larger than a `Vec`: messages have many of them.
#[derive(Clone, Debug)]
pub(super) enum PackedBytes<'a> {
    Borrowed(&'a [u8]),
    Owned(Vec<u8>),
    Shared {
        frame: Arc<Bytes>,
        start: u32,
        length: u32,
    },
}

impl PackedBytes<'_> {
    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Shared {
                frame,
                start,
                length,
            } => part(frame, *start, *length),
        }
    }

    /// The bytes to be changed, copied unless they are owned.
    pub(super) fn to_mut(&mut self) -> &mut Vec<u8> {
        if !matches!(self, Self::Owned(_)) {
            *self = Self::Owned(self.as_slice().to_vec());
        }
        match self {
            Self::Owned(bytes) => bytes,
            Self::Borrowed(_) | Self::Shared { .. } => unreachable!("they are owned now"),
        }
    }

    /// Detaches from the input; bytes that lie in `frame` are shared with it.
    // Each case is built in its place: what comes out of a function is moved through memory, which takes longer.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "twice as fast where arrays are many")]
    pub(super) fn own(self, frame: Option<&SharedFrame<'_>>) -> PackedBytes<'static> {
        match self {
            Self::Borrowed([]) => PackedBytes::Borrowed(&[]),
            Self::Borrowed(bytes) => {
                if let Some(frame) = frame {
                    if let Some((start, length)) = frame.range(bytes) {
                        return PackedBytes::Shared {
                            frame: Arc::clone(frame.handle()),
                            start,
                            length,
                        };
                    }
                }
                PackedBytes::Owned(bytes.to_vec())
            }
            Self::Owned(bytes) => PackedBytes::Owned(bytes),
            Self::Shared {
                frame,
                start,
                length,
            } => PackedBytes::Shared {
                frame,
                start,
                length,
            },
        }
    }
}

fn part(frame: &[u8], start: u32, length: u32) -> &[u8] {
    let rest = usize::try_from(start)
        .ok()
        .and_then(|start| frame.get(start..));
    let length = usize::try_from(length).ok();
    rest.zip(length)
        .and_then(|(rest, length)| rest.get(..length))
        .expect("a part lies in its frame")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_bytes_are_no_larger_than_a_vector() {
        assert_eq!(size_of::<PackedBytes<'_>>(), size_of::<Vec<u8>>());
    }

    #[test]
    fn a_part_of_the_frame_is_shared_and_other_bytes_are_copied() {
        let bytes = Bytes::from(b"0123456789".to_vec());
        let frame = SharedFrame::new(&bytes);
        let shared = PackedBytes::Borrowed(&bytes[2..5]).own(Some(&frame));
        assert_eq!(shared.as_slice().as_ptr(), bytes[2..].as_ptr());
        assert_eq!(shared.as_slice(), b"234");

        let elsewhere = b"abc".to_vec();
        let copied = PackedBytes::Borrowed(&elsewhere).own(Some(&frame));
        drop(elsewhere);
        assert_eq!(copied.as_slice(), b"abc");
    }
}
