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
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; a null one deletes the key in a compacted topic.
    pub value: Option<&'a [u8]>,
    /// Its headers; keys may repeat.
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
pub(super) struct Wire<'a> {
    attributes: u8,
    timestamp_delta: i64,
    offset_delta: i32,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: WireHeaders<'a>,
    /// The length that stands in front of it.
    length: usize,
}

/// Headers to be written, or those of a record that was read.
#[derive(Copy, Clone)]
enum WireHeaders<'a> {
    New(&'a [Header<'a>]),
    Read(Headers<'a>),
}

impl<'a> Wire<'a> {
    #[inline]
    pub(super) fn new(record: &NewRecord<'a>, timestamp_delta: i64, offset_delta: i32) -> Self {
        Self {
            attributes: 0,
            timestamp_delta,
            offset_delta,
            key: record.key,
            value: record.value,
            headers: WireHeaders::New(record.headers),
            length: 0,
        }
        .measured()
    }

    pub(super) fn read(record: &Record<'a>, timestamp_delta: i64, offset_delta: i32) -> Self {
        Self {
            attributes: u8::from_ne_bytes(record.attributes.to_ne_bytes()),
            timestamp_delta,
            offset_delta,
            key: record.key,
            value: record.value,
            headers: WireHeaders::Read(record.headers),
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
    }
}

impl WireHeaders<'_> {
    #[inline]
    fn size(self) -> usize {
        match self {
            Self::New(headers) => headers.iter().fold(size_32(headers.len()), |size, header| {
                size + size_32(header.key.len()) + header.key.len() + nullable_size(header.value)
            }),
            Self::Read(headers) => size_32(headers.len()) + headers.as_bytes().len(),
        }
    }

    #[inline]
    fn write(self, out: &mut BytesMut) {
        match self {
            Self::New([]) => out.extend_from_slice(&[0]),
            Self::New(headers) => write_headers(headers, out),
            Self::Read(headers) => {
                varint::append(out, |front| front.size(headers.len()));
                out.extend_from_slice(headers.as_bytes());
            }
        }
    }
}

fn write_headers(headers: &[Header<'_>], out: &mut BytesMut) {
    varint::append(out, |front| front.size(headers.len()));
    for header in headers {
        varint::append(out, |front| front.size(header.key.len()));
        out.extend_from_slice(header.key);
        varint::append(out, |front| front.nullable(header.value));
        out.extend_from_slice(header.value.unwrap_or_default());
    }
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
