//! Two records as Kafka's Java writes them, in each format and compression.

use kafka_codec::records::{Attributes, Compression, ControlRecord, EndTransaction, Entry};
use kafka_codec::records::{
    BatchBuilder, BatchOptions, Header, MessageSetBuilder, MessageSetOptions, NewRecord,
};
use kafka_codec::records::{RecordDecoder, TimestampType};

use crate::support::{Owned, compressions, entry, hex, read_all};

const V0_NONE: &str = "\
    0000000000000064000000101fecd70a0000000000016b000000017600000000000000650000000ea7ec680300\
    00ffffffffffffffff";

const V1_NONE: &str = "\
    000000000000006400000018e4e321bc010000000000000003e8000000016b0000000176000000000000006500\
    000016ec61a466010000000000000003edffffffffffffffff";

const V2_NONE: &str = "\
    000000000000006400000044ffffffff02095044ff00000000000100000000000003e800000000000003edffff\
    ffffffffffffffffffffffff0000000216000000026b0276020268010c000a02010100";

const V0_LZ4: &str = "\
    00000000000000650000004e4780dd890003ffffffff0000004004224d1860401a310000001200010091640000\
    00101fecd70a0f0071016b00000001760c00f0060000650000000ea7ec68030000ffffffffffffffff00000000";

const V1_LZ4: &str = "\
    00000000000000650000005929e1a2d4010300000000000003edffffffff0000004304224d1860408234000000\
    160001006318e4e321bc0110007003e8000000016b050013761300001b005016ec61a4660900000200a003edff\
    ffffffffffffff00000000";

const V2_LZ4: &str = "\
    000000000000006400000053ffffffff021b3d000100030000000100000000000003e800000000000003edffff\
    ffffffffffffffffffffffff0000000204224d186040821300008016000000026b0276020268010c000a020101\
    0000000000";

const V2_SNAPPY: &str = "\
    00000000000000640000005affffffff0295c3600700020000000100000000000003e800000000000003edffff\
    ffffffffffffffffffffffff0000000282534e4150505900000000010000000100000015134816000000026b02\
    76020268010c000a02010100";

const V2_ZSTD: &str = "\
    000000000000006400000050ffffffff028ee5faeb00040000000100000000000003e800000000000003edffff\
    ffffffffffffffffffffffff0000000228b52ffd005898000016000000026b0276020268010c000a0201010001\
    0000";

const V2_GZIP: &str = "\
    000000000000006400000058ffffffff027607536d00010000000100000000000003e800000000000003edffff\
    ffffffffffffffffffffffff000000021f8b08000000000000ff1363606060ca662a6362ca60e461e062626464\
    00008ac696dc13000000";

const V0_GZIP: &str = "\
    0000000000000065000000434dbbb4e50001ffffffff000000351f8b08000000000000ff63600083142016907f\
    739d0bcc63cc0611651029865420e65bfe26839981e13f140000300aa3b736000000";

const V1_SNAPPY: &str = "\
    0000000000000065000000621a1de0d4010200000000000003edffffffff0000004c82534e4150505900000000\
    01000000010000003846000019011818e4e321bc010009011803e8000000016b0105007609120000011b1016ec\
    61a4660109340000000003edffffffffffffffff";

const COMMIT_MARKER: &str = "\
    000000000000000000000042000000010207b547e000300000000000000000000003e800000000000003e80000\
    0000000000070003ffffffff000000012000000008000000010c00000000000900";

fn records(magic: i8) -> Vec<Owned> {
    let header = (b"h".to_vec(), None);
    let first = Owned {
        offset: 100,
        timestamp: if magic == 0 { -1 } else { 1000 },
        sequence: -1,
        key: Some(b"k".to_vec()),
        value: Some(b"v".to_vec()),
        headers: if magic == 2 { vec![header] } else { vec![] },
    };
    let second = Owned {
        offset: 101,
        timestamp: if magic == 0 { -1 } else { 1005 },
        key: None,
        value: None,
        headers: vec![],
        ..first.clone()
    };
    vec![first, second]
}

