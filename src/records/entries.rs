//! The entries of a `records` field or a log segment: batches and messages.
//! What is in an entry is not looked at here.

use std::iter::FusedIterator;

use super::{Batch, BatchHeader, LegacyMessage, RecordDecoder, Records, RecordsError};
use super::{RecordsErrorKind, legacy};

/// An iterator over the entries of a `records` field, of any formats mixed.
///
/// Nothing is checked but sizes and formats, and nothing allocated. After an error it ends, as where
/// the next entry begins is unknown then; [`rest`](Self::rest) has the bytes.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::{Entries, Entry, RecordDecoder};
///
/// # let mut builder = kafka_codec::records::BatchBuilder::new(Default::default());
/// # builder.append(&Default::default()).unwrap();
/// # let blob = builder.finish().unwrap();
/// let mut decoder = RecordDecoder::default();
/// for entry in Entries::new(&blob) {
///     let entry = entry?;
///     for record in entry.records(&mut decoder)? {
///         let record = record?;
///         println!("{}: {:?} = {:?}", record.offset, record.key, record.value);
///     }
///     if let Entry::Partial(partial) = entry {
///         println!("{} bytes of a batch that goes on elsewhere", partial.as_bytes().len());
///     }
/// }
/// # Ok::<(), kafka_codec::records::RecordsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
    position: usize,
    ended: bool,
}

/// An entry of a `records` field.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry<'a> {
    /// A record batch: magic 2.
    Batch(Batch<'a>),
    /// A message, or a message set in a compressed one: magic 0 or 1.
    Message(LegacyMessage<'a>),
    /// What there is of a last entry that is cut off: no fault, as brokers send whole ranges of bytes.
    Partial(Partial<'a>),
}

/// The bytes of an entry that is cut off.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Partial<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Entries<'a> {
    /// The entries of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self::at(bytes, 0)
    }

    /// The entries of `bytes`, which begin at `position` of something larger: positions and offsets
    /// of errors count from there.
    #[must_use]
    pub const fn at(bytes: &'a [u8], position: usize) -> Self {
        Self {
            rest: bytes,
            position,
            ended: false,
        }
    }

    /// The bytes of the entries not read yet; after an error those from the faulty one on.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Where the next entry begins.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    fn read(&mut self) -> Result<Entry<'a>, RecordsError> {
        let position = self.position;
        let found = Found::at_start_of(self.rest)
            .map_err(|error| error.moved(|offset| offset + position))?;
        let Found::Whole { bytes, magic, rest } = found else {
            self.ended = true;
            let bytes = std::mem::take(&mut self.rest);
            self.position += bytes.len();
            return Ok(Entry::Partial(Partial { bytes, position }));
        };
        let entry = match magic {
            2 => Batch::new(bytes, position).map(Entry::Batch),
            _ => LegacyMessage::new(bytes, position).map(Entry::Message),
        };
        let Some(entry) = entry else {
            let size = i32::try_from(bytes.len() - PREFIX).expect("the size is an int32");
            let min = min_size(magic);
            let kind = RecordsErrorKind::SizeTooSmall { size, min };
            return Err(RecordsError::new(kind, position + 8));
        };
        self.rest = rest;
        self.position += bytes.len();
        Ok(entry)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, RecordsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended || self.rest.is_empty() {
            return None;
        }
        let entry = self.read();
        self.ended |= entry.is_err();
        Some(entry)
    }
}

impl FusedIterator for Entries<'_> {}

