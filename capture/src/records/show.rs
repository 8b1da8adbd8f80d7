//! Entries with their records as JSON: which records are shown, how much of them, and what is wrong.

use kafka_codec::records::{Entry, Record, RecordDecoder};
use kafka_codec::wire::Limits;

use super::header::{write_batch, write_message, write_partial};
use super::{Header, Object, RecordOptions, Topic, control, internal, value};

/// How much of everything is shown.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Style {
    /// Of batches, and of the records in one.
    pub(crate) max_elements: usize,
    /// Of text, in bytes.
    pub(crate) max_text: usize,
    /// Of bytes that are not text.
    pub(crate) max_bytes: usize,
    /// In front of each batch; behind it two more blanks in front of each record.
    pub(crate) indent: Option<&'static str>,
}

impl Style {
    pub(crate) const WHOLE: Self = Self {
        max_elements: usize::MAX,
        max_text: usize::MAX,
        max_bytes: usize::MAX,
        indent: None,
    };
}

/// Shows entries of records, of one message or segment after the other.
pub(crate) struct Show {
    pub(super) options: RecordOptions,
    decoder: RecordDecoder,
    limits: Limits,
    /// How many bytes of what is in records may still be shown.
    left: usize,
}

/// What is in one message, or in one batch of a segment, is shown up to this size: a small batch can be
/// decompressed to a very large one.
const MAX_SHOWN_BYTES: usize = 64 << 20;

impl Show {
    pub(crate) fn new(options: RecordOptions) -> Self {
        let limits = super::limits(options.max_decompressed);
        Self {
            options,
            decoder: super::decoder(limits),
            limits,
            left: MAX_SHOWN_BYTES,
        }
    }

    /// Begins another message or batch, with as much room as the last one had.
    pub(crate) const fn begin(&mut self) {
        self.left = MAX_SHOWN_BYTES;
    }

    /// Writes what is known of an entry into `object`: its header, and its records where they are asked for.
    /// Whether something is wrong with it.
    pub(crate) fn entry(
        &mut self,
        object: &mut Object<'_>,
        entry: Entry<'_>,
        topic: Option<Topic>,
        style: &Style,
    ) -> bool {
        let Some(header) = Header::of(entry) else {
            if let Entry::Partial(partial) = entry {
                write_partial(object, &partial);
            }
            return false;
        };
        match entry {
            Entry::Batch(batch) => write_batch(object, &header, &batch),
            Entry::Message(message) => write_message(object, &header, &message),
            _ => {}
        }
        let crc_fault = header.crc_fault();
        object.plain("isValid", crc_fault.is_none());
        let mut lines = Vec::new();
        let found = self.records(&header, topic, style, |line| lines.push_record(line, style));
        if let Some(found) = &found {
            if header.count.is_none() {
                object.plain("count", found.count);
            }
            if found.is_shown {
                let to = object.key("records");
                to.push(b'[');
                to.append(&mut lines);
                to.push(b']');
            }
            if found.partial > 0 {
                object.plain("partialBytes", found.partial);
            }
        }
        let fault = both(
            both(crc_fault, header.offset_fault()),
            found.and_then(|found| found.fault),
        );
        if let Some(fault) = &fault {
            object.string("error", fault);
        }
        fault.is_some()
    }

    /// Calls `see` with the JSON of each record that is shown; `None` if there was no need to read them.
    pub(crate) fn records(
        &mut self,
        header: &Header<'_>,
        topic: Option<Topic>,
        style: &Style,
        mut see: impl FnMut(&[u8]),
    ) -> Option<Found> {
        let topic = topic.filter(|_| self.options.internal);
        let is_shown = self.options.payload || header.is_control() || topic.is_some();
        if !is_shown && header.count.is_some() {
            return None;
        }
        let mut found = Found {
            is_shown,
            ..Found::default()
        };
        // That the checksum is wrong is said beside the records, which may be good for something.
        let mut unchecked;
        let decoder = if header.crc_fault().is_some() {
            unchecked = super::decoder(self.limits).without_crc_check();
            &mut unchecked
        } else {
            &mut self.decoder
        };
        let mut records = match header.entry.records(decoder) {
            Ok(records) => records,
            Err(error) => {
                found.fault = Some(error.to_string());
                return Some(found);
            }
        };
        let mut line = Vec::new();
        let (mut shown, mut is_full) = (0, !is_shown);
        for record in &mut records {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    found.fault = Some(error.to_string());
                    break;
                }
            };
            found.count += 1;
            // What is escaped or in base64 is longer, but not by much.
            let size = record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
            is_full |= shown == style.max_elements || size > self.left;
            if is_full {
                continue;
            }
            shown += 1;
            line.clear();
            let fault = write_record(&mut line, &record, header, topic, self.options, style);
            found.fault = found.fault.take().or(fault);
            self.left = self.left.saturating_sub(line.len().max(size));
            see(&line);
        }
        if found.fault.is_none() {
            found.partial = records.partial().len();
        }
        let left_out = found.count - shown;
        if is_shown && left_out > 0 {
            see(format!("\"…({left_out} more)\"").as_bytes());
        }
        Some(found)
    }
}

