//! Writing JSON takes no memory that grows with the message.

use allocation_counter::measure;
use kafka_codec::Version;
use kafka_codec::schema::Schema;
use kafka_codec::schema::json::{self, Options, ReadOptions};
use kafka_codec::wire::{Limits, Writer};

/// A Fetch response with so many partitions, each with a tagged field in front of others, and records of
/// so many bytes.
fn response(partitions: usize, records: usize) -> Vec<u8> {
    let records = "AAAA".repeat(records / 3);
    let partition = format!(
        r#"{{"partitionIndex":1,"errorCode":6,"highWatermark":1,"lastStableOffset":1,"logStartOffset":0,"currentLeader":{{"leaderId":1,"leaderEpoch":2}},"abortedTransactions":null,"preferredReadReplica":-1,"records":"{records}"}}"#
    );
    let partitions = vec![partition; partitions].join(",");
    let text = format!(
        r#"{{"throttleTimeMs":0,"errorCode":0,"sessionId":0,"responses":[{{"topic":"a","partitions":[{partitions}]}}]}}"#
    );
    let mut writer = Writer::new();
    json::encode(
        Schema::named("FetchResponse").unwrap(),
        Version(12),
        &text,
        ReadOptions::java(),
        &mut writer,
    )
    .unwrap();
    writer.into_vec()
}

#[test]
fn memory_for_writing_json_does_not_grow_with_the_message() {
    let schema = Schema::named("FetchResponse").unwrap();
    let options = Options::lossless().redacted().offsets();
    let peak = |bytes: &[u8]| {
        let mut length = Length(0);
        let used = measure(|| {
            json::write(
                schema,
                Version(12),
                bytes,
                Limits::default(),
                &options,
                &mut length,
            )
            .unwrap();
        });
        assert!(length.0 > bytes.len());
        (used.bytes_max, used.count_total)
    };
    let small = peak(&response(10, 300));
    let more = peak(&response(10_000, 300));
    let larger = peak(&response(10, 300_000));
    println!(
        "{small:?} bytes at most and allocations, {more:?} of more, {larger:?} of larger partitions"
    );
    assert_eq!(more, small);
    assert_eq!(larger, small);
    assert!(small.0 < 8 * 1024, "{small:?}");
}

/// Counts what it takes.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