impl<'a> Entry<'a> {
    /// Returns the records; none of a partial entry.
    ///
    /// # Errors
    ///
    /// As [`Batch::records`] and [`LegacyMessage::records`].
    pub fn records<'r>(&self, decoder: &'r mut RecordDecoder) -> Result<Records<'r>, RecordsError>
    where
        'a: 'r,
    {
        match self {
            Self::Batch(batch) => batch.records(decoder),
            Self::Message(message) => message.records(decoder),
            Self::Partial(_) => Ok(Records::none()),
        }
    }

    /// Returns `true` if its records are [control records](super::ControlRecord), which consumers do not see.
    #[must_use]
    pub const fn is_control(&self) -> bool {
        match self {
            Self::Batch(batch) => batch.header().attributes.is_control(),
            Self::Message(_) | Self::Partial(_) => false,
        }
    }

    /// Returns the offset after its last one, at which a consumer that has read it fetches next; `None` of a partial one.
    ///
    /// Compaction may have removed the last records of a batch, and all of them: its header still has the last offset.
    #[must_use]
    pub const fn next_offset(&self) -> Option<i64> {
        match self {
            Self::Batch(batch) => Some(batch.header().next_offset()),
            Self::Message(message) => Some(message.next_offset()),
            Self::Partial(_) => None,
        }
    }

    /// All of its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Batch(batch) => batch.as_bytes(),
            Self::Message(message) => message.as_bytes(),
            Self::Partial(partial) => partial.as_bytes(),
        }
    }

    /// Returns the position, in bytes from the start of the `records` field.
    #[must_use]
    pub const fn position(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.position(),
            Self::Message(message) => message.position(),
            Self::Partial(partial) => partial.position(),
        }
    }
}

impl<'a> Partial<'a> {
    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the position, in bytes from the start of the `records` field.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Returns the size of the whole entry, if enough of it is there to tell.
    #[must_use]
    pub fn whole_size(&self) -> Option<usize> {
        let size = size_field(self.bytes)?;
        usize::try_from(size).ok()?.checked_add(PREFIX)
    }
}

/// Offset and size, in front of every entry.
pub(super) const PREFIX: usize = 12;

/// What is at the start of some bytes.
pub(super) enum Found<'a> {
    /// An entry, all of it, and the bytes after it.
    Whole {
        bytes: &'a [u8],
        magic: i8,
        rest: &'a [u8],
    },
    /// Not all of an entry, or nothing.
    Part,
}

impl<'a> Found<'a> {
    /// Checks in Kafka's order, so that the same bytes are partial, and the same wrong.
    pub(super) fn at_start_of(input: &'a [u8]) -> Result<Self, RecordsError> {
        let Some(size) = size_field(input) else {
            return Ok(Self::Part);
        };
        let min = legacy::MIN_V0;
        let Some(whole) = usize::try_from(size).ok().filter(|_| size >= min) else {
            let kind = RecordsErrorKind::SizeTooSmall { size, min };
            return Err(RecordsError::new(kind, 8));
        };
        let Some(magic) = input.get(16) else {
            return Ok(Self::Part);
        };
        let magic = i8::from_ne_bytes([*magic]);
        if !(0..=2).contains(&magic) {
            return Err(RecordsError::new(
                RecordsErrorKind::UnknownMagic { magic },
                16,
            ));
        }
        Ok(match input.split_at_checked(whole.saturating_add(PREFIX)) {
            Some((bytes, rest)) => Self::Whole { bytes, magic, rest },
            None => Self::Part,
        })
    }
}

impl Found<'_> {
    /// Returns how many bytes the entry at the start of `input` needs, as far as the bytes that are there tell.
    pub(super) fn needed(input: &[u8]) -> usize {
        let size = size_field(input).and_then(|size| usize::try_from(size).ok());
        size.map_or(PREFIX, |size| size.saturating_add(PREFIX))
    }
}

fn size_field(input: &[u8]) -> Option<i32> {
    let prefix: &[u8; PREFIX] = input.first_chunk()?;
    prefix.last_chunk().map(|size| i32::from_be_bytes(*size))
}

/// The smallest size of an entry of format `magic`.
pub(super) fn min_size(magic: i8) -> i32 {
    match magic {
        0 => legacy::MIN_V0,
        1 => legacy::MIN_V1,
        _ => i32::try_from(BatchHeader::SIZE - PREFIX).expect("the header is small"),
    }
}
