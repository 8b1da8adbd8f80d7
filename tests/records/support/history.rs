//! Random histories of a partition: what producers with and without transactions wrote, as a broker keeps and serves it.

use std::collections::BTreeMap;

use kafka_codec::records::{
    AbortedTransaction, BatchBuilder, BatchOptions, Compression, ControlRecord, EndTransaction,
    MessageSetBuilder, MessageSetOptions, NewRecord,
};

use super::compressions;
use crate::random::Random;

/// A partition, with what a consumer must see in it.
#[derive(Debug, Default)]
pub(crate) struct History {
    batches: Vec<Stored>,
    /// Aborted transactions, with the offset of their marker.
    aborted: Vec<(AbortedTransaction, i64)>,
    /// The offset and value of each record that was not compacted away.
    records: Vec<Seen>,
    end: i64,
}

#[derive(Debug)]
struct Stored {
    first: i64,
    last: i64,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Seen {
    offset: i64,
    value: Vec<u8>,
    transaction: Option<usize>,
    is_committed: bool,
}

/// What a broker answers to a fetch of a partition.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) records: Vec<u8>,
    pub(crate) aborted: Vec<AbortedTransaction>,
    /// The offset after the last whole batch.
    pub(crate) next_offset: i64,
}

/// A transaction that is under way.
#[derive(Debug)]
struct Open {
    number: usize,
    first_offset: Option<i64>,
}

impl History {
    pub(crate) fn random(random: &mut Random) -> Self {
        let mut history = Self {
            end: [0, 7, 1 << 40][random.below(3)],
            ..Self::default()
        };
        for _ in 0..random.below(6) {
            history.append_message_set(random);
        }
        let mut open: BTreeMap<i64, Open> = BTreeMap::new();
        let mut transactions = 0;
        for _ in 0..10 + random.below(60) {
            let producer = i64::try_from(random.below(6)).unwrap();
            match random.below(5) {
                0 => history.append_batch(-1, None, random),
                1 => history.append_batch(producer, None, random),
                2 => {
                    if let Some(ended) = open.remove(&producer) {
                        let commits = random.below(2) == 0;
                        history.append_marker(producer, &ended, commits, random);
                    }
                }
                _ => {
                    let transaction = open.entry(producer).or_insert_with(|| {
                        transactions += 1;
                        Open {
                            number: transactions,
                            first_offset: None,
                        }
                    });
                    let first = *transaction.first_offset.get_or_insert(history.end);
                    debug_assert!(first <= history.end);
                    let number = transaction.number;
                    history.append_batch(producer, Some(number), random);
                }
            }
        }
        // A broker serves committed data up to the first open transaction: here all of them end.
        for (producer, ended) in open {
            history.append_marker(producer, &ended, random.below(2) == 0, random);
        }
        history
    }

    /// The offset after the last batch.
    pub(crate) const fn end(&self) -> i64 {
        self.end
    }

    /// A random offset in the partition.
    pub(crate) fn offset(&self, random: &mut Random) -> i64 {
        let first = self.batches[0].first;
        first + i64::try_from(random.below(usize::try_from(self.end - first).unwrap())).unwrap()
    }

    /// The offsets and values that a consumer sees from `offset` to `end`.
    pub(crate) fn seen(&self, offset: i64, end: i64, committed: bool) -> Vec<(i64, Vec<u8>)> {
        self.records
            .iter()
            .filter(|record| (offset..end).contains(&record.offset))
            .filter(|record| !committed || record.is_committed)
            .map(|record| (record.offset, record.value.clone()))
            .collect()
    }

    /// What a broker answers: whole batches from the one that has `offset` on, and part of the next.
    pub(crate) fn fetch(&self, offset: i64, max_bytes: usize, random: &mut Random) -> Fetched {
        let from = self.batches.partition_point(|batch| batch.last < offset);
        let mut records = Vec::new();
        let mut next_offset = offset;
        for batch in &self.batches[from..] {
            let left = max_bytes.saturating_sub(records.len());
            if left < batch.bytes.len() && !records.is_empty() {
                records.extend(&batch.bytes[..left]);
                break;
            }
            records.extend(&batch.bytes);
            next_offset = batch.last + 1;
        }
        let mut aborted: Vec<_> = self
            .aborted
            .iter()
            .filter(|(transaction, marker)| {
                *marker >= offset && transaction.first_offset < next_offset
            })
            .map(|(transaction, _)| *transaction)
            .collect();
        for index in (1..aborted.len()).rev() {
            aborted.swap(index, random.below(index + 1));
        }
        Fetched {
            records,
            aborted,
            next_offset,
        }
    }

