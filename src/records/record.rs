//! A record, borrowed from the bytes it was read from, and how it is read out of those of a batch.
//! Where its offset and timestamp come from is the iterator's: see [`Records`](super::Records).

use super::headers::{Headers, skip_headers};
use super::{RecordsError, RecordsErrorKind, varint};

/// A record of a batch, or a message of a message set.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The offset in the partition. In a batch that is not appended yet it counts from 0.
    pub offset: i64,
    /// Milliseconds since 1970, of the [type](super::TimestampType) that the batch says; -1 if it
    /// has none.
    pub timestamp: i64,
    /// The number that an idempotent producer gave it; -1 if none did.
    pub sequence: i32,
    /// Unused bits of a record; in a message set the attributes of the message.
    pub attributes: i8,
    /// The offset as it stands in the batch: relative to the batch's; 0 in a message set.
    pub offset_delta: i32,
    /// The timestamp as it stands in the batch: relative to the batch's, and the record's own even
    /// if the broker overrules it; 0 in a message set.
    pub timestamp_delta: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; null is a tombstone, which deletes the key in a compacted topic.
    pub value: Option<&'a [u8]>,
    /// The headers, in their order; keys may repeat.
    pub headers: Headers<'a>,
}

/// A record as it stands in a batch.
pub(super) struct Parsed<'a> {
    pub(super) attributes: i8,
    pub(super) timestamp_delta: i64,
    pub(super) offset_delta: i32,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: Headers<'a>,
}

impl<'a> Parsed<'a> {
    /// The record at the start of `input` and the bytes after it. The offset of an error is how
    /// many bytes of `input` are left where it is.
    #[inline]
    pub(super) fn read(input: &'a [u8]) -> Result<(Self, &'a [u8]), RecordsError> {
        let (length, rest) = read_32(input, 0)?;
        let Ok(size) = usize::try_from(length) else {
            return Err(fault(RecordsErrorKind::NegativeLength { length }, input, 0));
        };
        let Some((body, after)) = rest.split_at_checked(size) else {
            return Err(short(size, rest, 0));
        };
        let parsed = Self::read_body(body, after.len())?;
        Ok((parsed, after))
    }

    /// The record that `body` is, which is followed by `after` bytes.
    #[inline]
    fn read_body(body: &'a [u8], after: usize) -> Result<Self, RecordsError> {
        let Some((attributes, rest)) = body.split_first() else {
            return Err(short(1, body, after));
        };
        let Some((timestamp_delta, rest)) = varint::read_64(rest) else {
            return Err(endless(rest, varint::MAX_64, after));
        };
        let (offset_delta, rest) = read_32(rest, after)?;
        let (key, rest) = read_nullable(rest, after)?;
        let (value, rest) = read_nullable(rest, after)?;
        let (count, headers) = match rest {
            // Most have none.
            [0] => (0, &[][..]),
            _ => {
                let (count, headers) = read_32(rest, after)?;
                // A header takes two bytes at least, but Kafka counts on one.
                let Ok(count) = usize::try_from(count).map_err(drop).and_then(|wanted| {
                    if wanted > headers.len() {
                        Err(())
                    } else {
                        Ok(wanted)
                    }
                }) else {
                    return Err(fault(RecordsErrorKind::HeaderCount { count }, rest, after));
                };
                let left = skip_headers(count, headers, after)?;
                if !left.is_empty() {
                    let declared = body.len();
                    let actual = declared - left.len();
                    let kind = RecordsErrorKind::RecordLength { declared, actual };
                    return Err(fault(kind, left, after));
                }
                (count, headers)
            }
        };
        Ok(Self {
            attributes: i8::from_ne_bytes([*attributes]),
            timestamp_delta,
            offset_delta,
            key,
            value,
            headers: Headers::new(count, headers),
        })
    }
}

#[inline]
pub(super) fn read_32(input: &[u8], after: usize) -> Result<(i32, &[u8]), RecordsError> {
    varint::read_32(input).ok_or_else(|| endless(input, varint::MAX_32, after))
}

/// A length and as many bytes; any negative length is null.
#[inline]
pub(super) fn read_nullable(
    input: &[u8],
    after: usize,
) -> Result<(Option<&[u8]>, &[u8]), RecordsError> {
    let (length, rest) = read_32(input, after)?;
    match usize::try_from(length) {
        Ok(size) => match rest.split_at_checked(size) {
            Some((value, rest)) => Ok((Some(value), rest)),
            None => Err(short(size, rest, after)),
        },
        Err(_) => Ok((None, rest)),
    }
}

/// An error where `rest` and `after` more bytes are left.
#[cold]
pub(super) fn fault(kind: RecordsErrorKind, rest: &[u8], after: usize) -> RecordsError {
    RecordsError::new(kind, rest.len() + after)
}

#[cold]
pub(super) fn short(needed: usize, rest: &[u8], after: usize) -> RecordsError {
    let remaining = rest.len();
    fault(
        RecordsErrorKind::UnexpectedEnd { needed, remaining },
        rest,
        after,
    )
}

#[cold]
fn endless(rest: &[u8], max: usize, after: usize) -> RecordsError {
    if rest.len() < max {
        short(rest.len() + 1, rest, after)
    } else {
        fault(RecordsErrorKind::VarintTooLong, rest, after)
    }
}
