//! Valid record batches and message sets for fields of type `records`.

use std::sync::OnceLock;

use kafka_codec::ApiKey;
use kafka_codec::records::{
    BatchBuilder, BatchOptions, Compression, Header, MessageSetBuilder, MessageSetOptions,
    NewRecord,
};
use kafka_codec::schema::random::{Entropy, MakeRecords};

use crate::{Direction, Target};

/// The formats of records.
pub const MAGICS: [i8; 3] = [0, 1, 2];

/// The newest magic that the target may carry.
pub(crate) fn magic_of(target: Target) -> i8 {
    match (target.api_key(), target.direction(), target.version().0) {
        (ApiKey::Produce, Direction::Request, ..=1) => 0,
        (ApiKey::Produce, Direction::Request, 2) => 1,
        (ApiKey::Fetch, Direction::Response, ..=1) => 0,
        (ApiKey::Fetch, Direction::Response, ..=3) => 1,
        _ => 2,
    }
}

/// Makes the content of fields of type `records` of this magic: valid batches, each with one of the codecs of the magic.
///
/// Magics other than [`MAGICS`] count as 2.
#[must_use]
pub fn make_records(magic: i8) -> MakeRecords {
    match magic {
        0 => |entropy, length, out| pick(0, entropy, length, out),
        1 => |entropy, length, out| pick(1, entropy, length, out),
        _ => |entropy, length, out| pick(2, entropy, length, out),
    }
}

/// Appends some of the ready batches, at most `length` bytes.
fn pick(magic: usize, entropy: &mut dyn Entropy, length: usize, out: &mut Vec<u8>) {
    let [count, first, second, offset, ..] = entropy.word().to_be_bytes();
    let ready = ready().get(magic).map_or(&[][..], Vec::as_slice);
    let mut left = length;
    for choice in [first, second].into_iter().take(1 + usize::from(count % 2)) {
        // They are sorted by size.
        let fit = ready.partition_point(|ready| ready.len() <= left);
        let Some(batch) = ready
            .get(usize::from(choice) * fit / 256)
            .filter(|_| fit > 0)
        else {
            break;
        };
        left -= batch.len();
        let start = out.len();
        out.extend_from_slice(batch);
        // The base offset is not part of the checksum. That of a compressed set is not below those in it.
        if let Some(last) = out.get_mut(start + 7) {
            *last = last.saturating_add(offset);
        }
    }
}

/// Valid batches by magic, of every codec, the smallest first.
fn ready() -> &'static [Vec<Vec<u8>>; 3] {
    static READY: OnceLock<[Vec<Vec<u8>>; 3]> = OnceLock::new();
    READY.get_or_init(|| {
        MAGICS.map(|magic| {
            let codecs = Compression::ALL.into_iter();
            let batches =
                codecs.flat_map(|codec| [0, 1, 3].map(|count| batch(magic, codec, count)));
            let mut batches: Vec<_> = batches.flatten().collect();
            batches.sort_by_key(Vec::len);
            batches
        })
    })
}

/// A valid batch; `None` if the magic does not have the codec.
pub(crate) fn batch(magic: i8, codec: Compression, count: usize) -> Option<Vec<u8>> {
    if magic < 2 {
        return message_set(magic, codec, count);
    }
    let mut builder = BatchBuilder::new(BatchOptions {
        compression: codec,
        ..BatchOptions::default()
    });
    for record in RECORDS.iter().take(count) {
        builder.append(record).ok()?;
    }
    Some(builder.finish().ok()?.to_vec())
}

fn message_set(magic: i8, codec: Compression, count: usize) -> Option<Vec<u8>> {
    if codec == Compression::Zstd || (count == 0 && codec != Compression::None) {
        return None;
    }
    let mut builder = MessageSetBuilder::new(MessageSetOptions {
        magic,
        compression: codec,
        ..MessageSetOptions::default()
    });
    let builder = builder.as_mut().ok()?;
    for record in RECORDS.iter().take(count) {
        builder
            .append(&NewRecord {
                headers: &[],
                ..*record
            })
            .ok()?;
    }
    Some(builder.finish().ok()?.to_vec())
}

/// A record with everything, one with nulls, one with what is empty.
const RECORDS: &[NewRecord<'static>] = &[
    NewRecord {
        timestamp: 1_700_000_000_000,
        key: Some(b"key"),
        value: Some(b"value value value value value value"),
        headers: &[Header::new("header", Some(b"value"))],
    },
    NewRecord {
        timestamp: 1_700_000_000_001,
        key: None,
        value: None,
        headers: &[],
    },
    NewRecord {
        timestamp: 1_699_999_999_999,
        key: Some(b""),
        value: Some(b""),
        headers: &[Header::new("", None), Header::new("", Some(b""))],
    },
];
