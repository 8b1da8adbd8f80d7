//! Changes the content of a field of type `records`, and corrects what stands in front of the changed bytes: the sizes of batches,
//! their counts, and their checksums. So a mutant gets past the checks in front of the code that reads records.
//!
//! ```text
//!  magic 2     offset 8 · length 4 · epoch 4 · 2 · CRC-32C 4 · attributes 2
//!              · .. · count 4 · records
//!  magic 0, 1  offset 8 · length 4 · CRC-32 4 · magic · attributes · ..
//!              · key · value
//! ```

mod record;

use std::ops::Range;

use super::chance::Chance;
use super::values;
use record::Record;

/// Returns other records, of which sizes and checksums are right. What is in them may still be refused, such as a bit for
/// compression that the bytes do not have.
pub(super) fn changed(records: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut entries = entries(records);
    if entries.is_empty() {
        return values::blob(records, chance);
    }
    let at = chance.below(entries.len());
    match chance.below(8) {
        0 => {
            if let Some(entry) = entries.get(at).cloned() {
                entries.insert(at, entry);
            }
        }
        1 if entries.len() > 1 => drop(entries.remove(at)),
        2 if entries.len() > 1 => entries.swap(0, at),
        kind => {
            if let Some(entry) = entries.get_mut(at) {
                change_entry(entry, kind, chance);
                repair_entry(entry);
            }
        }
    }
    joined(records, &entries)
}

/// Returns the records with one size, count or checksum wrong.
pub(super) fn damaged(records: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut entries = entries(records);
    let at = chance.below(entries.len());
    if let Some(entry) = entries.get_mut(at) {
        let places: &[Range<usize>] = if magic(entry) == Some(2) {
            &[8..12, 17..21, 57..61]
        } else {
            &[8..12, 12..16]
        };
        let place = places.get(chance.below(places.len())).cloned();
        if let Some(number) = place.clone().and_then(|place| entry.get_mut(place)) {
            let wrong = match chance.below(5) {
                0 => vec![0; 4],
                1 => vec![0xff; 4],
                2 => vec![0x7f, 0xff, 0xff, 0xff],
                _ => {
                    let mut wrong = number.to_vec();
                    if let Some(byte) = wrong.get_mut(chance.below(4)) {
                        *byte ^= 1 << chance.below(8);
                    }
                    wrong
                }
            };
            number.copy_from_slice(&wrong);
        }
        // The checksum covers the count.
        if place == Some(57..61) {
            repair_checksum(entry);
        }
    }
    joined(records, &entries)
}

/// Corrects the checksums of all batches and messages, and the size of the last one if it is cut off or followed by bytes that are
/// none. Returns `false` if the bytes do not begin with a batch or message.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::{BatchBuilder, BatchOptions, Entries, NewRecord, RecordDecoder};
///
/// let mut builder = BatchBuilder::new(BatchOptions::default());
/// builder.append(&NewRecord { timestamp: 0, key: None, value: Some(b"value"), headers: &[] })?;
/// let mut records = builder.finish()?.to_vec();
/// // In the value of the record.
/// records[70] ^= 1;
/// let is_right = |records: &[u8]| {
///     let entry = Entries::new(records).next().unwrap().unwrap();
///     entry.records(&mut RecordDecoder::default()).is_ok()
/// };
/// assert!(!is_right(&records));
/// assert!(kafka_fuzz::mutate::repair_records(&mut records));
/// assert!(is_right(&records));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn repair_records(records: &mut Vec<u8>) -> bool {
    let mut whole = entries(records);
    let read = whole.iter().map(Vec::len).sum();
    let rest = records.get(read..).unwrap_or_default();
    match whole.last_mut() {
        Some(last) => last.extend(rest),
        None if is_long_enough(rest) => whole.push(rest.to_vec()),
        None => return false,
    }
    whole.iter_mut().for_each(|entry| repair_entry(entry));
    *records = whole.concat();
    true
}

/// The batches and messages that are whole.
fn entries(records: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    let mut rest = records;
    while let Some(size) = int32(rest, 8) {
        let entry = usize::try_from(size)
            .ok()
            .and_then(|size| rest.split_at_checked(size.checked_add(12)?));
        match entry {
            Some((entry, after)) if is_long_enough(entry) => {
                entries.push(entry.to_vec());
                rest = after;
            }
            _ => break,
        }
    }
    entries
}

/// The entries, and after them what followed the entries of `records`.
fn joined(records: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
    let read = self::entries(records).iter().map(Vec::len).sum();
    let mut out = entries.concat();
    out.extend(records.get(read..).unwrap_or_default());
    out
}

fn magic(entry: &[u8]) -> Option<u8> {
    entry.get(16).copied()
}

fn is_long_enough(entry: &[u8]) -> bool {
    let min = match magic(entry) {
        Some(2) => BATCH_HEADER,
        Some(1) => 34,
        Some(0) => 26,
        _ => return false,
    };
    entry.len() >= min
}