/// What was found in an entry.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many records could be read.
    pub(crate) count: usize,
    /// What is wrong, after these records.
    pub(crate) fault: Option<String>,
    /// The bytes of a last message of a set that is cut off.
    pub(crate) partial: usize,
    is_shown: bool,
}

/// One sentence about all that is wrong.
pub(crate) fn both(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(format!("{one}; {other}")),
        (one, other) => one.or(other),
    }
}

/// Elements of an array that is being written.
trait PushRecord {
    fn push_record(&mut self, line: &[u8], style: &Style);
}

impl PushRecord for Vec<u8> {
    fn push_record(&mut self, line: &[u8], style: &Style) {
        if !self.is_empty() {
            self.push(b',');
        }
        if let Some(indent) = style.indent {
            self.extend_from_slice(indent.as_bytes());
            self.extend_from_slice(b"  ");
        }
        self.extend_from_slice(line);
    }
}

/// What is wrong with the record, if something is.
fn write_record(
    to: &mut Vec<u8>,
    record: &Record<'_>,
    header: &Header<'_>,
    topic: Option<Topic>,
    options: RecordOptions,
    style: &Style,
) -> Option<String> {
    let mut object = Object::open(to);
    let offset = header.offset_of(record);
    object.plain("offset", offset);
    object.plain("timestamp", record.timestamp);
    if record.sequence >= 0 {
        object.plain("sequence", record.sequence);
    }
    let decoded = if header.is_control() {
        control::write(&mut object, record)
    } else if let Some(topic) = topic {
        internal::write(&mut object, topic, record)
    } else {
        write_payload(&mut object, record, style);
        Ok(())
    };
    let fault = decoded.err();
    if let Some(fault) = &fault {
        if options.payload {
            write_payload(&mut object, record, style);
        }
        object.string("error", fault);
    }
    object.close();
    fault.map(|fault| format!("offset {offset}: {fault}"))
}

fn write_payload(object: &mut Object<'_>, record: &Record<'_>, style: &Style) {
    value::write(object.key("key"), record.key, style);
    value::write(object.key("value"), record.value, style);
    value::write_headers(object.key("headers"), record.headers, style);
}

#[cfg(test)]
mod tests {
    use kafka_codec::records::{BatchBuilder, BatchOptions, Entries, NewRecord};

    use super::*;

    #[test]
    fn a_batch_with_a_wrong_checksum_is_decompressed_to_no_more_than_others() {
        let options = BatchOptions {
            compression: kafka_codec::records::Compression::Gzip,
            ..BatchOptions::default()
        };
        let mut builder = BatchBuilder::new(options);
        let record = NewRecord {
            value: Some(&[b'a'; 10_000]),
            ..NewRecord::default()
        };
        builder.append(&record).unwrap();
        let right = builder.finish().unwrap().to_vec();
        let mut wrong = right.clone();
        // A byte of the checksum.
        wrong[17] ^= 1;
        for (max, count) in [(5000, 0), (50_000, 1)] {
            for batch in [&right, &wrong] {
                let mut show = Show::new(RecordOptions {
                    payload: true,
                    max_decompressed: Some(max),
                    ..RecordOptions::default()
                });
                let entry = Entries::new(batch).next().unwrap().unwrap();
                let header = Header::of(entry).unwrap();
                let found = show.records(&header, None, &Style::WHOLE, |_| {}).unwrap();
                assert_eq!((found.count, found.fault.is_some()), (count, count == 0));
            }
        }
    }

    #[test]
    fn what_is_too_large_to_be_shown_is_counted() {
        let mut builder = BatchBuilder::new(BatchOptions::default());
        for value in ["12345", "678", "9"] {
            let value = Some(value.as_bytes());
            let record = NewRecord {
                value,
                ..NewRecord::default()
            };
            builder.append(&record).unwrap();
        }
        let batch = builder.finish().unwrap();
        let entry = Entries::new(&batch).next().unwrap().unwrap();
        let options = RecordOptions {
            payload: true,
            internal: false,
            ..RecordOptions::default()
        };
        for (left, shown) in [(4, 0), (5, 1), (1000, 3)] {
            let mut show = Show {
                left,
                ..Show::new(options)
            };
            let mut lines = Vec::new();
            let header = Header::of(entry).unwrap();
            let found = show.records(&header, None, &Style::WHOLE, |line| {
                lines.push(String::from_utf8(line.to_vec()).unwrap());
            });
            let found = found.unwrap();
            assert_eq!((found.count, found.fault), (3, None));
            let rest = (shown < 3).then(|| format!("\"…({} more)\"", 3 - shown));
            assert_eq!(lines.len(), shown + usize::from(rest.is_some()));
            assert!(rest.is_none() || lines.last() == rest.as_ref());
        }
    }
}
