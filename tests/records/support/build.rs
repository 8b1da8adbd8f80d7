//! Record sets of ours, by rule and at random, with what is in them.

use kafka_codec::records::{BatchBuilder, BatchOptions, Compression, Header, NewRecord};
use kafka_codec::records::{MessageSetBuilder, MessageSetOptions};

use super::{Owned, compressions};
use crate::random::Random;

const NOW: i64 = 1_700_000_000_000;

/// A record set and the records that were put in it.
pub(crate) struct Built {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) records: Vec<Owned>,
}

/// `rounds` sets of each format and compression.
pub(crate) fn built(rounds: usize) -> Vec<Built> {
    let mut all = Vec::new();
    for compression in compressions() {
        for magic in 0..=2 {
            if magic < 2 && compression == Compression::Zstd {
                continue;
            }
            for round in 0..rounds {
                let name = format!("v{magic}-{compression}-{round}");
                let mut random = Random::of(&name);
                all.push(match magic {
                    2 => batch(name, compression, &mut random),
                    _ => message_set(name, magic, compression, &mut random),
                });
            }
        }
    }
    all
}

fn batch(name: String, compression: Compression, random: &mut Random) -> Built {
    let idempotent = random.below(2) == 0;
    let options = BatchOptions {
        base_offset: [0, 5, 1 << 40][random.below(3)],
        partition_leader_epoch: [-1, 7][random.below(2)],
        compression,
        log_append_time: [None, None, Some(NOW + 9)][random.below(3)],
        producer_id: if idempotent { 4711 } else { -1 },
        producer_epoch: if idempotent { 2 } else { -1 },
        base_sequence: if idempotent {
            [0, i32::MAX - 3][random.below(2)]
        } else {
            -1
        },
        transactional: idempotent && random.below(2) == 0,
        delete_horizon: [None, None, None, Some(NOW - 1)][random.below(4)],
        ..BatchOptions::default()
    };
    let mut builder = BatchBuilder::new(options);
    let mut records = records(2, random);
    let mut offset = options.base_offset;
    for record in &mut records {
        let headers: Vec<_> = record
            .headers
            .iter()
            .map(|(key, value)| Header {
                key,
                value: value.as_deref(),
            })
            .collect();
        let new = NewRecord {
            timestamp: record.timestamp,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
        };
        offset += i64::try_from(random.below(5) / 4 * 10).unwrap();
        builder.append_at(offset, &new).unwrap();
        record.offset = offset;
        if let Some(time) = options.log_append_time {
            record.timestamp = time;
        }
        if idempotent {
            let sequence = i64::from(options.base_sequence) + offset - options.base_offset;
            record.sequence = i32::try_from(sequence % (1 << 31)).unwrap();
        }
        offset += 1;
    }
    let bytes = builder.finish().unwrap().to_vec();
    Built {
        name,
        bytes,
        records,
    }
}

fn message_set(name: String, magic: i8, compression: Compression, random: &mut Random) -> Built {
    let options = MessageSetOptions {
        magic,
        base_offset: [0, 5, 1 << 40][random.below(3)],
        compression,
        log_append_time: (magic == 1 && random.below(3) == 0).then_some(NOW + 9),
    };
    let mut builder = MessageSetBuilder::new(options).unwrap();
    let mut records = records(magic, random);
    for record in &mut records {
        let new = NewRecord {
            timestamp: record.timestamp,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &[],
        };
        record.offset = builder.append(&new).unwrap();
        if let Some(time) = options.log_append_time {
            record.timestamp = time;
        }
    }
    let bytes = builder.finish().unwrap().to_vec();
    Built {
        name,
        bytes,
        records,
    }
}

fn records(magic: i8, random: &mut Random) -> Vec<Owned> {
    let count = [1, 2, 5, 40, 300][random.below(5)];
    let most = [1, 30, 600][random.below(3)];
    (0..count)
        .map(|_| Owned {
            offset: 0,
            timestamp: match magic {
                0 => -1,
                _ => [NOW, NOW + 300, NOW - 70_000, -1][random.below(4)],
            },
            sequence: -1,
            key: bytes(16, random),
            value: bytes(most, random),
            headers: (0..if magic == 2 { random.below(7) / 3 } else { 0 })
                .map(|_| {
                    let key = ["", "trace", "trace", "größe", "id"][random.below(5)];
                    (key.as_bytes().to_vec(), bytes(70, random))
                })
                .collect(),
        })
        .collect()
}

fn bytes(most: usize, random: &mut Random) -> Option<Vec<u8>> {
    let letters = [1, 4, 256][random.below(3)];
    (random.below(6) > 0).then(|| {
        let size = random.below(most + 1);
        (0..size)
            .map(|_| u8::try_from(random.below(letters)).unwrap())
            .collect()
    })
}