/// Changes a number of the header, the records one by one if they are not compressed, or any byte after the header.
fn change_entry(entry: &mut Vec<u8>, kind: usize, chance: &mut Chance) {
    let is_batch = magic(entry) == Some(2);
    let header = if is_batch { BATCH_HEADER } else { 18 };
    match kind {
        3 => {
            let places: &[Range<usize>] = if is_batch {
                BATCH_NUMBERS
            } else {
                &[0..8, 17..18]
            };
            let place = places.get(chance.below(places.len())).cloned();
            if let Some(number) = place.and_then(|place| entry.get_mut(place)) {
                match chance.below(4) {
                    0 => number.fill(0),
                    1 => number.fill(0xff),
                    2 => {
                        let random = chance.bytes(number.len());
                        number.copy_from_slice(&random);
                    }
                    _ => {
                        if let Some(last) = number.last_mut() {
                            *last ^= 1 << chance.below(8);
                        }
                    }
                }
            }
        }
        4 => {
            let body = values::blob(entry.get(header..).unwrap_or_default(), chance);
            entry.truncate(header);
            entry.extend(body);
        }
        _ => {
            let body = entry.get(BATCH_HEADER..).unwrap_or_default();
            let is_plain = is_batch && entry.get(22).is_some_and(|attributes| attributes & 7 == 0);
            let Some(mut records) = Record::read_all(body).filter(|_| is_plain) else {
                return change_entry(entry, 3 + chance.below(2), chance);
            };
            record::change(&mut records, chance);
            entry.truncate(BATCH_HEADER);
            entry.extend(Record::write_all(&records));
            let count = i32::try_from(records.len()).unwrap_or(i32::MAX);
            put(entry, 57, count);
            put(entry, 23, count.saturating_sub(1).max(0));
        }
    }
}

/// Corrects size and checksum.
fn repair_entry(entry: &mut [u8]) {
    let size = i32::try_from(entry.len().saturating_sub(12)).unwrap_or(i32::MAX);
    put(entry, 8, size);
    repair_checksum(entry);
}

fn repair_checksum(entry: &mut [u8]) {
    let (at, checksum) = if magic(entry) == Some(2) {
        (17, crc32c::crc32c(entry.get(21..).unwrap_or_default()))
    } else {
        (12, crc32fast::hash(entry.get(16..).unwrap_or_default()))
    };
    if let Some(place) = entry.get_mut(at..at + 4) {
        place.copy_from_slice(&checksum.to_be_bytes());
    }
}

fn int32(bytes: &[u8], at: usize) -> Option<i32> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(i32::from_be_bytes)
}

fn put(entry: &mut [u8], at: usize, number: i32) {
    if let Some(place) = entry.get_mut(at..at + 4) {
        place.copy_from_slice(&number.to_be_bytes());
    }
}

const BATCH_HEADER: usize = 61;

/// Base offset, leader epoch, attributes, last offset delta, the two timestamps, producer id and epoch, base sequence.
const BATCH_NUMBERS: &[Range<usize>] = &[
    0..8,
    12..16,
    21..23,
    23..27,
    27..35,
    35..43,
    43..51,
    51..53,
    53..57,
];

#[cfg(test)]
mod tests {
    use kafka_codec::records::{
        BatchBuilder, BatchOptions, Entries, Header, NewRecord, RecordDecoder,
    };

    use super::*;

    fn batch() -> Vec<u8> {
        let mut builder = BatchBuilder::new(BatchOptions::default());
        for timestamp in 0..3 {
            builder
                .append(&NewRecord {
                    timestamp,
                    key: Some(b"key"),
                    value: Some(b"value"),
                    headers: &[Header::new("name", Some(b"text"))],
                })
                .unwrap();
        }
        builder.finish().unwrap().to_vec()
    }

    fn whole(records: &[u8]) -> Result<usize, String> {
        let mut decoder = RecordDecoder::default();
        let mut count = 0;
        for entry in Entries::new(records) {
            let entry = entry.map_err(|error| error.to_string())?;
            for record in entry
                .records(&mut decoder)
                .map_err(|error| error.to_string())?
            {
                record.map_err(|error| error.to_string())?;
                count += 1;
            }
        }
        Ok(count)
    }

    #[test]
    fn checksums_of_changed_records_are_right() {
        let records = [batch(), batch()].concat();
        assert_eq!(whole(&records), Ok(6));
        let mut valid = 0;
        for seed in 0..2000 {
            let changed = changed(&records, &mut Chance::new(seed));
            for entry in Entries::new(&changed) {
                if let kafka_codec::records::Entry::Batch(batch) = entry.unwrap() {
                    batch.check_crc().unwrap();
                }
            }
            valid += usize::from(whole(&changed).is_ok());
        }
        assert!(valid > 1200, "{valid} of 2000 are valid throughout");
    }

    #[test]
    fn damaged_records_are_refused_or_cut_off() {
        let records = batch();
        for seed in 0..500 {
            let damaged = damaged(&records, &mut Chance::new(seed));
            assert!(
                damaged == records || whole(&damaged) != Ok(3),
                "seed {seed}"
            );
        }
    }
}
