//! What is compared: each case does the same work with kafka-codec and with another crate.

pub mod inputs;
#[path = "../../peers/src/measure.rs"]
pub mod measure;

use std::hint::black_box;
use std::io::Read;

use bytes::{Bytes, BytesMut};
use kafka_codec::records::{
    BatchBuilder, BatchOptions, Compression, Entries, NewRecord, RecordDecoder,
};
use krabka_protocol::DecodeBorrow;

/// A piece of work done in two ways.
pub struct Case {
    /// What is done, and by whom else.
    pub name: &'static str,
    /// With kafka-codec.
    pub ours: Work,
    /// With the other crate.
    pub theirs: Work,
}

/// Does the work once.
pub type Work = Box<dyn FnMut()>;

/// All cases.
pub fn cases() -> Vec<Case> {
    let batch = inputs::batch(1000, Compression::None);
    let mut cases = vec![
        case(
            "read, krabka-protocol borrowed",
            read(&batch),
            read_krabka(&batch),
        ),
        case(
            "read, krabka-protocol summaries",
            read(&batch),
            read_krabka_summaries(&batch),
        ),
        case(
            "read, kafka-protocol",
            read(&batch),
            read_kafka_protocol(&batch),
        ),
        case("read, krafka", read(&batch), read_krafka(&batch)),
        case("build, krafka", build(), build_krafka()),
        case("build, kafka-protocol", build(), build_kafka_protocol()),
    ];
    for (name, compression) in [
        ("read 1 MiB of lz4, lz4_flex and CRC", Compression::Lz4),
        ("read 1 MiB of zstd, libzstd and CRC", Compression::Zstd),
        ("read 1 MiB of gzip, flate2 and CRC", Compression::Gzip),
        ("read 1 MiB of snappy, snap and CRC", Compression::Snappy),
    ] {
        let batch = inputs::large_batch(compression);
        let theirs = decompress(&batch, compression);
        cases.push(case(name, read(&batch), theirs));
    }
    cases.push(case(
        "read 1 MiB of zstd as Java writes it, libzstd streaming",
        read(&inputs::streamed_zstd()),
        decompress_zstd_stream(&inputs::streamed_zstd()),
    ));
    cases
}

fn case(name: &'static str, ours: Work, theirs: Work) -> Case {
    Case { name, ours, theirs }
}

fn read(batch: &Bytes) -> Work {
    let batch = batch.clone();
    let mut decoder = RecordDecoder::default();
    Box::new(move || {
        let mut sum = 0;
        for entry in Entries::new(black_box(&batch)) {
            for record in entry.unwrap().records(&mut decoder).unwrap() {
                let record = record.unwrap();
                sum += record.offset + i64::try_from(record.value.map_or(0, <[u8]>::len)).unwrap();
            }
        }
        black_box(sum);
    })
}

fn read_krabka(batch: &Bytes) -> Work {
    let batch = batch.clone();
    Box::new(move || {
        let mut rest = black_box(&batch[..]);
        let mut sum = 0;
        let batch =
            krabka_protocol::records::RecordBatchBorrowed::decode_borrow(&mut rest, 2).unwrap();
        for record in batch.iter() {
            let record = record.unwrap();
            sum += i64::from(record.offset_delta)
                + i64::try_from(record.value.map_or(0, <[u8]>::len)).unwrap();
        }
        black_box(sum);
    })
}

fn read_krabka_summaries(batch: &Bytes) -> Work {
    let batch = batch.clone();
    Box::new(move || {
        let mut sum = 0;
        let batch = krabka_protocol::records::validate_one_v2_batch(black_box(&batch[..])).unwrap();
        batch
            .validate_record_summaries_with(Default::default(), |record| {
                sum += i64::from(record.offset_delta)
                    + i64::try_from(record.value.map_or(0, <[u8]>::len)).unwrap();
            })
            .unwrap();
        black_box(sum);
    })
}

