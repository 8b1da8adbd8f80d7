//! The entries of a log segment or snapshot, one at a time, in a buffer that grows only for entries that
//! are there.

use std::io::{self, Read};

use kafka_codec::records::{Entries, Entry};

use crate::length::u64_of;

use super::{Input, InputError};

/// No broker is set up to take larger batches; one with such a size is damaged.
const MAX_ENTRY_BYTES: usize = 256 << 20;
/// Offset, size, and what stands between them and the format.
const START_BYTES: usize = 17;

/// Reads the entries of a log segment.
pub(crate) struct LogEntries {
    input: Input,
    position: usize,
    buffer: Vec<u8>,
    has_ended: bool,
}

/// An entry of a segment, or the garbage at its end.
pub(crate) enum LogEntry<'a> {
    /// A batch or message.
    Entry(Entry<'a>),
    /// Bytes after the last entry.
    Garbage(Garbage),
}

/// Bytes at the end of a segment that are not a batch.
#[derive(Debug)]
pub(crate) struct Garbage {
    pub(crate) position: usize,
    pub(crate) bytes: u64,
    /// All of them are zeros: the file was made larger than what is in it.
    pub(crate) is_preallocated: bool,
    pub(crate) reason: String,
}

/// Counts bytes, and whether all are zeros.
struct Zeros {
    bytes: u64,
    are_all: bool,
}

impl io::Write for Zeros {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += u64_of(bytes.len());
        self.are_all &= bytes.iter().all(|byte| *byte == 0);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl LogEntries {
    pub(crate) const fn new(input: Input) -> Self {
        Self {
            input,
            position: 0,
            buffer: Vec::new(),
            has_ended: false,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.input.name
    }

    /// The next entry; `None` at the end of the segment.
    pub(crate) fn next(&mut self) -> Result<Option<LogEntry<'_>>, InputError> {
        if self.has_ended {
            return Ok(None);
        }
        let position = self.position;
        let reason = match self.fill() {
            Ok(None) if self.buffer.is_empty() => {
                self.has_ended = true;
                return Ok(None);
            }
            Ok(None) => match Entries::at(&self.buffer, position).next() {
                Some(Ok(entry @ (Entry::Batch(_) | Entry::Message(_)))) => {
                    self.position += self.buffer.len();
                    return Ok(Some(LogEntry::Entry(entry)));
                }
                Some(Err(error)) => error.to_string(),
                _ => "it ends within a batch".to_owned(),
            },
            Ok(Some(reason)) => reason,
            Err(source) => return Err(InputError::of_reading(&self.input.name, source)),
        };
        self.has_ended = true;
        let mut rest = Zeros {
            bytes: u64_of(self.buffer.len()),
            are_all: self.buffer.iter().all(|byte| *byte == 0),
        };
        io::copy(&mut self.input.bytes, &mut rest)
            .map_err(|source| InputError::of_reading(&self.input.name, source))?;
        Ok(Some(LogEntry::Garbage(Garbage {
            position,
            bytes: rest.bytes,
            is_preallocated: rest.are_all,
            reason,
        })))
    }

    /// Reads the next entry into the buffer, or what there is of it. Why it is not read, if it is not.
    fn fill(&mut self) -> io::Result<Option<String>> {
        self.buffer.clear();
        self.buffer.shrink_to(1 << 20);
        self.read(START_BYTES)?;
        let whole = match Entries::at(&self.buffer, self.position).next() {
            Some(Ok(Entry::Partial(partial))) => partial.whole_size(),
            // Nothing, or something that is wrong.
            _ => None,
        };
        let Some(whole) = whole else { return Ok(None) };
        if whole > MAX_ENTRY_BYTES {
            let reason = format!("batch size {whole} is invalid (maximum {MAX_ENTRY_BYTES})");
            return Ok(Some(reason));
        }
        // At the end of the input, a damaged size can be smaller than what was read.
        self.read(whole.saturating_sub(self.buffer.len()))?;
        Ok(None)
    }

    fn read(&mut self, length: usize) -> io::Result<()> {
        let bytes = self.input.bytes.by_ref();
        bytes.take(u64_of(length)).read_to_end(&mut self.buffer)?;
        Ok(())
    }
}