#[test]
fn plain_batches_and_sets_are_read_and_written_as_java_writes_them() {
    for (magic, golden) in [(0, V0_NONE), (1, V1_NONE), (2, V2_NONE)] {
        let golden = hex(golden);
        assert_eq!(read_all(&golden), records(magic), "magic {magic}");
        assert_eq!(write(magic, Compression::None), golden, "magic {magic}");
    }
}

#[test]
fn compressed_batches_and_sets_are_read() {
    let cases = [
        (0, Compression::Gzip, V0_GZIP),
        (0, Compression::Lz4, V0_LZ4),
        (1, Compression::Lz4, V1_LZ4),
        (1, Compression::Snappy, V1_SNAPPY),
        (2, Compression::Gzip, V2_GZIP),
        (2, Compression::Snappy, V2_SNAPPY),
        (2, Compression::Lz4, V2_LZ4),
        (2, Compression::Zstd, V2_ZSTD),
    ];
    for (magic, compression, golden) in cases {
        if compressions().contains(&compression) {
            assert_eq!(
                read_all(&hex(golden)),
                records(magic),
                "{magic} {compression}"
            );
        }
    }
}

#[test]
fn what_is_written_compressed_is_read_again() {
    for compression in compressions() {
        for magic in 0..=2 {
            if magic < 2 && compression == Compression::Zstd {
                continue;
            }
            let bytes = write(magic, compression);
            assert_eq!(read_all(&bytes), records(magic), "{magic} {compression}");
        }
    }
}

#[test]
fn the_header_says_all_there_is() {
    let bytes = hex(V2_NONE);
    let Entry::Batch(batch) = entry(&bytes) else {
        panic!("magic is 2");
    };
    let header = batch.header();
    assert_eq!((header.base_offset, header.last_offset()), (100, 101));
    assert_eq!(header.base_timestamp(), Some(1000));
    assert_eq!(header.max_timestamp, 1005);
    assert_eq!(header.attributes, Attributes(0));
    assert_eq!(
        header.attributes.timestamp_type(),
        TimestampType::CreateTime
    );
    assert_eq!(header.delete_horizon(), None);
    assert_eq!((header.producer_id, header.producer_epoch), (-1, -1));
    assert_eq!((header.base_sequence, header.last_sequence()), (-1, None));
    assert_eq!(header.partition_leader_epoch, -1);
    assert_eq!(header.record_count, 2);
}

#[test]
fn a_transaction_marker_is_typed_and_written_again() {
    let golden = hex(COMMIT_MARKER);
    let mut decoder = RecordDecoder::default();
    let Entry::Batch(batch) = entry(&golden) else {
        panic!("magic is 2");
    };
    assert!(batch.header().attributes.is_control());
    let record = batch
        .records(&mut decoder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let marker = ControlRecord::Commit(EndTransaction {
        coordinator_epoch: 9,
    });
    assert_eq!(ControlRecord::decode(&record).unwrap(), marker);

    let mut builder = BatchBuilder::new(BatchOptions::of(batch.header()));
    builder.append_control(1000, &marker).unwrap();
    assert_eq!(builder.finish().unwrap(), golden);
}

fn write(magic: i8, compression: Compression) -> Vec<u8> {
    let headers = [Header::new("h", None)];
    let first = NewRecord {
        timestamp: 1000,
        key: Some(b"k"),
        value: Some(b"v"),
        headers: if magic == 2 { &headers } else { &[] },
    };
    let second = NewRecord {
        timestamp: 1005,
        ..NewRecord::default()
    };
    if magic == 2 {
        let mut builder = BatchBuilder::new(BatchOptions {
            base_offset: 100,
            compression,
            ..BatchOptions::default()
        });
        builder.append(&first).unwrap();
        builder.append(&second).unwrap();
        builder.finish().unwrap().to_vec()
    } else {
        let mut builder = MessageSetBuilder::new(MessageSetOptions {
            magic,
            base_offset: 100,
            compression,
            ..MessageSetOptions::default()
        })
        .unwrap();
        builder.append(&first).unwrap();
        builder.append(&second).unwrap();
        builder.finish().unwrap().to_vec()
    }
}
