//! Changes the content of a field of type `records`, and corrects what stands in front of the changed bytes: the sizes of batches,
//! their counts, and their checksums. So a mutant gets past the checks in front of the code that reads records.
//!
//! ```text
//!  magic 2     offset 8 · length 4 · epoch 4 · 2 · CRC-32C 4 · attributes 2
//!              · .. · count 4 · records
//!  magic 0, 1  offset 8 · length 4 · CRC-32 4 · magic · attributes · ..
//!              · key · value
//! ```
//!
//! Records of compressed batches are decompressed, changed, and compressed again.

mod compressed;
mod record;

use std::ops::Range;

use kafka_codec::records::Compression;

use super::chance::Chance;
use super::values;
use record::Record;

/// Returns other records, of which sizes and checksums are right. What is in them may still be refused, such as a bit for
/// compression that the bytes do not have.
pub(super) fn changed(records: &[u8], chance: &mut Chance) -> Vec<u8> {
    changed_at(0, records, chance)
}

/// The same of records that are inside of `depth` compressed messages.
fn changed_at(depth: usize, records: &[u8], chance: &mut Chance) -> Vec<u8> {
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
                change_entry(entry, kind, depth, chance);
                repair_entry(entry);
            }
        }
    }
    joined(records, &entries)
}

/// Returns the records with one size, count or checksum wrong, or cut off before they were compressed.
pub(super) fn damaged(records: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut entries = entries(records);
    let at = chance.below(entries.len());
    if let Some(entry) = entries.get_mut(at) {
        if chance.one_in(3) && cut_off_compressed(entry, chance).is_some() {
            repair_entry(entry);
            return joined(records, &entries);
        }
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

/// Changes a number of the header, the records one by one, or any byte after the header.
fn change_entry(entry: &mut Vec<u8>, kind: usize, depth: usize, chance: &mut Chance) {
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
            let is_changed = if is_batch {
                change_records(entry, chance)
            } else {
                change_message_set(entry, depth, chance)
            };
            if is_changed.is_none() {
                change_entry(entry, 3 + chance.below(2), depth, chance);
            }
        }
    }
}

/// Changes the records of a batch, and the numbers that say how many they are; `None` if they cannot be read.
fn change_records(entry: &mut Vec<u8>, chance: &mut Chance) -> Option<()> {
    let body = entry.get(BATCH_HEADER..)?;
    let compression = compression(entry)?;
    let mut records = if compression == Compression::None {
        Record::read_all(body)?
    } else {
        Record::read_all(&compressed::decompress(compression, 2, body)?)?
    };
    record::change(&mut records, chance);
    let mut body = Record::write_all(&records);
    if compression != Compression::None {
        body = compressed::compress(compression, 2, &body)?;
    }
    entry.truncate(BATCH_HEADER);
    entry.extend(body);
    let count = i32::try_from(records.len()).unwrap_or(i32::MAX);
    put(entry, 57, count);
    put(entry, 23, count.saturating_sub(1).max(0));
    Some(())
}

/// Changes the message set in a compressed message; `None` if there is none.
fn change_message_set(entry: &mut Vec<u8>, depth: usize, chance: &mut Chance) -> Option<()> {
    let (set, at) = message_set(entry).filter(|_| depth < MAX_DEPTH)?;
    let set = changed_at(depth + 1, &set, chance);
    put_message_set(entry, &set, at)
}

/// Takes some bytes away from the end of what is compressed; `None` if nothing is.
fn cut_off_compressed(entry: &mut Vec<u8>, chance: &mut Chance) -> Option<()> {
    let shorter = |mut bytes: Vec<u8>, chance: &mut Chance| {
        bytes.truncate(chance.below(bytes.len()));
        bytes
    };
    if magic(entry) != Some(2) {
        let (set, at) = message_set(entry)?;
        return put_message_set(entry, &shorter(set, chance), at);
    }
    let (compression, body) = (compression(entry)?, entry.get(BATCH_HEADER..)?);
    let records = compressed::decompress(compression, 2, body)?;
    // A batch without records has nothing to cut off.
    let records = Some(records).filter(|records| !records.is_empty())?;
    let body = compressed::compress(compression, 2, &shorter(records, chance))?;
    entry.truncate(BATCH_HEADER);
    entry.extend(body);
    Some(())
}