fn read_kafka_protocol(batch: &Bytes) -> Work {
    let batch = batch.clone();
    Box::new(move || {
        let mut bytes = black_box(&batch).clone();
        let set = kafka_protocol::records::RecordBatchDecoder::decode(&mut bytes).unwrap();
        let sum: i64 = set
            .records
            .iter()
            .map(|record| {
                record.offset + i64::try_from(record.value.as_ref().map_or(0, Bytes::len)).unwrap()
            })
            .sum();
        black_box(sum);
    })
}

fn read_krafka(batch: &Bytes) -> Work {
    let batch = batch.clone();
    Box::new(move || {
        let mut bytes = black_box(&batch).clone();
        let set = krafka::__private::protocol::RecordBatch::decode(&mut bytes).unwrap();
        let sum: i64 = set
            .records
            .iter()
            .map(|record| {
                i64::from(record.offset_delta)
                    + i64::try_from(record.value.as_ref().map_or(0, Bytes::len)).unwrap()
            })
            .sum();
        black_box(sum);
    })
}

/// Into the memory of the batch before it, which is dropped.
fn build() -> Work {
    let values = inputs::values(1000);
    let mut builder = BatchBuilder::new(BatchOptions::default());
    Box::new(move || {
        for (index, value) in black_box(&values).iter().enumerate() {
            let record = NewRecord {
                timestamp: inputs::timestamp(index),
                value: Some(value),
                ..NewRecord::default()
            };
            builder.append(&record).unwrap();
        }
        black_box(builder.finish().unwrap());
    })
}

/// The records are there already, in its own form; the buffer is new each time, as it has no other.
fn build_krafka() -> Work {
    use krafka::__private::protocol::{Record, RecordBatch};
    let mut batch = RecordBatch::new();
    batch.base_timestamp = inputs::timestamp(0);
    for (index, value) in inputs::values(1000).into_iter().enumerate() {
        let delta = inputs::timestamp(index) - inputs::timestamp(0);
        batch.add_record(
            Record::new(None, Some(value))
                .with_timestamp_delta(delta)
                .with_offset_delta(i32::try_from(index).unwrap()),
        );
    }
    Box::new(move || drop(black_box(black_box(&batch).encode().unwrap())))
}

fn build_kafka_protocol() -> Work {
    use kafka_protocol::records::{RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions};
    let mut batch = inputs::batch(1000, Compression::None);
    let records = RecordBatchDecoder::decode(&mut batch).unwrap().records;
    let options = RecordEncodeOptions {
        version: 2,
        compression: kafka_protocol::records::Compression::None,
    };
    let mut buffer = BytesMut::new();
    Box::new(move || {
        buffer.clear();
        RecordBatchEncoder::encode(&mut buffer, black_box(&records), &options).unwrap();
        black_box(&buffer);
    })
}

/// What the library of the codec does by itself, and a checksum over the compressed bytes.
fn decompress(batch: &Bytes, compression: Compression) -> Work {
    let batch = batch.clone();
    let mut out = Vec::new();
    Box::new(move || {
        let batch = black_box(&batch[..]);
        black_box(crc32c::crc32c(&batch[21..]));
        let body = &batch[61..];
        out.clear();
        match compression {
            Compression::Lz4 => drop(
                lz4_flex::frame::FrameDecoder::new(body)
                    .read_to_end(&mut out)
                    .unwrap(),
            ),
            Compression::Gzip => drop(
                flate2::bufread::MultiGzDecoder::new(body)
                    .read_to_end(&mut out)
                    .unwrap(),
            ),
            Compression::Snappy => out = snap::raw::Decoder::new().decompress_vec(body).unwrap(),
            _ => out = zstd::bulk::decompress(body, 2 << 20).unwrap(),
        }
        black_box(&out);
    })
}

fn decompress_zstd_stream(batch: &Bytes) -> Work {
    let batch = batch.clone();
    let mut out = Vec::new();
    Box::new(move || {
        let batch = black_box(&batch[..]);
        black_box(crc32c::crc32c(&batch[21..]));
        out.clear();
        zstd::stream::Decoder::new(&batch[61..])
            .unwrap()
            .read_to_end(&mut out)
            .unwrap();
        black_box(&out);
    })
}
