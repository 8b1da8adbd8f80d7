//! The batches of records in messages: how many records they have, and how well they are compressed.

use std::collections::BTreeMap;

use kafka_codec::records::{Entries, Entry, RecordDecoder};
use kafka_codec::wire::Limits;

use super::super::super::latency::Budget;
use super::{Codec, Volume};
use crate::length::u64_of;

/// Of how many batches by codec the ratio is measured, which needs them decompressed.
const MAX_DECOMPRESSED: u64 = 200;
/// How many batches by codec are decompressed at most, since it may fail.
const MAX_ATTEMPTS: u64 = 1000;

/// Counts batches and records.
#[derive(Default)]
pub(super) struct BatchReader {
    decoder: Option<Box<RecordDecoder>>,
    /// How many batches were decompressed for their ratio, by codec.
    attempts: BTreeMap<u8, u64>,
}

impl std::fmt::Debug for BatchReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BatchReader")
    }
}

impl BatchReader {
    /// The decoder of a capture, which has the same limits throughout.
    fn decoder(&mut self, limits: Limits) -> &mut RecordDecoder {
        self.decoder
            .get_or_insert_with(|| Box::new(crate::records::decoder(limits).without_crc_check()))
    }

    pub(super) fn fetched(&mut self, records: &[u8], limits: Limits) -> Volume {
        let mut volume = Volume {
            bytes: u64_of(records.len()),
            ..Volume::default()
        };
        self.read(records, limits, &mut volume, |_, _, _| {});
        volume
    }

    pub(super) fn produced(
        &mut self,
        records: &[u8],
        limits: Limits,
        codecs: &mut BTreeMap<u8, Codec>,
    ) -> Volume {
        let mut volume = Volume {
            bytes: u64_of(records.len()),
            ..Volume::default()
        };
        let mut attempts = std::mem::take(&mut self.attempts);
        self.read(records, limits, &mut volume, |entry, count, decoder| {
            let attributes = match entry {
                Entry::Batch(batch) => batch.header().attributes,
                Entry::Message(message) => message.attributes(),
                _ => return,
            };
            let codec = codecs.entry(attributes.compression_id()).or_default();
            let bytes = u64_of(entry.as_bytes().len());
            codec.batches += 1;
            codec.records += count;
            codec.bytes += bytes;
            codec.batch_bytes.record_value(bytes, &mut Budget(1));
            codec.batch_records.record_value(count, &mut Budget(1));
            if codec.sampled < MAX_DECOMPRESSED
                && attributes.compression_id() != 0
                && let Entry::Batch(batch) = entry
            {
                let attempts = attempts.entry(attributes.compression_id()).or_default();
                if *attempts == MAX_ATTEMPTS {
                    return;
                }
                *attempts += 1;
                // Of a batch that is damaged or too large there is but a part.
                if let Ok(body) = batch.decompress(decoder)
                    && body
                        .records()
                        .is_ok_and(|mut records| records.all(|record| record.is_ok()))
                {
                    codec.sampled += 1;
                    codec.compressed += u64_of(batch.body().len());
                    codec.uncompressed += u64_of(body.as_bytes().len());
                }
            }
        });
        self.attempts = attempts;
        volume
    }

    fn read(
        &mut self,
        records: &[u8],
        limits: Limits,
        volume: &mut Volume,
        mut each: impl FnMut(Entry<'_>, u64, &mut RecordDecoder),
    ) {
        let mut is_set = false;
        for entry in Entries::new(records) {
            let Ok(entry) = entry else { return };
            let count = match entry {
                Entry::Batch(batch) => {
                    volume.batches += 1;
                    u64::try_from(batch.header().record_count).unwrap_or(0)
                }
                Entry::Message(message) => {
                    // The message set is what later formats call a batch, unless it is in a message.
                    let is_wrapper = message.attributes().compression_id() != 0;
                    volume.batches += u64::from(is_wrapper || !is_set);
                    is_set = !is_wrapper;
                    if is_wrapper {
                        let records = message.records(self.decoder(limits));
                        records.map_or(1, |records| u64_of(records.count()))
                    } else {
                        1
                    }
                }
                _ => continue,
            };
            volume.records += count;
            each(entry, count, self.decoder(limits));
        }
    }
}

#[cfg(test)]
mod tests {
    use kafka_codec::records::{BatchBuilder, BatchOptions, Compression, NewRecord};

    use super::*;

    #[test]
    fn batches_that_cannot_be_decompressed_are_tried_a_limited_number_of_times() {
        let mut builder = BatchBuilder::new(BatchOptions {
            compression: Compression::Gzip,
            ..Default::default()
        });
        let record = NewRecord {
            value: Some(&[0; 2000]),
            ..Default::default()
        };
        builder.append(&record).unwrap();
        let batch = builder.finish().unwrap();
        let (mut reader, mut codecs) = (BatchReader::default(), BTreeMap::new());
        let limits = crate::records::limits(Some(1000));
        for _ in 0..MAX_ATTEMPTS + 100 {
            let volume = reader.produced(&batch, limits, &mut codecs);
            assert_eq!(volume.batches, 1);
        }
        let gzip = Compression::Gzip.id();
        assert_eq!(reader.attempts.get(&gzip), Some(&MAX_ATTEMPTS));
        assert_eq!(codecs.get(&gzip).map(|codec| codec.sampled), Some(0));
    }
}