/// The message set in a compressed message of magic 0 or 1, and the place of its length.
fn message_set(entry: &[u8]) -> Option<(Vec<u8>, usize)> {
    let magic = magic(entry)?;
    let key = if magic == 0 { 18 } else { 26 };
    let key_size = usize::try_from(int32(entry, key)?.max(0)).ok()?;
    let at = key_size.checked_add(key + 4)?;
    let size = usize::try_from(int32(entry, at)?).ok()?;
    let value = entry.get(at + 4..).filter(|value| value.len() == size)?;
    let magic = i8::try_from(magic).ok()?;
    let set = compressed::decompress(compression(entry)?, magic, value)?;
    Some((set, at))
}

fn put_message_set(entry: &mut Vec<u8>, set: &[u8], at: usize) -> Option<()> {
    let magic = i8::try_from(magic(entry)?).ok()?;
    let value = compressed::compress(compression(entry)?, magic, set)?;
    entry.truncate(at + 4);
    put(entry, at, i32::try_from(value.len()).ok()?);
    entry.extend(value);
    Some(())
}

/// The compression that the attributes state.
fn compression(entry: &[u8]) -> Option<Compression> {
    let at = if magic(entry)? == 2 { 22 } else { 17 };
    Compression::from_id(entry.get(at)? & 7)
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

/// In how many compressed messages a message may be to be changed. Kafka has one in another.
const MAX_DEPTH: usize = 2;

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
        batch_of(Compression::None)
    }

    fn batch_of(compression: Compression) -> Vec<u8> {
        let mut builder = BatchBuilder::new(BatchOptions {
            compression,
            ..BatchOptions::default()
        });
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

    #[test]
    fn records_in_compressed_batches_are_changed_and_compressed_again() {
        for compression in Compression::ALL {
            for magic in [0, 1, 2] {
                let records = crate::records::batch(magic, compression, 3);
                let Some(records) = records.filter(|_| compression != Compression::None) else {
                    continue;
                };
                let before = texts(&records).unwrap();
                let is_other = |seed| {
                    let changed = changed(&records, &mut Chance::new(seed));
                    let is_one = Entries::new(&changed).count() == 1;
                    is_one && texts(&changed).is_ok_and(|after| after != before)
                };
                // Neither batches twice nor changes of the header alone are changes of records.
                let others = (0..400).filter(|seed| is_other(*seed)).count();
                assert!(others > 40, "{compression}, magic {magic}: {others} of 400");
            }
        }
    }

    #[test]
    fn records_that_are_cut_off_in_compressed_batches_are_refused_behind_the_codec() {
        for compression in Compression::ALL {
            let records = batch_of(compression);
            let mut cut = records.clone();
            let is_cut = cut_off_compressed(&mut cut, &mut Chance::new(5)).is_some();
            assert_eq!(is_cut, compression != Compression::None);
            if is_cut {
                repair_entry(&mut cut);
                let error = whole(&cut).unwrap_err();
                // The place is one of the bytes that came out.
                assert!(error.contains("decompressed"), "{compression}: {error}");
            }
        }
    }

    /// Key, value and headers of each record.
    fn texts(records: &[u8]) -> Result<Vec<String>, String> {
        let mut decoder = RecordDecoder::default();
        let mut texts = Vec::new();
        for entry in Entries::new(records) {
            let entry = entry.map_err(|error| error.to_string())?;
            let records = entry.records(&mut decoder);
            for record in records.map_err(|error| error.to_string())? {
                let record = record.map_err(|error| error.to_string())?;
                texts.push(format!("{:?} {:?}", record.key, record.value));
            }
        }
        Ok(texts)
    }
}
