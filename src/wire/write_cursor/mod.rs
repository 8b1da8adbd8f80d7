//! The cursor that generated code writes with. Its output is canonical: the shortest form of every number, tags in
//! ascending order, tagged fields only where they are not at their default.

mod faults;
mod tags;
mod values;

pub use tags::TagWriter;

use bytes::Bytes;

use super::segments::{Segments, SharedBlob};
use super::{Uuid, varint};
use crate::{EncodeError, EncodeErrorKind};

/// Appends primitive values to a buffer that it owns, and keeps the first fault.
///
/// What is written after a fault is worth nothing. Whoever calls code with a cursor calls `check`
/// when it returns: in the crate this is [`Writer`](super::Writer).
#[derive(Debug, Default)]
pub struct WriteCursor {
    own: Vec<u8>,
    shared: Vec<SharedBlob>,
    /// How many bytes the shared blobs have.
    shared_bytes: usize,
    /// What failed first.
    error: Option<EncodeError>,
    /// What may not be lost.
    fidelity: Fidelity,
}

/// Which values of fields that the version does not have are refused, of those that may be omitted.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fidelity {
    /// None, as in Kafka's Java client.
    Lossy,
    /// Identities that no other field of the struct states.
    #[default]
    Identities,
    /// Identities, and values of fields that ended, unless a successor is set.
    All,
}

impl WriteCursor {
    /// A cursor that appends to `buffer`.
    pub(super) fn with_buffer(buffer: Vec<u8>) -> Self {
        Self {
            own: buffer,
            ..Self::default()
        }
    }

