//! A record to be written, and its bytes in a batch.

use bytes::BytesMut;

use crate::records::{Header, Headers, Record, varint};

/// A record to be written.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::{Header, NewRecord};
///
/// let record = NewRecord {
///     timestamp: 1_700_000_000_000,
///     key: Some(b"order-17"),
///     value: Some(b"paid"),
///     headers: &[Header::new("source", Some(b"web"))],
/// };
/// assert_eq!(NewRecord { key: None, headers: &[], ..record }.value, record.value);
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct NewRecord<'a> {
    /// Milliseconds since 1970; -1 for none.
    pub timestamp: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; null is a tombstone, which deletes the key in a compacted topic.
    pub value: Option<&'a [u8]>,
    /// The headers; keys may repeat. [`append_with_headers`](super::BatchBuilder::append_with_headers) takes them
    /// from an iterator.
    pub headers: &'a [Header<'a>],
}

impl Default for NewRecord<'_> {
    fn default() -> Self {
        Self {
            timestamp: -1,
            key: None,
            value: None,
            headers: &[],
        }
    }
}

/// A record as it stands in a batch.
pub(super) struct Wire<'a, H> {
    attributes: u8,
    timestamp_delta: i64,
    offset_delta: i32,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: H,
    /// The length that stands in front of it.
    length: usize,
}

/// The headers of a record to be written.
pub(super) trait WireHeaders {
    /// Returns the number of bytes that they take, with their count.
    fn size(&self) -> usize;

    /// Appends their count and them.
    fn write(&self, out: &mut BytesMut);
}

impl<'a> Wire<'a, &'a [Header<'a>]> {
    #[inline]
    pub(super) fn new(record: &NewRecord<'a>, timestamp_delta: i64, offset_delta: i32) -> Self {
        Wire::with_headers(record, record.headers, timestamp_delta, offset_delta)
    }
}

impl<'a> Wire<'a, Headers<'a>> {
    pub(super) fn read(record: &Record<'a>, timestamp_delta: i64, offset_delta: i32) -> Self {
        Self {
            attributes: u8::from_ne_bytes(record.attributes.to_ne_bytes()),
            timestamp_delta,
            offset_delta,
            key: record.key,
            value: record.value,
            headers: record.headers,
            length: 0,
        }
        .measured()
    }
}

impl<'a, H: WireHeaders> Wire<'a, H> {
    /// `record` with `headers` in place of its own.
    #[inline]
    pub(super) fn with_headers(
        record: &NewRecord<'a>,
        headers: H,
        timestamp_delta: i64,
        offset_delta: i32,
    ) -> Self {
        Self {
            attributes: 0,
            timestamp_delta,
            offset_delta,
            key: record.key,
            value: record.value,
            headers,
            length: 0,
        }
        .measured()
    }

    #[inline]
    fn measured(mut self) -> Self {
        self.length = 1
            + varint::size_64(self.timestamp_delta)
            + varint::size_32(self.offset_delta)
            + nullable_size(self.key)
            + nullable_size(self.value)
            + self.headers.size();
        self
    }

    /// How many bytes it takes, with its length. What is longer than a length can say is more than a
    /// batch can hold.
    #[inline]
    pub(super) fn size(&self) -> usize {
        size_32(self.length) + self.length
    }

    /// Appends it; its size was checked.
    #[inline]
    pub(super) fn write(&self, out: &mut BytesMut) {
        let start = out.len();
        out.reserve(self.size() + varint::ROOM);
        varint::append(out, |front| {
            front.size(self.length);
            front.byte(self.attributes);
            front.long(self.timestamp_delta);
            front.int(self.offset_delta);
            front.nullable(self.key);
            if self.key.is_none() {
                front.nullable(self.value);
            }
        });
        if let Some(key) = self.key {
            out.extend_from_slice(key);
            varint::append(out, |front| front.nullable(self.value));
        }
        out.extend_from_slice(self.value.unwrap_or_default());
        self.headers.write(out);
        debug_assert_eq!(
            out.len() - start,
            self.size(),
            "headers that changed since they were measured"
        );
    }
}

impl WireHeaders for &[Header<'_>] {
    #[inline]
    fn size(&self) -> usize {
        size_32(self.len()) + self.iter().map(header_size).sum::<usize>()
    }

    #[inline]
    fn write(&self, out: &mut BytesMut) {
        match self {
            [] => out.extend_from_slice(&[0]),
            headers => write_headers(headers.len(), headers.iter().copied(), out),
        }
    }
}

impl WireHeaders for Headers<'_> {
    #[inline]
    fn size(&self) -> usize {
        size_32(self.len()) + self.as_bytes().len()
    }

    #[inline]
    fn write(&self, out: &mut BytesMut) {
        varint::append(out, |front| front.size(self.len()));
        out.extend_from_slice(self.as_bytes());
    }
}

/// Headers of an iterator, which is run three times: to count, to measure and to write them.
pub(super) struct IteratedHeaders<I>(pub(super) I);

impl<'h, I: Iterator<Item = Header<'h>> + Clone> WireHeaders for IteratedHeaders<I> {
    fn size(&self) -> usize {
        let (count, size) = self
            .0
            .clone()
            .fold((0_usize, 0_usize), |(count, size), header| {
                (count + 1, size.saturating_add(header_size(&header)))
            });
        size_32(count).saturating_add(size)
    }

    fn write(&self, out: &mut BytesMut) {
        write_headers(self.0.clone().count(), self.0.clone(), out);
    }
}

fn write_headers<'h>(count: usize, headers: impl Iterator<Item = Header<'h>>, out: &mut BytesMut) {
    varint::append(out, |front| front.size(count));
    for header in headers {
        varint::append(out, |front| front.size(header.key.len()));
        out.extend_from_slice(header.key);
        varint::append(out, |front| front.nullable(header.value));
        out.extend_from_slice(header.value.unwrap_or_default());
    }
}

#[inline]
fn header_size(header: &Header<'_>) -> usize {
    size_32(header.key.len()) + header.key.len() + nullable_size(header.value)
}

/// How many bytes `value` and its length take.
#[inline]
fn nullable_size(value: Option<&[u8]>) -> usize {
    value.map_or(1, |value| size_32(value.len()) + value.len())
}

/// Returns the size of `length` as a variable-length integer. A length above `i32::MAX` is never written, as
/// the batch would be too large; with the maximum size, the size of its record stays too large too.
#[inline]
fn size_32(length: usize) -> usize {
    i32::try_from(length).map_or(varint::MAX_32, varint::size_32)
}
