//! Encodes values behind one another. Always canonical: the shortest form of every number, tags in
//! ascending order, tagged fields only where they are not at their default.

mod faults;
mod tags;
mod values;

pub use tags::TagWriter;

use bytes::Bytes;

use super::segments::{Cut, Segments};
use super::{Uuid, varint};
use crate::EncodeError;

/// Appends primitive values to a buffer that it keeps.
///
/// Shared blobs of [`SHARE_FROM`](Self::SHARE_FROM) bytes or more are not copied: they become
/// segments of their own, and [`finish`](Self::finish) returns all parts in order.
///
/// # Errors
///
/// Methods that can fail take the name of the field for the error. The first fault is kept, and
/// [`check`](Self::check) must be called to learn of it; what is written after it is worth nothing.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::{Encoding, Writer};
///
/// let mut writer = Writer::new();
/// writer.string(Encoding::Compact, "hi", "name");
/// writer.i32(7);
/// writer.check()?;
/// assert_eq!(writer.into_vec(), b"\x03hi\0\0\0\x07");
/// # Ok::<(), kafka_codec::EncodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    own: Vec<u8>,
    cuts: Vec<Cut>,
    /// How many bytes the cuts hold.
    shared: usize,
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

impl Writer {
    /// From how many bytes on a shared blob is let through instead of being copied.
    pub const SHARE_FROM: usize = 1024;

    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that appends to `buffer`.
    #[must_use]
    pub fn with_buffer(buffer: Vec<u8>) -> Self {
        Self {
            own: buffer,
            ..Self::default()
        }
    }

    /// How many bytes were written, those of shared blobs included.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.own.len() + self.shared
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what was written and keeps the buffer.
    pub fn clear(&mut self) {
        self.truncate(&Mark::default());
        self.error = None;
    }

    /// All that was written, with shared blobs left where they are.
    #[must_use]
    pub fn finish(self) -> Segments {
        let length = self.len();
        Segments::new(self.own, self.cuts, length)
    }

    /// All that was written, in one piece; shared blobs are copied.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        if self.cuts.is_empty() {
            return self.own;
        }
        let mut out = Vec::with_capacity(self.len());
        let mut start = 0;
        for cut in &self.cuts {
            out.extend_from_slice(self.own.get(start..cut.at).unwrap_or_default());
            out.extend_from_slice(&cut.blob);
            start = cut.at;
        }
        out.extend_from_slice(self.own.get(start..).unwrap_or_default());
        out
    }

    /// What was written, where no shared blob was let through; `None` where one was.
    #[must_use]
    pub fn as_slice(&self) -> Option<&[u8]> {
        self.cuts.is_empty().then_some(&self.own)
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
            .extend_from_slice(out.get(..length).unwrap_or(&out));
    }

    /// Where the next value will stand.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            own: self.own.len(),
            cuts: self.cuts.len(),
            shared: self.shared,
        }
    }

    /// Forgets what was written after `mark`.
    pub(crate) fn truncate(&mut self, mark: &Mark) {
        self.own.truncate(mark.own);
        self.cuts.truncate(mark.cuts);
        self.shared = mark.shared;
    }

    /// Puts the int32 of how many bytes were written after it over the four bytes at `mark`.
    pub(crate) fn patch_size(&mut self, mark: &Mark) -> Result<(), EncodeError> {
        let length = self.since(mark).saturating_sub(4);
        let size = i32::try_from(length)
            .map_err(|_| faults::too_long("size", length, i32::MAX.unsigned_abs()))?;
        if let Some(place) = self
            .own
            .get_mut(mark.own..)
            .and_then(|own| own.first_chunk_mut())
        {
            *place = size.to_be_bytes();
        }
        Ok(())
    }

    fn since(&self, mark: &Mark) -> usize {
        self.len() - mark.own - mark.shared
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.own.extend_from_slice(&bytes);
    }

    fn share(&mut self, blob: Bytes) {
        // The same blob may be shared any number of times, so 32 bits may not be enough.
        let total = self.len().checked_add(blob.len());
        if total.is_none_or(|total| total > isize::MAX.unsigned_abs()) {
            return self.too_long("", self.len().saturating_add(blob.len()), MAX_LENGTH);
        }
        self.shared += blob.len();
        self.cuts.push(Cut {
            at: self.own.len(),
            blob,
        });
    }

    /// Writes `value` as a varint over the one byte at `mark`, and moves on what comes after it if
    /// the varint takes more.
    #[inline]
    fn patch_varint(&mut self, mark: &Mark, value: u32) {
        match (u8::try_from(value), self.own.get_mut(mark.own)) {
            (Ok(byte), Some(place)) if byte < 0x80 => *place = byte,
            _ => self.insert_varint(mark, value),
        }
    }

    fn insert_varint(&mut self, mark: &Mark, value: u32) {
        let mut out = [0; varint::MAX_BYTES];
        let length = varint::encode(value, &mut out);
        self.own
            .splice(mark.own..=mark.own, out.into_iter().take(length));
        for cut in self.cuts.iter_mut().skip(mark.cuts) {
            cut.at += length - 1;
        }
    }
}

/// The most bytes or elements: one less than an int32 can say, as null takes one of the numbers
/// in the compact encoding.
const MAX_LENGTH: u32 = 0x7fff_fffe;

/// A place between two values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    own: usize,
    cuts: usize,
    shared: usize,
}
