//! Log segments and snapshots of brokers: a line a batch. How batches are read and records shown is
//! in `input` and `records`.

mod line;
mod other_files;
mod topic;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use crate::RecordOptions;
use crate::input::{Input, InputError, LogEntries, LogEntry};
use crate::output::Lines;
use crate::records::{Header, Object, Show, Style, Topic};

pub use other_files::other_file;
pub use topic::topic_of;

/// The output format of a segment.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SegmentFormat {
    /// For people: labels and values, as Kafka's own tool has them, and a line a record that is shown.
    Text,
    /// For machines: an object a batch, with the records in it.
    Ndjson,
}

/// Writes what is in log segments, one after the other.
///
/// # Examples
///
/// ```no_run
/// use std::path::Path;
///
/// use kafka_capture::input::Input;
/// use kafka_capture::segment::{SegmentFormat, Segments, topic_of};
///
/// let path = Path::new("data/orders-0/00000000000000000000.log");
/// let mut segments = Segments::new(std::io::stdout(), SegmentFormat::Text, Default::default());
/// let counts = segments.show(Input::open(path, |bytes, _| bytes)?, topic_of(path).as_deref())?;
/// segments.flush();
/// eprintln!("{counts}");
/// # Ok::<(), kafka_capture::input::InputError>(())
/// ```
pub struct Segments<W> {
    lines: Lines<W>,
    format: SegmentFormat,
    show: Show,
    counts: SegmentCounts,
}

/// The counts of a segment.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SegmentCounts {
    /// Batches, and messages of the formats before them.
    pub batches: u64,
    /// Batches with something wrong in them, as far as it was looked at.
    pub faulty: u64,
    /// Bytes at the end that are not a batch.
    pub garbage_bytes: u64,
    /// Zeros at the end: a broker makes the files of active segments larger than what is in them, if
    /// `log.preallocate` is set.
    pub preallocated_bytes: u64,
}

impl<W: Write> Segments<W> {
    /// Writes batches to `to`, and of records what `options` say.
    pub fn new(to: W, format: SegmentFormat, options: RecordOptions) -> Self {
        Self {
            lines: Lines::new(to),
            format,
            show: Show::new(options),
            counts: SegmentCounts::default(),
        }
    }

    /// Writes what is in a segment of this topic, if that is known.
    ///
    /// # Errors
    ///
    /// [`InputError`], if it cannot be read. What is wrong with what is in it is written, and counted.
    pub fn show(&mut self, input: Input, topic: Option<&str>) -> Result<SegmentCounts, InputError> {
        let topic = topic.and_then(Topic::named);
        self.counts = SegmentCounts::default();
        let mut entries = LogEntries::new(input);
        let name = entries.name().to_owned();
        while let Some(entry) = entries.next()? {
            match entry {
                LogEntry::Entry(entry) => {
                    self.counts.batches += 1;
                    self.show.begin();
                    let has_fault = match (self.format, Header::of(entry)) {
                        (SegmentFormat::Text, Some(header)) => {
                            line::write(&mut self.lines, &mut self.show, &header, topic)
                        }
                        _ => {
                            let mut object = Object::open(self.lines.line());
                            object.string("file", &name);
                            let fault = self.show.entry(&mut object, entry, topic, &Style::WHOLE);
                            object.close();
                            self.lines.end();
                            fault
                        }
                    };
                    self.counts.faulty += u64::from(has_fault);
                }
                LogEntry::Garbage(garbage) => {
                    if garbage.is_preallocated {
                        self.counts.preallocated_bytes = garbage.bytes;
                    } else {
                        self.counts.garbage_bytes = garbage.bytes;
                    }
                    match self.format {
                        SegmentFormat::Text => line::write_garbage(self.lines.line(), &garbage),
                        SegmentFormat::Ndjson => {
                            let mut object = Object::open(self.lines.line());
                            object.string("file", &name);
                            object.plain("position", garbage.position);
                            if garbage.is_preallocated {
                                object.plain("preallocatedBytes", garbage.bytes);
                            } else {
                                object.plain("garbageBytes", garbage.bytes);
                                object.string("error", &garbage.reason);
                            }
                            object.close();
                        }
                    }
                    self.lines.end();
                }
            }
            if self.lines.has_failed() {
                break;
            }
        }
        Ok(self.counts)
    }

    /// Returns the counts of the last segment, also if it could not be read to its end.
    #[must_use]
    pub const fn counts(&self) -> SegmentCounts {
        self.counts
    }

    /// Writes a line of its own in front of a segment, for people who look at several.
    pub fn title(&mut self, path: &Path) {
        if self.format == SegmentFormat::Text {
            let line = self.lines.line();
            line.extend_from_slice(b"==> ");
            crate::output::escape::text(line, &path.display().to_string());
            line.extend_from_slice(b" <==");
            self.lines.end();
        }
    }

    /// Writes what is still in memory.
    pub fn flush(&mut self) {
        self.lines.flush();
    }

    /// Returns `true` if writing failed, so that nothing more is written.
    pub const fn has_failed(&self) -> bool {
        self.lines.has_failed()
    }

    /// Returns the error of writing, if it failed.
    pub const fn failure(&mut self) -> Option<io::Error> {
        self.lines.failure()
    }
}

impl SegmentCounts {
    /// Returns `true` if it is not a log at all: nothing but bytes that are not a batch.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.batches == 0 && self.garbage_bytes > 0
    }

    /// Returns `true` if something is wrong with it.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        self.faulty > 0 || self.garbage_bytes > 0
    }

    /// These and `others` together.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self {
            batches: self.batches + others.batches,
            faulty: self.faulty + others.faulty,
            garbage_bytes: self.garbage_bytes + others.garbage_bytes,
            preallocated_bytes: self.preallocated_bytes + others.preallocated_bytes,
        }
    }
}

/// The noun of a number of bytes, and that they are.
const fn bytes(number: u64) -> &'static str {
    if number == 1 {
        "byte that is"
    } else {
        "bytes that are"
    }
}

impl fmt::Display for SegmentCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.batches == 1 { "" } else { "es" };
        write!(f, "{} batch{plural}", self.batches)?;
        if self.faulty > 0 {
            write!(f, ", {} of them faulty", self.faulty)?;
        }
        if self.garbage_bytes > 0 {
            let noun = bytes(self.garbage_bytes);
            write!(f, ", {} {noun} not a batch", self.garbage_bytes)?;
        }
        if self.preallocated_bytes > 0 {
            let plural = if self.preallocated_bytes == 1 {
                ""
            } else {
                "s"
            };
            write!(f, ", {} preallocated byte{plural}", self.preallocated_bytes)?;
        }
        Ok(())
    }
}
