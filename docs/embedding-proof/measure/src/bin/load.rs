//! Writes records and reads them back, and prints the processor time that this took the client. Argument: the broker.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rskafka::chrono::{TimeZone, Utc};
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{Compression, UnknownTopicHandling};
use rskafka::record::Record;

const BATCHES: usize = 600;
const RECORDS: usize = 500;
const BYTES: usize = 200;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let broker = std::env::args().nth(1).expect("the broker, as HOST:PORT");
    let client = ClientBuilder::new(vec![broker]).build().await.unwrap();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    for (name, compression) in [
        ("none", Compression::NoCompression),
        ("lz4", Compression::Lz4),
    ] {
        let topic = format!("load-{name}-{now}");
        let controller = client.controller_client().unwrap();
        controller.create_topic(&topic, 1, 1, 5_000).await.unwrap();
        let partition = client
            .partition_client(&topic, 0, UnknownTopicHandling::Retry)
            .await
            .unwrap();

        let record = Record {
            key: Some(b"order-17".to_vec()),
            value: Some((0..BYTES).map(|i| b'a' + (i * i % 23) as u8).collect()),
            headers: BTreeMap::from([("source".to_owned(), b"web".to_vec())]),
            timestamp: Utc.timestamp_millis_opt(1_700_000_000_000).unwrap(),
        };
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        for _ in 0..BATCHES {
            partition
                .produce(vec![record.clone(); RECORDS], compression)
                .await
                .unwrap();
        }
        print(&format!("produce, {name}"), begun, cpu);

        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let mut offset = 0;
        while offset < (BATCHES * RECORDS) as i64 {
            let (records, _) = partition
                .fetch_records(offset, 1..4_000_000, 1_000)
                .await
                .unwrap();
            offset = records.last().unwrap().offset + 1;
            assert!(records.iter().all(|read| read.record == record));
        }
        print(&format!("fetch, {name}"), begun, cpu);
    }
}

fn print(what: &str, begun: Instant, cpu: f64) {
    let (records, bytes) = (
        (BATCHES * RECORDS) as f64,
        (BATCHES * RECORDS * BYTES) as f64,
    );
    let (cpu, wall) = (cpu_seconds() - cpu, begun.elapsed().as_secs_f64());
    println!(
        "{what}: {:.0} ns CPU a record, {cpu:.2} s CPU, {wall:.2} s, {:.0} MB",
        cpu / records * 1e9,
        bytes / 1e6
    );
}

/// User and system time of this process.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| fields[i].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}
