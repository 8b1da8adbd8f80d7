//! The output of a writer, ready to be sent.

use std::io::IoSlice;

use bytes::{Buf, Bytes};
#[cfg(feature = "connection")]
use zeroize::Zeroize;

/// Encoded bytes: the writer's own, with shared blobs in between that were not copied.
///
/// Owned, so it can be queued. It is a [`Buf`]: [`chunks_vectored`](Buf::chunks_vectored) hands all
/// parts to one vectored write, and what was sent is taken off with [`advance`](Buf::advance).
///
/// # Examples
///
/// ```
/// use bytes::{Buf, Bytes};
/// use kafka_codec::wire::{Blob, Encoding, Writer};
///
/// let mut writer = Writer::new();
/// writer.blob(Encoding::Classic, &Blob::from(Bytes::from(vec![7; 4096])), "records")?;
/// let mut segments = writer.finish();
/// assert_eq!(segments.remaining(), 4 + 4096);
/// assert_eq!(segments.get_i32(), 4096);
/// # Ok::<(), kafka_codec::EncodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Segments {
    own: Vec<u8>,
    shared: Vec<SharedBlob>,
    /// How many bytes of `own` are consumed.
    own_at: usize,
    /// The index of the first shared blob that is not consumed whole.
    next_shared: usize,
    remaining: usize,
}

/// A shared blob between two of the writer's own bytes; never empty.
#[derive(Clone, Debug)]
pub(super) struct SharedBlob {
    /// How many of the writer's own bytes go before it.
    pub(super) at: usize,
    pub(super) blob: Bytes,
}

impl Segments {
    pub(super) fn new(own: Vec<u8>, shared: Vec<SharedBlob>, remaining: usize) -> Self {
        Self {
            own,
            shared,
            own_at: 0,
            next_shared: 0,
            remaining,
        }
    }

    /// The writer's own buffer, emptied, to be used again with
    /// [`Writer::with_buffer`](super::Writer::with_buffer).
    #[must_use]
    #[inline]
    pub fn into_buffer(self) -> Vec<u8> {
        let mut buffer = self.own;
        buffer.clear();
        buffer
    }

    /// Moves what was written here, where nothing is.
    #[cfg(feature = "connection")]
    #[inline(always)]
    pub(super) fn fill(
        &mut self,
        own: &mut Vec<u8>,
        shared: &mut Vec<SharedBlob>,
        remaining: usize,
    ) {
        debug_assert!(
            self.own.is_empty() && self.shared.is_empty(),
            "they are empty"
        );
        std::mem::swap(&mut self.own, own);
        if !shared.is_empty() {
            std::mem::swap(&mut self.shared, shared);
        }
        (self.own_at, self.next_shared, self.remaining) = (0, 0, remaining);
    }

    /// Removes all bytes. The writer's own buffer becomes `spare`, if it is larger and has no more than `max` bytes.
    #[cfg(feature = "connection")]
    #[inline(always)]
    pub(crate) fn empty_into(&mut self, spare: &mut Vec<u8>, max: usize) {
        self.own.clear();
        let capacity = self.own.capacity();
        if capacity <= max && capacity > spare.capacity() {
            std::mem::swap(&mut self.own, spare);
        }
        if self.own.capacity() > 0 || self.shared.capacity() > 0 {
            (self.own, self.shared) = (Vec::new(), Vec::new());
        }
        (self.own_at, self.next_shared, self.remaining) = (0, 0, 0);
    }

    /// Removes all bytes, and overwrites the writer's own.
    #[cfg(feature = "connection")]
    pub(crate) fn wipe(&mut self) {
        // All of the buffer, also what is beyond its length.
        self.own.zeroize();
        (self.own_at, self.remaining) = (0, 0);
        (self.shared, self.next_shared) = (Vec::new(), 0);
    }

    /// The number of bytes that are not consumed.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.remaining
    }

    /// Returns `true` if all bytes are consumed, or there were none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.remaining == 0
    }

    /// The bytes that are not consumed, in one piece. They are copied only if there are shared blobs among them.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use kafka_codec::wire::{Blob, Encoding, Writer};
    ///
    /// let mut writer = Writer::new();
    /// writer.blob(Encoding::Compact, &Blob::from(Bytes::from_static(b"value")), "value")?;
    /// let segments = writer.finish();
    /// assert_eq!((segments.len(), segments.to_vec()), (6, b"\x06value".to_vec()));
    /// assert_eq!(segments.into_bytes(), &b"\x06value"[..]);
    /// # Ok::<(), kafka_codec::EncodeError>(())
    /// ```
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        if self.shared.len() > self.next_shared {
            return self.to_vec().into();
        }
        let mut bytes = Bytes::from(self.own);
        bytes.advance(self.own_at);
        bytes
    }

    /// The bytes that are not consumed, in their parts, none of which is empty. Nothing is copied.
    #[must_use]
    pub fn into_parts(self) -> Vec<Bytes> {
        let own = Bytes::from(self.own);
        let shared = self.shared.into_iter().skip(self.next_shared);
        let mut parts = Vec::with_capacity(2 * shared.len() + 1);
        let mut start = self.own_at;
        for SharedBlob { at, blob } in shared {
            parts.extend([own.slice(start..at), blob]);
            start = at;
        }
        parts.push(own.slice(start..));
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// A copy of the bytes that are not consumed, in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.remaining);
        self.parts().for_each(|part| bytes.extend_from_slice(part));
        bytes
    }

    /// The parts that are not consumed, none of them empty.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let shared = self
            .shared
            .get(self.next_shared..)
            .expect("at most all shared blobs are consumed");
        let ends = shared
            .iter()
            .map(|shared| shared.at)
            .chain([self.own.len()]);
        let blobs = shared
            .iter()
            .map(|shared| &shared.blob[..])
            .chain([&[][..]]);
        let mut start = self.own_at;
        ends.zip(blobs)
            .flat_map(move |(end, blob)| {
                let own = self
                    .own
                    .get(start..end)
                    .expect("shared blobs lie within the own bytes, in order");
                start = end;
                [own, blob]
            })
            .filter(|part| !part.is_empty())
    }
}