    fn append_message_set(&mut self, random: &mut Random) {
        let compression = random.pick(&compressions());
        let magic = i8::from(random.below(2) == 0 && compression != Compression::Zstd);
        let options = MessageSetOptions {
            magic,
            base_offset: self.end,
            compression: if compression == Compression::Zstd {
                Compression::None
            } else {
                compression
            },
            log_append_time: None,
        };
        let mut builder = MessageSetBuilder::new(options).unwrap();
        let count = 1 + random.below(4);
        let first = self.end;
        // Compaction removes messages of a set as it does records of a batch; the last one stays here, as its offset is
        // that of the set.
        for index in 0..count {
            let offset = self.end;
            self.end += 1;
            if index + 1 < count && random.below(4) == 0 {
                continue;
            }
            let value = self.see(offset, None, random);
            builder.append_at(offset, &record(&value)).unwrap();
        }
        let bytes = builder.finish().unwrap();
        if options.compression == Compression::None {
            // Each message is an entry of its own: a fetch begins anywhere among them.
            let mut left = &bytes[..];
            while let Some(size) = left.get(8..12) {
                let size =
                    12 + usize::try_from(i32::from_be_bytes(size.try_into().unwrap())).unwrap();
                let (message, rest) = left.split_at(size);
                let offset = i64::from_be_bytes(message[..8].try_into().unwrap());
                self.store(offset, offset, message.to_vec());
                left = rest;
            }
        } else {
            self.store(first, self.end - 1, bytes.to_vec());
        }
    }

    /// A batch of `producer`; -1 for one without idempotence.
    fn append_batch(&mut self, producer: i64, transaction: Option<usize>, random: &mut Random) {
        let first = self.end;
        let count = 1 + random.below(5);
        let last = first + i64::try_from(count).unwrap() - 1;
        let mut builder = BatchBuilder::new(BatchOptions {
            compression: random.pick(&compressions()),
            transactional: transaction.is_some(),
            last_offset: Some(last),
            ..options(first, producer)
        });
        // Compaction has removed none, some or all of the records.
        let removed = random.pick(&[0, 0, 0, 2, 4]);
        for offset in first..=last {
            self.end += 1;
            if random.below(4) >= removed {
                let value = self.see(offset, transaction, random);
                builder.append_at(offset, &record(&value)).unwrap();
            }
        }
        self.store(first, last, builder.finish().unwrap().to_vec());
    }

    fn append_marker(&mut self, producer: i64, ended: &Open, commits: bool, random: &mut Random) {
        let offset = self.end;
        self.end += 1;
        let mut data = self
            .records
            .iter_mut()
            .filter(|record| record.transaction == Some(ended.number));
        let mut has_data = false;
        for record in data.by_ref() {
            record.is_committed = commits;
            has_data = true;
        }
        // The marker, and what is known of the transaction, go when all of its data is compacted away.
        let is_removed = !has_data && random.below(2) == 0;
        let mut builder = BatchBuilder::new(BatchOptions {
            transactional: true,
            control: true,
            last_offset: Some(offset),
            ..options(offset, producer)
        });
        if !is_removed {
            let end = EndTransaction {
                coordinator_epoch: 1,
            };
            let marker = if commits {
                ControlRecord::Commit(end)
            } else {
                ControlRecord::Abort(end)
            };
            builder.append_control(1000, &marker).unwrap();
            if !commits {
                let transaction = AbortedTransaction {
                    producer_id: producer,
                    first_offset: ended.first_offset.unwrap(),
                };
                self.aborted.push((transaction, offset));
            }
        }
        self.store(offset, offset, builder.finish().unwrap().to_vec());
    }

    /// Notes a record, and returns its value.
    fn see(&mut self, offset: i64, transaction: Option<usize>, random: &mut Random) -> Vec<u8> {
        let value = format!("{offset}-{}", random.below(1000)).into_bytes();
        self.records.push(Seen {
            offset,
            value: value.clone(),
            transaction,
            is_committed: transaction.is_none(),
        });
        value
    }

    fn store(&mut self, first: i64, last: i64, bytes: Vec<u8>) {
        self.batches.push(Stored { first, last, bytes });
    }
}

fn options(base_offset: i64, producer_id: i64) -> BatchOptions {
    let is_idempotent = producer_id >= 0;
    BatchOptions {
        base_offset,
        producer_id,
        producer_epoch: if is_idempotent { 0 } else { -1 },
        base_sequence: if is_idempotent { 0 } else { -1 },
        ..BatchOptions::default()
    }
}

const fn record(value: &[u8]) -> NewRecord<'_> {
    NewRecord {
        timestamp: -1,
        key: None,
        value: Some(value),
        headers: &[],
    }
}