    /// The number of bytes written, those of shared blobs included.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.own.len() + self.shared_bytes
    }

    /// The bytes that were written, without shared blobs that were passed through.
    #[cfg(feature = "connection")]
    pub(super) fn own(&self) -> &[u8] {
        &self.own
    }

    /// All that was written, with shared blobs left where they are.
    pub(super) fn finish(self) -> Segments {
        let length = self.len();
        Segments::new(self.own, self.shared, length)
    }

    /// Moves all that was written into segments that are empty, and leaves a cursor that wrote nothing.
    #[cfg(feature = "connection")]
    #[inline(always)]
    pub(super) fn finish_into(&mut self, segments: &mut Segments) {
        debug_assert!(self.error.is_none(), "a fault is taken by who caused it");
        let length = self.len();
        segments.fill(&mut self.own, &mut self.shared, length);
        (self.shared_bytes, self.fidelity) = (0, Fidelity::default());
    }

    /// The buffer of a cursor that wrote nothing.
    #[cfg(feature = "connection")]
    #[inline]
    pub(super) fn empty_buffer(&mut self) -> &mut Vec<u8> {
        debug_assert_eq!(self.len(), 0, "nothing was written");
        &mut self.own
    }

    /// All that was written, in one piece; shared blobs are copied.
    pub(super) fn into_vec(self) -> Vec<u8> {
        if self.shared.is_empty() {
            return self.own;
        }
        let mut out = Vec::with_capacity(self.len());
        let mut start = 0;
        for shared in &self.shared {
            out.extend_from_slice(self.own.get(start..shared.at).expect(IN_ORDER));
            out.extend_from_slice(&shared.blob);
            start = shared.at;
        }
        out.extend_from_slice(self.own.get(start..).expect(IN_ORDER));
        out
    }

    /// What was written, if it holds no shared blob that was passed through.
    pub(super) fn as_slice(&self) -> Option<&[u8]> {
        self.shared.is_empty().then_some(&self.own)
    }

    /// A bool.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.put([u8::from(value)]);
    }

    /// An int8.
    #[inline]
    pub fn i8(&mut self, value: i8) {
        self.put(value.to_be_bytes());
    }

    /// An int16.
    #[inline]
    pub fn i16(&mut self, value: i16) {
        self.put(value.to_be_bytes());
    }

    /// A uint16.
    #[inline]
    pub fn u16(&mut self, value: u16) {
        self.put(value.to_be_bytes());
    }

    /// An int32.
    #[inline]
    pub fn i32(&mut self, value: i32) {
        self.put(value.to_be_bytes());
    }

    /// A uint32.
    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.put(value.to_be_bytes());
    }

    /// An int64.
    #[inline]
    pub fn i64(&mut self, value: i64) {
        self.put(value.to_be_bytes());
    }

    /// A float64.
    #[inline]
    pub fn f64(&mut self, value: f64) {
        self.put(value.to_be_bytes());
    }

    /// A uuid.
    #[inline]
    pub fn uuid(&mut self, value: Uuid) {
        self.put(value.to_bytes());
    }

    /// An unsigned variable-length integer.
    #[inline]
    pub fn unsigned_varint(&mut self, value: u32) {
        match u8::try_from(value) {
            Ok(byte) if byte < 0x80 => self.put([byte]),
            _ => self.long_varint(value),
        }
    }

    fn long_varint(&mut self, value: u32) {
        let mut out = [0; varint::MAX_BYTES];
        let length = varint::encode(value, &mut out);
        self.own
            .extend_from_slice(out.get(..length).expect("a varint takes at most MAX_BYTES"));
    }

    /// The position of the next value.
    pub(crate) fn position(&self) -> Position {
        Position {
            own: self.own.len(),
            shared: self.shared.len(),
            shared_bytes: self.shared_bytes,
        }
    }

    /// Forgets what was written after `position`.
    pub(crate) fn truncate(&mut self, position: &Position) {
        self.own.truncate(position.own);
        self.shared.truncate(position.shared);
        self.shared_bytes = position.shared_bytes;
    }

    /// Puts the int32 of how many bytes were written after it over the four bytes at `position`.
    pub(crate) fn patch_size(&mut self, position: &Position) -> Result<(), EncodeError> {
        let length = self.since(position).saturating_sub(4);
        let size = i32::try_from(length)
            .map_err(|_| faults::too_long("size", length, i32::MAX.unsigned_abs()))?;
        *self
            .own
            .get_mut(position.own..)
            .and_then(|own| own.first_chunk_mut())
            .expect("four bytes were written at the position of the size") = size.to_be_bytes();
        Ok(())
    }

    fn since(&self, position: &Position) -> usize {
        self.len() - position.own - position.shared_bytes
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.own.extend_from_slice(&bytes);
    }

    fn share(&mut self, blob: Bytes) {
        // The same blob may be shared any number of times, so 32 bits may not be enough.
        let total = self.len().checked_add(blob.len());
        if total.is_none_or(|total| total > isize::MAX.unsigned_abs()) {
            let length = self.len().saturating_add(blob.len());
            let max = isize::MAX.unsigned_abs();
            return self.fail(EncodeError::new(
                EncodeErrorKind::TooLong { length, max },
                None,
            ));
        }
        self.shared_bytes += blob.len();
        self.shared.push(SharedBlob {
            at: self.own.len(),
            blob,
        });
    }

    /// Writes `value` as a varint over the one byte at `position`, and moves on what comes after it if
    /// the varint takes more.
    #[inline]
    fn patch_varint(&mut self, position: &Position, value: u32) {
        match (u8::try_from(value), self.own.get_mut(position.own)) {
            (Ok(byte), Some(place)) if byte < 0x80 => *place = byte,
            _ => self.insert_varint(position, value),
        }
    }

    fn insert_varint(&mut self, position: &Position, value: u32) {
        let mut out = [0; varint::MAX_BYTES];
        let length = varint::encode(value, &mut out);
        self.own
            .splice(position.own..=position.own, out.into_iter().take(length));
        for shared in self.shared.iter_mut().skip(position.shared) {
            shared.at += length - 1;
        }
    }
}

/// From how many bytes on a shared blob is passed through instead of being copied.
pub(super) const SHARE_FROM: usize = 1024;

/// What holds of the own bytes and the shared blobs in between.
const IN_ORDER: &str = "shared blobs lie within the own bytes, in order";

/// The maximum number of bytes or elements: one less than an int32 can say, as null takes one of the numbers
/// in the compact encoding.
const MAX_LENGTH: u32 = 0x7fff_fffe;

/// A position between two values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Position {
    own: usize,
    shared: usize,
    shared_bytes: usize,
}
