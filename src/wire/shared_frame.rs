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

/// Bytes that are borrowed, owned, few enough to be kept in place, or a part of a shared frame. No larger than a `Vec`:
/// messages have many of them.
#[derive(Clone, Debug)]
pub(super) enum PackedBytes<'a> {
    Borrowed(&'a [u8]),
    Owned(Vec<u8>),
    Four(FewBytes),
    Eight(FewBytes),
    Twelve(FewBytes),
    Sixteen(FewBytes),
    Shared {
        frame: Arc<Bytes>,
        start: u32,
        length: u32,
    },
}

/// Room for few bytes, where the capacity of a `Vec` says how many. Two words, which the compiler keeps in registers: an
/// array of single bytes goes through memory, and loads wait for stores of another width.
type FewBytes = [[u8; 8]; 2];

impl PackedBytes<'_> {
    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Four(bytes) => part(bytes.as_flattened(), 0, 4),
            Self::Eight(bytes) => part(bytes.as_flattened(), 0, 8),
            Self::Twelve(bytes) => part(bytes.as_flattened(), 0, 12),
            Self::Sixteen(bytes) => bytes.as_flattened(),
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
            _ => unreachable!("they are owned now"),
        }
    }

    /// Detaches from the input: few bytes are copied in place, more of them are shared with `frame` if they lie in it.
    // Each case is built in its place, and nothing is called that could unwind: what comes out of a function, or would have to be
    // dropped if another unwound, is moved through memory, which takes longer.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "twice as fast where arrays are many")]
    pub(super) fn own(self, frame: Option<&SharedFrame<'_>>) -> PackedBytes<'static> {
        match self {
            Self::Borrowed(bytes) => match *bytes {
                [] => PackedBytes::Borrowed(&[]),
                [a, b, c, d] => PackedBytes::Four([[a, b, c, d, 0, 0, 0, 0], [0; 8]]),
                [a, b, c, d, e, f, g, h] => PackedBytes::Eight([[a, b, c, d, e, f, g, h], [0; 8]]),
                [a, b, c, d, e, f, g, h, i, j, k, l] => {
                    PackedBytes::Twelve([[a, b, c, d, e, f, g, h], [i, j, k, l, 0, 0, 0, 0]])
                }
                [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] => {
                    PackedBytes::Sixteen([[a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]])
                }
                _ => match share(bytes, frame) {
                    (Some(frame), [start, length]) => PackedBytes::Shared {
                        frame,
                        start,
                        length,
                    },
                    (None, _) => PackedBytes::Owned(copy(bytes).into_vec()),
                },
            },
            Self::Owned(bytes) => PackedBytes::Owned(bytes),
            Self::Four(bytes) => PackedBytes::Four(bytes),
            Self::Eight(bytes) => PackedBytes::Eight(bytes),
            Self::Twelve(bytes) => PackedBytes::Twelve(bytes),
            Self::Sixteen(bytes) => PackedBytes::Sixteen(bytes),
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

/// The frame, and start and length of `bytes` in it; no frame if they do not lie in it.
// In registers, and without unwinding: neither a count nor an allocation of a few bytes panics.
#[inline(never)]
#[allow(improper_ctypes_definitions, reason = "called from Rust alone")]
extern "C" fn share(
    bytes: &[u8],
    frame: Option<&SharedFrame<'_>>,
) -> (Option<Arc<Bytes>>, [u32; 2]) {
    let range = frame.and_then(|frame| Some((frame, frame.range(bytes)?)));
    match range {
        Some((frame, (start, length))) => (Some(Arc::clone(frame.handle())), [start, length]),
        None => (None, [0; 2]),
    }
}

/// As [`share`], where there is nothing to share: a slice is never too long to be copied.
#[inline(never)]
#[allow(improper_ctypes_definitions, reason = "called from Rust alone")]
extern "C" fn copy(bytes: &[u8]) -> Box<[u8]> {
    bytes.into()
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

    #[cfg(target_pointer_width = "64")]
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

    #[test]
    fn bytes_of_any_length_are_the_same_when_owned_and_outlive_the_frame() {
        let original: Vec<u8> = (1..=40).collect();
        for length in 0..=original.len() {
            let bytes = Bytes::from(original.clone());
            let part = PackedBytes::Borrowed(&bytes[..length]);
            let owned = [
                part.clone().own(None),
                part.clone().own(Some(&SharedFrame::new(&bytes))),
                part.own(Some(&SharedFrame::new(&bytes))).own(None),
            ];
            drop(bytes);
            for mut owned in owned {
                assert_eq!(owned.as_slice(), &original[..length]);
                assert_eq!(owned.clone().as_slice(), owned.as_slice());
                owned.to_mut().push(7);
                assert_eq!(owned.as_slice()[length..], [7]);
                assert_eq!(owned.as_slice()[..length], original[..length]);
            }
        }
    }

    #[test]
    fn a_few_bytes_do_not_keep_the_frame() {
        let bytes = Bytes::from(vec![5; 64]);
        let frame = SharedFrame::new(&bytes);
        for length in [0, 4, 8, 12, 16] {
            let owned = PackedBytes::Borrowed(&bytes[..length]).own(Some(&frame));
            assert_eq!(owned.as_slice(), &bytes[..length]);
        }
        assert!(frame.handle.get().is_none(), "nobody took the handle");
    }
}