impl Buf for Segments {
    #[inline]
    fn remaining(&self) -> usize {
        self.remaining
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        match self.shared.is_empty() {
            true => self
                .own
                .get(self.own_at..)
                .expect("at most all own bytes are consumed"),
            false => self.parts().next().unwrap_or_default(),
        }
    }

    fn chunks_vectored<'a>(&'a self, out: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slot, part) in out.iter_mut().zip(self.parts()) {
            *slot = IoSlice::new(part);
            filled += 1;
        }
        filled
    }

    /// # Panics
    ///
    /// If `count` is above [`remaining`](Buf::remaining), as [`Buf`] asks.
    #[inline]
    fn advance(&mut self, mut count: usize) {
        assert!(
            count <= self.remaining,
            "advanced by {count} of {} bytes",
            self.remaining
        );
        self.remaining -= count;
        while let Some(shared) = self.shared.get_mut(self.next_shared) {
            let own = shared.at - self.own_at;
            if count < own {
                break;
            }
            count -= own;
            self.own_at = shared.at;
            if count < shared.blob.len() {
                shared.blob.advance(count);
                return;
            }
            count -= shared.blob.len();
            shared.blob = Bytes::new();
            self.next_shared += 1;
        }
        self.own_at += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `abc` `DEFG` `HI` `jk` `LMN`, upper case being shared.
    fn segments() -> Segments {
        let shared = |at, blob: &'static [u8]| SharedBlob {
            at,
            blob: Bytes::from_static(blob),
        };
        let shared = vec![shared(3, b"DEFG"), shared(3, b"HI"), shared(5, b"LMN")];
        Segments::new(b"abcjk".to_vec(), shared, 14)
    }

    #[test]
    fn all_parts_come_in_order_in_one_vectored_write() {
        let segments = segments();
        let mut slices = [IoSlice::new(&[]); 8];
        let count = segments.chunks_vectored(&mut slices);
        let parts: Vec<&[u8]> = slices[..count].iter().map(|slice| &**slice).collect();
        assert_eq!(parts, [&b"abc"[..], b"DEFG", b"HI", b"jk", b"LMN"]);
    }

    #[test]
    fn advancing_by_any_steps_reads_the_same_bytes() {
        for step in 1..=14 {
            let mut segments = segments();
            let mut read = Vec::new();
            while segments.has_remaining() {
                let count = step.min(segments.remaining());
                let mut piece = vec![0; count];
                segments.copy_to_slice(&mut piece);
                read.extend(piece);
            }
            assert_eq!(read, b"abcDEFGHIjkLMN", "in steps of {step}");
            assert_eq!(segments.chunk(), b"");
        }
    }

    #[test]
    fn what_is_left_after_any_number_of_bytes_is_the_same_in_one_piece_and_in_parts() {
        for count in 0..=14 {
            let mut segments = segments();
            segments.advance(count);
            let left = &b"abcDEFGHIjkLMN"[count..];
            assert_eq!(segments.to_vec(), left, "after {count}");
            assert_eq!(
                (segments.len(), segments.is_empty()),
                (left.len(), count == 14)
            );
            let parts = segments.clone().into_parts();
            assert!(parts.iter().all(|part| !part.is_empty()));
            assert_eq!(parts.concat(), left, "after {count}");
            assert_eq!(segments.into_bytes(), left, "after {count}");
        }
    }

    #[test]
    fn bytes_without_shared_blobs_are_not_copied() {
        let own = b"abcdef".to_vec();
        let at = own.as_ptr();
        let mut segments = Segments::new(own, Vec::new(), 6);
        segments.advance(2);
        let bytes = segments.into_bytes();
        assert_eq!(
            (&bytes[..], bytes.as_ptr()),
            (&b"cdef"[..], at.wrapping_add(2))
        );
    }

    #[test]
    fn advancing_inside_a_shared_blob_leaves_its_rest() {
        let mut segments = segments();
        segments.advance(5);
        assert_eq!((segments.chunk(), segments.remaining()), (&b"FG"[..], 9));
    }
}
